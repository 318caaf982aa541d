# SPDX-License-Identifier: BSD-3-Clause
"""Inputs of every kind: numbers, missing values, categories, pieces."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from skrln import RLNClassifier, RLNRegressor

from ._graphs import assert_close, assert_same, run
from ._models import TINY, make_frame


def test_numbers_pieces_and_categories(mixed_ensemble, frame):
    kinds = {m.settings.numeric_embedding for m in mixed_ensemble._fitted.members}
    assert kinds == {None, "piecewise"}
    assert_same(mixed_ensemble, frame)


def test_presence_of_numbers(table):
    X, y = table
    X = np.where(X > 0, X, 0.0)
    model = RLNRegressor(**TINY | {"numeric_embedding": "presence"}).fit(X, y)
    assert model._fitted.members[0].encoder.n_inputs > X.shape[1]
    rows = np.r_[X, X / 1000, X - 1]
    assert_same(model, X, rows)


def test_unseen_rows(mixed_ensemble, frame):
    """Numbers out of range, unseen categories, and missing values in every column."""
    rows = make_frame(n_rows=80, seed=7)
    rows["city"] = rows["city"].astype(object)
    rows.loc[::3, "city"] = "Paris"
    rows.loc[1::3, "word"] = "c"
    rows["count"] = rows["count"].astype(float)
    rows.loc[::4, "count"] = np.nan
    rows.loc[::9, "rate"] = 1e9
    rows["grade"] = rows["grade"].astype(float)
    rows.loc[::5, "grade"] = 3.0
    rows.loc[1::5, "grade"] = np.nan
    assert_same(mixed_ensemble, frame, rows)


@pytest.mark.parametrize("text", ["", "None", "nan", "<NA>"])
def test_texts_of_missing_categories(mixed_ensemble, frame, text):
    rows = frame[:10].assign(word=[None] * 10)
    texts = frame[:10].assign(word=[text] * 10)
    expected = mixed_ensemble.predict(rows)
    assert np.ptp(expected - mixed_ensemble.predict(frame[:10])) > 1e-3
    assert_close(run(mixed_ensemble, frame, texts)["variable"], expected)


def test_category_with_the_name_of_a_missing_one():
    words = np.array(["None", "", "x"])[np.arange(60) % 3].astype(object)
    X = pd.DataFrame({"word": words, "number": np.linspace(0, 1, 60)})
    y = 5.0 * (words == "None") + (words == "x")
    assert_same(RLNRegressor(**TINY).fit(X, y), X)


def test_rare_categories_share_an_input():
    levels = np.array([f"level {k}" for k in range(70)])
    words = np.r_[np.repeat(levels[:60], 3), levels[60:]]
    X = pd.DataFrame({"word": words, "number": np.linspace(0, 1, len(words))})
    model = RLNRegressor(**TINY).fit(X, np.arange(len(words), dtype=float))
    table = model._fitted.members[0].encoder.table
    assert table.one_hot.infrequent_categories_[0] is not None
    rows = X.assign(word=np.where(np.arange(len(X)) % 4, X["word"], "unseen"))
    assert_same(model, X, rows)


def test_categories_of_an_array(table):
    X, y = table
    X = X.copy()
    X[:, 1] = np.arange(60) % 3
    X[::7, 1] = np.nan
    model = RLNRegressor(**TINY, categorical_features=[1]).fit(X, y)
    rows = X.copy()
    rows[::5, 1] = 9.5
    assert_same(model, X, rows)


def test_infinite_number_is_a_very_large_one(regressor, table):
    X, _ = table
    rows, infinite = X.copy(), X.copy()
    rows[::2, 0], rows[::3, 1] = 1e300, -1e300
    infinite[::2, 0], infinite[::3, 1] = np.inf, -np.inf
    assert_close(run(regressor, X, infinite)["variable"], regressor.predict(rows))
    missing = rows.copy()
    missing[::4, 2] = np.nan
    assert_same(regressor, X, missing)


def test_without_a_bound_of_inputs(table):
    X, y = table
    model = RLNRegressor(**TINY, input_clip=None).fit(X, y)
    assert_same(model, X, 30 * X)


@pytest.mark.parametrize("factor", [1e-308, 1e300])
def test_extreme_columns(table, factor):
    X, y = table
    X = X * [factor, 1.0, 1.0, 1.0]
    model = RLNRegressor(**TINY).fit(X, y)
    assert model._fitted.members[0].encoder.table.scaler.exponents is not None
    assert_same(model, X)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_small_variations_of_a_large_number(table, dtype):
    X, y = table
    X = (1e6 + X).astype(dtype)
    model = RLNRegressor(**TINY).fit(X, y)
    outputs = assert_same(model, X)
    assert outputs["variable"].dtype == dtype


def test_small_variations_of_a_large_target(table):
    X, y = table
    assert_same(RLNRegressor(**TINY).fit(X, 1e6 + y), X)


def test_dense_rows_of_a_sparse_fit(table):
    X, y = table
    X = np.where(X > 0, X, 0)
    model = RLNRegressor(**TINY).fit(sparse.csr_matrix(X), y)
    assert_same(model, X)


def test_table_without_numbers():
    words = np.array(["a", "b", "c"])[np.arange(60) % 3]
    X = pd.DataFrame({"first": words, "second": words[::-1]})
    model = RLNClassifier(**TINY).fit(X, words == "a")
    assert_same(model, X)


def test_categories_that_onnx_lacks():
    words = np.array([b"a", b"b"], object)[np.arange(60) % 2]
    X = pd.DataFrame({"word": words, "number": np.arange(60.0)})
    model = RLNRegressor(**TINY).fit(X, np.arange(60.0))
    with pytest.raises(NotImplementedError, match=r"b'a' of type bytes.*to strings"):
        run(model, X)
