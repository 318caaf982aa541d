# SPDX-License-Identifier: BSD-3-Clause
"""One step: (state, batch) -> (state, info)."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from ._coefficients import shrink, update_coefficients
from ._config import NetworkSpec, TrainSpec
from ._losses import LossName, reduce_loss, reduce_tasks, task_values
from ._network import Training, forward
from ._optimizers import clip_gradient, make_solver, rate_factor, warmup_factor
from ._task_weights import weighted_objective
from ._types import Batch, Hyper, Moments, Params, Penalty, StepInfo, TrainState

#: Weight of a batch in the running moments of batch normalization.
NORM_RATE = 0.1


class Meeting(NamedTuple):
    """What networks that train side by side do to each other within a step."""

    gradient: Callable[[Params], Params]  #: before it is clipped
    params: Callable[[Params, tuple[Array, ...]], Params]
    """Weights after the solver's update and before the penalty, with the rate of each
    layer: what the penalty makes zero stays zero."""


def output_loss(
    outputs: Array, batch: Batch, hyper: Hyper, network: NetworkSpec, loss: LossName
) -> Array:
    """Sum over the batch of the losses that count."""
    return output_losses(outputs, batch, hyper, network, loss, by_task=False)[0]


def output_losses(
    outputs: Array,
    batch: Batch,
    hyper: Hyper,
    network: NetworkSpec,
    loss: LossName,
    *,
    by_task: bool,
) -> tuple[Array, Array]:
    """Sum over the batch of the losses that count; also of each task, (T,), or (0,)."""
    values = task_values(
        loss, outputs, batch.targets, network.heads, hyper.loss_parameter
    )
    tasks = jnp.zeros(0, values.dtype)
    if by_task:
        tasks = reduce_tasks(values, batch.weights)
    return reduce_loss(values, batch.weights), tasks


def row_losses(
    outputs: Array, batch: Batch, hyper: Hyper, network: NetworkSpec, loss: LossName
) -> Array:
    """Loss of each row that counts, (B,); zero for the others."""
    values = task_values(
        loss, outputs, batch.targets, network.heads, hyper.loss_parameter
    )
    counts = jnp.where(batch.weights > 0, values, 0) * batch.weights
    return jnp.sum(counts, axis=1)


def train_step(
    state: TrainState,
    batch: Batch,
    hyper: Hyper,
    groups: Array,
    key: Array,
    network: NetworkSpec,
    train: TrainSpec,
    meeting: Meeting | None = None,
) -> tuple[TrainState, StepInfo]:
    """Gradient, coefficients, solver, penalty: in this order.

    The gradient is taken at the weights that the last penalty step left, on a batch that it
    has not seen: that is what makes the product with the slope counterfactual.

    `meeting` is for networks that train side by side.
    """
    open_layers = state.step >= hyper.layer_start if train.freezes else None
    training = Training(
        jnp.sum(batch.weights, axis=1),
        jax.random.fold_in(key, state.step) if network.dropout else key,
        hyper.dropout,
        jnp.asarray(NORM_RATE, batch.targets.dtype),
        (state.step == 0) & _is_fresh(state.moments),
        None if open_layers is None else ~open_layers,
    )

    def objective(
        params: Params,
    ) -> tuple[Array, tuple[Array, Array, tuple[Moments, ...]]]:
        outputs, moments = forward(
            params, state.moments, batch.inputs, network, training
        )
        loss, tasks = output_losses(
            outputs, batch, hyper, network, train.loss, by_task=train.by_task
        )
        loss, tasks = loss / batch.size, tasks / batch.size
        minimized = loss
        if train.weighting != "fixed":
            minimized = weighted_objective(
                tasks, params, state.task_losses, train.weighting
            )
        return minimized, (loss, tasks, moments)

    (_, (loss, tasks, moments)), gradient = jax.value_and_grad(objective, has_aux=True)(
        state.params
    )
    if meeting is not None:
        gradient = meeting.gradient(gradient)
    gradient = clip_gradient(gradient, train.clips, hyper)
    solver = make_solver(train.solver, hyper.momentum)
    direction, solver_state = solver.update(gradient, state.solver, state.params)
    factor = rate_factor(train.schedule, state.step, hyper.total_steps, hyper.schedule)
    rate = hyper.learning_rate * factor * state.rate_scale
    rates = tuple(rate * hyper.layer_rate[k] for k in range(network.n_layers))
    updates = _scaled(direction, rates)

    penalty = state.penalty
    if train.penalty is not None:
        penalty = update_coefficients(penalty, updates, hyper, groups, train.penalty)
    params = _take(state.params, updates, rates, hyper.weight_decay)
    if meeting is not None:
        params = meeting.params(params, rates)
    if train.penalty is not None:
        grown = warmup_factor(state.step, hyper.warmup_steps)
        rates = tuple(rate * grown for rate in rates)
        params, penalty = shrink(params, penalty, rates, hyper, groups, train.penalty)
    if open_layers is not None:
        params = _keep_frozen(open_layers, params, state.params)
        penalty = _keep_frozen_slopes(open_layers, penalty)
    average = state.average
    if average is not None:
        average = _average(average, params, state.step, hyper.average_decay)
    new = state._replace(
        params=params,
        penalty=penalty,
        solver=solver_state,
        step=state.step + 1,
        moments=moments,
        average=average,
    )
    return new, StepInfo(loss, tasks, batch.size)


def _is_fresh(moments: tuple[Moments, ...]) -> Array:
    """Whether no layer goes on from moments of an earlier fit."""
    fresh = jnp.bool_(True)
    for one in moments:
        fresh &= jnp.all((one.mean == 0) & (one.variance == 1))
    return fresh


def _scaled(direction: Any, rates: tuple[Array, ...]) -> Params:
    """What the solver adds to each layer."""
    return tuple(
        jax.tree.map(lambda d, rate=rate: -rate * d, layer)
        for layer, rate in zip(direction, rates, strict=True)
    )


def _take(
    params: Params, updates: Params, rates: tuple[Array, ...], decay: Array
) -> Params:
    """Add the updates; weights, but no other parameters, decay in proportion to the rate."""
    layers = []
    for layer, update, rate in zip(params, updates, rates, strict=True):
        moved = jax.tree.map(jnp.add, layer, update)
        weight = layer.weight * (1 - rate * decay) + update.weight
        layers.append(moved._replace(weight=weight))
    return tuple(layers)


def _keep_frozen(open_layers: Array, new: Params, old: Params) -> Params:
    """The layers that do not train yet, bit for bit as they were."""
    return tuple(
        jax.tree.map(lambda n, o, k=k: jnp.where(open_layers[k], n, o), *layers)
        for k, layers in enumerate(zip(new, old, strict=True))
    )


def _keep_frozen_slopes(open_layers: Array, new: Penalty) -> Penalty:
    """No slope where no penalty step was taken: nothing is learned about lambda there."""
    slope = tuple(
        jnp.where(open_layers[k], one, jnp.zeros_like(one))
        for k, one in enumerate(new.slope)
    )
    return new._replace(slope=slope)


def _average(average: Params, params: Params, step: Array, decay: Array) -> Params:
    """Exponential average of the weights, short while few have been seen.

    What is exactly zero now is zero in the average: it keeps the support of the last step.
    """
    seen = (step + 1).astype(decay.dtype)
    past = jnp.minimum(decay, seen / (seen + 9))
    # Not a weighted sum of both: that is off by rounding where both are the same.
    mixed: Params = jax.tree.map(
        lambda old, new: old + (1 - past) * (new - old), average, params
    )
    return tuple(
        layer._replace(weight=jnp.where(now.weight == 0, 0, layer.weight))
        for layer, now in zip(mixed, params, strict=True)
    )
