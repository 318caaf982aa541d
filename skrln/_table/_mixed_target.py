# SPDX-License-Identifier: BSD-3-Clause
"""Target encoder of regression tasks beside class tasks."""

import contextlib

import numpy as np
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from ._arguments import find_missing
from ._label_checks import check_sizes, plain_labels, read_labels
from ._targets import ClassTarget, RegressionTarget

TASK_TYPES = ("classification", "regression")
#: Type of a task, by the result of scikit-learn's type_of_target for its labels.
AUTO_TYPES = {
    "continuous": "regression",
    "binary": "classification",
    "multiclass": "classification",
}


def check_mixed_target(y, name="y"):
    """Return labels, (n_samples, n_tasks), as objects unless all are numbers; and `known`."""
    y = read_labels(y, name)
    if y.ndim != 2 or not y.shape[1]:
        raise ValueError(
            f"Got {name} of shape {y.shape}, but expected (n_samples, n_tasks): a column "
            "for each task. For a single task, pass y.reshape(-1, 1), or use RLNRegressor or "
            "RLNClassifier."
        )
    if y.dtype.kind not in "biufO":
        y = y.astype(object)
    return y, ~find_missing(y)


def resolve_task_types(task_types, y, known):
    """Return the mask of the class tasks, (n_tasks,)."""
    if isinstance(task_types, str):  # "auto"
        types = [_type_of(y[rows, task], task) for task, rows in enumerate(known.T)]
        return np.array(types) == "classification"
    types = list(np.atleast_1d(np.asarray(task_types, object)))
    if len(types) != y.shape[1] or not all(kind in TASK_TYPES for kind in types):
        raise ValueError(
            f"Got task_types={task_types!r}, but expected 'auto', or 'classification' or "
            f"'regression' for each column of y, which has {y.shape[1]}."
        )
    return np.array(types) == "classification"


def _type_of(labels, task):
    with about_task(task):
        with np.errstate(invalid="ignore"):  # numbers beyond the integers
            label_type = type_of_target(plain_labels(labels))
        if label_type not in AUTO_TYPES:
            raise ValueError(
                f"Got task_types='auto' with labels of type {label_type!r}, but expected "
                "numbers, or classes of one type. Pass task_types, or clean the labels."
            )
    return AUTO_TYPES[label_type]


@contextlib.contextmanager
def about_task(task, name="y"):
    """Add the number of the task to the message of a ValueError."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{error} This is about task {task} of {name}.") from error


class MixedTarget:
    """Encoder with a `RegressionTarget` or a `ClassTarget` for each column of y.

    Parameters
    ----------
    class_tasks : ndarray of bool of shape (n_tasks,)
        Mask of the columns of classes.
    loss : str
        Loss of the columns of numbers.
    encoders : list
        Fitted encoder of each column.
    """

    one_dimensional = False

    def __init__(self, class_tasks, loss, encoders=()):
        self.class_tasks, self.loss = class_tasks, loss
        self.encoders = list(encoders)

    def fit(self, y, known, sample_weight):
        """Fit the scale of the numbers, and read the classes of the labels."""
        self.encoders = []
        for task, is_class in enumerate(self.class_tasks):
            with about_task(task):
                if is_class:
                    rows = known[:, task]
                    check_classification_targets(plain_labels(y[rows, task]))
                    encoder = ClassTarget().fit(y[:, task], known[:, [task]])
                else:
                    encoder = self._fit_numbers(y, known, sample_weight, task)
            self.encoders.append(encoder)
        return self

    def refitted(self, y, known, sample_weight):
        """Return a target with the same classes, and numbers scaled by these rows."""
        encoders = list(self.encoders)
        for task in np.flatnonzero(~self.class_tasks):
            with about_task(task):
                encoders[task] = self._fit_numbers(y, known, sample_weight, task)
        return MixedTarget(self.class_tasks, self.loss, encoders)

    def listing(self, y, known):
        """Return a target that lists the classes of all rows; see `ClassTarget.listing`."""
        encoders = [
            encoder.listing(y[:, task], known[:, [task]]) if is_class else encoder
            for task, (encoder, is_class) in enumerate(
                zip(self.encoders, self.class_tasks, strict=True)
            )
        ]
        return MixedTarget(self.class_tasks, self.loss, encoders)

    def with_classes(self, classes, y, known, sample_weight):
        """Return a target with these classes of each task; None for a regression task."""
        encoders = []
        for task, names in enumerate(classes):
            encoder = None  # `refitted` fits the encoders of numbers
            if names is not None:
                encoder = ClassTarget()
                encoder.one_dimensional = True
                with about_task(task):
                    encoder.set_classes([np.unique(names)])
            encoders.append(encoder)
        target = MixedTarget(self.class_tasks, self.loss, encoders)
        return target.refitted(y, known, sample_weight)

    def _fit_numbers(self, y, known, sample_weight, task):
        numbers = self._labels(y, known, task)
        return RegressionTarget(self.loss).fit(numbers, sample_weight)

    @property
    def heads(self):
        """Number of outputs of each task: one for numbers, a single logit for two classes."""
        return tuple(width for encoder in self.encoders for width in encoder.heads)

    @property
    def classes(self):
        """Classes of each task; None for a regression task."""
        pairs = zip(self.encoders, self.class_tasks, strict=True)
        return [encoder.classes if is_class else None for encoder, is_class in pairs]

    def encode(self, y, known, name="y"):
        """Return scaled numbers and class codes, (n_samples, n_tasks); zero if missing."""
        if y.shape[1] != len(self.encoders):
            raise ValueError(
                f"Got {name} with {y.shape[1]} task(s), but expected "
                f"{len(self.encoders)}. Pass a column for each task of the fit."
            )
        columns = []
        for task, encoder in enumerate(self.encoders):
            with about_task(task, name):
                labels = self._labels(y, known, task)
                if self.class_tasks[task]:
                    columns.append(encoder.encode(labels, known[:, [task]], name))
                else:
                    columns.append(encoder.encode(labels)[0])
        return np.hstack(columns)

    def _labels(self, y, known, task):
        """Return the labels of a task in the type that its encoder takes."""
        labels = y[:, task]
        return labels if self.class_tasks[task] else _as_numbers(labels, known[:, task])

    def class_weights(self, class_weight, codes, known, sample_weight):
        """Return the factor of each label weight, (n_samples, n_tasks); 1 for numbers."""
        n_tasks = len(self.encoders)
        per_task = class_weight
        if not isinstance(class_weight, list):
            per_task = [class_weight] * n_tasks
        if len(per_task) != n_tasks:
            raise ValueError(
                f"Got class_weight with {len(per_task)} entries, but expected one per "
                f"task: y has {n_tasks}. The entry of a regression task is None."
            )
        factors = np.ones(codes.shape)
        for task in np.flatnonzero(self.class_tasks):
            column = [task]
            with about_task(task):
                factors[:, column] = self.encoders[task].class_weights(
                    per_task[task], codes[:, column], known[:, column], sample_weight
                )
        return factors

    def indicators(self, y, known):
        """Return complete numbers for other models: scaled numbers, and a column per class."""
        columns = [
            encoder.indicators(self._labels(y, known, task), known[:, [task]])
            for task, encoder in enumerate(self.encoders)
        ]
        return np.hstack(columns)

    def means(self, outputs):
        """Return scaled predictions and probabilities, which ensembles average."""
        ends = np.cumsum(self.heads)[:-1]
        task_outputs = np.split(outputs, ends, axis=1)
        pairs = zip(self.encoders, task_outputs, strict=True)
        return np.hstack([encoder.means(own) for encoder, own in pairs])

    def split(self, means):
        """Split predictions per task, (n_samples, 1) or (n_samples, n_classes)."""
        sizes = [
            len(encoder.task_classes[0]) if is_class else 1
            for encoder, is_class in zip(self.encoders, self.class_tasks, strict=True)
        ]
        return np.split(means, np.cumsum(sizes)[:-1], axis=1)

    def predictions(self, means):
        """Return probabilities in the form of `predict_proba`, a list with one per task."""
        tasks = zip(self.encoders, self.split(means), self.class_tasks, strict=True)
        return [
            encoder.predictions(own) if is_class else None
            for encoder, own, is_class in tasks
        ]

    def decode(self, means):
        """Return predictions, (n_samples, n_tasks); objects if some classes are no numbers."""
        columns = [
            encoder.decode([own] if is_class else own)
            for encoder, own, is_class in zip(
                self.encoders, self.split(means), self.class_tasks, strict=True
            )
        ]
        if any(column.dtype.kind not in "biuf" for column in columns):
            columns = [column.astype(object) for column in columns]
        return np.column_stack(columns)


def _as_numbers(labels, known):
    """Return the labels of a regression task as float64; NaN if missing."""
    numbers = np.full(len(labels), np.nan)
    try:
        numbers[known] = labels[known].astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"Got labels that are no numbers ({error}), but expected numbers in a "
            "regression task. Clean them, or pass task_types."
        ) from error
    check_sizes(numbers, "y")
    return numbers
