# SPDX-License-Identifier: BSD-3-Clause
import numpy as np
import pytest
from scipy.special import expit

from skrln._network._forward import Network
from skrln.pruning._angles import angles_between, centred, incoming_vectors

from ._networks import table


def test_known_angles():
    vectors = np.array([[1.0, 2, 0, -3, 1], [0.0, 0, 1, 0, 1]])
    expected = [
        [0, 0, 90, 180, 45],
        [0, 0, 90, 180, 45],
        [90, 90, 0, 90, 45],
        [180, 180, 90, 0, 135],
        [45, 45, 45, 135, 0],
    ]
    np.testing.assert_allclose(angles_between(vectors), expected, atol=1e-5)


def test_zero_vectors_are_alike_and_at_right_angles_to_others():
    vectors = np.array([[0.0, 0, 1], [0, 0, 2]])
    expected = [[0, 0, 90], [0, 0, 90], [90, 90, 0]]
    np.testing.assert_allclose(angles_between(vectors), expected)
    np.testing.assert_array_equal(angles_between(np.zeros((2, 2))), 0)


def layer_of(weight, bias, **changes):
    return Network([weight], [bias], "relu", **changes)


def test_weight_angles_do_not_depend_on_the_scale_of_a_unit():
    rng = np.random.default_rng(0)
    weight, bias = rng.normal(size=(4, 6)), rng.normal(size=6)
    scale = np.array([1, 2, 0.1, 5, 1, 30])
    for include_bias in (True, False):
        plain, scaled = (
            angles_between(
                incoming_vectors(layer_of(w, b), 0, include_bias=include_bias)
            )
            for w, b in ((weight, bias), (weight * scale, bias * scale))
        )
        np.testing.assert_allclose(plain, scaled, atol=1e-5)


def test_bias_is_one_more_coordinate():
    weight, bias = np.array([[1.0, 1.0]]), np.array([1.0, -1.0])
    without, with_it = (
        angles_between(incoming_vectors(layer_of(weight, bias), 0, include_bias=b))
        for b in (False, True)
    )
    assert without[0, 1] == pytest.approx(0)
    assert with_it[0, 1] == pytest.approx(90)


def test_batch_norm_before_the_activation_is_folded_in():
    rng = np.random.default_rng(0)
    weight, bias = rng.normal(size=(3, 2)), rng.normal(size=2)
    norm = np.abs(rng.normal(size=(4, 2)))
    norm[0, 1] *= -1  # a gain that turns the unit round
    network = layer_of(weight, bias, batch_norm="before", batch_norms=[norm])
    vectors = incoming_vectors(network, 0, include_bias=True)
    X = table()
    gain, shift, mean, variance = norm
    z = (X @ weight + bias - mean) / np.sqrt(variance + 1e-5) * gain + shift
    np.testing.assert_allclose(np.c_[X, np.ones(len(X))] @ vectors, z)


def test_activation_angles_do_not_depend_on_the_order_of_the_rows():
    values = expit(table(50, 5))
    order = np.random.default_rng(1).permutation(50)
    for center in ("auto", "mean", "midrange", "unit"):
        angles = angles_between(centred(values, center, "logistic"))
        again = angles_between(centred(values[order], center, "logistic"))
        np.testing.assert_allclose(angles, again, atol=1e-5)


def test_exact_complements_of_a_sigmoid_are_opposite_only_when_centred():
    z = table(200, 1)[:, 0]
    values = expit(np.stack([z, -z], axis=1))
    raw = angles_between(values)[0, 1]
    assert raw < 90
    assert angles_between(centred(values, "auto", "logistic"))[0, 1] == pytest.approx(
        180
    )


def test_centers():
    values = np.array([[0.0, 4.0], [1.0, 5.0]])
    mean = values - 2.5
    np.testing.assert_array_equal(centred(values, "auto", "relu"), mean)
    np.testing.assert_array_equal(centred(values, "mean", "logistic"), mean)
    np.testing.assert_array_equal(centred(values, "auto", "logistic"), values - 0.5)
    np.testing.assert_array_equal(centred(values, "auto", "tanh"), values)
    np.testing.assert_array_equal(centred(values, "midrange", "relu"), values - 2.5)
    values[0, 0] = -3
    np.testing.assert_array_equal(centred(values, "midrange", "relu"), values - 1)
    unit = centred(values, "unit", "relu")
    np.testing.assert_allclose(unit.mean(axis=0), 0)
