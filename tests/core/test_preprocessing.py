# SPDX-License-Identifier: BSD-3-Clause
"""The input encoder: numbers, what is missing, categories, and back to columns."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from skrln._core._preprocessing import (
    MAX_CATEGORIES,
    InputEncoder,
    find_categorical,
    refuse_dates,
)

NAN = np.nan
RNG = np.random.default_rng(0)
X = RNG.normal(5, 3, size=(30, 3))


def encode(X, X_new=None, *, categorical=(), weights=None, clip=None):
    """The encoder of `X`, and its encoding of `X_new` (or of `X` itself)."""
    weights = np.ones(len(X)) if weights is None else np.asarray(weights, float)
    encoder = InputEncoder(np.array(categorical, int), clip).fit(X, weights)
    return encoder, encoder.transform(X if X_new is None else X_new)


def objects(*columns):
    """Columns of any type side by side."""
    return np.array(list(zip(*columns, strict=True)), dtype=object)


# -- numbers ---------------------------------------------------------------------------


def test_numbers_are_centred_and_scaled():
    encoder, found = encode(X)
    np.testing.assert_allclose(found, (X - X.mean(axis=0)) / X.std(axis=0))
    np.testing.assert_array_equal(encoder.groups, [0, 1, 2])


def test_weights_of_rows_are_repetitions():
    table = X.copy()
    table[::4, 1] = NAN
    counts = RNG.integers(1, 4, len(table))
    _, weighted = encode(table, weights=counts)
    _, repeated = encode(np.repeat(table, counts, axis=0), table)
    np.testing.assert_allclose(weighted, repeated, rtol=1e-12)


def test_missing_numbers_are_the_mean_and_marked():
    table = X.copy()
    table[2:5, 1] = NAN
    encoder, found = encode(table)
    np.testing.assert_array_equal(encoder.groups, [0, 1, 2, 1])
    np.testing.assert_array_equal(found[:, 3], np.isnan(table[:, 1]))
    there = table[5:, 1].tolist() + table[:2, 1].tolist()
    expected = (table[0, 1] - np.mean(there)) / np.std(there)
    assert found[0, 1] == pytest.approx(expected)
    np.testing.assert_array_equal(found[2:5, 1], 0)


def test_number_that_is_missing_only_later_is_the_mean():
    encoder, found = encode(X, np.array([[5.0, NAN, 5.0]]))
    assert found.shape == (1, 3)
    assert found[0, 1] == 0
    assert len(encoder.groups) == 3


def test_column_without_any_number_is_zero():
    table = X.copy()
    table[:, 0] = NAN
    _, found = encode(table)
    np.testing.assert_array_equal(found[:, 0], 0)
    assert found.shape == (30, 3)


@pytest.mark.parametrize("value", [0.0, 3.5, 1e30 / 7, 7.7e29])
@pytest.mark.parametrize("n_rows", [37, 40])
def test_constant_column_is_zero(value, n_rows):
    """A mean that is off by a rounding error would be 1e14 here."""
    table = np.column_stack([np.arange(n_rows), np.full(n_rows, value)])
    _, found = encode(table)
    np.testing.assert_array_equal(found[:, 1], 0)


@pytest.mark.parametrize("size", [1e-30, 1e30])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sizes_do_not_matter(size, dtype):
    _, expected = encode(X.astype(dtype))
    _, found = encode((X * size).astype(dtype))
    # The inputs themselves are rounded in single precision.
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_large_offset_keeps_its_digits():
    """A column such as a time stamp: a small spread on a large mean."""
    offset = 2.0**40
    _, expected = encode(np.round(X * 64) / 64)
    _, found = encode(np.round(X * 64) / 64 + offset)
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_clip_draws_in_smoothly():
    encoder, found = encode(
        np.array([[-1.0], [1.0]]), [[0.01], [1e6], [-1e200]], clip=3
    )
    np.testing.assert_allclose(found.ravel(), [0.01, 3, -3], rtol=1e-5)
    fine = np.linspace(-20, 20, 101)[:, None]
    assert np.all(np.diff(encoder.transform(fine).ravel()) > 0)


# -- sparse ----------------------------------------------------------------------------


@pytest.mark.parametrize("clip", [None, 3.0])
def test_sparse_rows_are_scaled_and_not_centred(clip):
    table = np.where(RNG.uniform(size=X.shape) < 0.6, 0, X)
    _, found = encode_sparse(table, clip=clip)
    expected = table / table.std(axis=0)
    if clip is not None:
        expected = expected / np.sqrt(1 + (expected / clip) ** 2)
    assert found.format == "csr"
    assert found.nnz == np.count_nonzero(table)
    np.testing.assert_allclose(found.toarray(), expected)


def encode_sparse(table, **settings):
    encoder = InputEncoder(np.zeros(0, int), settings.get("clip"))
    rows = sparse.csr_matrix(table)
    encoder.fit(rows, np.ones(len(table)))
    return encoder, encoder.transform(rows)


def test_dense_rows_after_sparse_ones():
    table = np.where(RNG.uniform(size=X.shape) < 0.6, 0, X)
    encoder, expected = encode_sparse(table)
    np.testing.assert_allclose(encoder.transform(table), expected.toarray())


def test_sparse_rows_after_dense_ones():
    encoder, expected = encode(X)
    np.testing.assert_allclose(encoder.transform(sparse.csr_matrix(X)), expected)


# -- categories ------------------------------------------------------------------------


def test_categories_are_one_hot_behind_the_numbers():
    table = objects(["a", "b", "a", "c"], [1.0, 2.0, NAN, 4.0], [7, 7, 8, 8])
    encoder, found = encode(table, categorical=[0, 2])
    # The number, its indicator, three and two categories.
    np.testing.assert_array_equal(encoder.groups, [1, 1, 0, 0, 0, 2, 2])
    np.testing.assert_array_equal(found[:, 1], [0, 0, 1, 0])
    np.testing.assert_array_equal(found[:, 2:5], np.eye(3)[[0, 1, 0, 2]])
    np.testing.assert_array_equal(found[:, 5:], np.eye(2)[[0, 0, 1, 1]])


@pytest.mark.parametrize("missing", [None, NAN, pd.NA])
def test_missing_category_is_a_category(missing):
    table = objects(["a", missing, "b", "a"])
    encoder, found = encode(table, categorical=[0])
    assert found.shape == (4, 3)
    np.testing.assert_array_equal(found.sum(axis=1), 1)
    # However it is written later.
    for later in (None, NAN, pd.NA):
        np.testing.assert_array_equal(encoder.transform(objects([later])), found[1:2])


@pytest.mark.parametrize("unseen", ["z", 17, None, True])
def test_unseen_category_is_none_of_them(unseen):
    _, found = encode(objects(["a", "b"]), objects([unseen]), categorical=[0])
    np.testing.assert_array_equal(found, [[0, 0]])


def test_rare_categories_share_the_last_column():
    many = [f"{i:03}" for i in range(MAX_CATEGORIES + 9)]
    table = objects(many + many[:-10])
    encoder, found = encode(table, objects([many[0], many[-1], "new"]), categorical=[0])
    assert len(encoder.groups) == MAX_CATEGORIES
    assert found[0, -1] == 0
    # Which was not seen falls among those that were seen rarely.
    np.testing.assert_array_equal(found[1:, -1], [1, 1])


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([NAN, NAN]),
        pd.Series([1, 2]),
        pd.Series([None, None], dtype=object),
        pd.Series(["x", None], dtype="string"),
        pd.Series(["x", "y"], dtype="category"),
    ],
)
def test_column_may_change_its_type(column):
    """autogluon#5808: a model that fell over a column of another type in predict."""
    table = pd.DataFrame({"a": ["p", "q", "p"], "b": [1.0, 2.0, 3.0]})
    later = pd.DataFrame({"a": column, "b": [1.0, 2.0]})
    _, found = encode(table, later, categorical=[0])
    np.testing.assert_array_equal(found[:, 1:], 0)


def test_category_of_numbers_is_the_same_as_another_type_of_number():
    _, found = encode(objects([1, 2, 1]), objects([2.0, 1.0]), categorical=[0])
    np.testing.assert_array_equal(found, [[0, 1], [1, 0]])


def test_number_that_became_text_is_refused():
    table = pd.DataFrame({"a": ["p", "q"], "b": [1.0, 2.0]})
    later = table.assign(b=["1.5", "much"])
    with pytest.raises(ValueError, match="could not convert string to float: 'much'"):
        encode(table, later, categorical=[0])


def test_infinite_number_beside_categories_is_refused():
    table = pd.DataFrame({"a": ["p", "q"], "b": [1.0, np.inf]})
    with pytest.raises(ValueError, match="Input X contains infinity"):
        encode(table, categorical=[0])


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
