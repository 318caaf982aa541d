# SPDX-License-Identifier: BSD-3-Clause
"""NumPy in, NumPy out: the host loop that calls the compiled program in chunks of epochs."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np

from ._batches import batch_bucket, count_batches, draw_orders
from ._coefficients import coefficients
from ._config import NetworkSpec, StopReason, TrainSpec
from ._devices import check_fork, placed
from ._judging import init_choice, kept_weights
from ._loop import train_epochs
from ._optimizers import tabulate
from ._padding import pad_data, row_width
from ._programs import compile_once
from ._start import Start, cast, complete_start, initial_state, with_table
from ._task_weights import with_log_variances
from ._types import (
    Data,
    FitResult,
    History,
    Hyper,
    LoopState,
    Record,
    Recorded,
    TrainState,
    Weights,
)

#: Row orders of a chunk hold about this many numbers, and at most so many epochs.
ORDERS_PER_CHUNK, EPOCHS_PER_CHUNK = 1 << 20, 64
#: Recorded epochs of a chunk take about this many bytes.
BYTES_PER_CHUNK = 1 << 26


class Snapshot(NamedTuple):
    """What a callback may look at between two epochs; `fetch` gives the present state."""

    epoch: int
    history: History
    fetch: Callable[[], FitResult]


def fit_network(
    data: Data,
    network: NetworkSpec,
    train: TrainSpec,
    hyper: Hyper,
    *,
    max_epochs: int,
    batch_size: int,
    seed: int,
    validation: Data | None = None,
    groups: np.ndarray | None = None,
    edges: np.ndarray | None = None,
    dead_inputs: np.ndarray | None = None,
    start: Start | None = None,
    judge_start: bool = False,
    restore_best: bool = False,
    rate: Callable[[Any], Any] | None = None,
    precision: str = "float32",
    device: str | None = None,
    on_epoch: Callable[[Snapshot], bool] | None = None,
    on_record: Callable[[Recorded], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> FitResult:
    """Train one network.

    Parameters
    ----------
    data, validation : Data
        NumPy arrays without padding; sparse inputs as SparseRows.
    network : NetworkSpec
    train : TrainSpec
        `batch_capacity`, `has_validation` and `row_width` are filled in here.
    hyper : Hyper
        `total_steps` and `judge_start` are filled in here; `warmup_steps`, `burn_in_steps`
        and `layer_start` are given in epochs. `task_weight`, of ``TrainSpec.by_task`` alone,
        is equal by default.
    max_epochs, batch_size : int
    seed : int
        Of the initial weights and the order of the rows.
    groups : ndarray of shape (n_penalized_rows,)
        Input column of each row of the first layer's weights that reads inputs.
    edges : ndarray of int
        Flat indices of the first layer's weights to follow.
    dead_inputs : ndarray of bool of shape (n_inputs,)
        Inputs that never change. Their fresh weights are zero: no gradient would move them,
        and they would pass for inputs that the network uses.
    start : Start
    judge_start : bool
        Whether the start is the result where no epoch has a lower validation loss.
    restore_best : bool
        Whether the result is the best epoch's instead of the last one's.
    rate : callable
        Learning rate by step, for the schedule "table".
    precision : {"float32", "float64"}
    device : str or None
        "cpu", "gpu", "gpu:1"; None for the default of JAX.
    on_epoch : callable
        Called after every epoch; the fit stops where it returns True. With None, many epochs
        run in one call of the compiled program.
    on_record : callable
        Takes what predicts after every epoch, a chunk of them at a time, and their outputs
        for the rows of `validation`. An epoch at which the fit diverged is not among them.
    cancelled : callable
        Asked between calls of the program whether to end as if interrupted: for fits in
        threads, which an interrupt does not reach.

    Returns
    -------
    FitResult
    """
    check_fork()
    dtype = np.dtype(precision)
    groups = np.arange(network.n_read) if groups is None else groups
    edges = np.zeros(0) if edges is None else edges
    start = start or Start()
    init_rng, order_rng = (np.random.default_rng([seed, k]) for k in range(2))
    start = complete_start(start, network, init_rng, dtype, dead_inputs)
    n_tasks = len(network.heads) if train.by_task else 0
    if train.weighting == "uncertainty":
        params: Any = start.params
        params = with_log_variances(params, n_tasks, dtype)
        start = start._replace(params=params)
    n_rows = int(data.n_rows)
    n_batches = count_batches(n_rows, batch_size)
    train = replace(
        train,
        batch_capacity=batch_bucket(min(n_rows, batch_size)),
        has_validation=validation is not None,
        row_width=row_width(data, validation),
        records=on_record is not None,
        sparsest=train.sparsest and validation is not None,
    )
    n_layers = network.n_layers
    hyper = hyper._replace(
        total_steps=max_epochs * n_batches,
        warmup_steps=hyper.warmup_steps * n_batches,
        burn_in_steps=hyper.burn_in_steps * n_batches,
        judge_start=float(judge_start),
        layer_start=np.multiply(hyper.layer_start or (0.0,) * n_layers, n_batches),
        layer_rate=np.asarray(hyper.layer_rate or (1.0,) * n_layers),
        task_weight=np.asarray(hyper.task_weight or (1 / max(1, n_tasks),) * n_tasks),
    )
    with placed(device, precision):
        if rate is not None:
            hyper = with_table(hyper, tabulate(rate, max_epochs * n_batches))
        hyper = cast(hyper, dtype)
        state = initial_state(start, train, hyper, groups, dtype)
        table = pad_data(data, dtype)
        held_out = None if validation is None else pad_data(validation, dtype)
        if train.sparsest and held_out is not None:
            choice = init_choice(held_out.targets.shape[0], dtype)
            state = state._replace(choice=jax.device_put(choice))
        tables = jax.device_put((table, held_out))
        fixed = jax.device_put(
            (
                np.int32(n_batches),
                groups.astype(np.int32),
                edges.astype(np.int32),
                np.random.SeedSequence([seed, 2]).generate_state(2),
                hyper,
            )
        )
        program = partial(train_epochs, network=network, train=train)
        run = _Run(
            lambda state, orders, chunk: program(state, *tables, orders, chunk, *fixed),
            partial(_describe, hyper=hyper, groups=groups, restore_best=restore_best),
            partial(_weights_at, hyper=hyper, groups=groups),
            on_record,
            n_val=0 if validation is None else int(validation.n_rows),
            n_rows=n_rows,
            n_padded=table.targets.shape[0],
            n_batches=n_batches,
            batch_capacity=train.batch_capacity,
            rng=order_rng,
            state=state,
            n_recorded=0
            if on_record is None
            else _recorded_bytes(state.train, held_out, network),
        )
        specs = (network, train, dtype, device, len(edges))
        shapes = [np.shape(leaf) for leaf in jax.tree.leaves((table, held_out, hyper))]
        try:
            compile_once((specs, tuple(shapes)), run.compile)
        except KeyboardInterrupt:
            return run.result(StopReason.INTERRUPTED)
        return run.until(max_epochs, on_epoch, cancelled)


@dataclass
class _Run:
    """A fit under way on the host.

    Parameters
    ----------
    program : callable
        ``(state, orders, n_epochs) -> (state, history)``.
    describe : callable
        ``(state, history, reason) -> FitResult``.
    weights_at : callable
        ``(epoch, rows=record) -> Weights``.
    on_record : callable or None
        As for `fit_network`.
    n_recorded : int
        Bytes that are recorded of an epoch.
    """

    program: Callable[..., tuple[LoopState, History, Record | None]]
    describe: Callable[..., FitResult]
    weights_at: Callable[..., Weights]
    on_record: Callable[[Recorded], None] | None
    n_val: int
    n_rows: int
    n_padded: int
    n_batches: int
    batch_capacity: int
    rng: np.random.Generator
    state: LoopState
    n_recorded: int = 0
    epochs: list[History] = field(default_factory=list)

    @property
    def capacity(self) -> int:
        """Most epochs of a call of the program."""
        most = EPOCHS_PER_CHUNK
        if self.n_recorded:
            most = max(1, min(most, BYTES_PER_CHUNK // self.n_recorded))
        return int(np.clip(ORDERS_PER_CHUNK // self.n_padded, 1, most))

    def compile(self) -> None:
        """Run no epoch."""
        shape = (self.capacity, self.n_padded + self.batch_capacity)
        self.program(self.state, np.zeros(shape, np.int32), np.int32(0))

    def until(
        self,
        max_epochs: int,
        on_epoch: Callable[[Snapshot], bool] | None,
        cancelled: Callable[[], bool] | None = None,
    ) -> FitResult:
        """Run up to `max_epochs` epochs; an interrupt keeps those that are done."""
        done, reason = 0, StopReason.RUNNING
        capacity = self.capacity
        try:
            while done < max_epochs and reason == StopReason.RUNNING:
                if cancelled is not None and cancelled():
                    raise KeyboardInterrupt
                left = min(capacity, max_epochs - done)
                done, reason = self._chunk(left if on_epoch is None else 1, capacity)
                if on_epoch is None or reason == StopReason.DIVERGED:
                    continue
                if on_epoch(Snapshot(done - 1, self.epochs[-1], self.result)):
                    reason = StopReason.CALLBACK
        except KeyboardInterrupt:
            reason = StopReason.INTERRUPTED
        if reason == StopReason.RUNNING:
            reason = StopReason.MAX_ITER
        return self.result(reason)

    def _chunk(self, n_epochs: int, capacity: int) -> tuple[int, StopReason]:
        """Epochs done after up to `n_epochs` more, and whether and why to stop."""
        done = int(self.state.epoch)
        shape = (capacity, self.n_padded + self.batch_capacity)
        if self.n_batches == 1:  # the order of the rows does not matter
            orders = np.zeros(shape, np.int32)
            orders[:, : self.n_rows] = np.arange(self.n_rows)
        else:
            orders = draw_orders(self.rng, n_epochs, shape, self.n_rows)
        state, history, record = self.program(self.state, orders, np.int32(n_epochs))
        ran = int(state.epoch) - done
        self.epochs.append(jax.tree.map(lambda h: np.asarray(h)[:ran], history))
        self.state = state
        reason = StopReason(int(state.reason))
        if self.on_record is not None:
            rows = jax.tree.map(np.asarray, record)
            finite = ran - (reason == StopReason.DIVERGED)
            outputs = rows.outputs
            if outputs is not None:
                outputs = outputs[:finite, : self.n_val]
            weights = partial(self.weights_at, rows=rows)
            self.on_record(Recorded(done, finite, outputs, weights))
        return done + ran, reason

    def result(self, reason: StopReason = StopReason.RUNNING) -> FitResult:
        """What there is after the epochs that were run."""
        return self.describe(self.state, self.epochs, reason)


def _recorded_bytes(
    state: TrainState, validation: Data | None, network: NetworkSpec
) -> int:
    """Bytes of what an epoch records."""
    outputs = 0
    if validation is not None:
        n_numbers = validation.targets.shape[0] * network.layer_sizes[-1]
        outputs = n_numbers * validation.targets.dtype.itemsize
    kept = (kept_weights(state), state.moments, state.penalty.deviation)
    return outputs + sum(leaf.nbytes for leaf in jax.tree.leaves(kept))


def _weights_at(
    epoch: int, *, rows: Record, hyper: Hyper, groups: np.ndarray
) -> Weights:
    """Copy of what predicts after this epoch of a chunk."""
    params, moments, penalty = jax.tree.map(lambda leaf: leaf[epoch].copy(), rows[:3])
    penalized = params[: len(penalty.deviation)]
    return Weights(params, moments, coefficients(penalized, penalty, hyper, groups, np))


def _describe(
    state: LoopState,
    epochs: list[History],
    reason: StopReason,
    *,
    hyper: Hyper,
    groups: np.ndarray,
    restore_best: bool,
) -> FitResult:
    """The fit in NumPy, at the last epoch or the best.

    A fit that diverged gives the best epoch, which is the start where there is none.
    """
    kept = state.train
    if reason == StopReason.DIVERGED or restore_best:
        params, moments, penalty = state.best
        average = None if kept.average is None else params
        kept = kept._replace(
            params=params, moments=moments, penalty=penalty, average=average
        )
    kept = jax.tree.map(np.asarray, kept)
    params = kept_weights(kept)
    if not epochs:  # interrupted before the first one
        nothing, tasks = (
            np.zeros((0, len(params))),
            np.zeros((0, len(hyper.task_weight))),
        )
        path = np.zeros((0, 0, 2))
        losses = nothing[:, 0]
        epochs = [History(losses, losses, nothing, path, tasks, tasks, tasks)]
    return FitResult(
        params,
        kept.moments,
        coefficients(params, kept.penalty, hyper, groups, np),
        jax.tree.map(lambda *chunks: np.concatenate(chunks), *epochs),
        int(state.epoch),
        int(state.kept_epoch),
        int(reason),
        jax.tree.leaves(kept),
    )
