# SPDX-License-Identifier: BSD-3-Clause
"""The compiled programs: each is made once, and all are let go when there are many."""

import threading
from collections.abc import Callable
from typing import Any

from ._adversarial import train_adversarial_epochs
from ._joint import train_joint_epochs
from ._loop import train_epochs

#: Distinct compiled programs that are kept before all are let go.
MAX_PROGRAMS = 64

_programs: set[Any] = set()
_compiling: dict[Any, threading.Lock] = {}
_registering = threading.Lock()


def compile_once(key: Any, compile_program: Callable[[], None]) -> None:
    """Compile a program that is new.

    Other threads that want the same one wait for it; those that want another compile it
    meanwhile, as a processor each does that in half of the time.
    """
    if key in _programs:
        return
    with _registering:
        if len(_programs) >= MAX_PROGRAMS:
            clear_caches()
        mine = _compiling.setdefault(key, threading.Lock())
    with mine:
        if key not in _programs:
            compile_program()
            _programs.add(key)


def clear_caches() -> None:
    """Free the compiled programs of this package.

    The next fit of each network shape compiles again (about a second). Useful in a long-lived
    process that fits networks of many different shapes; the number kept is bounded anyway.

    Examples
    --------
    >>> import skrln
    >>> skrln.clear_caches()
    """
    _programs.clear()
    _compiling.clear()
    # jax.jit is typed as a plain function, which has no caches.
    train_epochs.clear_cache()  # type: ignore[attr-defined]
    train_joint_epochs.clear_cache()  # type: ignore[attr-defined]
    train_adversarial_epochs.clear_cache()  # type: ignore[attr-defined]
