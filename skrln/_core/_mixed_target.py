# SPDX-License-Identifier: BSD-3-Clause
"""Tasks of numbers and tasks of classes beside each other, in one target."""

import contextlib

import numpy as np
from scipy import sparse
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from ._targets import ClassTarget, RegressionTarget, plain_labels
from ._validation import find_missing

TASK_TYPES = ("classification", "regression")
#: What a column of y is, by what scikit-learn's type_of_target says of it.
AUTO_TYPES = {
    "continuous": "regression",
    "binary": "classification",
    "multiclass": "classification",
}


def check_mixed_target(y, name="y"):
    """Labels of shape (n_samples, n_tasks), objects unless all are numbers; which are known."""
    if y is None:
        raise ValueError(
            "This estimator requires y to be passed, but the target y is None."
        )
    y = np.asarray(y.toarray() if sparse.issparse(y) else y)
    if y.ndim != 2 or not y.shape[1]:
        raise ValueError(
            f"Got {name} of shape {y.shape}, but expected (n_samples, n_tasks): a column "
            "for each task. Of a single one, pass y.reshape(-1, 1), or use RLNRegressor or "
            "RLNClassifier."
        )
    if y.dtype.kind == "c":
        raise ValueError(f"Complex data not supported: {name} is of type {y.dtype}.")
    if y.dtype.kind not in "biufO":
        y = y.astype(object)
    return y, ~find_missing(y)


def resolve_task_types(task_types, y, known):
    """Which tasks are about classes, (n_tasks,)."""
    if isinstance(task_types, str):  # "auto"
        types = [_type_of(y[there, k], k) for k, there in enumerate(known.T)]
        return np.array(types) == "classification"
    types = list(task_types)
    if len(types) != y.shape[1] or not all(one in TASK_TYPES for one in types):
        raise ValueError(
            f"Got task_types={task_types!r}, but expected 'auto', or 'classification' or "
            f"'regression' for each column of y, which has {y.shape[1]}."
        )
    return np.array(types) == "classification"


def _type_of(labels, task):
    with about_task(task):
        found = type_of_target(plain_labels(labels))
        if found not in AUTO_TYPES:
            raise ValueError(
                f"Got task_types='auto' with labels of type {found!r}, but expected "
                "numbers, or classes of one type. Pass task_types, or clean the labels."
            )
    return AUTO_TYPES[found]


@contextlib.contextmanager
def about_task(task, name="y"):
    """Say which task an error is about."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{error} This is about task {task} of {name}.") from error


class MixedTarget:
    """A `RegressionTarget` or a `ClassTarget` for each column of y.

    Parameters
    ----------
    class_tasks : ndarray of bool of shape (n_tasks,)
        Which columns are classes.
    loss : str
        Of the others.
    parts : list
        Fitted encoder of each column.
    """

    one_dimensional = False

    def __init__(self, class_tasks, loss, parts=()):
        self.class_tasks, self.loss, self.parts = class_tasks, loss, list(parts)

    def fit(self, y, known, sample_weight):
        """Learn the scale of numbers and the classes of labels."""
        self.parts = []
        for task, of_classes in enumerate(self.class_tasks):
            with about_task(task):
                if of_classes:
                    there = known[:, task]
                    check_classification_targets(plain_labels(y[there, task]))
                    part = ClassTarget().fit(y[:, task], known[:, [task]])
                else:
                    part = self._fit_numbers(y, known, sample_weight, task)
            self.parts.append(part)
        return self

    def refitted(self, y, known, sample_weight):
        """The same classes, with numbers scaled by these rows."""
        parts = list(self.parts)
        for task in np.flatnonzero(~self.class_tasks):
            with about_task(task):
                parts[task] = self._fit_numbers(y, known, sample_weight, task)
        return MixedTarget(self.class_tasks, self.loss, parts)

    def with_classes(self, classes, y, known, sample_weight):
        """The same with the classes of each task given; None of a task of numbers."""
        parts = []
        for task, names in enumerate(classes):
            part = None
            if names is not None:
                part = ClassTarget()
                part.one_dimensional = True
                with about_task(task):
                    part.set_classes([np.unique(names)])
            parts.append(part)
        return MixedTarget(self.class_tasks, self.loss, parts).refitted(
            y, known, sample_weight
        )

    def _fit_numbers(self, y, known, sample_weight, task):
        numbers = self._labels(y, known, task)
        return RegressionTarget(self.loss).fit(numbers, sample_weight)

    @property
    def heads(self):
        """Outputs per task: one of numbers, and one logit for two classes."""
        return tuple(width for part in self.parts for width in part.heads)

    @property
    def classes(self):
        """Classes of each task; None of numbers."""
        pairs = zip(self.parts, self.class_tasks, strict=True)
        return [part.classes if of_classes else None for part, of_classes in pairs]

    def encode(self, y, known, name="y"):
        """Scaled numbers and class codes, (n_samples, n_tasks); zero where unknown."""
        if y.shape[1] != len(self.parts):
            raise ValueError(
                f"Got {name} with {y.shape[1]} task(s), but expected {len(self.parts)}."
            )
        columns = []
        for task, part in enumerate(self.parts):
            with about_task(task, name):
                labels = self._labels(y, known, task)
                if self.class_tasks[task]:
                    columns.append(part.encode(labels, known[:, [task]], name))
                else:
                    columns.append(part.encode(labels)[0])
        return np.hstack(columns)

    def _labels(self, y, known, task):
        """Those of one task as its encoder takes them."""
        labels = y[:, task]
        return labels if self.class_tasks[task] else _as_numbers(labels, known[:, task])

    def class_weights(self, class_weight, codes, known, sample_weight):
        """Factor of the weight of each label, (n_samples, n_tasks); one for numbers."""
        n_tasks = len(self.parts)
        per_task = class_weight
        if not isinstance(class_weight, list):
            per_task = [class_weight] * n_tasks
        if len(per_task) != n_tasks:
            raise ValueError(
                f"Got class_weight with {len(per_task)} entries, but expected one per "
                f"task: y has {n_tasks}. That of a regression task is None."
            )
        factors = np.ones(codes.shape)
        for task in np.flatnonzero(self.class_tasks):
            chosen = [task]
            with about_task(task):
                factors[:, chosen] = self.parts[task].class_weights(
                    per_task[task], codes[:, chosen], known[:, chosen], sample_weight
                )
        return factors

    def indicators(self, y, known):
        """What tells the rows apart, without gaps: numbers, and a column per class."""
        columns = [
            part.indicators(self._labels(y, known, task), known[:, [task]])
            for task, part in enumerate(self.parts)
        ]
        return np.hstack(columns)

    def means(self, outputs):
        """Scaled predictions and probabilities, task after task: what is averaged."""
        ends = np.cumsum(self.heads)[:-1]
        outputs = np.split(outputs, ends, axis=1)
        pairs = zip(self.parts, outputs, strict=True)
        return np.hstack([part.means(own) for part, own in pairs])

    def split(self, means):
        """Per task, (n_samples, 1) or (n_samples, n_classes)."""
        sizes = [1 if names is None else len(names) for names in self.classes]
        return np.split(means, np.cumsum(sizes)[:-1], axis=1)

    def decode(self, means):
        """Predictions, (n_samples, n_tasks): objects where some classes are no numbers."""
        columns = [
            part.decode([own] if of_classes else own)
            for part, own, of_classes in zip(
                self.parts, self.split(means), self.class_tasks, strict=True
            )
        ]
        if any(column.dtype.kind not in "biuf" for column in columns):
            columns = [column.astype(object) for column in columns]
        return np.column_stack(columns)


def _as_numbers(labels, known):
    """Labels of a regression task as float64, NaN where unknown."""
    numbers = np.full(len(labels), np.nan)
    try:
        numbers[known] = labels[known].astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"Got labels that are no numbers ({error}), but expected numbers in a "
            "regression task. Clean them, or pass task_types."
        ) from error
    if np.isinf(numbers).any():
        raise ValueError(
            "Got labels with infinity, but expected finite numbers in a regression task. "
            "Input y contains infinity."
        )
    return numbers
