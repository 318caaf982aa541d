# SPDX-License-Identifier: BSD-3-Clause
"""Columns that enter the path of a lasso first."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import lars_path

from skrln._ensemble._jobs import Job, Trained
from skrln._ensemble._screening import count_screened, screened, screens
from skrln._ensemble._shared import Encoding
from skrln._network._transfer import FRESH
from skrln._table._problem import Table
from skrln._table._splits import Split

RNG = np.random.default_rng(0)
N_ROWS, N_COLUMNS = 40, 60
INPUTS = RNG.normal(size=(N_ROWS, N_COLUMNS))
Y = INPUTS[:, 3] - INPUTS[:, 7] + RNG.normal(size=N_ROWS)
EVERY_ROW = np.arange(N_ROWS)
OTHER_ROWS = np.zeros(0, int)  #: held out; nothing depends on them


def columns_of(
    y=Y, inputs=INPUTS, rows=EVERY_ROW, weights=None, groups=None, plain=(), number=0
):
    """Columns of a network that is trained on `rows`."""
    y = y.reshape(len(y), -1)
    weights = np.ones(len(y)) if weights is None else weights
    groups = np.arange(inputs.shape[1]) if groups is None else groups
    encoder = SimpleNamespace(groups=groups, plain=np.array(plain, int))
    shared = SimpleNamespace(
        table=Table(inputs, y, np.ones(y.shape, bool), weights),
        target=SimpleNamespace(indicators=lambda y, known: y),
        encodings={None: Encoding([encoder])},
        inputs=lambda _, rows: inputs[rows],
    )
    job = Job(None, None, number, Split(rows, OTHER_ROWS), FRESH, 0, shared)
    [(key, columns)] = screened(shared, [Trained(job, None, None)]).items()
    assert key == number
    return columns


@pytest.mark.parametrize(("n_rows", "n_columns"), [(5, 3), (50, 6), (400, 33)])
def test_number(n_rows, n_columns):
    assert count_screened(n_rows) == n_columns


def first_by_least_angles(inputs, y):
    """The same by another algorithm."""
    path = lars_path(inputs - inputs.mean(axis=0), y - y.mean(), method="lasso")[2]
    entered = np.where(path.any(axis=1), (path != 0).argmax(axis=1), np.inf)
    return np.sort(np.argsort(entered)[: count_screened(N_ROWS)])


def test_first_of_the_path():
    found = columns_of()
    assert {3, 7} <= set(found)
    np.testing.assert_array_equal(found, first_by_least_angles(INPUTS, Y))


def test_only_own_rows_have_a_say():
    own = EVERY_ROW[5:]
    other = np.where(EVERY_ROW < 5, 100, Y)
    np.testing.assert_array_equal(columns_of(rows=own), columns_of(other, rows=own))
    assert set(columns_of()) != set(columns_of(other))
    repeated = np.r_[own, own[:3]]
    np.testing.assert_array_equal(columns_of(rows=repeated), columns_of(rows=own))


def test_weights_count():
    weights = RNG.integers(0, 3, N_ROWS)
    found = columns_of(weights=weights.astype(float))
    again = np.repeat(EVERY_ROW, weights)
    np.testing.assert_array_equal(found, first_by_least_angles(INPUTS[again], Y[again]))
    assert set(found) != set(columns_of())


def test_encoded_columns_stand_for_one():
    twice, groups = np.hstack([INPUTS, INPUTS[:, ::-1] ** 3]), np.arange(N_COLUMNS)
    found = columns_of(inputs=twice, groups=np.r_[groups, groups[::-1]])
    assert {3, 7} <= set(found)
    assert len(found) == count_screened(N_ROWS) == len(set(found))
    assert found.max() < N_COLUMNS


def test_plain_columns_are_there_anyway():
    found = columns_of(plain=[3])
    assert 7 in found
    assert 3 not in found


def test_several_targets():
    both = np.column_stack([INPUTS[:, 3], INPUTS[:, 20]])
    assert {3, 20} <= set(columns_of(both))


def test_nothing_to_tell_rows_apart_by():
    assert columns_of(inputs=np.ones((N_ROWS, N_COLUMNS))).size == 0
    assert columns_of(np.ones(N_ROWS)).size == 0


@pytest.mark.parametrize(
    ("gain", "n_rows", "make", "wanted"),
    [
        (0.1, 59, np.asarray, True),
        (0.6, 59, np.asarray, False),
        (0.1, 60, np.asarray, False),
        (0.1, 59, sparse.csr_matrix, False),
    ],
)
def test_when(gain, n_rows, make, wanted):
    table = SimpleNamespace(X=make(np.zeros((n_rows, 60))))
    shared = SimpleNamespace(table=table, rows=np.arange(n_rows))
    assert screens(shared, SimpleNamespace(gain=gain)) == wanted
