# SPDX-License-Identifier: BSD-3-Clause
"""The host loop: calls of a compiled program, a chunk of epochs each."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, ClassVar

import jax
import numpy as np

from skrln._interrupts import (
    awaited_at_exit,
    check_cancelled,
    current_scope,
    deferred,
)

from ._batches import draw_orders
from ._config import StopReason
from ._programs import compile_once
from ._saved import Arrays, Slot, find_leaves, name_leaves
from ._sharding import in_turn, put

#: Row orders of a chunk have about this many entries, and at most so many epochs.
ORDERS_PER_CHUNK, EPOCHS_PER_CHUNK = 1 << 20, 64
#: Longest chunk in seconds, roughly. An interrupt waits for the end of the chunk.
SECONDS_PER_CHUNK = 1.0


@dataclass
class Chunks(ABC):
    """A fit under way on the host.

    Parameters
    ----------
    rng : Generator
        Of the order of the rows.
    counts, n_batches : ndarray of shape (n_domains,)
        Rows and batches of each domain; a single network has one domain.
    n_slots : int
        Entries of a row order, padding included.
    state : NamedTuple
        State of the loop; it has `epoch` and `reason`.
    """

    rng: np.random.Generator
    counts: np.ndarray
    n_batches: np.ndarray
    n_slots: int
    state: Any
    epochs: list[Any] = field(default_factory=list, init=False)
    reason: StopReason = field(default=StopReason.RUNNING, init=False)
    slot: Slot | None = field(default=None, init=False)
    #: devices that share each batch
    n_devices: int = field(default=1, init=False)
    #: seconds of an epoch in the last call
    pace: float | None = field(default=None, init=False)

    #: class of the history of a chunk, whose fields are arrays
    history_type: ClassVar[Any] = tuple

    @abstractmethod
    def _call(self, orders: np.ndarray, n_epochs: Any) -> tuple[Any, Any]:
        """Call the compiled program: state and history after `n_epochs` epochs."""

    @property
    def capacity(self) -> int:
        """Most epochs of a chunk."""
        n_entries = len(self.counts) * self.n_slots
        return int(np.clip(ORDERS_PER_CHUNK // n_entries, 1, EPOCHS_PER_CHUNK))

    @property
    def done(self) -> int:
        """Epochs that ran."""
        return int(self.state.epoch)

    def start(self) -> Arrays:
        """Everything that the fit starts from, besides its state."""
        return {}

    def run(self, train: Callable[[], None]) -> None:
        """Call `train`; an interrupt keeps the epochs that ran.

        Raises
        ------
        KeyboardInterrupt
            If no epoch ran, or where the fit is part of a whole.
        """
        try:
            with awaited_at_exit():
                if self.slot is not None:
                    self._resume(self.slot)
                if self.reason != StopReason.RUNNING:
                    return  # it ended in an earlier call
                train()
                self._end()
        except KeyboardInterrupt:
            if self.done == 0 or current_scope().whole:
                raise
            self.reason = StopReason.INTERRUPTED

    def _end(self) -> None:
        """Say why the fit has ended, and write its last state."""
        if self.reason == StopReason.RUNNING:
            self.reason = StopReason.MAX_ITER
        if self.slot is not None:
            with deferred():
                self.slot.save(self._to_arrays(), ended=True)

    def _resume(self, slot: Slot) -> None:
        """Go on from the state of an earlier call, if there is one."""
        arrays = slot.load(self.start() | name_leaves("state", self.state))
        if arrays is None:
            return
        try:
            self._from_arrays(arrays)
        except (KeyError, ValueError, TypeError) as error:
            raise slot.unreadable(error) from error
        for _ in range(self.done):  # the orders of the epochs that ran
            self._draw_orders(1)

    def _to_arrays(self) -> Arrays:
        """State of the fit between two epochs."""
        history = self.history(())._asdict()
        curves = {f"history.{name}": leaf for name, leaf in history.items()}
        reason = np.array(int(self.reason))
        return {"reason": reason, **curves, **name_leaves("state", self.state)}

    def _from_arrays(self, arrays: Arrays) -> None:
        """Take over the result of `_to_arrays`."""
        names = self.history_type._fields
        history = self.history_type(*(arrays[f"history.{name}"] for name in names))
        state = find_leaves("state", arrays, self.state)
        if {len(leaf) for leaf in history} != {int(state.epoch)}:
            raise ValueError("it has no history of its epochs")
        self.reason = StopReason(int(arrays["reason"]))
        self.state, self.epochs = put(state, self.n_devices), [history]

    def save_if_due(self) -> None:
        """Write the state where it is time."""
        if self.slot is None or self.reason != StopReason.RUNNING:
            return
        if self.slot.seconds_left() <= 0:
            self.slot.save(self._to_arrays())

    def compile(self, key: Any) -> None:
        """Compile the program by running no epoch; `key` identifies the program."""
        check_cancelled()
        shape = self._order_shape

        def call() -> None:
            self._call_in_turn(np.zeros(shape, np.int32), np.int32(0))

        with deferred():
            compile_once((key, shape), call)

    def is_unfinished(self, until: int) -> bool:
        """Return True where epochs remain before epoch `until`."""
        return self.done < until and self.reason == StopReason.RUNNING

    def run_chunk(self, n_epochs: int) -> None:
        """Run up to `n_epochs` epochs, at most the capacity."""
        check_cancelled()
        with deferred():
            before, begin = self.done, perf_counter()
            n_epochs = min(n_epochs, self.capacity, self._affordable)
            orders = self._draw_orders(n_epochs)
            state, history = self._call_in_turn(orders, np.int32(n_epochs))
            ran = int(state.epoch) - before
            # A coarse clock may not have moved.
            self.pace = max(perf_counter() - begin, 1e-6) / max(1, ran)
            history = jax.tree.map(lambda leaf: np.asarray(leaf)[:ran], history)
            self.state, self.reason = state, StopReason(int(state.reason))
            self._receive(history)
        self._record(history, before)

    def _call_in_turn(self, orders: np.ndarray, n_epochs: Any) -> tuple[Any, Any]:
        """Call the compiled program, and wait for its end."""
        with in_turn(self.n_devices):
            return jax.block_until_ready(self._call(orders, n_epochs))

    def _receive(self, history: Any) -> None:
        """Keep the history of a chunk."""
        self.epochs.append(history)

    def _record(self, history: Any, epoch: int) -> None:
        """Pass on the history of a chunk that began at `epoch`."""
        del history, epoch

    def _draw_orders(self, n_epochs: int) -> np.ndarray:
        """Row orders of the next epochs."""
        shape = self._order_shape
        return draw_orders(self.rng, n_epochs, shape, self.counts, self.n_batches)

    @property
    def _affordable(self) -> int:
        """Largest number of epochs of the next chunk.

        The first chunk has one epoch, whose time is measured.
        """
        if self.pace is None:
            return 1
        seconds = SECONDS_PER_CHUNK
        if self.slot is not None:
            seconds = min(seconds, self.slot.seconds_left())
        return int(np.clip(seconds / self.pace, 1, self.capacity))

    @property
    def _order_shape(self) -> tuple[int, int, int]:
        return self.capacity, len(self.counts), self.n_slots

    def history(self, empty: Any) -> Any:
        """Histories of all chunks; `empty` where the fit was interrupted at once."""
        if not self.epochs:
            return empty
        return jax.tree.map(lambda *chunks: np.concatenate(chunks), *self.epochs)
