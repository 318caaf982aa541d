# SPDX-License-Identifier: BSD-3-Clause
"""Piecewise linear encoding of numbers, with pieces from a decision tree."""

import numpy as np
from sklearn.tree import DecisionTreeRegressor

#: Most pieces of a column: one per ROWS_PER_PIECE rows, within these bounds.
ROWS_PER_PIECE, FEWEST, MOST = 500, 24, 48
#: Smallest share of the rows in a piece, within these bounds. The upper bound keeps pieces for
#: values, such as a frequent sum, that only a few dozen rows of a large table have.
MIN_SHARE, LEAST_ROWS, ENOUGH_ROWS = 1 / 256, 8, 64
#: Smallest improvement of a split: smaller values are rounding errors.
MIN_IMPROVEMENT = 1e-6


def most_pieces(n_rows):
    """Most pieces of a column: more rows resolve smaller pieces."""
    return int(np.clip(n_rows // ROWS_PER_PIECE, FEWEST, MOST))


class PiecewiseEncoder:
    """Encoder with a number per piece: -1 below the piece, 1 above it, linear between.

    The first piece extends below the smallest training value, and the last piece above the
    largest. The edges are places where the target changes, which a network need not learn.

    References
    ----------
    Gorishniy, Rubachev and Babenko, "On Embeddings for Numerical Features in Tabular Deep
    Learning", NeurIPS 2022, Eq. 1.
    """

    def fit(self, table, targets, sample_weight):
        """Fit the edges of the pieces.

        Parameters
        ----------
        table : ndarray of shape (n_samples, n_columns)
            Scaled numbers, none missing.
        targets : ndarray of shape (n_samples, n_targets)
            Targets of the trees, none missing; a column per class for labels.
        sample_weight : ndarray of shape (n_samples,)
        """
        least = int(np.clip(len(table) * MIN_SHARE, LEAST_ROWS, ENOUGH_ROWS))
        tree = DecisionTreeRegressor(
            max_leaf_nodes=most_pieces(len(table)),
            min_samples_leaf=least,
            min_impurity_decrease=MIN_IMPROVEMENT,
            random_state=0,
        )
        self.edges = []
        for column in table.T:
            tree.fit(column[:, None], targets, sample_weight)
            inner = tree.tree_.threshold[tree.tree_.feature >= 0]
            self.edges.append(np.unique(np.r_[column.min(), inner, column.max()]))
        return self

    @property
    def widths(self):
        """Number of pieces of each column; 0 if all values are the same."""
        return np.array([len(edges) - 1 for edges in self.edges], int)

    def transform(self, table):
        """Return the encoded columns beside each other, (n_samples, sum of widths)."""
        encoded = [np.empty((len(table), 0))]  # hstack needs at least one array
        for column, edges in zip(table.T, self.edges, strict=True):
            if len(edges) < 2:
                continue
            share = (column[:, None] - edges[:-1]) / np.diff(edges)
            lowest, highest = np.zeros(len(edges) - 1), np.ones(len(edges) - 1)
            lowest[0], highest[-1] = (
                -np.inf,
                np.inf,
            )  # no bound at the ends of the range
            encoded.append(2 * np.clip(share, lowest, highest) - 1)
        return np.hstack(encoded)
