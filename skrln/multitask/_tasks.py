# SPDX-License-Identifier: BSD-3-Clause
"""What a task is: one output, one label or one class; truth and predictions in columns.

Predictions are arrays of shape (n_samples, n_columns). A task has one column, or as many as
it has classes where an estimator gives the probabilities of each output in an array of its own.
"""

import numpy as np
from sklearn.base import is_classifier

from skrln._core._base import BaseRLN
from skrln._core._mixed_target import MixedTarget
from skrln._core._targets import (
    ClassTarget,
    check_class_target,
    check_labelled,
    check_regression_target,
)


def read_tasks(estimator, y):
    """Tasks of the target that `estimator` is to be fitted on."""
    if isinstance(estimator, BaseRLN) and estimator._target_type is MixedTarget:
        raise ValueError(
            f"Got {type(estimator).__name__}, but stages of all tasks are compared by one "
            "scoring, which numbers and classes do not share. Pass an RLNRegressor or an "
            "RLNClassifier with the tasks of one kind."
        )
    if not is_classifier(estimator):
        table = check_regression_target(y)
        check_labelled(~np.isnan(table.reshape(len(table), -1)))
        return RegressionTasks(table, task_names(y))
    labels, known = check_class_target(y)
    check_labelled(known)
    target = ClassTarget().fit(labels, known)
    if not target.one_dimensional:
        return LabelTasks(target, task_names(y))
    if len(target.task_classes[0]) == 2:
        return LabelTasks(target, None)
    return ClassTasks(target)


def task_names(y):
    """Names of the columns of a data frame."""
    if hasattr(y, "columns"):
        return np.asarray(y.columns, dtype=object)
    return None


class RegressionTasks:
    """Outputs of a regression."""

    def __init__(self, y, names):
        self.one_dimensional = y.ndim == 1
        table = y.reshape(len(y), -1)
        self.n_tasks = table.shape[1]
        self.names = np.arange(self.n_tasks) if names is None else names
        self.widths = np.ones(self.n_tasks, int)
        self.classes = None

    def truth(self, y, name="y"):
        """Labels, and which are known, both (n_samples, n_tasks)."""
        y = check_regression_target(y, name)
        table = y.reshape(len(y), -1)
        _check_width(table, self.n_tasks, name)
        known = ~np.isnan(table)
        return np.where(known, table, 0), known

    def columns(self, output, classes):
        """What `predict` returned, as columns."""
        del classes
        output = np.asarray(output)
        return output.reshape(len(output), -1)

    def output(self, columns):
        """What `predict` is to return."""
        return columns[:, 0] if self.one_dimensional else columns

    def scorable(self, truth, known):
        """Which tasks have labels to score, (n_tasks,)."""
        del truth
        return known.any(axis=0)


class LabelTasks:
    """Labels, or several outputs with classes; a single output of two classes too."""

    def __init__(self, target, names):
        self.target = target
        self.n_tasks = len(target.task_classes)
        self.names = np.arange(self.n_tasks) if names is None else names
        self.one_dimensional = target.one_dimensional
        self.one_array = False  # whether probabilities of all labels come in one array
        self._set_widths()

    def _set_widths(self):
        sizes = [len(names) for names in self.target.task_classes]
        self.widths = np.ones(self.n_tasks, int) if self.one_array else np.array(sizes)

    @property
    def classes(self):
        """Of a single output, an array; of several, a list of them."""
        return self.target.classes

    def truth(self, y, name="y"):
        """Codes of the classes, and which are known, both (n_samples, n_tasks)."""
        labels, known = check_class_target(y, name)
        return self.target.encode(labels, known, name).astype(int), known

    def columns(self, output, classes):
        """What `predict_proba` returned, as columns; `classes` are the estimator's."""
        if isinstance(output, list):
            aligned = [
                _align(proba, found, names)
                for proba, found, names in zip(
                    output, classes, self.target.task_classes, strict=True
                )
            ]
            return np.hstack(aligned)
        output = np.asarray(output)
        if self.one_dimensional:
            return _align(output, classes, self.target.task_classes[0])
        if not self.one_array:
            self.one_array = True
            self._set_widths()
        _check_width(output, self.n_tasks, "the probabilities")
        return output

    def output(self, columns):
        """What `predict_proba` is to return."""
        if self.one_dimensional or self.one_array:
            return columns
        return np.split(columns, np.cumsum(self.widths)[:-1], axis=1)

    def labels(self, columns):
        """Most likely labels."""
        blocks = np.split(columns, np.cumsum(self.widths)[:-1], axis=1)
        full = [np.hstack([1 - b, b]) if b.shape[1] == 1 else b for b in blocks]
        return self.target.decode(full)

    def scorable(self, truth, known):
        """Which tasks have labels of two classes at least, (n_tasks,)."""
        return _has_two_values(truth, known)


class ClassTasks:
    """Classes of a single output, each against the rest."""

    one_dimensional = True

    def __init__(self, target):
        self.target = target
        self.names = target.task_classes[0]
        self.n_tasks = len(self.names)
        self.widths = np.ones(self.n_tasks, int)
        self.classes = self.names

    def truth(self, y, name="y"):
        """Whether a row is of each class, (n_samples, n_classes)."""
        labels, known = check_class_target(y, name)
        if labels.ndim != 1:
            raise ValueError(
                f"Got {name} of shape {labels.shape}, but expected (n_samples,)."
            )
        codes = self.target.encode(labels, known, name)
        truth = (codes == np.arange(self.n_tasks)).astype(int)
        return truth, np.ones(truth.shape, bool)

    def columns(self, output, classes):
        """What `predict_proba` returned, as columns."""
        return _align(np.asarray(output), classes, self.names)

    def output(self, columns):
        """What `predict_proba` is to return."""
        return columns

    def labels(self, columns):
        """Most likely classes."""
        return self.names[np.argmax(columns, axis=1)]

    def scorable(self, truth, known):
        """Which classes have rows, and are not all that there is, (n_classes,)."""
        return _has_two_values(truth, known)


def _align(proba, found, names):
    """Columns of all classes; those that the training rows lacked have probability zero."""
    if proba.shape[1] == len(names):
        return proba
    full = np.zeros((len(proba), len(names)), proba.dtype)
    full[:, np.searchsorted(names, found)] = proba
    return full


def _check_width(table, n_tasks, name):
    if table.ndim != 2 or table.shape[1] != n_tasks:
        raise ValueError(
            f"Got {name} of shape {table.shape}, but expected {n_tasks} column(s), one "
            "for each task of y."
        )


def _has_two_values(truth, known):
    there = np.ma.masked_array(truth, ~known)
    least, most = there.min(axis=0), there.max(axis=0)
    return np.ma.filled(least != most, False) & known.any(axis=0)
