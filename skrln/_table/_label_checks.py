# SPDX-License-Identifier: BSD-3-Clause
"""Checks of labels: from whatever the user passes as `y` to arrays of one or two dimensions."""

from typing import Any

import numpy as np
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from ._arguments import find_missing
from ._cells import Role, as_floats, is_missing, read_cells

#: Largest absolute value of a target; predictions beyond a larger one would overflow.
LARGEST_TARGET = 1e307
#: Ways out for labels that are refused.
WAYS_OUT = {
    Role.DATES: (
        "Turn them into numbers, such as days since the first one, or into strings for "
        "classes."
    ),
    Role.INTERVALS: "Take their middle (.mid), or turn them into strings for classes.",
    Role.COMPLEX: (
        "Complex data not supported: pass the real and the imaginary parts as two columns."
    ),
    Role.MIXED: "Make them one type, such as strings by astype(str).",
    Role.OBJECTS: "Pass a number or a string for each row and task.",
}


def read_labels(y, name="y") -> np.ndarray[Any, Any]:
    """Return labels as an array of one or two dimensions.

    Objects that are whole numbers, booleans or other numbers become arrays of that type.
    Objects with missing values, strings and several types in two dimensions stay objects.

    Parameters
    ----------
    y : array-like, sparse matrix, Series or data frame
    name : str, default="y"
        Name of the argument in error messages.
    """
    if y is None:
        raise ValueError(
            f"This estimator requires {name} to be passed, but the target {name} is None."
        )
    given = y
    try:
        y = np.asarray(y.toarray() if hasattr(y, "toarray") else y)
        if isinstance(given, list | tuple) and y.ndim == 2 and y.dtype.kind in "SU":
            # A column of words must not turn the numbers of the others into words.
            y = np.asarray(given, object)
    except ValueError as error:
        raise ValueError(
            f"Got {name} of type {type(y).__name__} that is no array ({error}), but expected "
            "(n_samples,) or (n_samples, n_tasks). Give every row as many labels."
        ) from error
    if y.ndim not in (1, 2):
        raise ValueError(
            f"Got {name} of shape {y.shape}, but expected (n_samples,) or (n_samples, "
            "n_tasks). Reshape it, such as by y.ravel() or y.reshape(len(y), -1)."
        )
    if y.dtype.kind == "c":
        raise ValueError(
            f"Got {name} of type {y.dtype}, but expected real labels. "
            f"{WAYS_OUT[Role.COMPLEX]}"
        )
    if y.dtype.kind in "mM":
        raise ValueError(
            f"Got {name} of type {y.dtype}, but expected numbers or classes. "
            f"{WAYS_OUT[Role.DATES]}"
        )
    if y.dtype.kind != "O" or not y.size:
        return y
    columns = [
        _read_objects(column, name if y.ndim == 1 else f"task {task} of {name}")
        for task, column in enumerate(y.reshape(len(y), -1).T.tolist())
    ]
    kinds = {column.dtype.kind for column in columns}
    if len(kinds) > 1 or "O" in kinds:
        columns = [column.astype(object) for column in columns]
    return np.column_stack(columns) if y.ndim == 2 else columns[0]


def _read_objects(labels, name):
    """Return a column of objects as an array of its type; refuse what is no label."""
    cells = read_cells(labels)
    if cells.role in WAYS_OUT:
        raise ValueError(
            f"Got {name} with {cells.description}, but expected numbers, or classes of one "
            f"type. {WAYS_OUT[cells.role]}"
        )
    kinds = {type(example) for example in cells.examples}
    if cells.role != Role.NUMBERS:
        return _objects(labels)
    has_gaps = any(map(is_missing, labels))
    if kinds <= {bool, np.bool_} and not has_gaps:
        return np.array(labels, bool)
    is_whole = all(issubclass(kind, int | np.integer) for kind in kinds)
    if not is_whole:
        return _floats(labels, name)
    if has_gaps:
        return _objects(labels)
    numbers = np.array(labels)  # objects beyond 64 bits
    return _floats(labels, name) if numbers.dtype.kind == "O" else numbers


def _objects(labels):
    column = np.empty(len(labels), object)
    column[:] = [None if is_missing(label) else label for label in labels]
    return column


def _floats(labels, name):
    try:
        return as_floats(labels)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(
            f"Got {name} with words or too large numbers, but expected numbers: {error}. "
            "Clean the labels."
        ) from error


def read_numbers(y, name="y") -> np.ndarray[Any, Any]:
    """Return targets as float64, 1-D or 2-D; NaN marks a missing label."""
    y = read_labels(y, name)
    if y.dtype.kind in "OUS" and y.size:
        columns = [_floats(column, name) for column in y.reshape(len(y), -1).T.tolist()]
        y = np.array(columns).T.reshape(y.shape)
    y = y.astype(np.float64)
    check_sizes(y, name)
    return y


def check_regression_target(y, name="y"):
    """Return targets as float64, 1-D or 2-D; NaN marks a missing label in 2-D only."""
    y = read_numbers(y, name)
    if y.ndim == 2 and y.shape[1] == 1:
        y = column_or_1d(y, warn=True)
    if y.ndim == 1:
        refuse_missing(np.isnan(y), name, "NaN")
    return y


def refuse_missing(missing, name, what):
    """Raise a ValueError for missing labels of a single task."""
    rows = np.flatnonzero(missing)
    if rows.size:
        shown = ", ".join(map(str, rows[:3])) + (", ..." if rows.size > 3 else "")
        raise ValueError(
            f"Input {name} contains {what} in {rows.size} row(s) ({shown}), but the labels of "
            "a single task must all be known. Leave out the rows without a label."
        )


def check_sizes(y, name):
    """Raise a ValueError for infinite targets, and for those near the largest number."""
    with np.errstate(invalid="ignore"):
        beyond = np.argwhere(np.abs(y) > LARGEST_TARGET)
    if not len(beyond):
        return
    row, value = int(beyond[0][0]), y[tuple(beyond[0])]
    if np.isinf(value):
        raise ValueError(
            f"Input {name} contains infinity or a value too large for dtype('float64'), such "
            f"as in row {row}. Leave out these rows, or replace the values."
        )
    raise ValueError(
        f"Got {name} with {value} in row {row}, but expected absolute values of at most "
        f"{LARGEST_TARGET}, because predictions beyond would overflow. Divide the targets."
    )


def check_class_target(y, name="y"):
    """Return labels, 1-D or 2-D, and the mask of known ones, (n_samples, n_tasks)."""
    y = read_labels(y, name)
    if y.ndim == 2 and y.shape[1] == 1:
        y = column_or_1d(y, warn=True)
    known = ~find_missing(y)
    if y.ndim == 1:
        what = "NaN" if y.dtype.kind == "f" else "None or NaN"
        refuse_missing(~known, name, what)
        if y.dtype.kind == "f" and np.isinf(y).any():
            check_sizes(y, name)
        check_class_type(y, name)
        return y, np.ones((len(y), 1), bool)
    for column, rows in zip(y.T, known.T, strict=True):
        if rows.any():
            check_class_type(plain_labels(column[rows]), name)
    return y, known


def check_class_type(labels, name):
    """Raise a ValueError for labels that are no classes, such as numbers with fractions."""
    try:
        with np.errstate(invalid="ignore"):  # numbers beyond the integers
            check_classification_targets(labels)
    except ValueError as error:
        raise ValueError(
            f"{error} Got {name} that is no classes. Pass whole numbers or strings, or use a "
            "regressor."
        ) from error


def plain_labels(labels):
    """Return the labels of an object array with the dtype of their common type."""
    if labels.dtype.kind != "O":
        return labels
    typed = np.array(labels.tolist())
    types = {type(label) for label in labels.tolist()}
    # Labels of several types, or labels that are sequences, stay objects.
    return typed if len(types) == 1 and typed.ndim == 1 else labels
