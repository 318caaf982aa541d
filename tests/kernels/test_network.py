# SPDX-License-Identifier: BSD-3-Clause
"""Activations and the forward pass against NumPy; the spread of initial weights."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import erfinv, expit

from skrln._kernels import ACTIVATIONS, Layer, NetworkSpec
from skrln._kernels._network import forward, init_params

ALPHA, SCALE = 1.6732632423543772, 1.0507009873554805
FORMULAS = {
    "identity": lambda x: x,
    "logistic": expit,
    "tanh": np.tanh,
    "relu": lambda x: np.maximum(x, 0),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.01 * x),
    "elu": lambda x: np.where(x > 0, x, np.expm1(x)),
    "selu": lambda x: SCALE * np.where(x > 0, x, ALPHA * np.expm1(x)),
    "silu": lambda x: x * expit(x),
    "mish": lambda x: x * np.tanh(np.log1p(np.exp(x))),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation_follows_its_formula(name):
    x = np.linspace(-6, 6, 101)
    with jax.enable_x64(True):
        values = ACTIVATIONS[name](jnp.asarray(x))
    np.testing.assert_allclose(values, FORMULAS[name](x), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation_and_its_slope_are_finite_far_out(name):
    x = np.array([-1e4, -100, 0, 100, 1e4], np.float32)
    value, slope = jax.vmap(jax.value_and_grad(ACTIVATIONS[name]))(x)
    assert np.isfinite(value).all()
    assert np.isfinite(slope).all()


def test_forward_is_the_formula():
    rng = np.random.default_rng(0)
    params = tuple(
        Layer(rng.normal(size=(n, m)), rng.normal(size=m))
        for n, m in ((4, 3), (3, 3), (3, 2))
    )
    x = rng.normal(size=(6, 4))
    with jax.enable_x64(True):
        outputs = forward(params, jnp.asarray(x), "tanh")
    first, second, last = params
    hidden = np.tanh(x @ first.weight + first.bias)
    hidden = np.tanh(hidden @ second.weight + second.bias)
    np.testing.assert_allclose(outputs, hidden @ last.weight + last.bias, rtol=1e-12)


@pytest.mark.parametrize(
    ("activation", "variances"),
    [("relu", [2 / 500, 2 / 300]), ("selu", [1 / 300, 1 / 200])],
    ids=["glorot", "lecun"],
)
def test_spread_of_the_initial_weights(activation, variances):
    spec = NetworkSpec((300, 200, 100), activation, (100,))
    params = init_params(np.random.default_rng(0), spec, np.float32)
    for layer, variance in zip(params, variances, strict=True):
        weight = layer.weight.astype(float)
        # Of 20000 draws and more: three standard errors of the variance are 3 percent.
        np.testing.assert_allclose(weight.var(), variance, rtol=0.03)
        np.testing.assert_allclose(weight.mean(), 0, atol=3 * weight.std() / 141)
        # Normal, not uniform: the quartiles of a normal are 0.674 deviations out.
        quartile = np.quantile(abs(weight), 0.5) / weight.std()
        np.testing.assert_allclose(quartile, erfinv(0.5) * np.sqrt(2), rtol=0.02)
        assert (layer.bias == 0).all()
        assert layer.weight.dtype == layer.bias.dtype == np.float32


def test_selu_keeps_mean_and_variance_over_twenty_layers():
    spec = NetworkSpec((100,) * 21, "selu", (100,))
    params = init_params(np.random.default_rng(0), spec, np.float32)
    x = np.random.default_rng(1).normal(size=(500, 100)).astype(np.float32)
    outputs = np.asarray(forward(params, x, "selu"))
    # The last layer is linear: its outputs have the mean square, one, of the signals
    # before it. The draw of a layer moves that by some percent, of twenty by more.
    assert abs(outputs.mean()) < 0.1
    assert 0.5 < outputs.var() < 2
