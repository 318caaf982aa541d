# SPDX-License-Identifier: BSD-3-Clause
"""Batches: sizes, order, padding, and rows of a compressed table."""

import jax
import numpy as np
import pytest

from skrln._kernels import Data, SparseRows
from skrln._kernels._batches import (
    Layout,
    batch_bucket,
    bucket,
    count_batches,
    draw_orders,
    row_bucket,
    take_batch,
    take_block,
)

N_PADDED, CAPACITY = 40, 24


@pytest.mark.parametrize("holds", [bucket, batch_bucket, row_bucket])
def test_buckets_are_few_and_hold_their_size(holds):
    sizes = range(1, 200_000, 37)
    buckets = [holds(size) for size in sizes]
    assert all(b >= size for b, size in zip(buckets, sizes, strict=True))
    assert buckets == sorted(buckets)
    assert len(set(buckets)) < 70
    assert all(holds(b) == b for b in set(buckets))


def test_bucket_holds_its_size_with_little_waste():
    buckets = [bucket(size) for size in range(8, 5000)]
    waste = np.array(buckets) / np.arange(8, 5000)
    assert waste.min() == 1
    assert waste.max() < 1.25
    assert bucket(1) == 8
    assert bucket(1, minimum=4) == 4


@pytest.mark.parametrize("batch_size", [1, 3, 4, 7, 8, 100])
def test_batches_are_as_few_as_can_be(batch_size):
    for n_rows in range(1, 60):
        assert count_batches(n_rows, batch_size) == np.ceil(n_rows / batch_size)


@pytest.mark.parametrize("batch_size", [2, 3, 4, 7, 8, 100])
def test_no_batch_is_of_one_row(batch_size):
    """DESIGN.md, rule 3 of the kernels: one row alone would drive the coefficients."""
    for n_rows in range(2, 60):
        n_batches = count_batches(n_rows, batch_size)
        smallest = n_rows // n_batches  # the others have a row more
        assert smallest >= 2


def table(n_rows):
    """Inputs that number the rows; what lies beyond must never be seen."""
    numbers = np.full((N_PADDED, 1), -1.0, np.float32)
    numbers[:n_rows, 0] = np.arange(n_rows)
    return Data(numbers, numbers, numbers + 1, np.int32(n_rows))


take_jitted = jax.jit(take_batch, static_argnames="layout")
block_jitted = jax.jit(take_block, static_argnames="layout")


@pytest.mark.parametrize(("n_rows", "batch_size"), [(22, 8), (40, 7), (9, 4), (24, 24)])
def test_every_row_is_in_one_batch_in_the_order_drawn(n_rows, batch_size):
    rng = np.random.default_rng(0)
    [order] = draw_orders(rng, 1, (1, N_PADDED + CAPACITY), n_rows)
    n_batches = count_batches(n_rows, batch_size)
    layout = Layout(CAPACITY, 1, 0)
    seen, sizes = [], []
    for index in range(n_batches):
        batch = take_jitted(table(n_rows), order, index, n_batches, layout=layout)
        size = int(batch.size)
        assert batch.inputs.shape == (CAPACITY, 1)
        assert (batch.weights[size:] == 0).all()
        np.testing.assert_array_equal(batch.targets[:size], batch.inputs[:size])
        np.testing.assert_array_equal(batch.weights[:size], batch.inputs[:size] + 1)
        seen.extend(np.asarray(batch.inputs)[:size, 0])
        sizes.append(size)
    np.testing.assert_array_equal(seen, order[:n_rows])
    assert sorted(seen) == list(range(n_rows))
    assert max(sizes) - min(sizes) <= 1


def test_order_does_not_depend_on_the_padding():
    drawn = [
        draw_orders(np.random.default_rng(3), 2, (4, n_padded), 9)
        for n_padded in (16, 30)
    ]
    np.testing.assert_array_equal(drawn[0], drawn[1][:, :16])
    assert (drawn[0][0] != drawn[0][1]).any()


@pytest.mark.parametrize("n_rows", [1, 23, 24, 25, 40])
def test_blocks_hold_every_row_once(n_rows):
    layout = Layout(CAPACITY, 1, 0)
    seen = []
    for index in range(-(-n_rows // CAPACITY)):
        block = block_jitted(table(n_rows), index, layout=layout)
        size = int(block.size)
        assert (block.weights[size:] == 0).all()
        assert (block.inputs >= 0).all()
        seen.extend(np.asarray(block.inputs)[:size, 0])
    assert seen == list(range(n_rows))


def test_compressed_rows_are_made_dense():
    rng = np.random.default_rng(0)
    dense = np.where(rng.uniform(size=(N_PADDED, 6)) < 0.3, rng.normal(size=6), 0)
    dense[3] = 0  # a row without a stored value
    compressed = compress(dense)
    width = int(np.diff(compressed.starts).max())
    data = table(N_PADDED)
    order = np.random.default_rng(1).permutation(N_PADDED + CAPACITY) % N_PADDED
    batch = take_jitted(
        data._replace(inputs=compressed), order, 1, 2, layout=Layout(CAPACITY, 6, width)
    )
    np.testing.assert_array_equal(batch.inputs, dense[order[20:44]].astype(np.float32))


def compress(dense):
    """Compressed rows of `dense`."""
    lines, columns = np.nonzero(dense)
    counts = np.bincount(lines, minlength=len(dense))
    starts = np.concatenate([[0], np.cumsum(counts)])
    return SparseRows(dense[lines, columns], columns, starts)
