# SPDX-License-Identifier: BSD-3-Clause
"""Genetic search: the loop over generations, the cache of fitness values, their progress."""

import contextlib
from time import perf_counter
from typing import NamedTuple

import numpy as np

from skrln.networks._progress import show_progress

from . import _operators


class Fitness:
    """Criterion with a cache, so that no subset is scored twice.

    Parameters
    ----------
    criterion : callable
        Function from bits (m, n_features) to scores (m,).
    name : str
        Name of the criterion in messages.
    slot : Slot, default=None
        Place of the scores. A search that was killed runs again from its start, but finds
        its scores there, which take nearly all of the time.
    """

    def __init__(self, criterion, name, slot=None):
        self.criterion, self.name, self.slot = criterion, name, slot
        self.cache, self._scores, self._pace = {}, {}, None
        if slot is not None:
            self._resume(slot)

    def _resume(self, slot):
        """Read the scores of an earlier call."""
        arrays = slot.load(self.criterion.start)
        if arrays is None:
            return
        try:
            keys = [row.tobytes() for row in arrays["subsets"]]
            self._scores = dict(zip(keys, arrays["scores"].tolist(), strict=True))
        except (KeyError, ValueError, TypeError) as error:
            raise slot.unreadable(error) from error
        if self._scores and self.criterion.is_separable:
            self._compare(slot)

    def _compare(self, slot):
        """Score the first subset again: what the criterion calls may not be described."""
        key, saved = next(iter(self._scores.items()))
        n_bits = self.criterion.n_features
        bits = np.unpackbits(np.frombuffer(key, np.uint8), count=n_bits)
        # Threads may add up in another order.
        if not np.isclose(self.criterion(bits[None].astype(bool))[0], saved, rtol=1e-9):
            raise slot.differs()

    @property
    def n_evaluations(self):
        """Number of distinct subsets scored so far."""
        return len(self.cache)

    def __call__(self, population):
        """Scores, (m,)."""
        keys = [row.tobytes() for row in np.packbits(population, axis=1)]
        # A dict, because a subset may occur several times in one population.
        new = {key: i for i, key in enumerate(keys) if key not in self.cache}
        unknown = [key for key in new if key not in self._scores]
        while unknown:
            keys_now, unknown = self._cut(unknown)
            self._score(keys_now, population[[new[key] for key in keys_now]])
        self.cache.update({key: self._scores[key] for key in new})
        return np.array([self.cache[key] for key in keys])

    def _cut(self, keys):
        """Subsets that are scored until the scores should be written, and the others."""
        if self.slot is None or not self.criterion.is_separable:
            return keys, []
        n = 1
        if self._pace is not None:
            n = int(np.clip(self.slot.seconds_left() / self._pace, 1, len(keys)))
        return keys[:n], keys[n:]

    def _score(self, keys, rows):
        """Score subsets, and write all scores where it is time."""
        begin = perf_counter()
        scores = np.asarray(self.criterion(rows), float)
        # A coarse clock may not have moved.
        self._pace = max(perf_counter() - begin, 1e-6) / len(rows)
        self._check_finite(rows, scores)
        self._scores.update(zip(keys, scores.tolist(), strict=True))
        if self.slot is not None and self.slot.seconds_left() <= 0:
            subsets = np.array([list(key) for key in self._scores], np.uint8)
            saved = np.array(list(self._scores.values()))
            self.slot.save({"subsets": subsets, "scores": saved})

    def _check_finite(self, rows, scores):
        non_finite = np.flatnonzero(~np.isfinite(scores))
        if len(non_finite):
            columns = np.flatnonzero(rows[non_finite[0]]).tolist()
            raise ValueError(
                f"Got a fitness of {scores[non_finite[0]]} from fitness={self.name!r} for "
                f"the columns {columns[:10]}{' ...' if len(columns) > 10 else ''}, but "
                "expected a finite number. Check X for non-finite values, and with 'cv' "
                "that scoring returns a number on every split."
            )


class SearchSettings(NamedTuple):
    """Parameters of a genetic search, named as those of GeneticSelector."""

    population_size: int
    n_generations: int
    crossover_proba: float
    mutation_proba: float
    gene_proba: float
    tournament_size: int
    n_elite: int
    n_iter_no_change: int | None
    tol: float


class SearchResult(NamedTuple):
    """Last generation, fittest subset and fitness curve of a search."""

    population: np.ndarray
    fitness: np.ndarray  #: (population_size,)
    best: np.ndarray  #: bits of the fittest subset of all generations
    best_fitness: float
    curve: np.ndarray  #: (n_generations + 1, 3): best, mean and worst


def evolve(fitness, n_features, k, settings, rng, report):
    """Run the genetic search.

    Parameters
    ----------
    fitness : Fitness
    n_features, k : int
    settings : SearchSettings
    rng : Generator
    report : callable
        Called with the best fitness after each generation.
    """
    population = _operators.draw_population(
        rng, settings.population_size, n_features, k
    )
    scores = fitness(population)
    curve = [_summary(scores)]
    best = int(np.argmax(scores))
    best_bits, best_score, unchanged = population[best], scores[best], 0
    for _ in range(settings.n_generations):
        population = next_generation(population, scores, k, settings, rng)
        scores = fitness(population)
        curve.append(_summary(scores))
        best = int(np.argmax(scores))
        # `tol` only decides when the search stops: the best subset is always stored.
        improved = scores[best] > best_score + settings.tol
        if scores[best] > best_score:
            best_bits, best_score = population[best], scores[best]
        unchanged = 0 if improved else unchanged + 1
        report(best_score)
        if unchanged == settings.n_iter_no_change:
            break
    return SearchResult(
        population, scores, best_bits, float(best_score), np.array(curve)
    )


def next_generation(population, scores, k, settings, rng):
    """Children of tournament winners, and the unchanged elite."""
    parents = population[_operators.tournament(scores, settings.tournament_size, rng)]
    children = _operators.crossover(parents, settings.crossover_proba, k, rng)
    children = _operators.shuffle_bits(
        children, settings.mutation_proba, settings.gene_proba, rng
    )
    elite = np.argsort(-scores, kind="stable")[: settings.n_elite]
    # The elite comes first: of duplicate rows only the later ones are changed.
    children[: len(elite)] = population[elite]
    return _operators.separate_duplicates(children, rng)


def _summary(scores):
    return scores.max(), scores.mean(), scores.min()


@contextlib.contextmanager
def generation_progress(shown, total):
    """Yield a function that takes the best fitness after each generation."""
    if not shown:
        yield lambda best: None
        return
    with show_progress("GeneticSelector", "generation", total) as advance:
        yield lambda best: advance(f"best {best:.4g}")
