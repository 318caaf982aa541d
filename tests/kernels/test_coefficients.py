# SPDX-License-Identifier: BSD-3-Clause
"""The penalty step and the move of lambda: zeros, clips and guards."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from skrln._kernels import Layer
from skrln._kernels._coefficients import init_penalty, shrink, update_coefficients
from skrln._kernels._network import init_params
from skrln._kernels._types import Penalty

from ._problems import hyper_of, specs
from ._reference import Settings


def shrink_all(weights, lambdas, settings, rate=1e-3):
    """The penalty step on a column of weights, each with the lambda given."""
    dtype = weights.dtype
    theta = np.array([settings.theta], dtype)
    hyper = hyper_of(settings)._replace(theta=jnp.asarray(theta))
    deviation = (jnp.asarray(lambdas, dtype) - theta[0])[:, None]
    layer = Layer(jnp.asarray(weights)[:, None], jnp.zeros(1, dtype))
    penalty = Penalty((deviation,), (jnp.zeros_like(deviation),))
    groups = jnp.arange(len(weights))
    spec = specs(settings)[1].penalty
    [layer], penalty = jax.jit(shrink, static_argnames="spec")(
        (layer,), penalty, (jnp.asarray(rate, dtype),), hyper, groups, spec=spec
    )
    lam = theta[0] + penalty.deviation[0]
    return tuple(np.asarray(a)[:, 0] for a in (layer.weight, penalty.slope[0], lam))


def spread_weights():
    """Weights of both signs, from 1e-6 to 10, in single precision."""
    rng = np.random.default_rng(0)
    size = 10.0 ** rng.uniform(-6, 1, 4000)
    return (size * rng.choice([-1, 1], 4000)).astype(np.float32)


def test_proximal_step_leaves_exact_zeros():
    weights = spread_weights()
    settings = Settings(theta=-6.0)
    new, slope, lam = shrink_all(weights, np.full(4000, -6.0), settings)
    dead = np.abs(weights) <= np.exp(-6.0)
    np.testing.assert_array_equal(new == 0, dead)
    np.testing.assert_array_equal(slope, np.where(dead, 0, np.sign(weights)))
    np.testing.assert_array_equal(lam, np.float32(-6.0))  # untouched by clipping
    live = np.abs(weights[~dead]) - np.exp(-6.0)
    np.testing.assert_allclose(np.abs(new[~dead]), live, rtol=1e-4)


@pytest.mark.parametrize("theta", [-6.0, -10.0])
def test_subgradient_step_lowers_lambda_and_lands_on_zero(theta):
    weights = spread_weights()
    settings = Settings(theta=theta, rule="subgradient")
    strong = np.log(np.abs(weights)) + 2
    new, slope, lam = shrink_all(weights, strong, settings)
    # In single precision a subtraction alone would leave rests.
    np.testing.assert_array_equal(new, 0)
    np.testing.assert_allclose(lam, np.log(np.abs(weights)), atol=1e-5)
    np.testing.assert_allclose(slope, weights * np.exp(-theta), rtol=1e-5)


def test_subgradient_step_leaves_weak_coefficients_alone():
    weights = spread_weights()
    weak = np.log(np.abs(weights)) - 1
    settings = Settings(theta=-6.0, rule="subgradient")
    new, _, lam = shrink_all(weights, weak, settings)
    np.testing.assert_allclose(lam, weak, atol=1e-5)
    np.testing.assert_allclose(new, weights * (1 - np.exp(-1)), rtol=1e-5)


def test_subgradient_step_leaves_a_weight_of_zero_alone():
    """Its penalty has no gradient that could overshoot.

    Lambda lowered to the logarithm of next to nothing would shift the mean, and the
    projection would then drive all other weights to zero.
    """
    settings = Settings(theta=-6.0, rule="subgradient")
    new, slope, lam = shrink_all(np.zeros(1, np.float32), np.full(1, -5.0), settings)
    assert new == slope == 0
    assert lam == -5


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("norm", ["l1", "l2"])
@pytest.mark.parametrize("rule", ["proximal", "subgradient"])
@pytest.mark.parametrize("rate", [0.0, 1e-3, 1.0])
def test_no_extreme_is_anything_but_finite(rule, norm, dtype, rate):
    """Weights of zero, subnormal and huge; coefficients of released fits."""
    with jax.enable_x64(dtype == np.float64):
        sizes = np.array([0, np.finfo(dtype).tiny / 8, 1e-30, 1e-3, 1, 1e18], dtype)
        lambdas = [-350.0, -80.0, -6.0, 29.0, 31.0, 90.0, 400.0]
        weights, lam = (grid.ravel() for grid in np.meshgrid(sizes, lambdas))
        settings = Settings(theta=-6.0, rule=rule, norm=norm)
        for array in shrink_all(weights, lam, settings, rate):
            assert np.isfinite(array).all()


@pytest.mark.parametrize("norm", ["l1", "l2"])
def test_coefficients_beyond_the_guard_act_as_at_the_guard(norm):
    weights = np.array([1e15, -1e14, 3.0, 0.0], np.float32)
    settings = Settings(theta=-6.0, norm=norm)
    at, slope_at, _ = shrink_all(weights, np.full(4, 30.0), settings)
    beyond, slope_beyond, lam = shrink_all(weights, np.full(4, 300.0), settings)
    np.testing.assert_array_equal(beyond, at)
    np.testing.assert_array_equal(slope_beyond, slope_at)
    np.testing.assert_array_equal(lam, 300)
    assert at[0] != 0


def test_moves_of_coefficients_are_bounded(unprojected):
    settings = Settings(reg_step=4.0)
    spec = specs(settings)[1].penalty
    params = init_params(np.random.default_rng(0), specs(settings)[0], np.float32)
    penalty = init_penalty(params, spec)._replace(slope=(jnp.ones((5, 4)),))
    gains = np.linspace(-1, 1, 20, dtype=np.float32).reshape(5, 4)
    updates = (Layer(settings.learning_rate * gains, None),)
    moved = update_coefficients(
        penalty, updates, hyper_of(settings), jnp.arange(5), spec
    )
    expected = -np.clip(4 * gains, -1, 1)
    np.testing.assert_allclose(moved.deviation[0], expected, rtol=1e-6)
