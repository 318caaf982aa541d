# SPDX-License-Identifier: BSD-3-Clause
"""The host side of joint learning: stages, rounds of reweighting, NumPy in and out."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import jax
import numpy as np

from ._batches import batch_bucket, bucket, count_batches
from ._coefficients import coefficients
from ._config import NetworkSpec, StopReason, TrainSpec
from ._devices import check_fork, placed
from ._joint import Coupling, JointHistory, JointSpec, train_joint_epochs
from ._joint_plan import Anchors, JointPlan, JointResult
from ._loop import initial_train_state, loop_state
from ._optimizers import tabulate
from ._padding import pad_data, row_width
from ._programs import compile_once
from ._robust import (
    consistency,
    find_scales,
    laplacians,
    layer_weights,
    robust_weights,
    term_distances,
    terms_of,
)
from ._run import (
    EPOCHS_PER_CHUNK,
    ORDERS_PER_CHUNK,
    Start,
    cast,
    complete_start,
    with_table,
)
from ._types import Data, Hyper, Layer, LoopState, Params


def fit_joint(
    data: Data,
    network: NetworkSpec,
    train: TrainSpec,
    hyper: Hyper,
    plan: JointPlan,
    *,
    max_epochs: int,
    batch_size: int,
    seed: int,
    validation: Data | None = None,
    groups: np.ndarray | None = None,
    dead_inputs: np.ndarray | None = None,
    start: Start | None = None,
    head_bias: np.ndarray | None = None,
    anchors: Anchors | None = None,
    restore_best: bool = False,
    rate: Callable[[Any], Any] | None = None,
    precision: str = "float32",
    device: str | None = None,
) -> JointResult:
    """Train one network for every domain.

    Parameters
    ----------
    data, validation : Data
        One table of all domains, which follow each other; `n_rows` has the rows of each. In
        `validation` a domain may have none.
    network, train, hyper
        As for ``fit_network``.
    plan : JointPlan
    max_epochs, batch_size, seed
        As for ``fit_network``. An epoch is a pass over the domain that makes the most
        batches; the others begin again where they end.
    groups, dead_inputs, start, restore_best, rate, precision, device
        As for ``fit_network``; all domains have the same start.
    head_bias : ndarray of shape (n, n_outputs)
        Added to the biases of the last layer at the start.
    anchors : Anchors
    """
    check_fork()
    dtype = np.dtype(precision)
    counts = np.asarray(data.n_rows)
    inputs = np.arange(network.weight_shapes[0][0]) if groups is None else groups
    init_rng, order_rng = (np.random.default_rng([seed, k]) for k in range(2))
    start = complete_start(start or Start(), network, init_rng, dtype, dead_inputs)
    n_batches = np.array([count_batches(int(n), batch_size) for n in counts])
    n_steps = int(n_batches.max())
    train = replace(
        train,
        batch_capacity=batch_bucket(min(int(counts.max()), batch_size)),
        has_validation=validation is not None,
        row_width=row_width(data._replace(n_rows=counts.sum()), validation),
    )
    burn_in = hyper.burn_in_steps
    if plan.strategy in ("joint", "finetune"):
        burn_in = max(burn_in, plan.first_epochs)
    n_layers = network.n_layers
    hyper = hyper._replace(
        total_steps=max_epochs * n_steps,
        warmup_steps=hyper.warmup_steps * n_steps,
        burn_in_steps=burn_in * n_steps,
        judge_start=0.0,
        layer_start=np.zeros(n_layers),
        layer_rate=np.ones(n_layers),
    )
    with placed(device, precision):
        if rate is not None:
            hyper = with_table(hyper, tabulate(rate, max_epochs * n_steps))
        hyper = cast(hyper, dtype)
        state = _side_by_side(start, train, len(counts), head_bias, dtype)
        run = _JointRun(
            network,
            train,
            plan,
            hyper,
            inputs.astype(np.int32),
            anchors,
            order_rng,
            state,
            counts,
            n_batches,
        )
        run.place(data, validation, seed, dtype)
        run.until(max_epochs)
        return run.result(restore_best=restore_best)


def _side_by_side(
    start: Start,
    train: TrainSpec,
    n_domains: int,
    head_bias: np.ndarray | None,
    dtype: np.dtype,
) -> LoopState:
    """State of all domains before the first epoch: the same network for each."""
    params: Params = cast(start.params, dtype)
    one = initial_train_state(params, (), train)
    everyone = jax.tree.map(
        lambda leaf: np.broadcast_to(leaf, (n_domains, *np.shape(leaf))), one
    )
    if head_bias is not None:
        last = everyone.params[-1]
        last = last._replace(bias=(last.bias + head_bias).astype(dtype))
        everyone = everyone._replace(params=(*everyone.params[:-1], last))
    return jax.device_put(loop_state(everyone, dtype))


@dataclass
class _JointRun:
    """A joint fit under way on the host."""

    network: NetworkSpec
    train: TrainSpec
    plan: JointPlan
    hyper: Hyper
    groups: np.ndarray
    anchors: Anchors | None
    rng: np.random.Generator
    state: LoopState
    counts: np.ndarray
    n_batches: np.ndarray

    def place(
        self, data: Data, validation: Data | None, seed: int, dtype: np.dtype
    ) -> None:
        """Put on the device what stays the same."""
        table = _pad_joint(data, dtype)
        held_out, starts = None, np.zeros(len(self.counts), np.int32)
        if validation is not None:
            held_out = _pad_joint(validation, dtype)
            starts = _first_rows(np.asarray(validation.n_rows))
        keys = np.stack(
            [
                np.random.SeedSequence([seed, 2, k]).generate_state(2)
                for k in range(len(self.counts))
            ]
        )
        tables = (table, held_out, starts)
        self.tables = jax.device_put(tables)
        self.fixed = jax.device_put((self.groups, keys, self.hyper))
        shapes = [np.shape(leaf) for leaf in jax.tree.leaves((tables, self.hyper))]
        self.shapes = (dtype, tuple(shapes))
        self.first_row = _first_rows(self.counts)
        n_slots = bucket(int(self.counts.max())) + self.train.batch_capacity
        size = len(self.counts) * n_slots
        capacity = int(np.clip(ORDERS_PER_CHUNK // size, 1, EPOCHS_PER_CHUNK))
        self.order_shape = (capacity, len(self.counts), n_slots)
        self.terms = terms_of(self.plan.n_shared, paired=self.plan.paired)
        self.epochs: list[JointHistory] = []
        self.rounds: list[np.ndarray] = []
        unknown = np.full(len(self.terms), np.nan)
        self.sigma = unknown if self.anchors is None else self.anchors.sigma
        self.converged = False
        self.reason = StopReason.RUNNING

    def until(self, max_epochs: int) -> None:
        """Run the stages; an interrupt keeps the epochs that are done."""
        plan = self.plan
        anchored = self.anchors is not None
        first, rest = plan.stages(self.network.n_layers, anchored=anchored)
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

    def _measure(self) -> tuple[np.ndarray, np.ndarray]:
        """Squared distances and lengths of all terms, of all domains."""
        rows = self._rows()[: self.plan.n_shared]
        apart = np.stack([_pairwise(one) for one in rows])
        lengths = np.stack([np.sum(one**2, axis=1) for one in rows])
        return term_distances(apart, self.terms), self.terms @ lengths

    def _rows(self) -> list[np.ndarray]:
        """Parameters of each layer, a row per domain."""
        found = [_layer_rows(layer) for layer in self.state.train.params]
        if self.anchors is None:
            return found
        still = [_layer_rows(layer) for layer in self.anchors.params]
        return [np.vstack(pair) for pair in zip(found, still, strict=True)]

    def _advance(self, until: int, spec: JointSpec, weights: np.ndarray) -> None:
        """Train up to epoch `until` with these weights."""
        if self.done >= until or self.reason != StopReason.RUNNING:
            return
        coupling = jax.device_put(self._coupling(spec, weights))
        program = partial(
            train_joint_epochs, network=self.network, train=self.train, joint=spec
        )

        def run(orders: np.ndarray, n_epochs: int) -> tuple[LoopState, JointHistory]:
            return program(
                self.state,
                *self.tables,
                orders,
                np.int32(n_epochs),
                np.int32(self.n_batches.max()),
                self.n_batches.astype(np.int32),
                coupling,
                *self.fixed,
            )

        def compile_program() -> None:
            run(np.zeros(self.order_shape, np.int32), 0)

        shape = self.order_shape
        key = ("joint", self.network, self.train, spec, shape, self.shapes)
        compile_once(key, compile_program)
        while self.done < until and self.reason == StopReason.RUNNING:
            before = self.done
            n_epochs = min(shape[0], until - before)
            self.state, history = run(self._orders(n_epochs), n_epochs)
            ran = self.done - before
            self.epochs.append(
                jax.tree.map(lambda h, ran=ran: np.asarray(h)[:ran], history)
            )
            self.reason = StopReason(int(self.state.reason))

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
        n, n_layers = len(self.counts), self.network.n_layers
        dtype = self.hyper.learning_rate.dtype
        links = np.zeros((n_layers, self.n_all, self.n_all))
        if any(spec.coupled):
            shared = layer_weights(weights, self.terms)
            links[: self.plan.n_shared] = self.plan.coupling * shared
        # The rows of those that move have all their links on the diagonal.
        moving = laplacians(links)[:, :n, :n]
        values, vectors = np.linalg.eigh(moving)
        pull = ()
        if self.anchors is not None:
            still = [_layer_rows(layer) for layer in self.anchors.params]
            pull = tuple(
                (link[:n, n:] @ rows).astype(dtype)
                for link, rows in zip(links, still, strict=True)
            )
        values = np.maximum(values, 0)
        return Coupling(vectors.astype(dtype), values.astype(dtype), pull)

    def result(self, *, restore_best: bool) -> JointResult:
        """The fit in NumPy, at the last epoch or the best."""
        params, penalty = self.state.train.params, self.state.train.penalty
        if self.reason == StopReason.DIVERGED or restore_best:
            params, _, penalty = self.state.best
        params, penalty = jax.tree.map(np.asarray, (params, penalty))
        per_domain: list[tuple[np.ndarray, ...]] = []
        for i in range(len(self.counts)):
            mine, rule = jax.tree.map(lambda leaf, i=i: leaf[i], (params, penalty))
            per_domain.append(coefficients(mine, rule, self.hyper, self.groups, np))
        lam = tuple(np.stack(layer) for layer in zip(*per_domain, strict=True))
        history = _join(self.epochs, params)
        n = self.n_all
        return JointResult(
            params,
            lam,
            history,
            self._consistency(history),
            np.array(self.rounds).reshape(len(self.rounds), len(self.terms), n, n),
            self.sigma,
            self.converged,
            self.done,
            int(self.state.patience.best_epoch),
            int(self.reason),
        )

    def _consistency(self, history: JointHistory) -> np.ndarray:
        """Of every epoch, by the norm and the scales that the fit ended with."""
        norm, sigma = self.plan.norm, self.sigma
        if np.isnan(sigma).any():  # nothing was reweighted
            norm, sigma = "l2", np.zeros_like(sigma)
        found = [
            consistency(
                term_distances(one[: self.plan.n_shared], self.terms), sigma, norm
            )
            for one in history.distances
        ]
        return np.array(found)


def pairwise_terms(params: Params, plan: JointPlan) -> np.ndarray:
    """Squared distance of each term between networks, (P, n, n)."""
    apart = [_pairwise(_layer_rows(layer)) for layer in params[: plan.n_shared]]
    n = len(params[0].bias)
    terms = terms_of(plan.n_shared, paired=plan.paired)
    return term_distances(np.reshape(apart, (plan.n_shared, n, n)), terms)


def _layer_rows(layer: Layer) -> np.ndarray:
    """Weights and biases of a layer of all domains in double precision, a row each."""
    weight = np.asarray(layer.weight, np.float64)
    return np.hstack([weight.reshape(len(weight), -1), np.asarray(layer.bias)])


def _pairwise(rows: np.ndarray) -> np.ndarray:
    """Squared distances between rows, to rounding of their differences."""
    rows = rows - rows.mean(axis=0)
    products = rows @ rows.T
    lengths = np.diagonal(products)
    return np.maximum(lengths[:, None] + lengths - 2 * products, 0)


def _first_rows(counts: np.ndarray) -> np.ndarray:
    """Where each domain begins in a table of all."""
    return np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int32)


def _pad_joint(data: Data, dtype: np.dtype) -> Data:
    """Table of all domains in a bucket of rows."""
    counts = np.asarray(data.n_rows)
    padded = pad_data(data._replace(n_rows=int(counts.sum())), dtype)
    return padded._replace(n_rows=counts.astype(np.int32))


def _join(epochs: list[JointHistory], params: Params) -> JointHistory:
    """Histories of all chunks; empty ones of a fit that was interrupted at once."""
    if not epochs:
        n, n_layers = len(params[0].bias), len(params)
        nothing = np.zeros((0, n))
        zeros, apart = np.zeros((0, n, n_layers)), np.zeros((0, n_layers, n, n))
        return JointHistory(nothing, nothing, zeros, apart)
    return jax.tree.map(lambda *chunks: np.concatenate(chunks), *epochs)
