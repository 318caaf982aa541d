# SPDX-License-Identifier: BSD-3-Clause
"""The forward pass in NumPy computes what the network was trained with."""

import jax
import numpy as np
import pytest

from skrln._core import _forward
from skrln._core._forward import ACTIVATIONS, Network, forward, row_blocks
from skrln._kernels import ACTIVATIONS as COMPILED_ACTIVATIONS
from skrln._kernels import Layer, NetworkSpec
from skrln._kernels._network import forward as compiled_forward

# With values that overflow an exponential which is not guarded.
INPUTS = np.array([[0.0, 1.0], [-0.5, 0.3], [-3.0, 30.0], [800.0, -800.0]])


def network_of(layers, activation):
    weights = [layer.weight for layer in layers]
    return Network(weights, [layer.bias for layer in layers], activation)


def test_same_names():
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
