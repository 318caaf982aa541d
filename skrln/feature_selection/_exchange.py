# SPDX-License-Identifier: BSD-3-Clause
"""Greedy exchange of single columns: the gap between a search result and a local optimum."""

from typing import NamedTuple

import numpy as np

#: Smaller gains are rounding errors.
SMALLEST_GAIN = 1e-12


class ExchangeResult(NamedTuple):
    """Subset at the end of greedy exchanges."""

    bits: np.ndarray
    fitness: float
    is_optimum: bool  #: True if no exchange of two columns raises the fitness


def exchange_all(criterion, bits):
    """Make the best of all exchanges until no exchange raises the fitness.

    Parameters
    ----------
    criterion : QuadraticCriterion
    bits : ndarray of bool of shape (n_features,)
        Subset to start from.
    """
    bits = bits.copy()
    while not bits.all():
        inside, outside, gains = criterion.gains(bits)
        row, column = np.unravel_index(np.argmax(gains), gains.shape)
        # Rounding can make both directions of an exchange look better: an endless loop.
        if gains[row, column] <= SMALLEST_GAIN:
            break
        bits[inside[row]], bits[outside[column]] = False, True
    return ExchangeResult(bits, float(criterion(bits[None])[0]), True)


def exchange_within(fitness, bits, score, budget, rng):
    """Make exchanges that raise the fitness while `budget` lasts.

    Exchanges are scored in random order, in batches of k exchanges for k selected columns. The
    best exchange of a batch is made if it raises the fitness.

    Parameters
    ----------
    fitness : Fitness
    bits : ndarray of bool of shape (n_features,)
        Subset to start from.
    score : float
        Fitness of `bits`.
    budget : int
        Maximum number of new subsets to score.
    rng : Generator
    """
    # Subsets that the search has scored are cached: only new subsets count.
    limit = fitness.n_evaluations + budget
    exchanges = _all_exchanges(bits, rng)
    while len(exchanges):
        count = min(int(bits.sum()), limit - fitness.n_evaluations)
        if count <= 0:
            return ExchangeResult(bits, score, False)
        neighbours = _apply_exchanges(bits, exchanges[:count])
        scores = fitness(neighbours)
        best = int(np.argmax(scores))
        if scores[best] > score:
            bits, score = neighbours[best], float(scores[best])
            exchanges = _all_exchanges(bits, rng)
        else:
            exchanges = exchanges[count:]
    return ExchangeResult(bits, score, True)


def _all_exchanges(bits, rng):
    """All pairs (removed, added) in random order, (k (n_features - k), 2)."""
    grid = np.meshgrid(np.flatnonzero(bits), np.flatnonzero(~bits))
    return rng.permutation(np.stack(grid, axis=-1).reshape(-1, 2))


def _apply_exchanges(bits, exchanges):
    """Copies of `bits`, each with one exchange, (n_exchanges, n_features)."""
    neighbours = np.repeat(bits[None], len(exchanges), axis=0)
    np.put_along_axis(neighbours, exchanges[:, :1], False, axis=1)
    np.put_along_axis(neighbours, exchanges[:, 1:], True, axis=1)
    return neighbours
