# SPDX-License-Identifier: BSD-3-Clause
"""Columns of the input table: their number, names and roles, and the checks of later tables."""

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.utils.validation import validate_data

from ._sklearn import check_feature_names, check_n_features, count_samples

FLOATS = [np.float64, np.float32]
NO_COLUMNS = np.zeros(0, int)


class Columns(NamedTuple):
    """Columns of the table that an estimator was fitted on."""

    owner: str  #: class name of the estimator, for error messages
    n_features: int
    names: np.ndarray | None  #: (n_features,); None unless all names are strings
    categorical: np.ndarray  #: positions of the categorical columns, sorted
    plain: np.ndarray = NO_COLUMNS  #: positions of the columns of the plain branch
    levels: Any = None  #: Levels of the training rows


def read_columns(X, owner, categorical_features, plain_features=None):
    """Validate the table of a first fit.

    Parameters
    ----------
    X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
    owner : str
        Class name of the estimator, for error messages.
    categorical_features, plain_features
        As the user passed them.

    Returns
    -------
    X : array, CSR matrix, or the data frame itself if it has categorical columns
    columns : Columns
    """
    refuse_dates(X)
    categorical = find_categorical(X, categorical_features)
    if len(categorical):
        refuse_sparse_categories(X, categorical_features)
    checker = _make_checker(owner)
    X = _validate(checker, X, categorical, reset=True)
    names = getattr(checker, "feature_names_in_", None)
    plain = _find_plain(X, plain_features, names)
    _check_plain(plain, categorical, X, plain_features)
    return X, Columns(owner, checker.n_features_in_, names, categorical, plain)


def check_columns(X, columns):
    """Validate a later table: the same columns, in the same order.

    Returns
    -------
    array, CSR matrix, or the data frame itself if `columns` has categorical ones
    """
    refuse_dates(X)
    if len(columns.categorical):
        refuse_sparse_categories(X, columns.categorical.tolist())
    checker = _make_checker(columns.owner)
    checker.n_features_in_ = columns.n_features
    if columns.names is not None:
        checker.feature_names_in_ = columns.names
    return _validate(checker, X, columns.categorical, reset=False)


def _make_checker(owner):
    """Make the estimator on which scikit-learn's checks store names and number of columns.

    Its class has the name of the user's estimator, which the messages of the checks repeat.
    """
    return _checker_class(owner)()


@lru_cache
def _checker_class(owner):
    return type(owner, (BaseEstimator,), {})


def _validate(checker, X, categorical, *, reset):
    n_needed = 2 if reset else 1
    if not len(categorical):
        return validate_data(
            checker,
            X,
            accept_sparse="csr",
            dtype=FLOATS,
            ensure_all_finite=True if sparse.issparse(X) else "allow-nan",
            ensure_min_samples=n_needed,
            reset=reset,
        )
    X = X if hasattr(X, "columns") else np.asarray(X)
    n_samples = count_samples(X)
    if n_samples < n_needed:
        raise ValueError(
            f"Found array with {n_samples} sample(s) (shape={X.shape}) while a minimum of "
            f"{n_needed} is required by {type(checker).__name__}."
        )
    check_feature_names(checker, X, reset=reset)
    check_n_features(checker, X, reset=reset)
    return X


def refuse_sparse_categories(X, categorical_features):
    """Raise a ValueError for categorical columns in a sparse table."""
    if sparse.issparse(X):
        raise ValueError(
            f"Got categorical_features={categorical_features!r} with sparse X, but "
            "categories are expected in a dense array or a data frame. One-hot encode "
            "them before, or pass categorical_features=None."
        )


def refuse_dates(X):
    """Raise a ValueError for a data frame with columns of dates or times."""
    dates = [
        name
        for name, dtype in zip(getattr(X, "columns", ()), _dtype_names(X), strict=False)
        if dtype.startswith(("date", "time", "duration", "period"))
    ]
    if dates:
        raise ValueError(
            f"Got X with the column(s) {dates} of dates or times, but expected numbers and "
            "categories. Turn them into numbers before, such as the days since the first "
            "one, the month or the hour."
        )


def find_categorical(X, categorical_features):
    """Positions of the categorical columns of `X`, sorted."""
    if categorical_features is None:
        return NO_COLUMNS
    if isinstance(categorical_features, str):  # "from_dtype"
        return np.flatnonzero([_is_category(dtype) for dtype in _dtype_names(X)])
    selection = np.asarray(categorical_features)
    shape = X.shape if hasattr(X, "shape") else np.shape(X)
    if len(shape) != 2:
        raise ValueError(
            f"Expected 2D array, got X of shape {shape} instead. Reshape your data: one row "
            "per sample, one column per feature."
        )
    names = list(getattr(X, "columns", []))
    return _find_positions(selection, names, shape[1], "categorical_features")


def _find_positions(selection, names, n_features, parameter):
    """Sorted positions of columns that are selected by name, position or mask."""
    if selection.dtype == bool:
        if selection.shape != (n_features,):
            raise ValueError(
                f"Got {parameter} of shape {selection.shape}, but a boolean mask is "
                f"expected to have shape ({n_features},), one entry per column of X."
            )
        return np.flatnonzero(selection)
    if selection.dtype.kind in "OUST":
        unknown = [name for name in selection.tolist() if name not in names]
        if unknown:
            raise ValueError(
                f"Got {parameter}={selection.tolist()!r}, but X has no column "
                f"{unknown}. Pass names of columns of a data frame, or positions."
            )
        return np.sort([names.index(name) for name in selection.tolist()])
    is_whole = np.array_equal(selection, selection.astype(int))
    if selection.size and (
        selection.min() < 0 or selection.max() >= n_features or not is_whole
    ):
        raise ValueError(
            f"Got {parameter}={selection.tolist()}, but expected positions between 0 "
            f"and {n_features - 1}: X has {n_features} columns."
        )
    return np.unique(selection.astype(int))


def _find_plain(X, selection, names):
    """Sorted positions of the columns of the plain branch, of a validated `X`."""
    if selection is None:
        return NO_COLUMNS
    n_features = X.shape[1]
    names = [] if names is None else list(names)
    if isinstance(selection, slice):
        return np.arange(n_features)[_slice_of_positions(selection, names)]
    selection = np.atleast_1d(np.asarray(selection))
    return _find_positions(selection, names, n_features, "plain_branch columns")


def _slice_of_positions(selection, names):
    """Slice of positions; a slice between two names includes the last, as in pandas."""
    ends = {}
    for end in ("start", "stop"):
        value = getattr(selection, end)
        if isinstance(value, str):
            wanted = np.array([value])
            position = _find_positions(
                wanted, names, len(names), "plain_branch columns"
            )
            value = int(position[0]) + (end == "stop")
        ends[end] = value
    return slice(ends["start"], ends["stop"], selection.step)


def _check_plain(plain, categorical, X, selection):
    """Raise a ValueError for plain columns that the plain branch cannot take."""
    if not plain.size:
        return
    both = np.intersect1d(plain, categorical)
    if both.size:
        raise ValueError(
            f"Got plain_branch columns={selection!r} with the categorical column(s) "
            f"{both.tolist()}, but the plain branch takes numbers. Leave them out of it, or "
            "encode them."
        )
    if sparse.issparse(X):
        raise ValueError(
            f"Got plain_branch columns={selection!r} with sparse X, but a table with a "
            "plain branch is expected to be dense. Pass X.toarray()."
        )
    if plain.size == X.shape[1]:
        raise ValueError(
            f"Got plain_branch columns={selection!r}, all {X.shape[1]} columns of X, but "
            "expected some that are regularized. Pass plain_branch=None and penalty=None "
            "for a network without any."
        )


def _dtype_names(X):
    """Lower-case dtype names of a pandas or polars frame; empty for any other table."""
    if not hasattr(X, "columns") or not hasattr(X, "dtypes"):
        return []
    return [str(dtype).lower() for dtype in X.dtypes]


def _is_category(dtype):
    return dtype.startswith(
        ("category", "categorical", "enum", "object", "str", "utf8")
    )
