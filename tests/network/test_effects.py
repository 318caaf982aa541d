# SPDX-License-Identifier: BSD-3-Clause
"""Effects of columns: hand values, derivatives by differences, and blends."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from skrln._kernels import ACTIVATIONS
from skrln._network._effects import backward, column_effects, forward_pass
from skrln._network._forward import Network, forward
from skrln._table._labels import MixedLabels, NumberLabels
from skrln._table._problem import Arguments, read_training

from ._values import (
    CLASS_LABELS,
    NUMBERS,
    X,
    Y,
    draw_fitted,
    draw_network,
    make_parameters,
    make_problem,
    network_spec,
    settings_of,
)

RNG = np.random.default_rng(1)


def columns_of(parameters, X=X, y=Y, sample_weight=None):
    arguments = Arguments(X, y, sample_weight)
    return read_training(arguments, parameters.labels, parameters.input_options)[2]


def linear(weight, X=X, y=Y, sample_weight=None, labels=NUMBERS, **params):
    """A fitted network without hidden layers, and the columns of its table."""
    parameters = make_parameters(labels, hidden_layer_sizes=(), **params)
    problem = make_problem(parameters, X, y, sample_weight)
    fitted = draw_fitted(parameters, problem)
    weight = np.reshape(np.asarray(weight, float), fitted.network.coefs[0].shape)
    network = Network([weight], [np.zeros(weight.shape[1])], "relu")
    columns = columns_of(parameters, X, y, sample_weight)
    return fitted._replace(network=network), columns


def shares(fitted, columns):
    effects = column_effects([fitted], [1.0], columns)
    return effects / effects.sum()


def test_linear_network():
    """Scaled numbers have a variance of one: effects are the squares of the weights."""
    fitted, columns = linear([1.0, -2.0, 0.0], input_clip=None)
    np.testing.assert_allclose(shares(fitted, columns), [0.2, 0.8, 0], rtol=1e-6)


def test_total_effect_of_independent_columns_is_the_variance():
    fitted, columns = linear([1.0, -2.0, 3.0], input_clip=None)
    effects = column_effects([fitted], [1.0], columns)
    # Few rows are drawn, so that their variance is not exact.
    assert effects.sum() == pytest.approx(1, rel=0.3)


def test_constant_columns_move_nothing():
    table = np.column_stack([X[:, 0], np.full(len(X), 7.0), X[:, 1]])
    fitted, columns = linear([1.0, 100.0, 1.0], table, input_clip=None)
    np.testing.assert_allclose(shares(fitted, columns), [0.5, 0, 0.5], atol=1e-12)


def test_rare_values_move_little():
    table = np.column_stack([X[:, 0], np.arange(24) == 0])
    fitted, columns = linear([1.0, 1.0], table, input_clip=None)
    np.testing.assert_allclose(shares(fitted, columns), [0.5, 0.5], rtol=1e-6)
    # Scaled to a variance of one it counts as any other; as a category it is not scaled.
    frame = pd.DataFrame({"a": X[:, 0], "b": np.where(table[:, 1] > 0, "x", "y")})
    fitted, columns = linear([1.0, 1.0, 0.0], frame, input_clip=None)
    variance = (1 / 24) * (23 / 24)
    expected = np.array([1, variance]) / (1 + variance)
    np.testing.assert_allclose(shares(fitted, columns), expected, rtol=1e-6)


def test_weighted_rows():
    weights = np.r_[np.full(12, 3.0), np.ones(12)]
    frame = pd.DataFrame({"a": np.repeat(["x", "y"], 12), "b": X[:, 0]})
    fitted, columns = linear(
        [1.0, 0.0, 1.0], frame, sample_weight=weights, input_clip=None
    )
    effects = column_effects([fitted], [1.0], columns)
    # The category has the shares 3/4 and 1/4; the number has a weighted variance of one.
    assert effects[0] / effects[1] == pytest.approx(3 / 16)


def test_inputs_of_one_column_move_together():
    """Opposite weights of a number and of the mark of missing numbers add up."""
    table = X.copy()
    table[:6, 0] = np.nan
    options = {"input_clip": None}
    fitted, columns = linear([0.0, 1.0, 1.0, 2.0], table, **options)
    # The mark is one in a quarter of the rows.
    expected = np.array([4 * 3 / 16, 1, 1])
    np.testing.assert_allclose(
        shares(fitted, columns), expected / expected.sum(), rtol=1e-6
    )


CASES = {
    **{name: {"activation": name} for name in sorted(ACTIVATIONS)},
    "norm before": {"batch_norm": "before", "activation": "tanh"},
    "norm after": {"batch_norm": "after", "activation": "tanh"},
    "two layers": {"hidden_layer_sizes": (5, 4), "activation": "silu"},
    "plain branch": {
        "plain_features": [2],
        "plain_layer_sizes": (3, 2),
        "activation": "elu",
    },
}


@pytest.mark.parametrize("case", CASES)
def test_derivatives(case):
    """They agree with differences of outputs of the whole network."""
    parameters = make_parameters(**CASES[case])
    problem = make_problem(parameters)
    settings = settings_of(parameters, problem)
    network = draw_network(network_spec(settings, problem), settings)
    rows = RNG.normal(size=(6, 3))
    passed = forward_pass(network, rows)
    np.testing.assert_allclose(passed.outputs, forward(rows, network), rtol=1e-12)
    gradient = backward(network, passed, np.ones((6, 1)))
    step = 1e-5
    for k, move in enumerate(step * np.eye(3)):
        difference = forward(rows + move, network) - forward(rows - move, network)
        np.testing.assert_allclose(
            gradient[:, k], difference[:, 0] / (2 * step), rtol=1e-4, atol=1e-6
        )


def test_movements_in_which_networks_disagree_cancel():
    first, columns = linear([1.0, 2.0, 1.0], input_clip=None)
    network = first.network._replace(coefs=[np.array([[1.0], [-2.0], [0.0]])])
    second = first._replace(network=network)
    effects = column_effects([first, second], [0.5, 0.5], columns)
    np.testing.assert_allclose(
        effects / effects.sum(), [0.8, 0, 0.2], rtol=1e-6, atol=1e-12
    )
    effects = column_effects([first, second], [3, 1], columns)
    expected = np.array([1, 1, 9 / 16])
    np.testing.assert_allclose(effects / effects.sum(), expected / expected.sum())


def test_networks_with_encoders_of_their_own_move_together():
    numbers, columns = linear([1.0, 2.0, 1.0], input_clip=None)
    again, _ = linear([-1.0, 2.0, 0.0], input_clip=None)
    assert numbers.encoder is not again.encoder
    apart = column_effects([numbers, again], [0.5, 0.5], columns)
    same = again._replace(encoder=numbers.encoder)
    together = column_effects([numbers, same], [0.5, 0.5], columns)
    np.testing.assert_allclose(apart, together, rtol=1e-12, atol=1e-12)


def test_a_common_shift_of_logits_moves_nothing():
    labels = np.digitize(Y, [-0.5, 0.5])
    weight = [[1.0, 0.0, 0.0], [5.0, 5.0, 5.0], [0.0, 0.0, 0.0]]
    fitted, columns = linear(weight, y=labels, labels=CLASS_LABELS, input_clip=None)
    np.testing.assert_allclose(shares(fitted, columns), [1, 0, 0], atol=1e-12)


def test_tasks_have_equal_weights():
    targets = np.column_stack([Y, X[:, 2]])
    weight = [[100.0, 0.0], [0.0, 1.0], [0.0, 0.0]]
    fitted, columns = linear(weight, y=targets, input_clip=None)
    effects = shares(fitted, columns)
    assert effects[2] == 0
    assert effects[0] == pytest.approx(0.5, abs=0.1)


def test_sparse_tables():
    table = sparse.csr_matrix(np.where(X > 0.5, X, 0))
    fitted, columns = linear([1.0, 1.0, 0.0], table)
    assert (column_effects([fitted], [1.0], columns) > 0).tolist() == [
        True,
        True,
        False,
    ]


def test_dead_networks_move_nothing():
    fitted, columns = linear([0.0, 0.0, 0.0])
    np.testing.assert_array_equal(column_effects([fitted], [1.0], columns), 0)


@pytest.mark.parametrize("mixed", [False, True])
def test_large_counts_of_categories_are_no_chance(mixed):
    """The log of a mean count is known well: its chance is one over the count."""
    rng = np.random.default_rng(0)
    kind = rng.integers(0, 10, 300)
    frame = pd.DataFrame({"kind": kind.astype(str), "noise": rng.normal(size=300)})
    counts = rng.poisson(1000 * np.exp(0.02 * kind)).astype(float)
    labels, y = NumberLabels("poisson"), counts
    if mixed:
        labels, y = MixedLabels("poisson", task_types=["regression"]), counts[:, None]
    weight = [0.01, *0.02 * np.arange(10)]
    fitted, columns = linear(weight, frame, y, labels=labels)
    # The squares of .01 and of .02 * sqrt(99 / 12).
    np.testing.assert_allclose(shares(fitted, columns), [0.97, 0.03], atol=0.01)
