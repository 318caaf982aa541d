# SPDX-License-Identifier: BSD-3-Clause
"""The host side of joint learning: NumPy in and out."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np

from ._batches import batch_bucket, count_batches
from ._coefficients import coefficients
from ._config import NetworkSpec, StopReason, TrainSpec
from ._devices import check_fork, placed
from ._joint import Coupling, JointHistory, JointSpec, train_joint_epochs
from ._joint_plan import Anchors, JointPlan, JointResult
from ._joint_rounds import Rounds, first_rows
from ._loop import initial_train_state, loop_state
from ._optimizers import tabulate
from ._padding import pad_data, row_width
from ._start import Start, cast, complete_start, with_table
from ._types import Data, Hyper, LoopState, Params


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
            plan,
            anchors,
            order_rng,
            counts,
            n_batches,
            train.batch_capacity,
            state,
            network,
            train,
            hyper,
            inputs.astype(np.int32),
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
class _JointRun(Rounds):
    """A joint fit of predicting networks."""

    network: NetworkSpec
    train: TrainSpec
    hyper: Hyper
    groups: np.ndarray

    def place(
        self, data: Data, validation: Data | None, seed: int, dtype: np.dtype
    ) -> None:
        """Put on the device what stays the same."""
        table = pad_joint(data, dtype)
        held_out, starts = None, np.zeros(len(self.counts), np.int32)
        if validation is not None:
            held_out = pad_joint(validation, dtype)
            starts = first_rows(np.asarray(validation.n_rows))
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

    @property
    def params(self) -> Params:
        """Parameters of all domains as they are now, on the device."""
        return self.state.train.params

    def _call(
        self, spec: JointSpec, orders: np.ndarray, n_epochs: int, coupling: Coupling
    ) -> tuple[LoopState, JointHistory]:
        return train_joint_epochs(
            self.state,
            *self.tables,
            orders,
            np.int32(n_epochs),
            np.int32(self.n_batches.max()),
            self.n_batches.astype(np.int32),
            coupling,
            *self.fixed,
            network=self.network,
            train=self.train,
            joint=spec,
        )

    def _key(self, spec: JointSpec) -> Any:
        return ("joint", self.network, self.train, spec, self.shapes)

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
        return JointResult(
            params,
            lam,
            history,
            self._consistency(history.distances),
            self._weight_history(),
            self.sigma,
            self.converged,
            self.done,
            int(self.state.patience.best_epoch),
            int(self.reason),
        )


def pad_joint(data: Data, dtype: np.dtype) -> Data:
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
