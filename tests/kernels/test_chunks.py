# SPDX-License-Identifier: BSD-3-Clause
"""The host loop in chunks, with a program in Python and in whole fits."""

import signal
from typing import Any, NamedTuple

import numpy as np
import pytest

from skrln._interrupts import whole_fits
from skrln._kernels import StopReason, _chunks
from skrln._kernels._chunks import Chunks

from ._problems import assert_equal, fit, make_table
from ._reference import Settings


class State(NamedTuple):
    epoch: Any = np.int32(0)
    reason: Any = np.int32(StopReason.RUNNING)


class Sums(NamedTuple):
    epochs: np.ndarray
    sums: np.ndarray


class Counter(Chunks):
    """Counts epochs; stops for good at epoch `last`."""

    last = 10**9
    history_type = Sums

    def _call(self, orders, n_epochs):
        epochs = self.state.epoch + np.arange(len(orders))
        done = min(self.state.epoch + int(n_epochs), self.last)
        reason = StopReason.PATIENCE if done == self.last else StopReason.RUNNING
        state = State(np.int32(done), np.int32(reason))
        return state, Sums(epochs, orders.sum(axis=(1, 2)))


def counter(counts=(5, 3), n_batches=(2, 1), n_slots=8):
    rng = np.random.default_rng(0)
    return Counter(rng, np.array(counts), np.array(n_batches), n_slots, State())


def train(loop, until):
    def epochs():
        while loop.is_unfinished(until):
            loop.run_chunk(until - loop.done)
            loop.save_if_due()

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
        loop.run_chunk(1)
        loop.run_chunk(1)
        raise KeyboardInterrupt

    loop.run(interrupted)
    assert loop.done == 2
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


class Place:
    """Slot in memory, in which writes are due after some seconds."""

    def __init__(self, seconds=0.0):
        self.seconds, self.arrays, self.n_writes, self.ended = seconds, None, 0, False
        self.starts = []

    def load(self, start):
        self.starts.append(start)
        return self.arrays

    def seconds_left(self):
        return self.seconds

    def save(self, arrays, *, ended=False):
        self.arrays, self.ended = arrays, ended
        self.n_writes += 1

    def unreadable(self, error):
        return LookupError(f"not of this fit: {error}")


def placed(slot, **options):
    loop = counter(**options)
    loop.slot = slot
    return loop


def test_loop_goes_on_from_its_slot():
    whole, slot = counter(), Place()
    train(whole, 10)
    first = placed(slot)
    with pytest.raises(ZeroDivisionError):
        train_until_error(first, 4)
    assert (slot.n_writes, slot.ended) == (4, False)
    second = placed(slot)
    train(second, 10)
    assert (slot.n_writes, slot.ended) == (11, True)
    assert second.reason == whole.reason == StopReason.MAX_ITER
    for ours, theirs in zip(second.history(None), whole.history(None), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    draws = [loop.rng.integers(10**9) for loop in (whole, second)]
    assert draws[0] == draws[1]  # the orders of the first call are drawn again
    third = placed(slot)
    third.run(None)  # nothing to train
    assert (third.done, third.reason, slot.n_writes) == (10, whole.reason, 11)


def test_interrupt_of_the_last_write_keeps_all_epochs():
    class Interrupted(Place):
        def save(self, arrays, *, ended=False):
            if ended:
                signal.raise_signal(signal.SIGINT)
            super().save(arrays, ended=ended)

    loop = placed(Interrupted())
    train(loop, 10)
    assert (loop.done, loop.reason) == (10, StopReason.INTERRUPTED)
    assert loop.slot.ended
    again = placed(loop.slot)
    again.run(None)
    assert (again.done, again.reason) == (10, StopReason.MAX_ITER)


def train_until_error(loop, n_epochs):
    def epochs():
        for _ in range(n_epochs):
            loop.run_chunk(1)
            loop.save_if_due()
        raise ZeroDivisionError

    loop.run(epochs)


def test_calls_last_until_the_next_write(monkeypatch):
    """The first epoch is timed; then as many epochs run as the time until the write has."""
    now = [0.0]

    def timed_call(loop, orders, n_epochs):
        now[0] += 2.0 * int(n_epochs)
        return Counter._call(loop, orders, n_epochs)

    monkeypatch.setattr(_chunks, "perf_counter", lambda: now[0])
    monkeypatch.setattr(_chunks, "SECONDS_PER_CHUNK", np.inf)
    slot = Place(seconds=7.0)
    loop = placed(slot)
    loop._call = lambda *args: timed_call(loop, *args)
    train(loop, 11)
    assert [len(chunk.epochs) for chunk in loop.epochs] == [1, 3, 3, 3, 1]
    assert slot.n_writes == 1  # none was due before the end
    slot = Place(seconds=-1.0)
    loop = placed(slot)
    train(loop, 3)
    assert [len(chunk.epochs) for chunk in loop.epochs] == [1, 1, 1]
    slot = Place(seconds=np.inf)
    loop = placed(slot)
    train(loop, 100)
    assert max(len(chunk.epochs) for chunk in loop.epochs) == loop.capacity


@pytest.mark.parametrize(
    "damage",
    [
        lambda arrays: arrays.clear(),
        lambda arrays: arrays.pop("state.1"),
        lambda arrays: arrays.update({"state.0": np.zeros(3)}),
        lambda arrays: arrays.update({"history.sums": np.zeros(9)}),
        lambda arrays: arrays.update({"reason": np.array(77)}),
        lambda arrays: arrays.update({"reason": np.zeros(2)}),
    ],
)
def test_arrays_of_another_fit_are_refused(damage):
    slot = Place()
    train(placed(slot), 3)
    damage(slot.arrays)
    with pytest.raises(LookupError, match="not of this fit"):
        train(placed(slot), 3)


def test_interrupted_loop_keeps_its_last_write():
    slot = Place()

    def interrupted():
        loop.run_chunk(2)
        loop.save_if_due()
        raise KeyboardInterrupt

    loop = placed(slot)
    loop.run(interrupted)
    assert not slot.ended
    assert len(slot.arrays["history.epochs"]) == loop.done
