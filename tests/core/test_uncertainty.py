# SPDX-License-Identifier: BSD-3-Clause
"""Networks that a draw of dropout leaves, and how draws are shared among members."""

import numpy as np
import pytest

from skrln._core._forward import (
    ACTIVATIONS,
    Network,
    forward,
    hidden_values,
    thinned,
)
from skrln._core._uncertainty import _deviation, _plan

SIZES = [(3, 40), (40, 30), (30, 2)]


def make_network(activation="relu", batch_norm=None, seed=0, sizes=SIZES):
    rng = np.random.default_rng(seed)
    norms = [np.abs(rng.normal(1, 0.3, size=(4, size[1]))) for size in sizes[:-1]]
    return Network(
        [rng.normal(size=size) / np.sqrt(size[0]) for size in sizes],
        [rng.normal(size=size[1]) for size in sizes],
        activation,
        batch_norm,
        norms if batch_norm else (),
    )


def inputs_of(n_rows=5, n_columns=3, seed=1):
    return np.random.default_rng(seed).normal(size=(n_rows, n_columns))


def walk(inputs, network, rates, rng):
    """A forward pass that drops units itself: Srivastava et al. 2014, Klambauer et al. 2017."""
    last = len(network.coefs) - 1
    for k in range(last):
        inputs = inputs @ network.coefs[k] + network.intercepts[k]
        if network.batch_norm == "before":
            inputs = normalized(inputs, network.batch_norms[k])
        inputs = ACTIVATIONS[network.activation](inputs)
        if network.batch_norm == "after":
            inputs = normalized(inputs, network.batch_norms[k])
        if rates[k] == 0:
            continue
        keep, floor = 1 - rates[k], -1.7580993408473766
        kept = rng.random(inputs.shape[1]) >= rates[k]
        if network.activation == "selu":
            a = (keep + floor**2 * keep * rates[k]) ** -0.5
            b = -a * rates[k] * floor
            inputs = a * np.where(kept, inputs, floor) + b
        else:
            inputs = np.where(kept, inputs / keep, 0)
    return inputs @ network.coefs[last] + network.intercepts[last]


def normalized(values, norm):
    gain, shift, mean, variance = norm
    return gain * (values - mean) / np.sqrt(variance + 1e-5) + shift


@pytest.mark.parametrize("rates", [(0.2, 0.5), (0.0, 0.3), (0.3, 0.0)])
@pytest.mark.parametrize(
    ("activation", "batch_norm"),
    [("relu", None), ("relu", "before"), ("tanh", "after"), ("selu", None)],
)
def test_thinned_network_drops_units(activation, batch_norm, rates):
    network, inputs = make_network(activation, batch_norm), inputs_of()
    found = forward(inputs, thinned(network, rates, np.random.default_rng(7)))
    expected = walk(inputs, network, rates, np.random.default_rng(7))
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)
    assert not np.allclose(found, forward(inputs, network))


@pytest.mark.parametrize("batch_norm", [None, "before", "after"])
@pytest.mark.parametrize("layer", [0, 1])
def test_pass_can_go_on_behind_a_hidden_layer(batch_norm, layer):
    network, inputs = make_network(batch_norm=batch_norm), inputs_of()
    values = hidden_values(inputs, network, layer)
    assert values.shape == (5, SIZES[layer][1])
    found = forward(values, network, start=layer + 1)
    np.testing.assert_array_equal(found, forward(inputs, network))


def test_thinning_leaves_the_network_alone():
    network = make_network("selu")
    before = [array.copy() for array in network.coefs + network.intercepts]
    thinned(network, (0.5, 0.5), np.random.default_rng(0))
    for old, array in zip(before, network.coefs + network.intercepts, strict=True):
        np.testing.assert_array_equal(old, array)


def test_thinning_keeps_the_precision():
    network = make_network("selu")
    network = network._replace(
        coefs=[w.astype(np.float32) for w in network.coefs],
        intercepts=[b.astype(np.float32) for b in network.intercepts],
    )
    one = thinned(network, (0.5, 0.5), np.random.default_rng(0))
    assert {array.dtype for array in one.coefs + one.intercepts} == {
        np.dtype(np.float32)
    }


def test_mean_of_draws_of_a_linear_network_is_its_prediction(global_random_seed):
    network, inputs = make_network("identity"), inputs_of()
    rng = np.random.default_rng(global_random_seed)
    draws = np.stack(
        [forward(inputs, thinned(network, (0.2, 0.3), rng)) for _ in range(10_000)]
    )
    error = (draws.mean(0) - forward(inputs, network)) / (draws.std(0) / 100)
    # Ten numbers, by ten thousand draws each: one in 4e4 seeds goes beyond 4.5.
    assert np.abs(error).max() < 4.5


def test_alpha_dropout_keeps_mean_and_variance(global_random_seed):
    rng = np.random.default_rng(global_random_seed)
    n_units = 500
    network = Network(
        [np.empty((1, n_units)), np.eye(n_units)], [0.0, np.zeros(n_units)], "selu"
    )
    units = []
    for _ in range(20):
        # SELU makes numbers of mean zero and variance one of standard normal ones.
        values = ACTIVATIONS["selu"](rng.normal(size=(50, n_units)))
        units.append(forward(values, thinned(network, (0.3,), rng), start=1))
    # Ten thousand masks: standard errors are about 0.01 and 0.02.
    assert abs(np.mean(units)) < 0.05
    assert abs(np.var(units) - 1) < 0.1


@pytest.mark.parametrize("n_draws", [1, 7, 100])
def test_shares_are_right_to_less_than_a_draw(n_draws, global_random_seed):
    rng = np.random.RandomState(global_random_seed)
    weights = rng.dirichlet(np.ones(6))
    plan = _plan(weights, n_draws, rng)
    counts = np.array([len(slots) for slots in plan])
    assert np.abs(counts - n_draws * weights).max() < 1
    slots = [slot for one in plan for slot, _ in one]
    assert sorted(slots) == list(range(n_draws))


def test_order_of_the_draws_is_random():
    """The first few of them are not all of the first member."""
    of_first_draw = set()
    for seed in range(40):
        plan = _plan(np.full(4, 0.25), 8, np.random.RandomState(seed))
        slots = [[slot for slot, _ in one] for one in plan]
        of_first_draw.add(next(k for k, one in enumerate(slots) if 0 in one))
    assert of_first_draw == {0, 1, 2, 3}


def test_each_draw_has_a_seed_of_its_own():
    plan = _plan(np.full(4, 0.25), 50, np.random.RandomState(0))
    assert len({seed for slots in plan for _, seed in slots}) == 50


def test_deviation_is_weighted():
    draws = np.array([[[1.0, 2.0, 4.0]]])
    weights = np.array([0.5, 0.25, 0.25])
    repeated = np.array([1.0, 1.0, 2.0, 4.0])
    np.testing.assert_allclose(_deviation(draws, weights), [[repeated.std()]])
