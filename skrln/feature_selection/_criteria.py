# SPDX-License-Identifier: BSD-3-Clause
"""Fitness criteria without an estimator: matrix products score a whole population."""

import numpy as np
from scipy.spatial.distance import pdist, squareform
from sklearn.preprocessing import minmax_scale
from sklearn.utils.multiclass import type_of_target


class QuadraticCriterion:
    """Criterion ``linear . s + s . matrix . s`` of the bits s of a subset.

    Parameters
    ----------
    linear : ndarray of shape (n_features,)
    matrix : ndarray of shape (n_features, n_features)
        Symmetric, with zeros on the diagonal.
    """

    #: The sums of a product round differently with other subsets beside.
    is_separable = False

    def __init__(self, linear, matrix):
        self.linear, self.matrix = linear, matrix

    @property
    def start(self):
        """Arrays that the scores depend on."""
        return {"linear": self.linear, "matrix": self.matrix}

    def __call__(self, bits):
        """Fitness of each row of bits, (m,); higher is better."""
        bits = bits.astype(float)
        return bits @ self.linear + np.sum((bits @ self.matrix) * bits, axis=1)

    def gains(self, bits):
        """Change in fitness for every exchange of a selected for an unselected column.

        Returns
        -------
        inside : ndarray of shape (k,)
            Selected columns.
        outside : ndarray of shape (n_features - k,)
            Unselected columns.
        gains : ndarray of shape (k, n_features - k)
        """
        inside, outside = np.flatnonzero(bits), np.flatnonzero(~bits)
        slope = self.linear + 2 * self.matrix[:, inside].sum(axis=1)
        # The slope of an added column includes its interaction with the removed column.
        interaction = self.matrix[np.ix_(inside, outside)]
        return inside, outside, slope[outside] - slope[inside, None] - 2 * interaction


def distance_cut(X, k):
    """Distances across the cut between k selected columns and the others.

    Columns are scaled to [0, 1]. The sum of Euclidean distances is divided by k squared.
    """
    distances = squareform(pdist(minmax_scale(X).T)) / k**2
    # With distances D, s'D(1 - s) = (D1)'s - s'Ds.
    return QuadraticCriterion(distances.sum(axis=0), -distances)


def relevance_minus_redundancy(X, y, k, *, classes):
    """Mean correlation with y minus mean absolute correlation among k selected columns."""
    columns = _unit_columns(np.asarray(X, float))
    redundancy = np.abs(columns.T @ columns)
    np.fill_diagonal(redundancy, 0)
    relevance = _relevance(columns, y, classes)
    # A single selected column has no pairs: the maximum only avoids a division by zero.
    return QuadraticCriterion(relevance / k, -redundancy / max(k * (k - 1), 1))


def _unit_columns(X):
    """Centred columns of norm one; constant columns become zero."""
    # The range is exact. The norm of a centred constant column is a rounding error, not zero.
    constant = np.ptp(X, axis=0) == 0
    centred = np.where(constant, 0, X - X.mean(axis=0))
    return centred / np.where(constant, 1, np.linalg.norm(centred, axis=0))


def _relevance(columns, y, classes):
    """Mean correlation of each column with the tasks, (n_features,)."""
    tasks = np.reshape(y, (len(y), -1)).T
    correlation = _correlation_ratio if classes else _absolute_correlation
    return np.mean([correlation(columns, task) for task in tasks], axis=0)


def _absolute_correlation(columns, target):
    target = _unit_columns(np.asarray(target, float)[:, None])[:, 0]
    return np.abs(target @ columns)


def _correlation_ratio(columns, labels):
    """Square root of the between-class share of the variance of each column."""
    codes = np.unique(labels, return_inverse=True)[1]
    sums = np.stack([np.bincount(codes, column) for column in columns.T])
    # Columns are centred and of norm one, so the between-class sum of squares is the share.
    return np.sqrt(np.sum(sums**2 / np.bincount(codes), axis=1))


def has_classes(y):
    """Return True if the target holds class labels."""
    return not type_of_target(y, input_name="y").startswith("continuous")


def read_numbers(y, regressor):
    """Target of a regressor as floats, in the shape of `y`.

    Raises
    ------
    ValueError
        If `y` holds words.
    """
    try:
        return np.asarray(y, float)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"Got a y that is not numeric ({error}) with fitness='mrmr' and the regressor "
            f"estimator={regressor!r}, but y is expected to be numbers. Pass a classifier as "
            "estimator, or encode y as numbers."
        ) from error
