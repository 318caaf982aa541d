# SPDX-License-Identifier: BSD-3-Clause
"""A fitted ensemble as a value, and its predictions."""

import pickle

import numpy as np
import pytest
from scipy import sparse

from skrln._ensemble import _fitted
from skrln._ensemble._blend import temper
from skrln._ensemble._fitted import make_ensemble
from skrln._network._effects import column_effects
from skrln._network._importance import active_columns

from ._values import (
    CLASS_LABELS,
    CLASSES,
    X,
    assert_same_ensemble,
    draw_ensemble,
    draw_fitted,
    make_parameters,
    make_problem,
    make_shared,
)

WEIGHTS = np.array([0.5, 0.2, 0.3])


def test_single_network():
    ensemble = draw_ensemble(1)
    [member] = ensemble.members
    assert ensemble.is_single
    assert ensemble.weights.tolist() == [1]
    assert ensemble.target is member.target
    expected = member.means(member.encoder.transform(X))
    np.testing.assert_array_equal(ensemble.means(X), expected)
    effects = column_effects([member], [1.0], ensemble.columns)
    np.testing.assert_allclose(ensemble.importance(), effects / effects.sum())


def test_weights_are_equal_by_default():
    ensemble = draw_ensemble()
    np.testing.assert_allclose(ensemble.weights, 1 / 3)
    assert ensemble.temperature == 1
    assert not ensemble.is_single


def test_predictions_are_a_weighted_mean():
    ensemble = draw_ensemble(weights=WEIGHTS)
    inputs = ensemble.encoders[0].transform(X)
    means = [member.means(inputs) for member in ensemble.members]
    expected = np.tensordot(WEIGHTS, means, 1)
    np.testing.assert_allclose(ensemble.means(X), expected, rtol=1e-12)


def test_members_share_encoders():
    ensemble = draw_ensemble()
    assert len(ensemble.encoders) == 1
    assert ensemble.encoder_numbers == [0, 0, 0]
    other = draw_fitted()
    members = [ensemble.members[0], other, ensemble.members[1]]
    mixed = make_ensemble(ensemble.columns, members)
    assert mixed.encoders == [ensemble.encoders[0], other.encoder]
    assert mixed.encoder_numbers == [0, 1, 0]


@pytest.mark.parametrize("make", [np.asarray, sparse.csr_matrix])
def test_blocks_of_rows_predict_as_the_whole(monkeypatch, make):
    ensemble, table = draw_ensemble(weights=WEIGHTS), make(X)
    whole = ensemble.means(table)
    # Seven rows of four units.
    monkeypatch.setattr(_fitted, "EXPANDED_BLOCK", 7 * 4)
    blocks = [inputs[0] for inputs in ensemble.encoded_blocks(table)]
    assert [len(block) for block in blocks] == [7, 7, 7, 3]
    assert not any(map(sparse.issparse, blocks))
    np.testing.assert_allclose(ensemble.means(table), whole, rtol=1e-12)
    wide = [len(inputs[0]) for inputs in ensemble.encoded_blocks(table, n_columns=28)]
    assert wide == [1] * 24


def test_temperature():
    parameters = make_parameters(CLASS_LABELS)
    problem = make_problem(parameters, y=CLASSES)
    members = [draw_fitted(parameters, problem, seed) for seed in range(2)]
    columns = make_shared(parameters, y=CLASSES).columns
    cold = make_ensemble(columns, members)
    hot = make_ensemble(columns, members, temperature=3.0)
    means = cold.means(X)
    assert cold.tempered(means) is means
    np.testing.assert_array_equal(hot.means(X), temper(hot.target, means, 3.0))
    assert np.abs(hot.means(X) - 0.5).mean() < np.abs(means - 0.5).mean()


def test_importance_is_of_the_blend():
    ensemble = draw_ensemble(weights=WEIGHTS)
    effects = column_effects(ensemble.members, WEIGHTS, ensemble.columns)
    np.testing.assert_allclose(ensemble.importance(), effects / effects.sum())
    alone = [make_ensemble(ensemble.columns, [one]) for one in ensemble.members]
    mean = WEIGHTS @ [one.importance() for one in alone]
    assert not np.allclose(ensemble.importance(), mean, rtol=1e-2)


def test_sparsity_is_a_weighted_mean():
    ensemble = draw_ensemble(weights=WEIGHTS)
    zeros = [np.mean(member.network.coefs[0] == 0) for member in ensemble.members]
    np.testing.assert_allclose(ensemble.sparsity(), [WEIGHTS @ zeros, 0])


def without_columns(member, columns):
    """Network whose first weights of these columns are zero."""
    first = member.network.coefs[0].copy()
    first[columns] = 0
    coefs = [first, *member.network.coefs[1:]]
    return member._replace(network=member.network._replace(coefs=coefs))


def test_columns_of_any_member_are_active():
    ensemble = draw_ensemble(2)
    first, second = ensemble.members
    assert active_columns(first).all()
    assert active_columns(second).all()
    members = [without_columns(first, [0, 1]), without_columns(second, [0, 2])]
    narrow = make_ensemble(ensemble.columns, members)
    assert narrow.active_columns().tolist() == [1, 2]
    dead = make_ensemble(ensemble.columns, [without_columns(first, [0, 1, 2])] * 2)
    assert dead.active_columns().size == 0
    np.testing.assert_array_equal(dead.importance(), 0)


def test_pickle():
    ensemble = draw_ensemble(weights=WEIGHTS)
    again = pickle.loads(pickle.dumps(ensemble))
    assert_same_ensemble(ensemble, again)
    np.testing.assert_array_equal(again.means(X), ensemble.means(X))
