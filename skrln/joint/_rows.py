# SPDX-License-Identifier: BSD-3-Clause
"""Tables as rows of numbers that networks can make, and the way back to the user's form."""

import numpy as np
from scipy import sparse
from sklearn.preprocessing import (
    MinMaxScaler,
    OneHotEncoder,
    QuantileTransformer,
    StandardScaler,
)
from sklearn.utils import check_array
from sklearn.utils.validation import validate_data

from skrln._core._preprocessing import check_inputs, find_categorical, refuse_dates
from skrln._core._sklearn import take
from skrln._core._validation import find_missing

#: Normal scores are drawn in to this: a column's extremes would be at five otherwise.
SCORE_BOUND = 2.5
MAX_QUANTILES = 1000


def check_rows(estimator, X):
    """Validate the table of fit; `estimator` learns its width and column names.

    Returns
    -------
    X : ndarray or pandas DataFrame
        In its own types.
    categorical : ndarray of int
        Positions of the columns of categories; columns of booleans are among them.
    """
    refuse_dates(X)
    if hasattr(X, "columns") and not hasattr(X, "iloc"):
        raise ValueError(
            f"Got X of type {type(X).__name__}, but expected an array or a pandas "
            "DataFrame: samples come back in the same form. Convert it first."
        )
    if sparse.issparse(X):
        validate_data(estimator, X)  # raises, in scikit-learn's words
    if len(find_categorical(X, estimator.categorical_features)):
        check_inputs(estimator, X, reset=True)
    else:
        checked = {"ensure_all_finite": "allow-nan", "ensure_min_samples": 2}
        found = validate_data(estimator, X, dtype="numeric", **checked)
        if not hasattr(X, "columns"):
            X = found
    X = X if hasattr(X, "columns") else np.asarray(X)
    categorical = find_categorical(X, estimator.categorical_features)
    if estimator.categorical_features is not None:
        categorical = np.union1d(categorical, _find_booleans(X))
    return X, categorical.astype(int)


def _find_booleans(X):
    """Positions of the columns of booleans."""
    if hasattr(X, "columns"):
        return np.flatnonzero([str(kind).startswith("bool") for kind in X.dtypes])
    return np.arange(X.shape[1]) if X.dtype.kind == "b" else np.zeros(0, int)


class RowEncoder:
    """Numbers scaled, categories one-hot, and what is missing marked; invertible.

    An encoded row has the numbers, a pair of columns (there, missing) for each number that is
    missing somewhere, and a block of one-hot columns for each category. A missing number is
    zero. A missing category is one of the categories.

    Parameters
    ----------
    categorical : ndarray of int
        Positions of the columns of categories.
    scaling : {"quantile", "range"}
        Numbers become normal scores of their ranks, column by column, or are mapped to [-1, 1]
        by the lowest and the highest number of the whole table.
    """

    def __init__(self, categorical, scaling):
        self.categorical = categorical
        self.scaling = scaling

    def fit(self, X):
        """Learn columns, types, scales and categories of a table."""
        self.numeric = np.setdiff1d(np.arange(X.shape[1]), self.categorical)
        self._fit_form(X)
        self.scaler = self.ranks = self.one_hot = None
        self.masked, widths = np.zeros(0, int), []
        if self.numeric.size:
            self._fit_numbers(self._numbers(X))
        if self.categorical.size:
            self.one_hot = OneHotEncoder(sparse_output=False)
            self.one_hot.fit(self._categories(X))
            widths = [len(names) for names in self.one_hot.categories_]
        self.blocks = (*(2,) * len(self.masked), *widths)
        return self

    def _fit_form(self, X):
        """Names and types of the columns, in plain words."""
        self.names = None
        if not hasattr(X, "columns"):
            self.types = X.dtype.name
            return
        self.names = list(X.columns)
        self.types = []
        for kind in X.dtypes:
            levels = None
            if hasattr(kind, "ordered"):  # of categories, those without rows included
                levels = (kind.categories.tolist(), bool(kind.ordered))
            self.types.append((str(kind), levels))

    def _fit_numbers(self, block):
        missing = np.isnan(block)
        self.masked = np.flatnonzero(missing.any(axis=0))
        # A column without any value has no scale: call it zero; it is missing all the same.
        block = np.where(missing.all(axis=0), 0.0, block)
        self.whole = np.all((block == np.rint(block)) | np.isnan(block), axis=0)
        if self.scaling == "range":
            self.scaler = MinMaxScaler((-1, 1), clip=True).fit(block.reshape(-1, 1))
            return
        self.ranks = QuantileTransformer(
            n_quantiles=min(MAX_QUANTILES, len(block)),
            output_distribution="normal",
            subsample=None,
        ).fit(block)
        self.scaler = StandardScaler().fit(self._scores(block))

    def transform(self, X):
        """Encoded rows, (n_samples, n_encoded)."""
        parts = []
        if self.numeric.size:
            block = self._numbers(X)
            missing = np.isnan(block)
            parts.append(np.where(missing, 0, self._scale(block)))
            hidden = missing[:, self.masked]
            pairs = np.stack([~hidden, hidden], axis=2)
            parts.append(pairs.reshape(len(block), -1).astype(float))
        if self.one_hot is not None:
            parts.append(self.one_hot.transform(self._categories(X)))
        return np.hstack(parts)

    def inverse_transform(self, rows):
        """Table in the form that `fit` has seen, of encoded rows."""
        columns = {}
        n_numbers = self.numeric.size
        first_block = n_numbers + 2 * len(self.masked)
        if n_numbers:
            block = self._unscale(rows[:, :n_numbers])
            block[:, self.whole] = np.rint(block[:, self.whole])
            missing = rows[:, n_numbers + 1 : first_block : 2] > 0.5
            block[:, self.masked] = np.where(missing, np.nan, block[:, self.masked])
            columns |= dict(zip(self.numeric, block.T, strict=True))
        if self.one_hot is not None:
            found = self.one_hot.inverse_transform(rows[:, first_block:])
            columns |= dict(zip(self.categorical, found.T, strict=True))
        if self.names is not None:
            return self._frame(columns)
        table = np.empty((len(rows), len(columns)), self.types)
        for k, values in columns.items():
            table[:, k] = values
        return table

    def _frame(self, columns):
        """Columns by their position as a data frame like that of `fit`."""
        import pandas as pd

        found = {}
        for k, (kind, levels) in enumerate(self.types):
            dtype = kind if levels is None else pd.CategoricalDtype(*levels)
            found[k] = pd.Series(columns[k], dtype=dtype)
        frame = pd.DataFrame(found)
        frame.columns = self.names
        return frame

    def _scores(self, block):
        """Normal scores of the ranks, drawn in."""
        return np.clip(self.ranks.transform(block), -SCORE_BOUND, SCORE_BOUND)

    def _scale(self, block):
        if self.scaling == "range":
            return self.scaler.transform(block.reshape(-1, 1)).reshape(block.shape)
        return self.scaler.transform(self._scores(block))

    def _unscale(self, block):
        if self.scaling == "range":
            inside = np.clip(block, -1, 1).reshape(-1, 1)
            return self.scaler.inverse_transform(inside).reshape(block.shape)
        return self.ranks.inverse_transform(self.scaler.inverse_transform(block))

    def _numbers(self, X):
        return check_array(
            take(X, self.numeric, axis=1),
            dtype=np.float64,
            ensure_all_finite="allow-nan",
            input_name="X",
        )

    def _categories(self, X):
        block = np.array(take(X, self.categorical, axis=1), dtype=object)
        block[find_missing(block)] = np.nan
        return block
