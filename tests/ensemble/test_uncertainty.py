# SPDX-License-Identifier: BSD-3-Clause
"""Draws of members and dropout masks, and their spread."""

import numpy as np
import pytest

from skrln._ensemble._uncertainty import _deviation, _plan, draw_means, spread
from skrln._network._forward import forward, thinned

from ._values import X, draw_ensemble


@pytest.mark.parametrize("n_draws", [1, 7, 100])
def test_shares_are_right_to_less_than_a_draw(n_draws, global_random_seed):
    rng = np.random.RandomState(global_random_seed)
    weights = rng.dirichlet(np.ones(6))
    plan = _plan(weights, n_draws, rng)
    counts = np.array([len(slots) for slots in plan])
    assert np.abs(counts - n_draws * weights).max() < 1
    slots = [slot for one in plan for slot, _ in one]
    assert sorted(slots) == list(range(n_draws))


def test_order_of_the_draws_is_random():
    """The first few of them are not all of the first member."""
    of_first_draw = set()
    for seed in range(40):
        plan = _plan(np.full(4, 0.25), 8, np.random.RandomState(seed))
        slots = [[slot for slot, _ in one] for one in plan]
        of_first_draw.add(next(k for k, one in enumerate(slots) if 0 in one))
    assert of_first_draw == {0, 1, 2, 3}


def test_each_draw_has_a_seed_of_its_own():
    plan = _plan(np.full(4, 0.25), 50, np.random.RandomState(0))
    assert len({seed for slots in plan for _, seed in slots}) == 50


def test_deviation_is_weighted():
    draws = np.array([[[1.0, 2.0, 4.0]]])
    weights = np.array([0.5, 0.25, 0.25])
    repeated = np.array([1.0, 1.0, 2.0, 4.0])
    np.testing.assert_allclose(_deviation(draws, weights), [[repeated.std()]])


# -- draws of an ensemble --------------------------------------------------------------


def members_of(ensemble):
    """Predictions of each member, (n_samples, n_columns, n_members)."""
    inputs = ensemble.encoders[0].transform(X)
    return np.stack([member.means(inputs) for member in ensemble.members], axis=-1)


def test_draws_without_dropout_are_members():
    ensemble = draw_ensemble(weights=np.array([0.5, 0.25, 0.25]))
    draws = draw_means(ensemble, X, 8, 0)
    assert draws.shape == (24, 1, 8)
    means = members_of(ensemble)
    # Rows of a draw are predicted by the same member.
    is_member = (draws[..., None] == means[:, :, None]).all(axis=(0, 1))
    assert is_member.sum(axis=0).tolist() == [4, 2, 2]
    assert is_member.sum(axis=1).tolist() == [1] * 8


def test_spread_without_dropout_is_that_of_the_members():
    weights = np.array([0.5, 0.25, 0.25])
    ensemble = draw_ensemble(weights=weights)
    means = members_of(ensemble)[:, 0]
    center = means @ weights
    expected = np.sqrt((means - center[:, None]) ** 2 @ weights)
    np.testing.assert_allclose(spread(ensemble, X, None)[:, 0], expected)


@pytest.mark.parametrize("activation", ["relu", "selu"])
def test_draws_with_dropout_are_thinned_networks(activation):
    ensemble = draw_ensemble(1, dropout=0.5, activation=activation)
    draws = draw_means(ensemble, X, 5, 3)
    [member] = ensemble.members
    inputs = member.encoder.transform(X)
    [slots] = _plan(np.ones(1), 5, np.random.RandomState(3))
    for slot, seed in slots:
        rng = np.random.default_rng(seed)
        network = thinned(member.network, (0.5,), rng)
        expected = forward(inputs, network)
        np.testing.assert_allclose(draws[:, :, slot], expected, rtol=1e-12)
    np.testing.assert_array_equal(draws, draw_means(ensemble, X, 5, 3))
    assert not np.array_equal(draws, draw_means(ensemble, X, 5, 4))


def test_draws_do_not_depend_on_the_other_rows():
    ensemble = draw_ensemble(dropout=0.5)
    whole = draw_means(ensemble, X, 6, 0)
    np.testing.assert_allclose(draw_means(ensemble, X[5:7], 6, 0), whole[5:7])


def test_blocks_of_rows_have_the_same_draws(monkeypatch):
    ensemble = draw_ensemble(dropout=0.5)
    whole, width = draw_means(ensemble, X, 6, 0), spread(ensemble, X, 0)
    monkeypatch.setattr("skrln._network._forward.BLOCK", 60)
    np.testing.assert_allclose(draw_means(ensemble, X, 6, 0), whole)
    np.testing.assert_allclose(spread(ensemble, X, 0), width)


def test_spread_with_dropout_is_that_of_a_hundred_draws():
    ensemble = draw_ensemble(dropout=0.5)
    draws = draw_means(ensemble, X, 100, 0)
    np.testing.assert_allclose(spread(ensemble, X, 0), draws.std(axis=-1))


def test_single_network_without_dropout_is_refused():
    message = r"single network without dropout \(dropout=\(0\.0,\), 1 hidden layer\(s\)"
    for call in (lambda e: draw_means(e, X, 5, 0), lambda e: spread(e, X, 0)):
        with pytest.raises(ValueError, match=message):
            call(draw_ensemble(1))


@pytest.mark.parametrize("n_draws", [0, -1, 2.5, "many"])
def test_bad_number_of_draws(n_draws):
    with pytest.raises(ValueError, match=f"Got n_samples={n_draws!r}, but expected"):
        draw_means(draw_ensemble(), X, n_draws, 0)
