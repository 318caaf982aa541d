# SPDX-License-Identifier: BSD-3-Clause
"""Base of the joint estimators: one network per domain, fitted together."""

import contextlib
from abc import ABC, abstractmethod
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from skrln import _kernels
from skrln._ensemble._engine import NO_WATCH, Engine
from skrln._ensemble._fit import fit_ensemble
from skrln._interrupts import awaited_at_exit
from skrln._kernels import StopReason
from skrln._network._forward import Network, forward, row_blocks
from skrln._network._outcome import warn_outcome
from skrln._network._settings import (
    Mode,
    make_settings,
    resolve_dtype,
    single_kind,
)
from skrln._network._specs import (
    fit_data,
    hyperparameters,
    network_spec,
    penalty_spec,
    run_spec,
    train_spec,
)
from skrln._table._columns import check_columns
from skrln._table._problem import Arguments
from skrln._table._sklearn import count_samples, fit_context, take
from skrln._typing import TableLike
from skrln.networks._checkpoints import open_checkpoints, was_interrupted
from skrln.networks._open_options import OptionParameters, open_parameters
from skrln.networks._whole import restored_on_error

from ._attributes import ColumnAttributes
from ._domains import UNKNOWN, find_domains
from ._graph import GraphMixin
from ._heads import Heads
from ._onboarding import OnboardingMixin
from ._plans import PREDICTING, make_plan, open_coupling
from ._preparation import hold_out, prepare_domains, read_domains
from ._results import domain_centers, nearest_domain, outcomes_of


class Kernel(NamedTuple):
    """Everything that a call of the joint kernel needs, apart from the data."""

    settings: Any
    network: Any  #: NetworkSpec
    plan: Any  #: JointPlan


class BaseJoint(
    OptionParameters, ColumnAttributes, GraphMixin, OnboardingMixin, BaseEstimator, ABC
):
    """Base of the joint estimators."""

    # Without domains all rows would be one domain: they are routed by default.
    __metadata_request__fit = {"sample_domain": True}  # noqa: RUF012 - as scikit-learn has it
    __metadata_request__predict = {"sample_domain": True}  # noqa: RUF012 - as above
    __metadata_request__score = {"sample_domain": True}  # noqa: RUF012 - as above
    _auto_coupling = PREDICTING

    #: Arguments of `fit`, by which a checkpoint names what differs.
    _argument_names: ClassVar[tuple] = ("X", "y", "sample_weight", "sample_domain")

    @abstractmethod
    def _labels(self) -> Any:
        """Kind of the labels, with the parameters that concern them."""

    @abstractmethod
    def _fit_heads(self, labels, domains, train) -> Heads:
        """Last layers of the domains of a fit."""

    @abstractmethod
    def _make_added_heads(self, labels, domains, train) -> Heads:
        """Last layer of a domain that is added later."""

    @abstractmethod
    def _decode(self, k, outputs) -> Any:
        """Predictions of the network of domain `k`, in columns that may be averaged."""

    def _head_bias(self, heads):
        """Offset of the last biases at the start, (n_domains, n_outputs), or None."""
        del heads

    def _parameters(self, **changes):
        """Return the parameters of the network of a domain as one value."""
        params = self.get_params(deep=False) | changes
        parameters = open_parameters(type(self).__name__, self._labels(), params)
        penalty = parameters.penalty
        if penalty and penalty.n_path_edges:
            raise ValueError(
                f"Got n_path_edges={penalty.n_path_edges} in the penalty of "
                f"{type(self).__name__}, but paths of edges are recorded for a single "
                "network only. Pass n_path_edges=0."
            )
        return parameters

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: TableLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        sample_domain: ArrayLike | None = None,
    ) -> Self:
        """Fit a network for every domain.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Training inputs of all domains, with the same columns.

        y : array-like of shape (n_samples,)
            Targets.

        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row within its domain. Domains count the same, whatever the weights
            and the number of their rows.

        sample_domain : array-like of shape (n_samples,), default=None
            Label of the domain of each row: numbers or strings. None, like a single label, is
            one domain, and the fit is that of the plain network.

        Returns
        -------
        self : object
            Fitted estimator.

        Raises
        ------
        ValueError
            For arguments that cannot be trained on; the estimator stays as it was.
        """
        parameters = self._parameters()
        arguments = (X, y, sample_weight, sample_domain)
        with self._fitting(parameters, *arguments) as (fitted, outcomes):
            self._store(fitted)
            warn_outcome(outcomes, parameters)
        return self

    @contextlib.contextmanager
    def _fitting(self, parameters, *arguments):
        """Yield fitted attributes to store, and the Outcome of each network.

        The files of a checkpoint go after the body. If it raises, they and the estimator stay.
        """
        named = dict(zip(self._argument_names, arguments, strict=True))
        with (
            awaited_at_exit(),
            restored_on_error(self),
            open_checkpoints(self, named) as checkpoints,
        ):
            engine = Engine(NO_WATCH, self.device, checkpoints)
            fitted, outcomes = self._fit_in(engine, parameters, *arguments)
            yield fitted, outcomes
            if not was_interrupted([outcome.reason for outcome in outcomes]):
                checkpoints.finish()

    def _fit_in(self, engine, parameters, X, y, sample_weight, sample_domain):
        """Fit with the checkpoints of an engine."""
        domains = read_domains(parameters, X, y, sample_weight, sample_domain)
        n_domains = len(domains.names)
        coupling = open_coupling(self.coupling, self._auto_coupling, n_domains)
        self._check_tasks(domains.table.y)
        if n_domains == 1:
            return self._fit_plain(engine, parameters, domains, X, y, sample_weight)
        rng = check_random_state(self.random_state)
        train, held_out = hold_out(parameters, domains, rng)
        heads = self._fit_heads(parameters.labels, domains, train)
        joint = prepare_domains(parameters, domains, train, held_out, heads.targets)
        kernel = self._prepare_kernel(parameters, coupling, joint, heads)
        bias = self._head_bias(heads)
        (slot,) = engine.checkpoints.slots(1)
        result = self._train(kernel, joint, rng, head_bias=bias, slot=slot)
        fitted = self._describe(joint, kernel, result)
        fitted |= {
            "domains_": domains.names,
            "_columns": domains.columns,
            "_targets": heads.targets,
            "_present": heads.present,
            "_same_output": heads.same,
        }
        return fitted, outcomes_of(result)

    def _check_tasks(self, y):
        """Raise a ValueError for targets of more tasks than the estimator takes."""
        del y

    def _fit_plain(self, engine, parameters, domains, X, y, sample_weight):
        """Fit a single domain: the plain network itself, by its own code."""
        rows = domains.rows[0]
        if len(rows) < len(domains.table.y):
            X, y = (take(part, rows, axis=0) for part in (X, y))
            sample_weight = domains.table.weights[rows]
        rng = check_random_state(self.random_state)
        arguments = Arguments(X, y, sample_weight)
        fit = fit_ensemble(parameters, arguments, rng, engine)
        member, columns = fit.ensemble.members[0], fit.ensemble.columns
        network, loss = member.network, member.curves.loss
        inputs = member.encoder.transform(check_columns(X, columns))
        table = domains.table
        target = parameters.labels.complete(member.target, table.y, table.known)
        fitted = {
            "domains_": domains.names,
            "_columns": columns,
            "_encoder": member.encoder,
            "_targets": [target],
            "_centers": np.asarray(inputs.mean(axis=0)).reshape(1, -1),
            "_activation": network.activation,
            "_present": None,
            "_same_output": True,
            "coefs_": [part[None] for part in network.coefs],
            "intercepts_": [part[None] for part in network.intercepts],
            "reg_coefs_": [part[None] for part in member.coefficients],
            "n_iter_": member.n_epochs,
            "best_iteration_": member.best_epoch,
            "loss_curve_": loss,
            "domain_loss_curve_": loss[:, None],
            "validation_loss_curve_": member.curves.validation_loss,
            "consistency_curve_": np.zeros(member.n_epochs),
            "objective_curve_": loss,
            "sigma_": np.zeros(0),
            "pair_weights_": np.zeros((0, 1, 1)),
            "pair_distances_": np.zeros((0, 1, 1)),
            "weight_history_": np.zeros((0, 0, 1, 1)),
            "irls_converged_": True,
            "n_shared_layers_": 0,
        }
        return fitted, fit.outcomes

    # -- the kernel ----------------------------------------------------------------------

    def _prepare_kernel(self, parameters, coupling, joint, heads):
        """Structure of the networks, and the layers that they share."""
        problem = joint.problem
        n_inputs = problem.encoder.n_inputs
        settings = make_settings(
            parameters,
            single_kind(parameters),
            Mode.COUPLED,
            target=problem.target,
            n_rows=problem.n_rows,
            n_inputs=n_inputs,
        )
        dtype = resolve_dtype(self.dtype, self.device, joint.n_rows * n_inputs)
        spec = network_spec(settings, problem)
        plan = self._plan(coupling, spec.n_layers, heads.same)
        return Kernel(settings._replace(dtype=dtype), spec, plan)

    def _plan(self, coupling, n_layers, same_output):
        """Make the plan that the kernel follows."""
        most = n_layers if same_output else n_layers - 1
        n_shared = coupling.n_shared_layers
        n_shared = most if n_shared is None else n_shared
        if coupling.strategy != "isolated" and (n_shared > most or most == 0):
            heads = "" if same_output else ", and each domain has an output of its own"
            raise ValueError(
                f"Got n_shared_layers={coupling.n_shared_layers!r} with strategy="
                f"{coupling.strategy!r}, but a network with {n_layers} layer(s) of weights "
                f"has {most} to share{heads}. Lower it, pass more hidden_layer_sizes, or "
                "strategy='isolated'."
            )
        return make_plan(coupling, int(self.max_iter), min(n_shared, most))

    def _train(self, kernel, joint, rng, **options):
        """Call the kernel."""
        settings, spec, plan = kernel
        problem = joint.problem
        penalty = penalty_spec(settings, problem, spec)
        seed = rng.randint(np.iinfo(np.int32).max)
        return _kernels.fit_joint(
            fit_data(problem),
            spec,
            train_spec(settings, penalty),
            hyperparameters(settings, problem, spec, penalty, continues=False),
            plan,
            run_spec(settings, seed, restore_best=problem.validation is not None),
            **options,
        )

    # -- after the kernel ----------------------------------------------------------------

    def _describe(self, joint, kernel, result):
        """Fitted attributes: NumPy arrays, lists of them and plain numbers."""
        history, plan = result.history, kernel.plan
        losses = np.asarray(history.loss, float)
        strength = plan.coupling if plan.couples else 0.0
        validation = None
        if joint.problem.validation is not None:
            validation = np.nanmean(history.validation_loss, axis=1)
        restored = validation is not None or result.reason == StopReason.DIVERGED
        weights, distances = self._pair_weights(plan, result)
        return {
            "_encoder": joint.problem.encoder,
            "_centers": domain_centers(joint.problem),
            "_activation": kernel.settings.activation,
            "coefs_": [layer.weight for layer in result.params],
            "intercepts_": [layer.bias for layer in result.params],
            "reg_coefs_": list(result.coefficients),
            "n_iter_": result.n_epochs,
            "best_iteration_": (result.best_epoch if restored else result.n_epochs - 1),
            "loss_curve_": losses.mean(axis=1),
            "domain_loss_curve_": losses,
            "validation_loss_curve_": validation,
            "consistency_curve_": result.consistency,
            "objective_curve_": losses.sum(axis=1) + strength * result.consistency,
            "sigma_": result.sigma,
            "pair_weights_": weights,
            "pair_distances_": distances,
            "weight_history_": result.weights,
            "irls_converged_": result.converged,
            "n_shared_layers_": plan.n_shared,
        }

    @property
    def n_irls_iter_(self) -> int:
        """Rounds of reweighting that ran."""
        check_is_fitted(self, "_targets")
        return len(self.weight_history_)

    @property
    def sparsity_(self) -> np.ndarray:
        """Share of the weights of each layer that are exactly zero, (n_domains, n_layers)."""
        check_is_fitted(self, "_targets")
        return np.stack([(w == 0).mean(axis=(1, 2)) for w in self.coefs_], axis=1)

    # -- predicting ----------------------------------------------------------------------

    def _predict_columns(self, X, sample_domain):
        """Predictions of all rows, each by the network of its domain."""
        check_is_fitted(self, "_targets")
        X = check_columns(X, self._columns)
        n_samples = count_samples(X)
        numbers = find_domains(
            sample_domain, n_samples, self.domains_, self.unknown_domain
        )
        widths = [w.shape[2] for w in self.coefs_]
        blocks = row_blocks(n_samples, max(X.shape[1], *widths))
        return np.concatenate(
            [self._predict_block(X, numbers, block) for block in blocks]
        )

    def _predict_block(self, X, numbers, block):
        """Predictions of a block of rows."""
        part = take(X, np.arange(len(numbers))[block], axis=0)
        if sparse.issparse(part):
            part = part.toarray()
        inputs = self._encoder.transform(part)
        numbers = numbers[block]
        is_unknown = numbers == UNKNOWN
        if is_unknown.any() and self.unknown_domain == "nearest":
            nearest = nearest_domain(inputs, self._centers)
            numbers = np.where(is_unknown, nearest, numbers)
            is_unknown = np.zeros_like(is_unknown)
        predictions = {}
        for k in np.unique(numbers[~is_unknown]):
            rows = np.flatnonzero(numbers == k)
            means = self._means_of(inputs[rows], k)
            predictions |= dict(zip(rows, means, strict=True))
        rows = np.flatnonzero(is_unknown)
        if len(rows):
            means = [self._means_of(inputs[rows], k) for k in range(len(self.domains_))]
            predictions |= dict(zip(rows, np.mean(means, axis=0), strict=True))
        return np.stack([predictions[i] for i in range(len(numbers))])

    def _means_of(self, inputs, k):
        """Predictions of the network of domain `k` for encoded rows."""
        network = self._network_of(k)
        outputs = forward(inputs.astype(network.coefs[0].dtype, copy=False), network)
        return self._decode(k, outputs.astype(np.float64, copy=False))

    def _network_of(self, k):
        """Network of a domain in NumPy."""
        return Network(
            [w[k] for w in self.coefs_],
            [b[k] for b in self.intercepts_],
            self._activation,
        )

    def __sklearn_tags__(self) -> Any:
        """Return the tags of this estimator, for scikit-learn."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.sparse = True
        params = self.get_params(deep=False)
        tags.input_tags.categorical = params.get("categorical_features") is not None
        return tags
