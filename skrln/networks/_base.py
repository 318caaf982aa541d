# SPDX-License-Identifier: BSD-3-Clause
"""Base of the networks: parameters in, one path through fit and one through predict."""

from abc import ABC, abstractmethod
from copy import copy
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, clone
from sklearn.utils import check_random_state

from skrln._ensemble._engine import Engine
from skrln._ensemble._fit import fit_ensemble
from skrln._ensemble._fitted import FittedEnsemble, make_ensemble
from skrln._ensemble._kinds import is_single
from skrln._ensemble._online import fit_online
from skrln._interrupts import awaited_at_exit, deferred
from skrln._network._outcome import warn_outcome
from skrln._network._settings import resolve_epochs
from skrln._table._columns import check_columns
from skrln._table._problem import Arguments
from skrln._table._scoring import task_scores
from skrln._table._sklearn import CallbackSupportMixin, fit_context, with_callbacks
from skrln._table._user_splits import refuse_generator
from skrln._typing import TableLike
from skrln.options import Transfer

from ._attributes import FittedAttributes
from ._checkpoints import open_checkpoints, was_interrupted
from ._open_options import OptionParameters, open_parameters
from ._watch import Watch
from ._whole import all_or_nothing, restored_on_error


class BaseRLN(
    OptionParameters, FittedAttributes, CallbackSupportMixin, BaseEstimator, ABC
):
    """Base of the estimators of networks.

    A subclass names the kind of its labels in `_labels`; everything else is shared.
    """

    @abstractmethod
    def _labels(self) -> Any:
        """Kind of the labels, with the parameters that concern them."""

    def _parameters(self):
        """Return all parameters as one value, with option objects opened."""
        params = self.get_params(deep=False)
        return open_parameters(type(self).__name__, self._labels(), params)

    # -- fitting -------------------------------------------------------------------------

    @with_callbacks
    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: TableLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: TableLike | None = None,
        y_val: ArrayLike | None = None,
        sample_weight_val: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Fit the network.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Training inputs. Columns need no scaling. They may have missing values (NaN), and
            categories in a data frame.

        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Targets. In two dimensions a missing label is NaN (or None) and is ignored.

        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row in the loss. A row of weight zero is ignored.

        X_val, y_val : array-like, default=None
            Validation data for early stopping, in the form of `X` and `y`. In a
            :class:`~sklearn.pipeline.Pipeline` they have to pass its transformers, as in the
            example below.

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
            For invalid arguments; the estimator stays unchanged.

        Examples
        --------
        Validation data in a pipeline need metadata routing, a request for both arguments, and
        ``transform_input``, which makes `X_val` pass the transformers of `X`:

        >>> from sklearn import config_context
        >>> from sklearn.datasets import load_diabetes
        >>> from sklearn.pipeline import make_pipeline
        >>> from sklearn.preprocessing import StandardScaler
        >>> from skrln import RLNRegressor
        >>> from skrln.presets import READABLE
        >>> X, y = load_diabetes(return_X_y=True)
        >>> network = RLNRegressor(**READABLE | {"hidden_layer_sizes": (16,)}, random_state=0)
        >>> with config_context(enable_metadata_routing=True):
        ...     model = make_pipeline(
        ...         StandardScaler(),
        ...         network.set_fit_request(X_val=True, y_val=True),
        ...         transform_input=["X_val"],
        ...     )
        ...     model = model.fit(X[:300], y[:300], X_val=X[300:], y_val=y[300:])
        >>> len(model[-1].validation_loss_curve_) == model[-1].n_iter_
        True
        """
        parameters = self._parameters()
        context = None
        if hasattr(self, "_init_callback_context"):
            is_alone = is_single(parameters)
            epochs = resolve_epochs(parameters.max_iter) if is_alone else None
            context = self._init_callback_context(max_subtasks=epochs)
            context.call_on_fit_task_begin(estimator=self, X=X, y=y)
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        watch = Watch(self, context, {"X": X, "y": y, "metadata": metadata})
        arguments = Arguments(
            X, y, sample_weight, groups, X_val, y_val, sample_weight_val
        )
        # A callback, or a warning that is an error, may raise after the result is stored.
        with (
            awaited_at_exit(),
            restored_on_error(self),
            open_checkpoints(self, arguments._asdict()) as checkpoints,
        ):
            engine = Engine(watch, self.device, checkpoints)
            result = self._run_fit(parameters, arguments, engine)
            with deferred():
                self._store(result)
            kept = [member.network.coefs for member in result.ensemble.members]
            warn_outcome(result.outcomes, parameters, kept)
            if context is not None:
                context.call_on_fit_task_end(
                    estimator=self, X=X, y=y, metadata=metadata
                )
            if not was_interrupted([outcome.reason for outcome in result.outcomes]):
                checkpoints.finish()
        watch.finish()
        return self

    def _run_fit(self, parameters, arguments, engine):
        """Fit, and return a value with `ensemble` and `outcomes`."""
        rng = check_random_state(self.random_state)
        return fit_ensemble(parameters, arguments, rng, engine, self._get_fitted())

    def _store(self, result):
        """Keep the result of a fit."""
        self._fitted: FittedEnsemble = result.ensemble

    def _partial_fit(self, X, y, sample_weight, classes=None):
        """Train one epoch on the given rows, from where the last call ended."""
        parameters = self._parameters()
        rng = check_random_state(self.random_state)
        arguments = Arguments(X, y, sample_weight)
        result = fit_online(parameters, arguments, rng, self._get_fitted(), classes)
        with all_or_nothing(self):
            self._store(result)
            warn_outcome(result.outcomes, parameters)
        return self

    # -- predicting ----------------------------------------------------------------------

    @property
    def estimators_(self) -> list[Any]:
        """Networks of the fit, each as a fitted estimator."""
        ensemble = self._check_fitted()
        if ensemble.is_single:
            return [self]
        columns = ensemble.columns
        return [
            self._model_of(make_ensemble(columns, [member]))
            for member in ensemble.members
        ]

    #: Class of `estimators_`; None for the class of the estimator itself.
    _member_type: ClassVar[Any] = None

    def _model_of(self, ensemble):
        """Make the fitted estimator of an ensemble of one network."""
        member = ensemble.members[0]
        kind = self._member_type or type(self)
        # Copies of the option objects, which `set_params` of a member must not share.
        params = {
            name: clone(value) if isinstance(value, BaseEstimator) else value
            for name, value in (
                self.get_params(deep=False) | {"pretrained": None}
            ).items()
        } | {
            "theta": member.settings.theta,
            "numeric_embedding": member.settings.numeric_embedding,
            "max_iter": member.settings.max_epochs,
            "n_estimators": 1,
            "input_selection": False,
            "random_state": member.seed,
            "verbose": False,
            "checkpoint": None,
            "warm_start": False,
        }
        if isinstance(self.dropout, str):  # "auto" is the same for all hidden layers
            params["dropout"] = max(member.settings.dropout, default=0.0)
        if self.n_iter_no_change == "auto" and np.isfinite(member.settings.patience):
            params["n_iter_no_change"] = member.settings.patience
        admitted = kind._get_param_names()
        model = kind(**{name: params[name] for name in admitted})
        model._fitted = ensemble
        return model

    def _with_fitted(self, ensemble):
        """Return a copy of the estimator with another fitted value."""
        model = copy(self)
        model._fitted = ensemble
        return model

    def _means(self, X):
        """Predictions in the space in which networks are averaged, (n_samples, n_columns)."""
        ensemble = self._check_fitted()
        return ensemble.means(check_columns(X, ensemble.columns))

    def score_tasks(
        self, X: TableLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> np.ndarray:
        """Score of each task.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Inputs.

        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            True targets; in two dimensions a missing label is ignored.

        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row.

        Returns
        -------
        ndarray of shape (n_tasks,)
            Accuracy of class tasks, and coefficient of determination of regression tasks; NaN
            for a task without any label.
        """
        prediction = self.predict(X)
        class_tasks = self._check_fitted().target.class_tasks
        return task_scores(y, prediction, class_tasks, sample_weight)

    def __sklearn_clone__(self) -> Any:
        """Copy the parameters; a fitted `pretrained` is shared and stays fitted."""
        for name in ("cv", "validation_cv"):
            refuse_generator(getattr(self, name, None), name)
        twin = super().__sklearn_clone__()
        if not isinstance(self.pretrained, Transfer):  # a Transfer copies itself
            twin.pretrained = self.pretrained
        return twin

    def __sklearn_tags__(self) -> Any:
        """Return the tags of this estimator, for scikit-learn."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.sparse = True
        tags.input_tags.categorical = self.categorical_features is not None
        tags.target_tags.multi_output = True
        return tags
