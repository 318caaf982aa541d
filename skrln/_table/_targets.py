# SPDX-License-Identifier: BSD-3-Clause
"""Target encoders: from labels to the outputs of a network, and back.

`known` is the mask, of shape (n_samples, n_tasks), of the labels that are not missing.
"""

from copy import copy
from typing import NamedTuple

import numpy as np
from scipy.special import expit, softmax

from ._class_weights import balanced, weights_by_class
from ._label_checks import plain_labels
from ._scaling import find_exponents, fit_scaler, largest_sizes


def check_labelled(known, name="y"):
    """Raise a ValueError for a task without any label."""
    empty = np.flatnonzero(~known.any(axis=0))
    if empty.size:
        raise ValueError(
            f"Got no label at all for task(s) {empty.tolist()} of {name}, but every "
            "column needs at least one. Drop the columns."
        )


class NumberLoss(NamedTuple):
    """Properties of a loss of numbers."""

    is_log: bool = False  #: whether the network predicts the logarithm of the mean
    parameter: str | None = None  #: field of `NumberLabels` with the loss's number


#: Losses of number tasks, by name.
NUMBER_LOSSES = {
    "squared_error": NumberLoss(),
    "absolute_error": NumberLoss(),
    "huber": NumberLoss(parameter="huber_threshold"),
    "quantile": NumberLoss(parameter="quantile"),
    "poisson": NumberLoss(is_log=True),
}


class RegressionTarget:
    """Encoder that scales every task to weighted mean zero and variance one.

    For the Poisson loss it divides the targets by their mean instead, so that the log of the
    prediction starts at zero.
    """

    def __init__(self, loss):
        self.loss = loss

    def fit(self, y, sample_weight):
        """Fit the scale to `y` of shape (n_samples,) or (n_samples, n_tasks)."""
        self.one_dimensional = y.ndim == 1
        table = y.reshape(len(y), -1)
        if NUMBER_LOSSES[self.loss].is_log:
            return self._fit_counts(table, sample_weight)
        scaler = fit_scaler(table, sample_weight)
        return self._set(scaler.center, scaler.scale, scaler.exponents)

    def _fit_counts(self, table, sample_weight):
        counts = np.nan_to_num(table)  # missing labels add nothing to the sums
        exponents = find_exponents(largest_sizes(counts))
        scaled = np.ldexp(counts, exponents)
        if np.any(counts < 0) or np.any(scaled.sum(axis=0) <= 0):
            raise ValueError(
                f"Got loss={self.loss!r} with y between {counts.min()} and {counts.max()}, "
                "but expected non-negative targets with a positive sum. Use another "
                "loss, or shift the targets."
            )
        weights = np.where(np.isnan(table), 0, sample_weight[:, None])
        scale = (scaled * weights).sum(axis=0) / weights.sum(axis=0)
        scale[scale == 0] = 1.0  # all positive counts have weight zero
        return self._set(np.zeros(table.shape[1]), scale, exponents)

    def _set(self, center, scale, exponents):
        """Set the scale, which is in units of the targets times powers of two."""
        self.exponents = None
        self.center, self.scale = center, scale
        if exponents is not None and exponents.any():
            self.exponents = exponents
            self.center = np.ldexp(center, -exponents)
            self.scale = np.ldexp(scale, -exponents)
        return self

    @property
    def heads(self):
        """Number of outputs of each task."""
        return (1,) * len(self.scale)

    @property
    def class_tasks(self):
        """Mask of the class tasks, (n_tasks,)."""
        return np.zeros(len(self.scale), bool)

    def encode(self, y):
        """Return scaled targets, zero if missing, and `known`; both (n_samples, n_tasks)."""
        y, center, scale = y.reshape(len(y), -1), self.center, self.scale
        if self.exponents is not None:
            y, center, scale = (
                np.ldexp(values, self.exponents) for values in (y, center, scale)
            )
        scaled = (y - center) / scale
        known = ~np.isnan(scaled)
        return np.where(known, scaled, 0), known

    def indicators(self, y, known):
        """Return numbers for models that need complete targets, (n_samples, n_tasks)."""
        del known
        return self.encode(y)[0]

    def means(self, outputs):
        """Return predictions of the scaled target, which ensembles average."""
        return np.exp(outputs) if NUMBER_LOSSES[self.loss].is_log else outputs

    def split(self, means):
        """Split predictions into an array per task, (n_samples, 1)."""
        return np.split(means, means.shape[1], axis=1)

    def decode(self, means):
        """Return predictions in the units and the dimensions of the targets."""
        y = means * self.scale + self.center
        return y.ravel() if self.one_dimensional else y

    def predictions(self, means):
        """Return predictions in the form of `predict`."""
        return self.decode(means)


#: Way out of an error about new classes, by whether they are in the training rows.
_WAY_OUT_OF_NEW_CLASSES = {
    True: "Every class needs a row in the first fit: fit a new estimator. In the first call of "
    "partial_fit, name all classes that are to come.",
    False: "Every class needs a row of positive weight in the training data.",
}


class ClassTarget:
    """Encoder of the classes of one or several tasks as codes.

    `task_classes` are the classes of each task that a network has outputs for, and
    `listed_classes` those of the user's labels: see `listing`.
    """

    def fit(self, y, known):
        """Read the classes of `y` of shape (n_samples,) or (n_samples, n_tasks)."""
        self.one_dimensional = y.ndim == 1
        columns = y.reshape(len(y), -1).T
        pairs = zip(columns, known.T, strict=True)
        classes = [np.unique(plain_labels(column[rows])) for column, rows in pairs]
        return self.set_classes(classes, multilabel=self.looks_multilabel(classes))

    def set_classes(self, classes, *, multilabel=False):
        """Set the sorted classes of each task."""
        self.multilabel = multilabel
        if multilabel:
            # A label that no row has, or that all rows have, keeps both classes.
            classes = [np.array([0, 1])] * len(classes)
        self.task_classes = self.listed_classes = list(classes)
        for task, names in enumerate(self.task_classes):
            if len(names) < 2:
                where = "y" if self.one_dimensional else f"task {task} of y"
                raise ValueError(
                    f"Got {len(names)} class ({names.tolist()}) in {where}, but a "
                    "classifier needs at least 2 classes with positive weight. Add rows "
                    "of another class, or give them a positive sample_weight."
                )
        return self

    def listing(self, y, known):
        """Return a target that lists the classes of all rows of `y`.

        A class whose rows have no weight has no output of the network. It is among `classes`,
        and its probability is zero.
        """
        columns = y.reshape(len(y), -1).T
        pairs = zip(self.task_classes, columns, known.T, strict=True)
        listed = [
            np.union1d(names, plain_labels(column[rows]))
            for names, column, rows in pairs
        ]
        if all(map(np.array_equal, listed, self.task_classes)):
            return self
        target = copy(self)
        target.multilabel = self.multilabel and self.looks_multilabel(listed)
        target.listed_classes = listed
        target.task_classes = [
            names[np.isin(names, trained)]
            for names, trained in zip(listed, self.task_classes, strict=True)
        ]
        return target

    def looks_multilabel(self, classes):
        """Return True if a two-dimensional target has no labels but 0 and 1."""
        return not self.one_dimensional and all(
            names.dtype.kind in "biuf" and set(names.tolist()) <= {0, 1}
            for names in classes
        )

    @property
    def classes(self):
        """Classes in the form of `classes_`: an array, or a list with one per task."""
        if self.multilabel:
            return np.arange(len(self.task_classes))
        return self.listed_classes[0] if self.one_dimensional else self.listed_classes

    @property
    def heads(self):
        """Number of outputs of each task: a single logit for two classes."""
        counts = [len(names) for names in self.task_classes]
        return tuple(1 if count == 2 else count for count in counts)

    @property
    def class_tasks(self):
        """Mask of the class tasks, (n_tasks,)."""
        return np.ones(len(self.task_classes), bool)

    def encode(self, y, known, name="y"):
        """Return class codes, (n_samples, n_tasks); zero for missing labels."""
        columns = y.reshape(len(y), -1).T
        if len(columns) != len(self.task_classes):
            raise ValueError(
                f"Got {name} with {len(columns)} task(s), but expected "
                f"{len(self.task_classes)}. Pass a column for each task of the fit."
            )
        codes = np.zeros((len(y), len(columns)))
        for task, (column, rows) in enumerate(zip(columns, known.T, strict=True)):
            names, labels = self.task_classes[task], plain_labels(column[rows])
            new = np.setdiff1d(labels, names)
            if new.size:
                raise ValueError(
                    f"Got the class(es) {new.tolist()} in {name}, but training knows "
                    f"only {names.tolist()}. {_WAY_OUT_OF_NEW_CLASSES[name == 'y']}"
                )
            codes[rows, task] = np.searchsorted(names, labels)
        return codes

    def indicators(self, y, known):
        """Return a column per class of every task, (n_samples, n_classes); zeros if missing."""
        codes = self.encode(y, known)
        columns = [
            (codes[:, task, None] == np.arange(len(names))) & known[:, task, None]
            for task, names in enumerate(self.task_classes)
        ]
        return np.hstack(columns).astype(float)

    def class_weights(self, class_weight, codes, known, sample_weight):
        """Return the factor of the weight of each label, (n_samples, n_tasks)."""
        n_tasks = codes.shape[1]
        factors = np.ones(codes.shape)
        if class_weight is None:
            return factors
        per_task = class_weight
        if not isinstance(class_weight, list):
            per_task = [class_weight] * n_tasks
        if len(per_task) != n_tasks:
            raise ValueError(
                f"Got class_weight with {len(per_task)} entries, but expected one per "
                f"task: y has {n_tasks}."
            )
        for task, weight_of in enumerate(per_task):
            rows = known[:, task]
            labels = codes[rows, task].astype(int)
            names = self.task_classes[task]
            if isinstance(weight_of, str) and weight_of == "balanced":
                factor = balanced(labels, sample_weight[rows], len(names))
            else:
                factor = weights_by_class(weight_of, names.tolist())
            factors[rows, task] = factor[labels]
        return factors

    def probabilities(self, outputs):
        """Return the probabilities of each task, a list of (n_samples, n_classes)."""
        per_task, start = [], 0
        for width in self.heads:
            logits = outputs[:, start : start + width]
            start += width
            if width == 1:
                positive = expit(logits)
                per_task.append(np.hstack([1 - positive, positive]))
            else:
                per_task.append(softmax(logits, axis=1))
        return per_task

    def means(self, outputs):
        """Return the probabilities of all tasks beside each other, (n_samples, n_classes)."""
        return np.hstack(self.probabilities(outputs))

    def split(self, means):
        """Split probabilities into an array per task, (n_samples, n_classes)."""
        ends = np.cumsum([len(names) for names in self.task_classes])
        return np.split(means, ends[:-1], axis=1)

    def predictions(self, means):
        """Return probabilities in the form of `predict_proba`."""
        trained = zip(self.split(means), self.task_classes, strict=True)
        pairs = zip(trained, self.listed_classes, strict=True)
        per_task = [_insert_zeros(*pair, listed) for pair, listed in pairs]
        if self.multilabel:
            return np.stack([proba[:, 1] for proba in per_task], axis=1)
        return per_task[0] if self.one_dimensional else per_task

    def decode(self, probabilities):
        """Return the most likely classes, in the dimensions of the labels."""
        chosen = [
            names[np.argmax(proba, axis=1)]
            for names, proba in zip(self.task_classes, probabilities, strict=True)
        ]
        if self.one_dimensional:
            return chosen[0]
        if len({labels.dtype.kind for labels in chosen}) > 1:
            # A NumPy array of numbers and strings would turn the numbers into strings.
            chosen = [labels.astype(object) for labels in chosen]
        return np.column_stack(chosen)


def _insert_zeros(proba, names, listed):
    """Return probabilities with a column of zeros for each class without an output."""
    if len(names) == len(listed):
        return proba
    full = np.zeros((len(proba), len(listed), *proba.shape[2:]), proba.dtype)
    full[:, np.isin(listed, names)] = proba
    return full


def effective_weights(known, sample_weight, class_factor, task_weight):
    """Return the weight of each label in the loss, (n_samples, n_tasks).

    The sum of weights times losses, divided by the number of rows, is the loss of a fit. Each
    task has the share `task_weight` of the loss, however many of its labels are missing.

    Parameters
    ----------
    known : ndarray of bool of shape (n_samples, n_tasks)
    sample_weight : ndarray of shape (n_samples,)
    class_factor : ndarray of shape (n_samples, n_tasks) or None
    task_weight : ndarray of shape (n_tasks,)
        Sums to one.
    """
    weights = known * sample_weight[:, None]
    if class_factor is not None:
        weights = weights * class_factor
    mean = weights.mean(axis=0)
    return weights / np.where(mean > 0, mean, 1) * task_weight
