# SPDX-License-Identifier: BSD-3-Clause
"""The only training loop: epochs over batches, the best epoch, and the reason to stop."""

from functools import lru_cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from ._batches import Layout, take_batch, take_block
from ._coefficients import coefficients, init_penalty
from ._config import NetworkSpec, PenaltySpec, StopReason, TrainSpec
from ._judging import count_zeros, judge, kept_weights, set_start
from ._losses import sharpened
from ._network import forward
from ._optimizers import make_solver
from ._step import output_losses, row_losses, train_step
from ._stopping import init_patience, set_baseline, update_patience
from ._task_weights import task_factors
from ._types import (
    Data,
    History,
    Hyper,
    LoopState,
    Moments,
    Params,
    Penalty,
    Record,
    RowLosses,
    TrainState,
)

#: Rows that the validation loss is computed on at a time: memory stays bounded.
EVALUATION_ROWS = 256
#: Factors of the outputs that "refines" tries, and the pull towards one, in rows.
SHARPNESS = np.exp(np.linspace(np.log(0.1), np.log(2.5), 10))
SHARPNESS_PULL = 1.0


def initial_train_state(
    params: Params, moments: tuple[Moments, ...], train: TrainSpec
) -> TrainState:
    """State before the first step, in NumPy.

    The penalty and the solvers of optax start at zero.
    """
    leaves, structure = jax.tree.flatten(params)
    shapes = tuple(leaf.shape for leaf in leaves)
    dtype = params[0].weight.dtype
    like = _state_shapes(structure, shapes, dtype.name, train.solver, train.penalty)
    penalty, solver = jax.tree.map(lambda leaf: np.zeros(leaf.shape, leaf.dtype), like)
    average = params if train.averages else None
    whole = np.ones((), dtype)
    return TrainState(params, penalty, solver, np.int32(0), moments, average, whole)


@lru_cache(maxsize=64)
def _state_shapes(
    structure: Any,
    shapes: tuple[tuple[int, ...], ...],
    dtype: str,
    solver: str,
    penalty: PenaltySpec | None,
) -> tuple[Penalty, Any]:
    """Shapes of two states; asking for them compiles nothing, but takes milliseconds."""

    def start(params: Params) -> tuple[Penalty, Any]:
        return init_penalty(params, penalty), make_solver(solver, 0.0).init(params)

    leaves = [jax.ShapeDtypeStruct(shape, dtype) for shape in shapes]
    return jax.eval_shape(start, jax.tree.unflatten(structure, leaves))


def loop_state(state: TrainState, dtype: np.dtype) -> LoopState:
    """State of a loop that goes on from `state`, with a patience of its own."""
    running = np.int32(StopReason.RUNNING)
    best = (state.params, state.moments, state.penalty)
    fresh = init_patience(dtype)
    return LoopState(state, best, fresh, fresh, np.int32(0), running)


@partial(jax.jit, static_argnames=("network", "train"))
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
) -> tuple[LoopState, History, Record | None]:
    """Run up to `n_epochs` epochs of `n_batches` batches.

    Parameters
    ----------
    state : LoopState
    data, validation : Data
        The monitored loss is that of `validation`, or of `data` where it is None.
    orders : Array of shape (capacity, n_padded + batch capacity)
        Row order of each epoch; the capacity bounds `n_epochs`.
    n_epochs, n_batches : Array
        Traced: any number of them runs the same program.
    groups : Array of shape (n_inputs,)
        Input column of each input row.
    edges : Array of shape (n_edges,)
        Flat indices of the first layer's weights that History.path follows.
    key : Array of shape (2,)
        Seed of what is drawn in training, as threefry has it.
    hyper : Hyper
    network, train
        Static.

    Returns
    -------
    LoopState, History, Record or None
        Rows of the history past the epochs that ran are NaN; those of the record, where
        there is one, zero.
    """
    history = _empty_history(orders.shape[0], edges, state, network, train)
    record = None
    if train.records:
        record = _empty_record(orders.shape[0], state.train, validation, network)
    drawing = jax.random.wrap_key_data(key, impl="threefry2x32")

    def unfinished(carry: tuple[Array, LoopState, History, Record | None]) -> Array:
        done, state, _, _ = carry
        return (done < n_epochs) & (state.reason == StopReason.RUNNING)

    def one_epoch(
        carry: tuple[Array, LoopState, History, Record | None],
    ) -> tuple[Array, LoopState, History, Record | None]:
        done, state, history, record = carry
        trained, loss, tasks = _epoch(
            state.train,
            data,
            orders[done],
            n_batches,
            groups,
            drawing,
            hyper,
            network,
            train,
        )
        missing = jnp.full_like(loss, jnp.nan), jnp.full_like(tasks, jnp.nan)
        found = _Evaluation(*missing, None, None)
        if validation is not None:
            found = _evaluate(trained, validation, hyper, network, train)
        monitored = loss if validation is None else found.loss
        row = History(
            loss,
            found.loss,
            count_zeros(trained.params),
            _follow(trained, edges, hyper, groups),
            tasks / hyper.task_weight,
            found.tasks / hyper.task_weight,
            _task_weights(state.train, hyper, train),
        )
        history = jax.tree.map(lambda h, r: h.at[done].set(r), history, row)
        if record is not None:
            seen = Record(*_predicting(trained), found.outputs)
            record = jax.tree.map(lambda all, one: all.at[done].set(one), record, seen)
        # The training loss is of the weights that the epoch met, not of those it left.
        judged = state.train if validation is None else trained
        if train.schedule == "performance":
            state, trained = _lower_rate(state, trained, monitored, hyper)
        # Without validation no epoch is chosen; the best is for a fit that diverges.
        warm = trained.step >= hyper.burn_in_steps if validation else jnp.bool_(True)
        state = judge(state, trained, judged, loss, monitored, warm, hyper, found.rows)
        return done + 1, state, history, record

    if validation is not None:
        state = _judge_start(state, validation, hyper, network, train)
    _, state, history, record = lax.while_loop(
        unfinished, one_epoch, (jnp.int32(0), state, history, record)
    )
    return state, history, record


def _epoch(
    state: TrainState,
    data: Data,
    order: Array,
    n_batches: Array,
    groups: Array,
    key: Array,
    hyper: Hyper,
    network: NetworkSpec,
    train: TrainSpec,
) -> tuple[TrainState, Array, Array]:
    """One pass over the data; also its mean loss, each batch at the weights it met.

    Of all tasks together, and of each, (T,), or (0,) where nobody asks.
    """
    layout = Layout(train.batch_capacity, network.layer_sizes[0], train.row_width)

    def one_batch(
        i: Array, carry: tuple[TrainState, Array, Array]
    ) -> tuple[TrainState, Array, Array]:
        state, total, tasks = carry
        batch = take_batch(data, order, i, n_batches, layout)
        state, info = train_step(state, batch, hyper, groups, key, network, train)
        tasks += info.task_losses * info.size
        return state, total + info.loss * info.size, tasks

    zero = jnp.zeros((), data.targets.dtype)
    zeros = jnp.zeros(_count_tasks(network, train), data.targets.dtype)
    state, total, tasks = lax.fori_loop(0, n_batches, one_batch, (state, zero, zeros))
    total, tasks = total / data.n_rows, tasks / data.n_rows
    if train.weighting == "dynamic":
        state = state._replace(task_losses=jnp.stack([state.task_losses[1], tasks]))
    return state, total, tasks


def _judge_start(
    state: LoopState,
    validation: Data,
    hyper: Hyper,
    network: NetworkSpec,
    train: TrainSpec,
) -> LoopState:
    """Compare the epochs with what the fit starts from, where that is asked for."""
    first = (state.epoch == 0) & (hyper.judge_start > 0)
    nothing = None
    if train.sparsest:
        nothing = jnp.zeros(validation.targets.shape[0], validation.targets.dtype)

    def evaluate() -> tuple[Array, Array | None]:
        found = _evaluate(state.train, validation, hyper, network, train)
        return found.loss, None if found.rows is None else found.rows.values

    value, rows = lax.cond(first, evaluate, lambda: (state.patience.best, nothing))
    state = state._replace(patience=set_baseline(state.patience, value, first))
    if state.choice is None or rows is None:
        return state
    zeros = jnp.sum(count_zeros(kept_weights(state.train)))
    return state._replace(choice=set_start(state.choice, rows, zeros, first))


def _count_tasks(network: NetworkSpec, train: TrainSpec) -> int:
    """Tasks whose losses are told apart."""
    return len(network.heads) if train.by_task else 0


def _task_weights(state: TrainState, hyper: Hyper, train: TrainSpec) -> Array:
    """What each task counts in the next step, (T,)."""
    if train.weighting == "fixed":
        return hyper.task_weight
    factors = task_factors(state.params, state.task_losses, train.weighting)
    return hyper.task_weight * factors


class _Evaluation(NamedTuple):
    """A network on validation data."""

    loss: Array
    tasks: Array  #: (T,), of each task
    outputs: Array | None  #: None where they are not recorded
    rows: RowLosses | None  #: None where nobody compares them


def _evaluate(
    state: TrainState, data: Data, hyper: Hyper, network: NetworkSpec, train: TrainSpec
) -> _Evaluation:
    """Mean loss over `data`, in blocks of rows, and what else is asked for."""
    params = kept_weights(state)
    capacity = min(data.targets.shape[0], EVALUATION_ROWS)
    layout = Layout(capacity, network.layer_sizes[0], train.row_width)
    sharpness = jnp.asarray(SHARPNESS if train.refines else [1.0], data.targets.dtype)

    def one_block(
        i: Array, carry: tuple[Array, Array, Array | None, Array | None]
    ) -> tuple[Array, Array, Array | None, Array | None]:
        totals, tasks, found, rows = carry
        block = take_block(data, i, layout)
        outputs, _ = forward(params, state.moments, block.inputs, network)
        if found is not None:
            found = lax.dynamic_update_slice_in_dim(found, outputs, i * capacity, 0)
        scaled = [
            sharpened(outputs, sharpness[k], train.loss, network.heads)
            for k in range(len(sharpness))
        ]
        told = (block, hyper, network, train.loss)
        losses = [output_losses(one, *told, by_task=train.by_task) for one in scaled]
        of_all, of_each = (jnp.stack(part) for part in zip(*losses, strict=True))
        if rows is not None:
            by_row = jnp.stack([row_losses(one, *told) for one in scaled], axis=1)
            rows = lax.dynamic_update_slice_in_dim(rows, by_row, i * capacity, 0)
        return totals + of_all, tasks + of_each, found, rows

    n_blocks = (data.n_rows + capacity - 1) // capacity
    found = None
    if train.records:
        shape = (data.targets.shape[0], network.layer_sizes[-1])
        found = jnp.zeros(shape, data.targets.dtype)
    zeros = jnp.zeros_like(sharpness)
    tasks = jnp.zeros((len(zeros), _count_tasks(network, train)), zeros.dtype)
    rows = None
    if train.sparsest:
        rows = jnp.zeros((data.targets.shape[0], len(sharpness)), zeros.dtype)
    totals, tasks, found, rows = lax.fori_loop(
        0, n_blocks, one_block, (zeros, tasks, found, rows)
    )
    # A weak pull towards no change: few rows do not tell a temperature.
    pulled = totals + SHARPNESS_PULL / 2 * jnp.log(sharpness) ** 2
    best = jnp.argmin(pulled)
    tasks = tasks[best] if train.by_task else tasks[0]
    losses = None if rows is None else RowLosses(rows[:, best], data.n_rows)
    return _Evaluation(
        jnp.min(pulled) / data.n_rows, tasks / data.n_rows, found, losses
    )


def _lower_rate(
    state: LoopState, trained: TrainState, monitored: Array, hyper: Hyper
) -> tuple[LoopState, TrainState]:
    """Schedule "performance": a lower rate where the monitored loss has stopped to fall."""
    schedule = hyper.schedule
    plateau, _ = update_patience(state.plateau, monitored, state.epoch, hyper.tol)
    flat = plateau.stale >= schedule.patience
    stale = jnp.where(flat, -schedule.cooldown.astype(jnp.int32), plateau.stale)
    lowered = jnp.maximum(trained.rate_scale * schedule.factor, schedule.smallest)
    trained = trained._replace(rate_scale=jnp.where(flat, lowered, trained.rate_scale))
    return state._replace(plateau=plateau._replace(stale=stale)), trained


def _predicting(state: TrainState) -> tuple[Params, tuple[Moments, ...], Penalty]:
    """What a recorded epoch is made of; slopes are for the next step, and left out."""
    penalty = state.penalty._replace(slope=())
    return kept_weights(state), state.moments, penalty


def _empty_record(
    capacity: int, state: TrainState, validation: Data | None, network: NetworkSpec
) -> Record:
    outputs = None
    if validation is not None:
        rows, dtype = validation.targets.shape[0], validation.targets.dtype
        outputs = jnp.zeros((capacity, rows, network.layer_sizes[-1]), dtype)
    params, moments, penalty = jax.tree.map(
        lambda leaf: jnp.zeros((capacity, *leaf.shape), leaf.dtype), _predicting(state)
    )
    return Record(params, moments, penalty, outputs)


def _empty_history(
    capacity: int,
    edges: Array,
    state: LoopState,
    network: NetworkSpec,
    train: TrainSpec,
) -> History:
    dtype = state.train.params[0].weight.dtype
    missing = jnp.full(capacity, jnp.nan, dtype)
    by_task = jnp.full((capacity, _count_tasks(network, train)), jnp.nan, dtype)
    return History(
        missing,
        missing,
        jnp.zeros((capacity, network.n_layers), jnp.int32),
        jnp.full((capacity, edges.shape[0], 2), jnp.nan, dtype),
        by_task,
        by_task,
        by_task,
    )


def _follow(state: TrainState, edges: Array, hyper: Hyper, groups: Array) -> Array:
    """Weight and lambda of the edges followed, (n_edges, 2)."""
    if not edges.shape[0]:
        return jnp.zeros((0, 2), state.params[0].weight.dtype)
    found = coefficients(state.params, state.penalty, hyper, groups)[0]
    pair = (jnp.ravel(state.params[0].weight)[edges], jnp.ravel(found)[edges])
    return jnp.stack(pair, axis=1)
