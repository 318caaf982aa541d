# SPDX-License-Identifier: BSD-3-Clause
"""Columns of the input table: names, roles, and the checks of a later table."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from skrln._table._columns import (
    Columns,
    check_columns,
    find_categorical,
    read_columns,
    refuse_dates,
    refuse_sparse_categories,
)

X = np.arange(12.0).reshape(4, 3)
NAMED = pd.DataFrame(X, columns=["a", "b", "c"])
MIXED = NAMED.assign(b=pd.Categorical(["u", "v", "u", "w"]))


def read(X, categorical_features="from_dtype", plain_features=None):
    return read_columns(X, "Model", categorical_features, plain_features)


# -- the table of a first fit ----------------------------------------------------------


def test_array():
    table, columns = read(X.tolist())
    np.testing.assert_array_equal(table, X)
    assert table.dtype == float
    assert columns.owner == "Model"
    assert columns.n_features == 3
    assert columns.names is None
    assert columns.categorical.size == columns.plain.size == 0


def test_single_precision_is_kept():
    assert read(X.astype(np.float32))[0].dtype == np.float32


def test_missing_numbers_are_admitted():
    table, _ = read([[1.0, np.nan], [2.0, 3.0]])
    assert np.isnan(table[0, 1])


def test_data_frame_of_numbers_becomes_an_array():
    table, columns = read(NAMED)
    np.testing.assert_array_equal(table, X)
    assert columns.names.tolist() == ["a", "b", "c"]


def test_data_frame_with_categories_stays_as_it_is():
    table, columns = read(MIXED)
    assert table is MIXED
    assert columns.categorical.tolist() == [1]
    assert columns.names.tolist() == ["a", "b", "c"]


def test_list_with_categories_becomes_an_array():
    table, columns = read([["u", 1.0], ["v", 2.0]], [0])
    assert table.shape == (2, 2)
    assert columns.categorical.tolist() == [0]
    assert columns.names is None


def test_sparse_table_becomes_compressed_rows():
    table, columns = read(sparse.coo_matrix(X))
    assert table.format == "csr"
    assert columns.n_features == 3


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (X[0], "Expected 2D array, got 1D array"),
        ([[1.0, np.inf], [1.0, 2.0]], "Input X contains infinity"),
        (sparse.csr_matrix([[np.nan, 1.0], [1.0, 0.0]]), "Input X contains NaN"),
        (X[:1], r"1 sample\(s\) .* minimum of 2 is required by Model"),
        (MIXED[:1], r"1 sample\(s\) .* minimum of 2 is required by Model"),
    ],
)
def test_bad_tables(table, message):
    with pytest.raises(ValueError, match=message):
        read(table)


def test_categories_of_a_vector():
    with pytest.raises(ValueError, match=r"Expected 2D array, got X of shape \(3,\)"):
        read(X[0], [0])


def test_categories_of_a_sparse_table():
    with pytest.raises(ValueError, match=r"=\[0\] with sparse X, but categories"):
        read(sparse.csr_matrix(X), [0])
    refuse_sparse_categories(X, [0])  # a dense table


# -- the plain branch ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plain", "expected"),
    [
        (None, []),
        ([2, 0], [0, 2]),
        ("b", [1]),
        (["c", "a"], [0, 2]),
        ([False, True, True], [1, 2]),
        (slice(1, 3), [1, 2]),
        (slice("a", "b"), [0, 1]),  # a slice of names includes the last one
        (slice("b", None), [1, 2]),
        (slice(None, None, 2), [0, 2]),
    ],
)
def test_plain_columns(plain, expected):
    assert read(NAMED, None, plain)[1].plain.tolist() == expected


@pytest.mark.parametrize(
    ("table", "categorical", "plain", "message"),
    [
        (MIXED, "from_dtype", [1, 2], r"categorical column\(s\) \[1\], but the plain"),
        (sparse.csr_matrix(X), None, [1], r"sparse X, .* Pass X\.toarray\(\)"),
        (X, None, [0, 1, 2], "all 3 columns of X, but expected some"),
        (X, None, [3], "Got plain_branch columns=.* positions between 0 and 2"),
        (X, None, ["a"], r"X has no column \['a'\]"),
        (NAMED, None, slice("a", "z"), r"X has no column \['z'\]"),
    ],
)
def test_bad_plain_columns(table, categorical, plain, message):
    with pytest.raises(ValueError, match=message):
        read(table, categorical, plain)


# -- a later table ---------------------------------------------------------------------


def test_later_table_may_have_a_single_row():
    _, columns = read(NAMED)
    np.testing.assert_array_equal(check_columns(NAMED[:1], columns), X[:1])
    _, columns = read(MIXED)
    later = MIXED[:1]
    assert check_columns(later, columns) is later


def test_array_after_a_data_frame_warns():
    _, columns = read(NAMED)
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        np.testing.assert_array_equal(check_columns(X, columns), X)


@pytest.mark.parametrize("first", [NAMED, MIXED])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X: X[["a", "c", "b"]], "must be in the same order"),
        (lambda X: X.rename(columns={"a": "z"}), "unseen at fit time:\n- z"),
        (lambda X: X[["a", "b"]], "seen at fit time, yet now missing:\n- c"),
    ],
)
def test_other_columns_are_refused(first, change, message):
    _, columns = read(first)
    with pytest.raises(ValueError, match=message):
        check_columns(change(first), columns)


def test_other_number_of_columns_is_refused():
    _, columns = read(X)
    message = "X has 2 features, but Model is expecting 3 features as input"
    with pytest.raises(ValueError, match=message):
        check_columns(X[:, :2], columns)


def test_later_table_with_dates_is_refused():
    later = NAMED.assign(b=pd.date_range("2024-01-01", periods=4))
    with pytest.raises(ValueError, match=r"column\(s\) \['b'\] of dates"):
        check_columns(later, read(MIXED)[1])


def test_later_sparse_table_of_categories_is_refused():
    columns = Columns("Model", 3, None, np.array([1]))
    with pytest.raises(ValueError, match=r"=\[1\] with sparse X"):
        check_columns(sparse.csr_matrix(X), columns)


# -- which columns are categories ------------------------------------------------------

FRAME = pd.DataFrame(
    {
        "float": [1.0, 2.0],
        "category": pd.Categorical(["a", "b"]),
        "object": pd.Series(["a", 1], dtype=object),
        "int": [1, 2],
        "str": ["a", "b"],
        "string": pd.array(["a", None], dtype="string"),
        "bool": [True, False],
        "Int64": pd.array([1, None], dtype="Int64"),
        "boolean": pd.array([True, None], dtype="boolean"),
    }
)


@pytest.mark.parametrize(
    ("categorical_features", "expected"),
    [
        ("from_dtype", [1, 2, 4, 5]),
        (None, []),
        ([], []),
        ([3, 1, 3], [1, 3]),
        (["str", "int"], [3, 4]),
        (np.array(["str", "int"]), [3, 4]),
        ([False, True] + [False] * 7, [1]),
        (pd.Index(["str"]), [4]),
    ],
)
def test_find_categorical(categorical_features, expected):
    np.testing.assert_array_equal(
        find_categorical(FRAME, categorical_features), expected
    )


def test_arrays_have_no_categories_of_their_own():
    assert find_categorical(FRAME.to_numpy(), "from_dtype").size == 0


@pytest.mark.parametrize(
    ("categorical_features", "message"),
    [
        ([True, False], r"of shape \(2,\), but a boolean mask .* shape \(9,\)"),
        (["str", "no"], r"=\['str', 'no'\], but X has no column \['no'\]"),
        ([9], r"=\[9\], but expected positions between 0 and 8: X has 9 columns"),
        ([-1], r"=\[-1\], but expected positions between 0 and 8"),
        ([0.5], r"=\[0.5\], but expected positions between 0 and 8"),
    ],
)
def test_categorical_features_that_are_none(categorical_features, message):
    with pytest.raises(ValueError, match=f"Got categorical_features.*{message}"):
        find_categorical(FRAME, categorical_features)


def test_names_of_an_array_are_refused():
    with pytest.raises(ValueError, match=r"X has no column \['a'\].* data frame"):
        find_categorical(X, ["a"])


@pytest.mark.parametrize(
    "column",
    [
        pd.date_range("2024-01-01", periods=2),
        pd.date_range("2024-01-01", periods=2, tz="UTC"),
        pd.timedelta_range("1D", periods=2),
        pd.period_range("2024-01", periods=2, freq="M"),
    ],
)
def test_dates_are_refused(column):
    table = pd.DataFrame({"when": column, "much": [1.0, 2.0]})
    with pytest.raises(
        ValueError, match=r"column\(s\) \['when'\] of dates or times, but"
    ):
        refuse_dates(table)


def test_columns_that_are_no_dates_are_not_refused():
    refuse_dates(FRAME)
    refuse_dates(X)
    refuse_dates(X.tolist())
