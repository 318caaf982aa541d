# SPDX-License-Identifier: BSD-3-Clause
"""Stages of a joint fit and its rounds of reweighting, for any kind of network."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from skrln._interrupts import deferred
from skrln._kernels._chunks import Chunks
from skrln._kernels._padding import pad_data
from skrln._kernels._saved import Arrays, name_leaves, name_text
from skrln._kernels._sharding import put
from skrln._kernels._types import Data, Layer, Params

from ._coupling import Coupling
from ._plan import Anchors, JointPlan, JointSpec
from ._robust import (
    find_scales,
    laplacians,
    layer_weights,
    norm_values,
    robust_weights,
    sum_pairs,
    term_distances,
)

#: The scale of outputs is a mean distance to the nearest domains: one in so many of all.
DOMAINS_PER_NEIGHBOR = 8


@dataclass
class Rounds(Chunks):
    """A fit of several domains under way on the host.

    Parameters
    ----------
    plan : JointPlan
    anchors : Anchors or None
        Networks that do not move, and pull.
    """

    plan: JointPlan
    anchors: Anchors | None

    def __post_init__(self) -> None:
        self.terms = self.plan.terms
        self.rounds: list[np.ndarray] = []
        unknown = np.full(len(self.terms), np.nan)
        self.sigma = unknown if self.anchors is None else self.anchors.sigma
        self.converged = False
        self.until = 0
        self.stage: tuple[JointSpec, Any] = (JointSpec((), ()), None)

    @abstractmethod
    def _key(self) -> Any:
        """Identify the compiled program, apart from the stage and the orders."""

    @abstractmethod
    def _data(self) -> Any:
        """Arrays that the fit starts from, besides its state."""

    def start(self) -> Arrays:
        """Everything that the fit starts from, besides its state."""
        leaves = name_leaves("data", (self._data(), self.counts, self.n_batches))
        return {"text": name_text(f"{self.plan} {self._key()}"), **leaves}

    def _to_arrays(self) -> Arrays:
        return super()._to_arrays() | {
            "rounds": self.weight_history(),
            "sigma": np.asarray(self.sigma),
            "converged": np.array(self.converged),
            "until": np.array(self.until),
        }

    def _from_arrays(self, arrays: Arrays) -> None:
        super()._from_arrays(arrays)
        n, rounds = self.n_all, arrays["rounds"]
        if rounds.shape[1:] != (len(self.terms), n, n):
            raise ValueError("it has no weights of these domains")
        self.rounds, self.sigma = list(rounds), arrays["sigma"]
        self.converged, self.until = bool(arrays["converged"]), int(arrays["until"])

    @property
    def params(self) -> Params:
        """Present parameters of all domains, on the device."""
        return self.state.train.params

    @property
    def n_all(self) -> int:
        """Domains, followed by those that do not move."""
        n_still = 0
        if self.anchors is not None:
            n_still = len(self.anchors.params[0].bias)
        return len(self.counts) + n_still

    def train_all(self, max_epochs: int) -> None:
        """Run the stages."""
        plan = self.plan
        anchored = self.anchors is not None
        first, rest = plan.stages(len(self.params), anchored=anchored)
        weights = np.ones((len(self.terms), self.n_all, self.n_all))
        if plan.strategy == "joint" or not plan.couples:
            self._advance(min(plan.first_epochs, max_epochs), first, weights)
        if plan.strategy == "joint" and plan.couples:
            weights = self._reweight(max_epochs, rest, weights)
        self._advance(max_epochs, rest, weights)

    def _reweight(
        self, max_epochs: int, spec: JointSpec, weights: np.ndarray
    ) -> np.ndarray:
        """Reweight and train in rounds; return the last weights."""
        plan = self.plan
        if self.rounds:  # the fit was killed in this round
            weights = self.rounds[-1]
            self._advance(self.until, spec, weights)
        while len(self.rounds) < plan.max_rounds and not self.converged:
            if not self.is_unfinished(max_epochs):
                break
            distances, lengths = self._measure()
            if np.isnan(self.sigma).any():
                self.sigma = self._find_scales(distances, lengths)
            old = weights
            weights = robust_weights(distances, self.sigma, plan.norm, plan.irls_weight)
            self.rounds.append(weights)
            self.converged = bool(np.max(np.abs(weights - old)) <= plan.tol)
            if not self.converged:
                until = min(self.done + plan.round_epochs, max_epochs)
                self._advance(until, spec, weights)
        return weights

    def _advance(self, until: int, spec: JointSpec, weights: np.ndarray) -> None:
        """Train up to epoch `until` with these weights."""
        if not self.is_unfinished(until):
            return
        self.until = until
        with deferred():
            coupling = put(self._coupling(spec, weights), self.n_devices)
            self.stage = (spec, coupling)
        self.compile((self._key(), spec))
        while self.is_unfinished(until):
            self.run_chunk(until - self.done)
            self.save_if_due()

    def _measure(self) -> tuple[np.ndarray, np.ndarray]:
        """Squared distances (P, n, n) and lengths (P, n) of all terms, of all domains."""
        terms = self.terms
        if self.plan.distance == "outputs":
            responses = np.asarray(self._respond(), np.float64)
            distances = np.stack([pairwise(rows) for rows in responses])
            return distances, np.sum(responses**2, axis=2)
        layers = [layer_rows(layer) for layer in self._everyone()]
        layers = layers[: self.plan.n_shared]
        distances = np.stack([pairwise(rows) for rows in layers])
        lengths = np.stack([np.sum(rows**2, axis=1) for rows in layers])
        return term_distances(distances, terms), terms @ lengths

    def _find_scales(self, distances: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """Scale of each term from squared distances and lengths."""
        rule, factor = self.plan.scale, self.plan.scale_factor
        if self.plan.distance == "weights":
            return find_scales(distances, lengths, rule, factor)
        # The nearest of many domains is near by chance.
        n_nearest = max(1, self.n_all // DOMAINS_PER_NEIGHBOR)
        scales = find_scales(distances, lengths, rule, factor, n_nearest=n_nearest)
        # All terms have the units of the outputs: layers of little effect hold.
        return np.full_like(scales, scales.max())

    def _respond(self) -> Any:
        """Outputs of each term and domain on common rows, (P, n, ...)."""
        raise NotImplementedError

    def _everyone(self) -> Params:
        """Parameters of all domains in NumPy, those that do not move at the end."""
        moving: Params = jax.tree.map(np.asarray, self.params)
        if self.anchors is None:
            return moving
        return tuple(
            Layer(
                np.concatenate([own.weight, other.weight]),
                np.concatenate([own.bias, other.bias]),
            )
            for own, other in zip(moving, self.anchors.params, strict=True)
        )

    def _coupling(self, spec: JointSpec, weights: np.ndarray) -> Coupling:
        """Decomposed Laplacian of each layer, and the pull of domains that do not move."""
        n, n_layers = len(self.counts), len(self.params)
        dtype = self.params[0].weight.dtype
        links = np.zeros((n_layers, self.n_all, self.n_all))
        if any(spec.coupled):
            shared = layer_weights(weights, self.terms)
            links[: self.plan.n_shared] = self.plan.coupling * shared
        # The diagonal of moving domains includes their links to the others.
        moving = laplacians(links)[:, :n, :n]
        values, vectors = np.linalg.eigh(moving)
        pull = ()
        if self.anchors is not None:
            still = [layer_rows(layer) for layer in self.anchors.params]
            pull = tuple(
                (link[:n, n:] @ rows).astype(dtype)
                for link, rows in zip(links, still, strict=True)
            )
        values = np.maximum(values, 0)
        return Coupling(vectors.astype(dtype), values.astype(dtype), pull)

    def consistency(self, distances: np.ndarray) -> np.ndarray:
        """Consistency of every epoch, by the norm and scales at the end of the fit.

        With weights by the distance of outputs, the sum of the squared distances of the
        parameters times the last weights: this is what draws the networks together.
        """
        n_shared = self.plan.n_shared
        by_outputs = self.plan.distance == "outputs"

        def value(epoch: np.ndarray) -> float:
            terms = term_distances(epoch[:n_shared], self.terms)
            if by_outputs and self.rounds:
                return sum_pairs(self.rounds[-1] * terms)
            if by_outputs or np.isnan(self.sigma).any():  # nothing was reweighted
                return sum_pairs(terms)
            return sum_pairs(norm_values(terms, self.sigma, self.plan.norm))

        return np.array([value(epoch) for epoch in distances])

    def weight_history(self) -> np.ndarray:
        """Weights of each reweighting, (n_rounds, P, n, n)."""
        n = self.n_all
        return np.array(self.rounds).reshape(len(self.rounds), len(self.terms), n, n)


def pairwise_terms(params: Params, plan: JointPlan) -> np.ndarray:
    """Squared distance of each term between networks, (P, n, n)."""
    distances = [pairwise(layer_rows(layer)) for layer in params[: plan.n_shared]]
    n = len(params[0].bias)
    return term_distances(np.reshape(distances, (plan.n_shared, n, n)), plan.terms)


def layer_rows(layer: Layer) -> np.ndarray:
    """Weights and biases of a layer of all domains in double precision, a row each."""
    weight = np.asarray(layer.weight, np.float64)
    return np.hstack([weight.reshape(len(weight), -1), np.asarray(layer.bias)])


def pairwise(rows: np.ndarray) -> np.ndarray:
    """Squared distances between rows, to rounding of their differences."""
    rows = rows - rows.mean(axis=0)
    products = rows @ rows.T
    lengths = np.diagonal(products)
    return np.maximum(lengths[:, None] + lengths - 2 * products, 0)


def side_by_side(state: Any, n_domains: int) -> Any:
    """Repeat a state for each domain, in NumPy."""
    return jax.tree.map(
        lambda leaf: np.broadcast_to(leaf, (n_domains, *np.shape(leaf))), state
    )


def pad_joint(data: Data, dtype: np.dtype) -> Data:
    """Table of all domains in a bucket of rows."""
    counts = np.asarray(data.n_rows)
    padded = pad_data(data._replace(n_rows=int(counts.sum())), dtype)
    return padded._replace(n_rows=counts.astype(np.int32))
