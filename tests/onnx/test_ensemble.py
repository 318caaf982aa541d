# SPDX-License-Identifier: BSD-3-Clause
"""Means of ensembles: weights, precisions, temperature, shared encoders."""

import numpy as np
import pytest

from skrln import RLNClassifierCV, RLNRegressorCV
from skrln.onnx import to_onnx

from ._graphs import assert_same


def stacked(model, n_members=3):
    """Ensemble of several networks, each with other last weights."""
    ensemble = model._fitted
    (member,) = ensemble.members
    members = []
    for k in range(n_members):
        network = member.network
        coefs = [*network.coefs[:-1], network.coefs[-1] * (k + 1)]
        members.append(member._replace(network=network._replace(coefs=coefs)))
    weights = np.arange(1.0, n_members + 1) / np.arange(1.0, n_members + 1).sum()
    return model._with_fitted(
        ensemble._replace(
            members=members, weights=weights, encoder_numbers=[0] * n_members
        )
    )


def test_weights(regressor, classifier, table):
    assert_same(stacked(regressor), table[0])
    assert_same(stacked(classifier), table[0])


@pytest.mark.parametrize("temperature", [0.3, 1.7, 15.0])
def test_temperature(classifier, table, temperature):
    for model in (classifier, stacked(classifier)):
        tempered = model._with_fitted(model._fitted._replace(temperature=temperature))
        assert (
            np.abs(
                tempered.predict_proba(table[0]) - model.predict_proba(table[0])
            ).max()
            > 0.01
        )
        assert_same(tempered, table[0])


def test_networks_of_two_precisions(regressor, table):
    model = stacked(regressor, 2)
    first, second = model._fitted.members
    network = second.network
    network = network._replace(
        coefs=[weight.astype(np.float32) for weight in network.coefs],
        intercepts=[bias.astype(np.float32) for bias in network.intercepts],
    )
    members = [first, second._replace(network=network)]
    assert_same(model._with_fitted(model._fitted._replace(members=members)), table[0])


def test_members_share_an_encoder(regressor, table):
    """A member adds its layers, and no second encoding of the table."""
    counts = [
        [node.op_type for node in to_onnx(stacked(regressor, n), table[0]).graph.node]
        for n in (1, 3)
    ]
    assert counts[0].count("IsNaN") == counts[1].count("IsNaN") == 1
    assert counts[1].count("Gemm") == 3 * counts[0].count("Gemm")


def test_searches(table):
    X, y = table
    params = {
        "hidden_layer_sizes": (8,),
        "thetas": [-7.0],
        "cv": 2,
        "max_iter": 2,
        "numeric_embedding": None,
        "random_state": 0,
    }
    assert_same(RLNRegressorCV(**params).fit(X, y), X)
    assert_same(RLNClassifierCV(**params).fit(X, y > y.mean()), X)


def test_ensemble_of_all_kinds(mixed_ensemble, frame):
    encoders = mixed_ensemble._fitted.encoders
    assert len(encoders) > 1
    assert len({id(encoder.table) for encoder in encoders}) == 1
    operators = [node.op_type for node in to_onnx(mixed_ensemble, frame).graph.node]
    assert operators.count("LabelEncoder") == 2  # for each column of words
