# SPDX-License-Identifier: BSD-3-Clause
"""Every loss against NumPy, and its gradient against finite differences."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import expit, logsumexp

from skrln._kernels import LOSSES as NAMES
from skrln._kernels._losses import (
    LOSSES,
    reduce_loss,
    reduce_tasks,
    sharpened,
    task_values,
)

PARAMETER = 0.3
FORMULAS = {
    "squared_error": lambda o, t: (o - t) ** 2 / 2,
    "absolute_error": lambda o, t: abs(o - t),
    "huber": lambda o, t: np.where(
        abs(o - t) <= PARAMETER,
        (o - t) ** 2 / 2,
        PARAMETER * (abs(o - t) - PARAMETER / 2),
    ),
    "quantile": lambda o, t: np.where(
        t > o, PARAMETER * (t - o), (1 - PARAMETER) * (o - t)
    ),
    "poisson": lambda o, t: np.exp(o) - t * o,
    "log_loss": lambda o, t: -np.log(np.where(t == 1, expit(o), expit(-o))),
}


def example(name):
    """Outputs and targets of two tasks with one output each."""
    rng = np.random.default_rng(0)
    outputs = rng.normal(size=(30, 2))
    targets = rng.normal(size=(30, 2))
    if name == "poisson":
        targets = rng.poisson(2.0, size=(30, 2)).astype(float)
    if name == "log_loss":
        targets = rng.integers(2, size=(30, 2)).astype(float)
    return outputs, targets


def test_names_are_those_of_the_losses():
    assert tuple(LOSSES) == NAMES


@pytest.mark.parametrize("name", LOSSES)
def test_values(name, double_precision):
    outputs, targets = example(name)
    values = LOSSES[name](jnp.asarray(outputs), jnp.asarray(targets), PARAMETER)
    assert values.shape == targets.shape
    expected = FORMULAS[name](outputs, targets)
    np.testing.assert_allclose(values, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", LOSSES)
def test_gradients(name, double_precision):
    outputs, targets = example(name)

    def total(outputs):
        return LOSSES[name](outputs, jnp.asarray(targets), PARAMETER).sum()

    gradient = jax.jit(jax.grad(total))(jnp.asarray(outputs))
    # Each output has a loss of its own; no residual lies within 1e-4 of a kink. Central
    # differences are off by 1e-10 times a third derivative of up to exp(2).
    step = 1e-5
    difference = FORMULAS[name](outputs + step, targets)
    difference = (difference - FORMULAS[name](outputs - step, targets)) / (2 * step)
    np.testing.assert_allclose(gradient, difference, atol=1e-8)


HEADS = (3, 1, 2)


def several_tasks():
    rng = np.random.default_rng(1)
    outputs = rng.normal(size=(12, sum(HEADS)))
    codes = [rng.integers(max(width, 2), size=12) for width in HEADS]
    return outputs, np.stack(codes, axis=1)


def cross_entropy(outputs, codes):
    """One column per task of `HEADS`."""
    columns, start = [], 0
    for task, width in enumerate(HEADS):
        logits = outputs[:, start : start + width]
        if width == 1:
            logits = np.hstack([np.zeros_like(logits), logits])
        chosen = logits[np.arange(len(logits)), codes[:, task]]
        columns.append(logsumexp(logits, axis=1) - chosen)
        start += width
    return np.stack(columns, axis=1)


def test_log_loss_of_several_class_targets(double_precision):
    outputs, codes = several_tasks()
    targets = jnp.asarray(codes, float)

    def values(outputs):
        return task_values("log_loss", outputs, targets, HEADS, PARAMETER)

    expected = cross_entropy(outputs, codes)
    np.testing.assert_allclose(values(outputs), expected, rtol=1e-12)
    gradient = jax.jit(jax.grad(lambda o: values(o).sum()))(jnp.asarray(outputs))
    for column in range(sum(HEADS)):
        step = 1e-5 * np.eye(sum(HEADS))[column]
        higher, lower = (cross_entropy(outputs + s, codes) for s in (step, -step))
        difference = (higher - lower).sum(axis=1) / 2e-5
        np.testing.assert_allclose(gradient[:, column], difference, atol=1e-8)


@pytest.mark.parametrize("heads", [(1,), (4,)])
def test_log_loss_of_sure_outputs_is_finite(heads):
    """In single precision, where a probability of one is reached at a logit of 17."""
    outputs = np.full((2, heads[0]), -500.0, np.float32)
    outputs[:, 0] = 500
    targets = np.array([[0.0], [1.0]], np.float32)
    values = task_values("log_loss", outputs, targets, heads, PARAMETER)[:, 0]
    expected = [500, 0] if heads == (1,) else [0, 1000]
    np.testing.assert_allclose(values, expected, atol=1e-6)


def test_quantile_loss_is_least_at_the_quantile():
    sample = np.random.default_rng(0).normal(size=(999, 1))
    levels = np.linspace(-2, 2, 2001)
    outputs = np.broadcast_to(levels, (999, 2001))
    values = np.asarray(LOSSES["quantile"](outputs, sample, PARAMETER))
    best = levels[values.mean(axis=0).argmin()]
    np.testing.assert_allclose(best, np.quantile(sample, PARAMETER), atol=0.005)


def test_reduction_is_a_weighted_sum():
    values = np.array([[1.0, 2.0], [3.0, 4.0]])
    weights = np.array([[1.0, 0.5], [0.0, 2.0]])
    assert reduce_loss(values, weights) == 1 + 1 + 0 + 8
    np.testing.assert_array_equal(reduce_tasks(values, weights), [1, 9])


def test_mixed_tasks_have_a_loss_each():
    """A number, two classes and three, with the values of each loss on its own."""
    outputs, codes = several_tasks()
    losses, heads = ("huber", "log_loss", "log_loss"), (1, 1, 3)
    outputs = outputs[:, :5]
    targets = np.column_stack([outputs[:, 1] + 1, codes[:, 1], codes[:, 0]])
    values = task_values(losses, jnp.asarray(outputs), jnp.asarray(targets), heads, 0.3)
    assert values.shape == (12, 3)
    start = 0
    for task, (name, width) in enumerate(zip(losses, heads, strict=True)):
        own = outputs[:, start : start + width], targets[:, [task]]
        alone = task_values(name, *map(jnp.asarray, own), (width,), 0.3)
        np.testing.assert_array_equal(values[:, [task]], alone)
        start += width


def test_logits_are_sharpened_and_numbers_are_not():
    outputs = np.arange(1.0, 5.0)[None]
    sharp = sharpened(outputs, 2.0, ("squared_error", "log_loss"), (1, 3))
    np.testing.assert_array_equal(sharp, [[1, 4, 6, 8]])
    np.testing.assert_array_equal(
        sharpened(outputs, 2.0, "log_loss", (4,)), 2 * outputs
    )


def test_values_that_do_not_count_may_be_anything():
    values = np.array([[1.0, np.inf], [np.nan, 4.0]])
    weights = np.array([[1.0, 0.0], [0.0, 1.0]])
    assert reduce_loss(values, weights) == 5
    gradient = jax.grad(reduce_loss)(jnp.asarray(values), jnp.asarray(weights))
    np.testing.assert_array_equal(gradient, weights)
