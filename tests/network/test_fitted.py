# SPDX-License-Identifier: BSD-3-Clause
"""A fitted network as a value, and its predictions."""

import pickle

import numpy as np
import pytest
from scipy import sparse

from skrln._kernels import StopReason
from skrln._network._fitted import dense_inputs
from skrln._network._forward import forward

from ._values import (
    CLASS_LABELS,
    CLASSES,
    X,
    assert_same,
    draw_fitted,
    make_parameters,
    make_problem,
)


def test_numbers_are_outputs():
    fitted = draw_fitted()
    inputs = fitted.encoder.transform(X)
    assert fitted.n_outputs == 1
    np.testing.assert_array_equal(fitted.means(inputs), forward(inputs, fitted.network))


def test_classes_are_probabilities():
    parameters = make_parameters(CLASS_LABELS)
    fitted = draw_fitted(parameters, make_problem(parameters, y=CLASSES))
    inputs = fitted.encoder.transform(X)
    logits = forward(inputs, fitted.network)
    expected = 1 / (1 + np.exp(-logits))
    found = fitted.means(inputs)
    np.testing.assert_allclose(found, np.hstack([1 - expected, expected]))


def test_predictions_are_double_precision():
    fitted = draw_fitted(make_parameters(dtype="float32"))
    assert fitted.network.coefs[0].dtype == np.float32
    inputs = fitted.encoder.transform(X)
    assert dense_inputs(fitted.network, inputs).dtype == np.float32
    assert fitted.means(inputs).dtype == np.float64


def test_sparse_inputs_are_multiplied_as_they_are():
    fitted = draw_fitted()
    inputs = fitted.encoder.transform(X)
    rows = sparse.csr_matrix(inputs)
    np.testing.assert_array_equal(dense_inputs(fitted.network, rows), inputs)
    np.testing.assert_allclose(fitted.means(rows), fitted.means(inputs), rtol=1e-12)


def test_columns_of_inputs():
    table = X.copy()
    table[3, 1] = np.nan
    parameters = make_parameters(plain_features=[2], plain_layer_sizes=(5,))
    fitted = draw_fitted(parameters, make_problem(parameters, table))
    # Two numbers, the mark of a missing one, and five units of the branch.
    assert fitted.input_groups.tolist() == [0, 1, 1, *[-1] * 5]


@pytest.mark.parametrize("reason", StopReason)
def test_fits_that_were_stopped(reason):
    stopped = {StopReason.INTERRUPTED, StopReason.CALLBACK}
    assert draw_fitted(reason=reason).was_stopped == (reason in stopped)


def test_pickle():
    fitted = draw_fitted()
    again = pickle.loads(pickle.dumps(fitted))
    assert_same(fitted, again)
    inputs = again.encoder.transform(X)
    np.testing.assert_array_equal(again.means(inputs), fitted.means(inputs))
