# SPDX-License-Identifier: BSD-3-Clause
"""Patience, plateaus and the kept epoch, against their definitions in Python."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from skrln._kernels import Layer, Schedule
from skrln._kernels._stopping import (
    Evidence,
    all_finite,
    count_zeros,
    init_patience,
    init_stopping,
    keep,
    set_start,
    update_choice,
    update_patience,
    update_plateau,
)
from skrln._kernels._types import RowLosses

VALUES = [5.0, 4.0, 4.0, np.nan, 3.95, 3.9, 4.5, 3.2, np.inf, 3.19, 3.18]


@pytest.mark.parametrize("tol", [0.0, 0.15])
def test_patience_follows_its_definition(tol):
    update = jax.jit(update_patience)
    patience = init_patience(np.dtype("float32"))
    best, best_epoch, reference, stale = np.inf, -1, np.inf, 0
    for epoch, value in enumerate(VALUES):
        patience, better = update(patience, jnp.float32(value), epoch, tol)
        is_best = value < best
        if is_best:
            best, best_epoch = value, epoch
        if value < reference - tol:
            reference, stale = value, 0
        else:
            stale += 1
        assert bool(better) == is_best
        assert int(patience.best_epoch) == best_epoch
        assert int(patience.stale) == stale
        np.testing.assert_allclose(patience.best, best, rtol=1e-6)
        np.testing.assert_allclose(patience.reference, reference, rtol=1e-6)


def test_many_small_improvements_count_together():
    """Improvements are measured from the last value that counted, not from the last value."""
    patience = init_patience(np.dtype("float32"))
    stale = []
    for epoch, value in enumerate(np.arange(1.0, 0.4, -0.06)):
        patience, better = update_patience(patience, jnp.float32(value), epoch, 0.1)
        stale.append(int(patience.stale))
        assert better
    assert max(stale) == 1


@pytest.mark.parametrize(
    ("value", "first", "expected"),
    [(2.0, True, 2.0), (2.0, False, np.inf), (np.nan, True, np.inf)],
)
def test_the_loss_of_the_start_is_the_first_to_beat(value, first, expected):
    stopping = init_stopping(np.dtype("float32"))
    value, first = jnp.float32(value), jnp.bool_(first)
    patience = set_start(stopping, value, None, jnp.int32(0), first).patience
    assert float(patience.best) == float(patience.reference) == expected
    assert int(patience.best_epoch) == -1
    patience, better = update_patience(patience, jnp.float32(1.95), 0, 0.1)
    assert better
    assert int(patience.stale) == (expected == 2.0)


# --- plateaus


def scales(values, tol=0.0, **numbers):
    """Factor of the rate after each epoch of the schedule "performance"."""
    schedule = Schedule(**{k: jnp.float32(v) for k, v in numbers.items()})
    schedule = schedule._replace(cooldown=jnp.float32(schedule.cooldown))
    plateau, scale, factors = init_patience(np.dtype("float32")), jnp.float32(1), []
    for epoch, value in enumerate(values):
        plateau, scale = update_plateau(plateau, scale, value, epoch, tol, schedule)
        factors.append(float(scale))
    return factors


def test_rate_falls_at_every_plateau():
    """The first epoch is an improvement; none of the others is."""
    expected = [1, 1, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125, 0.0625]
    assert scales([1.0] * 9, factor=0.5, patience=2) == expected


def test_rate_never_falls_below_the_smallest():
    smallest = float(np.float32(0.2))
    factors = scales([1.0] * 7, factor=0.5, patience=1, smallest=0.2)
    assert factors[-4:] == [smallest] * 4


def test_cooldown_delays_the_next_fall():
    """Three epochs after a fall do not count towards the patience of the next."""
    factors = scales([1.0] * 13, factor=0.5, patience=2, cooldown=3)
    assert factors == [1] * 2 + [0.5] * 5 + [0.25] * 5 + [0.125]


def test_rate_stays_while_the_loss_falls():
    assert scales(np.linspace(1, 0.5, 9), factor=0.5, patience=2) == [1] * 9


# --- the sparsest epoch

N_ROWS, N_PADDED = 20, 24


def padded(losses):
    return jnp.zeros(N_PADDED).at[:N_ROWS].set(jnp.asarray(losses))


def is_as_good(losses, others):
    excess = np.asarray(losses) - others
    return excess.mean() <= excess.std() / np.sqrt(len(excess))


def choose_all(losses, zeros, n_growing=0, start=None, diverged=()):
    """Number of the kept epoch after each epoch."""
    update = jax.jit(update_choice)
    stopping, lowest = init_stopping(np.dtype("float32"), N_PADDED), np.inf
    if start is not None:
        first, lowest = jnp.bool_(True), start[0].mean()
        stopping = set_start(stopping, lowest, padded(start[0]), start[1], first)
    choice, kept = stopping.choice, []
    for epoch, (rows, count) in enumerate(zip(losses, zeros, strict=True)):
        warm = epoch >= n_growing
        is_lowest = rows.mean() < lowest if warm else True
        lowest = rows.mean() if warm and is_lowest else lowest
        finite = epoch not in diverged
        row_losses = RowLosses(padded(rows), jnp.int32(N_ROWS))
        evidence = Evidence(epoch, 0.0, finite, warm, count, row_losses)
        choice, taken = update(choice, evidence, evidence.rows, is_lowest and finite)
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


def test_keep_selects_whole_trees():
    new, old = (jnp.ones(2), {"a": jnp.ones(1)}), (jnp.zeros(2), {"a": jnp.zeros(1)})
    for better, expected in ((True, new), (False, old)):
        kept = keep(jnp.bool_(better), new, old)
        jax.tree.map(np.testing.assert_array_equal, kept, expected)


def test_zeros_are_counted_by_layer():
    layers = [np.array([[0.0, -0.0], [1e-40, 2.0]]), np.zeros((2, 1))]
    params = tuple(Layer(jnp.asarray(w), jnp.zeros(w.shape[1])) for w in layers)
    np.testing.assert_array_equal(count_zeros(params[1:]), [2])
    assert count_zeros(params)[0] in (2, 3)  # XLA may flush a subnormal to zero


@pytest.mark.parametrize(
    ("bad", "expected"), [(0.0, True), (np.inf, False), (np.nan, False)]
)
def test_one_number_that_is_not_finite_is_found(bad, expected):
    tree = (jnp.ones(3), [jnp.array([1.0, bad])])
    assert bool(all_finite(tree)) is expected
