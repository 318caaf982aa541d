# SPDX-License-Identifier: BSD-3-Clause
"""The compiled program of a single network."""

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax

from ._batches import Layout, take_batch
from ._coefficients import coefficients
from ._config import NetworkSpec, TrainSpec
from ._evaluation import Evaluation, count_tasks, evaluate
from ._loop import Learner, run_epochs
from ._programs import compiled
from ._step import train_step
from ._stopping import count_zeros, judge_epoch, set_start, update_plateau
from ._task_weights import task_factors
from ._types import Data, History, Hyper, LoopState, Record, TrainState


@compiled("network", "train")
def train_epochs(
    state: LoopState,
    data: Data,
    validation: Data | None,
    orders: Array,
    n_epochs: Array,
    n_batches: Array,
    groups: Array,
    edges: Array,
    key: Array,
    hyper: Hyper,
    *,
    network: NetworkSpec,
    train: TrainSpec,
) -> tuple[LoopState, tuple[History, Record | None]]:
    """Run up to `n_epochs` epochs of `n_batches` batches.

    Parameters
    ----------
    state : LoopState
    data, validation : Data
        The monitored loss is that of `validation`, or of `data` where it is None.
    orders : Array of shape (capacity, n_padded + batch capacity)
        Row order of each epoch; the capacity bounds `n_epochs`.
    n_epochs, n_batches : Array
        Traced: any number runs the same program.
    groups : Array of shape (n_inputs,)
        Input column of each input row.
    edges : Array of shape (n_edges,)
        Flat indices of the first layer's weights that History.path records.
    key : Array of shape (2,)
        Seed of dropout, as threefry takes it.
    hyper : Hyper
    network, train
        Static.

    Returns
    -------
    LoopState, (History, Record or None)
        Rows past the epochs that ran are NaN.
    """
    n_inputs, width = network.layer_sizes[0], train.row_width
    layout = Layout(train.batch_capacity, n_inputs, width, train.n_devices)
    drawing = jax.random.wrap_key_data(key, impl="threefry2x32")

    def take_step(
        state: TrainState, order: Array, i: Array, epoch: Array
    ) -> tuple[TrainState, tuple[Array, Array]]:
        del epoch
        batch = take_batch(data, order, i, n_batches, layout)
        state, info = train_step(state, batch, hyper, groups, drawing, network, train)
        return state, (info.loss * info.size, info.task_losses * info.size)

    def end_epoch(
        state: LoopState, trained: TrainState, sums: tuple[Array, Array]
    ) -> tuple[LoopState, tuple[History, Record | None]]:
        loss, tasks = sums[0] / data.n_rows, sums[1] / data.n_rows
        held_out = _evaluate(trained, validation, sums, hyper, network, train)
        history = History(
            loss,
            held_out.loss,
            count_zeros(trained.params),
            _record_edges(trained, edges, hyper, groups),
            tasks / hyper.task_weight,
            held_out.task_losses / hyper.task_weight,
            _task_weights(state.train, hyper, train),
        )
        record = _record_network(trained, held_out.outputs) if train.records else None
        # The training loss is that of the weights before the steps, not after the epoch.
        judged = state.train if validation is None else trained
        losses = (loss, loss if validation is None else held_out.loss)
        if train.schedule == "performance":
            state, trained = _lower_rate(state, trained, losses[1], hyper)
        # Without validation no epoch is chosen; the best is for a fit that diverges.
        warm = trained.step >= hyper.burn_in_steps if validation else jnp.bool_(True)
        rows = held_out.rows
        state = judge_epoch(state, trained, judged, losses, warm, hyper, rows)
        return state, (history, record)

    if validation is not None:
        state = _judge_start(state, validation, hyper, network, train)
    dtype = data.targets.dtype
    zeros = (jnp.zeros((), dtype), jnp.zeros(count_tasks(network, train), dtype))
    learner = Learner(take_step, end_epoch, zeros)
    return run_epochs(state, orders, n_epochs, n_batches, learner)


def _evaluate(
    state: TrainState,
    validation: Data | None,
    sums: tuple[Array, Array],
    hyper: Hyper,
    network: NetworkSpec,
    train: TrainSpec,
) -> Evaluation:
    """Results on validation data; NaN, in the shapes of `sums`, without."""
    if validation is not None:
        return evaluate(state, validation, hyper, network, train)
    loss, tasks = (jnp.full_like(values, jnp.nan) for values in sums)
    return Evaluation(loss, tasks, None, None)


def _judge_start(
    state: LoopState,
    validation: Data,
    hyper: Hyper,
    network: NetworkSpec,
    train: TrainSpec,
) -> LoopState:
    """Let the start compete with the epochs, where ``hyper.judge_start`` is set."""
    first = (state.epoch == 0) & (hyper.judge_start > 0)
    ignored = None
    if train.sparsest:
        ignored = jnp.zeros(validation.targets.shape[0], validation.targets.dtype)

    def judged() -> tuple[Array, Array | None]:
        held_out = evaluate(state.train, validation, hyper, network, train)
        return held_out.loss, None if held_out.rows is None else held_out.rows.values

    best = state.stopping.patience.best
    value, rows = lax.cond(first, judged, lambda: (best, ignored))
    zeros = jnp.sum(count_zeros(state.train.params))
    stopping = set_start(state.stopping, value, rows, zeros, first)
    return state._replace(stopping=stopping)


def _lower_rate(
    state: LoopState, trained: TrainState, monitored: Array, hyper: Hyper
) -> tuple[LoopState, TrainState]:
    """Schedule "performance": lower the rate at a plateau of the monitored loss."""
    stopping = state.stopping
    plateau, scale = update_plateau(
        stopping.plateau,
        trained.rate_scale,
        monitored,
        state.epoch,
        hyper.tol,
        hyper.schedule,
    )
    state = state._replace(stopping=stopping._replace(plateau=plateau))
    return state, trained._replace(rate_scale=scale)


def _task_weights(state: TrainState, hyper: Hyper, train: TrainSpec) -> Any:
    """Weight of each task in the next step, (T,)."""
    if train.weighting == "fixed":
        return hyper.task_weight
    return hyper.task_weight * task_factors(state.params)


def _record_network(state: TrainState, outputs: Array | None) -> Record:
    """Network after an epoch; slopes are for the next step, and left out."""
    penalty = state.penalty._replace(slope=())
    return Record(state.params, state.moments, penalty, outputs)


def _record_edges(
    state: TrainState, edges: Array, hyper: Hyper, groups: Array
) -> Array:
    """Weight and lambda of the recorded edges, (n_edges, 2)."""
    if not edges.shape[0]:
        return jnp.zeros((0, 2), state.params[0].weight.dtype)
    lam = coefficients(state.params, state.penalty, hyper, groups)[0]
    pair = (jnp.ravel(state.params[0].weight)[edges], jnp.ravel(lam)[edges])
    return jnp.stack(pair, axis=1)
