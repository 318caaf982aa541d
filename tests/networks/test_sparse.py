# SPDX-License-Identifier: BSD-3-Clause
"""Sparse inputs are never made dense as a whole."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import make_classification
from sklearn.model_selection import cross_val_score

from skrln._network import _forward

from ._tables import (
    arrays,
    assert_close_fit,
    assert_same_fit,
    classifier,
    make_classes,
    make_inputs,
    make_table,
    regressor,
)

RNG = np.random.default_rng(0)
_, Y = make_table()
_, CLASSES = make_classes()
DENSE = np.where(RNG.uniform(size=(40, 4)) < 0.6, 0, make_inputs())
CLOSE = {"rtol": 1e-9, "atol": 1e-12}

FORMATS = [
    sparse.csr_matrix,
    sparse.csr_array,
    sparse.csc_matrix,
    sparse.csc_array,
    sparse.coo_matrix,
    sparse.coo_array,
    sparse.lil_matrix,
]


def centred_away(table):
    """A dense table that is scaled as the sparse one: each row again with its sign turned.

    Its means are zero without centring.
    """
    return np.concatenate([table, -table])


@pytest.mark.parametrize("form", FORMATS)
def test_formats_are_one(form):
    model = regressor().fit(form(DENSE), Y)
    assert_same_fit(model, regressor().fit(sparse.csr_matrix(DENSE), Y))
    np.testing.assert_array_equal(
        model.predict(form(DENSE)), model.predict(sparse.csr_matrix(DENSE))
    )


@pytest.mark.parametrize(
    ("make", "batch_size"), [(regressor, "auto"), (classifier, 20)]
)
def test_same_as_dense_without_centring(make, batch_size):
    y = Y if make is regressor else CLASSES
    table = centred_away(DENSE[:20])
    # Rows of zeros are zeros here and rounding errors there: no kink, and no solver that
    # would make steps of them.
    settings = {"activation": "tanh", "solver": "sgd", "batch_size": batch_size}
    dense = make(**settings).fit(table, y)
    np.testing.assert_allclose(
        dense._fitted.members[0].encoder.table.scaler.center, 0, atol=1e-15
    )
    found = make(**settings).fit(sparse.csr_matrix(table), y)
    # Scaled by the standard deviation, as there is no mean to subtract.
    np.testing.assert_allclose(
        found._fitted.members[0].encoder.table.scaler.scale,
        dense._fitted.members[0].encoder.table.scaler.scale,
    )
    assert_close_fit(found, dense, **CLOSE)


def test_predicts_dense_rows_as_sparse_ones():
    model = regressor().fit(sparse.csr_matrix(DENSE), Y)
    np.testing.assert_allclose(
        model.predict(DENSE), model.predict(sparse.csr_matrix(DENSE)), **CLOSE
    )
    other = regressor().fit(DENSE, Y)
    np.testing.assert_allclose(
        other.predict(DENSE), other.predict(sparse.csr_matrix(DENSE)), **CLOSE
    )


def test_stored_zeros_are_zeros():
    stored = sparse.csr_matrix(DENSE)
    stored.data[::3] = 0
    tidy = stored.copy()
    tidy.eliminate_zeros()
    assert tidy.nnz < stored.nnz
    # The longest row may be shorter now: the same sums in another order.
    fits = [regressor().fit(table, Y) for table in (stored, tidy)]
    assert_close_fit(*fits, **CLOSE)


def test_empty_rows_and_columns():
    table = DENSE.copy()
    table[::2] = 0
    table[:, 2] = 0
    model = regressor().fit(sparse.csr_matrix(table), Y)
    assert all(np.isfinite(found).all() for found in arrays(model)[:4])
    nothing = model.predict(sparse.csr_matrix((3, 4)))
    np.testing.assert_array_equal(nothing, nothing[0])


def test_column_that_is_never_there_is_not_active():
    table = DENSE.copy()
    table[:, 2] = 0
    model = regressor().fit(sparse.csr_matrix(table), Y)
    assert 2 not in model.active_features_
    assert 2 not in regressor().fit(table, Y).active_features_


def test_weights_of_sparse_rows():
    rows = sparse.csr_matrix(DENSE)
    counts = np.repeat([1, 2], [24, 16])
    weighted = regressor().fit(rows, Y, sample_weight=counts)
    index = np.repeat(np.arange(40), counts)
    assert_close_fit(weighted, regressor().fit(rows[index], Y[index]), **CLOSE)
    kept = np.arange(40) % 5 != 0
    weighted = regressor().fit(rows, Y, sample_weight=kept.astype(float))
    assert_same_fit(weighted, regressor().fit(rows[kept], Y[kept]))


@pytest.fixture
def no_dense_table(monkeypatch):
    """Refuse to make more rows dense than a block holds."""
    block = 10
    monkeypatch.setattr(_forward, "BLOCK", block * 5)  # the hidden layer is widest

    def guarded(original):
        def make_dense(self, *args, **kwargs):
            assert self.shape[0] <= block, f"{self.shape[0]} rows were made dense"
            return original(self, *args, **kwargs)

        return make_dense

    for form in ("csr", "csc", "coo"):
        for kind in ("matrix", "array"):
            table = getattr(sparse, f"{form}_{kind}")
            for name in ("toarray", "todense"):
                if hasattr(table, name):
                    monkeypatch.setattr(table, name, guarded(getattr(table, name)))


@pytest.mark.usefixtures("no_dense_table")
@pytest.mark.parametrize("form", [sparse.csr_matrix, sparse.csc_array])
def test_never_dense_as_a_whole(form):
    rows = form(DENSE)
    with pytest.raises(AssertionError, match="40 rows were made dense"):
        rows.toarray()
    model = regressor().fit(rows, Y)
    assert model.predict(rows).shape == (40,)
    held_out = form(DENSE[:20])
    model = classifier().fit(rows, CLASSES, X_val=held_out, y_val=CLASSES[:20])
    assert model.predict_proba(rows).shape == (40, 2)
    assert regressor().partial_fit(rows, Y).score(rows, Y) < 1


@pytest.mark.parametrize("dense", [True, False])
def test_blocks_predict_as_the_whole(monkeypatch, dense):
    table = DENSE if dense else sparse.csr_matrix(DENSE)
    model = regressor().fit(table, Y)
    whole = model.predict(table)
    for size in (1, 35, 60):
        monkeypatch.setattr(_forward, "BLOCK", size)
        np.testing.assert_allclose(model.predict(table), whole, **CLOSE)


def test_wide_sparse_table_learns():
    dense, y = make_classification(
        200, 300, n_informative=5, n_redundant=0, class_sep=2.0, random_state=0
    )
    rows = sparse.csr_matrix(np.where(np.abs(dense) < 0.8, 0, dense))
    model = classifier(hidden_layer_sizes=(8,), max_iter=60, batch_size=20)
    assert cross_val_score(model, rows, y, cv=2).min() > 0.7
