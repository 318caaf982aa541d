# SPDX-License-Identifier: BSD-3-Clause
"""Selection of the stages to keep, and of their number.

Some parts of the validation rows choose the stages, other parts judge the choice.
"""

from typing import Any, NamedTuple

import numpy as np

from ._clusters import Plan, make_plans, plan_of
from ._curves import Reading, intervals_around, read_curves

#: All numbers of clusters up to ALL_NUMBERS are tried. Larger numbers grow by NUMBER_FACTOR,
#: rounded up.
ALL_NUMBERS, NUMBER_FACTOR = 10, 1.5


class Settings(NamedTuple):
    """Parameters of the user, resolved."""

    strategy: str
    n_clusters: Any  #: int, "auto" or "all"
    cluster_stage: str
    smoothing_window: int
    first_stage: int
    tolerance: float


class Choice(NamedTuple):
    """Chosen stages of all tasks."""

    reading: Reading
    plan: Plan
    intervals: np.ndarray  #: (n_tasks, 2)
    tradeoff: dict | None  #: of `weigh_numbers`; None without parts


def choose(curves, parts, settings):
    """Choose the stages of all tasks.

    Parameters
    ----------
    curves : ndarray of shape (n_tasks, n_stages)
        NaN in the rows of tasks without a score.
    parts : ndarray of shape (n_parts, n_tasks, n_stages) or None
        Curves on parts of the validation rows.
    settings : Settings
    """
    window, first = settings.smoothing_window, settings.first_stage
    if first >= curves.shape[1]:
        raise ValueError(
            f"Got burn_in of {first} stages, but expected fewer than the "
            f"{curves.shape[1]} stage(s) of the fit. Lower burn_in, or train for more stages."
        )
    reading = read_curves(curves, window, first)
    n_distinct = len(np.unique(reading.task_best[reading.scored]))
    number = settings.n_clusters
    if isinstance(number, int | np.integer) and number > n_distinct:
        raise ValueError(
            f"Got n_clusters={number}, but the tasks have only {n_distinct} distinct best "
            f'stage(s). Pass n_clusters="auto", or at most {n_distinct}.'
        )
    tradeoff = None
    if parts is not None:
        tradeoff = weigh_numbers(parts, reading.scored, n_distinct, settings)
    brute = settings.strategy == "brute_force"
    if number == "auto":
        number = chosen_number(tradeoff, one_or_all=brute)
    if number == "all" or (brute and number > 1):
        plan = plan_of(reading.task_best)
    else:
        # A single stage is the same with every strategy, and "brute_force" has no plans.
        strategy = "kmeans" if number == 1 else settings.strategy
        plan = make_plans(reading, strategy, [number], settings.cluster_stage, first)[0]
    intervals = intervals_around(reading, settings.tolerance, first_stage=first)
    return Choice(reading, plan, intervals, tradeoff)


def weigh_numbers(parts, scored, n_distinct, settings):
    """Score each number of stages on the part that did not choose the stages.

    Each part is held out once, as in cross-validation: the mean of the other parts chooses.

    Parameters
    ----------
    parts : ndarray of shape (n_parts, n_tasks, n_stages)
    scored : ndarray of bool of shape (n_tasks,)
        Tasks with a score on all rows.
    n_distinct : int
        Largest number of stages to score.
    settings : Settings

    Returns
    -------
    dict
        "n_clusters" of shape (n,), which ends with `n_distinct`; "scores" of shape
        (n, n_parts), means over the tasks; "mean_gain" and "std_error" of shape (n,), of the
        gain over a single stage, paired by part.
    """
    numbers = _numbers(n_distinct)
    brute = settings.strategy == "brute_force"
    scores = np.full((len(numbers), len(parts)), np.nan)
    for k, held_out in enumerate(parts):
        curves = _nanmean(np.delete(parts, k, axis=0))
        curves[~scored] = np.nan
        if np.isnan(curves).any(axis=1).all():
            continue  # the other parts cannot choose; the scores of part k stay NaN
        reading = read_curves(curves, settings.smoothing_window, settings.first_stage)
        plans = make_plans(
            reading,
            "kmeans" if brute else settings.strategy,
            numbers,
            settings.cluster_stage,
            settings.first_stage,
        )
        if brute:
            # "brute_force" is judged as the largest number: each task at its own best stage.
            plans[-1] = plan_of(reading.task_best)
        tasks = np.flatnonzero(~np.isnan(held_out).any(axis=1) & scored)
        for i, plan in enumerate(plans):
            if tasks.size:
                scores[i, k] = held_out[tasks, plan.task_stage[tasks]].mean()
    # Paired by part: the difficulty of a part cancels in its gain.
    gain = scores - scores[0]
    judged = ~np.isnan(gain[0])
    n_judged = max(int(judged.sum()), 1)
    spread = gain[:, judged].std(axis=1, ddof=1) if n_judged > 1 else 0 * gain[:, 0]
    return {
        "n_clusters": np.array(numbers),
        "scores": scores,
        "mean_gain": _nanmean(gain.T),
        "std_error": spread / np.sqrt(n_judged),
    }


def chosen_number(tradeoff, *, one_or_all=False):
    """Smallest number of stages whose score is within one standard error of the best.

    It is one unless several stages gain by more than a standard error on average over the
    numbers tried: the best of many numbers gains by luck. Standard errors are of differences
    paired by part. Without two judged parts the number is one. With `one_or_all`, only the
    first and the last number are compared.
    """
    if tradeoff is None:
        return 1
    numbers, scores = tradeoff["n_clusters"], tradeoff["scores"]
    if one_or_all:
        numbers, scores = numbers[[0, -1]], scores[[0, -1]]
    scores = scores[:, ~np.isnan(scores[0])]
    if scores.shape[1] < 2 or len(scores) < 2:
        return 1
    gain = scores[1:].mean(axis=0) - scores[0]
    if gain.mean() <= _standard_error(gain):
        return 1
    behind = scores[scores.mean(axis=1).argmax()] - scores
    good = behind.mean(axis=1) <= _standard_error(behind)
    return int(numbers[np.argmax(good)])


def _standard_error(differences):
    """Standard error of the mean over the last axis."""
    return differences.std(axis=-1, ddof=1) / np.sqrt(differences.shape[-1])


def _numbers(most):
    """Numbers of clusters to try, from 1 to `most`."""
    numbers = list(range(1, min(most, ALL_NUMBERS) + 1))
    while numbers[-1] < most:
        numbers.append(min(int(np.ceil(numbers[-1] * NUMBER_FACTOR)), most))
    return numbers


def _nanmean(values):
    """Mean over the first axis without NaN; NaN if all values are NaN."""
    # Unlike np.nanmean, without a warning if all values are NaN.
    valid = ~np.isnan(values)
    count = valid.sum(axis=0)
    with np.errstate(invalid="ignore"):
        return np.where(valid, values, 0).sum(axis=0) / np.where(count, count, np.nan)
