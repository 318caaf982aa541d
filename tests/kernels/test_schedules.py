# SPDX-License-Identifier: BSD-3-Clause
"""Schedules at known points."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from skrln._kernels import SCHEDULES, Schedule, tabulate_rate
from skrln._kernels._schedules import (
    BY_DECAY_STEPS,
    BY_PROGRESS,
    rate_factor,
    warmup_factor,
)

PROGRESS = np.linspace(0, 1, 101)


def test_names_are_those_of_the_schedules():
    assert (*BY_PROGRESS, *BY_DECAY_STEPS, "performance") == SCHEDULES


FORMULAS = {
    "constant": np.ones_like,
    "cosine": lambda t: 0.5 * (1 + np.cos(np.pi * t)),
}


#: At the start, half way and the end.
POINTS = {
    "constant": [1, 1, 1],
    "cosine": [1, 0.5, 0],
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
    table = tabulate_rate(rate, 10)
    np.testing.assert_allclose(table, [float(rate(step)) for step in range(10)])
    schedule = Schedule(table=jnp.asarray(table))
    factors = [
        rate_factor("table", jnp.int32(t), jnp.float32(9), schedule) for t in (0, 4, 99)
    ]
    np.testing.assert_allclose(factors, table[[0, 4, 9]], rtol=1e-6)


def test_every_name_is_a_schedule():
    for name in SCHEDULES:
        first = rate_factor(name, jnp.int32(0), jnp.float32(100), Schedule())
        assert float(first) == 1, name


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_rates_are_tabulated_in_the_precision_of_the_fit(precision):
    table = tabulate_rate(lambda step: step / 3, 4, precision=precision)
    assert table.dtype == np.float64
    np.testing.assert_array_equal(
        table, np.arange(4, dtype=precision) / np.array(3, precision)
    )


def test_schedules_in_python_are_tabulated_step_by_step():
    table = tabulate_rate(lambda step: 0.1 if step < 2 else 0.01, 3)
    np.testing.assert_array_equal(table, [0.1, 0.1, 0.01])


@pytest.mark.parametrize(
    ("step", "warmup", "expected"),
    [(0, 0.0, 1.0), (0, 4.0, 0.25), (1, 4.0, 0.5), (3, 4.0, 1.0), (9, 4.0, 1.0)],
)
def test_the_factor_is_linear_and_then_one(step, warmup, expected):
    assert warmup_factor(np.int32(step), np.float32(warmup)) == expected
