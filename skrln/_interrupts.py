# SPDX-License-Identifier: BSD-3-Clause
"""Ctrl-C: where it acts, which fits it ends, and the threads that end with them.

Python raises ``KeyboardInterrupt`` in the main thread, between any two instructions. A call of
a compiled program that is left in this way goes on in threads of JAX, and a process that ends
meanwhile crashes. So calls run to their end (`deferred`), and an interrupt acts between them.

A network that is interrupted keeps the epochs that ran. Where other code builds on the fit,
half a fit is worse than none: in `whole_fits` the interrupt is raised. No interrupt reaches
other threads: their fits call `check_cancelled` between two calls of the program.
"""

import atexit
import contextlib
import functools
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator
from typing import Any, NamedTuple

#: Longest wait at the end of the process for the fits of other threads, in seconds.
LONGEST_WAIT = 60.0


class Scope(NamedTuple):
    """Effect of an interrupt on the fits of a thread."""

    #: True if a fit raises KeyboardInterrupt, and does not keep the epochs that ran
    whole: bool = False
    #: returns True to end the fits of the thread
    cancelled: Callable[[], bool] | None = None


class _Local(threading.local):
    scope = Scope()


_local = _Local()
#: Number of bodies of `awaited_at_exit` that each thread is in.
_threads: Counter[threading.Thread] = Counter()
_is_exiting = threading.Event()


@contextlib.contextmanager
def deferred() -> Generator[None]:
    """Delay Ctrl-C to the end of the body.

    This changes nothing in other threads, which no interrupt reaches, and where the handler of
    the signal is not a function of Python.
    """
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread():
        handler = None
    if not callable(handler):  # ignored, the default of the system, or a handler in C
        yield
        return
    signals: list[tuple[int, Any]] = []
    signal.signal(signal.SIGINT, lambda *call: signals.append(call))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        if signals:
            handler(*signals[0])


@contextlib.contextmanager
def in_scope(scope: Scope) -> Generator[None]:
    """Run the body, in this thread, in the scope of another thread."""
    before, _local.scope = _local.scope, scope
    try:
        yield
    finally:
        _local.scope = before


def current_scope() -> Scope:
    """Return the scope of this thread."""
    return _local.scope


def whole_fits() -> contextlib.AbstractContextManager[None]:
    """Raise KeyboardInterrupt at an interrupt in the body.

    Fits in the body do not keep the epochs that ran.
    """
    return in_scope(_local.scope._replace(whole=True))


def ended_by(stop: threading.Event, scope: Scope) -> Scope:
    """Return a scope whose fits end once `stop` is set, or with the fits of `scope`."""
    outer = scope.cancelled

    def cancelled() -> bool:
        return stop.is_set() or (outer is not None and outer())

    return scope._replace(cancelled=cancelled)


def check_cancelled() -> None:
    """Raise KeyboardInterrupt if the fits of this thread are to end."""
    cancelled = _local.scope.cancelled
    in_main_thread = threading.current_thread() is threading.main_thread()
    if (cancelled is not None and cancelled()) or (
        _is_exiting.is_set() and not in_main_thread
    ):
        raise KeyboardInterrupt


@contextlib.contextmanager
def awaited_at_exit() -> Generator[None]:
    """Let the end of the process wait for the body, if a thread runs it."""
    thread = threading.current_thread()
    if thread is threading.main_thread():
        yield
        return
    _register()
    _threads[thread] += 1
    try:
        yield
    finally:
        _threads[thread] -= 1
        if not _threads[thread]:
            del _threads[thread]


@functools.cache
def _register() -> None:
    # Threads of a pool are joined before the functions of atexit are called: this one has to
    # be called before that. Not before the others are registered: the last is called first.
    register = getattr(threading, "_register_atexit", atexit.register)
    register(_end_threads)


def _end_threads() -> None:
    """End the fits of threads that the process does not wait for otherwise.

    A pool of joblib that is interrupted leaves its threads alone, and a compiled program that
    outlives JAX crashes.
    """
    _is_exiting.set()
    end = time.monotonic() + LONGEST_WAIT
    while time.monotonic() < end and any(t.is_alive() for t in list(_threads)):
        time.sleep(0.01)


class Calls:
    """Calls in the threads of a pool that does not wait for them when it is interrupted.

    In another process a copy counts its own calls, for which nobody waits: a pool of processes
    ends its processes.
    """

    def __init__(self) -> None:
        self._stop, self._threads = threading.Event(), set()
        self._scope = ended_by(self._stop, current_scope()._replace(whole=True))

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: locks and threads stay in their process."""
        return {}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__()

    def run(self, function: Callable[..., Any], *args: Any) -> Any:
        """Call a function in a thread of the pool, unless the calls have ended."""
        thread = threading.current_thread()
        self._threads.add(thread)
        try:
            with in_scope(self._scope):
                check_cancelled()
                return function(*args)
        finally:
            self._threads.discard(thread)

    @contextlib.contextmanager
    def ended(self) -> Generator[None]:
        """End all calls before an error of the body is raised.

        An interrupt ends the wait for them.
        """
        try:
            yield
        except BaseException:
            self._stop.set()
            own = {threading.current_thread()}
            while any(t.is_alive() for t in self._threads - own):
                time.sleep(0.005)
            raise
