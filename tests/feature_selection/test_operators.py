# SPDX-License-Identifier: BSD-3-Clause
import numpy as np
import pytest

from skrln.feature_selection._operators import (
    crossover,
    draw_population,
    repair_count,
    separate_duplicates,
    shuffle_bits,
    tournament,
)


@pytest.fixture
def rng(global_random_seed):
    return np.random.default_rng(global_random_seed)


@pytest.mark.parametrize(("p", "k"), [(10, 5), (10, 1), (10, 9), (64, 32), (3, 3)])
def test_every_individual_has_k_bits(rng, p, k):
    population = draw_population(rng, 30, p, k)
    children = crossover(population, 1.0, k, rng)
    mutants = shuffle_bits(children, 1.0, 0.5, rng)
    for bits in (population, children, mutants):
        assert bits.shape == (30, p)
        assert bits.dtype == bool
        np.testing.assert_array_equal(bits.sum(axis=1), k)


def test_all_columns_are_drawn_alike(rng):
    share = draw_population(rng, 20_000, 10, 3).mean(axis=0)
    np.testing.assert_allclose(share, 0.3, atol=5 * np.sqrt(0.21 / 20_000))


def test_repair_flips_no_more_than_it_must(rng):
    bits = rng.random((200, 12)) < 0.5
    repaired = repair_count(bits, 6, rng)
    np.testing.assert_array_equal(
        (repaired != bits).sum(axis=1), np.abs(bits.sum(axis=1) - 6)
    )


def test_children_have_the_bits_that_both_parents_have(rng):
    parents = np.array([[1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1]] * 200, bool)
    children = crossover(parents, 1.0, 3, rng)
    # A cut in the middle of these parents makes rows of all or nothing before the repair.
    assert (children != parents).any(axis=1).mean() > 0.5
    same = np.repeat(parents[:1], 10, axis=0)
    np.testing.assert_array_equal(crossover(same, 1.0, 3, rng), same)


def test_probabilities_of_zero_leave_rows_as_they_are(rng):
    bits = draw_population(rng, 21, 12, 5)
    np.testing.assert_array_equal(crossover(bits, 0.0, 5, rng), bits)
    np.testing.assert_array_equal(shuffle_bits(bits, 0.0, 1.0, rng), bits)
    np.testing.assert_array_equal(shuffle_bits(bits, 1.0, 0.0, rng), bits)


def test_share_of_rows_that_mutate(rng):
    bits = draw_population(rng, 2_000, 40, 20)
    few = (shuffle_bits(bits, 0.2, 0.2, rng) != bits).any(axis=1).mean()
    # Of eight exchanges about half change something: nearly every mutating row differs.
    assert few == pytest.approx(0.2, abs=0.04)


def test_the_fittest_of_a_tournament_wins(rng):
    fitness = np.arange(20.0)
    assert np.mean(fitness[tournament(fitness, 3, rng)]) > 11
    drift = np.mean([fitness[tournament(fitness, 1, rng)].mean() for _ in range(200)])
    assert drift == pytest.approx(9.5, abs=0.6)
    assert set(tournament(fitness, 200, rng)) == {19}


def test_one_column(rng):
    bits = np.ones((5, 1), bool)
    np.testing.assert_array_equal(crossover(bits, 1.0, 1, rng), bits)
    np.testing.assert_array_equal(shuffle_bits(bits, 1.0, 1.0, rng), bits)


def test_duplicates_are_separated(rng):
    one = np.arange(12) < 5
    bits = np.repeat(one[None], 4, axis=0)
    parted = separate_duplicates(bits, rng)
    np.testing.assert_array_equal(parted[0], one)
    np.testing.assert_array_equal(parted.sum(axis=1), 5)
    np.testing.assert_array_equal((parted != bits).sum(axis=1), [0, 2, 2, 2])
    everything = np.ones((3, 4), bool)
    np.testing.assert_array_equal(separate_duplicates(everything, rng), everything)
    different = draw_population(rng, 1, 12, 5)
    np.testing.assert_array_equal(separate_duplicates(different, rng), different)
