# SPDX-License-Identifier: BSD-3-Clause
"""Operators of a genetic search; each acts on all individuals of a population at once.

An individual is a row of bits, of which exactly k are set. Selection, crossover and mutation
follow DEAP (Fortin et al., JMLR 13, 2012); a repair step restores k bits after crossover.
"""

import numpy as np


def draw_population(rng, size, n_features, k):
    """Random individuals, (size, n_features)."""
    return repair_count(np.zeros((size, n_features), bool), k, rng)


def repair_count(bits, k, rng):
    """Flip as few random bits as needed, so that every row has k bits set."""
    if bits.shape[1] == k:
        return np.ones_like(bits)
    # The k highest ranks are kept. A set bit outranks every unset bit, and the random part
    # below one orders bits of the same value.
    rank = bits + rng.random(bits.shape)
    kept = np.argpartition(-rank, k - 1, axis=1)[:, :k]
    repaired = np.zeros_like(bits)
    np.put_along_axis(repaired, kept, True, axis=1)
    return repaired


def tournament(fitness, size, rng):
    """Positions of the parents, each the fittest of `size` individuals drawn at random."""
    drawn = rng.integers(len(fitness), size=(len(fitness), size))
    return drawn[np.arange(len(fitness)), np.argmax(fitness[drawn], axis=1)]


def crossover(parents, probability, k, rng):
    """Children of neighbouring rows by one-point crossover and repair to k bits."""
    size, n_features = parents.shape
    n_pairs = size // 2
    if n_features < 2 or n_pairs == 0:
        return parents
    crossing = rng.random(n_pairs) < probability
    cuts = rng.integers(1, n_features, size=n_pairs)
    swapped = crossing[:, None] & (np.arange(n_features) >= cuts[:, None])
    # With an odd number of parents the last parent has no partner and stays as it is.
    children = parents.copy()
    left, right = parents[0 : 2 * n_pairs : 2], parents[1 : 2 * n_pairs : 2]
    children[0 : 2 * n_pairs : 2] = np.where(swapped, right, left)
    children[1 : 2 * n_pairs : 2] = np.where(swapped, left, right)
    return repair_count(children, k, rng)


def shuffle_bits(bits, probability, gene_probability, rng):
    """Mutate rows: bits exchange values with other bits of the same row.

    Parameters
    ----------
    bits : ndarray of bool of shape (size, n_features)
    probability : float
        Probability that a row mutates.
    gene_probability : float
        Probability that a bit of a mutating row exchanges its value with another bit.
    rng : Generator
    """
    size, n_features = bits.shape
    if n_features < 2:
        return bits
    mutants = bits.copy()
    mutating = rng.random(size) < probability
    moving = mutating[:, None] & (rng.random(bits.shape) < gene_probability)
    # Skip the bit's own position: draw from n_features - 1 positions, shift the upper ones.
    partners = rng.integers(n_features - 1, size=bits.shape)
    partners += partners >= np.arange(n_features)
    # Bits move one after the other, as in DEAP: a later exchange sees the earlier ones.
    for gene in np.flatnonzero(moving.any(axis=0)):
        rows = np.flatnonzero(moving[:, gene])
        partner = partners[rows, gene]
        mutants[rows, gene], mutants[rows, partner] = (
            mutants[rows, partner],
            mutants[rows, gene].copy(),
        )
    return mutants


def separate_duplicates(bits, rng):
    """Exchange one selected for one unselected column in rows that repeat an earlier row."""
    first = np.unique(bits, axis=0, return_index=True)[1]
    duplicates = np.setdiff1d(np.arange(len(bits)), first)
    if bits.all() or not len(duplicates):
        return bits
    rank = rng.random((len(duplicates), bits.shape[1]))
    selected = bits[duplicates]
    removed = np.argmax(np.where(selected, rank, -1), axis=1)
    added = np.argmax(np.where(selected, -1, rank), axis=1)
    separated = bits.copy()
    separated[duplicates, removed] = False
    separated[duplicates, added] = True
    return separated
