# SPDX-License-Identifier: BSD-3-Clause
"""The forward pass: every activation, batch normalization, plain branch, pruned networks."""

import numpy as np
import pytest

from skrln import RLNRegressor
from skrln._network._forward import ACTIVATIONS
from skrln.onnx import to_onnx
from skrln.options import PlainBranch
from skrln.pruning import DistinctivenessPruner

from ._graphs import assert_same, with_network
from ._models import TINY


def in_dtype(arrays, dtype):
    return [array.astype(dtype) for array in arrays]


def as_network(network, dtype, **changes):
    return network._replace(
        coefs=in_dtype(network.coefs, dtype),
        intercepts=in_dtype(network.intercepts, dtype),
        **changes,
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activations(regressor, table, activation, dtype):
    model = with_network(
        regressor, lambda own: as_network(own, dtype, activation=activation)
    )
    others = {name for name in ACTIVATIONS if name != activation}
    outputs = assert_same(model, table[0])
    # The activation matters: another one predicts other numbers.
    other = with_network(
        model, lambda own: own._replace(activation=min(others, key=len))
    )
    assert np.abs(outputs["variable"].ravel() - other.predict(table[0])).max() > 1e-3


@pytest.mark.parametrize("place", ["before", "after"])
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_batch_norm(regressor, table, place, activation):
    rng = np.random.default_rng(3)

    def normalized(network):
        norms = [
            np.abs(rng.normal(1, 0.5, (4, len(bias))))
            for bias in network.intercepts[:-1]
        ]
        return network._replace(
            activation=activation, batch_norm=place, batch_norms=norms
        )

    assert_same(with_network(regressor, normalized), table[0])


def test_plain_branch(table):
    X, y = table
    branch = PlainBranch([1, 3], layer_sizes=(3, 2))
    model = RLNRegressor(**TINY | {"activation": "elu"}, plain_branch=branch).fit(X, y)
    rows = X.copy()
    rows[::4, 1] = np.nan
    assert_same(model, X, rows)


def test_linear_network(table):
    X, y = table
    assert_same(RLNRegressor(**TINY | {"hidden_layer_sizes": ()}).fit(X, y), X)


@pytest.mark.parametrize("layer", [0, 1, 2])
def test_network_without_edges(regressor, table, layer):
    """No input, or no unit, reaches the outputs: predictions are constant."""

    def cut(network):
        coefs = list(network.coefs)
        coefs[layer] = np.zeros_like(coefs[layer])
        return network._replace(coefs=coefs)

    model = with_network(regressor, cut)
    outputs = assert_same(model, table[0])
    assert np.ptp(outputs["variable"]) == 0


def test_graph_lacks_what_no_output_needs(regressor, table):
    """A network that reads one column of four has a smaller graph."""

    def one_column(network):
        coefs = list(network.coefs)
        coefs[0] = coefs[0] * (np.arange(len(coefs[0])) == 0)[:, None]
        return network._replace(coefs=coefs)

    model = with_network(regressor, one_column)
    assert_same(model, table[0])
    sizes = [
        {tuple(array.dims) for array in to_onnx(own, table[0]).graph.initializer}
        for own in (regressor, model)
    ]
    assert (4, 8) in sizes[0]
    assert (1, 8) in sizes[1]
    assert not any(4 in size for size in sizes[1])


def test_pruned_network(regressor, table):
    X, y = table
    pruner = DistinctivenessPruner(
        RLNRegressor(**TINY), ratio=0.5, retrain=False, random_state=0
    ).fit(X, y)
    assert pruner.pruning_ratio_ > 0.3
    assert_same(pruner, X)
