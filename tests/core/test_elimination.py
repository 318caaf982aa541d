# SPDX-License-Identifier: BSD-3-Clause
"""Inputs that are dropped: what is compared, in which order they go, and what is left."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from skrln import RLNClassifier, RLNRegressor
from skrln._core import _elimination, _members
from skrln._core._assembly import Ensemble
from skrln._core._elimination import (
    _sizes,
    eliminate,
    is_better,
    reduced,
    shrunk,
    supports,
)
from skrln._core._forward import embedded, forward
from skrln._core._importance import active_columns, column_importance
from skrln._core._predicting import dense_inputs

RNG = np.random.default_rng(0)
X = RNG.normal([0, 5, 0, 0], size=(60, 4))
Y = X[:, 0] - X[:, 1] + RNG.normal(size=60)
WEIGHTS = RNG.integers(0, 3, 60).astype(float)
SPARSE = sparse.csr_matrix(np.where(X > 0.3, X, 0))
FRAME = pd.DataFrame(X, columns=list("abcd"))
FRAME["e"] = pd.Categorical(np.arange(60) % 3)
FRAME.loc[::7, "b"] = np.nan
SMALL = {
    "input_selection": True,  # "auto" wants more rows
    "hidden_layer_sizes": (5,),
    "theta": -8.0,
    "max_iter": 10,
    "learning_rate_init": 0.02,
    "n_estimators": 3,
    "dropout": 0.0,
    "numeric_embedding": None,
    "random_state": 0,
}


def ensemble(table=X, y=Y, make=RLNRegressor, fit=None, **params):
    """Networks as they are when their inputs are to be selected."""
    seen = SimpleNamespace()

    def keep(estimator, shared, found, unseen, fit, rng):
        vars(seen).update(
            estimator=estimator, shared=shared, ensemble=found, unseen=unseen, rng=rng
        )
        return found, []

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_members, "_select", keep)
        make(**(SMALL | params)).fit(table, y, **(fit or {"sample_weight": WEIGHTS}))
    return seen


@pytest.fixture(scope="module")
def plain():
    return ensemble()


@pytest.fixture(scope="module")
def two_kinds():
    return ensemble(numeric_embedding="auto")


# -- a network with fewer inputs -------------------------------------------------------

NETWORKS = {
    "dense": {},
    "float32": {"dtype": "float32"},
    "sparse": {"table": SPARSE},
    "linear": {"hidden_layer_sizes": ()},
    "norm before": {"batch_norm": "before"},
    "norm after": {"batch_norm": "after"},
    "periodic": {"numeric_embedding": "periodic"},
    "pieces": {"numeric_embedding": "piecewise"},
    "categories": {"table": FRAME},
    "classes": {"make": RLNClassifier, "y": np.digitize(Y, [-6, -4])},
}


def at_their_means(seen, one, kept):
    """The long way: values of the other columns are replaced by their means."""
    network, shared = one.member._network, seen.shared
    everything = shared.encoded[one.job.cell.numeric_embedding][1]
    values = embedded(dense_inputs(network, everything), network)
    means = np.average(values, axis=0, weights=shared.table.weights)
    gone = ~np.isin(one.member._groups, kept)
    values = np.where(gone, means, values)[one.unseen].astype(values.dtype)
    return one.member._target.means(forward(values, network._replace(embedding=None)))


@pytest.fixture(scope="module", params=NETWORKS)
def network(request):
    return ensemble(**({"n_estimators": 2} | NETWORKS[request.param]))


def test_inputs_that_are_gone_are_at_their_means(network):
    seen, one = network, network.ensemble.trained[0]
    order = np.flatnonzero(active_columns(one.member))[::-1]
    sizes = [len(order), 2, 1, 0]
    rows = np.arange(len(one.unseen))
    found = shrunk(one, seen.shared, rows, order, sizes)
    single = one.member.coefs_[0].dtype == np.float32
    tolerance = {"rtol": 1e-4, "atol": 1e-5} if single else {"rtol": 1e-9}
    for size, means in zip(sizes, found, strict=True):
        expected = at_their_means(seen, one, order[:size])
        np.testing.assert_allclose(means, expected, **tolerance)
    np.testing.assert_allclose(found[0], one.means, **tolerance)
    assert np.ptp(found[-1], axis=0).max() < (1e-6 if single else 1e-12)
    some = shrunk(one, seen.shared, rows[::2], order, sizes)
    np.testing.assert_allclose(some, found[:, ::2], **tolerance)


def test_they_are_left_out_of_the_weights(network):
    seen, one = network, network.ensemble.trained[0]
    before = [weight.copy() for weight in one.member.coefs_]
    smaller = _elimination._without(one.member, [0, 2], seen.shared)
    np.testing.assert_array_equal(
        active_columns(smaller),
        active_columns(one.member)
        & np.isin(np.arange(seen.shared.table.X.shape[1]), [0, 2]),
    )
    means = seen.shared.unseen_means(one.job, smaller)
    single = smaller.coefs_[0].dtype == np.float32
    tolerance = {"rtol": 1e-4, "atol": 1e-5} if single else {"rtol": 1e-9}
    np.testing.assert_allclose(means, at_their_means(seen, one, [0, 2]), **tolerance)
    assert smaller.coefs_[0].dtype == one.member.coefs_[0].dtype
    for after, weight in zip(one.member.coefs_, before, strict=True):
        np.testing.assert_array_equal(after, weight)


def test_means_of_an_embedding_are_taken_in_blocks(monkeypatch):
    seen = ensemble(numeric_embedding="periodic")
    member = seen.ensemble.trained[0].member
    whole = seen.shared.center(member)
    monkeypatch.setattr("skrln._core._forward.BLOCK", 7 * 64)
    np.testing.assert_allclose(seen.shared.center(member), whole, rtol=1e-12)


# -- how many --------------------------------------------------------------------------


def test_sizes():
    assert _sizes(10) == [10, 8, 6, 5, 4, 3, 2, 1, 0]
    assert _sizes(1) == [1, 0]
    assert _sizes(0) == [0]
    sizes = np.array(_sizes(10_000))
    assert sizes[-1] == 0
    assert np.all(np.diff(sizes) < 0)
    assert len(sizes) < 60


def find(seen, **changes):
    found = vars(seen) | changes
    arguments = ("estimator", "shared", "ensemble", "unseen")
    return eliminate(*(found[name] for name in arguments), np.random.RandomState(0))


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
        _elimination, "row_losses", lambda *told: np.full(6, left.pop(0), float)
    )
    found = find(plain)
    assert not left  # sizes 4, 3, 2, 1, 0
    assert found.n_active == 4
    assert found.n_kept == n_kept
    assert len(found.columns) == n_kept
    assert found.narrows == (n_kept in (1, 2))
    assert all(len(columns) == n_kept for columns in supports(found).values())


@pytest.mark.parametrize(("gain", "n_kept"), [(0.9, 0), (1.1, 2)])
def test_none_is_kept_that_helps_by_chance(monkeypatch, plain, gain, n_kept):
    """By less than one standard error of the difference to no input at all."""
    noise = np.array([1.0, -1.0, 1.0, -1.0])  # of standard error 1/2
    left = [3 + noise, 2 + noise, 1 - gain / 2 + noise, 1.5 + noise, np.ones(4)]
    monkeypatch.setattr(_elimination, "row_losses", lambda *told: left.pop(0))
    assert find(plain).n_kept == n_kept


def test_losses_are_those_of_the_ensemble(monkeypatch, two_kinds):
    """With all inputs, of what the networks predict for rows that they have not seen."""
    seen, asked = two_kinds, []
    monkeypatch.setattr(
        _elimination, "row_losses", lambda *told: asked.append(told) or np.ones(6)
    )
    find(seen)
    target, loss, means, targets, weights = asked[0]
    assert target is seen.shared.target
    assert loss[0] == "squared_error"
    np.testing.assert_array_equal(targets, seen.unseen.targets)
    np.testing.assert_array_equal(weights, seen.unseen.weights)
    expected = np.zeros_like(means)
    for one, weight in zip(seen.ensemble.trained, seen.ensemble.weights, strict=True):
        # Folds do not overlap: each row has one network of a kind, which speaks for it.
        here, own = seen.unseen.positions(one)
        expected[here] += 3 * weight * one.means[own]
    np.testing.assert_allclose(means, expected, rtol=1e-9)


def test_many_rows_are_sampled(monkeypatch, plain):
    asked = []
    monkeypatch.setattr(_elimination, "MAX_ROWS", 12)
    monkeypatch.setattr(
        _elimination, "row_losses", lambda *told: asked.append(told[2:]) or np.ones(6)
    )
    first, again = find(plain), find(plain)
    assert {len(array) for told in asked for array in told} == {12}
    for one, other in zip(asked[:5], asked[5:], strict=True):
        np.testing.assert_array_equal(one[1], other[1])
    assert first.n_kept == again.n_kept
    # What is left is judged by all rows.
    found = reduced(plain.estimator, plain.shared, plain.ensemble, plain.unseen, first)
    assert len(found.losses) == len(plain.unseen.rows) > 12


# -- in which order --------------------------------------------------------------------


def order_of(networks, weights):
    mean = np.average(
        [column_importance(one) for one in networks], axis=0, weights=weights
    )
    return [k for k in np.argsort(-mean, kind="stable") if mean[k] > 0]


def followed(monkeypatch, seen):
    """Order that each network follows."""
    asked, original = [], shrunk

    def watch(one, shared, rows, order, sizes):
        asked.append((one, order))
        return original(one, shared, rows, order, sizes)

    monkeypatch.setattr(_elimination, "shrunk", watch)
    return find(seen), asked


def test_each_network_follows_those_that_share_its_rows(monkeypatch, two_kinds):
    trained, weights = two_kinds.ensemble.trained, two_kinds.ensemble.weights
    found, asked = followed(monkeypatch, two_kinds)
    assert len(asked) == 6
    for one, order in asked:
        same = [
            k for k, other in enumerate(trained) if other.job.number == one.job.number
        ]
        assert len(same) == 2
        for k in same:  # they share the rows that they have not seen
            np.testing.assert_array_equal(trained[k].job.validation, one.job.validation)
        members = [trained[k].member for k in same]
        assert order.tolist() == order_of(members, weights[same])
    everyone = [one.member for one in trained]
    assert found.order.tolist() == order_of(everyone, weights)


def test_labels_of_unseen_rows_have_no_say_in_the_order(monkeypatch, plain):
    """Whatever the other networks learned of them, its own order stays what it was."""
    before = {one.job.number: order for one, order in followed(monkeypatch, plain)[1]}
    first, *others = plain.ensemble.trained
    turned = []
    for one in others:
        member = _elimination.copy(one.member)
        weight = member.coefs_[0]
        member.coefs_ = [weight[::-1] * [[9], [1], [5], [1e-3]], *member.coefs_[1:]]
        turned.append(one._replace(member=member))
    changed = Ensemble([first, *turned], plain.ensemble.weights)
    found, asked = followed(
        monkeypatch, SimpleNamespace(**(vars(plain) | {"ensemble": changed}))
    )
    after = {one.job.number: order for one, order in asked}
    np.testing.assert_array_equal(after[0], before[0])
    assert after[1].tolist() != before[1].tolist()
    assert found.order.tolist() != before[0].tolist()


def test_with_validation_data_all_follow_one_order(monkeypatch):
    told = {"X_val": X[40:], "y_val": Y[40:]}
    seen = ensemble(X[:40], Y[:40], fit=told)
    found, asked = followed(monkeypatch, seen)
    for _, order in asked:
        np.testing.assert_array_equal(order, found.order)
    assert list(found.own_orders) == [None]


# -- what is left ----------------------------------------------------------------------


def test_all_networks_keep_the_same_columns(two_kinds):
    found = find(two_kinds)._replace(n_kept=2)
    smaller = reduced(
        two_kinds.estimator,
        two_kinds.shared,
        two_kinds.ensemble,
        two_kinds.unseen,
        found,
    )
    kept = set(found.order[:2])
    for member in smaller.members:
        assert set(np.flatnonzero(active_columns(member))) <= kept
        gone = ~np.isin(member._groups, list(kept))
        np.testing.assert_array_equal(member.coefs_[0][gone], 0)
    np.testing.assert_array_equal(smaller.weights, two_kinds.ensemble.weights)


def test_where_none_goes_predictions_stay(two_kinds):
    found = find(two_kinds)
    found = found._replace(n_kept=found.n_active)
    same = reduced(
        two_kinds.estimator,
        two_kinds.shared,
        two_kinds.ensemble,
        two_kinds.unseen,
        found,
    )
    for one, other in zip(two_kinds.ensemble.trained, same.trained, strict=True):
        means = two_kinds.shared.unseen_means(one.job, other.member)
        np.testing.assert_allclose(means, one.means, rtol=1e-12)
    np.testing.assert_allclose(same.losses, two_kinds.ensemble.losses, rtol=1e-9)


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
