# SPDX-License-Identifier: BSD-3-Clause
"""The host loop in chunks, with a program in Python and in whole fits."""

import signal
from typing import NamedTuple

import numpy as np
import pytest

from skrln._interrupts import whole_fits
from skrln._kernels import StopReason, _chunks
from skrln._kernels._chunks import Chunks

from ._problems import assert_equal, fit, make_table
from ._reference import Settings


class State(NamedTuple):
    epoch: int = 0
    reason: int = StopReason.RUNNING


class Counter(Chunks):
    """Counts epochs; stops for good at epoch `last`."""

    last = 10**9

    def _call(self, orders, n_epochs):
        epochs = self.state.epoch + np.arange(len(orders))
        done = min(self.state.epoch + int(n_epochs), self.last)
        reason = StopReason.PATIENCE if done == self.last else StopReason.RUNNING
        return State(done, reason), (epochs, orders.sum(axis=(1, 2)))


def counter(counts=(5, 3), n_batches=(2, 1), n_slots=8):
    rng = np.random.default_rng(0)
    return Counter(rng, np.array(counts), np.array(n_batches), n_slots, State())


def train(loop, until):
    def epochs():
        while loop.is_unfinished(until):
            loop.run_chunk(until - loop.done)

    loop.run(epochs)


def test_all_epochs_run_in_chunks_of_the_capacity(monkeypatch):
    monkeypatch.setattr(_chunks, "EPOCHS_PER_CHUNK", 4)
    loop = counter()
    train(loop, 10)
    assert loop.capacity == 4
    # The first epoch gives the time of an epoch.
    assert [len(epochs) for epochs, _ in loop.epochs] == [1, 4, 4, 1]
    epochs, sums = loop.history(None)
    np.testing.assert_array_equal(epochs, np.arange(10))
    np.testing.assert_array_equal(sums, sum(range(8)))  # every row once
    assert loop.reason == StopReason.MAX_ITER


def test_capacity_falls_with_the_rows():
    assert counter(n_slots=1 << 18).capacity == 2
    assert counter(n_slots=1 << 30).capacity == 1


def test_slow_epochs_run_in_chunks_of_a_second(monkeypatch):
    class Slow(Counter):
        def _call(self, orders, n_epochs):
            clock[0] += 0.3 * int(n_epochs)
            return super()._call(orders, n_epochs)

    clock = [0.0]
    monkeypatch.setattr(_chunks, "perf_counter", lambda: clock[0])
    loop = Slow(np.random.default_rng(0), np.array([5]), np.array([1]), 8, State())
    train(loop, 10)
    assert [len(epochs) for epochs, _ in loop.epochs] == [1, 3, 3, 3]
    monkeypatch.setattr(_chunks, "SECONDS_PER_CHUNK", 0.1)  # an epoch takes longer
    loop.run_chunk(4)
    assert loop.done == 11


def test_a_reason_to_stop_ends_the_loop():
    loop = counter()
    loop.last = 3
    train(loop, 10)
    assert loop.done == len(loop.history(None)[0]) == 3
    assert loop.reason == StopReason.PATIENCE


def test_interrupted_loop_keeps_its_epochs():
    loop = counter()

    def interrupted():
        loop.run_chunk(2)
        raise KeyboardInterrupt

    loop.run(interrupted)
    assert loop.done == 1  # the first chunk has one
    assert loop.reason == StopReason.INTERRUPTED


def test_interrupted_loop_without_an_epoch_is_none():
    def interrupted():
        raise KeyboardInterrupt

    loop = counter()
    with pytest.raises(KeyboardInterrupt):
        loop.run(interrupted)
    assert loop.history("empty") == "empty"


def test_interrupt_waits_for_the_end_of_a_call():
    """Ctrl-C in the middle of the program, whose epochs are kept."""

    class Interrupted(Counter):
        def _call(self, orders, n_epochs):
            if self.done == 1:
                signal.raise_signal(signal.SIGINT)
            return super()._call(orders, n_epochs)

    loop = Interrupted(
        np.random.default_rng(0), np.array([5]), np.array([1]), 8, State()
    )
    train(loop, 100)
    assert loop.done == len(loop.history(None)[0]) == 1 + loop.capacity
    assert loop.reason == StopReason.INTERRUPTED


def test_interrupt_of_a_part_ends_the_whole():
    def interrupted():
        loop.run_chunk(2)
        raise KeyboardInterrupt

    loop = counter()
    with pytest.raises(KeyboardInterrupt), whole_fits():
        loop.run(interrupted)
    assert counter().history("empty") == "empty"


def test_chunks_of_epochs_change_nothing(monkeypatch):
    """More epochs than a chunk holds, against one epoch at a time."""
    settings = Settings(max_epochs=_chunks.EPOCHS_PER_CHUNK + 6)
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
    monkeypatch.setattr(_chunks, "EPOCHS_PER_CHUNK", 7)
    monkeypatch.setattr(Chunks, "_affordable", 5)
    assert_equal(fit(settings, make_table()), at_once)
