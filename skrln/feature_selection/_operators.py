# SPDX-License-Identifier: BSD-3-Clause
"""What a genetic search does to a population, one row per individual, all rows at once.

An individual is a row of bits of which exactly k are set.
"""

import numpy as np


def draw_population(rng, size, n_features, k):
    """Individuals drawn at random, (size, n_features)."""
    return keep_count(np.zeros((size, n_features), bool), k, rng)


def keep_count(bits, k, rng):
    """Set k bits in every row, flipping random bits of those rows that have another number."""
    if bits.shape[1] == k:
        return np.ones_like(bits)
    # Set bits rank above all others, and chance decides within each kind.
    rank = bits + rng.random(bits.shape)
    chosen = np.argpartition(-rank, k - 1, axis=1)[:, :k]
    repaired = np.zeros_like(bits)
    np.put_along_axis(repaired, chosen, True, axis=1)
    return repaired


def tournament(fitness, size, rng):
    """Positions of the parents: each is the fittest of `size` drawn at random."""
    drawn = rng.integers(len(fitness), size=(len(fitness), size))
    return drawn[np.arange(len(fitness)), np.argmax(fitness[drawn], axis=1)]


def cross(parents, probability, k, rng):
    """Children of neighbouring rows: one-point crossover, then as many bits as before."""
    size, n_features = parents.shape
    n_pairs = size // 2
    if n_features < 2 or n_pairs == 0:
        return parents
    crossing = rng.random(n_pairs) < probability
    cuts = rng.integers(1, n_features, size=n_pairs)
    swapped = crossing[:, None] & (np.arange(n_features) >= cuts[:, None])
    children = parents.copy()
    left, right = parents[0 : 2 * n_pairs : 2], parents[1 : 2 * n_pairs : 2]
    children[0 : 2 * n_pairs : 2] = np.where(swapped, right, left)
    children[1 : 2 * n_pairs : 2] = np.where(swapped, left, right)
    return keep_count(children, k, rng)


def shuffle_bits(bits, probability, gene_probability, rng):
    """Mutate rows: each of their bits changes places with another at random.

    Parameters
    ----------
    bits : ndarray of bool of shape (size, n_features)
    probability : float
        That a row mutates.
    gene_probability : float
        That a bit of such a row changes places.
    rng : Generator
    """
    size, n_features = bits.shape
    if n_features < 2:
        return bits
    mutants = bits.copy()
    mutating = rng.random(size) < probability
    moving = mutating[:, None] & (rng.random(bits.shape) < gene_probability)
    # Any other place, not the bit's own.
    places = rng.integers(n_features - 1, size=bits.shape)
    places += places >= np.arange(n_features)
    for gene in np.flatnonzero(moving.any(axis=0)):
        rows = np.flatnonzero(moving[:, gene])
        other = places[rows, gene]
        mutants[rows, gene], mutants[rows, other] = (
            mutants[rows, other],
            mutants[rows, gene].copy(),
        )
    return mutants


def part_twins(bits, rng):
    """Exchange a column, chosen for not chosen, in rows that repeat an earlier one."""
    first = np.unique(bits, axis=0, return_index=True)[1]
    twins = np.setdiff1d(np.arange(len(bits)), first)
    if bits.all() or not len(twins):
        return bits
    rank = rng.random((len(twins), bits.shape[1]))
    chosen = bits[twins]
    leaving = np.argmax(np.where(chosen, rank, -1), axis=1)
    coming = np.argmax(np.where(chosen, -1, rank), axis=1)
    parted = bits.copy()
    parted[twins, leaving] = False
    parted[twins, coming] = True
    return parted
