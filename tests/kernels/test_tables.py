# SPDX-License-Identifier: BSD-3-Clause
"""Shared tables: inputs that a program makes are those that the host makes."""

import pickle

import jax
import numpy as np
import pytest

from skrln import RLNRegressor
from skrln._kernels import CompactRows, DeviceTable, _padding, expand
from skrln._kernels._batches import table_bucket
from skrln._table._inputs import InputEncoder
from skrln.options import PlainBranch

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4))
X[:, 1] = np.arange(60) % 3
X[::7, 2] = np.nan
Y = X[:, 0] + X[:, 1] + RNG.normal(size=60)


@pytest.mark.parametrize(
    "params",
    [
        {"numeric_embedding": "piecewise"},
        {"numeric_embedding": None, "plain_branch": PlainBranch([3], layer_sizes=2)},
    ],
)
def test_program_makes_the_inputs_of_the_host(monkeypatch, params):
    """Numbers, marks, categories, pieces, and columns of the plain branch."""
    model = RLNRegressor(
        (5,), theta=-7, n_estimators=1, max_iter=5, early_stopping=True, random_state=0,
        dtype="float64", categorical_features=[1], **params,
    )  # fmt: skip
    on_host = model.fit(X, Y).predict(X)
    loss = model.validation_loss_curve_
    monkeypatch.setattr(_padding, "EXPANDED_CELLS", 0)
    placed = []
    place = DeviceTable.placed
    monkeypatch.setattr(
        DeviceTable, "placed", lambda *args: placed.append(args) or place(*args)
    )
    np.testing.assert_allclose(model.fit(X, Y).predict(X), on_host, rtol=1e-9)
    np.testing.assert_allclose(model.validation_loss_curve_, loss, rtol=1e-9)
    assert len(placed) == 2  # training rows, and held-out ones


def test_table_is_placed_once():
    rows = CompactRows(X[:, [0]], X[:, [1]].astype(np.uint8))
    table = DeviceTable(rows)
    first = table.placed(np.dtype("float32"), None)
    assert table.placed(np.dtype("float32"), None) is first
    assert first.numbers.shape == (table_bucket(60), 1)
    assert isinstance(first.numbers, jax.Array)
    np.testing.assert_array_equal(first.codes[:60], rows.codes)
    again = pickle.loads(pickle.dumps(table))
    np.testing.assert_array_equal(again.rows.numbers, rows.numbers)
    assert again.n_rows == 60


def test_inputs_by_hand():
    table = np.array([[1.0, 0.0], [3.0, 1.0], [np.nan, 2.0]])
    encoder = InputEncoder(np.array([1])).fit(table, np.ones(3))
    later = encoder.compress(np.array([[4.0, 2.0], [np.nan, 7.0]]))
    np.testing.assert_allclose(
        expand(later, encoder.expansion), [[2, 0, 0, 0, 1], [0, 1, 0, 0, 0]]
    )
