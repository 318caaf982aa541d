# SPDX-License-Identifier: BSD-3-Clause
"""Stages of a joint fit and its rounds of reweighting, whatever the networks learn."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from ._batches import bucket
from ._config import StopReason
from ._joint import Coupling, JointSpec
from ._joint_plan import Anchors, JointPlan
from ._programs import compile_once
from ._robust import (
    consistency,
    find_scales,
    laplacians,
    layer_weights,
    robust_weights,
    term_distances,
)
from ._run import EPOCHS_PER_CHUNK, ORDERS_PER_CHUNK
from ._types import Layer, Params


@dataclass
class Rounds(ABC):
    """A fit of several domains under way on the host.

    Parameters
    ----------
    plan : JointPlan
    anchors : Anchors or None
        Networks that do not move, and pull.
    rng : Generator
        Of the order of the rows.
    counts, n_batches : ndarray of shape (n,)
        Rows of each domain, and the batches that they make.
    batch_capacity : int
        Rows that a batch is padded to.
    state : NamedTuple
        Of the loop; it has `epoch` and `reason`.
    """

    plan: JointPlan
    anchors: Anchors | None
    rng: np.random.Generator
    counts: np.ndarray
    n_batches: np.ndarray
    batch_capacity: int
    state: Any

    def __post_init__(self) -> None:
        n_slots = bucket(int(self.counts.max())) + self.batch_capacity
        size = len(self.counts) * n_slots
        capacity = int(np.clip(ORDERS_PER_CHUNK // size, 1, EPOCHS_PER_CHUNK))
        self.order_shape = (capacity, len(self.counts), n_slots)
        self.first_row = first_rows(self.counts)
        self.terms = self.plan.terms
        self.epochs: list[Any] = []
        self.rounds: list[np.ndarray] = []
        unknown = np.full(len(self.terms), np.nan)
        self.sigma = unknown if self.anchors is None else self.anchors.sigma
        self.converged = False
        self.reason = StopReason.RUNNING

    @property
    @abstractmethod
    def params(self) -> Params:
        """Parameters of all domains as they are now, on the device."""

    @abstractmethod
    def _call(
        self, spec: JointSpec, orders: np.ndarray, n_epochs: int, coupling: Coupling
    ) -> tuple[Any, Any]:
        """State and history after epochs of the compiled program."""

    @abstractmethod
    def _key(self, spec: JointSpec) -> Any:
        """What tells the compiled program from others, orders apart."""

    def until(self, max_epochs: int) -> None:
        """Run the stages; an interrupt keeps the epochs that are done."""
        plan = self.plan
        anchored = self.anchors is not None
        first, rest = plan.stages(len(self.params), anchored=anchored)
        ones = np.ones((len(self.terms), self.n_all, self.n_all))
        try:
            if plan.couples:
                weights = ones
                if plan.strategy == "joint":
                    self._advance(min(plan.first_epochs, max_epochs), first, ones)
                    weights = self._reweight(max_epochs, rest, ones)
                self._advance(max_epochs, rest, weights)
            else:
                self._advance(min(plan.first_epochs, max_epochs), first, ones)
                self._advance(max_epochs, rest, ones)
        except KeyboardInterrupt:
            self.reason = StopReason.INTERRUPTED
        if self.reason == StopReason.RUNNING:
            self.reason = StopReason.MAX_ITER

    @property
    def n_all(self) -> int:
        """Domains, those that do not move included; these come last."""
        still = 0
        if self.anchors is not None:
            still = len(self.anchors.params[0].bias)
        return len(self.counts) + still

    @property
    def done(self) -> int:
        """Epochs that ran."""
        return int(self.state.epoch)

    def _reweight(
        self, max_epochs: int, spec: JointSpec, weights: np.ndarray
    ) -> np.ndarray:
        """Rounds of reweighting and training; the weights that were found."""
        plan = self.plan
        for _ in range(plan.max_rounds):
            if self.done >= max_epochs or self.reason != StopReason.RUNNING:
                break
            distances, lengths = self._measure()
            if np.isnan(self.sigma).any():
                self.sigma = find_scales(
                    distances, lengths, plan.scale, plan.scale_factor
                )
            old, weights = (
                weights,
                robust_weights(distances, self.sigma, plan.norm, plan.irls_weight),
            )
            self.rounds.append(weights)
            self.converged = bool(np.max(np.abs(weights - old)) <= plan.tol)
            if self.converged:
                break
            self._advance(min(self.done + plan.round_epochs, max_epochs), spec, weights)
        return weights

    def _advance(self, until: int, spec: JointSpec, weights: np.ndarray) -> None:
        """Train up to epoch `until` with these weights."""
        if self.done >= until or self.reason != StopReason.RUNNING:
            return
        coupling = jax.device_put(self._coupling(spec, weights))
        shape = self.order_shape

        def compile_program() -> None:
            self._call(spec, np.zeros(shape, np.int32), 0, coupling)

        compile_once((self._key(spec), shape), compile_program)
        while self.done < until and self.reason == StopReason.RUNNING:
            before = self.done
            n_epochs = min(shape[0], until - before)
            orders = self._orders(n_epochs)
            self.state, history = self._call(spec, orders, n_epochs, coupling)
            ran = self.done - before
            self.epochs.append(
                jax.tree.map(lambda h, ran=ran: np.asarray(h)[:ran], history)
            )
            self.reason = StopReason(int(self.state.reason))

    def _measure(self) -> tuple[np.ndarray, np.ndarray]:
        """Squared distances and lengths of all terms, of all domains."""
        rows = self._rows()[: self.plan.n_shared]
        apart = np.stack([pairwise(one) for one in rows])
        lengths = np.stack([np.sum(one**2, axis=1) for one in rows])
        return term_distances(apart, self.terms), self.terms @ lengths

    def _rows(self) -> list[np.ndarray]:
        """Parameters of each layer, a row per domain."""
        found = [layer_rows(layer) for layer in self.params]
        if self.anchors is None:
            return found
        still = [layer_rows(layer) for layer in self.anchors.params]
        return [np.vstack(pair) for pair in zip(found, still, strict=True)]

    def _orders(self, n_epochs: int) -> np.ndarray:
        """Rows of each domain in an order of their own for each epoch."""
        orders = np.zeros(self.order_shape, np.int32)
        for order in orders[:n_epochs]:
            for row, first, n, batches in zip(
                order, self.first_row, self.counts, self.n_batches, strict=True
            ):
                # In one batch the order of the rows does not matter.
                inside = np.arange(n) if batches == 1 else self.rng.permutation(n)
                row[:n] = first + inside
        return orders

    def _coupling(self, spec: JointSpec, weights: np.ndarray) -> Coupling:
        """Laplacian of each layer, decomposed, and the pull of domains that stay."""
        n, n_layers = len(self.counts), len(self.params)
        dtype = self.params[0].weight.dtype
        links = np.zeros((n_layers, self.n_all, self.n_all))
        if any(spec.coupled):
            shared = layer_weights(weights, self.terms)
            links[: self.plan.n_shared] = self.plan.coupling * shared
        # The rows of those that move have all their links on the diagonal.
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

    def _consistency(self, distances: np.ndarray) -> np.ndarray:
        """Of every epoch, by the norm and the scales that the fit ended with."""
        norm, sigma = self.plan.norm, self.sigma
        if np.isnan(sigma).any():  # nothing was reweighted
            norm, sigma = "l2", np.zeros_like(sigma)
        found = [
            consistency(
                term_distances(one[: self.plan.n_shared], self.terms), sigma, norm
            )
            for one in distances
        ]
        return np.array(found)

    def _weight_history(self) -> np.ndarray:
        """Weights of each reweighting, (n_rounds, P, n, n)."""
        n = self.n_all
        return np.array(self.rounds).reshape(len(self.rounds), len(self.terms), n, n)


def pairwise_terms(params: Params, plan: JointPlan) -> np.ndarray:
    """Squared distance of each term between networks, (P, n, n)."""
    apart = [pairwise(layer_rows(layer)) for layer in params[: plan.n_shared]]
    n = len(params[0].bias)
    return term_distances(np.reshape(apart, (plan.n_shared, n, n)), plan.terms)


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


def first_rows(counts: np.ndarray) -> np.ndarray:
    """Where each domain begins in a table of all."""
    return np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int32)
