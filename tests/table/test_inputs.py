# SPDX-License-Identifier: BSD-3-Clause
"""The input encoder: numbers, what is missing, categories, and back to columns."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from skrln._table._inputs import MAX_CATEGORIES, InputEncoder

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


# -- a part of the columns, and the plain branch ---------------------------------------


def test_only_some_columns_are_encoded():
    table = objects(["a", "b", "a"], [1.0, 2.0, 6.0], [7.0, 8.0, 9.0])
    encoder = InputEncoder(np.array([0]), columns=np.array([0, 2]))
    encoder.fit(table, np.ones(3))
    np.testing.assert_array_equal(encoder.groups, [2, 0, 0])
    assert encoder.n_features == 3
    assert encoder.n_inputs == 3
    encoded = encoder.transform(table)
    np.testing.assert_allclose(encoded[:, 0], np.sqrt(1.5) * np.array([-1, 0, 1]))
    np.testing.assert_array_equal(encoded[:, 1:], [[1, 0], [0, 1], [1, 0]])


def test_plain_columns_come_last_and_unmarked():
    table = X.copy()
    table[3, :2] = NAN
    encoder = InputEncoder(np.zeros(0, int), plain=np.array([0]))
    encoder.fit(table, np.ones(len(table)))
    # Column 1 and 2, the mark of column 1, and the plain column, whose gap has no mark.
    np.testing.assert_array_equal(encoder.groups, [1, 2, 1, 0])
    np.testing.assert_array_equal(encoder.tabular_groups, [1, 2, 1])
    encoded = encoder.transform(table)
    assert encoded.shape == (30, 4)
    assert encoded[3, 3] == 0
    expected = (table[:, 0] - np.nanmean(table[:, 0])) / np.nanstd(table[:, 0])
    np.testing.assert_allclose(np.delete(encoded[:, 3], 3), np.delete(expected, 3))


def test_pieces_leave_out_plain_columns():
    encoder = InputEncoder(np.zeros(0, int), embedding="piecewise", plain=np.array([2]))
    encoder.fit(X, np.ones(30), X[:, :1])
    assert encoder.groups[-1] == 2
    assert set(encoder.groups[:-1]) == {0, 1}
