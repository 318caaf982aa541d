# SPDX-License-Identifier: BSD-3-Clause
"""Pieces of numbers for a piecewise linear encoding, from the splits of decision trees.

A number has an input for each piece: -1 below the piece, 1 above it, linear between. The edges
of the pieces are places where the target changes, which a network need not learn.

References
----------
Gorishniy, Rubachev and Babenko, "On Embeddings for Numerical Features in Tabular Deep
Learning", NeurIPS 2022, Eq. 1.
"""

import numpy as np
from joblib import Parallel, delayed, effective_n_jobs
from sklearn.tree import DecisionTreeRegressor

from skrln._kernels import Pieces

#: Most pieces of a column: one per ROWS_PER_PIECE rows, within these bounds.
ROWS_PER_PIECE, FEWEST, MOST = 500, 24, 48
#: All columns together have at most as many pieces as so many columns, but at least
#: FEWEST_OF_MANY each: the first layer is most of the cost of a table with many columns.
MANY_COLUMNS, FEWEST_OF_MANY = 32, 8
#: Smallest share of the rows in a piece, within these bounds. The upper bound keeps pieces for
#: values, such as a frequent sum, that only a few dozen rows of a large table have.
MIN_SHARE, LEAST_ROWS, ENOUGH_ROWS = 1 / 256, 8, 64
#: Smallest improvement of a split: smaller values are rounding errors.
MIN_IMPROVEMENT = 1e-6
#: Most rows of which edges are found. More rows would place the edges more exactly than a
#: network can tell.
MOST_ROWS = 1 << 16


def most_pieces(n_rows, n_columns):
    """Most pieces of a column: more rows resolve smaller pieces, many columns share them."""
    most = np.clip(n_rows // ROWS_PER_PIECE, FEWEST, MOST)
    shared = most * MANY_COLUMNS // max(MANY_COLUMNS, n_columns)
    return int(max(shared, FEWEST_OF_MANY))


def find_edges(numbers, targets, sample_weight):
    """Find the edges of the pieces of each column.

    Parameters
    ----------
    numbers : ndarray of shape (n_samples, n_columns)
        Scaled numbers, none missing.
    targets : ndarray of shape (n_samples, n_targets)
        Targets of the trees, none missing; a column per class for labels.
    sample_weight : ndarray of shape (n_samples,)

    Returns
    -------
    list of ndarray
        Rising edges of each column, one more than pieces; one edge if all values are the same.
    """
    rows = _sample(len(numbers))
    part = numbers[rows], targets[rows], sample_weight[rows]
    n_pieces = most_pieces(*part[0].shape)
    return [_edges_of(column, *part[1:], n_pieces) for column in part[0].T]


def find_common_edges(numbers, targets, sample_weight, parts):
    """Find the edges of the pieces for several parts of the rows.

    A column has as many pieces in each part, so that networks on the parts have as many inputs.

    Parameters
    ----------
    numbers, targets, sample_weight
        As for `find_edges`; missing numbers are NaN.
    parts : list of ndarray of int
        Rows of each part.

    Returns
    -------
    list of list of ndarray
        For each part the edges of each column.
    """
    samples = [part[_sample(len(part))] for part in parts]
    labels = [(targets[rows], sample_weight[rows]) for rows in samples]
    # Trees of scikit-learn release the interpreter while they grow.
    pool = Parallel(n_jobs=effective_n_jobs(-1), require="sharedmem")
    by_column = pool(
        delayed(_common_edges_of)(column, samples, labels, numbers.shape[1])
        for column in numbers.T
    )
    return [list(own) for own in zip(*by_column, strict=True)] or [[] for _ in parts]


def _common_edges_of(column, samples, labels, n_columns):
    """Edges of a column in each sample of rows, as many in all of them."""
    own = [
        (np.nan_to_num(column[rows]), *rest)
        for rows, rest in zip(samples, labels, strict=True)
    ]
    edges = [
        _edges_of(*part, most_pieces(len(rows), n_columns))
        for part, rows in zip(own, samples, strict=True)
    ]
    while len(lengths := set(map(len, edges))) > 1:
        n_pieces = min(lengths) - 1
        edges = [
            one if len(one) == n_pieces + 1 else _edges_of(*part, n_pieces)
            for one, part in zip(edges, own, strict=True)
        ]
    return edges


def _sample(n_rows):
    """Rows spread evenly over all."""
    n_kept = min(n_rows, MOST_ROWS)
    return (
        np.linspace(0, n_rows - 1, n_kept).astype(int)
        if n_kept < n_rows
        else slice(None)
    )


def _edges_of(column, targets, sample_weight, n_pieces):
    """Edges of a column; with at most `n_pieces` pieces."""
    n_rows = len(column)
    low, high = column.min(), column.max()
    if low == high or n_pieces == 0:
        return np.array([low])
    inner = np.zeros(0, column.dtype)
    if n_pieces > 1:
        tree = DecisionTreeRegressor(
            max_leaf_nodes=n_pieces,
            min_samples_leaf=int(np.clip(n_rows * MIN_SHARE, LEAST_ROWS, ENOUGH_ROWS)),
            min_impurity_decrease=MIN_IMPROVEMENT,
            random_state=0,
        )
        tree.fit(column[:, None], targets, sample_weight)
        inner = tree.tree_.threshold[tree.tree_.feature >= 0]
    return np.unique(np.r_[low, inner, high])


def pieces_of(edges, *, is_flat=False):
    """Make the pieces of all columns from their edges.

    Parameters
    ----------
    edges : list of ndarray
    is_flat : bool, default=False
        Whether inputs stay at -1 and 1 beyond all pieces of a number, instead of growing.
    """
    widths = [len(own) - 1 for own in edges]
    column = np.repeat(np.arange(len(edges)), widths)
    low, high = (
        np.concatenate([np.zeros(0), *(own[part] for own in edges)])
        for part in (slice(None, -1), slice(1, None))
    )
    ends = np.cumsum(widths)
    below, above = np.zeros(len(column)), np.zeros(len(column))
    for own, width, end in zip(edges, widths, ends, strict=True):
        if width and not is_flat:
            below[end - width] = above[end - 1] = 1 / (own[-1] - own[0])
    return Pieces(column, low, high, below, above)
