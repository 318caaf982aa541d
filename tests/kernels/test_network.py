# SPDX-License-Identifier: BSD-3-Clause
"""Activations and the forward pass against NumPy; the spread of initial weights."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads
from scipy.special import erfinv, expit

from skrln._kernels import ACTIVATIONS as NAMES
from skrln._kernels import Layer, NetworkSpec
from skrln._kernels._network import (
    ACTIVATIONS,
    SELU_FLOOR,
    Training,
    forward,
    init_moments,
    init_params,
)

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


def test_names_are_those_of_the_activations():
    assert tuple(ACTIVATIONS) == NAMES


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


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_slope_of_an_activation_at_zero_and_beside_it(name):
    """By finite differences; at its kink ReLU has a slope of 0, between those beside it."""
    with jax.enable_x64(True):
        for x in (-0.7, 1e-3, 0.4):
            check_grads(ACTIVATIONS[name], (jnp.asarray(x),), order=1, eps=1e-6)
        at_zero = float(jax.grad(ACTIVATIONS[name])(0.0))
    zero = np.zeros(())
    beside = [
        (FORMULAS[name](np.array(x)) - FORMULAS[name](zero)) / x for x in (-1e-7, 1e-7)
    ]
    assert min(beside) - 1e-5 <= at_zero <= max(beside) + 1e-5


def test_forward_is_the_formula():
    rng = np.random.default_rng(0)
    params = tuple(
        Layer(rng.normal(size=(n, m)), rng.normal(size=m))
        for n, m in ((4, 3), (3, 3), (3, 2))
    )
    x = rng.normal(size=(6, 4))
    spec = NetworkSpec((4, 3, 3, 2), "tanh", (1, 1))
    with jax.enable_x64(True):
        outputs, _ = forward(params, (), jnp.asarray(x), spec)
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
    outputs = np.asarray(forward(params, (), x, spec)[0])
    # The last layer is linear: its outputs have the mean square, one, of the signals
    # before it. The draw of a layer changes that by some percent, of twenty by more.
    assert abs(outputs.mean()) < 0.1
    assert 0.5 < outputs.var() < 2


# --- batch normalization --------------------------------------------------------------

NORMED = {
    where: NetworkSpec((4, 3, 2), "tanh", (1, 1), where)
    for where in ("before", "after")
}


def in_training(weights, *, first=True, rates=(0.0,), seed=0, frozen=None):
    return Training(
        jnp.asarray(weights, float),
        jax.random.key(seed),
        jnp.asarray(rates),
        jnp.asarray(0.1),
        jnp.asarray(first),
        frozen,
    )


def normed_network(where):
    """Parameters with gains and shifts of their own, moments, and a batch."""
    rng = np.random.default_rng(0)
    params = init_params(rng, NORMED[where], np.float64)
    hidden = params[0]._replace(gain=rng.normal(size=3), shift=rng.normal(size=3))
    params = (hidden, params[1])
    return params, init_moments(params, NORMED[where]), rng.normal(1, 2, size=(6, 4))


def normalized(values, mean, variance, layer):
    return (values - mean) / np.sqrt(variance + 1e-5) * layer.gain + layer.shift


@pytest.mark.parametrize("where", NORMED)
def test_batch_norm_is_the_formula(where, double_precision):
    """In training by the weighted moments of the batch, biased; padding does not count."""
    params, moments, x = normed_network(where)
    weights = np.array([1.0, 2.0, 1.0, 1.0, 0.5, 0.0])
    outputs, running = forward(params, moments, x, NORMED[where], in_training(weights))
    hidden, last = params
    z = x @ hidden.weight + hidden.bias
    if where == "after":
        z = np.tanh(z)
    mean = np.average(z, axis=0, weights=weights)
    variance = np.average((z - mean) ** 2, axis=0, weights=weights)
    z = normalized(z, mean, variance, hidden)
    z = np.tanh(z) if where == "before" else z
    np.testing.assert_allclose(outputs, z @ last.weight + last.bias, rtol=1e-10)
    # After the first batch, the running moments are those of the batch.
    np.testing.assert_allclose(running[0].mean, mean, rtol=1e-10)
    np.testing.assert_allclose(running[0].variance, variance, rtol=1e-10)


def test_running_moments_follow_the_batches(double_precision):
    """A tenth of the new and nine of the old, of mean and variance alike."""
    params, moments, x = normed_network("before")
    everything = in_training(np.ones(6))
    _, first = forward(params, moments, x, NORMED["before"], everything)
    later = in_training(np.ones(6), first=False)
    _, second = forward(params, first, 3 * x, NORMED["before"], later)
    z = 3 * x @ params[0].weight
    for running, old, new in zip(
        second[0], first[0], (z.mean(axis=0), z.var(axis=0)), strict=True
    ):
        np.testing.assert_allclose(running, 0.9 * old + 0.1 * new, rtol=1e-10)


@pytest.mark.parametrize("where", NORMED)
def test_prediction_does_not_depend_on_the_batch(where, double_precision):
    params, moments, x = normed_network(where)
    _, moments = forward(params, moments, x, NORMED[where], in_training(np.ones(6)))
    whole, same = forward(params, moments, x, NORMED[where])
    alone = [forward(params, moments, x[[i]], NORMED[where])[0] for i in range(6)]
    np.testing.assert_allclose(np.concatenate(alone), whole, rtol=1e-12)
    assert same == moments


def test_one_row_is_scaled_by_what_was_seen_before(double_precision):
    params, moments, x = normed_network("before")
    spec = NORMED["before"]
    _, moments = forward(params, moments, x, spec, in_training(np.ones(6)))
    single = in_training([1.0, 0, 0, 0, 0, 0], first=False)
    outputs, after = forward(params, moments, x, spec, single)
    np.testing.assert_allclose(outputs, forward(params, moments, x, spec)[0])
    np.testing.assert_array_equal(after[0].mean, moments[0].mean)


# --- dropout --------------------------------------------------------------------------


def dropped(x, rate, activation="identity", n_masks=10_000, n_rows=1):
    """Outputs of a linear layer behind dropout, for many masks."""
    spec = NetworkSpec((4, 5, 1), activation, (1,), dropout=True)
    params = init_params(np.random.default_rng(0), spec, np.float64)

    def once(seed):
        training = in_training(np.ones(n_rows), rates=(rate,), seed=seed)
        return forward(params, (), x, spec, training)[0][:, 0]

    outputs = jax.jit(jax.vmap(once))(jnp.arange(n_masks))
    return np.asarray(outputs), np.asarray(forward(params, (), x, spec)[0][:, 0])


@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_dropout_keeps_the_expectation_of_a_linear_network(rate, double_precision):
    x = np.random.default_rng(1).normal(size=(1, 4))
    outputs, expected = dropped(x, rate)
    error = outputs.std() / np.sqrt(len(outputs))
    assert abs(outputs.mean() - expected[0]) < 3 * error
    assert outputs.std() > 0.01


def test_dropped_units_have_the_rate_asked_for(double_precision):
    spec = NetworkSpec((1, 500, 500), "identity", (500,), dropout=True)
    layer = Layer(np.zeros((1, 500)), np.ones(500))
    params = (layer, Layer(np.eye(500), np.zeros(500)))
    training = in_training(np.ones(40), rates=(0.3,))
    outputs, _ = forward(params, (), np.zeros((40, 1)), spec, training)
    share = np.mean(np.asarray(outputs) == 0)
    assert abs(share - 0.3) < 4 * np.sqrt(0.3 * 0.7 / 20000)
    assert set(np.unique(outputs)) == {0, 1 / 0.7}


def test_draws_of_a_row_do_not_depend_on_padding(double_precision):
    x = np.random.default_rng(1).normal(size=(6, 4))
    padded = np.concatenate([x, np.zeros((10, 4))])
    few, _ = dropped(x, 0.5, n_masks=3, n_rows=6)
    many, _ = dropped(padded, 0.5, n_masks=3, n_rows=16)
    np.testing.assert_allclose(few, many[:, :6], rtol=1e-12)


@pytest.mark.parametrize("rate", [0.1, 0.3])
def test_alpha_dropout_keeps_mean_and_variance(rate, double_precision):
    """For units of mean zero and variance one, as behind SELU."""
    assert pytest.approx(-SCALE * ALPHA) == SELU_FLOOR
    spec = NetworkSpec((1000, 1000, 1000), "selu", (1000,), dropout=True)
    rng = np.random.default_rng(0)
    params = init_params(rng, spec, np.float64)
    identity = Layer(np.eye(1000), np.zeros(1000))
    x = rng.normal(size=(200, 1000))
    plain, _ = forward((params[0], identity), (), x, spec)
    training = in_training(np.ones(200), rates=(rate,))
    outputs, _ = forward((params[0], identity), (), x, spec, training)
    assert abs(outputs.mean() - plain.mean()) < 0.02
    assert abs(outputs.var() / plain.var() - 1) < 0.02
    assert not np.allclose(outputs, plain)
