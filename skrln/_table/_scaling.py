# SPDX-License-Identifier: BSD-3-Clause
"""Scales of numbers: mean and standard deviation, safe from overflow and from outliers."""

import numpy as np
from scipy import sparse
from sklearn.preprocessing import StandardScaler
from sklearn.utils.sparsefuncs import inplace_column_scale

#: Columns whose largest number is beyond 2 to this power, or below 2 to minus this power, are
#: multiplied by a power of two before squares are summed. Others keep every bit.
EXTREME_EXPONENT = 300
#: Bound of scaled numbers. Training rows stay far below it; later rows may hold anything.
LARGEST_SCALED = 1e30
#: Outliers lie at least this factor farther from the median than all other values, have at
#: most this share of the weight, and raise the standard deviation at least by this factor.
#: No column of ordinary tables has such a gap; raw counts with one enormous sample have it.
OUTLIER_GAP, MOST_OUTLIERS, OUTLIER_SPREAD = 10.0, 0.1, 10.0
#: Columns with outliers have at least this share of the weight within this many standard
#: deviations of the mean, which is quick to test. A normal column has half of the weight there.
CRUSHED_SHARE, CRUSHED_RANGE = 0.8, 0.7


def find_exponents(largest):
    """Return the power of two that brings extreme numbers near 1, and 0 for all others.

    Parameters
    ----------
    largest : ndarray
        Largest absolute values.
    """
    exponents = np.frexp(largest)[1]
    is_extreme = (np.abs(exponents) > EXTREME_EXPONENT) & (largest > 0)
    return np.where(is_extreme, -exponents, 0)


def largest_sizes(table):
    """Largest absolute value of each column, ignoring NaN; 0 for a column without values."""
    if sparse.issparse(table):
        return abs(table).max(axis=0).toarray().ravel()
    if not len(table):
        return np.zeros(table.shape[1])
    return np.maximum(
        np.fmax(np.fmax.reduce(table, axis=0), 0),
        np.fmax(-np.fmin.reduce(table, axis=0), 0),
    )


class NumberScaler:
    """Linear map of each column to weighted mean zero and standard deviation one.

    Parameters
    ----------
    center, scale : ndarray of shape (n_columns,)
        In units of the numbers times 2 to the power of `exponents`; `center` is None for
        sparse tables, which are not centred.
    exponents : ndarray of int of shape (n_columns,) or None
        None if no column is extreme.
    """

    def __init__(self, center, scale, exponents=None):
        self.center, self.scale, self.exponents = center, scale, exponents

    def transform(self, block):
        """Return scaled rows; a sparse table stays sparse unless it has to be centred."""
        if sparse.issparse(block) and self.center is not None:
            block = block.toarray()  # centring leaves no zeros
        # A later number may be larger than any training number by any factor.
        with np.errstate(over="ignore"):
            if sparse.issparse(block):
                scaled = sparse.csr_matrix(block, copy=True)
                if self.exponents is not None:
                    powers = self.exponents[scaled.indices]
                    scaled.data = np.ldexp(scaled.data, powers)
                inplace_column_scale(scaled, 1 / self.scale)
                np.clip(scaled.data, -LARGEST_SCALED, LARGEST_SCALED, out=scaled.data)
                return scaled
            if self.exponents is not None:
                block = np.ldexp(block, self.exponents)
            if self.center is not None:
                block = block - self.center
            scaled = block / self.scale
            return np.clip(scaled, -LARGEST_SCALED, LARGEST_SCALED, out=scaled)


def fit_scaler(table, sample_weight, *, with_mean=True, robust=False):
    """Fit a scaler by weighted mean and standard deviation of each column, ignoring NaN.

    The mean of equal numbers has a rounding error, which is large where the numbers are 1e30.
    A constant column is centred on its value instead.

    Parameters
    ----------
    table : ndarray or sparse matrix of shape (n_samples, n_columns)
    sample_weight : ndarray of shape (n_samples,)
    with_mean : bool, default=True
        Whether to centre; False for sparse tables.
    robust : bool, default=False
        Whether outliers that crush all other values are left out of mean and deviation.
    """
    if sparse.issparse(table):
        table = table.astype(np.float64, copy=False)  # squares overflow in float32
    exponents = find_exponents(largest_sizes(table))
    if exponents.any():
        table = _times_powers(table, exponents)
    # Rounding may leave a variance just below zero, whose root is NaN.
    with np.errstate(invalid="ignore"):
        fitted = StandardScaler(with_mean=with_mean)
        fitted.fit(table, sample_weight=sample_weight)
    center, scale = None, np.nan_to_num(fitted.scale_, nan=1.0)
    if with_mean:
        lowest = np.fmin.reduce(table, axis=0)
        is_constant = lowest == np.fmax.reduce(table, axis=0)
        center = np.where(is_constant, lowest, np.asarray(fitted.mean_))
        scale = np.where(is_constant, 1.0, scale)
    if robust and center is not None:
        weights = np.asarray(sample_weight, float)
        for k in range(table.shape[1]):
            moments = _inner_moments(table[:, k], weights, center[k], scale[k])
            if moments is not None:
                center[k], scale[k], further = moments
                exponents[k] += further
    return NumberScaler(center, scale, exponents if exponents.any() else None)


def _times_powers(table, exponents):
    """Multiply each column by a power of two, which is exact."""
    if not sparse.issparse(table):
        return np.ldexp(table, exponents)
    table = sparse.csr_matrix(table, copy=True)
    table.data = np.ldexp(table.data, exponents[table.indices])
    return table


def _inner_moments(column, weights, center, scale):
    """Return mean, deviation and exponent of a column without its outliers.

    None if the column has no outliers that crush the other values.
    """
    near = np.abs(column - center) < CRUSHED_RANGE * scale  # False for NaN
    total = weights[~np.isnan(column)].sum()
    if weights[near].sum() < CRUSHED_SHARE * total:
        return None
    rows = np.flatnonzero(~np.isnan(column) & (weights > 0))
    values, weights = column[rows].astype(float), weights[rows]
    low, median, high = weighted_quantiles(values, weights, [0.25, 0.5, 0.75])
    if low == high:
        return None
    inside = _without_outliers(np.abs(values - median), weights)
    if inside is None:
        return None
    values, weights = values[inside], weights[inside]
    exponent = int(find_exponents(np.abs(values).max()))
    values = np.ldexp(values, exponent)
    mean = np.average(values, weights=weights)
    deviation = np.sqrt(np.average((values - mean) ** 2, weights=weights))
    if deviation == 0 or np.ldexp(deviation, -exponent) * OUTLIER_SPREAD > scale:
        return None
    return mean, deviation, exponent


def _without_outliers(distances, weights):
    """Mask of the values this side of the first wide gap; None without a gap."""
    order = np.argsort(distances, kind="stable")
    sizes, sums = distances[order], np.cumsum(weights[order])
    is_gap = (sizes[1:] > OUTLIER_GAP * sizes[:-1]) & (
        sums[:-1] >= (1 - MOST_OUTLIERS) * sums[-1]
    )
    gaps = np.flatnonzero(is_gap)
    return distances <= sizes[gaps[0]] if len(gaps) else None


def weighted_quantiles(values, weights, levels):
    """Return the weighted quantiles of some values."""
    order = np.argsort(values, kind="stable")
    sums = np.cumsum(weights[order])
    positions = np.searchsorted(sums, np.multiply(levels, sums[-1]))
    return values[order][np.minimum(positions, len(values) - 1)]
