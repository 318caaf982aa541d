# SPDX-License-Identifier: BSD-3-Clause
"""Encoders of the input table: numbers scaled, categories one-hot, missing values marked."""

from copy import copy

import numpy as np
from scipy import sparse
from sklearn.preprocessing import OneHotEncoder

from skrln._kernels import CompactRows, Expansion, expand

from ._arguments import find_missing
from ._cells import is_missing
from ._columns import NO_COLUMNS, check_numbers
from ._frames import cells_of
from ._pieces import find_edges, pieces_of
from ._presence import find_presence
from ._scaling import fit_scaler
from ._sklearn import count_samples, take

#: Most one-hot inputs of one categorical column; rarer categories share the last one.
MAX_CATEGORIES = 64
#: Encodings of numbers beside the numbers themselves, by the names that users pass as
#: `numeric_embedding`.
EMBEDDINGS = ("piecewise", "presence")
#: Code of a cell that has no one-hot input.
NO_CODE = np.iinfo(np.uint8).max
#: Rows are encoded in blocks of about this many cells, which bounds the memory of copies.
BLOCK = 1 << 20


class TableEncoder:
    """Encode a table into compact rows: scaled numbers, and codes of categories.

    Numbers are centred and scaled by weighted mean and standard deviation. With a bound,
    outliers that crush all other values do not count in the two.

    Parameters
    ----------
    categorical : ndarray of int
        Positions of the categorical columns.
    clip : float or None
        Bound that scaled numbers approach smoothly.
    columns : ndarray of int, default=None
        Positions of the columns to encode; None encodes all.
    plain : ndarray of int, default=()
        Positions of numeric columns that come last.
    """

    def __init__(self, categorical, clip=None, columns=None, plain=NO_COLUMNS):
        self.categorical = categorical
        self.clip = clip
        self.columns = columns
        self.plain = plain

    def fit(self, X, sample_weight):
        """Learn scales and categories from the training rows."""
        self.n_features = X.shape[1]
        columns = np.arange(X.shape[1]) if self.columns is None else self.columns
        self.numeric = np.setdiff1d(columns, [*self.categorical, *self.plain])
        self.classes = np.intersect1d(columns, self.categorical)
        self.scaler = self.one_hot = None
        #: Numbers, counted from zero, whose missing values are marked.
        self.marked = NO_COLUMNS
        #: One-hot inputs of each categorical column.
        self.widths = NO_COLUMNS
        if self.numeric.size or self.plain.size:
            self._fit_numbers(self._numbers(X), sample_weight)
        if self.classes.size:
            self._fit_categories(self._categories(X))
        return self

    def _fit_numbers(self, block, sample_weight):
        is_dense = not sparse.issparse(block)
        if is_dense:
            # A column without any value has no mean: zeros make it a constant column.
            has_gap = np.isnan(block).any(axis=0)
            is_empty = has_gap.copy()
            is_empty[has_gap] = np.isnan(block[:, has_gap]).all(axis=0)
            if is_empty.any():
                block = np.where(is_empty, 0, block)
            is_marked = has_gap & ~is_empty
            self.marked = np.flatnonzero(is_marked[: self.numeric.size])
        # Without a bound, outliers would be inputs of thousands of standard deviations.
        robust = is_dense and self.clip is not None
        self.scaler = fit_scaler(
            block, sample_weight, with_mean=is_dense, robust=robust
        )

    def _fit_categories(self, block):
        self.one_hot = OneHotEncoder(
            handle_unknown="infrequent_if_exist", max_categories=MAX_CATEGORIES
        ).fit(block)
        pairs = zip(
            self.one_hot.categories_, self.one_hot.infrequent_categories_, strict=True
        )
        self.widths = np.array(
            [
                len(names) - (0 if rare is None else len(rare) - 1)
                for names, rare in pairs
            ]
        )

    def keeps_sparse(self, X):
        """Return True if rows of `X` stay sparse, as those of a sparse training table do."""
        is_centred = self.scaler is None or self.scaler.center is not None
        return sparse.issparse(X) and not is_centred

    def transform(self, X, dtype=np.float64):
        """Encode rows; a missing number stays NaN.

        Returns
        -------
        CompactRows or CSR matrix
            CSR for a sparse table, which is not centred.
        """
        if self.keeps_sparse(X):
            scaled = self.scaler.transform(self._numbers(X))
            scaled.data = self._clip_smoothly(scaled.data)
            return scaled.astype(dtype)
        n_rows = count_samples(X)
        rows = CompactRows(
            np.empty((n_rows, self.numeric.size + self.plain.size), dtype),
            np.empty((n_rows, self.classes.size), np.uint8),
        )
        step = max(1, BLOCK // self.n_features)
        for start in range(0, n_rows, step):
            part = slice(start, min(start + step, n_rows))
            block = X if n_rows <= step else take(X, part, axis=0)
            if self.scaler is not None:
                scaled = self.scaler.transform(self._numbers(block))
                rows.numbers[part] = self._clip_smoothly(scaled)
            if self.one_hot is not None:
                rows.codes[part] = self._codes(block)
        return rows

    def _codes(self, X):
        """Position of the one-hot input of each cell in its column; NO_CODE without one."""
        one_hot = self.one_hot.transform(self._categories(X))
        codes = np.full((one_hot.shape[0], self.classes.size), NO_CODE, np.uint8)
        column = np.repeat(np.arange(self.classes.size), self.widths)
        first = np.cumsum(self.widths) - self.widths
        line = np.repeat(np.arange(len(codes)), np.diff(one_hot.indptr))
        places = column[one_hot.indices]
        codes[line, places] = one_hot.indices - first[places]
        return codes

    def unknown_categories(self, X):
        """Return a category that the training rows lack of each such column, by position."""
        if self.one_hot is None:
            return {}
        examples = {}
        pairs = zip(self.classes, self._categories(X).T, strict=True)
        for (k, cells), names in zip(pairs, self.one_hot.categories_, strict=True):
            categories = set(names.tolist())
            unknown = [
                cell
                for cell in cells
                if not is_missing(cell) and cell not in categories
            ]
            if unknown:
                examples[int(k)] = unknown[0]
        return examples

    def _clip_smoothly(self, scaled):
        # hypot, because the square of an extreme value overflows.
        if self.clip is None:
            return scaled
        return scaled / np.hypot(1, scaled / self.clip)

    def _numbers(self, X):
        if self.columns is None and not (self.categorical.size or self.plain.size):
            return X
        block = take(X, np.concatenate([self.numeric, self.plain]), axis=1)
        if not self.categorical.size:  # `read_columns` has validated the numbers
            return block
        return check_numbers(block)

    def _categories(self, X):
        # Objects, because a later table may hold a column in another dtype: all missing, or
        # numbers instead of strings. Its values are unseen categories then. One column at a
        # time, because an array of several would turn large integers into floats.
        block = np.empty((count_samples(X), self.classes.size), dtype=object)
        for place, k in enumerate(self.classes):
            block[:, place] = cells_of(X, k)
        block[find_missing(block)] = np.nan
        return block


class InputEncoder:
    """Encode a table into network inputs.

    A missing number becomes the mean; a 0/1 column marks missing values if the training rows
    have some. A category that the training rows lack becomes zeros, or falls among the rare
    categories. Pieces of numbers, if there are any, are found by the targets.

    Parameters
    ----------
    categorical, clip, columns, plain
        As for `TableEncoder`.
    embedding : str or None
        Name in `EMBEDDINGS` of a further encoding of the numbers of a dense table.
    """

    def __init__(
        self, categorical, clip=None, embedding=None, columns=None, plain=NO_COLUMNS
    ):
        self.embedding = embedding
        self.table = TableEncoder(categorical, clip, columns, plain)

    def fit(self, X, sample_weight, targets=None):
        """Learn scales, categories and pieces from the training rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        sample_weight : ndarray of shape (n_samples,)
        targets : ndarray of shape (n_samples, n_targets)
            Targets that the "piecewise" embedding is fitted to.
        """
        self.table.fit(X, sample_weight)
        if self.embedding is None:
            return self._set_edges([])
        numbers = self.embedded_numbers(self.compress(X))
        if self.embedding == "presence":
            return self._set_edges(find_presence(numbers, sample_weight))
        return self._set_edges(
            find_edges(np.nan_to_num(numbers), targets, sample_weight)
        )

    def with_edges(self, edges, embedding):
        """Return an encoder of the same table with pieces of its own.

        Parameters
        ----------
        edges : list of ndarray
            Edges of the pieces of each column.
        embedding : str
        """
        twin = copy(self)
        twin.embedding = embedding
        return twin._set_edges(edges)

    def _set_edges(self, edges):
        table = self.table
        pieces = pieces_of(edges, is_flat=self.embedding == "presence")
        column = np.repeat(np.arange(table.classes.size), table.widths)
        first = np.cumsum(table.widths) - table.widths
        codes = np.arange(len(column)) - first[column]
        n_numbers = table.numeric.size
        plain = np.arange(n_numbers, n_numbers + self.plain.size)
        self.edges = edges
        self.expansion = Expansion(
            table.marked, np.stack([column, codes]), pieces, plain
        )
        #: Column of the table of each encoded input.
        self.groups = np.concatenate(
            [
                table.numeric,
                table.numeric[table.marked],
                table.classes[column],
                table.numeric[pieces.column],
                self.plain,
            ]
        ).astype(int)
        return self

    @property
    def plain(self):
        """Positions of the columns of the plain branch."""
        return self.table.plain

    @property
    def n_features(self):
        """Number of columns of the table."""
        return self.table.n_features

    @property
    def n_inputs(self):
        """Number of encoded inputs."""
        return len(self.groups)

    @property
    def tabular_groups(self):
        """Column of each encoded input, without those of the plain branch."""
        return self.groups[: len(self.groups) - len(self.plain)]

    def compress(self, X, dtype=np.float64):
        """Encode rows into what `expand` takes; see `TableEncoder.transform`."""
        return self.table.transform(X, dtype)

    def embedded_numbers(self, rows):
        """Numbers of compact rows that an embedding encodes."""
        return rows.numbers[:, : self.table.numeric.size]

    def expand(self, rows):
        """Return the inputs of compact rows, (n_samples, n_inputs); CSR stays CSR."""
        return rows if sparse.issparse(rows) else expand(rows, self.expansion)

    def transform(self, X):
        """Encode rows into (n_samples, n_inputs); a CSR table stays CSR and uncentred."""
        return self.expand(self.compress(X))

    def unknown_categories(self, X):
        """Return a category that the training rows lack of each such column, by position."""
        return self.table.unknown_categories(X)
