# SPDX-License-Identifier: BSD-3-Clause
"""Piecewise linear encoding of numbers, with pieces that a small tree finds."""

import numpy as np
from sklearn.tree import DecisionTreeRegressor

#: Most pieces of a column: one for so many rows, within these bounds.
ROWS_PER_PIECE, FEWEST, MOST = 500, 24, 48
#: A piece has at least this share of the rows, within these bounds: in a large table a few
#: dozen at one value, such as a usual sum, say something.
MIN_SHARE, LEAST_ROWS, ENOUGH_ROWS = 1 / 256, 8, 64
#: Improvements below this are noise of rounding.
MIN_IMPROVEMENT = 1e-6


def most_pieces(n_rows):
    """Pieces that a column may have: more rows tell more places of a map apart."""
    return int(np.clip(n_rows // ROWS_PER_PIECE, FEWEST, MOST))


class PiecewiseEncoder:
    """One number per piece: -1 below it, 1 above it, linear between.

    The first piece goes on below the smallest value that was seen, the last one above the
    largest. A network sees the place of a jump without having to learn it.

    References
    ----------
    Gorishniy, Rubachev and Babenko, "On Embeddings for Numerical Features in Tabular Deep
    Learning", NeurIPS 2022, Eq. 1.
    """

    def fit(self, table, targets, sample_weight):
        """Learn the edges of the pieces.

        Parameters
        ----------
        table : ndarray of shape (n_samples, n_columns)
            Scaled numbers, none missing.
        targets : ndarray of shape (n_samples, n_targets)
            What the pieces should tell apart; a column per class for labels.
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
        """Pieces of each column; none where all values are the same."""
        return np.array([len(edges) - 1 for edges in self.edges], int)

    def transform(self, table):
        """Encoded columns beside each other, (n_samples, sum of widths)."""
        parts = [np.empty((len(table), 0))]
        for column, edges in zip(table.T, self.edges, strict=True):
            if len(edges) < 2:
                continue
            share = (column[:, None] - edges[:-1]) / np.diff(edges)
            lowest, highest = np.zeros(len(edges) - 1), np.ones(len(edges) - 1)
            lowest[0], highest[-1] = -np.inf, np.inf
            parts.append(2 * np.clip(share, lowest, highest) - 1)
        return np.hstack(parts)
