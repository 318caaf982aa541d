# SPDX-License-Identifier: BSD-3-Clause
"""What regressor and classifier share: validate, encode, train, store."""

from abc import ABC, abstractmethod
from copy import copy
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from skrln._kernels import fit_network

from . import _settings
from ._blend import temper
from ._description import FITTED, describe_ensemble, describe_network
from ._forward import Network
from ._members import (
    fit_members,
    is_plain,
    online_members,
    run_in_turn,
    run_members,
)
from ._outcome import Watch, listener, warn_outcome
from ._predicting import encoded_blocks, means_of
from ._preparation import constant_inputs, prepare, prepare_batch
from ._preprocessing import check_inputs
from ._reading import ReadingMixin
from ._reg_path import candidate_edges
from ._scoring import task_scores
from ._sklearn import CallbackSupportMixin, fit_context, with_callbacks
from ._task_weights import check_task_weighting, task_weighting
from ._transfer import find_source, start_of
from ._validation import all_or_nothing, resolve_task_weight

#: Parameters that shape the state of solver and rule, which partial_fit goes on with.
STRUCTURE = (
    "solver",
    "regularization",
    "rule",
    "reg_layers",
    "reg_group",
    "batch_norm",
    "average_decay",
)
#: Curves of a training that partial_fit goes on with.
CURVES = ("loss_curve_", "sparsity_curve_", "task_loss_curve_", "task_weight_curve_")


class BaseRLN(ReadingMixin, CallbackSupportMixin, BaseEstimator, ABC):
    """Common part of the networks."""

    #: What encodes its targets.
    _target_type: ClassVar[type]

    @abstractmethod
    def _check_target(self, y, name="y") -> Any:
        """Validated labels and which of them are known, (n_samples, n_tasks)."""

    @abstractmethod
    def _fit_target(self, y, known, sample_weight) -> Any:
        """Target encoder learned from the training rows."""

    @abstractmethod
    def _encode_target(self, target, y, known, sample_weight, name) -> Any:
        """Encoded labels, which are known, and the factors of the class weights."""

    @abstractmethod
    def _stratify_by(self, y) -> Any:
        """Classes to hold out in equal shares, or None."""

    @abstractmethod
    def _loss(self, target=None) -> Any:
        """Name of the loss, or one for each task of `target`, and its number."""

    @with_callbacks
    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X,
        y,
        sample_weight=None,
        *,
        X_val=None,
        y_val=None,
        sample_weight_val=None,
        groups=None,
    ):
        """Fit the network.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Training inputs. Columns need no scaling; missing values (NaN) and, in a data
            frame, categories are taken as they are.

        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Targets. In two dimensions a missing label is NaN (or None) and does not count.

        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row in the loss. A row of weight zero is as good as not there.

        X_val, y_val : array-like, default=None
            Validation data for early stopping, in the form of `X` and `y`. In a
            :class:`~sklearn.pipeline.Pipeline`, pass ``transform_input=["X_val"]``.

        sample_weight_val : array-like of shape (n_val,), default=None
            Weight of each validation row.

        groups : array-like of shape (n_samples,), default=None
            Groups for a `validation_cv` that needs them.

        Returns
        -------
        self : object
            Fitted estimator.

        Raises
        ------
        ValueError
            For arguments that cannot be trained on; the estimator stays as it was.
        """
        context = None
        if hasattr(self, "_init_callback_context"):
            context = self._init_callback_context(max_subtasks=self._count_epochs())
            context.call_on_fit_task_begin(estimator=self, X=X, y=y)
        metadata = {} if sample_weight is None else {"sample_weight": sample_weight}
        watch = Watch(self, context, X, y, metadata)
        arguments = (X, y, sample_weight, (X_val, y_val, sample_weight_val), groups)
        with all_or_nothing(self):
            rng = check_random_state(self.random_state)
            fitted, results = self._fit_all(*arguments, rng, watch)
            for old in FITTED:
                vars(self).pop(old, None)
            vars(self).update(fitted)
        warn_outcome(self, results)
        if context is not None:
            context.call_on_fit_task_end(
                estimator=self, X=X, y=y, metadata=metadata or None
            )
        return self

    def _count_epochs(self):
        """Most epochs that callbacks hear of; None where it depends on the table."""
        return _settings.resolve_epochs(self) if is_plain(self) else None

    def _fit_all(self, *arguments):
        """Fitted attributes, and the FitResult of each network."""
        fit = self._fit_one if is_plain(self) else self._fit_several
        return fit(*arguments)

    def _fit_one(self, X, y, sample_weight, validation, groups, rng, watch):
        """Fitted attributes of a single network, and its FitResult."""
        problem = prepare(self, X, y, sample_weight, validation, groups, rng)
        max_epochs = _settings.resolve_epochs(self)
        with watch.epochs(max_epochs) as on_epoch:
            listen = listener(on_epoch, lambda result: self._describe(problem, result))
            result, edges = self._train(problem, rng, max_epochs, listen)
        return self._describe(problem, result, edges), [result]

    def _fit_several(self, X, y, sample_weight, validation, groups, rng, watch):
        """Fitted attributes of an ensemble, and the FitResult of each network."""

        def run(train, jobs):
            with watch.epochs(sum(job.max_iter for job in jobs)) as on_epoch:
                if watch.listening:
                    return run_in_turn(train, jobs, on_epoch)
                return run_members(train, jobs, self.device, on_epoch)

        ensemble, results = fit_members(
            self, X, y, sample_weight, validation, groups, rng, run
        )
        return describe_ensemble(
            ensemble.members, ensemble.weights, ensemble.temperature
        ), results

    def _partial_fit(self, X, y, sample_weight, classes=None):
        """One epoch over the rows given, from where the last call left off."""
        with all_or_nothing(self):
            rng = check_random_state(self.random_state)
            batch = (X, y, sample_weight, classes)
            if is_plain(self):
                problem = prepare_batch(self, *batch)
                results = [self._online(problem, rng)]
            else:
                members, problems = self._online_members(batch)
                seeds = rng.randint(np.iinfo(np.int32).max, size=len(members))
                results = [
                    member._online(problem, check_random_state(seed))
                    for member, problem, seed in zip(
                        members, problems, seeds, strict=True
                    )
                ]
                weights = vars(self).get("estimator_weights_")
                if weights is None:
                    weights = np.full(len(members), 1 / len(members))
                temperature = vars(self).get("temperature_", 1.0)
                vars(self).update(describe_ensemble(members, weights, temperature))
        warn_outcome(self, results)
        return self

    def _online_members(self, batch):
        """Members to train one epoch, and the rows as each of them encodes these."""
        known = vars(self).get("_members")
        if known is None:
            problem = prepare_batch(self, *batch)
            members = online_members(self)
            return members, [problem] * len(members)
        members = [copy(member) for member in known]
        encoders = {id(member._encoder): member for member in members}
        problems = {key: prepare_batch(one, *batch) for key, one in encoders.items()}
        return members, [problems[id(member._encoder)] for member in members]

    def _online(self, problem, rng):
        """Train one epoch, and go on from there at the next call."""
        before = vars(self)
        goes_on = hasattr(self, "coefs_")
        structure = [getattr(self, name) for name in STRUCTURE]
        structure.append(task_weighting(self.task_weight))
        same = before.get("_train_structure") == structure
        state = before["_train_state"] if goes_on and same else None
        n_calls = before.get("_n_partial_fits", 0)
        result, _ = self._train(problem, rng, 1, None, state, epoch=n_calls)
        described = self._describe(problem, result)
        if goes_on:
            for name in set(CURVES) & set(described):
                parts = [before[name], described[name]]
                described[name] = np.concatenate(parts)
        described["n_iter_"] = len(described["loss_curve_"])
        described["best_iteration_"] = described["n_iter_"] - 1
        described["_train_state"] = result.state
        described["_train_structure"] = structure
        described["_n_partial_fits"] = n_calls + 1
        vars(self).update(described)
        return result

    # -- before the kernel ---------------------------------------------------------------

    def _refit_target(self, target, y, known, weights):
        """Target encoder once the training rows are split off."""
        return target

    def _first_target(self, y, known, weights, classes):
        """Target encoder of the first call of partial_fit."""
        del classes
        return self._fit_target(y, known, weights)

    # -- the kernel ----------------------------------------------------------------------

    def _train(
        self,
        problem,
        rng,
        max_epochs,
        on_epoch,
        state=None,
        epoch=None,
        cancelled=None,
        member=False,
        on_record=None,
    ):
        online = epoch is not None  # a call of partial_fit: the end is not known
        network = _settings.network_spec(self, problem)
        source = self if online and hasattr(self, "coefs_") else find_source(self)
        start: Any = start_of(self, source, network)
        if state is not None:
            start = start._replace(state=state)
        whole = start is not None and None not in start.params  # nothing drawn anew
        penalty = _settings.penalty_spec(self, problem, network)
        hyper = _settings.hyperparameters(
            self,
            problem,
            network,
            penalty,
            going_on=start is not None,
            online=online,
            member=member,
        )
        rate, target = self.learning_rate, problem.target
        n_tasks = len(target.heads)
        check_task_weighting(self.task_weight, self._loss(target)[0], n_tasks)
        if not target.one_dimensional:
            weights = resolve_task_weight(self.task_weight, n_tasks)
            hyper = hyper._replace(task_weight=tuple(weights))
        seed = rng.randint(np.iinfo(np.int32).max)
        edges = candidate_edges(network, self.store_reg_path, seed)
        n_inputs = network.layer_sizes[0]
        groups = _settings.first_layer_groups(
            problem.encoder, (network.n_embedded, network.embedding_width)
        )
        result = fit_network(
            problem.data,
            network,
            _settings.train_spec(
                self,
                penalty,
                online=online,
                member=member,
                target=target,
            ),
            hyper,
            max_epochs=max_epochs,
            batch_size=_settings.resolve_batch_size(
                self, problem.n_rows, member=member
            ),
            seed=seed + (epoch or 0),
            validation=problem.validation,
            groups=_dense_groups(groups),
            edges=edges,
            dead_inputs=constant_inputs(problem.data, n_inputs),
            start=start,
            judge_start=penalty is None if start is None else whole,
            restore_best=problem.validation is not None,
            rate=None if online or isinstance(rate, str) else rate,
            precision=_settings.resolve_precision(self, problem.n_rows, n_inputs),
            device=self.device,
            on_epoch=on_epoch,
            on_record=on_record,
            cancelled=cancelled,
        )
        return result, edges

    @property
    def _network(self):
        """What predicts: the network in NumPy."""
        return Network(
            self.coefs_,
            self.intercepts_,
            self.activation,
            self.batch_norm,
            self.batch_norms_,
            self.embedding_,
            tuple(zip(self.plain_coefs_, self.plain_intercepts_, strict=True)),
        )

    # -- after the kernel ----------------------------------------------------------------

    def _describe(self, problem, result, edges=None):
        """Fitted attributes of a single network."""
        return describe_network(self, problem, result, edges)

    # -- predicting ----------------------------------------------------------------------

    @property
    def estimators_(self):
        """The networks that predict: those of an ensemble, or the estimator itself."""
        check_is_fitted(self, "_target")
        return vars(self).get("_members") or [self]

    def _means(self, X):
        """Predictions that members are averaged in, (n_samples, n_columns)."""
        check_is_fitted(self, "_target")
        X = check_inputs(self, X, reset=False)
        members = self.estimators_
        blocks = encoded_blocks(members, X)
        found = [self._means_of(inputs, members) for inputs in blocks]
        return np.concatenate(found) if len(found) > 1 else found[0]

    def _means_of(self, inputs, members):
        if len(members) == 1:
            found = means_of(members[0], inputs[id(members[0]._encoder)])
        else:
            found = sum(
                weight * means_of(member, inputs[id(member._encoder)])
                for member, weight in zip(members, self.estimator_weights_, strict=True)
            )
        temperature = vars(self).get("temperature_", 1.0)
        if temperature == 1.0:
            return found
        return temper(self._target, found, temperature)

    def score_tasks(self, X, y, sample_weight=None):
        """Score of each task.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Inputs.

        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            True targets; in two dimensions a missing one does not count.

        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row.

        Returns
        -------
        ndarray of shape (n_tasks,)
            Of classes the accuracy, of numbers the coefficient of determination; NaN where
            no label of a task is known.
        """
        prediction = self.predict(X)
        return task_scores(y, prediction, self._target.class_tasks, sample_weight)

    def __sklearn_clone__(self):
        """Copy with the same parameters; `pretrained` is shared, and stays fitted."""
        twin = super().__sklearn_clone__()
        twin.pretrained = self.pretrained
        return twin

    def __sklearn_tags__(self):
        """What this estimator can do, for scikit-learn."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.sparse = True
        tags.input_tags.categorical = self.categorical_features is not None
        tags.target_tags.multi_output = True
        return tags


def _dense_groups(groups):
    """Groups numbered without gaps, in the order of the columns."""
    return np.unique(groups, return_inverse=True)[1]
