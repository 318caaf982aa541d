# SPDX-License-Identifier: BSD-3-Clause
"""The way in and out: padding, chunks, compilation, precision, device, interruption."""

import logging
from dataclasses import replace

import jax
import numpy as np
import pytest

from skrln._kernels import (
    StopReason,
    _devices,
    _padding,
    _programs,
    _run,
    clear_caches,
    default_platform,
)

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


@pytest.fixture
def compilations(caplog):
    """Names of the programs compiled so far."""
    caplog.set_level(logging.WARNING, logger="jax")
    with jax.log_compiles():
        yield lambda: [
            record.getMessage().split("jit(")[1].split(")")[0]
            for record in caplog.records
            if "XLA compilation of jit(" in record.getMessage()
        ]


def test_padding_changes_nothing_but_rounding(monkeypatch):
    """Not the order of the rows, not the number of steps, not the solver's memory."""
    padded = fit(Settings(), make_table(), **watched())
    monkeypatch.setattr(_padding, "row_bucket", lambda size: size)
    monkeypatch.setattr(_run, "batch_bucket", lambda size: size)
    tight = fit(Settings(), make_table(), **watched())
    tolerance = {"rtol": 1e-11, "atol": 1e-12}
    for found, expected in zip(padded.state, tight.state, strict=True):
        np.testing.assert_allclose(found, expected, **tolerance)
    for found, expected in zip(padded.history, tight.history, strict=True):
        np.testing.assert_allclose(found, expected, **tolerance)
    n_steps = padded.state[-2]  # behind it, the scale of the learning rate
    assert n_steps == 4 * 3  # epochs of three batches: none of padding alone


def test_what_stands_in_the_padding_is_never_read(monkeypatch):
    clean = fit(Settings(), make_table())
    pad = _run.pad_data

    def pad_with_junk(data, dtype):
        padded = pad(data, dtype)
        for array in (padded.inputs, padded.targets, padded.weights):
            array[int(data.n_rows) :] = np.nan
        return padded

    monkeypatch.setattr(_run, "pad_data", pad_with_junk)
    assert_equal(fit(Settings(), make_table()), clean)


def test_chunks_of_epochs_change_nothing():
    """More epochs than a chunk holds, against one epoch at a time."""
    settings = Settings(max_epochs=_run.EPOCHS_PER_CHUNK + 6)
    lengths = []
    at_once = fit(settings, make_table())
    one_by_one = fit(
        settings,
        make_table(),
        on_epoch=lambda snapshot: lengths.append(len(snapshot.history.loss)),
    )
    assert lengths == [1] * settings.max_epochs
    assert at_once.n_epochs == one_by_one.n_epochs == settings.max_epochs
    assert_equal(at_once, one_by_one)


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


def test_numbers_do_not_compile_again(compilations):
    fit(Settings(), make_table(), **watched())
    before = compilations()
    for change in (
        {"learning_rate": 0.02},
        {"theta": -7.0},
        {"reg_step": 0.0},
        {"max_reg_step": 0.1},
        {"max_epochs": 9},
        {"seed": 5},
        {"batch_size": 7},
    ):
        fit(
            replace(Settings(), **change),
            make_table(n_rows=21),
            patience=3,
            tol=1e-3,
            restore_best=True,
            **watched(N_VALIDATION + 1),
        )
    assert compilations() == before


def test_programs_kept_are_bounded(monkeypatch):
    programs, cleared = set(), []
    monkeypatch.setattr(_programs, "_programs", programs)
    monkeypatch.setattr(_programs, "MAX_PROGRAMS", 2)
    monkeypatch.setattr(
        _programs, "clear_caches", lambda: cleared.append(programs.copy())
    )
    compiled = []
    for name in ("a", "b", "a", "b"):
        _programs.compile_once(name, lambda name=name: compiled.append(name))
    assert not cleared
    _programs.compile_once("c", lambda: compiled.append("c"))
    assert cleared == [{"a", "b"}]
    assert compiled == ["a", "b", "c"]


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_precision_stays_inside_the_fit(precision):
    result = fit(Settings(), make_table(), precision=precision)
    weights = jax.tree.leaves(result.params)
    for array in (*weights, result.coefficients[0], result.history.loss):
        assert array.dtype == precision
    assert not jax.config.jax_enable_x64
    assert jax.numpy.ones(1).dtype == np.float32


def test_callback_ends_the_fit():
    epochs = []

    def third(snapshot):
        epochs.append(snapshot.epoch)
        return snapshot.epoch == 2

    result = fit(Settings(max_epochs=10), make_table(), on_epoch=third)
    assert epochs == [0, 1, 2]
    assert result.reason == StopReason.CALLBACK
    assert result.n_epochs == len(result.history.loss) == 3
    assert_equal(result, fit(Settings(max_epochs=3), make_table()))


def test_interrupted_fit_returns_what_it_has():
    def interrupt(snapshot):
        if snapshot.epoch == 1:
            raise KeyboardInterrupt

    result = fit(Settings(max_epochs=10), make_table(), on_epoch=interrupt)
    assert result.reason == StopReason.INTERRUPTED
    assert_equal(result, fit(Settings(max_epochs=2), make_table()))


def test_no_epochs_return_the_start():
    result = fit(Settings(max_epochs=0), make_table())
    assert result.reason == StopReason.MAX_ITER
    assert result.n_epochs == len(result.history.loss) == 0
    np.testing.assert_array_equal(result.coefficients[0], Settings().theta)


def test_unknown_device_is_an_error():
    with pytest.raises(ValueError, match=r"Got device='abacus:3', but expected None"):
        fit(Settings(), make_table(), device="abacus:3")


def test_device_by_name():
    assert default_platform("cpu") == "cpu"
    assert_equal(
        fit(Settings(), make_table(), device="cpu:0"),
        fit(Settings(), make_table(), device="cpu"),
    )


def test_forked_child_is_refused(monkeypatch):
    monkeypatch.setattr(
        _devices, "_backend_pid", -1
    )  # as if JAX had started in a parent
    with pytest.raises(RuntimeError, match="forked after JAX had started"):
        fit(Settings(), make_table())
    with pytest.raises(RuntimeError, match="forked after JAX had started"):
        default_platform()


def test_cleared_caches_compile_again(compilations):
    first = fit(Settings(), make_table())
    count = compilations().count("train_epochs")
    clear_caches()
    assert_equal(fit(Settings(), make_table()), first)
    assert compilations().count("train_epochs") == count + 1
