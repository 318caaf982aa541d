# SPDX-License-Identifier: BSD-3-Clause
"""Schedules at known points; directions of the solvers at their first steps."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from skrln._kernels import SCHEDULES, SOLVERS, Hyper
from skrln._kernels._optimizers import (
    BY_PROGRESS,
    clip_gradient,
    make_solver,
    rate_factor,
    tabulate,
)
from skrln._kernels._types import Schedule

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


@pytest.mark.parametrize("name", BY_PROGRESS)
def test_schedule_at_known_points(name):
    steps = np.array([0, 50, 100])
    factors = [
        rate_factor(name, jnp.int32(s), jnp.float32(100), Schedule()) for s in steps
    ]
    np.testing.assert_allclose(factors, POINTS[name], atol=1e-6)


@pytest.mark.parametrize("name", BY_PROGRESS)
def test_schedule_follows_its_formula(name):
    with jax.enable_x64(True):
        factors = rate_factor(name, jnp.arange(101), jnp.float64(100), Schedule())
    assert factors.dtype == np.float64
    np.testing.assert_allclose(factors, FORMULAS[name](PROGRESS), atol=1e-12)


@pytest.mark.parametrize("name", BY_PROGRESS)
def test_schedule_stays_at_its_end(name):
    """A fit that goes on past it gets the last rate, not another cycle."""
    late = rate_factor(name, jnp.int32(250), jnp.float32(100), Schedule())
    np.testing.assert_allclose(late, POINTS[name][-1], atol=1e-6)


def test_multi_cycle_has_four_cycles_each_twice_as_long():
    """Peaks and ends lie where ``1 + 15 t`` is a power of two times one or its root."""
    ends = (2.0 ** np.arange(5) - 1) / 15
    peaks = (2.0 ** (np.arange(4) + 0.5) - 1) / 15
    curve = BY_PROGRESS["multi_cycle"]
    np.testing.assert_allclose(curve(jnp.asarray(ends)), 0, atol=1e-6)
    np.testing.assert_allclose(curve(jnp.asarray(peaks)), 1, atol=1e-6)
    np.testing.assert_allclose(np.diff(ends)[1:] / np.diff(ends)[:-1], 2)


def decayed(name, step, **numbers):
    """Factor of a schedule that goes by decay steps, of 40 steps each."""
    with jax.enable_x64(True):
        schedule = Schedule(decay_steps=jnp.float64(40), **numbers)
        return float(rate_factor(name, jnp.int32(step), jnp.float64(100), schedule))


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_power_schedule(power):
    """One over (1 + t / s) to the power; from mark to mark it falls less and less."""
    marks = [decayed("power", 40 * k, power=power) for k in range(6)]
    np.testing.assert_allclose(marks[:3], [1, 0.5**power, (1 / 3) ** power])
    ratios = np.divide(marks[1:], marks[:-1])
    k = np.arange(5)
    np.testing.assert_allclose(ratios, ((k + 1) / (k + 2)) ** power, rtol=1e-12)


def test_exponential_schedule():
    """A tenth every decay steps, also between the marks and past the planned end."""
    marks = [decayed("exponential", step) for step in (0, 20, 40, 80, 120)]
    np.testing.assert_allclose(marks, [1, 0.1**0.5, 0.1, 0.01, 0.001], rtol=1e-12)


def test_tabulated_schedule_is_the_one_of_optax():
    rate = optax.linear_onecycle_schedule(10, 0.5)
    table = tabulate(rate, 10)
    np.testing.assert_allclose(table, [float(rate(step)) for step in range(10)])
    schedule = Schedule(table=jnp.asarray(table))
    found = [
        rate_factor("table", jnp.int32(t), jnp.float32(9), schedule) for t in (0, 4, 99)
    ]
    np.testing.assert_allclose(found, table[[0, 4, 9]], rtol=1e-6)


def test_every_name_is_a_schedule():
    for name in SCHEDULES:
        first = rate_factor(name, jnp.int32(0), jnp.float32(100), Schedule())
        assert float(first) == (0 if name == "multi_cycle" else 1), name


def clipped(clips, **bounds):
    gradient = {"a": jnp.array([0.9]), "b": jnp.array([100.0])}
    hyper = Hyper(*[None] * 9, **bounds)
    with jax.enable_x64(True):
        found = clip_gradient(gradient, clips, hyper)
    return [float(found["a"][0]), float(found["b"][0])]


def test_clipping_by_value_turns_the_gradient():
    np.testing.assert_allclose(clipped(("value",), clip_value=1.0), [0.9, 1], rtol=1e-6)


def test_clipping_by_norm_keeps_its_direction():
    """Over all layers together."""
    found = clipped(("norm",), clip_norm=1.0)
    np.testing.assert_allclose(found, [0.00899964, 0.9999595], rtol=1e-6)
    assert clipped(("norm",), clip_norm=1e3) == pytest.approx([0.9, 100])


def test_no_clipping():
    assert clipped(()) == pytest.approx([0.9, 100])


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
