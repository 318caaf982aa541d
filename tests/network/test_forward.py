# SPDX-License-Identifier: BSD-3-Clause
"""The forward pass in NumPy computes what the network was trained with."""

import jax
import numpy as np
import pytest

from skrln._kernels import Layer, Moments, NetworkSpec
from skrln._kernels._network import ACTIVATIONS as COMPILED_ACTIVATIONS
from skrln._kernels._network import forward as compiled_forward
from skrln._network import _forward
from skrln._network._forward import (
    ACTIVATIONS,
    Network,
    first_layer_inputs,
    forward,
    forward_from_sums,
    hidden_values,
    norm_scale,
    row_blocks,
    thinned,
)

# With values that overflow an exponential which is not guarded.
INPUTS = np.array([[0.0, 1.0], [-0.5, 0.3], [-3.0, 30.0], [800.0, -800.0]])


def network_of(layers, activation):
    weights = [layer.weight for layer in layers]
    return Network(weights, [layer.bias for layer in layers], activation)


def test_every_activation_of_the_kernel_is_in_the_table():
    assert set(ACTIVATIONS) == set(COMPILED_ACTIVATIONS)


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_agrees_with_the_kernel(activation):
    rng = np.random.default_rng(0)
    sizes = [(2, 3), (3, 3), (3, 2)]
    layers = tuple(Layer(rng.normal(size=s), rng.normal(size=s[1])) for s in sizes)
    with jax.enable_x64(True):
        spec = NetworkSpec((2, 3, 3, 2), activation, (1, 1))
        expected = np.asarray(compiled_forward(layers, (), INPUTS, spec)[0])
    found = forward(INPUTS, network_of(layers, activation))
    assert np.isfinite(found).all()
    # The order of a sum of three may differ, on numbers of up to 1e3.
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("batch_norm", ["before", "after"])
def test_normalization_agrees_with_the_kernel(batch_norm):
    rng = np.random.default_rng(0)
    norms = np.abs(rng.normal(1, 0.3, size=(2, 4, 3)))
    sizes = [(2, 3), (3, 3), (3, 1)]
    layers = [Layer(rng.normal(size=s), rng.normal(size=s[1])) for s in sizes]
    network = network_of(layers, "tanh")._replace(
        batch_norm=batch_norm, batch_norms=list(norms)
    )
    layers[:2] = [
        layer._replace(gain=norm[0], shift=norm[1])
        for layer, norm in zip(layers, norms, strict=False)
    ]
    moments = tuple(Moments(norm[2], norm[3]) for norm in norms)
    spec = NetworkSpec((2, 3, 3, 1), "tanh", (1,), batch_norm)
    with jax.enable_x64(True):
        expected = np.asarray(compiled_forward(tuple(layers), moments, INPUTS, spec)[0])
    np.testing.assert_allclose(forward(INPUTS, network), expected, rtol=1e-12)
    np.testing.assert_allclose(
        norm_scale(norms[0]), norms[0][0] / np.sqrt(norms[0][3] + 1e-5)
    )


def test_plain_branch_agrees_with_the_kernel():
    """Two columns are read by the first layer; the third goes through a branch of one unit."""
    rng = np.random.default_rng(0)
    branch = Layer(rng.normal(size=(1, 2)), rng.normal(size=2))
    first = Layer(rng.normal(size=(4, 3)), rng.normal(size=3), plain=(branch,))
    last = Layer(rng.normal(size=(3, 1)), rng.normal(size=1))
    inputs = rng.normal(size=(5, 3))
    spec = NetworkSpec((3, 3, 1), "relu", (1,), n_plain=1, plain_sizes=(2,))
    with jax.enable_x64(True):
        expected = np.asarray(compiled_forward((first, last), (), inputs, spec)[0])
    network = network_of([first, last], "relu")._replace(
        plain=[(branch.weight, branch.bias)]
    )
    np.testing.assert_allclose(forward(inputs, network), expected, rtol=1e-12)
    values = first_layer_inputs(inputs, network)
    units = np.maximum(inputs[:, 2:] @ branch.weight + branch.bias, 0)
    np.testing.assert_allclose(values, np.hstack([inputs[:, :2], units]))


@pytest.mark.parametrize("n_layers", [1, 3])
def test_pass_from_the_sums_of_the_first_layer(n_layers):
    rng = np.random.default_rng(0)
    layers = [Layer(rng.normal(size=(2, 2)), rng.normal(size=2))] * n_layers
    network = network_of(layers, "tanh")
    sums = INPUTS @ layers[0].weight + layers[0].bias
    expected = forward(INPUTS, network)
    np.testing.assert_allclose(forward_from_sums(sums, network), expected)


def test_inputs_are_left_alone():
    inputs = INPUTS.copy()
    forward(inputs, network_of([Layer(np.eye(2), np.ones(2))] * 2, "identity"))
    np.testing.assert_array_equal(inputs, INPUTS)


@pytest.mark.parametrize(("n_rows", "width"), [(1, 1), (7, 3), (9, 3), (5, 100)])
def test_blocks_cover_all_rows(monkeypatch, n_rows, width):
    monkeypatch.setattr(_forward, "BLOCK", 9)
    rows = [np.arange(n_rows)[block] for block in row_blocks(n_rows, width)]
    np.testing.assert_array_equal(np.concatenate(rows), np.arange(n_rows))
    assert all(len(block) * width <= max(9, width) for block in rows)


# -- dropout --------------------------------------------------------------------------

SIZES = [(3, 40), (40, 30), (30, 2)]


def make_network(activation="relu", batch_norm=None, seed=0, sizes=SIZES):
    rng = np.random.default_rng(seed)
    norms = [np.abs(rng.normal(1, 0.3, size=(4, size[1]))) for size in sizes[:-1]]
    return Network(
        [rng.normal(size=size) / np.sqrt(size[0]) for size in sizes],
        [rng.normal(size=size[1]) for size in sizes],
        activation,
        batch_norm,
        norms if batch_norm else (),
    )


def inputs_of(n_rows=5, n_columns=3, seed=1):
    return np.random.default_rng(seed).normal(size=(n_rows, n_columns))


def walk(inputs, network, rates, rng):
    """A forward pass that drops units itself: Srivastava et al. 2014, Klambauer et al. 2017."""
    last = len(network.coefs) - 1
    for k in range(last):
        inputs = inputs @ network.coefs[k] + network.intercepts[k]
        if network.batch_norm == "before":
            inputs = normalized(inputs, network.batch_norms[k])
        inputs = ACTIVATIONS[network.activation](inputs)
        if network.batch_norm == "after":
            inputs = normalized(inputs, network.batch_norms[k])
        if rates[k] == 0:
            continue
        keep, floor = 1 - rates[k], -1.7580993408473766
        kept = rng.random(inputs.shape[1]) >= rates[k]
        if network.activation == "selu":
            a = (keep + floor**2 * keep * rates[k]) ** -0.5
            b = -a * rates[k] * floor
            inputs = a * np.where(kept, inputs, floor) + b
        else:
            inputs = np.where(kept, inputs / keep, 0)
    return inputs @ network.coefs[last] + network.intercepts[last]


def normalized(values, norm):
    gain, shift, mean, variance = norm
    return gain * (values - mean) / np.sqrt(variance + 1e-5) + shift


@pytest.mark.parametrize("rates", [(0.2, 0.5), (0.0, 0.3), (0.3, 0.0)])
@pytest.mark.parametrize(
    ("activation", "batch_norm"),
    [("relu", None), ("relu", "before"), ("tanh", "after"), ("selu", None)],
)
def test_thinned_network_drops_units(activation, batch_norm, rates):
    network, inputs = make_network(activation, batch_norm), inputs_of()
    found = forward(inputs, thinned(network, rates, np.random.default_rng(7)))
    expected = walk(inputs, network, rates, np.random.default_rng(7))
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)
    assert not np.allclose(found, forward(inputs, network))


@pytest.mark.parametrize("batch_norm", [None, "before", "after"])
@pytest.mark.parametrize("layer", [0, 1])
def test_pass_can_go_on_behind_a_hidden_layer(batch_norm, layer):
    network, inputs = make_network(batch_norm=batch_norm), inputs_of()
    values = hidden_values(inputs, network, layer)
    assert values.shape == (5, SIZES[layer][1])
    found = forward(values, network, start=layer + 1)
    np.testing.assert_array_equal(found, forward(inputs, network))


def test_thinning_leaves_the_network_alone():
    network = make_network("selu")
    before = [array.copy() for array in network.coefs + network.intercepts]
    thinned(network, (0.5, 0.5), np.random.default_rng(0))
    for old, array in zip(before, network.coefs + network.intercepts, strict=True):
        np.testing.assert_array_equal(old, array)


def test_thinning_keeps_the_precision():
    network = make_network("selu")
    network = network._replace(
        coefs=[w.astype(np.float32) for w in network.coefs],
        intercepts=[b.astype(np.float32) for b in network.intercepts],
    )
    one = thinned(network, (0.5, 0.5), np.random.default_rng(0))
    assert {array.dtype for array in one.coefs + one.intercepts} == {
        np.dtype(np.float32)
    }


def test_mean_of_draws_of_a_linear_network_is_its_prediction(global_random_seed):
    network, inputs = make_network("identity"), inputs_of()
    rng = np.random.default_rng(global_random_seed)
    draws = np.stack(
        [forward(inputs, thinned(network, (0.2, 0.3), rng)) for _ in range(10_000)]
    )
    error = (draws.mean(0) - forward(inputs, network)) / (draws.std(0) / 100)
    # Ten numbers, by ten thousand draws each: one in 4e4 seeds goes beyond 4.5.
    assert np.abs(error).max() < 4.5


def test_alpha_dropout_keeps_mean_and_variance(global_random_seed):
    rng = np.random.default_rng(global_random_seed)
    n_units = 500
    network = Network(
        [np.empty((1, n_units)), np.eye(n_units)], [0.0, np.zeros(n_units)], "selu"
    )
    units = []
    for _ in range(20):
        # SELU makes numbers of mean zero and variance one of standard normal ones.
        values = ACTIVATIONS["selu"](rng.normal(size=(50, n_units)))
        units.append(forward(values, thinned(network, (0.3,), rng), start=1))
    # Ten thousand masks: standard errors are about 0.01 and 0.02.
    assert abs(np.mean(units)) < 0.05
    assert abs(np.var(units) - 1) < 0.1
