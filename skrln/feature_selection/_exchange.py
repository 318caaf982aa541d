# SPDX-License-Identifier: BSD-3-Clause
"""Greedy exchange of single columns: how far a search ended from a local optimum."""

from typing import NamedTuple

import numpy as np

#: Gains below this are rounding.
SMALLEST_GAIN = 1e-12


class Exchanged(NamedTuple):
    """Where greedy exchanges lead."""

    bits: np.ndarray
    fitness: float
    is_optimum: bool  #: whether no exchange of two columns is known to be better


def exchange_all(criterion, bits):
    """Make the best of all exchanges until none is better.

    Parameters
    ----------
    criterion : Quadratic
    bits : ndarray of bool of shape (n_features,)
        Where to start.
    """
    bits = bits.copy()
    while not bits.all():
        inside, outside, gains = criterion.gains(bits)
        out, in_ = np.unravel_index(np.argmax(gains), gains.shape)
        if gains[out, in_] <= SMALLEST_GAIN:
            break
        bits[inside[out]], bits[outside[in_]] = False, True
    return Exchanged(bits, float(criterion(bits[None])[0]), True)


def exchange_within(fitness, bits, score, budget, rng):
    """Make exchanges that are better, as long as `budget` lets individuals be scored.

    They are tried in random order, as many at once as there are chosen columns; the best of
    these is made where it is an improvement.

    Parameters
    ----------
    fitness : Fitness
    bits : ndarray of bool of shape (n_features,)
        Where to start.
    score : float
        Its fitness.
    budget : int
    rng : Generator
    """
    limit = fitness.n_evaluations + budget
    pairs = _pairs(bits, rng)
    while len(pairs):
        count = min(int(bits.sum()), limit - fitness.n_evaluations)
        if count <= 0:
            return Exchanged(bits, score, False)
        neighbours = _exchanged(bits, pairs[:count])
        scores = fitness(neighbours)
        best = int(np.argmax(scores))
        if scores[best] > score:
            bits, score = neighbours[best], float(scores[best])
            pairs = _pairs(bits, rng)
        else:
            pairs = pairs[count:]
    return Exchanged(bits, score, True)


def _pairs(bits, rng):
    """All exchanges (out, in), (k (n_features - k), 2), in random order."""
    grid = np.meshgrid(np.flatnonzero(bits), np.flatnonzero(~bits))
    return rng.permutation(np.stack(grid, axis=-1).reshape(-1, 2))


def _exchanged(bits, pairs):
    neighbours = np.repeat(bits[None], len(pairs), axis=0)
    np.put_along_axis(neighbours, pairs[:, :1], False, axis=1)
    np.put_along_axis(neighbours, pairs[:, 1:], True, axis=1)
    return neighbours
