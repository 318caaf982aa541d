# SPDX-License-Identifier: BSD-3-Clause
"""Kinds of labels: numbers, classes, or both; how `fit` reads, encodes and scores them.

An estimator states the kind of its labels as one of these values. They hold the user's
parameters that concern labels, and make the target encoder of a fit.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ._label_checks import check_class_target, check_regression_target
from ._mixed_target import MixedTarget, check_mixed_target, resolve_task_types
from ._targets import (
    NUMBER_LOSSES,
    ClassTarget,
    RegressionTarget,
)


@dataclass(frozen=True)
class NumberLabels:
    """Numbers, of one or several tasks."""

    loss: str = "squared_error"
    quantile: float = 0.5
    huber_threshold: float = 1.0

    target_type = RegressionTarget

    def read(self, y, name="y"):
        """Validate labels; return them and the mask of known ones, (n_samples, n_tasks)."""
        y = check_regression_target(y, name)
        return y, ~np.isnan(y[:, None] if y.ndim == 1 else y)

    def fit(self, y, known, weights):
        """Make the target encoder from training rows."""
        del known
        return RegressionTarget(self.loss).fit(y, weights)

    def complete(self, target, y, known):
        """Return a target that lists the classes of rows without weight, too."""
        del y, known
        return target

    def refit(self, target, y, known, weights):
        """Scale the target by fewer rows than it was made from."""
        del target
        return self.fit(y, known, weights)

    def fit_first_batch(self, y, known, weights, classes):
        """Make the target encoder from the first call of `partial_fit`."""
        del classes
        return self.fit(y, known, weights)

    def encode(self, target, y, known, weights, name):
        """Encode labels; return targets, mask of known ones, and factors of class weights."""
        del known, weights
        n_tasks = 1 if y.ndim == 1 else y.shape[1]
        if n_tasks != len(target.scale):
            raise ValueError(
                f"Got {name} with {n_tasks} task(s), but expected {len(target.scale)}. Pass "
                "a column for each task of the fit."
            )
        return *target.encode(y), None

    def strata(self, y):
        """Classes that a split keeps in equal shares; None without classes."""
        del y

    def losses(self, target=None):
        """Return the name of the loss, or a name per task, and the parameter of the loss."""
        del target
        return self.loss, self.loss_parameter

    @property
    def loss_parameter(self):
        """Quantile level or Huber threshold; 0 for losses without a parameter."""
        name = NUMBER_LOSSES[self.loss].parameter
        return 0.0 if name is None else getattr(self, name)


@dataclass(frozen=True)
class ClassLabels:
    """Classes, of one or several tasks; see `NumberLabels` for the methods."""

    class_weight: Any = None

    target_type = ClassTarget

    def read(self, y, name="y"):
        """Validate labels."""
        return check_class_target(y, name)

    def fit(self, y, known, weights):
        """Make the target encoder."""
        del weights
        return ClassTarget().fit(y, known)

    def complete(self, target, y, known):
        """List the classes of rows without weight."""
        return target.listing(y, known)

    def refit(self, target, y, known, weights):
        """Keep the classes: validation rows may hold classes that training rows lack."""
        del y, known, weights
        return target

    def fit_first_batch(self, y, known, weights, classes):
        """Make the target encoder from the classes that the user names."""
        del known, weights
        target = ClassTarget()
        target.one_dimensional = y.ndim == 1
        if target.one_dimensional:
            return target.set_classes([np.unique(classes)])
        per_task = [np.unique(names) for names in classes]
        return target.set_classes(
            per_task, multilabel=target.looks_multilabel(per_task)
        )

    def encode(self, target, y, known, weights, name):
        """Encode labels as class codes."""
        codes = target.encode(y, known, name)
        factors = target.class_weights(self.class_weight, codes, known, weights)
        return codes, known, factors

    def strata(self, y):
        """Classes of a single task."""
        return y if y.ndim == 1 else None

    def losses(self, target=None):
        """Return the log loss."""
        del target
        return "log_loss", 0.0


@dataclass(frozen=True)
class MixedLabels(NumberLabels):
    """Numbers in some columns of y, classes in others; see `NumberLabels`."""

    task_types: Any = "auto"
    class_weight: Any = None

    target_type = MixedTarget

    def read(self, y, name="y"):
        """Validate labels."""
        return check_mixed_target(y, name)

    def fit(self, y, known, weights):
        """Make the target encoder."""
        class_tasks = resolve_task_types(self.task_types, y, known)
        return MixedTarget(class_tasks, self.loss).fit(y, known, weights)

    def complete(self, target, y, known):
        """List the classes of rows without weight."""
        return target.listing(y, known)

    def refit(self, target, y, known, weights):
        """Keep the classes, and scale numbers by fewer rows."""
        return target.refitted(y, known, weights)

    def fit_first_batch(self, y, known, weights, classes):
        """Make the target encoder from the first call of `partial_fit`."""
        if classes is None:
            return self.fit(y, known, weights)
        types = [
            "regression" if names is None else "classification" for names in classes
        ]
        expected = types if isinstance(self.task_types, str) else list(self.task_types)
        if types != expected or len(types) != y.shape[1]:
            raise ValueError(
                f"Got classes={classes!r} for y with {y.shape[1]} task(s) and task_types="
                f"{self.task_types!r}, but expected an entry for each task: its classes, "
                "or None for regression."
            )
        target = MixedTarget(np.array(types) == "classification", self.loss)
        return target.with_classes(classes, y, known, weights)

    def encode(self, target, y, known, weights, name):
        """Encode labels as scaled numbers and class codes."""
        codes = target.encode(y, known, name)
        factors = target.class_weights(self.class_weight, codes, known, weights)
        return codes, known, factors

    def losses(self, target=None):
        """Return a name per task; a single name if all tasks have the same loss."""
        names = [
            "log_loss" if is_class else self.loss for is_class in target.class_tasks
        ]
        name = names[0] if len(set(names)) == 1 else tuple(names)
        return name, self.loss_parameter
