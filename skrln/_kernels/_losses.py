# SPDX-License-Identifier: BSD-3-Clause
"""Losses per sample and per task, and their only reducer.

A loss maps outputs (B, T), targets (B, T) and one number to values (B, T); the log loss has
its own form, as a class target may have several outputs. Targets of regression are scaled;
targets of classification are class codes.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array

#: Name of a loss, or one name per task.
LossName = str | tuple[str, ...]


def squared_error(outputs: Array, targets: Array, parameter: Array) -> Array:
    """Half the squared residual."""
    del parameter
    return optax.l2_loss(outputs, targets)


def absolute_error(outputs: Array, targets: Array, parameter: Array) -> Array:
    """Absolute residual."""
    del parameter
    return jnp.abs(outputs - targets)


def huber(outputs: Array, targets: Array, parameter: Array) -> Array:
    """Half the squared residual up to `parameter`, linear beyond."""
    residual = jnp.abs(outputs - targets)
    inner = jnp.minimum(residual, parameter)
    return 0.5 * inner**2 + parameter * (residual - inner)


def quantile(outputs: Array, targets: Array, parameter: Array) -> Array:
    """Pinball loss at level `parameter`."""
    residual = targets - outputs
    return jnp.maximum(parameter * residual, (parameter - 1) * residual)


def poisson(outputs: Array, targets: Array, parameter: Array) -> Array:
    """Poisson deviance up to terms of the targets; `outputs` is the log of the mean."""
    del parameter
    return jnp.exp(outputs) - targets * outputs


def binary_log_loss(outputs: Array, targets: Array, parameter: Array) -> Array:
    """Cross entropy of two classes; `outputs` is the logit of class 1."""
    del parameter
    return optax.sigmoid_binary_cross_entropy(outputs, targets)


LOSSES: dict[str, Callable[[Array, Array, Array], Array]] = {
    "squared_error": squared_error,
    "absolute_error": absolute_error,
    "huber": huber,
    "quantile": quantile,
    "poisson": poisson,
    "log_loss": binary_log_loss,
}


def task_values(
    loss: LossName,
    outputs: Array,
    targets: Array,
    heads: tuple[int, ...],
    parameter: Array,
) -> Array:
    """Values (B, T) of one loss for all tasks, or of a loss per task."""
    if isinstance(loss, str):
        if set(heads) == {1}:
            return LOSSES[loss](outputs, targets, parameter)
        loss = (loss,) * len(heads)
    values, start = [], 0
    for task, (name, width) in enumerate(zip(loss, heads, strict=True)):
        own, target = outputs[:, start : start + width], targets[:, task : task + 1]
        if width == 1:
            values.append(LOSSES[name](own, target, parameter))
        else:
            values.append(_cross_entropy(own, target[:, 0], width)[:, None])
        start += width
    return jnp.concatenate(values, axis=1)


def _cross_entropy(logits: Array, target: Array, width: int) -> Array:
    """Log loss of several classes, one logit each."""
    # A one-hot product, not a gather: the gradient is a subtraction, not a scatter.
    chosen = jax.nn.one_hot(target.astype(jnp.int32), width, dtype=logits.dtype)
    return optax.softmax_cross_entropy(logits, chosen)


def sharpened(
    outputs: Array, factor: Array, loss: LossName, heads: tuple[int, ...]
) -> Array:
    """Multiply logits by `factor`; outputs that are numbers stay the same."""
    if isinstance(loss, str):
        return outputs * factor
    is_logit = np.repeat([name == "log_loss" for name in loss], heads)
    return outputs * jnp.where(is_logit, factor, 1)


def reduce_tasks(values: Array, weights: Array) -> Array:
    """Weighted sum over the rows, (T,); see `reduce_loss`."""
    return jnp.sum(jnp.where(weights > 0, values, 0) * weights, axis=0)


def reduce_loss(values: Array, weights: Array) -> Array:
    """Weighted sum of all values.

    The loss is this sum over the rows of the table; padding and missing labels have weight
    zero. Values of weight zero are replaced before the product, so that an infinite loss on
    padding reaches neither the sum nor its gradient.

    Parameters
    ----------
    values, weights : Array of shape (n, T)
    """
    return jnp.sum(jnp.where(weights > 0, values, 0) * weights)
