# SPDX-License-Identifier: BSD-3-Clause
"""One step of training: (state, batch) -> (state, info)."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from ._coefficients import shrink, update_coefficients
from ._config import NetworkSpec, TrainSpec
from ._losses import LossName, reduce_loss, reduce_tasks, task_values
from ._network import Training, forward
from ._optimizers import clip_gradient, make_solver
from ._schedules import rate_factor, warmup_factor
from ._task_weights import weighted_objective
from ._types import Batch, Hyper, Moments, Params, Penalty, StepInfo, TrainState

#: Weight of a batch in the running moments of batch normalization.
NORM_RATE = 0.1


class Meeting(NamedTuple):
    """Functions that couple networks that train side by side, within a step."""

    gradient: Callable[[Params], Params]  #: applied before clipping
    #: ``(params, rates of the layers) -> params``, after the solver's update and before the
    #: penalty: weights that the penalty sets to zero stay zero
    params: Callable[[Params, tuple[Array, ...]], Params]


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

    The gradient is taken at the weights after the last penalty step, on a batch that this
    penalty step did not use: that makes the product with the slope counterfactual.
    """
    open_layers = state.step >= hyper.layer_start if train.freezes else None
    gradient, info, moments = _gradient(
        state, batch, hyper, key, open_layers, network, train
    )
    if meeting is not None:
        gradient = meeting.gradient(gradient)
    gradient = clip_gradient(gradient, train.clips, hyper)
    solver = make_solver(train.solver, train.solver_flags, hyper.solver_numbers)
    direction, solver_state = solver.update(gradient, state.solver, state.params)
    factor = rate_factor(train.schedule, state.step, hyper.total_steps, hyper.schedule)
    rate = hyper.learning_rate * factor * state.rate_scale
    rates = tuple(rate * hyper.layer_rate[k] for k in range(network.n_layers))
    updates = _scale(direction, rates)

    penalty = state.penalty
    if train.penalty is not None:
        penalty = update_coefficients(penalty, updates, hyper, groups, train.penalty)
    params = _add_updates(state.params, updates, rates, hyper.weight_decay)
    if meeting is not None:
        params = meeting.params(params, rates)
    if train.penalty is not None:
        grown = warmup_factor(state.step, hyper.warmup_steps)
        rates = tuple(rate * grown for rate in rates)
        params, penalty = shrink(params, penalty, rates, hyper, groups, train.penalty)
    if open_layers is not None:
        params = _keep_frozen(open_layers, params, state.params)
        penalty = _clear_frozen_slopes(open_layers, penalty)
    new = state._replace(
        params=params,
        penalty=penalty,
        solver=solver_state,
        step=state.step + 1,
        moments=moments,
    )
    return new, info


def _gradient(
    state: TrainState,
    batch: Batch,
    hyper: Hyper,
    key: Array,
    open_layers: Array | None,
    network: NetworkSpec,
    train: TrainSpec,
) -> tuple[Params, StepInfo, tuple[Moments, ...]]:
    """Gradient of the objective on a batch, its losses, and the running moments."""
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
            minimized = weighted_objective(tasks, params)
        return minimized, (loss, tasks, moments)

    gradient_of = jax.value_and_grad(objective, has_aux=True)
    (_, (loss, tasks, moments)), gradient = gradient_of(state.params)
    return gradient, StepInfo(loss, tasks, batch.size), moments


def output_losses(
    outputs: Array,
    batch: Batch,
    hyper: Hyper,
    network: NetworkSpec,
    loss: LossName,
    *,
    by_task: bool,
) -> tuple[Array, Array]:
    """Weighted sum of the losses of a batch; also per task, (T,), or (0,)."""
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
    """Loss of each row, (B,); zero where no label counts."""
    values = task_values(
        loss, outputs, batch.targets, network.heads, hyper.loss_parameter
    )
    counts = jnp.where(batch.weights > 0, values, 0) * batch.weights
    return jnp.sum(counts, axis=1)


def _is_fresh(moments: tuple[Moments, ...]) -> Array:
    """Return True where no layer resumes from moments of an earlier fit."""
    fresh = jnp.bool_(True)
    for layer in moments:
        fresh &= jnp.all((layer.mean == 0) & (layer.variance == 1))
    return fresh


def _scale(direction: Any, rates: tuple[Array, ...]) -> Params:
    """Updates of each layer: minus the direction times the rate."""
    return tuple(
        jax.tree.map(lambda d, rate=rate: -rate * d, layer)
        for layer, rate in zip(direction, rates, strict=True)
    )


def _add_updates(
    params: Params, updates: Params, rates: tuple[Array, ...], decay: Array
) -> Params:
    """Add the updates; weights alone decay, in proportion to the rate."""
    layers = []
    for layer, update, rate in zip(params, updates, rates, strict=True):
        moved = jax.tree.map(jnp.add, layer, update)
        weight = layer.weight * (1 - rate * decay) + update.weight
        layers.append(moved._replace(weight=weight))
    return tuple(layers)


def _keep_frozen(open_layers: Array, new: Params, old: Params) -> Params:
    """Keep layers that do not train yet, bit for bit."""
    return tuple(
        jax.tree.map(lambda n, o, k=k: jnp.where(open_layers[k], n, o), *layers)
        for k, layers in enumerate(zip(new, old, strict=True))
    )


def _clear_frozen_slopes(open_layers: Array, penalty: Penalty) -> Penalty:
    """Set slopes of frozen layers to zero: no penalty step was taken there."""
    slope = tuple(
        jnp.where(open_layers[k], layer, jnp.zeros_like(layer))
        for k, layer in enumerate(penalty.slope)
    )
    return penalty._replace(slope=slope)
