# SPDX-License-Identifier: BSD-3-Clause
"""From the arguments of fit to the arrays that a kernel takes."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from skrln._kernels import Data, DeviceTable, SparseRows
from skrln._table._inputs import InputEncoder
from skrln._table._labels import ClassLabels, NumberLabels
from skrln._table._problem import (
    Arguments,
    InputOptions,
    Table,
    as_kernel_inputs,
    constant_inputs,
    encode_rows,
    fit_encoder,
    make_encoder,
    read_batch,
    read_training,
    read_validation,
    shared_rows,
    table_rows,
)

X = np.arange(12.0).reshape(6, 2)
Y = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
TWO = np.column_stack([Y, [np.nan, 1, 2, np.nan, 3, 4]])
NUMBERS = NumberLabels()
OPTIONS = InputOptions("Model")


def read(X=X, y=Y, sample_weight=None, labels=NUMBERS, **more):
    return read_training(Arguments(X, y, sample_weight, **more), labels, OPTIONS)


# -- training rows ---------------------------------------------------------------------


def test_rows_that_count():
    weights = [0, 1, 1, 2, 0, 1]
    table, rows, columns = read(sample_weight=weights)
    assert rows.tolist() == [1, 2, 3, 5]
    np.testing.assert_array_equal(table.weights, weights)
    assert len(table.X) == len(table.y) == 6  # all rows, with the user's numbers
    assert columns.n_features == 2
    part = table.rows(rows)
    np.testing.assert_array_equal(part.y, Y[rows])


def test_row_without_any_label_does_not_count():
    y = TWO.copy()
    y[3, 0] = np.nan
    table, rows, _ = read(y=y)
    assert rows.tolist() == [0, 1, 2, 4, 5]
    np.testing.assert_array_equal(table_rows(table), rows)
    np.testing.assert_array_equal(table.known, ~np.isnan(y))


def test_columns_of_an_earlier_fit():
    frame = pd.DataFrame(X, columns=["a", "b"])
    _, _, columns = read(frame)
    again = read_training(Arguments(frame, Y), NUMBERS, OPTIONS, columns)[2]
    assert again is columns
    with pytest.raises(ValueError, match="feature names should match"):
        read_training(Arguments(frame[["b", "a"]], Y), NUMBERS, OPTIONS, columns)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sample_weight": [1, 0, 0, 0, 0, 0]}, "Got 1 sample with a positive weight"),
        ({"y": Y[:5]}, "inconsistent numbers of samples"),
        (
            {"y": np.full((6, 2), np.nan)},
            r"no label at all for task\(s\) \[0, 1\] of y,",
        ),
        (
            {"y": TWO, "sample_weight": [1, 0, 0, 1, 0, 0]},
            r"task\(s\) \[1\] of the rows of y with a positive weight",
        ),
    ],
)
def test_rows_that_cannot_be_trained_on(changes, message):
    with pytest.raises(ValueError, match=message):
        read(**changes)


# -- validation rows, and batches ------------------------------------------------------


def test_no_validation_rows():
    assert read_validation(Arguments(X, Y), NUMBERS, read()[2]) is None


def test_validation_rows():
    arguments = Arguments(X, Y, X_val=X[:2], y_val=Y[:2], sample_weight_val=[1, 3])
    table = read_validation(arguments, NUMBERS, read()[2])
    np.testing.assert_array_equal(table.X, X[:2])
    np.testing.assert_array_equal(table.weights, [1, 3])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"X_val": X[:2, :1]}, "X has 1 features, but Model is expecting 2"),
        ({"y_val": [1.0, np.nan]}, "Input y_val contains NaN"),
        ({"sample_weight_val": [1, -1]}, "Got sample_weight_val with a smallest value"),
    ],
)
def test_bad_validation_rows(changes, message):
    values = {"X_val": X[:2], "y_val": Y[:2]} | changes
    with pytest.raises(ValueError, match=message):
        read_validation(Arguments(X, Y, **values), NUMBERS, read()[2])


def test_batch_leaves_out_rows_that_do_not_count():
    arguments = Arguments(X, Y, [0, 1, 0, 0, 0, 0])
    table, columns = read_batch(arguments, NUMBERS, OPTIONS)
    np.testing.assert_array_equal(table.X, X[[1]])
    again, same = read_batch(Arguments(X[:1], Y[:1]), NUMBERS, OPTIONS, columns)
    assert same is columns
    assert len(again.y) == 1


def test_batch_without_rows_that_count():
    arguments = Arguments(X, np.where(np.eye(6, 2) < 2, np.nan, 0.0))
    with pytest.raises(
        ValueError, match=r"Got no sample .* partial_fit needs at least"
    ):
        read_batch(arguments, NUMBERS, OPTIONS)


# -- encoders and arrays ---------------------------------------------------------------


def test_encoder_knows_the_roles_of_columns():
    options = InputOptions("Model", [0], [2])
    frame = np.column_stack([X, Y])
    _, _, columns = read_training(Arguments(frame, Y), NUMBERS, options)
    encoder = make_encoder(frame, columns, clip=2.0, embedding=None, subset=[0, 2])
    assert encoder.plain.tolist() == [2]
    assert encoder.table.categorical.tolist() == [0]
    assert encoder.table.clip == 2.0
    assert encoder.table.columns == [0, 2]


def test_pieces_of_a_sparse_table_are_refused():
    rows = sparse.csr_matrix(X)
    _, _, columns = read(rows)
    with pytest.raises(ValueError, match=r"='piecewise' with sparse X, which .* dense"):
        make_encoder(rows, columns, clip=None, embedding="piecewise")


def test_pieces_are_chosen_by_the_target():
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (60, 1))
    y = (x[:, 0] > 0.3).astype(float)
    table, _, columns = read(x, y)
    target = NUMBERS.fit(*table[1:])
    encoder = make_encoder(x, columns, clip=None, embedding="piecewise")
    fit_encoder(encoder, target, table)
    (edges,), scaler = encoder.edges, encoder.table.scaler
    threshold = (0.3 - scaler.center) / scaler.scale
    assert np.abs(edges - threshold).min() < 0.1


def test_weights_of_arrays():
    """A task counts by its weight, whatever the number of its labels."""
    table, _, _ = read(y=TWO, sample_weight=[1, 2, 1, 2, 1, 2])
    target = NUMBERS.fit(*table[1:])
    data = encode_rows(NUMBERS, target, table, X, [1, 3])
    assert data.n_rows == 6
    np.testing.assert_allclose(data.weights.mean(axis=0), [0.25, 0.75])
    np.testing.assert_array_equal(data.weights[[0, 3], 1], 0)
    np.testing.assert_array_equal(data.targets[[0, 3], 1], 0)
    np.testing.assert_allclose(data.weights[1] / data.weights[2], [2, 2])


def test_weights_of_classes_are_multiplied():
    labels = ClassLabels({0: 2.0})
    y, known = labels.read(np.array([0, 0, 1, 1]))
    target = labels.fit(y, known, np.ones(4))
    table = Table(X[:4], y, known, np.ones(4))
    data = encode_rows(labels, target, table, X[:4], None)
    np.testing.assert_allclose(data.weights.ravel(), np.array([4, 4, 2, 2]) / 3)


def test_weights_that_leave_nothing():
    labels = ClassLabels({0: 0.0})
    y, known = labels.read(np.array([0, 1]))
    target = labels.fit(y, known, np.ones(2))
    table = Table(X[:2], y, known, np.array([1.0, 0.0]))
    with pytest.raises(ValueError, match="leave no label of y_val to count"):
        encode_rows(labels, target, table, X[:2], None, "y_val")


def test_sparse_inputs_become_compressed_rows():
    assert as_kernel_inputs(X) is X
    rows = as_kernel_inputs(sparse.coo_matrix(np.diag([1.0, 2.0, 0.0])))
    assert isinstance(rows, SparseRows)
    assert rows.values.tolist() == [1, 2]
    assert rows.columns.tolist() == [0, 1]
    assert rows.starts.tolist() == [0, 1, 2, 2]


def test_constant_inputs():
    table, _, _ = read()
    target = NUMBERS.fit(*table[1:])
    inputs = np.column_stack([X, np.ones(6), np.zeros(6)])
    data = encode_rows(NUMBERS, target, table, inputs, None)
    assert constant_inputs(data, 4).tolist() == [False, False, True, True]
    # A sparse input is not centred: a column of ones does move the network.
    stored = sparse.csr_matrix(inputs)
    stored.data[stored.indices == 1] = 0.0  # stored zeros are zeros
    data = encode_rows(NUMBERS, target, table, stored, None)
    assert constant_inputs(data, 4).tolist() == [False, True, False, True]


def test_constant_inputs_of_a_shared_table():
    """As the inputs themselves say, of every kind of input."""
    rng = np.random.default_rng(0)
    table = np.column_stack([rng.normal(size=(40, 4)), np.arange(40) % 3])
    table[:20, 1] = 7.0
    table[20:, 2] = np.nan
    table[:20, 4] = 1
    encoder = InputEncoder(np.array([4]), 3.0, "piecewise", plain=np.array([3]))
    encoder.fit(table, np.ones(40), table[:, [0]])
    shared = DeviceTable(encoder.compress(table))
    inputs = encoder.transform(table)
    for places in (np.arange(20), np.arange(20, 40), np.array([3, 30, 30]), [5]):
        rows = shared_rows(shared, encoder, np.asarray(places))
        found = constant_inputs(Data(rows, None, None, len(places)), inputs.shape[1])
        np.testing.assert_array_equal(found, np.ptp(inputs[places], axis=0) == 0)
    allowed = encoder.groups != 0
    rows = shared_rows(shared, encoder, np.arange(40), allowed)
    found = constant_inputs(Data(rows, None, None, 40), inputs.shape[1])
    np.testing.assert_array_equal(found, ~allowed | (np.ptp(inputs, axis=0) == 0))


def test_constant_inputs_of_a_shared_sparse_table():
    table = sparse.csr_matrix(np.array([[1.0, 0, 0], [0, 2, 0], [0, 0, 3], [0, 2, 0]]))
    table.data[-1] = 0.0  # a stored zero
    shared = DeviceTable(as_kernel_inputs(table))
    for places, expected in (
        ([0, 1], [0, 0, 1]),
        ([3], [1, 1, 1]),
        ([2, 1], [1, 0, 0]),
    ):
        rows = shared_rows(shared, None, np.array(places))
        found = constant_inputs(Data(rows, None, None, len(places)), 3)
        assert found.tolist() == [bool(value) for value in expected]
