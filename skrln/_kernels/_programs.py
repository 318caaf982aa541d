# SPDX-License-Identifier: BSD-3-Clause
"""Compiled programs: each is compiled once, and all are freed when there are many."""

import ctypes
import functools
import os
import sys
import threading
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np

from ._loading import load
from ._store import ProgramStore, user_folder

#: Distinct compiled programs that are kept before all are freed.
MAX_PROGRAMS = 64
#: Compiled programs after which the caches of JAX itself are cleared: they keep half a megabyte
#: of each program, also of those that are freed. Programs of other packages compile again.
MAX_COMPILED = 512
#: Bytes of the programs on disk, by default: about 500 programs.
MAX_BYTES = 1 << 28

R = TypeVar("R")

_jitted: list[Any] = []
#: where programs are kept on disk; None unless the user switched it on
_store: ProgramStore | None = None
_programs: set[Any] = set()
_history: list[Any] = []  # keys compiled since the caches of JAX were cleared
_compiling: dict[Any, threading.Lock] = {}
_registering = threading.Lock()


def compiled(*static: str) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Decorate a program with ``jax.jit``, and with the cache on disk where it is on.

    `clear_caches` frees the compilations.

    Parameters
    ----------
    *static : str
        Names of the static arguments.
    """

    def decorate(program: Callable[..., R]) -> Callable[..., R]:
        _jitted.append(_Program(program, static))
        return cast(Callable[..., R], _jitted[-1])

    return decorate


class _Program:
    """A function that compiles for each new signature, or takes the program from the disk.

    Parameters
    ----------
    function : callable
    static : tuple of str
        Names of its static arguments, which are passed by name.
    """

    def __init__(self, function: Callable[..., Any], static: tuple[str, ...]) -> None:
        functools.update_wrapper(self, function)
        self._name = f"{function.__module__}.{function.__qualname__}"
        self._jitted = load("jax").jit(function, static_argnames=static)
        self._executables: dict[Any, Any] = {}

    def __call__(self, *args: Any, **static: Any) -> Any:
        store = _store
        if store is None and not self._executables:
            return self._jitted(*args, **static)
        executables = load("skrln._kernels._executables")
        signature = executables.sign(self._name, args, static)
        executable = self._executables.get(signature)
        if executable is not None:
            return executable(*args)
        if store is None or signature is None:
            return self._jitted(*args, **static)
        name = executables.name_of(signature)
        first = executables.fetch(store, name, signature, args)
        if first is None:
            compiled = self._jitted.lower(*args, **static).compile()
            first = executables.keep(store, name, signature, compiled, args)
        self._executables[signature], result = first
        return result

    def clear_cache(self) -> None:
        """Free all compilations in memory."""
        self._executables.clear()
        self._jitted.clear_cache()


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
    Programs on disk stay (:func:`skrln.cache_programs`).

    Examples
    --------
    >>> import skrln
    >>> skrln.clear_caches()
    """
    _free(everything=False)


def cache_programs(folder: object = None, *, max_bytes: Any = MAX_BYTES) -> str | None:
    """Keep compiled programs on disk, for the fits of later processes.

    Without the cache, every process compiles a program for the first fit of each network
    shape. With the cache, a process takes the programs that an earlier process compiled. Call
    this function before the first fit of each process. It acts on programs of skrln alone.

    .. warning::
        Programs in the folder are executed. Whoever can write to the folder can run code as
        its user. Therefore the folder has to belong to the user and be closed to others
        (mode 700). It is checked at every use.

    Parameters
    ----------
    folder : str, path-like, False or None, default=None
        Folder of the programs; it is made if it does not exist. None takes the folder
        ``skrln/programs`` in the cache folder of the user: ``$XDG_CACHE_HOME`` or ``~/.cache``
        on Linux, ``~/Library/Caches`` on macOS, ``%LOCALAPPDATA%`` on Windows. False switches
        the cache off: nothing is read or written from then on, and the files stay.

    max_bytes : int, default=268435456
        Largest size of all programs together. The least recently used programs are deleted.
        A program takes about half a megabyte.

    Returns
    -------
    folder : str or None
        Absolute path of the folder; None after False.

    Raises
    ------
    ValueError
        If the folder cannot be written, belongs to another user, or is open to others. A fit
        raises this error too, if the folder has changed in between.

    See Also
    --------
    clear_caches : Free the programs in memory.

    Notes
    -----
    The folder holds machine code and the shapes of tables and networks. It holds no data, no
    weights and no names of columns. Programs depend on the versions of skrln, JAX and optax,
    on the processor or GPU, and on the settings of JAX; programs of other versions are never
    used. A damaged program is compiled again, with a warning. Several processes can use one
    folder. You can delete the folder at any time.

    Examples
    --------
    >>> import tempfile
    >>> import skrln
    >>> folder = skrln.cache_programs(tempfile.mkdtemp())
    >>> skrln.cache_programs(False)
    """
    global _store
    if folder is False:
        _store = None
        return None
    is_int = isinstance(max_bytes, int | np.integer) and not isinstance(max_bytes, bool)
    if not is_int or max_bytes <= 0:
        raise ValueError(
            f"Got max_bytes={max_bytes!r}, but expected a whole number above 0. Pass False as "
            "the folder to switch the cache off."
        )
    if folder is not None and not (isinstance(folder, str | os.PathLike) and folder):
        raise ValueError(
            f"Got folder={folder!r}, but expected the path of a folder, None for the cache "
            "folder of the user, or False to switch the cache off."
        )
    path = user_folder() if folder is None else os.fspath(folder)
    path = os.path.abspath(os.path.expanduser(path))
    store = ProgramStore(path, int(max_bytes))
    store.check()
    _store = store
    return path


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
