# SPDX-License-Identifier: BSD-3-Clause
"""The forward pass in NumPy: four small products need no compiled program."""

import numpy as np
from scipy.special import expit

#: Numbers of a block of rows; wide or sparse tables are predicted in blocks.
BLOCK = 1 << 22
_SELU_SCALE, _SELU_ALPHA = 1.0507009873554805, 1.6732632423543772


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


def forward(inputs, coefs, intercepts, activation):
    """Outputs of the last layer, (n_samples, n_outputs)."""
    activate = ACTIVATIONS[activation]
    last = len(coefs) - 1
    for k, (weight, bias) in enumerate(zip(coefs, intercepts, strict=True)):
        inputs = inputs @ weight
        inputs += bias
        if k < last:
            inputs = activate(inputs)
    return inputs


def row_blocks(n_rows, width):
    """Slices of rows whose widest array holds at most `BLOCK` numbers."""
    step = max(1, BLOCK // max(1, width))
    return [slice(i, min(i + step, n_rows)) for i in range(0, n_rows, step)]
