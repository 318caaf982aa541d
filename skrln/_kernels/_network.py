# SPDX-License-Identifier: BSD-3-Clause
"""The network: initial weights and the forward pass."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from ._config import NetworkSpec
from ._types import Layer, Moments, Params

ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "identity": lambda x: x,
    "logistic": jax.nn.sigmoid,
    "tanh": jnp.tanh,
    "relu": jax.nn.relu,
    "leaky_relu": jax.nn.leaky_relu,
    "elu": jax.nn.elu,
    "selu": jax.nn.selu,
    "silu": jax.nn.silu,
    "mish": jax.nn.mish,
}
#: Added to a variance before its root.
NORM_EPSILON = 1e-5
#: Limit of SELU at minus infinity, minus scale times alpha: the value of a dropped unit.
SELU_FLOOR = -1.7580993408473766


class Training(NamedTuple):
    """Arguments of the forward pass in a training step."""

    row_weights: Array  #: (B,); zero on padding
    key: Array  #: of dropout
    dropout: Array  #: (n_hidden,); share of dropped units of each layer
    norm_rate: Array  #: weight of a batch in the running moments
    first: Array  #: True before any batch
    frozen: Array | None  #: (n_layers,); layers whose moments stay the same


def init_params(rng: np.random.Generator, spec: NetworkSpec, dtype: np.dtype) -> Params:
    """Draw the initial weights.

    Glorot normal, the scale of the published network; LeCun normal for "selu", whose outputs
    keep mean and variance only then. Biases are zero. NumPy draws the weights: an eager
    ``jax.random`` call compiles once for every shape.

    Returns
    -------
    tuple of Layer
        NumPy arrays.
    """
    layers = [_init_layer(rng, shape, spec, dtype) for shape in spec.weight_shapes]
    if spec.batch_norm is not None:
        layers[:-1] = [
            layer._replace(
                gain=np.ones_like(layer.bias), shift=np.zeros_like(layer.bias)
            )
            for layer in layers[:-1]
        ]
    if spec.n_plain:
        branch = [_init_layer(rng, shape, spec, dtype) for shape in spec.plain_shapes]
        layers[0] = layers[0]._replace(plain=tuple(branch))
    return tuple(layers)


def _init_layer(
    rng: np.random.Generator, shape: tuple[int, int], spec: NetworkSpec, dtype: np.dtype
) -> Layer:
    n_in, n_out = shape
    variance = 1 / n_in if spec.activation == "selu" else 2 / (n_in + n_out)
    weight = rng.normal(scale=np.sqrt(variance), size=shape)
    return Layer(weight.astype(dtype), np.zeros(n_out, dtype))


def init_moments(params: Params, spec: NetworkSpec) -> tuple[Moments, ...]:
    """Moments before the first batch, one per hidden layer; none without batch norm."""
    if spec.batch_norm is None:
        return ()
    return tuple(
        Moments(np.zeros_like(layer.bias), np.ones_like(layer.bias))
        for layer in params[:-1]
    )


def forward(
    params: Params,
    moments: tuple[Moments, ...],
    inputs: Array,
    spec: NetworkSpec,
    training: Training | None = None,
) -> tuple[Array, tuple[Moments, ...]]:
    """Outputs of the last layer before any link function, and the running moments.

    Parameters
    ----------
    params : tuple of Layer
    moments : tuple of Moments
        Empty without batch normalization.
    inputs : Array of shape (n, n_inputs)
    spec : NetworkSpec
    training : Training or None
        None predicts, with running moments and without dropout.

    Returns
    -------
    Array of shape (n, n_outputs), tuple of Moments
    """
    activate = ACTIVATIONS[spec.activation]
    running = list(moments)
    n_tabular = spec.layer_sizes[0] - spec.n_plain
    inputs, plain = inputs[:, :n_tabular], inputs[:, n_tabular:]
    if spec.n_plain:
        for layer in params[0].plain:
            plain = activate(plain @ layer.weight + layer.bias)
        inputs = jnp.concatenate([inputs, plain], axis=1)
    for k, layer in enumerate(params[:-1]):
        inputs = inputs @ layer.weight + layer.bias
        if spec.batch_norm == "before":
            inputs, running[k] = _normalize(inputs, layer, running[k], k, training)
        inputs = activate(inputs)
        if spec.batch_norm == "after":
            inputs, running[k] = _normalize(inputs, layer, running[k], k, training)
        if spec.dropout and training is not None:
            inputs = _drop(inputs, k, training, spec.activation)
    return inputs @ params[-1].weight + params[-1].bias, tuple(running)


def _normalize(
    values: Array, layer: Layer, running: Moments, k: int, training: Training | None
) -> tuple[Array, Moments]:
    """Batch normalization; in training by the weighted moments of the batch."""
    used = running
    if training is not None:
        batch = _weighted_moments(values, training.row_weights)
        # A single row has no spread: the running moments scale it, and stay the same.
        fixed = jnp.sum(training.row_weights > 0) < 2
        if training.frozen is not None:
            fixed |= training.frozen[k]
        rate = jnp.where(training.first, 1.0, training.norm_rate)
        moved = jax.tree.map(lambda new, old: old + rate * (new - old), batch, running)
        used = jax.tree.map(lambda new, old: jnp.where(fixed, old, new), batch, running)
        running = jax.tree.map(
            lambda new, old: jnp.where(fixed, old, new), moved, running
        )
    scale = layer.gain * jax.lax.rsqrt(used.variance + NORM_EPSILON)
    return (values - used.mean) * scale + layer.shift, running


def _weighted_moments(values: Array, row_weights: Array) -> Moments:
    """Mean and biased variance of each column."""
    share = (row_weights / jnp.maximum(jnp.sum(row_weights), 1e-30))[:, None]
    mean = jnp.sum(share * values, axis=0)
    return Moments(mean, jnp.sum(share * (values - mean) ** 2, axis=0))


def _drop(values: Array, k: int, training: Training, activation: str) -> Array:
    """Inverted dropout; alpha dropout for SELU."""
    rate = training.dropout[k]
    kept = _draw_kept(jax.random.fold_in(training.key, k), rate, values.shape)
    if activation != "selu":
        return jnp.where(kept, values / (1 - rate), 0)
    spread = (1 - rate) * (1 + rate * SELU_FLOOR**2)
    scale = jax.lax.rsqrt(spread)
    return scale * (jnp.where(kept, values, SELU_FLOOR) - rate * SELU_FLOOR)


def _draw_kept(key: Array, rate: Array, shape: tuple[int, ...]) -> Array:
    """Mask of kept units, drawn from 16 random bits each.

    The draws of a row do not depend on the number of rows of padding after it.
    """
    n_rows, n_units = shape
    bits = jax.random.bits(key, (n_rows, (n_units + 1) // 2), jnp.uint32)
    halves = jax.lax.bitcast_convert_type(bits, jnp.uint16).reshape(n_rows, -1)
    return halves[:, :n_units].astype(rate.dtype) >= rate * 65536
