# SPDX-License-Identifier: BSD-3-Clause
"""Which epoch is kept, against its definition in NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from skrln._kernels._judging import _choose, init_choice, set_start
from skrln._kernels._types import RowLosses

N_ROWS, N_PADDED = 20, 24


def padded(losses):
    return jnp.zeros(N_PADDED).at[:N_ROWS].set(jnp.asarray(losses))


def is_as_good(losses, others):
    excess = np.asarray(losses) - others
    return excess.mean() <= excess.std() / np.sqrt(len(excess))


def choose_all(losses, zeros, n_growing=0, start=None, diverged=()):
    """Number of the epoch that is kept after each of them."""
    choose = jax.jit(_choose)
    choice, lowest = init_choice(N_PADDED, np.dtype("float32")), np.inf
    if start is not None:
        zeros_of_start, lowest = start[1], start[0].mean()
        choice = set_start(choice, padded(start[0]), zeros_of_start, jnp.bool_(True))
    kept = []
    for epoch, (rows, count) in enumerate(zip(losses, zeros, strict=True)):
        warm = epoch >= n_growing
        is_lowest = rows.mean() < lowest if warm else True
        lowest = rows.mean() if warm and is_lowest else lowest
        found = RowLosses(padded(rows), jnp.int32(N_ROWS))
        choice, taken = choose(
            choice,
            found,
            count,
            epoch,
            jnp.bool_(is_lowest and epoch not in diverged),
            jnp.bool_(warm),
            jnp.bool_(epoch not in diverged),
        )
        assert bool(taken) == (int(choice.epoch) == epoch)
        kept.append(int(choice.epoch))
    return kept


@pytest.fixture
def rows():
    return np.random.default_rng(0).normal(1, 0.3, size=N_ROWS)


def test_hand_made(rows):
    half = np.where(np.arange(N_ROWS) % 2, 1.0, -1.0)
    losses = [
        rows,
        rows - 0.1,  # lower: kept
        rows - 0.1 + 0.01 * half,  # as low on average, and sparser
        rows - 0.1 + 0.01 * half,  # as sparse, and later
        rows - 0.1 + 0.01 * half,  # less sparse
        rows - 0.09,  # higher in every row: no error that could excuse it
        rows - 0.2,  # far lower: what was kept does not stand
        rows - 0.19 + 0.3 * half,  # within the error, sparser
        rows - 0.05 + 0.3 * half,  # beyond it: the error is .3 / sqrt(20) = .067
    ]
    zeros = [5, 5, 8, 8, 7, 9, 6, 9, 20]
    assert choose_all(losses, zeros) == [0, 1, 2, 3, 3, 3, 6, 7, 7]


def test_epochs_in_which_the_penalty_grows_do_not_compete(rows):
    losses = [rows - 0.5, rows - 0.4, rows, rows - 0.01]
    assert choose_all(losses, [3, 2, 1, 0], n_growing=2) == [0, 1, 2, 3]


def test_start_is_kept_until_an_epoch_is_as_good(rows):
    losses = [rows + 0.1, rows + 0.2, rows - 0.1]
    kept = choose_all(losses, [9, 9, 4], start=(rows, 3))
    assert kept == [-1, -1, 2]


def test_no_epoch_takes_its_place_for_rows_that_are_not_numbers(rows):
    assert choose_all([rows, rows * np.nan], [1, 9]) == [0, 0]


@pytest.mark.parametrize("n_growing", [0, 2])
def test_an_epoch_that_diverged_is_never_kept(rows, n_growing):
    """Not even while the penalty grows, when every other epoch is."""
    losses = [rows, rows - 0.5]
    assert choose_all(losses, [1, 9], n_growing, diverged=[1]) == [0, 0]


def test_kept_is_as_good_as_the_lowest_and_as_sparse(global_random_seed):
    """Whatever comes: it need not be the sparsest of all that are, as those are gone."""
    rng = np.random.default_rng(global_random_seed)
    gains = []
    for _ in range(20):
        losses = rng.normal(1, 0.3, N_ROWS) + rng.normal(0, 0.1, (15, 1))
        losses = losses + rng.normal(0, 0.2, (15, N_ROWS))
        zeros = rng.integers(0, 100, 15)
        kept = choose_all(losses, zeros)[-1]
        lowest = losses.mean(axis=1).argmin()
        assert is_as_good(losses[kept], losses[lowest])
        assert zeros[kept] >= zeros[lowest]
        gains.append(zeros[kept] - zeros[lowest])
    assert np.mean(gains) > 10
