# SPDX-License-Identifier: BSD-3-Clause
"""Encoding of tables as rows of numbers, and decoding of generated rows to tables."""

import numpy as np
from scipy import sparse
from sklearn.preprocessing import (
    MinMaxScaler,
    OneHotEncoder,
    QuantileTransformer,
    StandardScaler,
)
from sklearn.utils import check_array

from skrln._table._arguments import find_missing
from skrln._table._columns import NO_COLUMNS, convert_numbers, read_columns
from skrln._table._frames import cells_of, read_table, with_dense_columns
from skrln._table._optional import load_optional
from skrln._table._sklearn import take
from skrln._table._suspects import warn_suspects

#: Values of `scaling`.
SCALINGS = ("quantile", "range")
#: Bound of the normal scores. Without it, the extremes of a column would lie near 5 standard
#: deviations.
SCORE_BOUND = 2.5
#: Quantiles that map a column to normal scores.
MAX_QUANTILES = 1000


def check_rows(X, owner, categorical_features):
    """Validate the table of fit.

    Parameters
    ----------
    X : array-like or pandas DataFrame of shape (n_samples, n_features)
    owner : str
        Class name of the estimator, for error messages.
    categorical_features
        As the user passed it.

    Returns
    -------
    X : ndarray or pandas DataFrame
        In its own types.
    columns : Columns
        Columns of booleans are among the categorical ones.
    """
    if hasattr(X, "columns") and not hasattr(X, "iloc"):
        raise ValueError(
            f"Got X of type {type(X).__name__}, but expected an array or a pandas "
            "DataFrame, because samples have the form of X. Convert X first."
        )
    if sparse.issparse(X):
        raise TypeError(
            f"Sparse data was passed to {owner}, but dense data is required. Pass "
            "X.toarray()."
        )
    table, columns = read_columns(X, owner, categorical_features)
    warn_suspects(table, columns)
    X = with_dense_columns(X)
    if not hasattr(X, "columns"):
        # Numbers keep their type: samples come back in it.
        X = check_array(X, dtype=None, ensure_all_finite=False)
        if X.dtype.kind in "OUS" and not len(columns.categorical):
            X = table  # objects and strings that are all numbers
    categorical = columns.categorical
    if categorical_features is not None:
        categorical = np.union1d(categorical, _find_booleans(X))
    return X, columns._replace(categorical=categorical.astype(int))


def _find_booleans(X):
    """Positions of the boolean columns."""
    if hasattr(X, "columns"):
        return np.flatnonzero([str(kind).startswith("bool") for kind in X.dtypes])
    return np.arange(X.shape[1]) if X.dtype.kind == "b" else np.zeros(0, int)


def _dtype_name(kind):
    """Return the name of a pandas type, or "object" if pandas cannot read its name."""
    types = load_optional("pandas.api.types", "A fit to a data frame")
    name = str(kind)
    try:
        types.pandas_dtype(name)
    except (TypeError, ValueError, NotImplementedError):  # some types of pyarrow
        return "object"
    return name


def _range_exponents(block):
    """Powers of two that bring the range of each column near 1; 0 for constant columns."""
    low, high = np.fmin.reduce(block, axis=0), np.fmax.reduce(block, axis=0)
    # Halves, because a difference of the largest numbers overflows.
    half = high / 2 - low / 2
    return np.where(half > 0, -np.frexp(half)[1], 0)


class RowEncoder:
    """Invertible encoder: scaled numbers, one-hot categories, and indicators of missing values.

    An encoded row consists of three parts: the scaled numbers; a pair of indicators (present,
    missing) for each numeric column with missing values; and a block of one-hot columns for
    each categorical column. A missing number is encoded as 0. A missing category is one more
    category.

    Parameters
    ----------
    categorical : ndarray of int
        Positions of the categorical columns.
    scaling : {"quantile", "range"}
        "quantile" maps the numbers of each column to normal scores of their ranks. "range" maps
        the lowest and the highest number of the whole table to -1 and 1.

    Attributes
    ----------
    numeric : ndarray of int
        Positions of the numeric columns.
    masked : ndarray of int
        Positions, among the numeric columns, of those with missing values.
    blocks : tuple of int
        Widths of the one-hot blocks: pairs of indicators first, then categorical columns.
    """

    def __init__(self, categorical, scaling):
        self.categorical = categorical
        self.scaling = scaling

    def fit(self, X):
        """Learn the columns, types, scales and categories of a table."""
        self.numeric = np.setdiff1d(np.arange(X.shape[1]), self.categorical)
        self._fit_form(X)
        self.scaler = self.ranks = self.one_hot = None
        self.masked, widths = np.zeros(0, int), []
        if self.numeric.size:
            self._fit_numbers(self._numbers(X))
        if self.categorical.size:
            self.one_hot = OneHotEncoder(sparse_output=False)
            self.one_hot.fit(self._categories(X))
            widths = [len(levels) for levels in self.one_hot.categories_]
        self.blocks = (*(2,) * len(self.masked), *widths)
        return self

    def _fit_form(self, X):
        """Record names and types of the columns as plain Python values."""
        # Plain values, not pandas objects: the fitted state must load in skops.
        self.names = None
        if not hasattr(X, "columns"):
            # A width of strings would cut off the numbers among them.
            self.types = "object" if X.dtype.kind in "US" else X.dtype.name
            return
        self.names = list(X.columns)
        self.types = []
        for kind in X.dtypes:
            levels = None
            if hasattr(kind, "ordered"):  # categorical; levels may have no rows
                levels = (kind.categories.tolist(), bool(kind.ordered))
            name = str(kind) if levels else _dtype_name(kind)
            self.types.append((name, levels))

    def _fit_numbers(self, block):
        """Learn the scales of the numeric columns."""
        missing = np.isnan(block)
        self.masked = np.flatnonzero(missing.any(axis=0))
        # A column without any value has no scale. Zeros give it one, and its indicators still
        # mark every value as missing.
        block = np.where(missing.all(axis=0), 0.0, block)
        self.whole = np.all((block == np.rint(block)) | np.isnan(block), axis=0)
        # The scalers of scikit-learn take ranges below about 1e-7 for zero.
        is_range = self.scaling == "range"
        self.exponents = _range_exponents(block.reshape(-1, 1) if is_range else block)
        block = np.ldexp(block, self.exponents)
        if is_range:
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
        blocks = []
        if self.numeric.size:
            numbers = self._numbers(X)
            missing = np.isnan(numbers)
            blocks.append(np.where(missing, 0, self._scale(numbers)))
            missing = missing[:, self.masked]
            pairs = np.stack([~missing, missing], axis=2)
            blocks.append(pairs.reshape(len(numbers), -1).astype(float))
        if self.one_hot is not None:
            blocks.append(self.one_hot.transform(self._categories(X)))
        return np.hstack(blocks)

    def inverse_transform(self, rows):
        """Decode rows to a table in the form of the table of `fit`."""
        columns = {}
        n_numbers = self.numeric.size
        first_block = n_numbers + 2 * len(self.masked)
        if n_numbers:
            block = self._unscale(rows[:, :n_numbers])
            # Columns of whole numbers stay whole: 1.7 visits do not exist.
            block[:, self.whole] = np.rint(block[:, self.whole])
            # The second indicator of each pair marks a missing number.
            missing = rows[:, n_numbers + 1 : first_block : 2] > 0.5
            block[:, self.masked] = np.where(missing, np.nan, block[:, self.masked])
            columns |= dict(zip(self.numeric, block.T, strict=True))
        if self.one_hot is not None:
            block = self.one_hot.inverse_transform(rows[:, first_block:])
            columns |= dict(zip(self.categorical, block.T, strict=True))
        if self.names is not None:
            return self._frame(columns)
        table = np.empty((len(rows), len(columns)), self.types)
        for k, values in columns.items():
            table[:, k] = values
        return table

    def _frame(self, columns):
        """Data frame with the names and types of `fit`, from columns by position."""
        pd = load_optional("pandas", "A model that was fitted to a data frame")
        series = {}
        for k, (kind, levels) in enumerate(self.types):
            dtype = kind if levels is None else pd.CategoricalDtype(*levels)
            series[k] = pd.Series(columns[k], dtype=dtype)
        frame = pd.DataFrame(series)
        frame.columns = self.names  # set last, because names may repeat
        return frame

    def _scores(self, block):
        """Normal scores of the ranks, clipped to the bound."""
        return np.clip(self.ranks.transform(block), -SCORE_BOUND, SCORE_BOUND)

    def _scale(self, block):
        """Scale numbers; NaN stays NaN."""
        block = np.ldexp(block, self.exponents)
        if self.scaling == "range":
            return self.scaler.transform(block.reshape(-1, 1)).reshape(block.shape)
        return self.scaler.transform(self._scores(block))

    def _unscale(self, block):
        """Invert `_scale`."""
        if self.scaling == "range":
            inside = np.clip(block, -1, 1).reshape(-1, 1)
            numbers = self.scaler.inverse_transform(inside).reshape(block.shape)
        else:
            scores = self.scaler.inverse_transform(block)
            numbers = self.ranks.inverse_transform(scores)
        return np.ldexp(numbers, -self.exponents)

    def _numbers(self, X):
        """Numeric columns as float64, with NaN for missing values."""
        block = take(X, self.numeric, axis=1)
        # Object columns may hold pandas.NA, which is no float.
        block = convert_numbers(block, read_table(block), NO_COLUMNS)
        with np.errstate(invalid="ignore"):  # a sum of the largest numbers
            return check_array(
                block,
                dtype=np.float64,
                ensure_all_finite="allow-nan",
                input_name="X",
            )

    def _categories(self, X):
        """Categorical columns as objects, with NaN for missing values."""
        # Column by column: together, whole numbers beside floats would become floats.
        block = np.empty((len(X), len(self.categorical)), object)
        for place, k in enumerate(self.categorical):
            block[:, place] = cells_of(X, k)
        block[find_missing(block)] = np.nan
        return block
