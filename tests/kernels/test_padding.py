# SPDX-License-Identifier: BSD-3-Clause
"""Padding of tables and batches changes nothing but rounding."""

import numpy as np

from skrln._kernels import _padding, _run
from skrln._kernels._padding import pad_data, row_width

from ._problems import (
    EDGES,
    N_VALIDATION,
    assert_close,
    assert_equal,
    fit,
    make_table,
    watched,
)
from ._reference import Settings
from .test_batches import compress


def test_padding_has_no_weight():
    data = make_table().data()
    padded = pad_data(data, np.dtype("float32"))
    n = data.n_rows
    assert len(padded.inputs) == len(padded.targets) == len(padded.weights) == 1024
    np.testing.assert_array_equal(padded.inputs[:n], data.inputs.astype(np.float32))
    assert (padded.weights[n:] == 0).all()
    assert padded.n_rows == n


def test_width_is_that_of_the_longest_sparse_row():
    dense = np.zeros((4, 9))
    dense[1, :5] = 1
    data = make_table().data()
    assert row_width(data, None) == 0
    sparse = data._replace(inputs=compress(dense))
    assert row_width(sparse, None) == 5
    dense[2] = 1
    held_out = data._replace(inputs=compress(dense))
    assert row_width(sparse, held_out) == 10


def test_padding_changes_nothing_but_rounding(monkeypatch):
    """Not the order of the rows, not the number of steps, not the solver's memory."""
    padded = fit(Settings(), make_table(), **watched())
    monkeypatch.setattr(_padding, "row_bucket", lambda size: size)
    monkeypatch.setattr(_run, "batch_bucket", lambda size, n_devices: size)
    tight = fit(Settings(), make_table(), **watched())
    tolerance = {"rtol": 1e-11, "atol": 1e-12}
    for leaf, expected in zip(padded.state, tight.state, strict=True):
        np.testing.assert_allclose(leaf, expected, **tolerance)
    for leaf, expected in zip(padded.history, tight.history, strict=True):
        np.testing.assert_allclose(leaf, expected, **tolerance)
    n_steps = padded.state[-2]  # behind it, the scale of the learning rate
    assert n_steps == 4 * 3  # epochs of three batches: none of padding alone


def test_what_stands_in_the_padding_is_never_read(monkeypatch):
    clean = fit(Settings(), make_table())
    pad = _run.pad_data

    def pad_with_junk(data, dtype, device):
        padded = pad(data, dtype, device)
        for array in (padded.inputs, padded.targets, padded.weights):
            array[int(data.n_rows) :] = np.nan
        return padded

    monkeypatch.setattr(_run, "pad_data", pad_with_junk)
    assert_equal(fit(Settings(), make_table()), clean)


def test_sparse_rows_are_the_dense_ones():
    table, validation = make_table(), make_table(n_rows=N_VALIDATION, seed=1)
    for part in (table, validation):
        part.inputs[np.abs(part.inputs) < 0.4] = 0
    table.inputs[3] = 0  # a row without a stored value
    dense, sparse = (
        fit(
            Settings(),
            table.data()._replace(inputs=form(table.inputs)),
            validation=validation.data()._replace(inputs=form(validation.inputs)),
            edges=EDGES,
        )
        for form in (np.asarray, compress)
    )
    assert_close(sparse, dense, rtol=1e-11, atol=1e-12)
