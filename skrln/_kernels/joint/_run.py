# SPDX-License-Identifier: BSD-3-Clause
"""Joint fit of several data sets: NumPy in, NumPy out."""

from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np

from skrln._interrupts import deferred
from skrln._kernels._batches import (
    Layout,
    batch_bucket,
    bucket,
    count_batches,
    first_rows,
)
from skrln._kernels._coefficients import coefficients
from skrln._kernels._config import NetworkSpec, RunSpec, StopReason, TrainSpec
from skrln._kernels._devices import check_fork, count_devices, placed
from skrln._kernels._padding import row_width
from skrln._kernels._saved import Slot
from skrln._kernels._sharding import in_turn, put
from skrln._kernels._start import (
    cast,
    complete_start,
    initial_train_state,
    loop_state,
    scale_table,
)
from skrln._kernels._types import (
    FitData,
    Hyper,
    LoopState,
    Params,
    Start,
    TrainState,
)

from ._epochs import train_joint_epochs
from ._plan import Anchors, JointHistory, JointPlan, JointResult
from ._responses import common_rows, term_responses
from ._rounds import Rounds, pad_joint, side_by_side


def fit_joint(
    tables: FitData,
    network: NetworkSpec,
    train: TrainSpec,
    hyper: Hyper,
    plan: JointPlan,
    run: RunSpec,
    *,
    start: Start | None = None,
    head_bias: np.ndarray | None = None,
    anchors: Anchors | None = None,
    slot: Slot | None = None,
) -> JointResult:
    """Train one network for every domain.

    Parameters
    ----------
    tables : FitData
        One table of all domains, which follow each other; `n_rows` has the rows of each. In
        `validation` a domain may have no rows. `edges` are ignored.
    network, train, hyper
        As for ``fit_network``.
    plan : JointPlan
    run : RunSpec
        An epoch is a pass over the domain with the most batches; the others begin again after
        their last batch. `judge_start` is ignored.
    start : Start
        Common to all domains.
    head_bias : ndarray of shape (n, n_outputs)
        Added to the biases of the last layer at the start.
    anchors : Anchors
    slot : Slot
        Place of the state of the fit, which goes on from there.
    """
    check_fork()
    dtype = np.dtype(run.precision)
    counts = np.asarray(tables.data.n_rows)
    n_inputs = network.weight_shapes[0][0]
    groups = np.arange(n_inputs) if tables.groups is None else tables.groups
    init_rng, order_rng = (np.random.default_rng([run.seed, k]) for k in range(2))
    dead = tables.dead_inputs
    start = complete_start(start or Start(), network, init_rng, dtype, dead)
    n_batches = np.array([count_batches(int(n), run.batch_size) for n in counts])
    whole = tables.data._replace(n_rows=counts.sum())
    n_devices = count_devices(run.device)
    most_rows = min(int(counts.max()), run.batch_size)
    train = replace(
        train,
        batch_capacity=batch_bucket(most_rows, n_devices),
        row_width=row_width(whole, tables.validation),
        n_devices=n_devices,
    )
    hyper = _complete_hyper(hyper, network, train, plan, run, int(n_batches.max()))
    with placed(run.device, run.precision):
        hyper = cast(hyper, dtype)
        state = _initial_state(start, train, hyper, len(counts), head_bias, dtype)
        fit = _JointFit(
            order_rng,
            counts,
            n_batches,
            bucket(int(counts.max())) + train.batch_capacity,
            state,
            plan,
            anchors,
            network,
            train,
            hyper,
            groups.astype(np.int32),
        )
        fit.place(tables, run.seed, dtype)
        fit.slot = slot
        fit.run(lambda: fit.train_all(run.max_epochs))
        return fit.result(restore_best=run.restore_best)


def _complete_hyper(
    hyper: Hyper,
    network: NetworkSpec,
    train: TrainSpec,
    plan: JointPlan,
    run: RunSpec,
    n_steps: int,
) -> Hyper:
    """Numbers with epochs turned into steps; no epoch of the first stage is the best."""
    if train.schedule == "table":
        hyper = scale_table(hyper)
    burn_in = hyper.burn_in_steps
    if plan.strategy in ("joint", "finetune"):
        burn_in = max(burn_in, plan.first_epochs)
    return hyper._replace(
        total_steps=run.max_epochs * n_steps,
        warmup_steps=hyper.warmup_steps * n_steps,
        burn_in_steps=burn_in * n_steps,
        judge_start=0.0,
        layer_start=np.zeros(network.n_layers),
        layer_rate=np.ones(network.n_layers),
    )


@deferred()
def _initial_state(
    start: Start,
    train: TrainSpec,
    hyper: Hyper,
    n_domains: int,
    head_bias: np.ndarray | None,
    dtype: np.dtype,
) -> LoopState:
    """State of all domains before the first epoch: the same network for each."""
    params: Params = cast(start.params, dtype)
    alone = initial_train_state(params, (), train, hyper.solver_numbers)
    state: TrainState = side_by_side(alone, n_domains)
    if head_bias is not None:
        last = state.params[-1]
        last = last._replace(bias=(last.bias + head_bias).astype(dtype))
        state = state._replace(params=(*state.params[:-1], last))
    return put(loop_state(state, dtype), train.n_devices)


@dataclass
class _JointFit(Rounds):
    """Joint fit of predicting networks."""

    network: NetworkSpec
    train: TrainSpec
    hyper: Hyper
    groups: np.ndarray

    history_type = JointHistory

    @deferred()
    def place(self, tables: FitData, seed: int, dtype: np.dtype) -> None:
        """Put the constant arguments of the program on the devices."""
        held_out, starts = None, np.zeros(len(self.counts), np.int32)
        if tables.validation is not None:
            held_out = pad_joint(tables.validation, dtype)
            starts = first_rows(np.asarray(tables.validation.n_rows))
        seeds = [np.random.SeedSequence([seed, 2, k]) for k in range(len(self.counts))]
        keys = np.stack([sequence.generate_state(2) for sequence in seeds])
        padded = (pad_joint(tables.data, dtype), held_out, starts)
        fixed = (self.groups, keys, self.hyper)
        self.n_devices = self.train.n_devices
        self.tables, self.fixed = put((padded, fixed), self.n_devices)
        shapes = [np.shape(leaf) for leaf in jax.tree.leaves((padded, self.hyper))]
        self.shapes = (dtype, tuple(shapes))

    def _call(
        self, orders: np.ndarray, n_epochs: Any
    ) -> tuple[LoopState, JointHistory]:
        spec, coupling = self.stage
        return train_joint_epochs(
            self.state,
            *self.tables,
            orders,
            n_epochs,
            self.n_batches.astype(np.int32),
            coupling,
            self.fixed,
            network=self.network,
            train=self.train,
            joint=spec,
        )

    def _respond(self) -> Any:
        data, width = self.tables[0], self.train.row_width
        rows, roots = common_rows(self.counts)
        layout = Layout(len(rows), self.network.layer_sizes[0], width)
        dtype = data.targets.dtype
        with deferred(), in_turn(self.n_devices):
            return term_responses(
                cast(self._everyone(), dtype),
                data,
                rows,
                roots.astype(dtype),
                self.terms.astype(dtype),
                network=self.network,
                layout=layout,
                n_shared=self.plan.n_shared,
            )

    def _data(self) -> Any:
        return self.tables, self.fixed, self.anchors

    def _key(self) -> Any:
        return ("joint", self.network, self.train, self.shapes)

    def result(self, *, restore_best: bool) -> JointResult:
        """Fit in NumPy, at the last epoch or the best."""
        params, penalty = self.state.train.params, self.state.train.penalty
        if self.reason == StopReason.DIVERGED or restore_best:
            params, _, penalty = self.state.best
        params, penalty = jax.tree.map(np.asarray, (params, penalty))
        per_domain: list[tuple[np.ndarray, ...]] = []
        for i in range(len(self.counts)):
            own, rule = jax.tree.map(lambda leaf, i=i: leaf[i], (params, penalty))
            per_domain.append(coefficients(own, rule, self.hyper, self.groups, np))
        n, n_layers = len(self.counts), len(params)
        curve, distances = np.zeros((0, n)), np.zeros((0, n_layers, n, n))
        empty = JointHistory(curve, curve, np.zeros((0, n, n_layers)), distances)
        history = self.history(empty)
        return JointResult(
            params,
            tuple(np.stack(layer) for layer in zip(*per_domain, strict=True)),
            history,
            self.consistency(history.distances),
            self.weight_history(),
            self.sigma,
            self.converged,
            self.done,
            int(self.state.stopping.patience.best_epoch),
            int(self.reason),
        )
