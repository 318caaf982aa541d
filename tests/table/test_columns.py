# SPDX-License-Identifier: BSD-3-Clause
"""Columns of the input table: names, roles, and the checks of a later table."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from skrln._table._columns import (
    Columns,
    check_columns,
    find_categorical,
    read_columns,
    refuse_sparse_categories,
)
from skrln._table._frames import column_names, read_table
from skrln._table._inputs import InputEncoder
from skrln._table._levels import find_levels

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
        (
            MIXED[:1],
            r"1 sample\(s\) .* minimum of 2 is required by Model. Pass more rows",
        ),
    ],
)
def test_bad_tables(table, message):
    with pytest.raises(ValueError, match=message):
        read(table)


def test_categories_of_a_vector():
    with pytest.raises(ValueError, match=r"got 1D array instead: X of shape \(3,\)"):
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
        ("from_dtype", [1, 4, 5]),
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
    found = find_categorical(FRAME, categorical_features, read_table(FRAME))
    np.testing.assert_array_equal(found, expected)


def test_arrays_have_no_categories_of_their_own():
    table = FRAME.to_numpy()
    assert find_categorical(table, "from_dtype", read_table(table)).size == 0


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
        find_categorical(FRAME, categorical_features, read_table(FRAME))


def test_names_of_an_array_are_refused():
    with pytest.raises(ValueError, match=r"X has no column \['a'\].* data frame"):
        find_categorical(X, ["a"], [])


# -- columns in disguise ---------------------------------------------------------------

WHEN = [date(2024, 1, day) for day in range(1, 5)]


def with_column(column):
    """A frame with a column of numbers and another one."""
    return pd.DataFrame({"number": [1.0, 2.0, 3.0, 4.0], "other": column})


def objects(*cells):
    return pd.Series(cells, dtype=object)


@pytest.mark.parametrize(
    "column",
    [
        objects(Decimal("1.5"), 2, None, 3.5),
        objects(Fraction(3, 2), 2, pd.NA, np.float32(3.5)),
        objects(1.5, np.int8(2), np.nan, 3.5),
        pd.array([1.5, 2, None, 3.5], dtype="Float64"),
    ],
)
def test_objects_that_are_numbers_are_numeric(column):
    table, columns = read(with_column(column))
    assert columns.categorical.size == 0
    np.testing.assert_array_equal(table[:, 1], [1.5, 2, np.nan, 3.5])
    later = with_column([1.5, 2.0, np.nan, 3.5])
    np.testing.assert_array_equal(check_columns(later, columns), table)


def test_objects_that_are_numbers_beside_categories():
    cells = [True, None, 1, Decimal("0.5")]
    frame = with_column(objects(*cells)).assign(kind=["u", "v", "u", "v"])
    table, columns = read(frame)
    assert columns.categorical.tolist() == [2]
    assert table["other"].dtype == float
    np.testing.assert_array_equal(table["other"], [1, np.nan, 1, 0.5])
    assert frame["other"].tolist() == cells  # unchanged
    assert check_columns(frame, columns)["other"].dtype == float


def test_objects_of_an_array_that_are_numbers():
    array = np.array([[1, Decimal("2")], [pd.NA, "3.5"]], dtype=object)
    np.testing.assert_array_equal(read(array)[0], [[1, 2], [np.nan, 3.5]])


def test_objects_that_are_all_missing_are_a_category():
    assert read(with_column(objects(None, np.nan, pd.NA, None)))[1].categorical == [1]


@pytest.mark.parametrize(
    "dtype",
    ["string", "category", "large_string[pyarrow]", "string[pyarrow]", "dictionary"],
)
def test_strings_of_any_dtype_are_categories(dtype):
    pa = (
        pytest.importorskip("pyarrow", reason="pyarrow is optional")
        if "pyarrow" in dtype
        else None
    )
    if dtype == "dictionary":
        pa = pytest.importorskip("pyarrow", reason="pyarrow is optional")
        dtype = pd.ArrowDtype(pa.dictionary(pa.int32(), pa.string()))
    elif dtype == "large_string[pyarrow]":
        dtype = pd.ArrowDtype(pa.large_string())
    frame = with_column(pd.Series(["u", None, "v", "u"]).astype(dtype))
    table, columns = read(frame)
    assert columns.categorical.tolist() == [1]
    weights = np.ones(4)
    encoder = InputEncoder(columns.categorical).fit(table, weights)
    encoded = encoder.transform(check_columns(frame, columns))
    expected = [[1, 0, 0], [0, 0, 1], [0, 1, 0], [1, 0, 0]]
    np.testing.assert_array_equal(encoded[:, 1:], expected)


def test_frame_of_polars_and_its_conversion_to_pandas():
    pl = pytest.importorskip("polars", reason="polars is optional")
    pytest.importorskip("pyarrow", reason="pyarrow is optional")
    frame = pl.DataFrame(
        {
            "float": [1.0, 2.0, None],
            "decimal": [Decimal("1.5"), None, Decimal("2")],
            "string": ["a", None, "b"],
            "enum": pl.Series(["a", "b", "a"], dtype=pl.Enum(["a", "b"])),
            "objects": pl.Series([1, Decimal("2"), None], dtype=pl.Object),
        }
    )
    expected = [[1, 1.5, 1], [2, np.nan, 2], [np.nan, 2, np.nan]]
    pandas = frame.drop("objects").to_pandas(use_pyarrow_extension_array=True)
    for table in (frame, pandas):
        table, columns = read(table)
        assert columns.categorical.tolist() == [2, 3]
        encoder = InputEncoder(columns.categorical).fit(table, np.ones(3))
        numbers = encoder.table._numbers(check_columns(table, columns))
        np.testing.assert_array_equal(
            numbers, np.array(expected)[:, : numbers.shape[1]]
        )
        assert encoder.transform(table).shape[0] == 3


DATES = [
    pd.date_range("2024-01-01", periods=4),
    pd.date_range("2024-01-01", periods=4, tz="UTC"),
    pd.timedelta_range("1D", periods=4),
    pd.period_range("2024-01", periods=4, freq="M"),
    objects(*WHEN),
    objects(None, *WHEN[1:]),
    objects(*[time(hour) for hour in range(4)]),
    objects(*[datetime(2024, 1, 1)] * 4),
    objects(*[timedelta(days) for days in range(4)]),
    objects(*pd.date_range("2024-01-01", periods=4)),
    objects(*pd.timedelta_range("1D", periods=4)),
    objects(*pd.period_range("2024-01", periods=4, freq="M")),
    objects(*np.arange(4).astype("datetime64[D]")),
    objects(*np.arange(4).astype("timedelta64[D]")),
]


@pytest.mark.parametrize("categorical_features", ["from_dtype", None, ["other"]])
@pytest.mark.parametrize("column", DATES)
def test_dates_are_refused(column, categorical_features):
    message = (
        r"column\(s\) \['other'\] of dates or times.*but .* Turn them into numbers"
    )
    with pytest.raises(ValueError, match=message):
        read(with_column(column), categorical_features)


def test_dates_of_polars_are_refused():
    pl = pytest.importorskip("polars", reason="polars is optional")
    table = pl.DataFrame({"number": [1.0, 2.0], "when": WHEN[:2]})
    with pytest.raises(ValueError, match=r"column\(s\) \['when'\] of dates or times"):
        read(table)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.array([WHEN, WHEN], dtype=object), r"column\(s\) \[0, 1, 2, 3\] of dates"),
        (np.zeros((2, 2), "datetime64[D]"), r"Got X of type datetime64\[D\], but"),
        (np.zeros((2, 2), complex), "Complex data not supported: X is of type complex"),
    ],
)
def test_arrays_of_dates_and_complex_numbers_are_refused(array, message):
    with pytest.raises(ValueError, match=message):
        read(array)


@pytest.mark.parametrize("dtype", [None, object])
def test_intervals_are_refused_unless_they_are_categories(dtype):
    intervals = pd.Series(pd.interval_range(0, 4, periods=4), dtype=dtype)
    message = r"column\(s\) \['other'\] of intervals.*\.mid.*astype\('category'\)"
    with pytest.raises(ValueError, match=message):
        read(with_column(intervals))
    for table, named in (
        (with_column(intervals.astype("category")), "from_dtype"),
        (with_column(intervals), ["other"]),
    ):
        table, columns = read(table, named)
        assert columns.categorical.tolist() == [1]
        encoder = InputEncoder(columns.categorical).fit(table, np.ones(4))
        np.testing.assert_array_equal(encoder.transform(table)[:, 1:], np.eye(4))


@pytest.mark.parametrize("categorical_features", ["from_dtype", ["other"], [1]])
@pytest.mark.parametrize(
    "column", [objects("a", 1, "b", 2.5), pd.Categorical(["a", 1, "a", 2.5])]
)
def test_numbers_among_strings_are_refused(column, categorical_features):
    message = (
        r"column\(s\) \['other'\] of several types with cells of .*str \(such as 'a'\)"
        r".*but .*to_numeric.*astype\(str\)"
    )
    with pytest.raises(ValueError, match=message):
        read(with_column(column), categorical_features)


def test_categories_of_an_array_of_several_types_are_refused():
    table = np.array([["a", 1.0], [2, 2.0]], dtype=object)
    with pytest.raises(ValueError, match=r"column\(s\) \[0\] of several types"):
        read(table, [0])


@pytest.mark.parametrize("categorical_features", ["from_dtype", None, ["other"]])
@pytest.mark.parametrize("cell", [[1], {"a": 1}, {1}, np.zeros(2), (1, 2), object()])
def test_containers_are_refused(cell, categorical_features):
    frame = with_column(pd.Series([cell, None, cell, cell], dtype=object))
    name = type(cell).__name__
    message = (
        rf"column\(s\) \['other'\] with cells of {name} \(such as .*Turn containers"
    )
    with pytest.raises(TypeError, match=message):
        read(frame, categorical_features)


@pytest.mark.parametrize("kind", ["list", "struct", "object"])
def test_containers_of_polars_are_refused(kind):
    pl = pytest.importorskip("polars", reason="polars is optional")
    column = {
        "list": [[1], [2]],
        "struct": [{"a": 1}, {"a": 2}],
        "object": pl.Series([object(), object()], dtype=pl.Object),
    }[kind]
    with pytest.raises(TypeError, match=r"column\(s\) \['other'\] with cells of"):
        read(pl.DataFrame({"number": [1.0, 2.0], "other": column}))


def test_complex_numbers_are_refused():
    for column in ([1j, 2, 3, 4], objects(1j, 2, 3.5, 4)):
        with pytest.raises(ValueError, match=r"of complex numbers.* real and the imag"):
            read(with_column(column))


def test_words_in_a_numeric_column_are_named():
    array = np.array([[1.0, "2"], [2.0, "much"]], dtype=object)
    message = "in column 1, which is numeric: could not convert string to float: 'much'"
    with pytest.raises(ValueError, match=message):
        read(array)
    frame = with_column(["1.5", "2", "much", "4"])
    with pytest.raises(ValueError, match="in column 'other', which is numeric"):
        read(frame, None)
    _, columns = read(with_column([1.0, 2, 3, 4]))
    with pytest.raises(ValueError, match="in column 'other', which is numeric"):
        check_columns(frame, columns)
    with pytest.raises(ValueError, match=r"'other', which is numeric: .*too large"):
        read(with_column(objects(10**400, 1, 2, 3)))


def test_later_numbers_as_strings_are_numbers():
    _, columns = read(with_column([1.0, 2, 3, 4]))
    table = check_columns(with_column(["1.5", "2", None, "4"]), columns)
    np.testing.assert_array_equal(table[:, 1], [1.5, 2, np.nan, 4])


def test_later_category_may_be_of_any_type_but_no_date():
    _, columns = read(with_column(["a", "b", "a", "b"]))
    later = with_column(objects("a", 1, 2.5, None))
    assert check_columns(later, columns) is later
    with pytest.raises(ValueError, match=r"column\(s\) \['other'\] of dates"):
        check_columns(with_column(objects(*WHEN)), columns)


class LazyQuery:
    """Columns without rows, as a LazyFrame of polars has them."""

    columns = ("a", "b")

    def collect_schema(self):
        return dict.fromkeys(self.columns, float)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (LazyQuery(), r"Got X of type LazyQuery, .* Pass X\.collect\(\)"),
        (3.0, "got 0D array instead: X of shape"),
        ("abc", "got 0D array instead: X of shape"),
        (["a", "b"], r"got 1D array instead: X of shape \(2,\)\. Reshape your data"),
        (pd.Series([1.0, 2.0]), r"got 1D array instead: X of shape \(2,\)"),
        (np.zeros((2, 2, 2)), "got 3D array instead: X of shape"),
        ([[1.0, 2.0], [3.0]], "Got X of type list that is no table"),
    ],
)
@pytest.mark.parametrize("categorical_features", ["from_dtype", [0]])
def test_dimensions_of_no_table(table, message, categorical_features):
    with pytest.raises(ValueError, match=message):
        read(table, categorical_features)
    with pytest.raises(ValueError, match=message):
        check_columns(table, read(NAMED)[1])


@pytest.mark.parametrize("fill_value", [0.0, 1.0, np.nan])
@pytest.mark.parametrize("categorical", [False, True])
def test_sparse_columns_of_a_frame(fill_value, categorical):
    values = np.array([0.0, 1.0, 1.0, 0.0])
    column = pd.arrays.SparseArray(values, fill_value=fill_value)
    frame = pd.DataFrame({"a": column})
    if categorical:
        frame["b"] = list("xyxy")
    table, columns = read_columns(frame, "Model", "from_dtype")
    assert sparse.issparse(table) == (fill_value == 0 and not categorical)
    again = check_columns(frame, columns)
    for one in (table, again):
        if sparse.issparse(one):
            one = one.toarray()
        np.testing.assert_array_equal(np.asarray(one)[:, 0].astype(float), values)


def test_repeated_names():
    frame = pd.DataFrame(np.ones((4, 3)), columns=list("abb"))
    with pytest.raises(ValueError, match="Got X with 2 columns of the name 'b'"):
        read(frame)
    _, columns = read_columns(frame.to_numpy(), "Model", None)
    with pytest.raises(ValueError, match="Rename or drop"):
        check_columns(frame, columns)


def test_many_refused_columns_are_shown_in_part():
    X = pd.DataFrame({f"d{k}": WHEN for k in range(8)})
    with pytest.raises(
        ValueError, match=r"\['d0', .*'d4'\] and 3 more of dates"
    ) as error:
        read(X)
    assert "d5" not in str(error.value)


def test_names_of_wide_tables_are_read_once(monkeypatch):
    calls = []
    monkeypatch.setattr(
        "skrln._table._columns.column_names",
        lambda X: calls.append(X) or column_names(X),
    )
    with pytest.raises(ValueError, match="of dates"):
        read(pd.DataFrame({f"d{k}": WHEN for k in range(8)}))
    assert len(calls) == 1


@pytest.mark.parametrize("names", [np.array([], str), ["str", "str"]])
def test_positions_by_name_are_whole_and_different(names):
    positions = find_categorical(FRAME, names, [])
    assert positions.dtype == int
    np.testing.assert_array_equal(positions, [4] if len(names) else [])


def test_names_that_are_lists():
    frame = pd.DataFrame(np.zeros((2, 2)), columns=["a", "b"])
    with pytest.raises(ValueError, match=r"X has no column \[\['b'\]\]"):
        find_categorical(frame, np.array([["b"]]), [])


def test_tables_of_pyarrow_are_read_as_frames():
    pa = pytest.importorskip("pyarrow", reason="pyarrow is optional")
    table = pa.table({"size": [1.5, None, 2.5], "kind": ["x", "y", "x"]})
    X, columns = read(table)
    assert columns.names.tolist() == ["size", "kind"]
    assert columns.categorical.tolist() == [1]
    assert check_columns(table, columns).equals(X)


def test_sum_of_the_largest_numbers():
    """It is no number, which only the check of infinite numbers minds."""
    frame = pd.DataFrame(
        {"a": [1.7e308, 1.7e308, -1.7e308, -1.7e308], "b": list("xyxy")}
    )
    table, columns = read(frame)
    encoder = InputEncoder(columns.categorical, 3.0).fit(table, np.ones(4))
    assert np.isfinite(encoder.transform(table)).all()
    frame["a"] = [np.inf, 1.7e308, -1.7e308, -np.inf]
    with pytest.raises(ValueError, match="Input X contains infinity"):
        find_levels(frame, np.ones(4), columns.categorical)
