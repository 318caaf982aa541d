# SPDX-License-Identifier: BSD-3-Clause
"""One step: (state, batch) -> (state, info)."""

import jax
import jax.numpy as jnp
from jax import Array

from ._coefficients import shrink, update_coefficients
from ._config import NetworkSpec, TrainSpec
from ._losses import LOSSES, reduce_loss
from ._network import forward
from ._optimizers import make_solver, rate_factor, warmup_factor
from ._types import Batch, Hyper, Params, StepInfo, TrainState


def batch_loss(
    params: Params, batch: Batch, hyper: Hyper, network: NetworkSpec, loss: str
) -> Array:
    """Sum over the batch of the losses that count, penalty apart."""
    outputs = forward(params, batch.inputs, network.activation)
    values = LOSSES[loss](outputs, batch.targets, network.heads, hyper.loss_parameter)
    return reduce_loss(values, batch.weights)


def train_step(
    state: TrainState,
    batch: Batch,
    hyper: Hyper,
    groups: Array,
    network: NetworkSpec,
    train: TrainSpec,
) -> tuple[TrainState, StepInfo]:
    """Gradient, coefficients, solver, penalty: in this order.

    The gradient is taken at the weights that the last penalty step left, on a batch that it
    has not seen: that is what makes the product with the slope counterfactual.
    """

    def mean_loss(params: Params) -> Array:
        return batch_loss(params, batch, hyper, network, train.loss) / batch.size

    loss, gradient = jax.value_and_grad(mean_loss)(state.params)
    solver = make_solver(train.solver, hyper.momentum)
    direction, solver_state = solver.update(gradient, state.solver, state.params)
    factor = rate_factor(train.schedule, state.step, hyper.total_steps)
    rate = hyper.learning_rate * factor
    updates = jax.tree.map(lambda d: -rate * d, direction)

    penalty = state.penalty
    if train.penalty is not None:
        penalty = update_coefficients(penalty, updates, hyper, groups, train.penalty)
    params: Params = jax.tree.map(jnp.add, state.params, updates)
    if train.penalty is not None:
        grown = warmup_factor(state.step, hyper.warmup_steps)
        params, penalty = shrink(
            params, penalty, rate * grown, hyper, groups, train.penalty
        )
    new = TrainState(params, penalty, solver_state, state.step + 1)
    return new, StepInfo(loss, batch.size)
