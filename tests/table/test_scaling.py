# SPDX-License-Identifier: BSD-3-Clause
"""Scales of numbers: extreme sizes and outliers."""

import numpy as np
import pytest
from scipy import sparse

from skrln._table._inputs import InputEncoder
from skrln._table._scaling import (
    find_exponents,
    fit_scaler,
    largest_sizes,
    weighted_quantiles,
)

NAN = np.nan
RNG = np.random.default_rng(0)
X = RNG.normal(5, 3, size=(200, 2))
ONES = np.ones(200)


def put(value, n_rows=2):
    table = X.copy()
    table[:n_rows, 0] = value
    return table


def encode(table, clip=3.0, weights=ONES, embedding=None):
    encoder = InputEncoder(np.zeros(0, int), clip, embedding)
    encoder.fit(table, weights, table[:, 1:])
    return encoder, encoder.transform(table)


def test_scaler_by_hand():
    scaler = fit_scaler(np.array([[1.0, 7.0], [NAN, 7.0], [4.0, 7.0]]), [2, 9, 1])
    np.testing.assert_allclose(scaler.center, [2, 7])
    np.testing.assert_allclose(scaler.scale, [np.sqrt(2), 1])
    assert scaler.exponents is None


def test_rounded_variance_below_zero():
    weights = np.random.default_rng(3).integers(0, 3, (2, 40))[1] / 3
    scaler = fit_scaler(np.full((40, 1), 2.0**53), weights)
    assert (scaler.center, scaler.scale) == (2.0**53, 1)


def test_only_extreme_numbers_have_an_exponent():
    found = find_exponents(np.array([0, 1e-80, 1, 1e80, 1e200, 1e-200]))
    assert (found != 0).tolist() == [False] * 4 + [True, True]
    assert 0.5 <= np.ldexp(1e200, found[4]) < 1


def test_largest_sizes():
    table = np.array([[1.0, NAN, -3.0], [-2.0, NAN, NAN]])
    np.testing.assert_array_equal(largest_sizes(table), [2, 0, 3])
    rows = sparse.csr_matrix(np.nan_to_num(table))
    np.testing.assert_array_equal(largest_sizes(rows), [2, 0, 3])


@pytest.mark.parametrize("power", [-1040, -600, 500, 1015])
@pytest.mark.parametrize("clip", [None, 3.0])
def test_extreme_sizes_give_the_same_inputs(power, clip):
    _, expected = encode(X, clip)
    _, found = encode(np.ldexp(X, power), clip)
    rtol = 1e-3 if power < -1000 else 1e-12  # subnormal numbers have few digits
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol)


@pytest.mark.parametrize("power", [-600, 500])
def test_extreme_sizes_of_sparse_rows(power):
    table = np.where(RNG.uniform(size=X.shape) < 0.6, 0, X)
    _, expected = encode(sparse.csr_matrix(table))
    _, found = encode(sparse.csr_matrix(np.ldexp(table, power)))
    np.testing.assert_allclose(found.toarray(), expected.toarray(), rtol=1e-12)


def test_later_numbers_of_any_size_are_finite():
    encoder, _ = encode(np.ldexp(X, -700))
    later = np.array([[1e300, -1e300], [NAN, 1.0]])
    np.testing.assert_allclose(encoder.transform(later), [[3, -3], [0, 3]])


@pytest.mark.parametrize("value", [-1000.0, -99999.0, 1e6, 1e200, -1e300])
def test_outliers_do_not_crush_the_other_values(value):
    _, clean = encode(X[2:], weights=ONES[2:])
    _, found = encode(put(value))
    np.testing.assert_allclose(found[2:, 0], clean[:, 0], rtol=1e-12)
    np.testing.assert_array_equal(found[:, 1], encode(X)[1][:, 1])
    np.testing.assert_allclose(found[:2, 0], np.sign(value) * 3, rtol=0.02)


def test_pieces_beside_outliers():
    encoder, _ = encode(put(-99999.0), embedding="piecewise")
    edges = encoder.edges[0]
    assert len(edges) > 3
    assert np.diff(edges)[1:].min() > 1e-3


def test_outliers_by_weights_are_outliers_of_repeated_rows():
    table = put(-99999.0)
    table[5, 1] = NAN
    counts = RNG.integers(1, 4, len(table))
    weighted, _ = encode(table, weights=counts)
    repeated, _ = encode(
        np.repeat(table, counts, axis=0), weights=np.ones(counts.sum())
    )
    for name in ("center", "scale"):
        np.testing.assert_allclose(
            getattr(weighted.table.scaler, name),
            getattr(repeated.table.scaler, name),
            rtol=1e-12,
        )
    assert abs(weighted.table.scaler.center[0] - 5) < 1


@pytest.mark.parametrize(
    "table",
    [
        X,
        np.exp(3 * RNG.normal(size=(200, 2))),  # a heavy tail has no gap
        RNG.standard_t(3, size=(200, 2)),
        np.where(RNG.uniform(size=(200, 2)) < 0.8, 0, 1000 * X),  # zero-inflated
        put(-99999.0, 50),  # a quarter of the rows is a group of its own
    ],
)
def test_other_columns_keep_mean_and_deviation(table):
    plain, robust = (fit_scaler(table, ONES, robust=robust) for robust in (False, True))
    np.testing.assert_array_equal(robust.center, plain.center)
    np.testing.assert_array_equal(robust.scale, plain.scale)


def test_outliers_count_without_a_bound():
    _, found = encode(put(-99999.0), clip=None)
    np.testing.assert_allclose(found.std(axis=0), 1)


def test_weighted_quantiles():
    values, weights = np.array([3.0, 1.0, 2.0]), np.array([1.0, 2.0, 1.0])
    found = weighted_quantiles(values, weights, [0.25, 0.5, 0.75, 1])
    np.testing.assert_array_equal(found, [1, 1, 2, 3])


@pytest.mark.parametrize("power", [-83, 83])
def test_extreme_sizes_of_sparse_rows_in_single_precision(power):
    """Squares overflow in single precision."""
    table = sparse.random(50, 3, 0.5, format="csr", dtype=np.float32, random_state=RNG)
    extreme = table * np.float32(2.0**power)
    assert extreme.dtype == np.float32
    expected = fit_scaler(table, np.ones(50), with_mean=False).transform(table)
    scaled = fit_scaler(extreme, np.ones(50), with_mean=False).transform(extreme)
    np.testing.assert_allclose(scaled.toarray(), expected.toarray(), rtol=1e-5)
