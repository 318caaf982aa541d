# SPDX-License-Identifier: BSD-3-Clause
"""Compiled programs as bytes, and everything that they depend on."""

import hashlib
import os
import pickle
import platform
import warnings
from collections.abc import Hashable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.experimental import serialize_executable

from ._store import ProgramStore, UnsafeFolderError

#: Settings of JAX that change no program: paths, logs, devices (which have their own place in
#: the signature), and the cache of JAX itself.
IRRELEVANT = (
    "jax_compilation_cache",
    "jax_debug_log",
    "jax_default_device",
    "jax_dump",
    "jax_enable_compilation_cache",
    "jax_explain",
    "jax_log",
    "jax_persistent_cache",
    "jax_platform",
    "jax_raise_persistent_cache",
    "jax_traceback",
)
#: Variables that change what the compiler makes.
VARIABLES = ("XLA_FLAGS", "LIBTPU_INIT_ARGS")
#: Lines of /proc/cpuinfo that describe the instructions of a processor.
CPU_LINES = ("Features", "flags", "model name", "CPU part", "CPU implementer", "isa")


class Signature(NamedTuple):
    """Everything about a call that chooses its program, within a process."""

    program: str
    static: Hashable
    tree: Any  #: structure of the arguments
    leaves: tuple[tuple[tuple[int, ...], str, bool], ...]  #: shape, dtype, weak type
    device: Any
    settings: tuple[str, ...]


def sign(
    program: str, args: tuple[Any, ...], static: dict[str, Any]
) -> Signature | None:
    """Signature of a call; None if its arguments are not all on one device."""
    leaves, tree = jax.tree.flatten((args, {}))
    devices: set[Any] = set()
    for leaf in leaves:
        if isinstance(leaf, jax.Array):
            devices |= leaf.devices()
    if len(devices) != 1:
        return None
    shapes = tuple(map(_describe, leaves))
    numbers = tuple(sorted(static.items()))
    return Signature(program, numbers, tree, shapes, devices.pop(), _settings())


def name_of(signature: Signature) -> str:
    """Name of a program among those of all processes, versions and machines: a digest."""
    device = signature.device
    text = repr(
        (
            signature._replace(device=(device.platform, device.device_kind, device.id)),
            device.client.platform_version,
            [os.environ.get(name) for name in VARIABLES],
            _versions(),
        )
    )
    return hashlib.sha256(text.encode()).hexdigest()


def fetch(
    store: ProgramStore, name: str, signature: Signature, args: tuple[Any, ...]
) -> tuple[Any, Any] | None:
    """Program of the store and the result of its first call; None if it has to be compiled.

    A program that cannot be read, loaded or called is compiled again, with a warning.
    """
    try:
        content = store.read(name)
        if content is None:
            return None
        executable = _load(content, signature)
        return executable, jax.block_until_ready(executable(*args))
    except UnsafeFolderError:
        raise
    # pickle, JAX and XLA document no list of errors for bytes that they did not write.
    except Exception as error:
        warnings.warn(
            f"Got a compiled program in the folder {store.path!r} that cannot be used, "
            f"{name}.program: {error}. It is compiled again and replaced.",
            RuntimeWarning,
            stacklevel=2,
        )
        return None


def keep(
    store: ProgramStore,
    name: str,
    signature: Signature,
    compiled: Any,
    args: tuple[Any, ...],
) -> tuple[Any, Any]:
    """Write a program to the store; return a program and the result of its first call.

    What is written was loaded from the same bytes and called before: XLA on a CPU writes
    programs that lack functions where it took them from the cache of JAX.
    """
    try:
        content = _dump(compiled)
        executable = _load(content, signature)
        result = jax.block_until_ready(executable(*args))
    # As above. An error of the program itself comes again below.
    except Exception as error:
        result = jax.block_until_ready(compiled(*args))
        if not getattr(jax.config, "jax_compilation_cache_dir", None):
            _warn_unwritten(store, error)
        return compiled, result
    try:
        if not store.write(name, content):
            _warn_unwritten(
                store,
                f"it takes {len(content)} bytes, more than max_bytes={store.max_bytes}",
            )
    except OSError as error:
        _warn_unwritten(store, error)
    return executable, result


def _warn_unwritten(store: ProgramStore, reason: object) -> None:
    warnings.warn(
        "A compiled program could not be written to the folder "
        f"{store.path!r}: {reason}. The fit goes on, and the next process compiles the "
        "program again. Free space or pass a larger max_bytes to skrln.cache_programs, or "
        "switch the cache off with skrln.cache_programs(False).",
        RuntimeWarning,
        stacklevel=3,
    )


def _dump(compiled: Any) -> bytes:
    """Bytes of a compiled program."""
    body, _, out_tree = serialize_executable.serialize(compiled)
    return pickle.dumps((body, out_tree))


def _load(content: bytes, signature: Signature) -> Any:
    """Compiled program of the bytes that `_dump` returned; this can execute any code."""
    body, out_tree = pickle.loads(content)
    return serialize_executable.deserialize_and_load(
        body,
        signature.tree,
        out_tree,
        backend=signature.device.client,
        execution_devices=[signature.device],
    )


def _describe(leaf: Any) -> tuple[tuple[int, ...], str, bool]:
    """Shape and type of an argument, and True where other types decide on a result's."""
    dtype = getattr(
        leaf, "dtype", type(leaf).__name__
    )  # of a number of Python, its class
    return np.shape(leaf), str(dtype), bool(getattr(leaf, "weak_type", False))


def _settings() -> tuple[str, ...]:
    """Settings of JAX at this moment, in this thread."""
    config = jax.config
    return tuple(
        f"{name}={getattr(config, name, None)}"
        for name in sorted(config.values)
        if not name.startswith(IRRELEVANT)
    )


@cache
def _versions() -> str:
    """Versions of all code that makes a program, and the processor that it is made for."""
    packages = [f"{name} {version(name)}" for name in ("jax", "jaxlib", "optax")]
    return f"{packages} {_digest_kernels()} {_processor()}"


def _digest_kernels() -> str:
    """Digest of the source of the kernels: a checkout changes without its version."""
    folder = Path(__file__).parent
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(f"{path.relative_to(folder).as_posix()};".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _processor() -> str:
    """Model and features of the processor: a program may use all of its instructions."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            lines = {line for line in file if line.startswith(CPU_LINES)}
    except OSError:  # not Linux
        lines = {platform.processor()}
    return f"{platform.system()} {platform.machine()} {sorted(lines)}"
