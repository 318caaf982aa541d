# SPDX-License-Identifier: BSD-3-Clause
"""Batches of a fixed shape from a table that is padded to a bucket of rows."""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from ._compact import expand
from ._sharding import split_rows
from ._types import Batch, Data, SparseRows, TableRows


class Layout(NamedTuple):
    """Static shape of a batch."""

    capacity: int  #: rows, padding included
    n_features: int
    row_width: int  #: most stored values of a row of a sparse table
    n_devices: int = 1  #: devices that share the batch


def bucket(size: int, *, minimum: int = 8) -> int:
    """Smallest of 1, 1.25, 1.5, 1.75 times a power of two that is at least `size`."""
    size = max(size, minimum)
    power = 1 << (size - 1).bit_length()
    candidates = [power // 8 * quarter for quarter in (5, 6, 7)]
    return next((c for c in candidates if c >= size), power)


def row_bucket(n_rows: int) -> int:
    """Rows that a table is padded to.

    Rows are read by index, so that padding costs memory but no time: all small tables share
    one bucket, and so a compiled program.
    """
    if n_rows <= 1 << 17:
        return max(1024, 1 << (n_rows - 1).bit_length())
    return bucket(n_rows)


def table_bucket(n_rows: int) -> int:
    """Rows that a shared table is padded to: large tables never by more than a quarter."""
    return bucket(n_rows, minimum=1024)


def batch_bucket(batch_size: int, n_devices: int = 1) -> int:
    """Rows that a batch is padded to, equal parts for all devices; padding costs time."""
    capacity = bucket(batch_size)
    if batch_size <= 128:
        capacity = max(32, 1 << (batch_size - 1).bit_length())
    return -(-capacity // n_devices) * n_devices


def count_batches(n_rows: int, batch_size: int) -> int:
    """Number of near-equal batches of at most `batch_size` rows.

    No batch has a single row, unless `batch_size` is 1: batches of two may hold three rows.
    """
    n_batches = max(1, -(-n_rows // batch_size))
    return n_batches if batch_size == 1 else max(1, min(n_batches, n_rows // 2))


def draw_orders(
    rng: np.random.Generator,
    n_epochs: int,
    shape: tuple[int, int, int],
    counts: np.ndarray,
    n_batches: np.ndarray,
) -> np.ndarray:
    """Row orders of `n_epochs` epochs, of several domains that follow each other.

    NumPy draws the rows without padding: the order does not depend on the padding.

    Parameters
    ----------
    rng : Generator
    n_epochs : int
    shape : (capacity, n_domains, n_slots)
        Shape of the result.
    counts, n_batches : ndarray of shape (n_domains,)
        Rows and batches of each domain. In one batch the order does not matter, and none is
        drawn.
    """
    orders = np.zeros(shape, np.int32)
    first = first_rows(counts)
    for order in orders[:n_epochs]:
        for k, n_rows in enumerate(counts):
            rows = np.arange(n_rows) if n_batches[k] == 1 else rng.permutation(n_rows)
            order[k, :n_rows] = first[k] + rows
    return orders


def first_rows(counts: np.ndarray) -> np.ndarray:
    """First row of each domain in a table of all."""
    return np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int32)


def take_batch(
    data: Data, order: Array, index: Array, n_batches: Array, layout: Layout
) -> Batch:
    """Batch `index` of `n_batches` near-equal batches in `order`, padded."""
    rows_each, longer = data.n_rows // n_batches, data.n_rows % n_batches
    start = index * rows_each + jnp.minimum(index, longer)
    size = rows_each + (index < longer)
    rows = lax.dynamic_slice(order, (start,), (layout.capacity,))
    batch = gather(data, rows, size, layout)
    return Batch(*split_rows(batch[:-1], layout.n_devices), size)


def take_block(data: Data, index: Array, layout: Layout) -> Batch:
    """Block `index` of ``layout.capacity`` rows in the order of the table, padded."""
    capacity = layout.capacity
    rows = index * capacity + jnp.arange(capacity, dtype=jnp.int32)
    size = jnp.clip(data.n_rows - index * capacity, 0, capacity)
    return gather(data, jnp.minimum(rows, data.n_rows - 1), size, layout)


def gather(data: Data, rows: Array, size: Array, layout: Layout) -> Batch:
    """Batch of the given rows, of which the first `size` count."""
    real = jnp.arange(rows.shape[0]) < size
    inputs = _take_inputs(data.inputs, rows, layout)
    weights = jnp.take(data.weights, rows, axis=0, mode="clip")
    return Batch(
        inputs,
        jnp.take(data.targets, rows, axis=0, mode="clip"),
        jnp.where(real[:, None], weights, 0),
        size,
    )


def _take_inputs(inputs: Any, rows: Array, layout: Layout) -> Array:
    """Dense inputs of the given rows."""
    if not isinstance(inputs, TableRows):
        if isinstance(inputs, SparseRows):
            return _densify(inputs, rows, layout)
        return jnp.take(inputs, rows, axis=0, mode="clip")
    places = jnp.take(inputs.places, rows, mode="clip")
    if inputs.expansion is None:
        dense = _take_inputs(inputs.table, places, layout)
    else:
        take = partial(jnp.take, indices=places, axis=0, mode="clip")
        dense = expand(jax.tree.map(take, inputs.table), inputs.expansion, jnp)
    return dense if inputs.allowed is None else dense * inputs.allowed


def _densify(table: SparseRows, rows: Array, layout: Layout) -> Array:
    """Rows of a compressed table as a dense batch.

    Every row is read through a window as long as the longest row; values past the end of the
    row are added as zero.
    """
    start, end = table.starts[rows], table.starts[rows + 1]
    stored = start[:, None] + jnp.arange(layout.row_width, dtype=jnp.int32)
    values = jnp.where(
        stored < end[:, None], jnp.take(table.values, stored, mode="clip"), 0
    )
    columns = jnp.take(table.columns, stored, mode="clip")
    line = jnp.arange(rows.shape[0])[:, None]
    empty = jnp.zeros((rows.shape[0], layout.n_features), table.values.dtype)
    return empty.at[line, columns].add(values)
