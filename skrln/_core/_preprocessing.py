# SPDX-License-Identifier: BSD-3-Clause
"""From the table as the user has it to the numbers that a network takes."""

import numpy as np
from scipy import sparse
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils import check_array
from sklearn.utils.validation import validate_data

from ._piecewise import PiecewiseEncoder
from ._sklearn import check_feature_names, check_n_features, count_samples, take
from ._validation import find_missing

#: One-hot columns that one categorical column can become; rarer categories share the last.
MAX_CATEGORIES = 64
FLOATS = [np.float64, np.float32]
NOTHING = np.zeros(0, int)


def check_inputs(estimator, X, *, reset):
    """Validate `X` against `estimator`, which learns its width and column names on `reset`.

    Returns
    -------
    array, CSR matrix, or the data frame itself where it has categorical columns.
    """
    refuse_dates(X)
    if reset:
        categorical = find_categorical(X, estimator.categorical_features)
    else:
        categorical = estimator._encoder.categorical
    if not len(categorical):
        return validate_data(
            estimator,
            X,
            accept_sparse="csr",
            dtype=FLOATS,
            ensure_all_finite="allow-nan" if not sparse.issparse(X) else True,
            ensure_min_samples=2 if reset else 1,
            reset=reset,
        )
    if sparse.issparse(X):
        raise ValueError(
            f"Got categorical_features={estimator.categorical_features!r} with sparse X, "
            "but categories are expected in a dense array or a data frame. One-hot encode "
            "them before, or pass categorical_features=None."
        )
    X = X if hasattr(X, "columns") else np.asarray(X)
    n_samples, least = count_samples(X), 2 if reset else 1
    if n_samples < least:
        raise ValueError(
            f"Found array with {n_samples} sample(s) (shape={X.shape}) while a minimum of "
            f"{least} is required by {type(estimator).__name__}."
        )
    check_feature_names(estimator, X, reset=reset)
    check_n_features(estimator, X, reset=reset)
    return X


def find_categorical(X, categorical_features):
    """Positions of the categorical columns of `X`, sorted."""
    if categorical_features is None:
        return np.zeros(0, int)
    if isinstance(categorical_features, str):  # "from_dtype"
        return np.flatnonzero([_is_category(dtype) for dtype in _column_types(X)])
    asked = np.asarray(categorical_features)
    shape = X.shape if hasattr(X, "shape") else np.shape(X)
    if len(shape) != 2:
        raise ValueError(
            f"Expected 2D array, got X of shape {shape} instead. Reshape your data: one row "
            "per sample, one column per feature."
        )
    names = list(getattr(X, "columns", []))
    return _find_columns(asked, names, shape[1], "categorical_features")


def _find_columns(asked, names, n_features, parameter):
    """Sorted positions of columns that are given by name, position or mask."""
    if asked.dtype == bool:
        if asked.shape != (n_features,):
            raise ValueError(
                f"Got {parameter} of shape {asked.shape}, but a boolean mask is expected "
                f"to have shape ({n_features},), one entry per column of X."
            )
        return np.flatnonzero(asked)
    if asked.dtype.kind in "OUST":
        unknown = [name for name in asked.tolist() if name not in names]
        if unknown:
            raise ValueError(
                f"Got {parameter}={asked.tolist()!r}, but X has no column "
                f"{unknown}. Pass names of columns of a data frame, or positions."
            )
        return np.sort([names.index(name) for name in asked.tolist()])
    whole = np.array_equal(asked, asked.astype(int))
    if asked.size and (asked.min() < 0 or asked.max() >= n_features or not whole):
        raise ValueError(
            f"Got {parameter}={asked.tolist()}, but expected positions between 0 "
            f"and {n_features - 1}: X has {n_features} columns."
        )
    return np.unique(asked.astype(int))


def plain_columns(estimator, X):
    """Sorted positions of the columns in `plain_features`, of a validated `X`."""
    asked = estimator.plain_features
    if asked is None:
        return NOTHING
    n_features = X.shape[1]
    names = list(getattr(estimator, "feature_names_in_", []))
    if isinstance(asked, slice):
        asked = _slice_of_positions(asked, names)
        return np.arange(n_features)[asked]
    return _find_columns(
        np.atleast_1d(np.asarray(asked)), names, n_features, "plain_features"
    )


def _slice_of_positions(asked, names):
    """Slice of positions; between two names, as in pandas, the last one is included."""
    ends = {}
    for end, value in (("start", asked.start), ("stop", asked.stop)):
        if isinstance(value, str):
            found = _find_columns(
                np.array([value]), names, len(names), "plain_features"
            )
            value = int(found[0]) + (end == "stop")
        ends[end] = value
    return slice(ends["start"], ends["stop"], asked.step)


def check_plain(plain, categorical, X, asked):
    """Refuse plain columns that no branch can take."""
    if not plain.size:
        return
    both = np.intersect1d(plain, categorical)
    if both.size:
        raise ValueError(
            f"Got plain_features={asked!r} with the categorical column(s) {both.tolist()}, "
            "but the plain branch takes numbers. Leave them out of it, or encode them."
        )
    if sparse.issparse(X):
        raise ValueError(
            f"Got plain_features={asked!r} with sparse X, but a table with a plain branch "
            "is expected to be dense. Pass X.toarray()."
        )
    if plain.size == X.shape[1]:
        raise ValueError(
            f"Got plain_features={asked!r}, all {X.shape[1]} columns of X, but expected "
            "some that are regularized. Pass plain_features=None and "
            "regularization=None for a network without any."
        )


def _column_types(X):
    """Names of the column types of a pandas or polars frame; none for anything else."""
    if not hasattr(X, "columns") or not hasattr(X, "dtypes"):
        return []
    return [str(dtype).lower() for dtype in X.dtypes]


def refuse_dates(X):
    """Raise where a data frame has columns of dates or times."""
    dated = [
        name
        for name, dtype in zip(
            getattr(X, "columns", ()), _column_types(X), strict=False
        )
        if dtype.startswith(("date", "time", "duration", "period"))
    ]
    if dated:
        raise ValueError(
            f"Got X with the column(s) {dated} of dates or times, but expected numbers and "
            "categories. Turn them into numbers before, such as the days since the first "
            "one, the month or the hour."
        )


def fit_scaler(table, sample_weight, *, with_mean=True):
    """Weighted mean and standard deviation of each column; NaN does not count.

    The mean of equal numbers can be off by a rounding error, which is no small number where
    they are 1e30: such a column is centred on its value.
    """
    scaler = StandardScaler(with_mean=with_mean).fit(table, sample_weight=sample_weight)
    if with_mean:
        lowest = np.fmin.reduce(table, axis=0)
        constant = lowest == np.fmax.reduce(table, axis=0)
        scaler.mean_ = np.where(constant, lowest, scaler.mean_)
        scaler.scale_ = np.where(constant, 1.0, scaler.scale_)
    return scaler


def _is_category(dtype):
    return dtype.startswith(
        ("category", "categorical", "enum", "object", "str", "utf8")
    )


class InputEncoder:
    """Scale numbers, one-hot encode categories, mark what is missing.

    Numbers are centred and scaled by weighted mean and standard deviation; a missing one
    becomes the mean, with a 0/1 column beside it where some were missing in training. A
    category that was not seen in training is all zeros, or falls among the rare ones.

    Parameters
    ----------
    categorical : ndarray of int
        Positions of the categorical columns.
    clip : float or None
        Scaled numbers are drawn in towards this bound, smoothly.
    piecewise : bool
        Whether numbers are encoded piece by piece, too, in a dense table.
    columns : ndarray of int, default=None
        Positions of the columns to encode; the others are left out. None for all.
    plain : ndarray of int, default=()
        Positions of numeric columns that come last, and not piece by piece.
    """

    def __init__(
        self, categorical, clip=None, piecewise=False, columns=None, plain=NOTHING
    ):
        self.categorical = categorical
        self.clip = clip
        self.piecewise = piecewise
        self.columns = columns
        self.plain = plain

    def fit(self, X, sample_weight, targets=None):
        """Learn from the rows given.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        sample_weight : ndarray of shape (n_samples,)
        targets : ndarray of shape (n_samples, n_targets)
            What pieces should tell apart; used with `piecewise` only.
        """
        columns = np.arange(X.shape[1]) if self.columns is None else self.columns
        self.numeric = np.setdiff1d(columns, [*self.categorical, *self.plain])
        self.classes = np.intersect1d(columns, self.categorical)
        self.scaler = self.imputer = self.one_hot = self.pieces = None
        groups = []
        if self.numeric.size:
            groups.append(self._fit_numbers(self._numbers(X), sample_weight))
        if self.classes.size:
            groups.append(self._fit_categories(self._categories(X)))
        if self.piecewise and self.numeric.size:
            scaled = np.asarray(self._scale(self._numbers(X)))[:, : self.numeric.size]
            self.pieces = PiecewiseEncoder().fit(scaled, targets, sample_weight)
            groups.append(np.repeat(self.numeric, self.pieces.widths))
        self.plain_encoder = None
        if self.plain.size:
            alone = InputEncoder(self.categorical, self.clip, columns=self.plain)
            self.plain_encoder = alone.fit(X, sample_weight)
            groups.append(self.plain)
        self.groups = np.concatenate(groups)
        return self

    def _fit_numbers(self, block, sample_weight):
        if not sparse.issparse(block):
            # A column without any value has no mean: call it zero, and it is constant.
            hollow = np.isnan(block).all(axis=0)
            if hollow.any():
                block = np.where(hollow, 0, block)
        self.scaler = fit_scaler(
            block, sample_weight, with_mean=not sparse.issparse(block)
        )
        if sparse.issparse(block) or not np.isnan(block).any():
            return self.numeric
        self.imputer = SimpleImputer(
            strategy="constant", fill_value=0.0, add_indicator=True
        ).fit(block)
        return np.concatenate(
            [self.numeric, self.numeric[self.imputer.indicator_.features_]]
        )

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
        """Encoded rows, (n_samples, n_encoded); CSR stays CSR, without centring."""
        parts = []
        if self.scaler is not None:
            parts.append(self._scale(self._numbers(X)))
        if self.one_hot is not None:
            parts.append(self.one_hot.transform(self._categories(X)))
        if self.pieces is not None:
            parts.append(self.pieces.transform(parts[0][:, : self.numeric.size]))
        if self.plain_encoder is not None:
            # What is missing there is the mean; no column beside it tells so.
            encoded = self.plain_encoder.transform(X)
            parts.append(encoded[:, : self.plain.size])
        return parts[0] if len(parts) == 1 else np.hstack(parts)

    def _scale(self, block):
        if sparse.issparse(block) and self.scaler.with_mean:
            block = block.toarray()  # centred, it has no zeros left
        if sparse.issparse(block):
            scaled = self.scaler.transform(block)
            scaled.data = self._draw_in(scaled.data)
            return scaled
        if self.scaler.with_mean:
            block = block - self.scaler.mean_
        scaled = self._draw_in(block / self.scaler.scale_)
        if self.imputer is not None:
            return self.imputer.transform(scaled)
        missing = np.isnan(scaled)
        return np.where(missing, 0, scaled) if missing.any() else scaled

    def _draw_in(self, scaled):
        # hypot, because the square of a wild value could overflow.
        if self.clip is None:
            return scaled
        return scaled / np.hypot(1, scaled / self.clip)

    def _numbers(self, X):
        if self.columns is None and not (self.categorical.size or self.plain.size):
            return X
        block = take(X, self.numeric, axis=1)
        if not self.categorical.size:  # validated already
            return block
        return check_array(
            block, dtype=FLOATS, ensure_all_finite="allow-nan", input_name="X"
        )

    def _categories(self, X):
        # As objects, because a column may come in another type than it had in fit: all of
        # it missing, or numbers where strings were. What is new is an unseen category.
        block = np.array(take(X, self.classes, axis=1), dtype=object)
        block[find_missing(block)] = np.nan
        return block
