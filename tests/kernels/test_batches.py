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
    first_rows,
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


@pytest.mark.parametrize("n_devices", [1, 2, 3, 6, 8])
def test_devices_get_equal_parts_of_a_batch(n_devices):
    for size in range(1, 1000, 7):
        capacity = batch_bucket(size, n_devices)
        assert capacity % n_devices == 0
        assert 0 <= capacity - batch_bucket(size) < n_devices


@pytest.mark.parametrize("batch_size", [1, 3, 4, 7, 8, 100])
def test_batches_are_as_few_as_can_be(batch_size):
    for n_rows in range(1, 60):
        assert count_batches(n_rows, batch_size) == np.ceil(n_rows / batch_size)


@pytest.mark.parametrize("batch_size", [2, 3, 4, 7, 8, 100])
def test_no_batch_is_of_one_row(batch_size):
    """A single row would drive the coefficients."""
    for n_rows in range(2, 60):
        n_batches = count_batches(n_rows, batch_size)
        smallest = n_rows // n_batches  # the others have a row more
        assert smallest >= 2


def table(n_rows):
    """Inputs that number the rows; padding is -1."""
    numbers = np.full((N_PADDED, 1), -1.0, np.float32)
    numbers[:n_rows, 0] = np.arange(n_rows)
    return Data(numbers, numbers, numbers + 1, np.int32(n_rows))


take_jitted = jax.jit(take_batch, static_argnames="layout")
block_jitted = jax.jit(take_block, static_argnames="layout")


@pytest.mark.parametrize(("n_rows", "batch_size"), [(22, 8), (40, 7), (9, 4), (24, 24)])
def test_every_row_is_in_one_batch_in_the_order_drawn(n_rows, batch_size):
    rng = np.random.default_rng(0)
    n_batches = count_batches(n_rows, batch_size)
    shape, counts = (1, 1, N_PADDED + CAPACITY), np.array([n_rows])
    [[order]] = draw_orders(rng, 1, shape, counts, np.array([n_batches]))
    layout = Layout(CAPACITY, 1, 0)
    rows, sizes = [], []
    for index in range(n_batches):
        batch = take_jitted(table(n_rows), order, index, n_batches, layout=layout)
        size = int(batch.size)
        assert batch.inputs.shape == (CAPACITY, 1)
        assert (batch.weights[size:] == 0).all()
        np.testing.assert_array_equal(batch.targets[:size], batch.inputs[:size])
        np.testing.assert_array_equal(batch.weights[:size], batch.inputs[:size] + 1)
        rows.extend(np.asarray(batch.inputs)[:size, 0])
        sizes.append(size)
    np.testing.assert_array_equal(rows, order[:n_rows])
    assert sorted(rows) == list(range(n_rows))
    assert max(sizes) - min(sizes) <= 1


def test_order_does_not_depend_on_the_padding():
    counts, n_batches = np.array([9]), np.array([2])
    short, long = (
        draw_orders(np.random.default_rng(3), 2, (4, 1, n_slots), counts, n_batches)
        for n_slots in (16, 30)
    )
    np.testing.assert_array_equal(short, long[:, :, :16])
    assert (short[0] != short[1]).any()


def test_domains_have_an_order_each_of_their_own_rows():
    counts, n_batches = np.array([4, 3, 5]), np.array([2, 1, 3])
    rng = np.random.default_rng(0)
    orders = draw_orders(rng, 2, (3, 3, 8), counts, n_batches)
    np.testing.assert_array_equal(first_rows(counts), [0, 4, 7])
    for k, first in enumerate(first_rows(counts)):
        for order in orders[:2, k, : counts[k]]:
            assert sorted(order) == list(range(first, first + counts[k]))
    np.testing.assert_array_equal(orders[:2, 1, :3], [[4, 5, 6]] * 2)  # a single batch
    assert (orders[2] == 0).all()  # an epoch that is not drawn


@pytest.mark.parametrize("n_rows", [1, 23, 24, 25, 40])
def test_blocks_hold_every_row_once(n_rows):
    layout = Layout(CAPACITY, 1, 0)
    rows = []
    for index in range(-(-n_rows // CAPACITY)):
        block = block_jitted(table(n_rows), index, layout=layout)
        size = int(block.size)
        assert (block.weights[size:] == 0).all()
        assert (block.inputs >= 0).all()
        rows.extend(np.asarray(block.inputs)[:size, 0])
    assert rows == list(range(n_rows))


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
