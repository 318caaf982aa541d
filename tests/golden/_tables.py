# SPDX-License-Identifier: BSD-3-Clause
"""Small tables of the golden fits. Most have the same shape, to share compiled programs."""

from functools import cache

import numpy as np
from sklearn import datasets

from skrln.datasets import make_domains, make_friedman1_noise

N_TRAIN, N_NEW = 120, 20


def _split(*arrays):
    """Training rows of each array, then the new rows of the first array."""
    train = [array[:N_TRAIN] for array in arrays]
    return *train, arrays[0][N_TRAIN : N_TRAIN + N_NEW]


@cache
def numbers():
    """Training inputs, targets and new inputs of the diabetes table: 10 columns."""
    return _split(*datasets.load_diabetes(return_X_y=True))


@cache
def larger_numbers():
    """The same with so many rows that float32 is the default, and inputs are selected."""
    X, y = datasets.load_diabetes(return_X_y=True)
    return X[:250], y[:250], X[250 : 250 + N_NEW]


@cache
def tasks():
    """Three tasks of numbers, some of whose labels are missing."""
    X, y, new = numbers()
    Y = np.column_stack([y, 100 * X[:, 2] + y / 50, np.abs(1000 * X[:, 3])])
    Y[::5, 1] = np.nan
    Y[1::7, 2] = np.nan
    return X, Y, new


@cache
def labels():
    """Three labels of zeros and ones."""
    X, y, new = numbers()
    Y = np.column_stack([y > np.median(y), X[:, 2] > 0, X[:, 8] > X[:, 3]])
    return X, Y.astype(int), new


@cache
def class_tasks():
    """A task of three classes, and a task of four."""
    X, y, new = numbers()
    first = np.digitize(y, np.quantile(y, [0.3, 0.6]))
    second = np.digitize(X[:, 2], np.quantile(X[:, 2], [0.2, 0.5, 0.7]))
    return X, np.column_stack([first, second]), new


@cache
def mixed_tasks():
    """A task of numbers, and a task of three classes."""
    X, y, new = numbers()
    _, Y, _ = class_tasks()
    return X, np.column_stack([y, Y[:, 1]]).astype(float), new


@cache
def two_classes():
    """Ten columns of the breast cancer table, with names for labels."""
    X, y = datasets.load_breast_cancer(return_X_y=True)
    return _split(X[:, :10], np.array(["malignant", "benign"])[y])


@cache
def three_classes():
    """Rows of the wine table in random order."""
    X, y = datasets.load_wine(return_X_y=True)
    order = np.random.RandomState(0).permutation(len(X))
    return _split(X[order], y[order])


@cache
def larger_classes():
    """Rows of the breast cancer table: float32 by default, and inputs are selected."""
    X, y = datasets.load_breast_cancer(return_X_y=True)
    return X[:250, :10], y[:250], X[250 : 250 + N_NEW, :10]


@cache
def pixels():
    """Rows of the digits of three classes."""
    X, y = datasets.load_digits(n_class=3, return_X_y=True)
    return _split(X, y)


@cache
def wide():
    """Friedman's function with more columns than rows."""
    X, y = make_friedman1_noise(100, 115, random_state=0)
    return X[:80], y[:80], X[80:]


@cache
def frame():
    """Data frame with a column of categories and with missing values."""
    X, y = datasets.load_diabetes(return_X_y=True, as_frame=True)
    X = X[["age", "sex", "bmi", "bp", "s5"]]
    X["sex"] = X["sex"].gt(0).map({True: "one", False: "other"}).astype("category")
    X["grade"] = np.array(["low", "middle", "high"])[np.arange(len(X)) * 7 % 3]
    X.loc[::6, "bmi"] = np.nan
    X.loc[2::9, "grade"] = None
    return _split(X, y.to_numpy())


@cache
def domains():
    """Four domains of 24 rows, two of which belong together."""
    return make_domains(24, 4, 2, 6, random_state=0)
