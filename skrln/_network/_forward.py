# SPDX-License-Identifier: BSD-3-Clause
"""Forward pass in NumPy: a few small matrix products need no compiled program."""

from typing import Any, NamedTuple

import numpy as np
from scipy.special import expit

#: Most numbers of an array in prediction; larger tables are predicted in blocks of rows. Inputs
#: that are made of compact rows pass through the cache several times: their arrays are smaller.
BLOCK, EXPANDED_BLOCK = 1 << 22, 1 << 19
_SELU_SCALE, _SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
#: Added to variances before their square root, as in training.
_NORM_EPSILON = 1e-5


def _softplus(x):
    return np.logaddexp(x, 0)


ACTIVATIONS = {
    "identity": lambda x: x,
    "logistic": expit,
    "tanh": np.tanh,
    "relu": lambda x: np.maximum(x, 0),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.01 * x),
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "selu": lambda x: (
        _SELU_SCALE * np.where(x > 0, x, _SELU_ALPHA * np.expm1(np.minimum(x, 0)))
    ),
    "silu": lambda x: x * expit(x),
    "mish": lambda x: x * np.tanh(_softplus(x)),
}


class Network(NamedTuple):
    """Weights and structure for a forward pass."""

    coefs: list  #: (n_units_in, n_units_out) a layer
    intercepts: list  #: (n_units_out,) a layer
    activation: str
    batch_norm: str | None = None
    batch_norms: Any = ()  #: (4, n_units) a hidden layer: gain, shift, mean, variance
    plain: Any = ()  #: weights and biases of each layer of the branch before the first


def forward(inputs, network, start=0):
    """Return the outputs of the last layer, (n_samples, n_outputs).

    Parameters
    ----------
    inputs : ndarray of shape (n_samples, n_units_in)
        Encoded rows; with `start`, the values of the hidden layer before layer `start`.
    network : Network
    start : int, default=0
        First layer to compute.
    """
    last = len(network.coefs) - 1
    if start == 0:
        inputs = first_layer_inputs(inputs, network)
    for k in range(start, last):
        inputs = _hidden_layer(inputs, network, k)
    return _affine(inputs, network, last)


def forward_from_sums(sums, network):
    """Return the outputs from the weighted sums of the first layer, intercepts included."""
    if len(network.coefs) == 1:
        return sums
    return forward(activate(sums, network, 0), network, start=1)


def first_layer_inputs(inputs, network):
    """Return the inputs of the first weights: inputs, then units of the plain branch."""
    if not network.plain:
        return inputs
    n_tabular = inputs.shape[1] - len(network.plain[0][0])
    inputs, plain = inputs[:, :n_tabular], inputs[:, n_tabular:]
    for weight, bias in network.plain:
        plain = ACTIVATIONS[network.activation](plain @ weight + bias)
    return np.hstack([inputs, plain])


def hidden_values(inputs, network, layer):
    """Return the values of hidden layer `layer`, counted from 0, (n_samples, n_units)."""
    inputs = first_layer_inputs(inputs, network)
    for k in range(layer + 1):
        inputs = _hidden_layer(inputs, network, k)
    return inputs


def _affine(inputs, network, k):
    # OpenBLAS sometimes sets the flag of an invalid value for a product of finite numbers, as
    # in https://github.com/numpy/numpy/issues/24067.
    with np.errstate(invalid="ignore"):
        values = inputs @ network.coefs[k]
    values += network.intercepts[k]
    return values


def _hidden_layer(inputs, network, k):
    values = _affine(inputs, network, k)
    if network.activation == "relu" and network.batch_norm is None:
        return np.maximum(values, 0, out=values)  # no second array
    return activate(values, network, k)


def activate(values, network, k):
    """Return the values of hidden layer `k` from its weighted sums."""
    if network.batch_norm == "before":
        values = _normalize(values, network.batch_norms[k])
    values = ACTIVATIONS[network.activation](values)
    if network.batch_norm == "after":
        values = _normalize(values, network.batch_norms[k])
    return values


def norm_scale(norm):
    """Return the factor of batch normalization of each unit."""
    gain, _, _, variance = norm
    return gain / np.sqrt(variance + _NORM_EPSILON)


def _normalize(values, norm):
    scale = norm_scale(norm)
    return values * scale + (norm[1] - norm[2] * scale)


def thinned(network, rates, rng):
    """Return the network after one draw of dropout, the same for all rows.

    The next layer absorbs the scaling of kept units and the values that alpha dropout puts in
    place of dropped units.

    Parameters
    ----------
    network : Network
    rates : sequence of float
        Share of the units of each hidden layer that is dropped.
    rng : Generator
    """
    coefs, intercepts = list(network.coefs), list(network.intercepts)
    for k, rate in enumerate(rates):
        if rate == 0:
            continue
        weight = coefs[k + 1]
        kept = rng.random(len(weight)) >= rate
        if network.activation == "selu":
            # Alpha dropout sets dropped units to the lower limit of selu, and rescales so that
            # mean and variance stay the same.
            floor = -_SELU_SCALE * _SELU_ALPHA
            scale = 1 / np.sqrt((1 - rate) * (1 + rate * floor**2))
            shift = scale * floor * (~kept - rate)
            intercepts[k + 1] = intercepts[k + 1] + shift.astype(weight.dtype) @ weight
        else:
            scale = 1 / (1 - rate)
        coefs[k + 1] = (scale * kept).astype(weight.dtype)[:, None] * weight
    return network._replace(coefs=coefs, intercepts=intercepts)


def row_blocks(n_rows, width, n_numbers=None):
    """Return slices of rows whose widest array holds at most `n_numbers`, or `BLOCK`."""
    step = max(1, (BLOCK if n_numbers is None else n_numbers) // max(1, width))
    return [slice(i, min(i + step, n_rows)) for i in range(0, n_rows, step)]
