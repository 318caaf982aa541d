# SPDX-License-Identifier: BSD-3-Clause
"""Validation curves of many tasks: smoothing, best stages, and how far they lie apart.

Curves are arrays of shape (n_tasks, n_stages), the higher the better; a row of NaN is a task
that could not be scored. Stages count from 0.
"""

from typing import NamedTuple

import numpy as np
from sklearn.utils import check_array

#: Decimal numbers that differ by just the tolerance do so up to rounding.
ROUNDING = 1e-12


class Reading(NamedTuple):
    """What the curves say before any stages are put together."""

    smoothed: np.ndarray  #: (n_tasks, n_stages)
    summary: np.ndarray  #: (n_stages,); mean of the tasks that could be scored
    best: int  #: stage at which the summary is best
    task_best: np.ndarray  #: (n_tasks,); `best` for tasks that could not be scored
    scored: np.ndarray  #: (n_tasks,); which could


def read_curves(curves, smoothing_window=1, first_stage=0):
    """Smooth the curves, and find the best stage of their mean and of each."""
    smoothed = smooth_curves(curves, smoothing_window)
    scored = ~np.isnan(smoothed).any(axis=1)
    if not scored.any():
        raise ValueError(
            "Got curves without a single task that could be scored, but expected at least "
            "one finite row. Pass validation data with labels of every task."
        )
    summary = smoothed[scored].mean(axis=0)
    best = first_stage + int(np.argmax(summary[first_stage:]))
    task_best = np.full(len(smoothed), best)
    task_best[scored] = first_stage + np.argmax(smoothed[scored, first_stage:], axis=1)
    return Reading(smoothed, summary, best, task_best, scored)


def smooth_curves(curves, window):
    """Centred moving mean of each curve; at the ends of what there is of the window.

    An even window reaches one stage further back than ahead.
    """
    curves = check_curves(curves)
    n_stages = curves.shape[1]
    check_window(window, n_stages)
    if window == 1:
        return curves.copy()
    sums = np.zeros((len(curves), n_stages + 1))
    # The first value is taken off, so that sums of large numbers do not lose small ones.
    np.cumsum(curves - curves[:, :1], axis=1, out=sums[:, 1:])
    stages = np.arange(n_stages)
    start = np.maximum(stages - window // 2, 0)
    end = np.minimum(stages + (window - 1) // 2 + 1, n_stages)
    return (sums[:, end] - sums[:, start]) / (end - start) + curves[:, :1]


def check_curves(curves):
    """Curves as float64, (n_tasks, n_stages)."""
    return check_array(
        curves, dtype=np.float64, ensure_all_finite="allow-nan", input_name="curves"
    )


def check_window(window, n_stages):
    """Refuse a window that no stage has whole."""
    if window > n_stages:
        raise ValueError(
            f"Got smoothing_window={window} for curves of {n_stages} stage(s), but "
            "expected a window of at most their length. Lower smoothing_window (1 does "
            "not smooth), or train for more stages."
        )


def temporal_discrepancy(curves, *, delta=0, smoothing_window=1, first_stage=0):
    """How far the best stage of each task lies from the best stage of their mean.

    Parameters
    ----------
    curves : array-like of shape (n_tasks, n_stages)
        Validation score of each task at each stage, the higher the better.

    delta : int, default=0
        Distances of at most this many stages count as none.

    smoothing_window : int, default=1
        Width of the centred moving mean that the curves are smoothed by, in stages.

    first_stage : int, default=0
        Stages before this one are left out (burn-in).

    Returns
    -------
    ndarray of int of shape (n_tasks,)
        In stages: positive where the task is at its best after the mean is.

    See Also
    --------
    quasi_optimal_intervals : The stages at which a task is nearly at its best.

    Examples
    --------
    >>> from skrln.multitask import temporal_discrepancy
    >>> curves = [[0.1, 0.5, 0.2, 0.1], [0.1, 0.2, 0.3, 0.4]]
    >>> temporal_discrepancy(curves).tolist()
    [0, 2]
    """
    found = read_curves(curves, smoothing_window, first_stage)
    distance = found.task_best - found.best
    return np.where(np.abs(distance) > delta, distance, 0)


def quasi_optimal_intervals(
    curves, *, tolerance=0.02, relative=False, smoothing_window=1, first_stage=0
):
    """Stages around the best of each task at which it is nearly as good.

    Parameters
    ----------
    curves : array-like of shape (n_tasks, n_stages)
        Validation score of each task at each stage, the higher the better.

    tolerance : float, default=0.02
        What a stage may be worse than the best, in the units of the scores.

    relative : bool, default=False
        Whether `tolerance` is a share of the range of each curve instead.

    smoothing_window : int, default=1
        Width of the centred moving mean that the curves are smoothed by, in stages.

    first_stage : int, default=0
        Stages before this one are left out (burn-in).

    Returns
    -------
    ndarray of int of shape (n_tasks, 2)
        First and last stage of the longest run of stages that holds the best one and stays
        within the tolerance. A task that could not be scored (NaN) has all stages.

    See Also
    --------
    temporal_discrepancy : The distance between best stages.

    Examples
    --------
    >>> from skrln.multitask import quasi_optimal_intervals
    >>> quasi_optimal_intervals([[0.5, 0.7, 0.9, 0.89, 0.88, 0.6]]).tolist()
    [[2, 4]]
    """
    found = read_curves(curves, smoothing_window, first_stage)
    return intervals_around(found, tolerance, relative, first_stage)


def intervals_around(found, tolerance, relative=False, first_stage=0):
    """Intervals of curves that have been read."""
    n_tasks, n_stages = found.smoothed.shape
    intervals = np.tile([first_stage, n_stages - 1], (n_tasks, 1))
    for task in np.flatnonzero(found.scored):
        curve, best = found.smoothed[task], found.task_best[task]
        allowed = tolerance * np.ptp(curve[first_stage:]) if relative else tolerance
        slack = ROUNDING * max(1.0, abs(curve[best]))
        bad = np.flatnonzero(curve < curve[best] - allowed - slack)
        before, after = bad[bad < best], bad[bad > best]
        if before.size:
            intervals[task, 0] = max(before[-1] + 1, first_stage)
        if after.size:
            intervals[task, 1] = after[0] - 1
    return intervals


def fraction_outside(intervals, stage, scored=None):
    """Share of the intervals that do not hold the stage."""
    start, end = np.asarray(intervals).T
    outside = (stage < start) | (stage > end)
    return float(np.mean(outside if scored is None else outside[scored]))
