# SPDX-License-Identifier: BSD-3-Clause
"""The table that the networks of one fit share."""

import pickle

import numpy as np
import pytest
from scipy import sparse

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
    draw_fitted,
    make_parameters,
    make_problem,
    make_shared,
)

KIND = single_kind(make_parameters())
WEIGHTS = np.arange(24.0)
ALL = Split(np.arange(24), None)


def test_encodings():
    shared = make_shared(embeddings=[None, "piecewise", None])
    assert set(shared.encodings) == {None, "piecewise"}
    plain, pieces = shared.encodings[None], shared.encodings["piecewise"]
    assert plain.encoder.embedded is None
    assert plain.inputs.shape == (24, 3)
    assert pieces.inputs.shape == (24, pieces.encoder.n_inputs)
    np.testing.assert_array_equal(pieces.inputs[:, :3], plain.inputs)
    assert plain.held_out is None


def test_weighted_mean_of_the_inputs():
    encoding = make_shared(sample_weight=WEIGHTS).encodings[None]
    np.testing.assert_allclose(encoding.share, WEIGHTS / WEIGHTS.sum())
    expected = np.average(encoding.inputs, axis=0, weights=WEIGHTS)
    np.testing.assert_allclose(encoding.center, expected)
    rows = make_shared(X=sparse.csr_matrix(np.maximum(X, 0)), sample_weight=WEIGHTS)
    encoding = rows.encodings[None]
    expected = np.average(encoding.inputs.toarray(), axis=0, weights=WEIGHTS)
    np.testing.assert_allclose(encoding.center, expected)


def test_encoder_learns_from_the_rows_that_count():
    weights = np.where(np.arange(24) < 12, 1.0, 0.0)
    encoder = make_shared(sample_weight=weights).encodings[None].encoder
    np.testing.assert_allclose(encoder.scaler.center, X[:12].mean(axis=0))
    np.testing.assert_allclose(encoder.scaler.scale, X[:12].std(axis=0))


def test_encoders_of_sources_are_kept():
    parameters = make_parameters()
    sources = [
        draw_fitted(parameters, make_problem(parameters, X[k:], Y[k:])) for k in (0, 4)
    ]
    shared = make_shared(embeddings=[]).encoded([None, "piecewise"], sources)
    assert shared.encodings[None].encoder is sources[0].encoder  # the first one wins
    assert shared.encodings["piecewise"].encoder.embedding == "piecewise"


# -- problems --------------------------------------------------------------------------


def test_problem_of_all_rows():
    shared = make_shared()
    problem = shared.problem(KIND, 0, ALL)
    assert problem.encoder is shared.encodings[None].encoder
    assert problem.target is shared.target
    assert problem.n_rows == 24
    assert problem.validation is None
    np.testing.assert_array_equal(problem.data.inputs, shared.encodings[None].inputs)
    np.testing.assert_allclose(problem.data.weights, 1)
    targets = (Y - Y.mean()) / Y.std()
    np.testing.assert_allclose(problem.data.targets.ravel(), targets)


def test_problem_of_a_split():
    shared = make_shared()
    problem = shared.problem(KIND, 0, SPLIT)
    inputs = shared.encodings[None].inputs
    np.testing.assert_array_equal(problem.data.inputs, inputs[TRAIN])
    np.testing.assert_array_equal(problem.validation.inputs, inputs[HELD_OUT])
    assert problem.n_rows == len(problem.data.targets) == 18
    assert len(problem.validation.targets) == 6
    np.testing.assert_array_equal(
        shared.held_out_inputs(KIND, SPLIT), problem.validation.inputs
    )


def test_problem_with_validation_rows_of_the_user():
    shared = make_shared(
        X_val=X[:5] + 1, y_val=Y[:5], sample_weight_val=[1, 0, 1, 1, 1]
    )
    problem = shared.problem(KIND, 0, ALL)
    expected = shared.encodings[None].encoder.transform(X[:5] + 1)
    np.testing.assert_array_equal(problem.validation.inputs, expected)
    assert problem.validation.weights[1] == 0
    np.testing.assert_array_equal(shared.held_out_inputs(KIND, ALL), expected)


def test_validation_rows_take_the_form_of_the_table():
    rows = sparse.csr_matrix(np.maximum(X, 0))
    shared = make_shared(X=rows, X_val=X[:5], y_val=Y[:5])
    problem = shared.problem(KIND, 0, ALL)
    assert isinstance(problem.data.inputs, SparseRows)
    assert isinstance(problem.validation.inputs, SparseRows)


def test_without_held_out_rows():
    assert make_shared().held_out_inputs(KIND, ALL) is None


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
    first, second = (shared.problem(KIND, k, SPLIT).data.inputs for k in (0, 1))
    np.testing.assert_array_equal(first[:, 0], 0)
    np.testing.assert_array_equal(first[:, 1], second[:, 1])
    assert second.all()


def test_networks_without_held_out_rows_share_their_columns():
    shared = make_shared(supports={None: np.array([1])})
    assert shared.problem(KIND, 7, ALL).data.inputs.shape == (24, 1)


def test_columns_of_a_sparse_table():
    rows = sparse.csr_matrix(np.maximum(X, 0.1))
    shared = make_shared(X=rows, supports={0: np.array([2]), 1: np.array([0, 2])})
    inputs = shared.problem(KIND, 0, SPLIT).data.inputs
    assert set(inputs.columns[inputs.values != 0]) == {1}


def test_plain_columns_are_always_there():
    parameters = make_parameters(plain_features=[1])
    shared = make_shared(parameters, supports={0: np.array([2]), 1: np.array([0])})
    assert shared.subset.tolist() == [0, 1, 2]
    inputs = shared.problem(KIND, 0, SPLIT).data.inputs
    is_used = (inputs != 0).any(axis=0)
    groups = shared.encodings[None].encoder.groups
    assert dict(zip(groups, is_used, strict=True)) == {0: False, 2: True, 1: True}


# -- other -----------------------------------------------------------------------------


def test_center_of_units_of_the_plain_branch():
    parameters = make_parameters(plain_features=[1], plain_layer_sizes=(5,))
    shared = make_shared(parameters, sample_weight=WEIGHTS)
    fitted = draw_fitted(parameters, make_problem(parameters))
    inputs = shared.encodings[None].inputs
    weight, bias = fitted.network.plain[0]
    units = np.maximum(inputs[:, 2:] @ weight + bias, 0)
    values = np.hstack([inputs[:, :2], units])
    expected = np.average(values, axis=0, weights=WEIGHTS)
    np.testing.assert_allclose(shared.center(fitted), expected)


def test_center_has_the_precision_of_the_network():
    parameters = make_parameters(dtype="float32")
    shared = make_shared(parameters)
    assert shared.center(draw_fitted(parameters)).dtype == np.float32


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
        np.testing.assert_array_equal(one.data.inputs, two.data.inputs)
