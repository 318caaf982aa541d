# SPDX-License-Identifier: BSD-3-Clause
"""Fitness from the table alone: a product of matrices scores the whole population."""

import numpy as np
from scipy.spatial.distance import pdist, squareform
from sklearn.preprocessing import minmax_scale
from sklearn.utils.multiclass import type_of_target


class Quadratic:
    """A criterion of the form ``linear . s + s . matrix . s`` of the bits s.

    Parameters
    ----------
    linear : ndarray of shape (n_features,)
    matrix : ndarray of shape (n_features, n_features)
        Symmetric, with zeros on the diagonal.
    """

    def __init__(self, linear, matrix):
        self.linear, self.matrix = linear, matrix

    def __call__(self, bits):
        """Fitness of each row, (m,); the higher the better."""
        chosen = bits.astype(float)
        return chosen @ self.linear + np.sum((chosen @ self.matrix) * chosen, axis=1)

    def gains(self, bits):
        """Chosen columns, the others, and what exchanging two of them gains.

        Returns
        -------
        inside : ndarray of shape (k,)
        outside : ndarray of shape (n_features - k,)
        gains : ndarray of shape (k, n_features - k)
        """
        inside, outside = np.flatnonzero(bits), np.flatnonzero(~bits)
        slope = self.linear + 2 * self.matrix[:, inside].sum(axis=1)
        both = self.matrix[np.ix_(inside, outside)]
        return inside, outside, slope[outside] - slope[inside, None] - 2 * both


def distance_cut(X, k):
    """Distances between k chosen columns and the others, of columns scaled to [0, 1].

    Their sum across the cut, divided by the square of k.
    """
    distances = squareform(pdist(minmax_scale(X).T)) / k**2
    return Quadratic(distances.sum(axis=0), -distances)


def relevance_minus_redundancy(X, y, k, *, classes):
    """Mean correlation with the target less mean absolute correlation among the chosen."""
    columns = _unit_columns(np.asarray(X, float))
    redundancy = np.abs(columns.T @ columns)
    np.fill_diagonal(redundancy, 0)
    relevance = _relevance(columns, y, classes)
    return Quadratic(relevance / k, -redundancy / max(k * (k - 1), 1))


def _unit_columns(X):
    """Columns without their mean, of length one; those that never change are zero."""
    constant = np.ptp(X, axis=0) == 0
    centred = np.where(constant, 0, X - X.mean(axis=0))
    return centred / np.where(constant, 1, np.linalg.norm(centred, axis=0))


def _relevance(columns, y, classes):
    """Correlation of each column with the target, (n_features,); the mean over tasks."""
    tasks = np.reshape(y, (len(y), -1)).T
    of_one = _correlation_ratio if classes else _absolute_correlation
    return np.mean([of_one(columns, task) for task in tasks], axis=0)


def _absolute_correlation(columns, values):
    return np.abs(_unit_columns(np.asarray(values, float)[:, None])[:, 0] @ columns)


def _correlation_ratio(columns, labels):
    """Root of the share of each column's variance that lies between the classes."""
    codes = np.unique(labels, return_inverse=True)[1]
    sums = np.stack([np.bincount(codes, column) for column in columns.T])
    return np.sqrt(np.sum(sums**2 / np.bincount(codes), axis=1))


def has_classes(y):
    """Whether a target names classes."""
    return not type_of_target(y, input_name="y").startswith("continuous")
