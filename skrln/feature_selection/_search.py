# SPDX-License-Identifier: BSD-3-Clause
"""The search itself."""

import contextlib
from typing import NamedTuple

import numpy as np

from . import _operators


class Fitness:
    """A criterion that scores no individual twice.

    Parameters
    ----------
    criterion : callable
        From bits (m, n_features) to (m,) numbers.
    name : str
        For messages.
    """

    def __init__(self, criterion, name):
        self.criterion, self.name = criterion, name
        self.known = {}

    @property
    def n_evaluations(self):
        """Individuals scored so far."""
        return len(self.known)

    def __call__(self, population):
        """Scores, (m,)."""
        keys = [row.tobytes() for row in np.packbits(population, axis=1)]
        new = {key: i for i, key in enumerate(keys) if key not in self.known}
        if new:
            rows = population[list(new.values())]
            scores = np.asarray(self.criterion(rows), float)
            self._check(rows, scores)
            self.known.update(zip(new, scores.tolist(), strict=True))
        return np.array([self.known[key] for key in keys])

    def _check(self, rows, scores):
        strange = np.flatnonzero(~np.isfinite(scores))
        if len(strange):
            columns = np.flatnonzero(rows[strange[0]]).tolist()
            raise ValueError(
                f"Got a fitness of {scores[strange[0]]} from fitness={self.name!r} for "
                f"the columns {columns[:10]}{' ...' if len(columns) > 10 else ''}, but "
                "expected a finite number. Check X for values that are not finite, and "
                "with 'cv' that scoring gives a number on every split."
            )


class Found(NamedTuple):
    """What a search leaves behind."""

    population: np.ndarray
    fitness: np.ndarray  #: (population_size,)
    best: np.ndarray  #: bits of the fittest individual of all
    best_fitness: float
    curve: np.ndarray  #: (n_generations + 1, 3): best, mean and worst


def evolve(fitness, n_features, k, settings, rng, on_generation):
    """Run the genetic search.

    Parameters
    ----------
    fitness : Fitness
    n_features, k : int
    settings : estimator
        With the parameters of GeneticSelector.
    rng : Generator
    on_generation : callable
        Told the best fitness after each generation.
    """
    population = _operators.draw_population(
        rng, settings.population_size, n_features, k
    )
    scores = fitness(population)
    curve = [_summary(scores)]
    best = int(np.argmax(scores))
    best_bits, best_score, unchanged = population[best], scores[best], 0
    for _ in range(settings.n_generations):
        children = next_generation(population, scores, k, settings, rng)
        population, scores = children, fitness(children)
        curve.append(_summary(scores))
        best = int(np.argmax(scores))
        improved = scores[best] > best_score + settings.tol
        if scores[best] > best_score:
            best_bits, best_score = population[best], scores[best]
        unchanged = 0 if improved else unchanged + 1
        on_generation(best_score)
        if unchanged == settings.n_iter_no_change:
            break
    return Found(population, scores, best_bits, float(best_score), np.array(curve))


def next_generation(population, scores, k, settings, rng):
    """Children, and the fittest as they are."""
    parents = population[_operators.tournament(scores, settings.tournament_size, rng)]
    children = _operators.cross(parents, settings.crossover_proba, k, rng)
    children = _operators.shuffle_bits(
        children, settings.mutation_proba, settings.gene_proba, rng
    )
    elite = np.argsort(-scores, kind="stable")[: settings.n_elite]
    children[: len(elite)] = population[elite]
    return _operators.part_twins(children, rng)


def _summary(scores):
    return scores.max(), scores.mean(), scores.min()


@contextlib.contextmanager
def generation_bar(shown, total):
    """Yield what to call with the best fitness after each generation."""
    if not shown:
        yield lambda best: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    with Progress(
        TextColumn("GeneticSelector"),
        BarColumn(),
        TextColumn(
            "generation {task.completed:.0f}/{task.total:.0f} {task.fields[best]}"
        ),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    ) as bar:
        task = bar.add_task("generations", total=total, best="")
        yield lambda best: bar.update(task, advance=1, best=f"best {best:.4g}")
