# SPDX-License-Identifier: BSD-3-Clause
"""Values, groups, targets and predictions that the tests of columns need."""

from typing import Any, NamedTuple

import numpy as np
from sklearn.base import is_classifier

from skrln._table._arguments import about_argument
from skrln._table._columns import check_numbers, read_columns
from skrln._table._frames import cells_of
from skrln._table._sklearn import take


class Values(NamedTuple):
    """Values of the columns of a table."""

    checked: Any  #: the table; arrays of objects that are numbers are arrays of numbers
    numbers: np.ndarray  #: (n_rows, n_numbers); missing ones are NaN
    categories: np.ndarray  #: (n_rows, n_categorical), codes
    order: np.ndarray  #: place of each column of the table; numbers come first


def read_values(X, owner):
    """Read the values of a dense table.

    Parameters
    ----------
    X : array or data frame
    owner : str
        Class name of the estimator, for error messages.
    """
    checked, columns = read_columns(X, owner, "from_dtype")
    if hasattr(checked, "tocsr"):
        raise TypeError(
            f"Got a sparse X of type {type(X).__name__}, but expected a dense table: drawn "
            "values of its columns are dense. Pass X.toarray(), or select among fewer columns."
        )
    n_rows, n_columns = checked.shape
    numeric = np.setdiff1d(np.arange(n_columns), columns.categorical)
    numbers = checked
    if len(columns.categorical):
        numbers = np.zeros((n_rows, 0))
        if len(numeric):
            numbers = check_numbers(take(checked, numeric, axis=1))
    codes = [_codes(cells_of(checked, k)) for k in columns.categorical]
    categories = np.array(codes, int).reshape(-1, n_rows).T
    order = np.empty(n_columns, int)
    order[np.concatenate([numeric, columns.categorical])] = np.arange(n_columns)
    return Values(checked, numbers, categories, order)


def _codes(cells):
    """Number of each distinct value; missing values are one value."""
    numbers = {}
    return [
        numbers.setdefault(None if cell != cell else cell, len(numbers))
        for cell in cells
    ]


def read_groups(feature_groups, n_features):
    """Return the number of the group of each column."""
    if feature_groups is None:
        return np.arange(n_features)
    labels = np.asarray(feature_groups)
    if labels.shape != (n_features,):
        raise ValueError(
            f"Got feature_groups of shape {labels.shape}, but X has {n_features} columns: "
            "expected one label for each. Give columns without a group a label of their own."
        )
    return np.unique(labels, return_inverse=True)[1]


def read_truth(y, estimator):
    """Return the numbers to predict, or the indicators of classes, (n_samples, n_outputs)."""
    if not is_classifier(estimator):
        with about_argument("the target y"):
            return np.asarray(y, float)[:, None]
    if not hasattr(estimator, "predict_proba"):
        raise ValueError(
            f"Got estimator={estimator!r} without predict_proba, but expected a classifier "
            "with probabilities. Pass another, or a CalibratedClassifierCV of it."
        )
    return (np.asarray(y)[:, None] == np.unique(y)).astype(float)


def predictor(model, classes, estimator):
    """Return the function from rows to predictions, (n_rows, n_outputs)."""
    if not is_classifier(estimator):
        return lambda rows: np.reshape(model.predict(rows), (-1, 1)).astype(float)

    def predict(rows):
        known = model.predict_proba(rows)
        full = np.zeros((len(known), len(classes)))
        full[:, np.searchsorted(classes, model.classes_)] = known
        return full

    return predict
