# SPDX-License-Identifier: BSD-3-Clause
"""Tasks: outputs of a regression, labels, or classes of a single output.

Each kind of task converts labels and predictions to columns, and columns back to predictions.
Predictions are arrays of shape (n_samples, n_columns). A task has one column, or one for each
of its classes if the estimator returns a separate array of probabilities for each output.

All kinds have the same members: `names`, `widths` (columns of each task), `classes`, `truth`,
`columns`, `output`, `scorable`, and `labels` for classes.
"""

import numpy as np
from sklearn.base import is_classifier

from skrln._table._arguments import find_missing
from skrln._table._label_checks import check_class_target, check_regression_target
from skrln._table._targets import ClassTarget, check_labelled
from skrln.networks import RLNMultiTask


def read_tasks(estimator, y):
    """Tasks of the target that `estimator` is to be fitted on."""
    if isinstance(estimator, RLNMultiTask):
        raise ValueError(
            f"Got {type(estimator).__name__}, but all tasks need the same scoring, which "
            "numbers and classes do not share. Pass an RLNRegressor with the regression "
            "tasks, or an RLNClassifier with the classification tasks."
        )
    if not is_classifier(estimator):
        table = check_regression_target(y)
        check_labelled(~np.isnan(table[:, None] if table.ndim == 1 else table))
        return RegressionTasks(table, task_names(y))
    labels, known = check_class_target(y)
    check_labelled(known)
    target = ClassTarget().fit(labels, known)
    if not target.one_dimensional:
        return LabelTasks(target, task_names(y))
    # Two classes have complementary probabilities: they are one task, not two.
    if len(target.task_classes[0]) == 2:
        return LabelTasks(target, None)
    return ClassTasks(target)


def task_names(y):
    """Names of the columns of a data frame; None for an array."""
    if hasattr(y, "columns"):
        return np.asarray(y.columns, dtype=object)
    return None


class RegressionTasks:
    """Outputs of a regression, a task each."""

    def __init__(self, y, names):
        self.one_dimensional = y.ndim == 1
        table = y.reshape(len(y), -1)
        self.n_tasks = table.shape[1]
        self.names = np.arange(self.n_tasks) if names is None else names
        self.widths = np.ones(self.n_tasks, int)
        self.classes = None

    def truth(self, y, name="y"):
        """Labels, and a mask of the known ones, both (n_samples, n_tasks)."""
        y = check_regression_target(y, name)
        table = y.reshape(len(y), -1)
        _check_width(table, self.n_tasks, name)
        known = ~np.isnan(table)
        return np.where(known, table, 0), known  # a NaN would spoil masked sums

    def columns(self, output, classes):
        """Columns of an output of `predict`."""
        del classes
        output = np.asarray(output, float)  # some models keep the objects of a frame
        return output.reshape(len(output), -1)

    def output(self, columns):
        """Output of `predict` in the shape of the target."""
        return columns[:, 0] if self.one_dimensional else columns

    def scorable(self, truth, known):
        """Mask of the tasks with a known label, (n_tasks,)."""
        del truth
        return known.any(axis=0)


class LabelTasks:
    """Labels or outputs with classes, a task each; also a single binary output."""

    def __init__(self, target, names):
        self.target = target
        self.n_tasks = len(target.task_classes)
        self.names = np.arange(self.n_tasks) if names is None else names
        self.one_dimensional = target.one_dimensional
        # True once the estimator returns one array with a column for each label, as multilabel
        # networks do; False for a list with an array for each output.
        self.one_array = False
        self._set_widths()

    def _set_widths(self):
        sizes = [len(classes) for classes in self.target.task_classes]
        self.widths = np.ones(self.n_tasks, int) if self.one_array else np.array(sizes)

    @property
    def classes(self):
        """Classes: an array for a single output, a list of arrays for several."""
        return self.target.classes

    def truth(self, y, name="y"):
        """Codes of the classes, and a mask of the known ones, both (n_samples, n_tasks)."""
        labels, known = check_class_target(y, name)
        return self.target.encode(labels, known, name).astype(int), known

    def columns(self, output, classes):
        """Columns of an output of `predict_proba`, whose classes are `classes`."""
        if isinstance(output, list):
            outputs = zip(output, classes, self.target.task_classes, strict=True)
            return np.hstack([_align(*arrays) for arrays in outputs])
        output = np.asarray(output)
        if self.one_dimensional:
            return _align(output, classes, self.target.task_classes[0])
        if not self.one_array:
            self.one_array = True
            self._set_widths()
        _check_width(output, self.n_tasks, "the probabilities")
        return output

    def output(self, columns):
        """Output of `predict_proba` in the form of the estimator."""
        if self.one_dimensional or self.one_array:
            return columns
        return np.split(columns, np.cumsum(self.widths)[:-1], axis=1)

    def labels(self, columns):
        """Most likely labels."""
        blocks = np.split(columns, np.cumsum(self.widths)[:-1], axis=1)
        # A single column is the probability of the second of two classes.
        full = [np.hstack([1 - b, b]) if b.shape[1] == 1 else b for b in blocks]
        return self.target.decode(full)

    def scorable(self, truth, known):
        """Mask of the tasks with known labels of two classes, (n_tasks,)."""
        return has_two_values(truth, known)


class ClassTasks:
    """Classes of a single output, a task each: the class against the rest."""

    one_dimensional = True

    def __init__(self, target):
        self.target = target
        self.names = target.task_classes[0]
        self.n_tasks = len(self.names)
        self.widths = np.ones(self.n_tasks, int)
        self.classes = self.names

    def truth(self, y, name="y"):
        """Indicators of the classes, and a mask of ones, both (n_samples, n_classes)."""
        labels, known = check_class_target(y, name)
        if labels.ndim != 1:
            raise ValueError(
                f"Got {name} of shape {labels.shape}, but expected (n_samples,)."
            )
        codes = self.target.encode(labels, known, name)
        truth = (codes == np.arange(self.n_tasks)).astype(int)
        return truth, np.ones(truth.shape, bool)

    def columns(self, output, classes):
        """Columns of an output of `predict_proba`, whose classes are `classes`."""
        return _align(np.asarray(output), classes, self.names)

    def output(self, columns):
        """Output of `predict_proba`."""
        return columns

    def labels(self, columns):
        """Most likely classes."""
        return self.names[np.argmax(columns, axis=1)]

    def scorable(self, truth, known):
        """Mask of the classes that some rows have and others lack, (n_classes,)."""
        return has_two_values(truth, known)


def _align(proba, fitted_classes, classes):
    """Columns of all `classes`; a class outside `fitted_classes` has probability 0.

    The training rows of a fold may lack a class.
    """
    if proba.shape[1] == len(classes):
        return proba
    full = np.zeros((len(proba), len(classes)), proba.dtype)
    full[:, np.searchsorted(classes, fitted_classes)] = proba
    return full


def _check_width(table, n_tasks, name):
    """Refuse a table without exactly one column for each task."""
    if table.ndim != 2 or table.shape[1] != n_tasks:
        raise ValueError(
            f"Got {name} of shape {table.shape}, but expected {n_tasks} column(s), one "
            "for each task of y."
        )


def has_two_values(truth, known):
    """Mask of the tasks whose known labels are not all equal, (n_tasks,)."""
    labels = np.ma.masked_array(truth, ~known)
    return np.ma.filled(labels.min(axis=0) != labels.max(axis=0), False)


def can_judge(y, y_held_out, classifier):
    """Return True if a network accepts rows with the labels `y_held_out` as validation rows.

    A network refuses validation rows if a task has no label among them, or has a class that
    the training labels `y` lack. `y_held_out` is None without held-out rows.
    """
    if y_held_out is None:
        return False
    tables = [_table_of(labels) for labels in (y, y_held_out)]
    is_known, is_known_held_out = (~find_missing(table) for table in tables)
    if not is_known_held_out.any(axis=0).all():
        return False
    return not classifier or all(
        set(tables[1][is_known_held_out[:, k], k].tolist())
        <= set(tables[0][is_known[:, k], k].tolist())
        for k in range(tables[1].shape[1])
    )


def _table_of(y):
    """Labels as an array of shape (n_samples, n_tasks)."""
    table = np.asarray(y.toarray() if hasattr(y, "toarray") else y)
    return table.reshape(len(table), -1)
