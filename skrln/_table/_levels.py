# SPDX-License-Identifier: BSD-3-Clause
"""Levels: a few values of each column, with the share of the training rows near each.

A fitted encoder keeps levels instead of rows. The variance of a column is estimated from its
levels, and columns that are drawn from them independently make rows that resemble the table.
"""

from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from ._arguments import find_missing
from ._columns import check_numbers
from ._frames import cells_of
from ._sklearn import take

#: Most levels of a column.
MOST_LEVELS = 64
#: Levels of all columns together, which bounds their memory, and fewest of a column.
MOST_CELLS, FEWEST_LEVELS = 1 << 17, 8
#: Levels are read from at most this many rows, spread evenly over the table.
MOST_ROWS = 10_000


class Levels(NamedTuple):
    """Levels of all columns, one row per level; spare levels have a share of zero."""

    values: Any  #: (n_levels, n_features), in the units of the table
    shares: np.ndarray  #: (n_levels, n_features); columns sum to one
    n_rows: float  #: effective number of the training rows, by their weights

    def draw(self, n_rows, rng):
        """Draw level numbers of each column independently, (n_rows, n_features).

        Every column is stratified: its levels are drawn in proportion to their shares.
        """
        n_features = self.shares.shape[1]
        # Latin hypercube: one point in each of n_rows strata, in an order of its own.
        strata = rng.permuted(np.tile(np.arange(n_rows), (n_features, 1)), axis=1)
        points = (strata.T + rng.uniform(size=(n_rows, n_features))) / n_rows
        ends = np.cumsum(self.shares, axis=0)
        drawn = np.empty((n_rows, n_features), int)
        for column in range(n_features):
            drawn[:, column] = np.searchsorted(ends[:-1, column], points[:, column])
        return drawn


def find_levels(X, sample_weight, categorical):
    """Find the levels of a validated table.

    Parameters
    ----------
    X : array, CSR matrix or data frame of shape (n_samples, n_features)
        Training rows.
    sample_weight : ndarray of shape (n_samples,)
        Positive.
    categorical : ndarray of int
        Positions of the categorical columns.

    Returns
    -------
    Levels
    """
    n_rows, n_features = X.shape
    effective = sample_weight.sum() ** 2 / (sample_weight**2).sum()
    if n_rows > MOST_ROWS:
        rows = np.linspace(0, n_rows - 1, MOST_ROWS).astype(int)
        X, sample_weight = take(X, rows), sample_weight[rows]
    share = sample_weight / sample_weight.sum()
    if sparse.issparse(X):
        return Levels(*_sparse_levels(X, share), effective)
    most = int(np.clip(MOST_CELLS // n_features, FEWEST_LEVELS, MOST_LEVELS))
    levels = {}
    numeric = np.setdiff1d(np.arange(n_features), categorical)
    if len(numeric):
        for k, column in zip(numeric, _numbers(X, numeric).T, strict=True):
            levels[k] = _number_levels(column, share, most)
    if len(categorical):
        for k in categorical:
            # Not together: whole numbers beside floats would become floats.
            column = np.empty(len(share), object)
            column[:] = cells_of(X, k)
            levels[k] = _category_levels(column, share, most)
    n_levels = max(len(values) for values, _ in levels.values())
    values = np.empty((n_levels, n_features), object if len(categorical) else float)
    shares = np.zeros((n_levels, n_features))
    for k, (own, own_shares) in levels.items():
        values[: len(own), k], values[len(own) :, k] = own, own[0]
        shares[: len(own), k] = own_shares
    return Levels(values, shares, effective)


def _numbers(X, numeric):
    return check_numbers(take(X, numeric, axis=1), np.float64)


def _sparse_levels(X, share):
    """Return zero, and the mean of the values that are not zero, of each column."""
    stored = X.copy()
    stored.data = (stored.data != 0).astype(float)
    present = share @ stored
    mean = (share @ X) / np.where(present > 0, present, 1)
    values = np.stack([np.zeros(X.shape[1]), mean])
    return values, np.stack([1 - present, present])


def _category_levels(column, share, most):
    """Return the most frequent categories; the last one stands for all others."""
    is_missing = find_missing(column)
    names = column[~is_missing].astype(str)
    _, first, codes = np.unique(names, return_index=True, return_inverse=True)
    values, total = column[~is_missing][first], np.bincount(codes, share[~is_missing])
    if is_missing.any():
        values = np.append(values, [None]).astype(object)
        values[-1] = np.nan
        total = np.append(total, share[is_missing].sum())
    order = np.argsort(-total, kind="stable")
    kept, shares = values[order[:most]], total[order[:most]]
    shares[-1] += total[order[most:]].sum()
    return kept, shares


def _number_levels(column, share, most):
    """Return frequent values as they are, and the means of bins of equal weight."""
    column = np.asarray(column, float)
    is_missing = np.isnan(column)
    values, places = np.unique(column[~is_missing], return_inverse=True)
    total = np.bincount(places, share[~is_missing], minlength=len(values))
    most -= int(is_missing.any())
    if len(values) > most:
        values, total = _bin(values, total, most)
    if is_missing.any():
        values = np.append(values, np.nan)
        total = np.append(total, share[is_missing].sum())
    return values, total


def _bin(values, total, most):
    """Merge rising values into at most `most` levels."""
    is_frequent = total >= total.sum() / most
    # By rounding, as many values as levels may have all of the weight.
    n_bins = max(most - int(is_frequent.sum()), 1)
    rare, weight = values[~is_frequent], total[~is_frequent]
    middle = (np.cumsum(weight) - weight / 2) / weight.sum()
    numbers = np.minimum((middle * n_bins).astype(int), n_bins - 1)
    in_bins = np.bincount(numbers, weight)
    kept = in_bins > 0
    means = np.bincount(numbers, weight * rare)[kept] / in_bins[kept]
    return (
        np.append(values[is_frequent], means),
        np.append(total[is_frequent], in_bins[kept]),
    )
