# SPDX-License-Identifier: BSD-3-Clause
"""The network: initial weights and the forward pass."""

from collections.abc import Callable
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from ._config import NetworkSpec
from ._types import Layer, Params

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


def init_params(rng: np.random.Generator, spec: NetworkSpec, dtype: np.dtype) -> Params:
    """Draw the initial weights.

    Glorot normal, the scale of the published network; LeCun normal for "selu", which needs
    it to keep mean and variance. Biases are zero.

    NumPy draws them: an eager ``jax.random`` call compiles once for every shape.

    Returns
    -------
    tuple of Layer
        NumPy arrays.
    """
    layers = []
    for n_in, n_out in pairwise(spec.layer_sizes):
        variance = 1 / n_in if spec.activation == "selu" else 2 / (n_in + n_out)
        weight = rng.normal(scale=np.sqrt(variance), size=(n_in, n_out))
        layers.append(Layer(weight.astype(dtype), np.zeros(n_out, dtype)))
    return tuple(layers)


def forward(params: Params, inputs: Array, activation: str) -> Array:
    """Outputs of the last layer before any link function, (n, n_outputs)."""
    activate = ACTIVATIONS[activation]
    for layer in params[:-1]:
        inputs = activate(inputs @ layer.weight + layer.bias)
    return inputs @ params[-1].weight + params[-1].bias
