# SPDX-License-Identifier: BSD-3-Clause
"""The rule, step by step: values by hand, finite differences, and means."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from skrln._kernels import Layer, _coefficients
from skrln._kernels._network import init_params
from skrln._kernels._start import initial_train_state
from skrln._kernels._step import train_step
from skrln._kernels._types import Batch

from ._problems import Table, hyper_of, make_table, specs
from ._reference import Settings, mean_gradient

PLAIN_SGD = {"solver": "sgd", "momentum": 0.0}


class Stepper:
    """The shipped step for `settings`, with the state before the first one."""

    def __init__(self, settings, dtype=np.float64, **numbers):
        network, train = specs(settings)
        groups = settings.columns or range(settings.layer_sizes[0])
        self.hyper = jax.tree.map(
            lambda number: jnp.asarray(number, dtype), hyper_of(settings, **numbers)
        )
        self.step = partial(
            train_step,
            hyper=self.hyper._replace(layer_rate=jnp.ones(network.n_layers, dtype)),
            groups=jnp.array(groups),
            key=None,  # nothing is drawn
            network=network,
            train=train,
        )
        self.jitted = jax.jit(self.step)
        params = init_params(np.random.default_rng(settings.seed), network, dtype)
        self.state = jax.device_put(
            initial_train_state(params, (), train, self.hyper.solver_numbers)
        )

    def lambdas(self, state):
        """Lambda of each regularized layer."""
        deviations = state.penalty.deviation
        return [self.hyper.theta[k] + d for k, d in enumerate(deviations)]


def batch_of(table, dtype=np.float64) -> Batch:
    arrays = (jnp.asarray(part, dtype) for part in table)
    return Batch(*arrays, jnp.asarray(len(table.inputs)))


RATE, PAPER_THETA, PAPER_NU = 0.1, -1.5, 1000.0


FIRST = Table(np.array([[1.0, 2.0]]), np.ones((1, 1)), np.ones((1, 1)))


SECOND = Table(np.array([[2.0, 1.0]]), np.zeros((1, 1)), np.ones((1, 1)))


def hand_stepper(unit_rate, rule):
    theta = PAPER_THETA + np.log(unit_rate)
    nu = PAPER_NU / RATE  # acts on the step taken, which holds the learning rate
    settings = Settings(
        layer_sizes=(2, 1),
        **PLAIN_SGD,
        rule=rule,
        learning_rate=RATE,
        theta=theta,
        reg_step=nu * RATE**2 / unit_rate * np.exp(theta),
    )
    stepper = Stepper(settings)
    deviation = jnp.array([[-2.0], [-1.0]]) - PAPER_THETA
    penalty = stepper.state.penalty._replace(deviation=(deviation,))
    params = (Layer(jnp.array([[1.0], [-0.5]]), jnp.zeros(1)),)
    stepper.state = stepper.state._replace(params=params, penalty=penalty)
    return stepper


@pytest.mark.parametrize("unit_rate", [1.0, 1e-3], ids=["paper's units", "ours"])
@pytest.mark.parametrize("rule", ["proximal", "subgradient"])
def test_hand_example(unit_rate, rule, monkeypatch, double_precision):
    monkeypatch.setattr(_coefficients, "UNIT_RATE", unit_rate)
    monkeypatch.setattr(_coefficients, "MAX_REG_STEP", np.inf)
    stepper = hand_stepper(unit_rate, rule)
    rounded = {"rtol": 0, "atol": 5e-9}  # values by hand have eight decimals

    first, _ = stepper.jitted(stepper.state, batch_of(FIRST))
    weight = first.params[0].weight
    np.testing.assert_allclose(weight[:, 0], [1.08646647, -0.26321206], **rounded)
    pull = np.exp(PAPER_THETA) * first.penalty.slope[0]
    np.testing.assert_allclose(pull[:, 0], [0.13533528, -0.36787944], **rounded)

    # The network has a bias, the example has none.
    first = first._replace(params=(Layer(weight, jnp.zeros(1)),))
    _, [gradient, _] = mean_gradient(
        Settings(), [np.asarray(weight)], [np.zeros(1)], *SECOND
    )
    np.testing.assert_allclose(gradient[:, 0], [3.81944177, 1.90972089], **rounded)
    counterfactual = -RATE * gradient * pull
    np.testing.assert_allclose(
        counterfactual[:, 0], [-0.05169052, 0.07025471], **rounded
    )
    if rule == "proximal":  # the other one lowers lambda again in the same step
        second, _ = stepper.jitted(first, batch_of(SECOND))
        lam = stepper.lambdas(second)[0] - np.log(unit_rate)
        np.testing.assert_allclose(lam[:, 0], [58.97261436, -61.97261436], **rounded)


COUNTERFACTUAL = {
    "l1": Settings(**PLAIN_SGD, regularized="all", theta=-5.0),
    "l1, adam": Settings(regularized="all", theta=-4.0),
    "l2": Settings(**PLAIN_SGD, regularized="all", norm="l2", theta=-4.0),
    "groups": Settings(**PLAIN_SGD, columns=(0, 0, 1, 2, 2), theta=-3.5),
    "groups, l2": Settings(
        **PLAIN_SGD, columns=(0, 0, 1, 2, 2), norm="l2", regularized="all", theta=-4.0
    ),
    "subgradient": Settings(**PLAIN_SGD, rule="subgradient", theta=-9.0),
    "subgradient, l2": Settings(**PLAIN_SGD, rule="subgradient", norm="l2", theta=-5.0),
}


@pytest.mark.parametrize("name", COUNTERFACTUAL)
def test_coefficients_descend_the_counterfactual_loss(
    name, monkeypatch, double_precision, unprojected
):
    """Finite differences through two whole steps.

    The loss of the second batch depends on lambda through the penalty step before it.
    """
    settings = COUNTERFACTUAL[name]
    monkeypatch.setattr(_coefficients, "MAX_REG_STEP", np.inf)
    table = make_table(settings)
    first, second = table.take(slice(8)), table.take(slice(8, 16))
    stepper = Stepper(settings)
    flat, unravel = ravel_pytree(stepper.state.penalty.deviation)

    @jax.jit
    @jax.vmap
    def two_steps(deviation):
        penalty = stepper.state.penalty._replace(deviation=unravel(deviation))
        start = stepper.state._replace(penalty=penalty)
        middle, _ = stepper.step(start, batch_of(first))
        end, info = stepper.step(middle, batch_of(second))
        moved = ravel_pytree(end.penalty.deviation)[0]
        return info.loss, middle, moved - ravel_pytree(middle.penalty.deviation)[0]

    spread = 0.3 * np.random.default_rng(1).normal(size=flat.size)
    step = 1e-5 * np.eye(flat.size)
    losses, states, moves = two_steps(np.vstack([spread, spread + step, spread - step]))
    # The error of central differences of a function and third derivatives of order one:
    # 1e-11 by the step squared, 1e-11 by rounding.
    tolerance = {"rtol": 1e-6, "atol": 1e-9}
    difference = np.subtract(*np.split(losses[1:], 2)) / 2e-5

    state = jax.tree.map(lambda leaf: np.asarray(leaf[0]), states)
    weights = [layer.weight for layer in state.params]
    biases = [layer.bias for layer in state.params]
    _, gradient = mean_gradient(settings, weights, biases, *second)
    scale = settings.learning_rate / 1e-3 * np.exp(settings.thetas[0])
    slopes = state.penalty.slope
    products = [-scale * g * slope for g, slope in zip(gradient, slopes, strict=False)]
    sums, sizes = over_coefficients(settings, products)
    np.testing.assert_allclose(difference, sums, **tolerance)

    if settings.norm == "l1":
        live = [layer != 0 for layer in weights[: len(slopes)]]
        n_live, _ = over_coefficients(settings, live)
        assert (difference[n_live == 0] == 0).all()
        assert (n_live == 0).any() == (settings.rule == "proximal")
        assert (n_live > 0).any()
    if settings.solver == "sgd":
        # Its update is the raw gradient: lambda moves down the mean over its weights.
        descent = -settings.reg_step / scale * difference / sizes
        np.testing.assert_allclose(moves[0], descent, **tolerance)


def over_coefficients(settings, layers):
    """Sum of the values per weight over each coefficient's weights, and how many."""
    if settings.columns is None:
        flat = np.concatenate([np.ravel(values) for values in layers])
        return flat, np.ones_like(flat)
    sums, sizes = [], []
    for k, values in enumerate(layers):
        groups = np.array(settings.columns if k == 0 else range(len(values)))
        for group in np.unique(groups):
            sums.append(np.sum(values[groups == group]))
            sizes.append(np.size(values[groups == group]))
    return np.array(sums), np.array(sizes)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_update_of_sgd_is_the_raw_gradient(momentum, double_precision, unprojected):
    """Without momentum; with it the update remembers the gradients before."""
    settings = Settings(solver="sgd", momentum=momentum, schedule="cosine")
    stepper = Stepper(settings, total_steps=3)
    table = make_table(settings)
    first, _ = stepper.jitted(stepper.state, batch_of(table.take(slice(8))))
    second, _ = stepper.jitted(first, batch_of(table.take(slice(8, 16))))

    weights = [np.asarray(layer.weight) for layer in first.params]
    biases = [np.asarray(layer.bias) for layer in first.params]
    _, gradient = mean_gradient(settings, weights, biases, *table.take(slice(8, 16)))
    factor = (1 + np.cos(np.pi / 3)) / 2  # of the schedule at the second of three steps
    raw = settings.reg_step * factor * gradient[0] * first.penalty.slope[0]
    moved = second.penalty.deviation[0] - first.penalty.deviation[0]
    assert np.allclose(moved, raw, rtol=1e-9, atol=1e-14) == (momentum == 0)


def run_steps(stepper, batches):
    """States after each of `batches`."""
    states = [stepper.state]
    for batch in batches:
        states.append(stepper.jitted(states[-1], batch)[0])
    return states[1:]


@pytest.mark.parametrize(
    "settings",
    [
        Settings(reg_step=1.0),
        Settings(reg_step=1.0, regularized="all"),
        Settings(reg_step=1.0, regularized="all", scope="layer", theta=(-6.0, -4.0)),
        Settings(reg_step=1.0, columns=(0, 0, 1, 2, 2)),
    ],
    ids=["first layer", "network", "layer", "groups"],
)
def test_mean_is_theta_after_every_step(settings):
    table = make_table(settings)
    parts = [batch_of(table.take(slice(s, s + 7)), np.float32) for s in (0, 7, 14)]
    stepper = Stepper(settings, np.float32)
    for state in run_steps(stepper, parts * 20):
        layers = [np.asarray(lam, np.float64) for lam in stepper.lambdas(state)]
        if settings.scope == "layer":
            means = [lam.mean() for lam in layers]
            np.testing.assert_allclose(means, settings.thetas, atol=1e-5)
        else:
            mean = np.concatenate([np.ravel(lam) for lam in layers]).mean()
            np.testing.assert_allclose(mean, settings.theta, atol=1e-5)
    assert np.ptp(layers[0]) > 1


def test_mean_falls_without_the_projection(double_precision, unprojected):
    """At rest the gradient and the pull of a live weight oppose each other."""
    settings = Settings(**PLAIN_SGD, learning_rate=0.1, theta=-9.0, reg_step=1.0)
    stepper = Stepper(settings)
    states = run_steps(stepper, [batch_of(make_table(settings))] * 200)
    means = [float(jnp.mean(stepper.lambdas(state)[0])) for state in states]
    assert means[-1] < settings.theta
    assert (np.diff(means[100:]) < 0).all()
