# SPDX-License-Identifier: BSD-3-Clause
"""Columns of a table, whatever its type: pandas, polars, or an array of objects."""

import re

import numpy as np

from ._cells import Cells, Role, read_cells

#: First word of a dtype's name in pandas, polars or pyarrow, by role. The cells decide about
#: any other dtype, such as object.
DTYPES = {
    Role.NUMBERS: "int uint float double halffloat bool boolean sparse",
    Role.CATEGORIES: "str string utf large_string string_view categorical enum dictionary",
    Role.DATES: "date datetime time timestamp timedelta duration period",
    Role.INTERVALS: "interval",
    Role.COMPLEX: "complex",
}
_ROLES = {word: role for role, words in DTYPES.items() for word in words.split()}


def is_frame(X):
    """Return True for a data frame, of pandas or polars."""
    return hasattr(X, "columns") and hasattr(X, "dtypes")


def has_objects(X):
    """Return True for a table whose columns may hold anything: a frame, or objects."""
    return is_frame(X) or getattr(getattr(X, "dtype", None), "kind", "f") in "OUS"


def column_names(X):
    """Return the names of the columns; positions without names."""
    return list(X.columns) if is_frame(X) else list(range(X.shape[1]))


def column_dtypes(X):
    """Return the types of the columns of a frame; none for other tables."""
    return list(X.dtypes) if is_frame(X) else []


def is_sparse_dtype(dtypes, k):
    """Return True if column `k` is a sparse column of pandas."""
    return k < len(dtypes) and hasattr(dtypes[k], "fill_value")


def has_zeros(dtype):
    """Return True for the type of a sparse column of pandas whose frequent value is zero."""
    return getattr(dtype, "fill_value", None) == 0


def read_table(X):
    """Read the role of each column.

    Returns
    -------
    list of Cells
        Empty for arrays of numbers and sparse tables.
    """
    if not has_objects(X):
        return []
    if not is_frame(X):
        return [read_cells(column.tolist()) for column in X.T]
    return [_read_column(X, k, dtype) for k, dtype in enumerate(list(X.dtypes))]


def _read_column(X, k, dtype):
    if hasattr(dtype, "ordered") and hasattr(dtype, "categories"):
        # A category of pandas, whose levels may be of any type that can be sorted.
        levels = read_cells(dtype.categories)
        is_mixed = levels.role == Role.MIXED
        return levels if is_mixed else Cells(Role.CATEGORIES, levels.examples)
    match = re.match("[a-z_]+", str(dtype).lower())
    role = _ROLES.get(match.group()) if match else None
    return read_cells(cells_of(X, k)) if role is None else Cells(role)


def cells_of(X, k):
    """Return the cells of column `k` as Python objects, a list."""
    if hasattr(X, "iloc"):
        return X.iloc[:, k].tolist()
    if isinstance(X, np.ndarray):
        return X[:, k].tolist()
    # By position, and without a look at `columns`: polars makes all names each time.
    return X.to_series(k).to_list()


def with_columns(X, columns):
    """Return the table with some columns replaced, a dict of arrays by position."""
    if not columns:
        return X
    if not is_frame(X):
        X = X.astype(object)
        for k, values in columns.items():
            X[:, k] = values
        return X
    X = X.copy(deep=False) if hasattr(X, "iloc") else X.clone()
    for k, values in columns.items():
        if hasattr(X, "isetitem"):
            X.isetitem(k, values)
        else:
            series = X.to_series(k)
            X.replace_column(k, type(series)(series.name, np.asarray(values)))
    return X


def with_dense_columns(X):
    """Return a frame of pandas without sparse columns; any other table as it is."""
    dtypes = column_dtypes(X)
    positions = [k for k in range(len(dtypes)) if is_sparse_dtype(dtypes, k)]
    return with_columns(X, {k: np.asarray(X.iloc[:, k]) for k in positions})
