# SPDX-License-Identifier: BSD-3-Clause
"""Which stages to keep, and how many: chosen on some validation rows, judged on others."""

from typing import Any, NamedTuple

import numpy as np

from ._clusters import make_plans, plan_of
from ._curves import Reading, intervals_around, read_curves

#: Up to so many clusters all numbers are tried, then every further by this factor.
ALL_NUMBERS, NUMBER_FACTOR = 10, 1.5


class Settings(NamedTuple):
    """What the user chose."""

    strategy: str
    n_clusters: Any
    cluster_stage: str
    smoothing_window: int
    first_stage: int
    tolerance: float


class Choice(NamedTuple):
    """What came of it."""

    reading: Reading
    plan: Any
    intervals: np.ndarray
    tradeoff: dict | None


def choose(curves, parts, settings):
    """Stages of all tasks.

    Parameters
    ----------
    curves : ndarray of shape (n_tasks, n_stages)
        NaN in the rows of tasks that cannot be scored.
    parts : ndarray of shape (n_parts, n_tasks, n_stages) or None
        The same on parts of the validation rows.
    settings : Settings
    """
    window, first = settings.smoothing_window, settings.first_stage
    if first >= curves.shape[1]:
        raise ValueError(
            f"Got burn_in of {first} stages, but there are only {curves.shape[1]}. Lower "
            "burn_in, or train for more stages."
        )
    reading = read_curves(curves, window, first)
    n_distinct = len(np.unique(reading.task_best[reading.scored]))
    number = settings.n_clusters
    if isinstance(number, int | np.integer) and number > n_distinct:
        raise ValueError(
            f"Got n_clusters={number}, but the tasks have only {n_distinct} distinct best "
            'stage(s). Pass n_clusters="auto", or at most that many.'
        )
    tradeoff = None
    if parts is not None:
        tradeoff = weigh_numbers(parts, reading.scored, n_distinct, settings)
    if number == "auto":
        number = chosen_number(tradeoff)
    if settings.strategy == "brute_force" and number is None:
        plan = plan_of(reading.task_best)
    else:
        strategy = "kmeans" if number == 1 else settings.strategy
        plan = make_plans(reading, strategy, [number], settings.cluster_stage, first)[0]
    intervals = intervals_around(reading, settings.tolerance, first_stage=first)
    return Choice(reading, plan, intervals, tradeoff)


def weigh_numbers(parts, scored, n_distinct, settings):
    """Score of each number of stages on the parts that did not choose them.

    Returns
    -------
    dict
        "n_clusters" of shape (n,), with `n_distinct` as the last; "scores" of shape
        (n, n_parts), the mean over the tasks; "mean_gain" and "std_error", (n,), of the
        difference to a single stage, paired by part.
    """
    numbers = _numbers(n_distinct)
    brute = settings.strategy == "brute_force"
    scores = np.full((len(numbers), len(parts)), np.nan)
    for k, held_out in enumerate(parts):
        others = _nanmean(np.delete(parts, k, axis=0))
        others[~scored] = np.nan
        if np.isnan(others).any(axis=1).all():
            continue
        reading = read_curves(others, settings.smoothing_window, settings.first_stage)
        plans = make_plans(
            reading,
            "kmeans" if brute else settings.strategy,
            numbers,
            settings.cluster_stage,
            settings.first_stage,
        )
        if brute:  # every task at its own stage
            plans[-1] = plan_of(reading.task_best)
        tasks = np.flatnonzero(~np.isnan(held_out).any(axis=1) & scored)
        for i, plan in enumerate(plans):
            if tasks.size:
                scores[i, k] = held_out[tasks, plan.task_stage[tasks]].mean()
    gain = scores - scores[0]
    known = ~np.isnan(gain[0])
    n_known = max(int(known.sum()), 1)
    spread = gain[:, known].std(axis=1, ddof=1) if n_known > 1 else 0 * gain[:, 0]
    return {
        "n_clusters": np.array(numbers),
        "scores": scores,
        "mean_gain": _nanmean(gain.T),
        "std_error": spread / np.sqrt(n_known),
    }


def chosen_number(tradeoff):
    """Smallest number that is within a standard error of the best one.

    One, where there are too few rows to judge.
    """
    if tradeoff is None:
        return 1
    scores = tradeoff["scores"][:, ~np.isnan(tradeoff["scores"][0])]
    if scores.shape[1] < 2:
        return 1
    best = int(np.argmax(scores.mean(axis=1)))
    behind = scores[best] - scores
    error = behind.std(axis=1, ddof=1) / np.sqrt(scores.shape[1])
    good = behind.mean(axis=1) <= error
    good[best] = True
    return int(tradeoff["n_clusters"][np.argmax(good)])


def _numbers(most):
    """Numbers of clusters to try: all small ones, fewer of the large, and the largest."""
    numbers = list(range(1, min(most, ALL_NUMBERS) + 1))
    while numbers[-1] < most:
        numbers.append(min(int(np.ceil(numbers[-1] * NUMBER_FACTOR)), most))
    return numbers


def _nanmean(values):
    """Mean over the first axis of what is not NaN; NaN where nothing is."""
    known = ~np.isnan(values)
    count = known.sum(axis=0)
    with np.errstate(invalid="ignore"):
        return np.where(known, values, 0).sum(axis=0) / np.where(count, count, np.nan)
