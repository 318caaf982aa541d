# SPDX-License-Identifier: BSD-3-Clause
"""From targets to what the network learns, and back; several tasks and missing labels."""

import numpy as np
from scipy.special import expit, softmax
from sklearn.utils import check_array, column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from ._preprocessing import fit_scaler
from ._validation import find_missing


def check_regression_target(y, name="y"):
    """Targets as float64, 1-D or 2-D; NaN marks a missing label in 2-D only."""
    if y is None:
        raise ValueError(
            "This estimator requires y to be passed, but the target y is None."
        )
    y = check_array(
        y,
        ensure_2d=False,
        dtype=np.float64,
        ensure_all_finite="allow-nan",
        ensure_min_samples=0,
        input_name=name,
    )
    if y.ndim == 2 and y.shape[1] == 1:
        y = column_or_1d(y, warn=True)
    if y.ndim == 1:
        check_array(y, ensure_2d=False, input_name=name, ensure_min_samples=0)
    return y


def check_labelled(known, name="y"):
    """Refuse a task without any label; `known` of shape (n_samples, n_tasks)."""
    empty = np.flatnonzero(~known.any(axis=0))
    if empty.size:
        raise ValueError(
            f"Got no label at all for task(s) {empty.tolist()} of {name}, but every "
            "column needs at least one. Drop the columns."
        )


class RegressionTarget:
    """Scale every task to mean zero and variance one, respecting weights.

    For the Poisson loss the targets are divided by their mean instead, so that the log of the
    prediction starts at zero.
    """

    def __init__(self, loss):
        self.loss = loss

    def fit(self, y, sample_weight):
        """Learn from `y` of shape (n_samples,) or (n_samples, n_tasks)."""
        self.one_dimensional = y.ndim == 1
        table = y.reshape(len(y), -1)
        if self.loss == "poisson":
            known = np.nan_to_num(table)
            if np.any(known < 0) or np.any(known.sum(axis=0) <= 0):
                raise ValueError(
                    f"Got loss='poisson' with y between {known.min()} and {known.max()}, "
                    "but expected non-negative targets with a positive sum. Use another "
                    "loss, or shift the targets."
                )
            weights = np.where(np.isnan(table), 0, sample_weight[:, None])
            self.center = np.zeros(table.shape[1])
            self.scale = (known * weights).sum(axis=0) / weights.sum(axis=0)
            self.scale[self.scale == 0] = 1.0
            return self
        scaler = fit_scaler(table, sample_weight)
        self.center, self.scale = scaler.mean_, scaler.scale_
        return self

    @property
    def heads(self):
        """Outputs per task."""
        return (1,) * len(self.scale)

    @property
    def class_tasks(self):
        """Which tasks are about classes, (n_tasks,)."""
        return np.zeros(len(self.scale), bool)

    def encode(self, y):
        """Scaled targets and which of them are known, both (n_samples, n_tasks)."""
        scaled = (y.reshape(len(y), -1) - self.center) / self.scale
        known = ~np.isnan(scaled)
        return np.where(known, scaled, 0), known

    def indicators(self, y, known):
        """What tells the rows apart, without gaps, (n_samples, n_tasks)."""
        del known
        return self.encode(y)[0]

    def means(self, outputs):
        """Predictions on the scaled target: what members of an ensemble are averaged in."""
        return np.exp(outputs) if self.loss == "poisson" else outputs

    def split(self, means):
        """Per task, (n_samples, 1)."""
        return np.split(means, means.shape[1], axis=1)

    def decode(self, means):
        """Predictions in the units and the dimensions of the targets."""
        y = means * self.scale + self.center
        return y.ravel() if self.one_dimensional else y


def check_class_target(y, name="y"):
    """Labels, 1-D or 2-D, and which are known."""
    if y is None:
        raise ValueError(
            "This estimator requires y to be passed, but the target y is None."
        )
    y = np.asarray(y.toarray() if hasattr(y, "toarray") else y)
    if y.ndim == 2 and y.shape[1] == 1:
        y = column_or_1d(y, warn=True)
    if y.ndim == 1:
        check_array(
            y, ensure_2d=False, dtype=None, input_name=name, ensure_min_samples=0
        )
        if find_missing(y).any():
            raise ValueError(
                f"Input {name} contains None, but the labels of a single task must all "
                "be known. Leave out the rows without a label."
            )
        check_classification_targets(y)
        return y, np.ones((len(y), 1), bool)
    if y.ndim != 2:
        raise ValueError(
            f"Got {name} of shape {y.shape}, but expected (n_samples,) or (n_samples, "
            "n_tasks)."
        )
    known = ~find_missing(y)
    for column, there in zip(y.T, known.T, strict=True):
        if there.any():
            check_classification_targets(plain_labels(column[there]))
    return y, known


class ClassTarget:
    """Codes of the classes of one or several tasks."""

    def fit(self, y, known):
        """Learn the classes of `y` of shape (n_samples,) or (n_samples, n_tasks)."""
        self.one_dimensional = y.ndim == 1
        columns = y.reshape(len(y), -1).T
        pairs = zip(columns, known.T, strict=True)
        found = [np.unique(plain_labels(column[there])) for column, there in pairs]
        return self.set_classes(found, multilabel=self.looks_multilabel(found))

    def set_classes(self, classes, *, multilabel=False):
        """Take the classes of each task as given, sorted."""
        self.multilabel = multilabel
        if multilabel:
            classes = [np.array([0, 1])] * len(classes)
        self.task_classes = list(classes)
        for task, names in enumerate(self.task_classes):
            if len(names) < 2:
                where = "y" if self.one_dimensional else f"task {task} of y"
                raise ValueError(
                    f"Got {len(names)} class ({names.tolist()}) in {where}, but a "
                    "classifier needs at least 2 classes with positive weight. Add rows "
                    "of another class."
                )
        return self

    def looks_multilabel(self, classes):
        """Whether all tasks of a two-dimensional target have labels 0 and 1."""
        return not self.one_dimensional and all(
            c.dtype.kind in "biuf" and set(c.tolist()) <= {0, 1} for c in classes
        )

    @property
    def classes(self):
        """As scikit-learn has it: one array, or a list of arrays for several tasks."""
        if self.multilabel:
            return np.arange(len(self.task_classes))
        return self.task_classes[0] if self.one_dimensional else self.task_classes

    @property
    def heads(self):
        """Outputs per task: one logit for two classes."""
        return tuple(1 if len(c) == 2 else len(c) for c in self.task_classes)

    @property
    def class_tasks(self):
        """Which tasks are about classes, (n_tasks,)."""
        return np.ones(len(self.task_classes), bool)

    def encode(self, y, known, name="y"):
        """Class codes, (n_samples, n_tasks); zero where unknown."""
        columns = y.reshape(len(y), -1).T
        if len(columns) != len(self.task_classes):
            raise ValueError(
                f"Got {name} with {len(columns)} task(s), but expected "
                f"{len(self.task_classes)}."
            )
        codes = np.zeros((len(y), len(columns)))
        for task, (column, there) in enumerate(zip(columns, known.T, strict=True)):
            names, labels = self.task_classes[task], plain_labels(column[there])
            strange = np.setdiff1d(labels, names)
            if strange.size:
                raise ValueError(
                    f"Got the class(es) {strange.tolist()} in {name}, but training knows "
                    f"only {names.tolist()}. Every class needs a row in the training data"
                    f"{'; pass all of them as classes' if name == 'y' else ''}."
                )
            codes[there, task] = np.searchsorted(names, labels)
        return codes

    def indicators(self, y, known):
        """A column per class of every task, (n_samples, n_classes); zeros where unknown."""
        codes = self.encode(y, known)
        columns = [
            (codes[:, task, None] == np.arange(len(names))) & known[:, task, None]
            for task, names in enumerate(self.task_classes)
        ]
        return np.hstack(columns).astype(float)

    def class_weights(self, class_weight, codes, known, sample_weight):
        """Factor of the weight of each label, (n_samples, n_tasks)."""
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
        for task, one in enumerate(per_task):
            there = known[:, task]
            labels = codes[there, task].astype(int)
            names = self.task_classes[task]
            if one == "balanced":
                factor = _balanced(labels, sample_weight[there], len(names))
            else:
                factor = _weights_by_class(one or {}, names.tolist())
            factors[there, task] = factor[labels]
        return factors

    def probabilities(self, outputs):
        """Per task, (n_samples, n_classes)."""
        found, start = [], 0
        for width in self.heads:
            logits = outputs[:, start : start + width]
            start += width
            if width == 1:
                positive = expit(logits)
                found.append(np.hstack([1 - positive, positive]))
            else:
                found.append(softmax(logits, axis=1))
        return found

    def means(self, outputs):
        """Probabilities of all tasks beside each other, (n_samples, n_classes)."""
        return np.hstack(self.probabilities(outputs))

    def split(self, means):
        """Per task, (n_samples, n_classes)."""
        ends = np.cumsum([len(names) for names in self.task_classes])
        return np.split(means, ends[:-1], axis=1)

    def decode(self, probabilities):
        """Most likely classes, in the dimensions of the labels."""
        chosen = [
            names[np.argmax(p, axis=1)]
            for names, p in zip(self.task_classes, probabilities, strict=True)
        ]
        if self.one_dimensional:
            return chosen[0]
        if len({labels.dtype.kind for labels in chosen}) > 1:
            # Numbers beside strings would become strings.
            chosen = [labels.astype(object) for labels in chosen]
        return np.column_stack(chosen)


def _balanced(labels, sample_weight, n_classes):
    """Factor of each class with which all of them weigh the same."""
    total = np.bincount(labels, sample_weight, minlength=n_classes)
    there = total > 0
    share = np.where(there, total, 1) / total.sum() * there.sum()
    return np.where(there, 1 / share, 0)


def _weights_by_class(weight_of, classes):
    """Factor of each class out of a dict; one for those that it does not name."""
    named = [name for name in classes if name in weight_of]
    if len(named) < min(len(classes), len(weight_of)):
        raise ValueError(
            f"Got class_weight={weight_of!r}, but expected classes out of {classes} as "
            "its keys."
        )
    factor = np.array([weight_of.get(name, 1.0) for name in classes], float)
    if not np.all(np.isfinite(factor)) or np.any(factor < 0):
        raise ValueError(
            f"Got class_weight={weight_of!r}, but expected finite, non-negative weights."
        )
    return factor


def plain_labels(labels):
    """Labels of an object array in the array type that they really have."""
    if labels.dtype.kind != "O":
        return labels
    tight = np.array(labels.tolist())
    kinds = {type(label) for label in labels.tolist()}
    return tight if len(kinds) == 1 and tight.ndim == 1 else labels


def effective_weights(known, sample_weight, class_factor, task_weight):
    """Weights whose product with the losses, summed and divided by the rows, is the loss.

    Every task counts by its `task_weight`, however many of its labels are missing.

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


__all__ = [
    "ClassTarget",
    "RegressionTarget",
    "check_class_target",
    "check_labelled",
    "check_regression_target",
    "effective_weights",
    "plain_labels",
]
