# SPDX-License-Identifier: BSD-3-Clause
"""Warnings about identifiers, sentinels and categories of later batches."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from skrln import (
    JointRegressor,
    PerTaskEarlyStopping,
    RLNRegressor,
    RLNRegressorCV,
)
from skrln._table._columns import read_columns
from skrln._table._suspects import _numbers_of, warn_suspects

N = 40
RNG = np.random.default_rng(0)
Y = RNG.normal(size=N)
IDENTIFIERS = pd.Series([f"id{k}" for k in range(N)])
MIXED = pd.DataFrame({"number": Y, "id": IDENTIFIERS})


def sentinel(value=-99999.0, n_rows=2, numbers=Y):
    column = np.array(numbers)
    column[:n_rows] = value
    return column


def warn(X, categorical_features="from_dtype"):
    warn_suspects(*read_columns(X, "Model", categorical_features))


@pytest.mark.parametrize("dtype", ["str", "category", object])
def test_identifiers(dtype):
    with pytest.warns(UserWarning, match=r"X 'id' \(40 categories in 40 rows.*Target"):
        warn(MIXED.assign(id=IDENTIFIERS.astype(dtype)))


def test_identifiers_of_an_array():
    with pytest.warns(UserWarning, match=r"column\(s\) of X 0 \(40 categories"):
        warn(np.column_stack([np.arange(N), Y]), [0])


@pytest.mark.parametrize("value", [-99999.0, 1e6, 1e300])
@pytest.mark.parametrize("beside", [True, False])
def test_sentinels(value, beside):
    frame = pd.DataFrame({"a": Y, "b": sentinel(value)})
    frame = frame.assign(kind=["u", "v"] * 20) if beside else frame
    with pytest.warns(UserWarning, match=r"of X 'b' \(.* in 2 rows, others from.*NaN"):
        warn(frame)


@pytest.mark.parametrize(
    "X",
    [
        MIXED[:19],
        MIXED.assign(id=IDENTIFIERS.where(np.arange(N) % 4 > 0, "same")),
        np.column_stack([Y, sentinel(n_rows=1)]),  # one row is an outlier
        np.column_stack([Y, sentinel(n_rows=30)]),
        np.column_stack([Y, sentinel(-9.0)]),
        np.column_stack([Y, sentinel(100.0, 3, np.arange(N) % 5)]),  # a few levels
        np.column_stack([Y, np.full(N, np.nan)]),
        sparse.csr_matrix(np.column_stack([Y, sentinel()])),
    ],
)
def test_ordinary_columns(X):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn(X)


SMALL = {
    "hidden_layer_sizes": (5,),
    "max_iter": 2,
    "input_selection": False,
    "random_state": 0,
}


@pytest.mark.parametrize(
    "model",
    [
        RLNRegressor(n_estimators=2, **SMALL),
        RLNRegressorCV(
            thetas=(-7.0, -6.0),
            cv=2,
            hidden_layer_sizes=(5,),
            max_iter=2,
            random_state=0,
        ),
        JointRegressor(hidden_layer_sizes=(5,), max_iter=2, random_state=0),
        PerTaskEarlyStopping(
            RLNRegressor(n_estimators=1, theta=-7.0, numeric_embedding=None, **SMALL),
            smoothing_window=1,
        ),
    ],
)
def test_one_warning_of_each_kind_per_fit(model):
    X = MIXED.assign(number=sentinel(n_rows=9))  # some are held out
    y = np.column_stack([Y, -Y]) if isinstance(model, PerTaskEarlyStopping) else Y
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(X, y)
        texts = [str(one.message) for one in caught if "of X" in str(one.message)]
        assert len(texts) == 2
        n_caught = len(caught)
        model.predict(X)
    assert len(caught) == n_caught


def test_categories_of_later_batches_warn_once():
    frame = pd.DataFrame({"number": Y, "kind": ["u", "v"] * 20})
    model = RLNRegressor(n_estimators=1, theta=-7.0, numeric_embedding=None, **SMALL)
    model.partial_fit(frame, Y).partial_fit(frame, Y)
    later = frame.assign(kind=["u", "w"] * 20)
    message = r"X 'kind' \('w'\)\. They are ignored.* Begin with a batch"
    with pytest.warns(UserWarning, match=message):
        model.partial_fit(later, Y)
    model.partial_fit(later, Y)  # a second warning would be an error
    model.predict(later)


def test_numbers_of_polars():
    pl = pytest.importorskip("polars", reason="polars is optional")
    X = pl.DataFrame({"whole": [1, None, 3], "flag": [True, None, False]})
    assert _numbers_of(X, 0).tolist() == [1, 3]
    assert _numbers_of(X, 1).tolist() == [1, 0]
    array = np.array([["a", 1], ["b", None]], object)
    assert _numbers_of(array, 1).tolist() == [1]
