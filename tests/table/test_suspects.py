# SPDX-License-Identifier: BSD-3-Clause
"""Warnings about identifiers, sentinels and categories of later batches."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.datasets import load_wine
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

from skrln import (
    JointRegressor,
    PerTaskEarlyStopping,
    RLNRegressor,
    RLNRegressorCV,
)
from skrln._table._columns import check_columns, read_columns
from skrln._table._suspects import _numbers_of, warn_other_scale, warn_suspects

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


# -- validation rows on another scale --------------------------------------------------

TABLE = RNG.normal(size=(60, 4))


def compare(X, X_val, categorical_features="from_dtype"):
    X, columns = read_columns(X, "Model", categorical_features)
    warn_other_scale(X, check_columns(X_val, columns), columns)


@pytest.mark.parametrize("n_rows", [1, 10])
@pytest.mark.parametrize("far", [2, 4])
@pytest.mark.parametrize("factor", [1.0, 1e300])
def test_rows_far_outside(n_rows, far, factor):
    other = TABLE[:n_rows].copy()
    other[:, :far] += 50
    message = rf"in {far} of 4 column\(s\): 0 \(median .*, X from .*transform_input"
    with pytest.warns(UserWarning, match=message):
        compare(factor * TABLE, factor * other)


def test_rows_far_outside_in_a_frame():
    frame = pd.DataFrame(TABLE, columns=list("abcd")).assign(kind=["u", "v"] * 30)
    other = frame.assign(a=-50.0, c=80.0)[:5]
    with pytest.warns(
        UserWarning, match=r"2 of 4 column\(s\): 'a' \(median -50, X.*'c'"
    ):
        compare(frame, other)


NEAR = {
    "the same": (TABLE, TABLE),
    "one of four": (TABLE, TABLE + np.array([50, 0, 0, 0])),
    "twice as wide": (TABLE, 2 * TABLE),
    "the next rows in time": (
        np.arange(100.0)[:80, None],
        np.arange(80.0, 100)[:, None],
    ),
    "an outlier": (TABLE, np.vstack([TABLE[:4], np.full((1, 4), 1e6)])),
    "two values": (np.eye(2)[[0, 1] * 30], np.full((5, 2), 7.0)),
    "constant": (np.ones((60, 2)), np.full((5, 2), 7.0)),
    "few training rows": (TABLE[:19], TABLE + 50),
    "missing": (TABLE, np.full((5, 4), np.nan)),
    "missing in training": (np.full((60, 4), np.nan), TABLE),
    "no rows": (TABLE, TABLE[:0]),
    "sparse": (sparse.csr_matrix(TABLE), TABLE + 50),
}


@pytest.mark.parametrize("case", NEAR)
def test_rows_that_are_not_far(case):
    X, X_val = NEAR[case]
    columns = read_columns(X, "Model", None)[1]
    warn_other_scale(X, X_val, columns)  # warnings are errors


@pytest.mark.parametrize("scaler", [StandardScaler(), MinMaxScaler(), RobustScaler()])
def test_scalers_that_were_skipped_and_splits_that_were_not(scaler):
    """Real tables: rows that are sorted by a column are no false alarm."""
    X = load_wine().data
    order = [np.argsort(column, kind="stable") for column in X.T]
    for rows in [np.random.default_rng(0).permutation(len(X)), *order]:
        train, test = X[rows[:-40]], X[rows[-40:]]
        compare(train, test)
        compare(train, test[:1])
        fitted = scaler.fit(train)
        compare(fitted.transform(train), fitted.transform(test))
        with pytest.warns(UserWarning, match="Got X_val whose numbers lie far outside"):
            compare(fitted.transform(train), test)
