# SPDX-License-Identifier: BSD-3-Clause
"""Losses and noise of a generator and a discriminator, against NumPy."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
from scipy.stats import kstest

from skrln._kernels import Layer
from skrln._kernels.joint._adversarial import (
    copy_loss,
    draw_noise,
    make_rows,
    noise_mismatch,
)

from . import _adversarial_reference as reference
from ._adversarial_problems import SPEC


def test_noise_is_normal_and_gumbel(double_precision):
    spec = replace(SPEC, batch_capacity=500)
    noise = draw_noise(jax.random.key(0), spec, np.float64)
    assert noise.latent.shape == (2, 500, 2)
    assert noise.gumbel.shape == (2, 500, 5)
    assert noise.veil.shape == (3, 500, 7)
    for values, law in zip(noise, ("norm", "gumbel_r", "norm"), strict=True):
        assert kstest(np.ravel(values), law).pvalue > 1e-3


def test_rows_are_numbers_and_blocks(double_precision):
    """Without Gumbel noise: a softmax in each block, and numbers as they are."""
    outputs = jnp.asarray(np.random.default_rng(0).normal(size=(4, 7)))
    rows = make_rows(outputs, SPEC)
    np.testing.assert_array_equal(rows[:, :2], outputs[:, :2])
    for block in (slice(2, 4), slice(4, 7)):
        expected = reference.softmax(np.asarray(outputs[:, block]))
        np.testing.assert_allclose(rows[:, block], expected, rtol=1e-12)
    bounded = make_rows(outputs, replace(SPEC, bounded=True))
    np.testing.assert_allclose(bounded[:, :2], np.tanh(outputs[:, :2]), rtol=1e-12)


def test_generated_rows_are_nearly_one_hot_and_zero_where_missing(double_precision):
    outputs = np.random.default_rng(0).normal(size=(4, 7))
    gumbel = np.zeros((4, 5))
    gumbel[:, 1] = 60  # the number is missing
    gumbel[:, 3] = 60  # the second category
    rows = make_rows(jnp.asarray(outputs), SPEC, jnp.asarray(gumbel))
    np.testing.assert_allclose(rows[:, 1:], [[0, 0, 1, 0, 1, 0]] * 4, atol=1e-20)
    np.testing.assert_array_equal(rows[:, 0], outputs[:, 0])


def test_distance_of_a_copy_and_its_code_are_the_formulas(double_precision):
    layers = reference.start()[4:]
    params = tuple(Layer(*layers[k : k + 2]) for k in range(0, len(layers), 2))
    rng = np.random.default_rng(0)
    rows, veil = rng.normal(size=(6, 7)), rng.normal(size=(6, 7))
    distances, codes = copy_loss(params, jnp.asarray(rows), 0.2 * veil, SPEC)
    mean, expected = reference.copy_loss(layers, rows, veil)
    np.testing.assert_allclose(distances.mean(), mean, rtol=1e-12)
    np.testing.assert_allclose(codes, expected, rtol=1e-12)


def test_codes_with_the_moments_of_the_noise_match_it(double_precision):
    codes = np.array([[1.0, 1], [1, -1], [-1, 1], [-1, -1], [9, 9]])
    weights = jnp.array([1.0, 1, 1, 1, 0])
    assert noise_mismatch(jnp.asarray(codes), weights) == 0
    # Shifted by two: the squared length of the mean, over the two numbers of a code.
    assert noise_mismatch(jnp.asarray(codes) + 2, weights) == (4 + 4) / 2
