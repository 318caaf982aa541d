# SPDX-License-Identifier: BSD-3-Clause
"""Columns of the input table: their number, names and roles, and the checks of later tables."""

from collections import Counter
from collections.abc import Hashable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.utils import check_array

from ._cells import Role, as_floats
from ._frames import (
    cells_of,
    column_dtypes,
    column_names,
    has_zeros,
    is_frame,
    is_sparse_dtype,
    read_table,
    with_columns,
)
from ._optional import load_optional
from ._sklearn import check_feature_names, check_n_features, count_samples

FLOATS = [np.float64, np.float32]
NO_COLUMNS = np.zeros(0, int)
#: Most columns that an error message shows.
MOST_SHOWN = 5
#: Roles that the cells of a categorical and of a numeric column never have.
NO_CATEGORIES = frozenset({Role.DATES, Role.COMPLEX, Role.OBJECTS})
NO_NUMBERS = NO_CATEGORIES | {Role.INTERVALS}
#: Ways out for columns that are refused.
WAYS_OUT = {
    Role.DATES: (
        "Turn them into numbers before, such as the days since the first one, the month or "
        "the hour."
    ),
    Role.INTERVALS: (
        "Turn them into numbers, such as their middle (.mid) or the codes of their order, or "
        "into categories by astype('category')."
    ),
    Role.COMPLEX: (
        "Complex data not supported: pass the real and the imaginary parts as columns."
    ),
    Role.MIXED: (
        "Make them one type: pandas.to_numeric(column, errors='coerce') for numbers, or "
        "column.astype(str) for categories."
    ),
    Role.OBJECTS: (
        "Turn containers into a column for each entry, and other objects into numbers or "
        "strings, or drop the column(s)."
    ),
}


class Columns(NamedTuple):
    """Columns of the table that an estimator was fitted on."""

    owner: str  #: class name of the estimator, for error messages
    n_features: int
    names: np.ndarray | None  #: (n_features,); None unless all names are strings
    categorical: np.ndarray  #: positions of the categorical columns, sorted
    plain: np.ndarray = NO_COLUMNS  #: positions of the columns of the plain branch
    levels: Any = None  #: Levels of the training rows
    has_warned: bool = False  #: whether `partial_fit` warned of unknown categories


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
        Columns of objects that are numbers are converted to float64.
    columns : Columns
    """
    X = check_dimensions(X)
    cells = read_table(X)
    categorical = find_categorical(X, categorical_features, cells)
    if len(categorical):
        refuse_sparse_categories(X, categorical_features)
    # Numbers among strings are one column of numbers only where the user said so.
    by_dtype = isinstance(categorical_features, str) and is_frame(X)
    numbers_refused = NO_NUMBERS | {Role.MIXED} if by_dtype else NO_NUMBERS
    refuse_columns(X, cells, categorical, numbers_refused, NO_CATEGORIES | {Role.MIXED})
    checker = _make_checker(owner)
    X = _validate(checker, X, cells, categorical, reset=True)
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
    X = check_dimensions(X)
    if len(columns.categorical):
        refuse_sparse_categories(X, columns.categorical.tolist())
    checker = _make_checker(columns.owner)
    checker.n_features_in_ = columns.n_features
    if columns.names is not None:
        checker.feature_names_in_ = columns.names
    return _validate(checker, X, None, columns.categorical, reset=False)


def check_dimensions(X):
    """Return `X` with two dimensions; a list becomes an array, an Arrow table a frame."""
    if hasattr(X, "collect_schema") and not hasattr(X, "shape"):
        raise ValueError(
            f"Got X of type {type(X).__name__}, a query without rows, but expected a table in "
            "memory. Pass X.collect()."
        )
    if not is_frame(X) and hasattr(X, "to_pandas"):
        load_optional("pandas", f"X of type {type(X).__name__}")
        X = X.to_pandas()  # a table of pyarrow
    if not hasattr(X, "shape"):
        try:
            X = np.asarray(X)
        except ValueError as error:
            raise ValueError(
                f"Got X of type {type(X).__name__} that is no table ({error}), but expected "
                "rows of equal length. Pad the rows with NaN, or pass a data frame."
            ) from error
    if len(X.shape) != 2:
        raise ValueError(
            f"Expected 2D array, got {len(X.shape)}D array instead: X of shape "
            f"{tuple(X.shape)}. Reshape your data: X.reshape(-1, 1) for a single column, "
            "X.reshape(1, -1) for a single row, X.reshape(len(X), -1) to flatten samples."
        )
    kind = getattr(getattr(X, "dtype", None), "kind", "f")
    if kind == "c":
        raise ValueError(
            f"Complex data not supported: X is of type {X.dtype}. Pass the real and the "
            "imaginary parts as columns."
        )
    if kind in "mM":
        raise ValueError(
            f"Got X of type {X.dtype}, but expected numbers. {WAYS_OUT[Role.DATES]}"
        )
    return X


def _make_checker(owner):
    """Make the estimator on which scikit-learn's checks store names and number of columns.

    Its class has the name of the user's estimator, which the messages of the checks repeat.
    """
    return _checker_class(owner)()


@lru_cache
def _checker_class(owner):
    return type(owner, (BaseEstimator,), {})


def _validate(checker, X, cells, categorical, *, reset):
    """Check names, number of columns, and numbers; `cells` is None for a later table."""
    _refuse_repeated_names(X)
    check_feature_names(checker, X, reset=reset)
    check_n_features(checker, X, reset=reset)
    if cells is None:
        cells = read_table(X)
        refuse_columns(X, cells, categorical, NO_NUMBERS, NO_CATEGORIES)
    X = convert_numbers(X, cells, categorical)
    n_needed = 2 if reset else 1
    if not len(categorical):
        with np.errstate(invalid="ignore"):  # a sum of the largest numbers
            return check_array(
                X,
                accept_sparse="csr",
                dtype=FLOATS,
                ensure_all_finite=True if sparse.issparse(X) else "allow-nan",
                ensure_min_samples=n_needed,
                estimator=checker,
                input_name="X",
            )
    n_samples = count_samples(X)
    if n_samples < n_needed:
        raise ValueError(
            f"Found array with {n_samples} sample(s) (shape={X.shape}) while a minimum of "
            f"{n_needed} is required by {type(checker).__name__}. Pass more rows."
        )
    return X


def _refuse_repeated_names(X):
    """Raise a ValueError for a frame in which several columns have one name."""
    if not is_frame(X):
        return
    counts = Counter(X.columns)
    repeated = [name for name, count in counts.items() if count > 1]
    if repeated:
        raise ValueError(
            f"Got X with {counts[repeated[0]]} columns of the name {repeated[0]!r}, but "
            "expected names that are all different. Rename or drop columns."
        )


def check_numbers(block, dtype=FLOATS):
    """Return numeric columns of a frame as an array; missing numbers are NaN."""
    with np.errstate(invalid="ignore"):  # a sum of the largest numbers
        return check_array(
            block, dtype=dtype, ensure_all_finite="allow-nan", input_name="X"
        )


def refuse_sparse_categories(X, categorical_features):
    """Raise a ValueError for categorical columns in a sparse table."""
    if sparse.issparse(X):
        raise ValueError(
            f"Got categorical_features={categorical_features!r} with sparse X, but "
            "categories are expected in a dense array or a data frame. One-hot encode "
            "them before, or pass categorical_features=None."
        )


def refuse_columns(X, cells, categorical, numbers_refused, categories_refused):
    """Raise an error for columns with cells that a fit cannot use.

    Parameters
    ----------
    X : data frame or array
    cells : list of Cells
        As `read_table` returns them.
    categorical : ndarray of int
        Positions of the categorical columns.
    numbers_refused, categories_refused : set of Role
        Roles that the cells of numeric and categorical columns may not have.
    """
    refused, categorical = {}, set(categorical.tolist())
    for k, column in enumerate(cells):
        roles = categories_refused if k in categorical else numbers_refused
        if column.role in roles:
            refused.setdefault(column.role, []).append(k)
    all_names = column_names(X) if refused else []
    for role, positions in refused.items():
        names = f"{[all_names[k] for k in positions[:MOST_SHOWN]]}"
        if len(positions) > MOST_SHOWN:
            names += f" and {len(positions) - MOST_SHOWN} more"
        examples = cells[positions[0]].description
        text = f" with cells of {examples}" if examples else ""
        if role == Role.OBJECTS:
            raise TypeError(
                f"Got X with the column(s) {names}{text}, but every cell of an argument must "
                f"be a string or a number. {WAYS_OUT[role]}"
            )
        raise ValueError(
            f"Got X with the column(s) {names} of {role.value}{text}, but expected numbers "
            f"and categories. {WAYS_OUT[role]}"
        )


def convert_numbers(X, cells, categorical):
    """Return the table with numeric columns of objects and strings as float64.

    Sparse columns beside dense or categorical ones, and those whose frequent value is not
    zero, become dense.
    """
    converted, categorical = {}, set(categorical.tolist())
    dtypes = column_dtypes(X)
    stays_sparse = not categorical and all(map(has_zeros, dtypes))
    for k, column in enumerate(cells):
        is_typed = column.role == Role.NUMBERS and not column.examples
        is_sparse = not stays_sparse and is_sparse_dtype(dtypes, k)
        if (is_typed and not is_sparse) or k in categorical:
            continue
        try:
            converted[k] = as_floats(cells_of(X, k))
        except (TypeError, ValueError, OverflowError) as error:
            name = column_names(X)[k]
            raise ValueError(
                f"Got X with words or too large numbers in column {name!r}, which is numeric: "
                f"{error}. Clean the column; or, for categories, pass a data frame or name "
                "the column in categorical_features."
            ) from error
    return with_columns(X, converted)


def find_categorical(X, categorical_features, cells):
    """Positions of the categorical columns of `X`, sorted; `cells` as of `read_table`."""
    if categorical_features is None:
        return NO_COLUMNS
    if isinstance(categorical_features, str):  # "from_dtype"
        if not is_frame(X):
            return NO_COLUMNS
        return np.flatnonzero(
            [column.role in (Role.CATEGORIES, Role.EMPTY) for column in cells]
        )
    selection = np.asarray(categorical_features)
    names = list(getattr(X, "columns", []))
    return _find_positions(selection, names, X.shape[1], "categorical_features")


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
        # Backwards: of columns with the same name, the first counts.
        positions = {names[k]: k for k in reversed(range(len(names)))}
        unknown = [
            name
            for name in selection.tolist()
            if not (isinstance(name, Hashable) and name in positions)
        ]
        if unknown:
            raise ValueError(
                f"Got {parameter}={selection.tolist()!r}, but X has no column "
                f"{unknown}. Pass names of columns of a data frame, or positions."
            )
        found = [positions[name] for name in selection.tolist()]
        return np.unique(np.array(found, int))
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
