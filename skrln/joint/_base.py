# SPDX-License-Identifier: BSD-3-Clause
"""What the joint estimators share: one network per domain, fitted together."""

from abc import ABC, abstractmethod
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from skrln._core import _settings
from skrln._core._forward import Network, forward, row_blocks
from skrln._core._outcome import warn_outcome
from skrln._core._params import COUPLED_NETWORK
from skrln._core._preparation import constant_inputs
from skrln._core._preprocessing import check_inputs
from skrln._core._sklearn import count_samples, fit_context, take
from skrln._core._validation import all_or_nothing
from skrln._kernels import StopReason, fit_joint

from ._domains import UNKNOWN, find_domains
from ._graph import GraphMixin
from ._onboarding import OnboardingMixin
from ._plans import make_plan
from ._preparation import hold_out, prepare_domains, read_domains


class Heads(NamedTuple):
    """What the last layers of the domains predict."""

    targets: list[Any]  #: target encoder of each domain
    same: bool  #: whether they are alike, and may be shared
    present: Any = None  #: (n_domains, n_classes), where the classes are not the same


class BaseJoint(GraphMixin, OnboardingMixin, BaseEstimator, ABC):
    """Common part of the joint estimators."""

    # Without them no domain is told from another: routed unless somebody says otherwise.
    __metadata_request__fit = {"sample_domain": True}  # noqa: RUF012 - as scikit-learn has it
    __metadata_request__predict = {"sample_domain": True}  # noqa: RUF012 - as above
    __metadata_request__score = {"sample_domain": True}  # noqa: RUF012 - as above

    @abstractmethod
    def _network(self) -> Any:
        """Unfitted network of a single domain, with the parameters of this estimator."""

    @abstractmethod
    def _fit_heads(self, network, domains, train) -> Heads:
        """What the last layers of the domains predict."""

    @abstractmethod
    def _decode(self, k, outputs) -> Any:
        """Predictions of the network of domain `k`, in columns that may be averaged."""

    @abstractmethod
    def _more_heads(self, network, domains, train) -> Heads:
        """The same for a domain that comes later."""

    def _head_bias(self, heads):
        """What is added to the last biases at the start, (n_domains, n_outputs), or None."""
        del heads

    def _network_with(self, make, **others):
        """Single network with the parameters that it has in common with this estimator."""
        params = {name: getattr(self, name) for name in COUPLED_NETWORK}
        alone = {"n_estimators": 1, "numeric_embedding": None}
        return make(**(params | alone | {"theta": self.theta} | others))

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None, *, sample_domain=None):
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
        with all_or_nothing(self):
            fitted, results = self._fit(X, y, sample_weight, sample_domain)
            vars(self).update(fitted)
        if results:  # a plain network has said it itself
            warn_outcome(self, results)
        return self

    def _fit(self, X, y, sample_weight, sample_domain):
        """Fitted attributes, and what there is to say of each network."""
        network = self._network()
        arguments = (X, y, sample_weight, sample_domain)
        domains = read_domains(self, network, *arguments)
        if len(domains.names) == 1:
            return self._fit_plain(network, domains, X, y, sample_weight)
        rng = check_random_state(self.random_state)
        train, held_out = hold_out(network, domains, rng)
        heads = self._fit_heads(network, domains, train)
        joint = prepare_domains(network, domains, train, held_out, heads.targets)
        spec, plan = self._prepare_kernel(network, joint, heads)
        bias = self._head_bias(heads)
        result = self._train(network, joint, spec, plan, rng, head_bias=bias)
        fitted = self._describe(joint, plan, result)
        fitted |= {
            "domains_": domains.names,
            "_targets": heads.targets,
            "_present": heads.present,
            "_same_output": heads.same,
        }
        return fitted, self._outcomes(result)

    def _fit_plain(self, network, domains, X, y, sample_weight):
        """A single domain: the plain network itself, by its own code."""
        rows = domains.rows[0]
        if len(rows) < len(domains.table.y):
            X, y = (take(part, rows, axis=0) for part in (X, y))
            sample_weight = domains.table.weights[rows]
        network.fit(X, y, sample_weight)
        fitted = {
            name: [part[None] for part in getattr(network, name)]
            for name in ("coefs_", "intercepts_", "reg_coefs_")
        }
        curve = network.validation_loss_curve_
        encoder, target = network._encoder, network._target
        inputs = encoder.transform(check_inputs(self, X, reset=True))
        fitted |= {
            "domains_": domains.names,
            "_encoder": encoder,
            "_targets": [target],
            "_centers": np.asarray(inputs.mean(axis=0)).reshape(1, -1),
            "_present": None,
            "_same_output": True,
            "n_iter_": network.n_iter_,
            "best_iteration_": network.best_iteration_,
            "loss_curve_": network.loss_curve_,
            "domain_loss_curve_": network.loss_curve_[:, None],
            "validation_loss_curve_": curve,
            "consistency_curve_": np.zeros(network.n_iter_),
            "objective_curve_": network.loss_curve_,
            "sigma_": np.zeros(0),
            "pair_weights_": np.zeros((0, 1, 1)),
            "pair_distances_": np.zeros((0, 1, 1)),
            "weight_history_": np.zeros((0, 0, 1, 1)),
            "irls_converged_": True,
            "n_shared_layers_": 0,
        }
        return fitted, []

    # -- the kernel ----------------------------------------------------------------------

    def _prepare_kernel(self, network, joint, heads):
        """Structure of the networks, and what they share."""
        # As members of an ensemble: more steps than the whole table in one batch has.
        most = _settings.resolve_batch_size(network, joint.problem.n_rows, member=True)
        network.set_params(batch_size=most)
        spec = _settings.network_spec(network, joint.problem)
        plan = self._plan(spec.n_layers, heads.same)
        return spec, plan

    def _plan(self, n_layers, same_output):
        """What the kernel is to do."""
        most = n_layers if same_output else n_layers - 1
        n_shared = most if self.n_shared_layers is None else self.n_shared_layers
        if self.strategy != "isolated" and (n_shared > most or most == 0):
            heads = "" if same_output else ", and each domain has an output of its own"
            raise ValueError(
                f"Got n_shared_layers={self.n_shared_layers!r} with strategy="
                f"{self.strategy!r}, but a network with {n_layers} layer(s) of weights has "
                f"{most} to share{heads}. Lower it, pass more hidden_layer_sizes, or "
                "strategy='isolated'."
            )
        return make_plan(self, min(n_shared, most))

    def _train(self, network, joint, spec, plan, rng, **others):
        """Call the kernel."""
        problem = joint.problem
        penalty = _settings.penalty_spec(network, problem, spec)
        options: dict[str, Any] = {"going_on": False, "online": False, "member": False}
        hyper = _settings.hyperparameters(network, problem, spec, penalty, **options)
        groups = _settings.first_layer_groups(problem.encoder, (0, 1))
        n_inputs = spec.layer_sizes[0]
        rate = self.learning_rate
        return fit_joint(
            problem.data,
            spec,
            _settings.train_spec(network, penalty, online=False, member=False),
            hyper,
            plan,
            max_epochs=self.max_iter,
            batch_size=network.batch_size,
            seed=rng.randint(np.iinfo(np.int32).max),
            validation=problem.validation,
            groups=np.unique(groups, return_inverse=True)[1],
            dead_inputs=constant_inputs(problem.data, n_inputs),
            restore_best=problem.validation is not None,
            rate=None if isinstance(rate, str) else rate,
            precision=_settings.resolve_precision(self, joint.n_rows, n_inputs),
            device=self.device,
            **others,
        )

    # -- after the kernel ----------------------------------------------------------------

    def _describe(self, joint, plan, result):
        """Fitted attributes: NumPy arrays, lists of them and plain numbers."""
        history = result.history
        losses = np.asarray(history.loss, float)
        strength = plan.coupling if plan.couples else 0.0
        validation = None
        if joint.problem.validation is not None:
            validation = np.nanmean(history.validation_loss, axis=1)
        restored = validation is not None or result.reason == StopReason.DIVERGED
        weights, distances = self._pair_weights(plan, result)
        return {
            "_encoder": joint.problem.encoder,
            "_centers": self._centers_of(joint),
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

    @staticmethod
    def _outcomes(result):
        """What `warn_outcome` looks at, for the network of each domain."""
        return [
            SimpleNamespace(
                reason=result.reason,
                best_epoch=result.best_epoch,
                n_epochs=result.n_epochs,
                params=[
                    SimpleNamespace(weight=layer.weight[k]) for layer in result.params
                ],
            )
            for k in range(len(result.params[0].weight))
        ]

    @staticmethod
    def _centers_of(joint):
        """Mean of the encoded inputs of each domain, (n_domains, n_inputs)."""
        data = joint.problem.data
        inputs = data.inputs
        if not isinstance(inputs, np.ndarray):
            inputs = sparse.csr_array((inputs.values, inputs.columns, inputs.starts))
        ends = np.cumsum(data.n_rows)
        return np.stack(
            [
                np.asarray(inputs[last - n : last].mean(axis=0)).ravel()
                for last, n in zip(ends, data.n_rows, strict=True)
            ]
        )

    @property
    def n_irls_iter_(self):
        """Rounds of reweighting that ran."""
        check_is_fitted(self, "_targets")
        return len(self.weight_history_)

    @property
    def sparsity_(self):
        """Share of the weights of each layer that are exactly zero, (n_domains, n_layers)."""
        check_is_fitted(self, "_targets")
        return np.stack([(w == 0).mean(axis=(1, 2)) for w in self.coefs_], axis=1)

    # -- predicting ----------------------------------------------------------------------

    def _columns(self, X, sample_domain):
        """Predictions of all rows, each by the network of its domain."""
        check_is_fitted(self, "_targets")
        X = check_inputs(self, X, reset=False)
        n_samples = count_samples(X)
        numbers = find_domains(
            sample_domain, n_samples, self.domains_, self.unknown_domain
        )
        widths = [w.shape[2] for w in self.coefs_]
        blocks = row_blocks(n_samples, max(X.shape[1], *widths))
        found = [self._columns_of(X, numbers, block) for block in blocks]
        return np.concatenate(found)

    def _columns_of(self, X, numbers, block):
        """Predictions of a block of rows."""
        part = take(X, np.arange(len(numbers))[block], axis=0)
        if sparse.issparse(part):
            part = part.toarray()
        inputs = self._encoder.transform(part)
        numbers = numbers[block]
        strange = numbers == UNKNOWN
        if strange.any() and self.unknown_domain == "nearest":
            numbers = np.where(strange, nearest_domain(inputs, self._centers), numbers)
            strange = np.zeros_like(strange)
        found = {}
        for k in np.unique(numbers[~strange]):
            rows = np.flatnonzero(numbers == k)
            found |= dict(zip(rows, self._means_of(inputs[rows], k), strict=True))
        rows = np.flatnonzero(strange)
        if len(rows):
            means = [self._means_of(inputs[rows], k) for k in range(len(self.domains_))]
            found |= dict(zip(rows, np.mean(means, axis=0), strict=True))
        return np.stack([found[i] for i in range(len(numbers))])

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
            self.activation,
        )

    def __sklearn_tags__(self):
        """What this estimator can do, for scikit-learn."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.sparse = True
        tags.input_tags.categorical = self.categorical_features is not None
        return tags


def nearest_domain(inputs, centers):
    """Number of the domain whose mean is nearest to each row."""
    lengths = np.sum(centers**2, axis=1)
    return np.argmin(lengths - 2 * inputs @ centers.T, axis=1)
