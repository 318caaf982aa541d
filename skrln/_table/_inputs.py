# SPDX-License-Identifier: BSD-3-Clause
"""Encoder of the input table: numbers scaled, categories one-hot, missing values marked."""

import numpy as np
from scipy import sparse
from sklearn.preprocessing import OneHotEncoder

from ._arguments import find_missing
from ._cells import is_missing
from ._columns import NO_COLUMNS, check_numbers
from ._pieces import PiecewiseEncoder
from ._scaling import fit_scaler
from ._sklearn import take

#: Most one-hot columns of one categorical column; rarer categories share the last one.
MAX_CATEGORIES = 64
#: Encoders of numbers, by the names that users pass as `numeric_embedding`.
EMBEDDINGS = {"piecewise": PiecewiseEncoder}


class InputEncoder:
    """Encode a table into network inputs.

    Numbers are centred and scaled by weighted mean and standard deviation. With a bound,
    outliers that crush all other values do not count in the two. A missing number becomes the
    mean; a 0/1 column marks missing values if the training rows have some.
    A category that the training rows lack becomes zeros, or falls among the rare categories.

    Parameters
    ----------
    categorical : ndarray of int
        Positions of the categorical columns.
    clip : float or None
        Bound that scaled numbers approach smoothly.
    embedding : str or None
        Name in `EMBEDDINGS` of a further encoding of the numbers of a dense table.
    columns : ndarray of int, default=None
        Positions of the columns to encode; None encodes all.
    plain : ndarray of int, default=()
        Positions of numeric columns that come last and are not embedded.
    """

    def __init__(
        self, categorical, clip=None, embedding=None, columns=None, plain=NO_COLUMNS
    ):
        self.categorical = categorical
        self.clip = clip
        self.embedding = embedding
        self.columns = columns
        self.plain = plain

    def fit(self, X, sample_weight, targets=None):
        """Learn scales, categories and pieces from the training rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        sample_weight : ndarray of shape (n_samples,)
        targets : ndarray of shape (n_samples, n_targets)
            Targets that the embedding is fitted to; used with an `embedding` only.
        """
        self.n_features = X.shape[1]
        columns = np.arange(X.shape[1]) if self.columns is None else self.columns
        self.numeric = np.setdiff1d(columns, [*self.categorical, *self.plain])
        self.classes = np.intersect1d(columns, self.categorical)
        self.scaler = self.one_hot = self.embedded = None
        #: Numbers, counted from zero, that a column of zeros and ones marks as missing.
        self.marked = NO_COLUMNS
        groups = []
        if self.numeric.size:
            groups.append(self._fit_numbers(self._numbers(X), sample_weight))
        if self.classes.size:
            groups.append(self._fit_categories(self._categories(X)))
        if self.embedding is not None and self.numeric.size:
            scaled = np.asarray(self._scale(self._numbers(X)))[:, : self.numeric.size]
            self.embedded = EMBEDDINGS[self.embedding]().fit(
                scaled, targets, sample_weight
            )
            groups.append(np.repeat(self.numeric, self.embedded.widths))
        self.plain_encoder = None
        if self.plain.size:
            encoder = InputEncoder(self.categorical, self.clip, columns=self.plain)
            self.plain_encoder = encoder.fit(X, sample_weight)
            groups.append(self.plain)
        #: Column of the table of each encoded input.
        self.groups = np.concatenate(groups)
        return self

    @property
    def n_inputs(self):
        """Number of encoded inputs."""
        return len(self.groups)

    @property
    def tabular_groups(self):
        """Column of each encoded input, without those of the plain branch."""
        return self.groups[: len(self.groups) - len(self.plain)]

    def _fit_numbers(self, block, sample_weight):
        if not sparse.issparse(block):
            # A column without any value has no mean: zeros make it a constant column.
            is_empty = np.isnan(block).all(axis=0)
            if is_empty.any():
                block = np.where(is_empty, 0, block)
        is_dense = not sparse.issparse(block)
        # Without a bound, outliers would be inputs of thousands of standard deviations.
        robust = is_dense and self.clip is not None
        self.scaler = fit_scaler(
            block, sample_weight, with_mean=is_dense, robust=robust
        )
        if sparse.issparse(block) or not np.isnan(block).any():
            return self.numeric
        self.marked = np.flatnonzero(np.isnan(block).any(axis=0))
        return np.concatenate([self.numeric, self.numeric[self.marked]])

    def _fit_categories(self, block):
        self.one_hot = OneHotEncoder(
            handle_unknown="infrequent_if_exist",
            max_categories=MAX_CATEGORIES,
            sparse_output=False,
        ).fit(block)
        widths = [
            len(names) if rare is None else len(names) - len(rare) + 1
            for names, rare in zip(
                self.one_hot.categories_,
                self.one_hot.infrequent_categories_,
                strict=True,
            )
        ]
        return np.repeat(self.classes, widths)

    def transform(self, X):
        """Encode rows into (n_samples, n_inputs); a CSR table stays CSR and uncentred."""
        blocks = []
        if self.scaler is not None:
            blocks.append(self._scale(self._numbers(X)))
        if self.one_hot is not None:
            blocks.append(self.one_hot.transform(self._categories(X)))
        if self.embedded is not None:
            blocks.append(self.embedded.transform(blocks[0][:, : self.numeric.size]))
        if self.plain_encoder is not None:
            # A missing value of the plain branch is the mean; no column marks it.
            encoded = self.plain_encoder.transform(X)
            blocks.append(encoded[:, : self.plain.size])
        return blocks[0] if len(blocks) == 1 else np.hstack(blocks)

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

    def _scale(self, block):
        scaled = self.scaler.transform(block)
        if sparse.issparse(scaled):
            scaled.data = self._clip_smoothly(scaled.data)
            return scaled
        scaled = self._clip_smoothly(scaled)
        missing = np.isnan(scaled)
        if missing.any():
            scaled = np.where(missing, 0, scaled)
        if not self.marked.size:
            return scaled
        return np.hstack([scaled, missing[:, self.marked]])

    def _clip_smoothly(self, scaled):
        # hypot, because the square of an extreme value overflows.
        if self.clip is None:
            return scaled
        return scaled / np.hypot(1, scaled / self.clip)

    def _numbers(self, X):
        if self.columns is None and not (self.categorical.size or self.plain.size):
            return X
        block = take(X, self.numeric, axis=1)
        if not self.categorical.size:  # `read_columns` has validated the numbers
            return block
        return check_numbers(block)

    def _categories(self, X):
        # Objects, because a later table may hold a column in another dtype: all missing, or
        # numbers instead of strings. Its values are unseen categories then.
        block = np.array(take(X, self.classes, axis=1), dtype=object)
        block[find_missing(block)] = np.nan
        return block
