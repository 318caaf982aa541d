# SPDX-License-Identifier: BSD-3-Clause
"""Forward pass of a network in a graph, as `skrln._network._forward` has it in NumPy.

Activations are made of operators that onnxruntime has in single and in double precision.
"""

import numpy as np

from skrln._network._forward import norm_scale

_SELU_SCALE, _SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
_LEAK = 0.01

#: Activations that are one operator.
OPERATORS = {"logistic": "Sigmoid", "tanh": "Tanh", "relu": "Relu"}


def network_outputs(graph, inputs, network):
    """Return the outputs of the last layer, (n_rows, n_outputs).

    Parameters
    ----------
    graph : Graph
    inputs : str
        Encoded rows in the dtype of the network.
    network : Network
    """
    if network.plain:
        inputs = _with_plain_units(graph, inputs, network)
    layers = folded_layers(network)
    for weight, bias in layers[:-1]:
        inputs = graph.node("Gemm", inputs, weight, bias)
        inputs = _activate(graph, inputs, network.activation, weight.dtype)
    return graph.node("Gemm", inputs, *layers[-1])


def _with_plain_units(graph, inputs, network):
    """Return the inputs of the first weights: inputs, then units of the plain branch."""
    n_plain = len(network.plain[0][0])
    width = len(network.coefs[0]) - network.plain[-1][0].shape[1] + n_plain
    tabular = np.arange(width - n_plain)
    plain = graph.columns(inputs, np.arange(width - n_plain, width), width)
    dtype = network.coefs[0].dtype
    for weight, bias in network.plain:
        weight, bias = weight.astype(dtype), np.asarray(bias, dtype)
        plain = graph.node("Gemm", plain, weight, bias)
        plain = _activate(graph, plain, network.activation, dtype)
    if not tabular.size:
        return plain
    return graph.beside([graph.columns(inputs, tabular, width), plain])


def folded_layers(network):
    """Return weight and bias of each layer, which contain the batch normalization.

    A layer without inputs gets one of weight zero, because an operator may refuse empty arrays.
    """
    dtype = network.coefs[0].dtype
    weights = [np.asarray(weight, float) for weight in network.coefs]
    biases = [np.asarray(bias, float) for bias in network.intercepts]
    for k, norm in enumerate(network.batch_norms):
        norm = np.asarray(norm, float)
        scale = norm_scale(norm)
        shift = norm[1] - norm[2] * scale
        if network.batch_norm == "before":
            weights[k] = weights[k] * scale
            biases[k] = biases[k] * scale + shift
        else:
            biases[k + 1] = biases[k + 1] + shift @ weights[k + 1]
            weights[k + 1] = scale[:, None] * weights[k + 1]
    for k, weight in enumerate(weights):
        if not len(weight):
            weights[k] = np.zeros((1, weight.shape[1]))
            if k:
                weights[k - 1] = np.zeros((len(weights[k - 1]), 1))
                biases[k - 1] = np.zeros(1)
    return [
        (weight.astype(dtype), bias.astype(dtype))
        for weight, bias in zip(weights, biases, strict=True)
    ]


def _activate(graph, values, activation, dtype):
    if activation == "identity":
        return values
    if activation in OPERATORS:
        return graph.node(OPERATORS[activation], values)
    return COMPOSED[activation](graph, values, np.ones((), dtype))


def _leaky_relu(graph, values, one):
    return graph.node("Max", values, graph.node("Mul", values, _LEAK * one))


def _elu(graph, values, one):
    return graph.node("Add", _relu(graph, values, one), _tail(graph, values, one))


def _selu(graph, values, one):
    tail = graph.node("Mul", _tail(graph, values, one), _SELU_ALPHA * one)
    values = graph.node("Add", _relu(graph, values, one), tail)
    return graph.node("Mul", values, _SELU_SCALE * one)


def _relu(graph, values, one):
    return graph.node("Max", values, 0 * one)


def _tail(graph, values, one):
    """Return ``exp(x) - 1`` of negative values, and zero for all others."""
    below = graph.node("Min", values, 0 * one)
    return graph.node("Sub", graph.node("Exp", below), one)


def _silu(graph, values, one):
    # Not times a sigmoid: old versions of onnxruntime fuse the two, in single precision only.
    divisor = graph.node("Add", graph.node("Exp", graph.node("Neg", values)), one)
    return graph.node("Div", values, divisor)


def _mish(graph, values, one):
    size = graph.node("Neg", graph.node("Abs", values))
    rest = graph.node("Log", graph.node("Add", graph.node("Exp", size), one))
    softplus = graph.node("Add", _relu(graph, values, one), rest)
    return graph.node("Mul", values, graph.node("Tanh", softplus))


#: Activations that are several operators; each takes a one in the dtype of the network.
COMPOSED = {
    "leaky_relu": _leaky_relu,
    "elu": _elu,
    "selu": _selu,
    "silu": _silu,
    "mish": _mish,
}
