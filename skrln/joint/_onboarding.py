# SPDX-License-Identifier: BSD-3-Clause
"""Networks of domains that are added to a fit, whose own networks stay the same."""

from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from skrln import _kernels
from skrln._kernels import Anchors, Layer, Start
from skrln._network._outcome import warn_outcome
from skrln._table._sklearn import count_samples
from skrln._typing import TableLike
from skrln.networks._whole import all_or_nothing

from ._plans import open_coupling
from ._preparation import hold_out, prepare_domains, read_domains
from ._results import domain_centers, outcomes_of


class OnboardingMixin:
    """Mixin that adds domains to a fitted joint estimator."""

    def add_domain(
        self,
        X: TableLike,
        y: ArrayLike,
        domain: int | float | str,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Fit the network of a new domain.

        The networks of the other domains stay bit-identical. The new network starts from their
        mean and trains for `max_iter` epochs on the rows of its domain. With "joint" and "l2"
        the other networks attract the new one, with robust weights at the scales of `fit`.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Inputs, with the columns of `fit`; they are scaled as in `fit`.

        y : array-like of shape (n_samples,)
            Targets. Class labels must be among the classes of `fit`.

        domain : int, float or str
            Label of the domain, of the same type as the labels of the other domains.

        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row.

        Returns
        -------
        self : object
            Estimator with the domain at the end of `domains_`. Curves and rounds of
            reweighting remain those of `fit`.

        Raises
        ------
        ValueError
            If `domain` is among `domains_`, or with ``coupling="shared"``, because all domains
            share one network, which would have to change.
        """
        check_is_fitted(self, "_targets")
        names = self._names_with(domain)
        coupling = open_coupling(self.coupling, self._auto_coupling, len(names))
        if coupling.strategy == "shared":
            raise ValueError(
                "Got strategy='shared' in coupling, with one network for all domains, but a "
                "new domain must not change the network of the others. Set "
                "unknown_domain='average' to predict for it, or fit with another strategy."
            )
        parameters = self._parameters()
        fitted, result = self._add(parameters, coupling, X, y, sample_weight, names)
        with all_or_nothing(self):
            self._store(fitted)
            warn_outcome(outcomes_of(result), parameters)
        return self

    def _names_with(self, domain):
        """Labels of all domains, with the new label at the end."""
        labels = self.domains_.tolist()
        names = np.array([*labels, domain])
        # NaN, None, and a label that NumPy converts to the type of the others do not compare
        # equal to what was passed.
        if domain is None or domain != domain or names.tolist() != [*labels, domain]:
            raise ValueError(
                f"Got domain={domain!r}, but expected a label of the type of the domains "
                f"of fit: {labels[:5]}."
            )
        if domain in labels:
            raise ValueError(
                f"Got domain={domain!r}, but the fit has this domain. Pass another label, or "
                "fit again with its new rows."
            )
        return names

    def _add(self, parameters, coupling, X, y, sample_weight, names):
        """Fitted attributes with the new domain, and the result of the kernel."""
        label = np.full(count_samples(X), names[-1])
        domains = read_domains(parameters, X, y, sample_weight, label, self._columns)
        rng = check_random_state(self.random_state)
        train, held_out = hold_out(parameters, domains, rng)
        heads = self._make_added_heads(parameters.labels, domains, train)
        joint = prepare_domains(
            parameters, domains, train, held_out, heads.targets, self._encoder
        )
        kernel = self._prepare_kernel(parameters, coupling, joint, heads)
        anchors = None
        if kernel.plan.couples:
            sigma = self.sigma_
            if (
                len(sigma) != kernel.plan.n_terms
            ):  # a fit of a single domain has no scale
                sigma = np.full(kernel.plan.n_terms, np.nan)
            anchors = Anchors(self._layers(), sigma)
        result = self._train(
            kernel,
            joint,
            rng,
            head_bias=self._head_bias(heads),
            start=self._mean_start(heads),
            anchors=anchors,
        )
        return self._with_domain(names, heads, joint, kernel.plan, result), result

    def _with_domain(self, names, heads, joint, plan, result):
        """Fitted attributes with the new domain."""
        added = {
            "coefs_": [layer.weight for layer in result.params],
            "intercepts_": [layer.bias for layer in result.params],
            "reg_coefs_": list(result.coefficients),
        }
        fitted = {
            name: [
                np.concatenate(pair)
                for pair in zip(getattr(self, name), new, strict=True)
            ]
            for name, new in added.items()
        }
        fitted |= {
            "domains_": names,
            "_targets": [*self._targets, *heads.targets],
            "_present": _stack(self._present, heads.present),
            "_centers": np.vstack([self._centers, domain_centers(joint.problem)]),
            "n_shared_layers_": plan.n_shared,
            "pair_weights_": self._weights_with(result, plan),
        }
        layers = [
            Layer(*pair)
            for pair in zip(fitted["coefs_"], fitted["intercepts_"], strict=True)
        ]
        fitted["pair_distances_"] = _kernels.pairwise_terms(tuple(layers), plan)
        return fitted

    def _layers(self):
        """Networks of all domains in the form of the kernel."""
        return tuple(
            Layer(*pair) for pair in zip(self.coefs_, self.intercepts_, strict=True)
        )

    def _mean_start(self, heads):
        """Mean of the networks, with a new last layer if the domains have separate heads."""
        mean = [
            Layer(layer.weight.mean(axis=0), layer.bias.mean(axis=0))
            for layer in self._layers()
        ]
        return Start((*mean[:-1], mean[-1] if heads.same else None))

    def _weights_with(self, result, plan):
        """Pair weights, with a row and a column for the new domain."""
        n = len(self.domains_)
        weights = np.ones((plan.n_terms, n + 1, n + 1))
        if not plan.couples:
            weights = weights * np.eye(n + 1)
        if len(self.pair_weights_) == plan.n_terms:
            weights[:, :n, :n] = self.pair_weights_
        if len(result.weights):  # the new domain comes first in the kernel
            weights[:, n, :n] = weights[:, :n, n] = result.weights[-1][:, 0, 1:]
        return weights


def _stack(old, new):
    """Masks of the classes of all domains; None if all have the same classes."""
    return None if old is None or new is None else np.vstack([old, new])
