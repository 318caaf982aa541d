# SPDX-License-Identifier: BSD-3-Clause
"""Inputs that are dropped: what is compared, in which order they go, and what is left."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from skrln._ensemble import _combine, _elimination
from skrln._ensemble._combine import Combination
from skrln._ensemble._elimination import (
    Elimination,
    _sizes,
    eliminate,
    is_better,
    reduced,
    selects_inputs,
    shrunk,
    supports,
)
from skrln._ensemble._jobs import held_out_means
from skrln._kernels import StopReason
from skrln._network._effects import column_effects
from skrln._network._fitted import dense_inputs
from skrln._network._forward import first_layer_inputs, forward
from skrln._network._importance import active_columns

from ._values import CLASS_LABELS, NUMBERS, draw_combination, make_parameters

RNG = np.random.default_rng(0)
X = RNG.normal([0, 5, 0, 0], size=(60, 4))
Y = X[:, 0] - X[:, 1] + RNG.normal(size=60)
WEIGHTS = RNG.integers(0, 3, 60).astype(float)
SPARSE = sparse.csr_matrix(np.where(X > 0.3, X, 0))
FRAME = pd.DataFrame(X.copy(), columns=list("abcd"))
FRAME["e"] = pd.Categorical(np.arange(60) % 3)
FRAME.loc[::7, "b"] = np.nan
SMALL = {"input_selection": True, "hidden_layer_sizes": (5,), "n_estimators": 3}


def ensemble(
    table=X, y=Y, labels=NUMBERS, sample_weight=WEIGHTS, validation=None, **params
):
    """Networks of an ensemble whose inputs are to be selected."""
    parameters = make_parameters(labels, **(SMALL | params))
    return draw_combination(
        parameters, X=table, y=y, sample_weight=sample_weight, **(validation or {})
    )


@pytest.fixture(scope="module")
def plain():
    return ensemble()


@pytest.fixture(scope="module")
def two_kinds():
    seen = ensemble(numeric_embedding="auto")
    weights = np.repeat([0.2, 2 / 15], 3)
    trained = seen.combination.trained
    assert len(trained) == 6
    seen.combination = Combination(trained, weights)
    losses = seen.held_out.row_losses(blend_by_hand(seen))
    seen.combination = seen.combination._replace(losses=losses)
    return seen


def blend_by_hand(seen):
    """Predictions for the held-out rows."""
    total = np.zeros((len(seen.held_out.rows), 1))
    pairs = zip(seen.combination.trained, seen.combination.weights, strict=True)
    for one, weight in pairs:
        # Folds do not overlap: one network of each kind holds a row out, for all three.
        here, own = seen.held_out.positions(one)
        total[here] += 3 * weight * one.means[own]
    return total


# -- a network with fewer inputs -------------------------------------------------------

NETWORKS = {
    "dense": {},
    "float32": {"dtype": "float32"},
    "sparse": {"table": SPARSE},
    "linear": {"hidden_layer_sizes": ()},
    "norm before": {"batch_norm": "before"},
    "norm after": {"batch_norm": "after"},
    "plain branch": {"plain_features": [3], "plain_layer_sizes": (6,)},
    "pieces": {"numeric_embedding": "piecewise"},
    "categories": {"table": FRAME},
    "classes": {"labels": CLASS_LABELS, "y": np.digitize(Y, [-6, -4])},
}


def at_their_means(seen, one, kept):
    """The long way: values of the other columns are replaced by their means."""
    network, shared = one.fitted.network, seen.shared
    everything = shared.inputs(one.fitted.encoder, np.arange(len(shared.table.y)))
    values = first_layer_inputs(dense_inputs(network, everything), network)
    means = np.average(values, axis=0, weights=shared.table.weights)
    groups = one.fitted.input_groups
    gone = ~np.isin(groups, kept) & (groups >= 0)  # units of the plain branch stay
    values = np.where(gone, means, values)[one.held_out_rows].astype(values.dtype)
    return one.fitted.target.means(forward(values, network._replace(plain=())))


def tolerance_of(fitted):
    is_single = fitted.network.coefs[0].dtype == np.float32
    return {"rtol": 1e-4, "atol": 1e-5} if is_single else {"rtol": 1e-9}


@pytest.fixture(scope="module", params=NETWORKS)
def network(request):
    return ensemble(**({"n_estimators": 2} | NETWORKS[request.param]))


def test_dropped_columns_are_at_their_means(network):
    seen, one = network, network.combination.trained[0]
    order = np.flatnonzero(active_columns(one.fitted))[::-1]
    sizes = [len(order), 2, 1, 0]
    rows = np.arange(len(one.held_out_rows))
    means_of_sizes = shrunk(one, seen.shared, rows, order, sizes)
    tolerance = tolerance_of(one.fitted)
    for size, means in zip(sizes, means_of_sizes, strict=True):
        expected = at_their_means(seen, one, order[:size])
        np.testing.assert_allclose(means, expected, **tolerance)
    np.testing.assert_allclose(means_of_sizes[0], one.means, **tolerance)
    if not one.fitted.network.plain:
        bound = 1e-5 if "atol" in tolerance else 1e-12
        assert np.ptp(means_of_sizes[-1], axis=0).max() < bound
    some = shrunk(one, seen.shared, rows[::2], order, sizes)
    np.testing.assert_allclose(some, means_of_sizes[:, ::2], **tolerance)


def test_dropped_columns_are_left_out_of_the_weights(network):
    seen, one = network, network.combination.trained[0]
    before = [weight.copy() for weight in one.fitted.network.coefs]
    smaller = _elimination._without(one.fitted, [0, 2], seen.shared)
    columns = np.arange(seen.shared.table.X.shape[1])
    kept = np.isin(columns, [0, 2, *one.fitted.encoder.plain])
    np.testing.assert_array_equal(
        active_columns(smaller), active_columns(one.fitted) & kept
    )
    means = held_out_means(one.job, smaller)
    expected = at_their_means(seen, one, [0, 2])
    np.testing.assert_allclose(means, expected, **tolerance_of(one.fitted))
    assert smaller.network.coefs[0].dtype == one.fitted.network.coefs[0].dtype
    for after, weight in zip(one.fitted.network.coefs, before, strict=True):
        np.testing.assert_array_equal(after, weight)


def test_means_of_a_plain_branch_are_taken_in_blocks(monkeypatch):
    seen = ensemble(**NETWORKS["plain branch"])
    fitted = seen.combination.trained[0].fitted
    whole = seen.shared.center(fitted)
    assert len(whole) == 3 + 6
    monkeypatch.setattr("skrln._network._forward.BLOCK", 7 * 9)
    np.testing.assert_allclose(seen.shared.center(fitted), whole, rtol=1e-12)


# -- when ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("selection", "n_rows", "reason", "expected"),
    [
        (True, 24, StopReason.MAX_ITER, True),
        (False, 99, StopReason.MAX_ITER, False),
        ("auto", 24, StopReason.MAX_ITER, False),
        ("auto", 25, StopReason.PATIENCE, True),
        ("auto", 25, StopReason.CALLBACK, False),
        (True, 25, StopReason.INTERRUPTED, False),
        (True, None, StopReason.MAX_ITER, False),
    ],
)
def test_when_columns_are_dropped(plain, selection, n_rows, reason, expected):
    first, *others = plain.combination.trained
    first = first._replace(fitted=first.fitted._replace(reason=reason))
    held_out = None
    if n_rows is not None:
        held_out = plain.held_out._replace(rows=np.arange(n_rows))
    parameters = make_parameters(**SMALL | {"input_selection": selection})
    assert selects_inputs(parameters, [first, *others], held_out) is expected


# -- how many --------------------------------------------------------------------------


def test_sizes():
    assert _sizes(10) == [10, 8, 6, 5, 4, 3, 2, 1, 0]
    assert _sizes(1) == [1, 0]
    assert _sizes(0) == [0]
    sizes = np.array(_sizes(10_000))
    assert sizes[-1] == 0
    assert np.all(np.diff(sizes) < 0)
    assert len(sizes) < 60


def find(seen):
    rng = np.random.RandomState(0)
    return eliminate(seen.shared, seen.combination, seen.held_out, rng)


@pytest.mark.parametrize(
    ("losses", "n_kept"),
    [
        ([3, 2, 1, 2, 3], 2),
        ([3, 2, 2, 2, 3], 1),  # of equal ones the smallest
        ([1, 2, 3, 4, 5], 4),
        ([3, 2, 2, 2, 1], 0),
        ([np.nan, np.inf, 2, 2, 3], 1),
        ([np.nan] * 5, 4),  # nothing to go by
        ([np.inf] * 5, 4),
    ],
)
def test_number_with_the_lowest_loss(monkeypatch, plain, losses, n_kept):
    left = list(losses)
    monkeypatch.setattr(
        _combine, "row_losses", lambda *_: np.full(6, left.pop(0), float)
    )
    elimination = find(plain)
    assert not left  # sizes 4, 3, 2, 1, 0
    assert elimination.n_active == 4
    assert elimination.n_kept == n_kept
    assert len(elimination.columns) == n_kept
    assert elimination.narrows == (n_kept in (1, 2))
    kept = supports(elimination).values()
    assert all(len(columns) == n_kept for columns in kept)


@pytest.mark.parametrize(("gain", "n_kept"), [(0.9, 0), (1.1, 2)])
def test_none_is_kept_that_helps_by_chance(monkeypatch, plain, gain, n_kept):
    """By less than one standard error of the difference to no input at all."""
    noise = np.array([1.0, -1.0, 1.0, -1.0])  # of standard error 1/2
    left = [3 + noise, 2 + noise, 1 - gain / 2 + noise, 1.5 + noise, np.ones(4)]
    monkeypatch.setattr(_combine, "row_losses", lambda *_: left.pop(0))
    assert find(plain).n_kept == n_kept


def watch_losses(monkeypatch):
    """Record the arguments of the losses."""
    calls = []

    def watch(*arguments):
        calls.append(arguments)
        return np.ones(6)

    monkeypatch.setattr(_combine, "row_losses", watch)
    return calls


def test_losses_are_those_of_the_ensemble(monkeypatch, two_kinds):
    """With all inputs, of the predictions for held-out rows."""
    seen, calls = two_kinds, watch_losses(monkeypatch)
    find(seen)
    target, loss, means, targets, weights = calls[0]
    assert target is seen.shared.target
    assert loss[0] == "squared_error"
    np.testing.assert_array_equal(targets, seen.held_out.targets)
    np.testing.assert_array_equal(weights, seen.held_out.weights)
    np.testing.assert_allclose(means, blend_by_hand(seen), rtol=1e-9)


def test_many_rows_are_sampled(monkeypatch, plain):
    monkeypatch.setattr(_elimination, "MAX_ROWS", 12)
    with monkeypatch.context() as patch:
        calls = watch_losses(patch)
        first, again = find(plain), find(plain)
    assert {len(array) for call in calls for array in call[2:]} == {12}
    for one, other in zip(calls[:5], calls[5:], strict=True):
        np.testing.assert_array_equal(one[3], other[3])
    assert first.n_kept == again.n_kept
    # All rows judge the networks that are left.
    smaller = reduced(plain.shared, plain.combination, plain.held_out, first)
    assert len(smaller.losses) == len(plain.held_out.rows) > 12


@pytest.mark.parametrize(
    ("loss", "other", "share"),
    [
        (1.0, 4.0, 0.75),
        (4.0, 4.0, 0.0),
        (np.inf, 4.0, 1.0),
        (1.0, np.inf, 1.0),
        (0.0, 0.0, 1.0),
    ],
)
def test_share_of_the_loss_that_columns_save(loss, other, share):
    assert _elimination._saved_share(loss, other) == share


def test_gain_is_relative_to_no_column(monkeypatch, plain):
    losses = [3.0, 1.0, 2.0, 2.0, 4.0]
    monkeypatch.setattr(
        _combine, "row_losses", lambda *_: np.full(6, losses.pop(0), float)
    )
    assert find(plain).gain == 0.75


# -- in which order --------------------------------------------------------------------


def order_of(seen, networks, weights):
    effects = column_effects(networks, weights, seen.shared.columns)
    return np.argsort(-effects, kind="stable").tolist()


def followed(monkeypatch, seen):
    """Order that each network follows."""
    orders, original = [], shrunk

    def watch(one, shared, rows, order, sizes):
        orders.append((one, order))
        return original(one, shared, rows, order, sizes)

    monkeypatch.setattr(_elimination, "shrunk", watch)
    return find(seen), orders


def test_each_network_follows_those_that_share_its_rows(monkeypatch, two_kinds):
    trained, weights = two_kinds.combination.trained, two_kinds.combination.weights
    elimination, orders = followed(monkeypatch, two_kinds)
    assert len(orders) == 6
    for one, order in orders:
        same = [
            k for k, other in enumerate(trained) if other.job.number == one.job.number
        ]
        assert len(same) == 2
        for k in same:  # they hold the same rows out
            np.testing.assert_array_equal(trained[k].held_out_rows, one.held_out_rows)
        members = [trained[k].fitted for k in same]
        assert order.tolist() == order_of(two_kinds, members, weights[same])
    everyone = [one.fitted for one in trained]
    assert elimination.order.tolist() == order_of(two_kinds, everyone, weights)


def test_labels_of_held_out_rows_do_not_change_the_order(monkeypatch, plain):
    """The order of a network does not depend on the networks that learned its rows."""
    before = {one.job.number: order for one, order in followed(monkeypatch, plain)[1]}
    first, *others = plain.combination.trained
    turned = []
    for one in others:
        network = one.fitted.network
        weight = network.coefs[0][::-1] * [[1e-3], [1], [5], [9]]
        network = network._replace(coefs=[weight, *network.coefs[1:]])
        turned.append(one._replace(fitted=one.fitted._replace(network=network)))
    changed = Combination([first, *turned], plain.combination.weights)
    elimination, orders = followed(
        monkeypatch, SimpleNamespace(**(vars(plain) | {"combination": changed}))
    )
    after = {one.job.number: order for one, order in orders}
    np.testing.assert_array_equal(after[0], before[0])
    assert after[1].tolist() != before[1].tolist()
    assert elimination.order.tolist() != before[0].tolist()


def test_with_validation_data_all_follow_one_order(monkeypatch):
    validation = {"X_val": X[40:], "y_val": Y[40:]}
    seen = ensemble(X[:40], Y[:40], sample_weight=None, validation=validation)
    elimination, orders = followed(monkeypatch, seen)
    assert len(orders) == 3
    for _, order in orders:
        np.testing.assert_array_equal(order, elimination.order)
    assert list(elimination.own_orders) == [None]


def test_plain_columns_have_no_place_in_the_order():
    seen = ensemble(**NETWORKS["plain branch"])
    first = seen.combination.trained[0].fitted
    assert column_effects([first], [1.0], seen.shared.columns)[3] > 0
    assert sorted(find(seen).order) == [0, 1, 2]


# -- what is left ----------------------------------------------------------------------


def test_all_networks_keep_the_same_columns(two_kinds):
    elimination = find(two_kinds)._replace(n_kept=2)
    smaller = reduced(
        two_kinds.shared, two_kinds.combination, two_kinds.held_out, elimination
    )
    kept = set(elimination.order[:2])
    for member in smaller.members:
        assert set(np.flatnonzero(active_columns(member))) <= kept
        gone = ~np.isin(member.input_groups, list(kept))
        np.testing.assert_array_equal(member.network.coefs[0][gone], 0)
    np.testing.assert_array_equal(smaller.weights, two_kinds.combination.weights)


def test_where_none_goes_predictions_stay(two_kinds):
    elimination = find(two_kinds)
    elimination = elimination._replace(n_kept=elimination.n_active)
    same = reduced(
        two_kinds.shared, two_kinds.combination, two_kinds.held_out, elimination
    )
    pairs = zip(two_kinds.combination.trained, same.trained, strict=True)
    for one, other in pairs:
        means = held_out_means(one.job, other.fitted)
        np.testing.assert_allclose(means, one.means, rtol=1e-12)
    np.testing.assert_allclose(same.losses, two_kinds.combination.losses, rtol=1e-9)


def test_columns_of_an_elimination():
    order, own = np.array([2, 0, 1]), {0: np.array([0, 1]), 1: np.array([2])}
    elimination = Elimination(1, 2, order, own, 0.5)
    assert elimination.columns.tolist() == [2]
    assert elimination.narrows  # to at most half of the columns
    assert [kept.tolist() for kept in supports(elimination).values()] == [[0], [2]]
    # A column that only some network uses stays where no number is better than all.
    everything = elimination._replace(n_kept=2)
    assert everything.columns.tolist() == [2, 0, 1]
    assert not everything.narrows
    assert not elimination._replace(n_kept=0).narrows


@pytest.mark.parametrize(
    ("gain", "expected"),
    [
        ([1, 1, 1, 1], True),
        ([0, 0, 0, 0], False),
        ([-1, -1, -1, -1], False),
        ([2, 0], True),  # 1, with a standard error of 1 / sqrt(2)
        ([4, -2], False),  # 1, of 3 / sqrt(2)
    ],
)
def test_better_by_more_than_a_standard_error(gain, expected):
    others = np.linspace(1, 2, len(gain))
    assert is_better(others - gain, others) is expected
