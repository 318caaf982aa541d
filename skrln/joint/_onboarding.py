# SPDX-License-Identifier: BSD-3-Clause
"""A domain that comes later: one more network, drawn to the others, which stay."""

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from skrln._core._outcome import warn_outcome
from skrln._core._sklearn import count_samples
from skrln._core._validation import all_or_nothing
from skrln._kernels import Anchors, Layer, Start, pairwise_terms

from ._preparation import hold_out, prepare_domains, read_domains


class OnboardingMixin:
    """Adds domains to a fitted joint estimator."""

    def add_domain(self, X, y, domain, sample_weight=None):
        """Fit one more network, for a domain that `fit` has not seen.

        The networks of the other domains stay as they are, to the bit; with "joint" and "l2"
        they draw the new one, by robust weights of their own scale. It starts from their mean
        and takes `max_iter` epochs on its rows alone.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Inputs, with the columns of `fit`; they are scaled as those were.

        y : array-like of shape (n_samples,)
            Targets. Labels have to be classes that `fit` knows.

        domain : int, float or str
            Label of the domain, of the type of the others.

        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row.

        Returns
        -------
        self : object
            With the domain at the end of `domains_`. Curves and rounds are those of `fit`.

        Raises
        ------
        ValueError
            For a label that is known, and with ``strategy="shared"``, whose one network a new
            domain would change for all.
        """
        check_is_fitted(self, "_targets")
        names = self._names_with(domain)
        if self.strategy == "shared":
            raise ValueError(
                "Got strategy='shared', whose network is one for all domains, but a new "
                "domain is expected to leave the others alone. Set "
                "unknown_domain='average' to predict for it, or fit with another strategy."
            )
        with all_or_nothing(self):
            fitted, outcomes = self._add(X, y, sample_weight, names)
            vars(self).update(fitted)
        warn_outcome(self, outcomes)
        return self

    def _names_with(self, domain):
        """Labels of all domains, the new one at the end."""
        known = self.domains_.tolist()
        names = np.array([*known, domain])
        if domain is None or domain != domain or names.tolist() != [*known, domain]:
            raise ValueError(
                f"Got domain={domain!r}, but expected a label of the type of the domains "
                f"of fit: {known[:5]}."
            )
        if domain in known:
            raise ValueError(
                f"Got domain={domain!r}, but that domain is known. Pass another label, or "
                "fit again with its new rows."
            )
        return names

    def _add(self, X, y, sample_weight, names):
        """Fitted attributes with one more domain, and what there is to say of it."""
        network = self._network()
        label = np.full(count_samples(X), names[-1])
        domains = read_domains(self, network, X, y, sample_weight, label, reset=False)
        rng = check_random_state(self.random_state)
        train, held_out = hold_out(network, domains, rng)
        heads = self._more_heads(network, domains, train)
        joint = prepare_domains(
            network, domains, train, held_out, heads.targets, self._encoder
        )
        spec, plan = self._prepare_kernel(network, joint, heads)
        anchors = None
        if plan.couples:
            sigma = self.sigma_
            if len(sigma) != plan.n_terms:  # a single domain had nobody to measure by
                sigma = np.full(plan.n_terms, np.nan)
            anchors = Anchors(self._layers(), sigma)
        result = self._train(
            network,
            joint,
            spec,
            plan,
            rng,
            head_bias=self._head_bias(heads),
            start=self._mean_start(heads),
            anchors=anchors,
        )
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
            "_centers": np.vstack([self._centers, self._centers_of(joint)]),
            "n_shared_layers_": plan.n_shared,
            "pair_weights_": self._weights_with(result, plan),
        }
        layers = [
            Layer(*pair)
            for pair in zip(fitted["coefs_"], fitted["intercepts_"], strict=True)
        ]
        fitted["pair_distances_"] = pairwise_terms(tuple(layers), plan)
        return fitted, self._outcomes(result)

    def _layers(self):
        """Networks of all domains, as the kernel has them."""
        return tuple(
            Layer(*pair) for pair in zip(self.coefs_, self.intercepts_, strict=True)
        )

    def _mean_start(self, heads):
        """Mean of the networks; with heads of their own, a fresh one."""
        mean = [
            Layer(layer.weight.mean(axis=0), layer.bias.mean(axis=0))
            for layer in self._layers()
        ]
        return Start((*mean[:-1], mean[-1] if heads.same else None))

    def _weights_with(self, result, plan):
        """Weights of the pairs, with a row and a column for the new domain."""
        n = len(self.domains_)
        found = np.ones((plan.n_terms, n + 1, n + 1))
        if not plan.couples:
            found = found * np.eye(n + 1)
        if len(self.pair_weights_) == plan.n_terms:
            found[:, :n, :n] = self.pair_weights_
        if len(result.weights):  # the kernel has the new domain first
            row = result.weights[-1][:, 0, 1:]
            found[:, n, :n] = found[:, :n, n] = row
        return found


def _stack(old, new):
    """Classes of the domains, where they are not the same."""
    return None if old is None or new is None else np.vstack([old, new])
