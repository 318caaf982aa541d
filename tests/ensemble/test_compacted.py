# SPDX-License-Identifier: BSD-3-Clause
"""Compacted networks predict the same with fewer weights."""

import numpy as np
import pytest

from skrln import RLNRegressor
from skrln._ensemble import _fitted
from skrln._ensemble._compacted import compacted
from skrln._ensemble._fitted import make_ensemble
from skrln._kernels import CompactRows

from ._values import X, draw_ensemble

RNG = np.random.default_rng(0)


def mixed_table(n_rows=60):
    """Numbers, some of them missing, and a categorical column, and a target."""
    table = RNG.normal(size=(n_rows, 5))
    table[:, 3] = RNG.integers(3, size=n_rows)
    target = np.abs(table[:, 0]) + table[:, 1] + (table[:, 3] == 1)
    table[::7, 2] = np.nan
    return table, target


@pytest.fixture(scope="module", params=["float32", "float64"])
def mixed(request):
    """Ensemble on all kinds of inputs: plain networks, and networks on pieces of numbers."""
    table, target = mixed_table()
    model = RLNRegressor(
        hidden_layer_sizes=(6, 5),
        categorical_features=[3],
        input_selection=False,
        n_estimators=2,
        max_iter=1,
        early_stopping=False,
        numeric_embedding="piecewise",
        dtype=request.param,
        random_state=0,
    )
    return model.fit(table, target)._fitted


def thin(ensemble, share):
    """Set a share of the first weights' rows, alike in all networks, and some units to zero."""
    drawn = np.random.default_rng(1)
    is_zero = drawn.random(ensemble.encoders[0].n_inputs) < share
    members = []
    for member in ensemble.members:
        first, second, *others = (w.copy() for w in member.network.coefs)
        first[is_zero[: len(first)]] = 0
        second[1] = 0
        network = member.network._replace(coefs=[first, second, *others])
        members.append(member._replace(network=network))
    return make_ensemble(ensemble.columns, members, ensemble.weights)


def new_rows():
    """Rows beyond the training rows, with missing numbers and an unknown category."""
    rows, _ = mixed_table(40)
    rows[:10, :3] *= 9
    rows[5:15, 0], rows[3, 3] = np.nan, 7
    return rows


@pytest.mark.parametrize("share", [0, 0.5, 1])
def test_predictions_are_the_same(mixed, share):
    ensemble = thin(mixed, share)
    small, rows = compacted(ensemble), new_rows()
    rtol = 1e-5 if small.members[0].network.coefs[0].dtype == np.float32 else 1e-12
    np.testing.assert_allclose(small.means(rows), ensemble.means(rows), rtol, rtol)


def test_live_inputs_are_those_of_the_encoder(mixed):
    ensemble, rows = thin(mixed, 0.5), new_rows()
    for k, encoder in enumerate(ensemble.encoders):
        dtype = ensemble.members[0].network.coefs[0].dtype
        compact = encoder.compress(rows, dtype)
        live = compacted(ensemble).encoders[k]
        members = zip(ensemble.members, ensemble.encoder_numbers, strict=True)
        used = np.any(
            [
                one.network.coefs[0].any(axis=1)
                for one, number in members
                if number == k
            ],
            axis=0,
        )
        assert 0 < live.n_inputs == used.sum() < encoder.n_inputs
        expected = encoder.expand(compact)[:, used].astype(dtype)
        np.testing.assert_array_equal(live.expand(compact), expected)
        whole = CompactRows(np.nan_to_num(compact.numbers), compact.codes)
        expected = encoder.expand(whole)[:, used].astype(dtype)
        np.testing.assert_array_equal(live.expand(whole), expected)


def test_idle_units_are_dropped():
    ensemble = thin(draw_ensemble(2, hidden_layer_sizes=(4, 3)), 0.3)
    second = ensemble.members[0].network.coefs[2]
    second[2] = 0  # the last hidden unit, too
    small = compacted(ensemble).members[0].network
    assert [w.shape[1] for w in small.coefs] == [3, 2, 1]
    assert [len(b) for b in small.intercepts] == [3, 2, 1]
    assert len(second) == 3  # the ensemble itself is as it was
    np.testing.assert_allclose(compacted(ensemble).means(X), ensemble.means(X), 1e-12)


@pytest.mark.parametrize("batch_norm", ["before", "after"])
def test_batch_norm(batch_norm):
    ensemble = thin(draw_ensemble(2, hidden_layer_sizes=(4, 3)), 0)
    members = []
    for member in ensemble.members:
        norms = [RNG.uniform(0.5, 1, size=(4, width)) for width in (4, 3)]
        network = member.network._replace(batch_norm=batch_norm, batch_norms=norms)
        members.append(member._replace(network=network))
    ensemble = make_ensemble(ensemble.columns, members)
    small = compacted(ensemble)
    assert [n.shape for n in small.members[0].network.batch_norms] == [(4, 3), (4, 3)]
    np.testing.assert_allclose(small.means(X), ensemble.means(X), 1e-12)


def test_many_rows_are_predicted_by_compacted_networks(monkeypatch):
    ensemble = thin(draw_ensemble(2, hidden_layer_sizes=(4, 3)), 0.5)
    expected, sizes = ensemble.means(X), []

    def recorded(ensemble):
        sizes.append(len(ensemble.members))
        return compacted(ensemble)

    monkeypatch.setattr(_fitted, "compacted", recorded)
    monkeypatch.setattr(_fitted, "COMPACTED_ROWS", len(X) + 1)
    np.testing.assert_array_equal(ensemble.means(X), expected)
    assert sizes == []
    monkeypatch.setattr(_fitted, "COMPACTED_ROWS", len(X))
    np.testing.assert_allclose(ensemble.means(X), expected, 1e-12)
    assert sizes == [2]
