# SPDX-License-Identifier: BSD-3-Clause
"""Compiled programs: each is compiled once, and all are freed when there are many."""

import ctypes
import sys
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from ._loading import load

#: Distinct compiled programs that are kept before all are freed.
MAX_PROGRAMS = 64
#: Compiled programs after which the caches of JAX itself are cleared: they keep half a megabyte
#: of each program, also of those that are freed. Programs of other packages compile again.
MAX_COMPILED = 512

R = TypeVar("R")

_jitted: list[Any] = []
_programs: set[Any] = set()
_history: list[Any] = []  # keys compiled since the caches of JAX were cleared
_compiling: dict[Any, threading.Lock] = {}
_registering = threading.Lock()


def compiled(*static: str) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Decorate a program with ``jax.jit``; `clear_caches` frees its compilations.

    Parameters
    ----------
    *static : str
        Names of the static arguments.
    """

    def decorate(program: Callable[..., R]) -> Callable[..., R]:
        _jitted.append(load("jax").jit(program, static_argnames=static))
        return _jitted[-1]

    return decorate


def compile_once(key: Any, compile_program: Callable[[], None]) -> None:
    """Compile a new program.

    Other threads that need the same program wait for it. Threads that need another program
    compile meanwhile: two processors compile two programs in the time of one.
    """
    if key in _programs:
        return
    with _registering:
        if len(_programs) >= MAX_PROGRAMS:
            _free(everything=len(_history) >= MAX_COMPILED)
        mine = _compiling.setdefault(key, threading.Lock())
    with mine:
        if key not in _programs:
            compile_program()
            _programs.add(key)
            _history.append(key)


def clear_caches() -> None:
    """Free the compiled programs of this package.

    The next fit of each network shape compiles again (about a second). Useful in a long-lived
    process that fits networks of many different shapes; the number kept is bounded anyway.

    Examples
    --------
    >>> import skrln
    >>> skrln.clear_caches()
    """
    _free(everything=False)


def _free(*, everything: bool) -> None:
    """Free the programs of this package, or all that JAX keeps."""
    _programs.clear()
    _compiling.clear()
    for program in _jitted:
        program.clear_cache()
    if everything:
        _history.clear()
        load("jax").clear_caches()
    _return_memory()


def _return_memory() -> None:
    """Give freed memory back to the system: glibc keeps nearly all that programs took."""
    if sys.platform == "linux":
        trim: Any = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:  # other C libraries return it by themselves
            trim(0)
