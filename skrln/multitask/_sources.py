# SPDX-License-Identifier: BSD-3-Clause
"""Sources of stages: networks, boosted ensembles, and estimators that are fitted in steps.

A source is fitted once. It passes on its predictions of the validation rows after every stage,
and then returns the models of the chosen stages.
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

from skrln._ensemble._fitted import make_ensemble
from skrln._ensemble._stages import (
    count_bytes,
    count_growing_epochs,
    refuse_several,
    run_stages,
    stage_job,
    stage_predictions,
)
from skrln._network._outcome import outcome_of, warn_outcome
from skrln._network._settings import resolve_epochs
from skrln._table._columns import check_columns
from skrln._table._problem import Arguments
from skrln.networks._base import BaseRLN
from skrln.networks._watch import Watch

from ._boosting import can_be_read, check_readable, read_all, response
from ._models import GrowingModel, NetworkModels, SeparateModels
from ._tasks import can_judge

#: Number of stages of an estimator without any parameter of COUNTS.
DEFAULT_STAGES = 200
#: Parameters that hold the number of stages; the first that an estimator has counts.
COUNTS = ("max_iter", "n_estimators", "iterations")


class Rows(NamedTuple):
    """Rows of a table, with targets and weights."""

    X: Any
    y: Any
    weights: Any = None  #: (n_samples,) or None


def make_source(estimator, max_iter, rng, cap):
    """Make the source of a clone of `estimator`.

    Parameters
    ----------
    estimator : object
    max_iter : int or None
        Number of stages; None for the number of the estimator.
    rng : RandomState
        Seeds an estimator whose `random_state` is None.
    cap : int
        Largest memory in bytes for copies of stages.
    """
    estimator = clone(estimator)
    if isinstance(estimator, BaseRLN):
        refuse_several(estimator._parameters())
        return NetworkSource(_seeded(estimator, rng), max_iter, cap)
    if is_classifier(estimator) and not hasattr(estimator, "predict_proba"):
        raise ValueError(
            f"Got {type(estimator).__name__}, a classifier without predict_proba, but "
            "stages are scored and combined by their probabilities. Choose a loss with "
            'probabilities, such as loss="log_loss".'
        )
    if can_be_read(estimator):
        check_readable(estimator)
        return GrowingSource(estimator, max_iter, cap)
    if hasattr(estimator, "partial_fit"):
        return PartialFitSource(_seeded(estimator, rng), max_iter, cap)
    if "warm_start" in estimator.get_params() and _count_of(estimator):
        return WarmStartSource(_seeded(estimator, rng), max_iter, cap)
    raise ValueError(
        f"Got {type(estimator).__name__}, which has no stages to choose from, but expected "
        "a network of skrln, or an estimator with staged predictions, with partial_fit, or "
        "with warm_start and max_iter or n_estimators. In a pipeline, wrap the last step: "
        "make_pipeline(..., PerTaskEarlyStopping(estimator))."
    )


class Source(ABC):
    """Base class of the sources."""

    #: True if the fitted estimator itself predicts as after any stage, without copies.
    reads_itself = False

    def __init__(self, estimator, max_iter, cap):
        self.estimator, self.cap = estimator, cap
        self.count_name = _count_of(estimator)
        if max_iter is None:
            params = estimator.get_params()
            max_iter = params.get(self.count_name, DEFAULT_STAGES)
        self.n_stages = max_iter
        self.snapshots, self.n_bytes, self.replayed = {}, 0, False

    @property
    def first_stage(self):
        """First stage at which the estimator's own early stopping may stop."""
        return 0

    @abstractmethod
    def fit(self, train, validation, see, keep=None):
        """Fit all stages.

        Parameters
        ----------
        train : Rows
        validation : Rows or None
        see : callable or None
            Called after every stage with the number of the stage, the predictions of the
            validation rows, and the classes of the estimator.
        keep : set of int, default=None
            Stages to copy. By default all stages, unless their copies would exceed the cap.
        """

    @abstractmethod
    def models(self, stages):
        """Models of the given stages, which are ascending.

        Repeats the fit if copies of these stages are missing, and sets `replayed`.
        """

    def _store(self, stage, make, keep):
        """Keep a copy of a stage, or drop all copies if they would exceed the cap."""
        if keep is not None:
            if stage in keep:
                self.snapshots[stage] = make()
            return
        if self.snapshots is None:
            return
        snapshot = make()
        size = _size_of(snapshot)
        # All later stages are assumed to be as large as this one. Dropping the copies now, not
        # when the memory is full, keeps the peak below the cap.
        if self.n_bytes + size * (self.n_stages - stage) > self.cap:
            self.snapshots = None
            return
        self.snapshots[stage] = snapshot
        self.n_bytes += size

    def _missing(self, stages):
        """Return True if any of the stages has no copy."""
        return self.snapshots is None or not set(stages) <= set(self.snapshots)

    def _replay(self, stages):
        """Repeat the fit from its seed, and copy the given stages only."""
        self.snapshots, self.replayed = {}, True
        self.fit(self.train, self.validation, None, keep=set(stages))


class NetworkSource(Source):
    """Epochs of one fit of a network of this package."""

    def __init__(self, estimator, max_iter, cap):
        if max_iter is None:
            max_iter = resolve_epochs(estimator.max_iter)
        super().__init__(estimator, max_iter, cap)
        # With patience as long as the fit, the network trains all epochs.
        estimator.set_params(
            max_iter=self.n_stages,
            n_iter_no_change=self.n_stages,
            validation_cv=None,
            warm_start=False,
        )

    @property
    def first_stage(self):
        """End of the epochs in which the penalty grows."""
        return count_growing_epochs(self.estimator._parameters())

    def fit(self, train, validation, see, keep=None):
        """Train all epochs."""
        self.train, self.validation = train, validation
        # A network that accepts the held-out rows returns their outputs after every epoch.
        # Otherwise a copy of the weights of every epoch predicts these rows.
        held_out_y = None if validation is None else validation.y
        is_judged = can_judge(train.y, held_out_y, is_classifier(self.estimator))
        estimator = self.estimator.set_params(early_stopping=is_judged)
        parameters, arguments = estimator._parameters(), Arguments(*train)
        if is_judged:
            arguments = arguments._replace(
                X_val=validation.X,
                y_val=validation.y,
                sample_weight_val=validation.weights,
            )
        job = stage_job(parameters, arguments, estimator.random_state)
        predict = self._stage_predictor(job) if see else None

        def on_stage(epoch, copy_weights, outputs):
            if predict is not None:
                see(epoch, predict(copy_weights, outputs), self._classes(job))
            self._store(epoch, copy_weights, keep)

        self.stages = run_stages(job, Watch(estimator), on_stage)
        warn_outcome([outcome_of(self.stages.fitted)], parameters)

    def _stage_predictor(self, job):
        """Return the function that predicts the validation rows by one epoch."""
        shared = job.shared
        encoder = shared.encodings[job.kind.numeric_embedding].encoder
        inputs = None

        def predict(copy_weights, outputs):
            nonlocal inputs
            if outputs is not None:
                target = shared.target
                means = target.means(outputs.astype(np.float64, copy=False))
                return target.predictions(means)
            # The network was not given rows that it cannot judge.
            if inputs is None:
                X = check_columns(self.validation.X, shared.columns)
                inputs = encoder.transform(X)
            return stage_predictions(job, copy_weights(), inputs)

        return predict

    def _classes(self, job):
        return job.shared.target.classes if is_classifier(self.estimator) else None

    def models(self, stages):
        """Networks of the given epochs."""
        if self._missing(stages):
            self._replay(stages)
        columns = self.stages.job.shared.columns
        members = [self.stages.network(s, self.snapshots[s]) for s in stages]
        return NetworkModels(
            [
                self.estimator._with_fitted(make_ensemble(columns, [member]))
                for member in members
            ]
        )


class GrowingSource(Source):
    """Boosted ensemble that predicts as after any iteration, without copies."""

    reads_itself = True

    def __init__(self, estimator, max_iter, cap):
        super().__init__(estimator, max_iter, cap)
        if max_iter is not None and self.count_name:
            estimator.set_params(**{self.count_name: max_iter})

    def fit(self, train, validation, see, keep=None):
        """Fit the ensemble, then predict after every iteration."""
        del keep
        self.estimator.fit(train.X, train.y, **_weights(self.estimator.fit, train))
        if see is None:
            return
        for stage, output in enumerate(read_all(self.estimator, validation.X)):
            see(stage, output, _classes_of(self.estimator))

    def models(self, stages):
        """Model that reads the ensemble at the given iterations."""
        return GrowingModel(self.estimator, stages)


class SteppedSource(Source):
    """Estimator that continues its fit step by step; a stage is a pickled copy."""

    def fit(self, train, validation, see, keep=None):
        """Fit a clone step by step."""
        self.train, self.validation = train, validation
        estimator = clone(self.estimator)
        last = self.n_stages - 1 if keep is None else max(keep)
        for stage in range(last + 1):
            with warnings.catch_warnings():
                # A single step does not converge.
                warnings.simplefilter("ignore", ConvergenceWarning)
                self._step(estimator, stage, train)
            if see:
                output = getattr(estimator, response(estimator))(validation.X)
                see(stage, output, _classes_of(estimator))
            self._store(stage, lambda: pickle.dumps(estimator), keep)

    @abstractmethod
    def _step(self, estimator, stage, train):
        """Continue the fit by one stage."""

    def models(self, stages):
        """Copies of the estimator at the given stages."""
        if self._missing(stages):
            self._replay(stages)
        return SeparateModels([pickle.loads(self.snapshots[s]) for s in stages])


class PartialFitSource(SteppedSource):
    """Estimator whose stages are calls of partial_fit over all rows."""

    def _step(self, estimator, stage, train):
        # partial_fit needs the classes in its first call.
        options = _weights(estimator.partial_fit, train)
        if stage == 0 and is_classifier(estimator):
            options["classes"] = _classes_to_come(estimator, train.y)
        estimator.partial_fit(train.X, train.y, **options)


class WarmStartSource(SteppedSource):
    """Estimator with warm starts, whose stages are iterations or ensemble members."""

    def _step(self, estimator, stage, train):
        # max_iter counts the iterations of one call, n_estimators counts all members.
        count = 1 if self.count_name == "max_iter" else stage + 1
        estimator.set_params(warm_start=True, **{self.count_name: count})
        estimator.fit(train.X, train.y, **_weights(estimator.fit, train))


def _count_of(estimator):
    """Name of the parameter that holds the number of stages, or None.

    The parameter may be that of the estimator inside a multi-output wrapper.
    """
    params = estimator.get_params()
    for name in COUNTS:
        if name in params:
            return name
        inner = f"estimator__{name}"
        if inner in params:
            return inner
    return None


def _seeded(estimator, rng):
    """Replace each `random_state` that is no integer, so that a fit can be repeated."""
    params = estimator.get_params(deep=True)
    for name in sorted(params):
        value = params[name]
        if name.split("__")[-1] != "random_state" or isinstance(value, int):
            continue
        source = rng if value is None else value
        estimator.set_params(**{name: int(source.randint(np.iinfo(np.int32).max))})
    return estimator


def _weights(method, train):
    """Keyword arguments with the weights of the rows; empty without weights."""
    if train.weights is None:
        return {}
    if "sample_weight" not in signature(method).parameters:
        raise ValueError(
            f"Got sample_weight, but {method.__name__} of "
            f"{type(method.__self__).__name__} does not accept weights. Leave out "
            "sample_weight."
        )
    return {"sample_weight": train.weights}


def _classes_of(estimator):
    """Classes of a fitted classifier; None for a regressor."""
    return estimator.classes_ if is_classifier(estimator) else None


def _classes_to_come(estimator, y):
    """Argument `classes` of the first call of partial_fit.

    An array for one output, a list for a multi-output wrapper, and the positions of the columns
    for binary indicators of labels.
    """
    table = np.asarray(y.toarray() if hasattr(y, "toarray") else y)
    if table.ndim == 1:
        return np.unique(table)
    if isinstance(estimator, MultiOutputClassifier):
        return [np.unique(column) for column in table.T]
    return np.arange(table.shape[1])


def _size_of(snapshot):
    """Memory of a copy in bytes."""
    return len(snapshot) if isinstance(snapshot, bytes) else count_bytes(snapshot)
