# SPDX-License-Identifier: BSD-3-Clause
"""Presence of numbers: an input for whether a number exceeds the lowest value of its column.

Counts, shares of a sample and concentrations below a detection limit share one lowest value.
Whether a row has this value often predicts more than how far the others are above it.
"""

import numpy as np

#: Share of the rows at the lowest value, within which a column gets an input: outside, the
#: input would be nearly constant.
LEAST_SHARE, MOST_SHARE = 0.1, 0.9


def find_presence(numbers, sample_weight):
    """Find the edges of the one piece that marks presence in each column.

    Parameters
    ----------
    numbers : ndarray of shape (n_samples, n_columns)
        Missing numbers are NaN.
    sample_weight : ndarray of shape (n_samples,)
        Positive. A row of weight 2 counts as two rows.

    Returns
    -------
    list of ndarray
        Two edges between the lowest value and the next, or one edge for a column without an
        input.
    """
    is_known = ~np.isnan(numbers.T)
    return [
        _edges_of(column[known].astype(np.float64), sample_weight[known])
        for column, known in zip(numbers.T, is_known, strict=True)
    ]


def _edges_of(column, weights):
    if not len(column):
        return np.zeros(1)
    low = column.min()
    is_low = column == low
    share = weights[is_low].sum() / weights.sum()
    if not LEAST_SHARE <= share <= MOST_SHARE:
        return np.array([low])
    # Both edges keep a distance from the values, which may be rounded to single precision.
    gap = column[~is_low].min() - low
    return low + gap * np.array([0.25, 0.75])
