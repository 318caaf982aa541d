# SPDX-License-Identifier: BSD-3-Clause
"""One fit, looked at after every stage: networks, growing ensembles, and step by step.

A source is fitted once, shows its predictions of the validation rows after every stage, and
then gives the models of the stages that were chosen.
"""

import pickle
import warnings
from abc import ABC, abstractmethod
from inspect import signature
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.multioutput import MultiOutputClassifier

from skrln._core._base import BaseRLN
from skrln._core._settings import resolve_epochs
from skrln._core._stages import (
    NetworkStages,
    count_bytes,
    growing_epochs,
    refuse_several,
)
from skrln._core._validation import find_missing

from ._boosting import can_be_read, check_readable, read_all, response
from ._models import GrowingModel, NetworkModels, SeparateModels

#: Stages of what is trained by partial_fit and has no number of its own.
DEFAULT_STAGES = 200
#: Parameters that say how many stages there are, the first that an estimator has.
COUNTS = ("max_iter", "n_estimators", "iterations")


class Rows(NamedTuple):
    """Part of a table."""

    X: Any
    y: Any
    weights: Any = None  #: (n_samples,), or None


def make_source(estimator, max_iter, rng, cap):
    """Source for an unfitted estimator; `estimator` itself stays as it is.

    Parameters
    ----------
    estimator : object
    max_iter : int or None
        Number of stages; None for the estimator's own.
    rng : RandomState
        Seeds an estimator that has no seed of its own.
    cap : int
        Bytes that copies of stages may take.
    """
    estimator = clone(estimator)
    if isinstance(estimator, BaseRLN):
        refuse_several(estimator)
        return NetworkSource(_seeded(estimator, rng), max_iter, cap)
    if is_classifier(estimator) and not hasattr(estimator, "predict_proba"):
        raise ValueError(
            f"Got {type(estimator).__name__}, a classifier without predict_proba, but "
            "its columns are scored and combined as probabilities. Choose a loss that has "
            'them, such as loss="log_loss".'
        )
    if can_be_read(estimator):
        check_readable(estimator)
        return GrowingSource(estimator, max_iter, cap)
    if hasattr(estimator, "partial_fit"):
        return PartialFitSource(_seeded(estimator, rng), max_iter, cap)
    if "warm_start" in estimator.get_params() and _count_of(estimator):
        return WarmStartSource(_seeded(estimator, rng), max_iter, cap)
    raise ValueError(
        f"Got {type(estimator).__name__}, which has no stages to choose from: it is no "
        "network of skrln, and has no staged predictions, no partial_fit and no "
        "warm_start with max_iter or n_estimators. Of a pipeline, wrap the last step: "
        "make_pipeline(..., PerTaskEarlyStopping(estimator))."
    )


class Source(ABC):
    """Base of all sources."""

    #: Whether the models of chosen stages need no copies of their own.
    reads_itself = False

    def __init__(self, estimator, max_iter, cap):
        self.estimator, self.cap = estimator, cap
        self.count_name = _count_of(estimator)
        if max_iter is None:
            known = estimator.get_params()
            max_iter = known.get(self.count_name, DEFAULT_STAGES)
        self.n_stages = max_iter
        self.snapshots, self.n_bytes, self.replayed = {}, 0, False

    @property
    def first_stage(self):
        """Stage before which the estimator's own early stopping would not stop."""
        return 0

    @abstractmethod
    def fit(self, train, validation, see, keep=None):
        """Train.

        Parameters
        ----------
        train : Rows
        validation : Rows or None
        see : callable or None
            Takes the number of the stage, the estimator's predictions for the validation
            rows, and its classes.
        keep : set of int, default=None
            Stages to keep a copy of, and no other; by default all, as far as the cap allows.
        """

    @abstractmethod
    def models(self, stages):
        """What predicts as after the stages given, ascending.

        Trains anew where there are no copies; see `replayed`.
        """

    def _store(self, stage, make, keep):
        """Keep a copy of a stage, or let all go where they would not stay under the cap."""
        if keep is not None:
            if stage in keep:
                self.snapshots[stage] = make()
            return
        if self.snapshots is None:
            return
        snapshot = make()
        size = _size_of(snapshot)
        if self.n_bytes + size * (self.n_stages - stage) > self.cap:
            self.snapshots = None
            return
        self.snapshots[stage] = snapshot
        self.n_bytes += size

    def _missing(self, stages):
        return self.snapshots is None or not set(stages) <= set(self.snapshots)

    def _replay(self, stages):
        self.snapshots, self.replayed = {}, True
        self.fit(self.train, self.validation, None, keep=set(stages))


class NetworkSource(Source):
    """The epochs of a network of this package, from one fit."""

    def __init__(self, estimator, max_iter, cap):
        if max_iter is None:
            max_iter = resolve_epochs(estimator)
        super().__init__(estimator, max_iter, cap)
        # All epochs are trained; which is best is not the network's to say.
        estimator.set_params(
            max_iter=self.n_stages,
            n_iter_no_change=self.n_stages,
            validation_cv=None,
            warm_start=False,
        )

    @property
    def first_stage(self):
        """The end of the epochs in which the penalty grows."""
        return growing_epochs(self.estimator)

    def fit(self, train, validation, see, keep=None):
        """Train."""
        self.train, self.validation = train, validation
        judged = _can_judge(train, validation, is_classifier(self.estimator))
        estimator = self.estimator.set_params(early_stopping=judged)
        self.fitted = NetworkStages(estimator)

        def on_stage(epoch, copy_weights, outputs):
            if see and outputs is not None:
                see(epoch, self.fitted.decode(outputs), self._classes())
            elif see:
                found = self.fitted.predict(copy_weights(), validation.X)
                see(epoch, found, self._classes())
            self._store(epoch, copy_weights, keep)

        held_out = tuple(validation) if judged else (None, None, None)
        self.fitted.fit(*train, held_out, on_stage)

    def _classes(self):
        target = self.fitted.problem.target
        return target.classes if is_classifier(self.estimator) else None

    def models(self, stages):
        """Networks of the epochs given."""
        if self._missing(stages):
            self._replay(stages)
        return NetworkModels(
            [self.fitted.network(s, self.snapshots[s]) for s in stages]
        )


class GrowingSource(Source):
    """An ensemble that is read up to any of its iterations: no copies at all."""

    reads_itself = True

    def __init__(self, estimator, max_iter, cap):
        super().__init__(estimator, max_iter, cap)
        if max_iter is not None and self.count_name:
            estimator.set_params(**{self.count_name: max_iter})

    def fit(self, train, validation, see, keep=None):
        """Train."""
        del keep
        self.estimator.fit(train.X, train.y, **_weights(self.estimator.fit, train))
        if see is None:
            return
        for stage, output in enumerate(read_all(self.estimator, validation.X)):
            see(stage, output, _classes_of(self.estimator))

    def models(self, stages):
        """The ensemble, read at several iterations."""
        return GrowingModel(self.estimator, stages)


class SteppedSource(Source):
    """Anything that goes on from where it is; a stage is a pickled copy."""

    def fit(self, train, validation, see, keep=None):
        """Train."""
        self.train, self.validation = train, validation
        estimator = clone(self.estimator)
        last = self.n_stages - 1 if keep is None else max(keep)
        for stage in range(last + 1):
            with warnings.catch_warnings():
                # One step is not meant to converge.
                warnings.simplefilter("ignore", ConvergenceWarning)
                self._step(estimator, stage, train)
            if see:
                output = getattr(estimator, response(estimator))(validation.X)
                see(stage, output, _classes_of(estimator))
            self._store(stage, lambda: pickle.dumps(estimator), keep)

    @abstractmethod
    def _step(self, estimator, stage, train):
        """Go on by one stage."""

    def models(self, stages):
        """Copies of the estimator at the stages given."""
        if self._missing(stages):
            self._replay(stages)
        return SeparateModels([pickle.loads(self.snapshots[s]) for s in stages])


class PartialFitSource(SteppedSource):
    """One call of partial_fit over all rows is a stage."""

    def _step(self, estimator, stage, train):
        options = _weights(estimator.partial_fit, train)
        if stage == 0 and is_classifier(estimator):
            options["classes"] = _classes_to_come(estimator, train.y)
        estimator.partial_fit(train.X, train.y, **options)


class WarmStartSource(SteppedSource):
    """One more member of an ensemble, or one more iteration, is a stage."""

    def _step(self, estimator, stage, train):
        # max_iter counts the iterations of a call, n_estimators all members.
        count = 1 if self.count_name == "max_iter" else stage + 1
        estimator.set_params(warm_start=True, **{self.count_name: count})
        estimator.fit(train.X, train.y, **_weights(estimator.fit, train))


def _count_of(estimator):
    """Name of the parameter that counts the stages of an estimator, or None."""
    params = estimator.get_params()
    for name in COUNTS:
        if name in params:
            return name
        inner = f"estimator__{name}"
        if inner in params:
            return inner
    return None


def _seeded(estimator, rng):
    """Give seeds to what has none, so that a fit can be replayed."""
    params = estimator.get_params(deep=True)
    for name in sorted(params):
        value = params[name]
        if name.split("__")[-1] != "random_state" or isinstance(value, int):
            continue
        source = rng if value is None else value
        estimator.set_params(**{name: int(source.randint(np.iinfo(np.int32).max))})
    return estimator


def _weights(method, train):
    """Arguments with the weights of the rows, where there are any."""
    if train.weights is None:
        return {}
    if "sample_weight" not in signature(method).parameters:
        raise ValueError(
            f"Got sample_weight, but {method.__name__} of "
            f"{type(method.__self__).__name__} does not take weights. Leave sample_weight "
            "out."
        )
    return {"sample_weight": train.weights}


def _classes_of(estimator):
    return estimator.classes_ if is_classifier(estimator) else None


def _classes_to_come(estimator, y):
    """The argument `classes` of the first call of partial_fit."""
    table = np.asarray(y.toarray() if hasattr(y, "toarray") else y)
    if table.ndim == 1:
        return np.unique(table)
    if isinstance(estimator, MultiOutputClassifier):
        return [np.unique(column) for column in table.T]
    return np.arange(table.shape[1])


def _can_judge(train, held_out, classifier):
    """Whether a network can watch its loss on these rows.

    It takes no validation rows where a task has no label, or a class that training lacks.
    """
    if held_out is None:
        return False
    tables = [_table_of(part.y) for part in (train, held_out)]
    known, told = (~find_missing(table) for table in tables)
    if not told.any(axis=0).all():
        return False
    return not classifier or all(
        set(tables[1][told[:, k], k].tolist())
        <= set(tables[0][known[:, k], k].tolist())
        for k in range(len(told.T))
    )


def _table_of(y):
    table = np.asarray(y.toarray() if hasattr(y, "toarray") else y)
    return table.reshape(len(table), -1)


def _size_of(snapshot):
    return len(snapshot) if isinstance(snapshot, bytes) else count_bytes(snapshot)
