# SPDX-License-Identifier: BSD-3-Clause
"""Importances against values by hand, and against the formula of 1991."""

from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest

from skrln._network._forward import Network
from skrln._network._importance import (
    active_columns,
    garson_importance,
    importance_divergence,
    importance_entropy,
    pairwise_divergences,
    selection_stability,
    zero_shares,
)


def garson_1991(hidden, output):
    """The measure as printed: one hidden layer, one output, loops and all."""
    n_inputs, n_units = hidden.shape
    importance = np.zeros(n_inputs)
    for i in range(n_inputs):
        for j in range(n_units):
            share = abs(hidden[i, j]) / sum(abs(hidden[k, j]) for k in range(n_inputs))
            importance[i] += share * abs(output[j])
    return importance / importance.sum()


def test_one_hidden_layer_is_garson_1991(global_random_seed):
    rng = np.random.default_rng(global_random_seed)
    hidden, output = rng.normal(size=(5, 4)), rng.normal(size=4)
    expected = garson_1991(hidden, output)
    found = garson_importance([hidden, output[:, None]])
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_by_hand():
    # Unit 0 gets 1/4 and 3/4 of its input, unit 1 gets 1/2 and 1/2. The output takes
    # 2/3 from unit 0 and 1/3 from unit 1.
    hidden = np.array([[1.0, -2.0], [-3.0, 2.0]])
    output = np.array([[4.0], [-2.0]])
    expected = [2 / 3 / 4 + 1 / 3 / 2, 2 / 3 * 3 / 4 + 1 / 3 / 2]
    np.testing.assert_allclose(garson_importance([hidden, output]), expected)


def test_linear_model_is_share_of_absolute_weights():
    found = garson_importance([np.array([[1.0], [-3.0], [0.0]])])
    np.testing.assert_array_equal(found, [0.25, 0.75, 0])


def test_several_outputs_count_the_same():
    # The second output has larger weights, and no larger say.
    weight = np.array([[1.0, 0.0], [1.0, 500.0]])
    np.testing.assert_allclose(garson_importance([weight]), [0.25, 0.75])


def test_signs_and_scales_of_units_do_not_matter():
    rng = np.random.default_rng(0)
    coefs = [rng.normal(size=shape) for shape in [(4, 3), (3, 3), (3, 1)]]
    scaled = [coefs[0] * [-2, 1, 5], coefs[1], -coefs[2]]
    np.testing.assert_allclose(garson_importance(scaled), garson_importance(coefs))


@pytest.mark.parametrize(
    ("coefs", "expected"),
    [
        # The second input feeds a unit that no output reads.
        ([[[1, 0], [0, 1]], [[1], [0]]], [1, 0]),
        # Unit 1 is read but gets nothing: its share is nobody's.
        ([[[1, 0], [3, 0]], [[1], [9]]], [0.25, 0.75]),
        # The second output is out of reach; the first alone counts.
        ([[[1, 1], [3, 1]], [[1, 0], [0, 0]]], [0.25, 0.75]),
        # A dead layer in the middle.
        ([[[1, 1], [1, 1]], [[0, 0], [0, 0]], [[1], [1]]], [0, 0]),
        ([[[0], [0], [0]], [[1]]], [0, 0, 0]),
    ],
)
def test_dead_paths(coefs, expected):
    found = garson_importance([np.array(weight, float) for weight in coefs])
    np.testing.assert_allclose(found, expected)


def test_groups_are_summed():
    coefs = [np.array([[1.0], [2.0], [3.0], [4.0]])]
    found = garson_importance(coefs, [1, 0, 1, 2])
    np.testing.assert_allclose(found, [0.2, 0.4, 0.4])


def test_importances_sum_to_one_through_any_depth(global_random_seed):
    rng = np.random.default_rng(global_random_seed)
    sizes = [6, 5, 4, 3, 2]
    coefs = [rng.normal(size=shape) for shape in pairwise(sizes)]
    coefs[0][rng.uniform(size=coefs[0].shape) < 0.7] = 0
    coefs[0][0, 0] = 1.0
    importance = garson_importance(coefs)
    assert importance.sum() == pytest.approx(1)
    assert importance.min() >= 0


@pytest.mark.parametrize(
    ("importance", "bits"),
    [
        ([1, 0, 0], 0),
        ([0.5, 0.5], 1),
        ([0.5, 0.25, 0.25], 1.5),
        (np.ones(8), 3),  # not scaled to one
    ],
)
def test_entropy_in_bits(importance, bits):
    assert importance_entropy(importance) == pytest.approx(bits)


def test_entropy_of_nothing_is_nan():
    assert np.isnan(importance_entropy([0.0, 0.0]))


def test_divergence_by_hand():
    # Jensen-Shannon of (1, 0) and (1/2, 1/2): H(3/4, 1/4) - (0 + 1) / 2.
    entropy = -(0.75 * np.log2(0.75) + 0.25 * np.log2(0.25))
    found = importance_divergence([[1, 0], [0.5, 0.5]])
    assert found == pytest.approx(entropy - 0.5)


def test_divergence_is_the_mean_over_pairs():
    same, other = [1, 0, 0], [0, 1, 0]
    assert importance_divergence([same, same]) == pytest.approx(0)
    # Of three pairs two are as far apart as can be.
    assert importance_divergence([same, same, other]) == pytest.approx(2 / 3)


def test_divergence_of_one_fit_is_refused():
    with pytest.raises(
        ValueError, match=r"Got importances of 1 fit, .* at least 2. Fit with"
    ):
        importance_divergence([[0.5, 0.5]])


def test_divergence_without_survivors_is_refused():
    with pytest.raises(ValueError, match=r"all zero for a fit.*Leave out fits"):
        importance_divergence([[0.5, 0.5], [0, 0]])


def test_stability_by_hand():
    # Of 3 fits all take input 0, two input 1, one input 2, none input 3: k is 2 of 4. The
    # variances are 3/2 * 2/3 * 1/3 = 1/3, twice, and zero, twice: their mean is 1/6, and
    # that of chance 1/2 * 1/2.
    selected = [[1, 1, 0, 0], [1, 1, 0, 0], [1, 0, 1, 0]]
    assert selection_stability(selected) == pytest.approx(1 - (1 / 6) / (1 / 4))


def test_stability_takes_importances_and_any_number_of_inputs():
    # The first takes 1 of 4, the second 3: k/d = 1/2, and two inputs have variance 1/2.
    importances = [[0.7, 0, 0, 0], [0.2, 0.5, 1e-9, 0]]
    assert selection_stability(importances) == pytest.approx(1 - (2 / 4 / 2) / (1 / 4))


def test_stability_of_lots_is_zero(global_random_seed):
    rng = np.random.default_rng(global_random_seed)
    # The error of the mean over 2000 inputs of 50 fits is near .003.
    assert abs(selection_stability(rng.uniform(size=(50, 2000)) < 0.3)) < 0.015


@pytest.mark.parametrize("selected", [np.ones((3, 4)), np.zeros((3, 4))])
def test_stability_without_a_choice_is_nan(selected):
    assert np.isnan(selection_stability(selected))


@pytest.mark.parametrize("selected", [[[1, 0]], [1, 0]])
def test_stability_of_one_fit_is_refused(selected):
    with pytest.raises(ValueError, match=r"Got selected of shape .* at least 2 fits"):
        selection_stability(selected)


@pytest.mark.parametrize(
    ("importance", "message"),
    [
        ([-1, 2], "with -1.0, but expected finite, non-negative"),
        ([1, np.nan], "with nan, but"),
        ([np.inf, 1], "with inf, but"),
        ([[1, 2]], r"of shape \(1, 2\), but expected 1 dimension"),
    ],
)
def test_importances_that_are_none_are_refused(importance, message):
    with pytest.raises(ValueError, match=f"Got importances {message}"):
        importance_entropy(importance)


def fitted(weight, groups, n_columns, plain=(), plain_columns=(), **norm):
    """Part of a fitted network that its importances depend on."""
    coefs = [np.asarray(weight, float), np.ones((len(weight[0]), 1))]
    zeros = [np.zeros(w.shape[1]) for w in coefs]
    layers = [(np.asarray(w, float), np.zeros(len(w[0]))) for w in plain]
    return SimpleNamespace(
        network=Network(coefs, zeros, "relu", plain=layers, **norm),
        input_groups=np.asarray(groups),
        encoder=SimpleNamespace(n_features=n_columns, plain=np.array(plain_columns)),
    )


def test_active_columns():
    weight = [[0.0, 0.0], [1e-300, 0.0], [0.0, 0.0], [0.0, 2.0]]
    found = active_columns(fitted(weight, range(4), 4))
    np.testing.assert_array_equal(found, [False, True, False, True])
    # Inputs 0 and 2 belong to column 1, so that nothing of it is left.
    found = active_columns(fitted(weight, [1, 0, 1, 2], 3))
    np.testing.assert_array_equal(found, [True, False, True])


def test_columns_that_are_not_encoded_are_not_active():
    network = fitted([[1.0], [2.0], [1.0]], [1, 3, 1], 6)
    active = [False, True, False, True, False, False]
    np.testing.assert_array_equal(active_columns(network), active)


def test_columns_of_the_plain_branch_are_active_if_a_unit_of_the_branch_is_read():
    branch = [[[1.0], [3.0]]]
    network = fitted([[2.0], [2.0]], [0, -1], 3, branch, [2, 1])
    assert active_columns(network).all()
    network = fitted([[2.0], [0.0]], [0, -1], 3, branch, [2, 1])
    np.testing.assert_array_equal(active_columns(network), [True, False, False])


def test_divergences_of_pairs():
    same, other = [1, 0], [0, 1]
    assert pairwise_divergences([same, same, other]) == pytest.approx([0, 1, 1])


def test_zero_shares_per_layer():
    coefs = [np.array([[0.0, 1.0], [0.0, 0.0]]), np.array([[2.0], [-0.0]])]
    np.testing.assert_array_equal(zero_shares(coefs), [0.75, 0.5])


def test_nearly_equal_importances_do_not_diverge(global_random_seed):
    """Rounding makes the divergence negative, and its root NaN."""
    rng = np.random.default_rng(global_random_seed)
    for _ in range(20):
        importance = rng.dirichlet(np.ones(5))
        near = np.nextafter(importance, 1)
        assert importance_divergence([importance, near]) == pytest.approx(0, abs=1e-12)
