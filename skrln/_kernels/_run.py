# SPDX-License-Identifier: BSD-3-Clause
"""Fit of a single network: NumPy in, NumPy out."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np

from skrln._interrupts import deferred

from ._batches import batch_bucket, count_batches
from ._chunks import Chunks
from ._coefficients import coefficients
from ._config import NetworkSpec, RunSpec, StopReason, TrainSpec
from ._devices import check_fork, count_devices, placed
from ._epochs import train_epochs
from ._padding import pad_data, row_width
from ._saved import Arrays, Slot, name_leaves, name_text
from ._sharding import put
from ._start import cast, complete_start, initial_state, scale_table
from ._task_weights import with_log_variances
from ._types import (
    FitData,
    FitResult,
    History,
    Hyper,
    LoopState,
    Record,
    Recorded,
    Start,
    Weights,
)

#: Recorded epochs of a chunk take about this many bytes.
BYTES_PER_CHUNK = 1 << 26


class Snapshot(NamedTuple):
    """A fit between two epochs, for callbacks; `fetch` returns the present result."""

    epoch: int
    history: History
    fetch: Callable[[], FitResult]


class Hooks(NamedTuple):
    """Functions that the host calls between calls of the compiled program.

    Without `on_epoch`, many epochs run in one call.
    """

    #: called after every epoch; the fit stops where it returns True
    on_epoch: Callable[[Snapshot], bool] | None = None
    #: takes the weights after every epoch and their outputs for the validation rows, a chunk
    #: of epochs at a time; an epoch at which the fit diverged is left out
    on_record: Callable[[Recorded], None] | None = None
    #: place of the state of the fit, which goes on from there; not with `on_record`, which
    #: would miss the epochs of earlier calls
    slot: Slot | None = None


def fit_network(
    tables: FitData,
    network: NetworkSpec,
    train: TrainSpec,
    hyper: Hyper,
    run: RunSpec,
    *,
    start: Start | None = None,
    hooks: Hooks = Hooks(),  # noqa: B008 - immutable
) -> FitResult:
    """Train one network.

    Parameters
    ----------
    tables : FitData
    network : NetworkSpec
    train : TrainSpec
        This function sets `batch_capacity`, `row_width`, `records` and `n_devices`.
    hyper : Hyper
        This function sets `total_steps` and `judge_start`. `warmup_steps`, `burn_in_steps`
        and `layer_start` are given in epochs. With the schedule "table",
        ``schedule.table`` has the learning rate of each step, see `tabulate_rate`, and
        replaces `learning_rate`. `task_weight` is for ``TrainSpec.by_task``, and equal by
        default.
    run : RunSpec
    start : Start
    hooks : Hooks

    Returns
    -------
    FitResult
    """
    check_fork()
    dtype = np.dtype(run.precision)
    data, validation = tables.data, tables.validation
    groups = np.arange(network.n_read) if tables.groups is None else tables.groups
    edges = np.zeros(0) if tables.edges is None else tables.edges
    init_rng, order_rng = (np.random.default_rng([run.seed, k]) for k in range(2))
    dead = tables.dead_inputs
    start = complete_start(start or Start(), network, init_rng, dtype, dead)
    if train.weighting == "uncertainty":
        params: Any = start.params
        params = with_log_variances(params, len(network.heads), dtype)
        start = start._replace(params=params)
    n_batches = count_batches(int(data.n_rows), run.batch_size)
    train = _complete_train(train, tables, run, hooks)
    hyper = _complete_hyper(hyper, network, train, run, n_batches)
    with placed(run.device, run.precision):
        hyper = cast(hyper, dtype)
        table = pad_data(data, dtype, run.device)
        held_out = None
        if validation is not None:
            held_out = pad_data(validation, dtype, run.device)
        n_rows = len(held_out.targets) if train.sparsest and held_out else None
        state = initial_state(start, train, hyper, groups, dtype, n_rows)
        key = np.random.SeedSequence([run.seed, 2]).generate_state(2)
        fixed = (np.int32(n_batches), groups.astype(np.int32), edges.astype(np.int32))
        fit = _NetworkFit(
            order_rng,
            np.array([data.n_rows]),
            np.array([n_batches]),
            len(table.targets) + train.batch_capacity,
            state,
            network,
            train,
            hyper,
            groups,
            run,
            hooks,
            0 if validation is None else int(validation.n_rows),
        )
        fit.place((table, held_out), (*fixed, key, hyper))
        fit.slot = hooks.slot
        fit.run(fit.train_all)
        return fit.result(fit.reason)


def _complete_train(
    train: TrainSpec, tables: FitData, run: RunSpec, hooks: Hooks
) -> TrainSpec:
    """Structure with what depends on the rows, the place and the hooks."""
    data, validation = tables.data, tables.validation
    n_devices = count_devices(run.device)
    most_rows = min(int(data.n_rows), run.batch_size)
    return replace(
        train,
        batch_capacity=batch_bucket(most_rows, n_devices),
        row_width=row_width(data, validation),
        records=hooks.on_record is not None,
        sparsest=train.sparsest and validation is not None,
        n_devices=n_devices,
    )


def _complete_hyper(
    hyper: Hyper, network: NetworkSpec, train: TrainSpec, run: RunSpec, n_batches: int
) -> Hyper:
    """Numbers with epochs turned into steps, and defaults of layers and tasks."""
    if train.schedule == "table":
        hyper = scale_table(hyper)
    n_layers = network.n_layers
    n_tasks = len(network.heads) if train.by_task else 0
    return hyper._replace(
        total_steps=run.max_epochs * n_batches,
        warmup_steps=hyper.warmup_steps * n_batches,
        burn_in_steps=hyper.burn_in_steps * n_batches,
        judge_start=float(run.judge_start),
        layer_start=np.multiply(hyper.layer_start or (0.0,) * n_layers, n_batches),
        layer_rate=np.asarray(hyper.layer_rate or (1.0,) * n_layers),
        task_weight=np.asarray(hyper.task_weight or (1 / max(1, n_tasks),) * n_tasks),
    )


@dataclass
class _NetworkFit(Chunks):
    """Fit of a single network."""

    network: NetworkSpec
    train: TrainSpec
    hyper: Hyper
    groups: np.ndarray
    spec: RunSpec
    hooks: Hooks
    n_validation: int

    history_type = History

    @deferred()
    def place(self, tables: Any, fixed: Any) -> None:
        """Put the constant arguments of the program on the devices."""
        self.n_devices = self.train.n_devices
        self.tables, self.fixed = put((tables, fixed), self.n_devices)
        arrays = jax.tree.leaves((tables, fixed))
        shapes = tuple((np.shape(leaf), np.dtype(leaf.dtype)) for leaf in arrays)
        self.key = (self.network, self.train, shapes, self.spec.device)
        self.recorded_bytes = 0
        if self.hooks.on_record is not None:
            self.recorded_bytes = self._count_bytes(tables[1])

    def start(self) -> Arrays:
        """Everything that the fit starts from, besides its state."""
        # A fit may go on at another place.
        spec = self.spec._replace(device=None)
        text = name_text(f"{self.network} {self.train} {spec}")
        return {"text": text, **name_leaves("data", (self.tables, self.fixed))}

    def _count_bytes(self, validation: Any) -> int:
        """Bytes that are recorded of an epoch."""
        state = self.state.train
        kept = (state.params, state.moments, state.penalty.deviation)
        n_bytes = sum(leaf.nbytes for leaf in jax.tree.leaves(kept))
        if validation is not None:
            targets = validation.targets
            n_outputs = len(targets) * self.network.layer_sizes[-1]
            n_bytes += n_outputs * targets.dtype.itemsize
        return n_bytes

    @property
    def capacity(self) -> int:
        """Most epochs of a chunk."""
        most = super().capacity
        if self.recorded_bytes:
            most = max(1, min(most, BYTES_PER_CHUNK // self.recorded_bytes))
        return most

    def train_all(self) -> None:
        """Run all epochs, one at a time for a callback."""
        self.compile(self.key)
        until, hooks = self.spec.max_epochs, self.hooks
        while self.is_unfinished(until):
            self.run_chunk(until - self.done if hooks.on_epoch is None else 1)
            if hooks.on_epoch is not None and self.reason != StopReason.DIVERGED:
                last = Snapshot(self.done - 1, self.epochs[-1], self.result)
                if hooks.on_epoch(last):
                    self.reason = StopReason.CALLBACK
            self.save_if_due()

    def _call(
        self, orders: np.ndarray, n_epochs: Any
    ) -> tuple[LoopState, tuple[History, Record | None]]:
        return train_epochs(
            self.state,
            *self.tables,
            orders[:, 0],
            n_epochs,
            *self.fixed,
            network=self.network,
            train=self.train,
        )

    def _receive(self, history: Any) -> None:
        super()._receive(history[0])

    def _record(self, history: Any, epoch: int) -> None:
        curves, rows = history
        if self.hooks.on_record is None:
            return
        n_epochs = len(curves.loss) - (self.reason == StopReason.DIVERGED)
        outputs = rows.outputs
        if outputs is not None:
            outputs = outputs[:n_epochs, : self.n_validation]
        weights = partial(self._weights_at, rows=rows)
        self.hooks.on_record(Recorded(epoch, n_epochs, outputs, weights))

    def _weights_at(self, epoch: int, *, rows: Record) -> Weights:
        """Copy of the network after an epoch of a chunk."""
        params, moments, penalty = jax.tree.map(
            lambda leaf: leaf[epoch].copy(), rows[:3]
        )
        penalized = params[: len(penalty.deviation)]
        return Weights(params, moments, self._coefficients(penalized, penalty))

    def _coefficients(self, params: Any, penalty: Any) -> tuple[np.ndarray, ...]:
        return coefficients(params, penalty, self.hyper, self.groups, np)

    def result(self, reason: StopReason = StopReason.RUNNING) -> FitResult:
        """Fit in NumPy, at the last epoch or the best.

        A fit that diverged returns the best epoch, or the start if no epoch was kept.
        """
        state, kept = self.state, self.state.train
        if reason == StopReason.DIVERGED or self.spec.restore_best:
            params, moments, penalty = state.best
            kept = kept._replace(params=params, moments=moments, penalty=penalty)
        kept = jax.tree.map(np.asarray, kept)
        curve = np.zeros(0)
        zeros, tasks = (
            np.zeros((0, n)) for n in (len(kept.params), len(self.hyper.task_weight))
        )
        path = np.zeros((0, 0, 2))
        empty = History(curve, curve, zeros, path, tasks, tasks, tasks)
        return FitResult(
            kept.params,
            kept.moments,
            self._coefficients(kept.params, kept.penalty),
            self.history(empty),
            self.done,
            int(state.stopping.kept_epoch),
            int(reason),
            jax.tree.leaves(kept),
        )
