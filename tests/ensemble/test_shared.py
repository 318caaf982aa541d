# SPDX-License-Identifier: BSD-3-Clause
"""The table that the networks of one fit share."""

import pickle

import numpy as np
import pytest
from scipy import sparse

from skrln._ensemble import _shared
from skrln._ensemble._kinds import make_kinds, read_facts
from skrln._kernels import SparseRows
from skrln._network._settings import single_kind
from skrln._table._splits import Split

from ._values import (
    HELD_OUT,
    SPLIT,
    TRAIN,
    X,
    Y,
    dense,
    draw_fitted,
    make_parameters,
    make_problem,
    make_shared,
)

KIND = single_kind(make_parameters())
WEIGHTS = np.arange(24.0)
ALL = Split(np.arange(24), None)


def all_inputs(shared, embedding=None):
    return shared.inputs(shared.encodings[embedding].encoder, np.arange(24))


def test_encodings():
    shared = make_shared(embeddings=[None, "piecewise", None])
    assert set(shared.encodings) == {None, "piecewise"}
    plain, pieces = (
        shared.encodings[None].encoder,
        shared.encodings["piecewise"].encoder,
    )
    assert not plain.edges
    assert len(pieces.edges) == 3
    assert plain.table is pieces.table
    assert len(shared.tables) == 1  # the numbers are there once
    inputs = all_inputs(shared)
    assert inputs.shape == (24, 3)
    np.testing.assert_array_equal(all_inputs(shared, "piecewise")[:, :3], inputs)


def test_networks_share_presence():
    """It is that of the rows with a weight, in proportion to their weights."""
    counts = np.where(np.arange(24) % 12 == 0, 0.0, 1.0 + np.arange(24))
    table = np.column_stack([counts, counts, counts - 33 * (np.arange(24) == 23)])
    weights = np.where(counts == 0, 2.0, 1.0)
    weights[23] = 0.0
    splits = [Split(np.arange(12, 24), np.arange(12)), Split(np.arange(12), None)]
    shared = make_shared(X=table, sample_weight=weights, embeddings=[])
    shared = shared.encoded([None, "presence"], splits=splits)
    assert len(shared.encodings["presence"].encoders) == 1
    inputs = all_inputs(shared, "presence")
    np.testing.assert_array_equal(inputs[:, :3], all_inputs(shared))
    expected = np.where(counts > 0, 1.0, -1.0)[:, None]
    np.testing.assert_allclose(inputs[:23, 3:], np.tile(expected, 3)[:23], atol=1e-6)
    unweighted = make_shared(X=table, embeddings=["presence"])
    assert unweighted.encodings["presence"].encoder.n_inputs == 3


def test_pieces_are_those_of_the_training_rows_of_each_network():
    splits = [
        Split(np.arange(6, 24), np.arange(6)),
        Split(np.arange(18), np.arange(18, 24)),
    ]
    shared = make_shared(embeddings=[]).encoded([None, "piecewise"], splits=splits)
    assert len(shared.encodings[None].encoders) == 1
    first, second = shared.encodings["piecewise"].encoders
    assert first.n_inputs == second.n_inputs
    np.testing.assert_array_equal(first.groups, second.groups)
    edges = [own[0] for own in first.edges]
    np.testing.assert_allclose(edges, all_inputs(shared)[6:].min(axis=0))
    assert shared.encodings["piecewise"].encoder_of(3) is second


def test_encoder_learns_from_the_rows_that_count():
    weights = np.where(np.arange(24) < 12, 1.0, 0.0)
    encoder = make_shared(sample_weight=weights).encodings[None].encoder
    np.testing.assert_allclose(encoder.table.scaler.center, X[:12].mean(axis=0))
    np.testing.assert_allclose(encoder.table.scaler.scale, X[:12].std(axis=0))


def test_encoders_of_sources_are_kept():
    parameters = make_parameters()
    sources = [
        draw_fitted(parameters, make_problem(parameters, X[k:], Y[k:])) for k in (0, 4)
    ]
    shared = make_shared(embeddings=[]).encoded([None, "piecewise"], sources)
    for k in range(2):
        assert shared.encodings[None].encoder_of(k) is sources[k].encoder
        problem = shared.problem(KIND, k, ALL)
        assert problem.encoder is sources[k].encoder
        np.testing.assert_array_equal(
            dense(problem.data.inputs), sources[k].encoder.transform(X)
        )
    assert shared.encodings["piecewise"].encoder.embedding == "piecewise"


# -- problems --------------------------------------------------------------------------


def test_problem_of_all_rows():
    shared = make_shared()
    problem = shared.problem(KIND, 0, ALL)
    assert problem.encoder is shared.encodings[None].encoder
    assert problem.target is shared.target
    assert problem.n_rows == 24
    assert problem.validation is None
    np.testing.assert_array_equal(dense(problem.data.inputs), all_inputs(shared))
    np.testing.assert_allclose(problem.data.weights, 1)
    targets = (Y - Y.mean()) / Y.std()
    np.testing.assert_allclose(problem.data.targets.ravel(), targets)


def test_problem_of_a_split():
    shared = make_shared()
    problem = shared.problem(KIND, 0, SPLIT)
    inputs = all_inputs(shared)
    np.testing.assert_array_equal(dense(problem.data.inputs), inputs[TRAIN])
    np.testing.assert_array_equal(dense(problem.validation.inputs), inputs[HELD_OUT])
    assert problem.data.inputs.table is problem.validation.inputs.table
    assert problem.n_rows == len(problem.data.targets) == 18
    assert len(problem.validation.targets) == 6
    held_out = shared.held_out_rows(problem.encoder, SPLIT)
    np.testing.assert_array_equal(problem.encoder.expand(held_out), inputs[HELD_OUT])


def test_problem_with_validation_rows_of_the_user():
    shared = make_shared(
        X_val=X[:5] + 1, y_val=Y[:5], sample_weight_val=[1, 0, 1, 1, 1]
    )
    problem = shared.problem(KIND, 0, ALL)
    expected = problem.encoder.transform(X[:5] + 1)
    np.testing.assert_array_equal(dense(problem.validation.inputs), expected)
    assert problem.validation.weights[1] == 0
    held_out = shared.held_out_rows(problem.encoder, ALL)
    np.testing.assert_array_equal(problem.encoder.expand(held_out), expected)


def test_validation_rows_take_the_form_of_the_table():
    rows = sparse.csr_matrix(np.maximum(X, 0))
    shared = make_shared(X=rows, X_val=X[:5], y_val=Y[:5])
    problem = shared.problem(KIND, 0, ALL)
    assert isinstance(problem.data.inputs.table.rows, SparseRows)
    assert isinstance(problem.validation.inputs.table.rows, SparseRows)


def test_without_held_out_rows():
    shared = make_shared()
    assert shared.held_out_rows(shared.encodings[None].encoder, ALL) is None


@pytest.mark.parametrize(("dtype", "n_rows"), [("auto", 24), ("float64", 24)])
def test_small_tables_are_kept_in_double(dtype, n_rows, monkeypatch):
    shared = make_shared(make_parameters(dtype=dtype))
    assert shared.tables[0].rows.numbers.dtype == np.float64
    monkeypatch.setattr(_shared, "DOUBLE_CELLS", 71)
    shared = make_shared(make_parameters(dtype=dtype))
    expected = np.float32 if dtype == "auto" else np.float64
    assert shared.tables[0].rows.numbers.dtype == expected


def test_names_of_labels_in_errors():
    shared = make_shared()
    table = shared.table._replace(y=np.column_stack([Y, Y]))
    with pytest.raises(ValueError, match=r"Got y_val with 2 task\(s\)"):
        shared.encode(table, X, "y_val")


# -- fewer columns ---------------------------------------------------------------------


def test_all_columns_by_default():
    assert make_shared().subset is None


def test_only_columns_of_some_network_are_encoded():
    supports = {0: np.array([2]), 1: np.array([0, 2])}
    shared = make_shared(supports=supports)
    assert shared.subset.tolist() == [0, 2]
    encoder = shared.encodings[None].encoder
    assert encoder.groups.tolist() == [0, 2]
    first, second = (dense(shared.problem(KIND, k, SPLIT).data.inputs) for k in (0, 1))
    np.testing.assert_array_equal(first[:, 0], 0)
    np.testing.assert_array_equal(first[:, 1], second[:, 1])
    assert second.all()


def test_networks_without_held_out_rows_share_their_columns():
    shared = make_shared(supports={None: np.array([1])})
    assert dense(shared.problem(KIND, 7, ALL).data.inputs).shape == (24, 1)


def test_columns_of_a_sparse_table():
    rows = sparse.csr_matrix(np.maximum(X, 0.1))
    shared = make_shared(X=rows, supports={0: np.array([2]), 1: np.array([0, 2])})
    inputs = dense(shared.problem(KIND, 0, SPLIT).data.inputs)
    assert (inputs != 0).any(axis=0).tolist() == [False, True]


def test_plain_columns_are_always_there():
    parameters = make_parameters(plain_features=[1])
    shared = make_shared(parameters, supports={0: np.array([2]), 1: np.array([0])})
    assert shared.subset.tolist() == [0, 1, 2]
    inputs = dense(shared.problem(KIND, 0, SPLIT).data.inputs)
    is_used = (inputs != 0).any(axis=0)
    groups = shared.encodings[None].encoder.groups
    assert dict(zip(groups, is_used, strict=True)) == {0: False, 2: True, 1: True}


# -- means ------------------------------------------------------------------------------


def center_of(shared, parameters):
    """Means of the inputs of a network of the shared table."""
    encoder = shared.encodings[None].encoder
    problem = make_problem(parameters)._replace(encoder=encoder)
    return shared.center(draw_fitted(parameters, problem))


def test_weighted_mean_of_the_inputs():
    parameters = make_parameters()
    for table in (X, sparse.csr_matrix(np.maximum(X, 0))):
        shared = make_shared(X=table, sample_weight=WEIGHTS)
        inputs = all_inputs(shared)
        inputs = inputs.toarray() if sparse.issparse(inputs) else inputs
        expected = np.average(inputs, axis=0, weights=WEIGHTS)
        for _ in range(2):  # computed, and found
            np.testing.assert_allclose(center_of(shared, parameters), expected)


def test_mean_of_a_large_table_is_that_of_some_rows(monkeypatch):
    monkeypatch.setattr(_shared, "MOST_CENTER_ROWS", 3)
    shared = make_shared(sample_weight=WEIGHTS)
    rows = [1, 12, 23]  # of those with a weight
    expected = np.average(all_inputs(shared)[rows], axis=0, weights=WEIGHTS[rows])
    np.testing.assert_allclose(center_of(shared, make_parameters()), expected)


def test_center_of_units_of_the_plain_branch():
    parameters = make_parameters(plain_features=[1], plain_layer_sizes=(5,))
    shared = make_shared(parameters, sample_weight=WEIGHTS)
    problem = make_problem(parameters)
    problem = problem._replace(encoder=shared.encodings[None].encoder)
    fitted = draw_fitted(parameters, problem)
    inputs = all_inputs(shared)
    weight, bias = fitted.network.plain[0]
    units = np.maximum(inputs[:, 2:] @ weight + bias, 0)
    values = np.hstack([inputs[:, :2], units])
    expected = np.average(values, axis=0, weights=WEIGHTS)
    np.testing.assert_allclose(shared.center(fitted), expected)


def test_center_has_the_precision_of_the_network():
    parameters = make_parameters(dtype="float32")
    shared = make_shared(parameters)
    assert center_of(shared, parameters).dtype == np.float32


def test_pickle():
    shared = make_shared(embeddings=[None, "piecewise"])
    again = pickle.loads(pickle.dumps(shared))
    kinds = make_kinds(
        make_parameters(n_estimators=2, numeric_embedding="auto"),
        read_facts(X, shared.columns, 24),
        shared.target,
    )
    for kind in kinds:
        one, two = (table.problem(kind, 0, SPLIT) for table in (shared, again))
        np.testing.assert_array_equal(dense(one.data.inputs), dense(two.data.inputs))
