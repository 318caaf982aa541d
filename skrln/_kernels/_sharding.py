# SPDX-License-Identifier: BSD-3-Clause
"""Batches that several devices share.

Every device holds the table and the state, and computes its part of each batch; the devices add
up their sums. The only place that knows this is the constraint of `split_rows`: the compiler
divides the program.
"""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, TypeVar

import jax
import numpy as np
from jax import lax
from jax.sharding import Mesh, NamedSharding, PartitionSpec

Tree = TypeVar("Tree")

ROWS = "rows"
#: Held by the call of a program of several devices.
_running = threading.Lock()


def put(tree: Any, n_devices: int) -> Any:
    """Arrays on the device of the scope of ``placed``, or on each of several devices."""
    if n_devices == 1:
        return jax.device_put(tree)
    return jax.device_put(tree, _sharding(n_devices, PartitionSpec()))


def split_rows(tree: Tree, n_devices: int) -> Tree:
    """Arrays of a program, of which each device has its part of the rows.

    The rows have to be a multiple of the devices.
    """
    if n_devices == 1:
        return tree
    sharding = _sharding(n_devices, PartitionSpec(ROWS))
    return lax.with_sharding_constraint(tree, sharding)


@contextmanager
def in_turn(n_devices: int) -> Generator[None]:
    """Let one thread at a time run programs of several devices.

    Two programs that devices began in a different order would wait for each other for ever.
    """
    if n_devices == 1:
        yield
        return
    with _running:
        yield


def _sharding(n_devices: int, spec: PartitionSpec) -> NamedSharding:
    devices = jax.local_devices()[:n_devices]
    return NamedSharding(Mesh(np.array(devices), (ROWS,)), spec)
