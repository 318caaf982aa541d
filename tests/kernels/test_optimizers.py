# SPDX-License-Identifier: BSD-3-Clause
"""Schedules at known points; directions of the solvers at their first steps."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from skrln._kernels import SCHEDULES, SOLVERS
from skrln._kernels._optimizers import make_solver, rate_factor

PROGRESS = np.linspace(0, 1, 101)
FORMULAS = {
    "constant": np.ones_like,
    "cosine": lambda t: 0.5 * (1 + np.cos(np.pi * t)),
    "multi_cycle": lambda t: 0.5 * (1 - np.cos(2 * np.pi * np.log2(1 + 15 * t))),
}
#: At the start, half way and the end. log2(8.5) is 3.087: early in the last cycle.
POINTS = {
    "constant": [1, 1, 1],
    "cosine": [1, 0.5, 0],
    "multi_cycle": [0, 0.0736189, 0],
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedule_at_known_points(name):
    steps = np.array([0, 50, 100])
    factors = [rate_factor(name, jnp.int32(s), jnp.float32(100)) for s in steps]
    np.testing.assert_allclose(factors, POINTS[name], atol=1e-6)


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedule_follows_its_formula(name):
    with jax.enable_x64(True):
        factors = rate_factor(name, jnp.arange(101), jnp.float64(100))
    assert factors.dtype == np.float64
    np.testing.assert_allclose(factors, FORMULAS[name](PROGRESS), atol=1e-12)


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedule_stays_at_its_end(name):
    """A fit that goes on past it gets the last rate, not another cycle."""
    late = rate_factor(name, jnp.int32(250), jnp.float32(100))
    np.testing.assert_allclose(late, POINTS[name][-1], atol=1e-6)


def test_multi_cycle_has_four_cycles_each_twice_as_long():
    """Peaks and ends lie where ``1 + 15 t`` is a power of two times one or its root."""
    ends = (2.0 ** np.arange(5) - 1) / 15
    peaks = (2.0 ** (np.arange(4) + 0.5) - 1) / 15
    curve = SCHEDULES["multi_cycle"]
    np.testing.assert_allclose(curve(jnp.asarray(ends)), 0, atol=1e-6)
    np.testing.assert_allclose(curve(jnp.asarray(peaks)), 1, atol=1e-6)
    np.testing.assert_allclose(np.diff(ends)[1:] / np.diff(ends)[:-1], 2)


#: For the gradients 2 and -1 one after the other.
DIRECTIONS = {
    "sgd": [2, -1 + 0.5 * 2],
    "adam": [
        1,
        (0.9 * 0.2 - 0.1)
        / (1 - 0.9**2)
        / np.sqrt((0.999 * 0.004 + 0.001) / (1 - 0.999**2)),
    ],
    "rmsprop": [2 / np.sqrt(0.4), -1 / np.sqrt(0.9 * 0.4 + 0.1)],
}


@pytest.mark.parametrize("name", SOLVERS)
def test_directions_of_two_steps(name):
    # Single precision leaves 1e-5 of Adam's 1 - 0.999**2.
    with jax.enable_x64(True):
        solver = make_solver(name, 0.5)
        state = solver.init(jnp.zeros(1))
        first, state = solver.update(jnp.array([2.0]), state)
        second, _ = solver.update(jnp.array([-1.0]), state)
    found = np.concatenate([first, second])
    # The epsilons of the solvers: 1e-8 for Adam, 1e-7 in the root for RMSprop.
    np.testing.assert_allclose(found, DIRECTIONS[name], rtol=1e-6)
