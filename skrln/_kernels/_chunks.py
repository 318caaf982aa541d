# SPDX-License-Identifier: BSD-3-Clause
"""The host loop: calls of a compiled program, a chunk of epochs each."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

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

#: Row orders of a chunk have about this many entries, and at most so many epochs.
ORDERS_PER_CHUNK, EPOCHS_PER_CHUNK = 1 << 20, 64
#: A chunk takes about so long at most: an interrupt waits for its end.
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
    #: seconds of an epoch in the last call
    pace: float | None = field(default=None, init=False)

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

    def run(self, train: Callable[[], None]) -> None:
        """Call `train`; an interrupt keeps the epochs that ran.

        Raises
        ------
        KeyboardInterrupt
            If no epoch ran, or where the fit is part of a whole.
        """
        try:
            with awaited_at_exit():
                train()
        except KeyboardInterrupt:
            if self.done == 0 or current_scope().whole:
                raise
            self.reason = StopReason.INTERRUPTED
        if self.reason == StopReason.RUNNING:
            self.reason = StopReason.MAX_ITER

    def compile(self, key: Any) -> None:
        """Compile the program by running no epoch; `key` identifies the program."""
        check_cancelled()
        shape = self._order_shape

        def call() -> None:
            jax.block_until_ready(self._call(np.zeros(shape, np.int32), np.int32(0)))

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
            shape = self._order_shape
            orders = draw_orders(self.rng, n_epochs, shape, self.counts, self.n_batches)
            state, history = self._call(orders, np.int32(n_epochs))
            ran = int(state.epoch) - before
            self.pace = (perf_counter() - begin) / max(1, ran)
            history = jax.tree.map(lambda leaf: np.asarray(leaf)[:ran], history)
            self.state, self.reason = state, StopReason(int(state.reason))
            self._receive(history)
        self._record(history, before)

    def _receive(self, history: Any) -> None:
        """Keep the history of a chunk."""
        self.epochs.append(history)

    def _record(self, history: Any, epoch: int) -> None:
        """Pass on the history of a chunk that began at `epoch`."""
        del history, epoch

    @property
    def _affordable(self) -> int:
        """Epochs of a chunk that an interrupt may wait for; the first one is for its time."""
        if self.pace is None:
            return 1
        return max(1, int(SECONDS_PER_CHUNK / self.pace))

    @property
    def _order_shape(self) -> tuple[int, int, int]:
        return self.capacity, len(self.counts), self.n_slots

    def history(self, empty: Any) -> Any:
        """Histories of all chunks; `empty` where the fit was interrupted at once."""
        if not self.epochs:
            return empty
        return jax.tree.map(lambda *chunks: np.concatenate(chunks), *self.epochs)
