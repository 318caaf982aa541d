# SPDX-License-Identifier: BSD-3-Clause
"""Validation curves of many tasks: smoothing, best stages, and intervals around them.

Curves are arrays of shape (n_tasks, n_stages); higher is better. A row of NaN is a task
without a score. Stages count from 0.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_array

#: Relative slack for rounding, so that a drop of exactly the tolerance stays within it.
ROUNDING = 1e-12


class Reading(NamedTuple):
    """Smoothed curves and their best stages, before stages are clustered."""

    smoothed: np.ndarray  #: (n_tasks, n_stages)
    summary: np.ndarray  #: (n_stages,), mean of the scored tasks
    best: int  #: stage with the highest summary
    task_best: (
        np.ndarray
    )  #: (n_tasks,), best stage of each task; `best` without a score
    scored: np.ndarray  #: (n_tasks,) of bool, True for tasks with a score


def read_curves(curves, smoothing_window=1, first_stage=0):
    """Smooth the curves, and find the best stage of each task and of their mean."""
    smoothed = smooth_curves(curves, smoothing_window)
    scored = ~np.isnan(smoothed).any(axis=1)
    if not scored.any():
        raise ValueError(
            "Got curves without a single task that has a score, but expected at least one "
            "finite row. Pass validation data with labels of every task."
        )
    summary = smoothed[scored].mean(axis=0)
    best = first_stage + int(np.argmax(summary[first_stage:]))
    task_best = np.full(len(smoothed), best)
    task_best[scored] = first_stage + np.argmax(smoothed[scored, first_stage:], axis=1)
    return Reading(smoothed, summary, best, task_best, scored)


def smooth_curves(curves, window):
    """Centred moving mean of each curve.

    Near the ends the mean is over the stages of the window that exist. An even window reaches
    one stage further back than ahead.
    """
    curves = check_curves(curves)
    n_stages = curves.shape[1]
    check_window(window, n_stages)
    if window == 1:
        return curves.copy()
    sums = np.zeros((len(curves), n_stages + 1))
    # Without its first value a curve is near 0: its cumulative sums keep small differences.
    np.cumsum(curves - curves[:, :1], axis=1, out=sums[:, 1:])
    stages = np.arange(n_stages)
    start = np.maximum(stages - window // 2, 0)
    end = np.minimum(stages + (window - 1) // 2 + 1, n_stages)
    return (sums[:, end] - sums[:, start]) / (end - start) + curves[:, :1]


def check_curves(curves):
    """Validate the curves, and return them as float64."""
    return check_array(
        curves, dtype=np.float64, ensure_all_finite="allow-nan", input_name="curves"
    )


def check_window(window, n_stages):
    """Refuse a window that is longer than the curves."""
    if window > n_stages:
        raise ValueError(
            f"Got smoothing_window={window} for curves of {n_stages} stage(s), but "
            "expected at most the length of the curves. Lower smoothing_window (1 does not "
            "smooth), or train for more stages."
        )


def temporal_discrepancy(
    curves: ArrayLike,
    *,
    delta: int = 0,
    smoothing_window: int = 1,
    first_stage: int = 0,
) -> np.ndarray:
    """Signed distance from the best stage of the mean to the best stage of each task.

    Parameters
    ----------
    curves : array-like of shape (n_tasks, n_stages)
        Validation score of each task at each stage; higher is better.

    delta : int, default=0
        Distances of at most this many stages are set to 0.

    smoothing_window : int, default=1
        Width of the centred moving mean that smooths the curves, in stages.

    first_stage : int, default=0
        First stage that can be the best one; the stages before it are burn-in.

    Returns
    -------
    ndarray of int of shape (n_tasks,)
        Number of stages; positive for a task whose best stage comes after that of the mean.

    See Also
    --------
    quasi_optimal_intervals : Interval of stages at which a task scores nearly its best.

    Examples
    --------
    >>> from skrln.multitask import temporal_discrepancy
    >>> curves = [[0.1, 0.5, 0.2, 0.1], [0.1, 0.2, 0.3, 0.4]]
    >>> temporal_discrepancy(curves).tolist()
    [0, 2]
    """
    reading = read_curves(curves, smoothing_window, first_stage)
    distance = reading.task_best - reading.best
    return np.where(np.abs(distance) > delta, distance, 0)


def quasi_optimal_intervals(
    curves: ArrayLike,
    *,
    tolerance: float = 0.02,
    relative: bool = False,
    smoothing_window: int = 1,
    first_stage: int = 0,
) -> np.ndarray:
    """Interval around the best stage of each task in which it scores nearly its best.

    Parameters
    ----------
    curves : array-like of shape (n_tasks, n_stages)
        Validation score of each task at each stage; higher is better.

    tolerance : float, default=0.02
        Largest drop below the best score, in the units of the scores.

    relative : bool, default=False
        If True, `tolerance` is a share of the range of each smoothed curve.

    smoothing_window : int, default=1
        Width of the centred moving mean that smooths the curves, in stages.

    first_stage : int, default=0
        First stage that can be the best one; the stages before it are burn-in.

    Returns
    -------
    ndarray of int of shape (n_tasks, 2)
        First and last stage of the longest run of stages that contains the best one and stays
        within the tolerance. A task without a score (NaN) gets all stages from `first_stage`
        on.

    See Also
    --------
    temporal_discrepancy : Distance of best stages from that of the mean.

    Examples
    --------
    >>> from skrln.multitask import quasi_optimal_intervals
    >>> quasi_optimal_intervals([[0.5, 0.7, 0.9, 0.89, 0.88, 0.6]]).tolist()
    [[2, 4]]
    """
    reading = read_curves(curves, smoothing_window, first_stage)
    return intervals_around(reading, tolerance, relative, first_stage)


def intervals_around(reading, tolerance, relative=False, first_stage=0):
    """Intervals of `quasi_optimal_intervals`, from a `Reading`."""
    n_tasks, n_stages = reading.smoothed.shape
    intervals = np.tile([first_stage, n_stages - 1], (n_tasks, 1))
    for task in np.flatnonzero(reading.scored):
        curve, best = reading.smoothed[task], reading.task_best[task]
        allowed = tolerance * np.ptp(curve[first_stage:]) if relative else tolerance
        slack = ROUNDING * max(1.0, abs(curve[best]))
        bad = np.flatnonzero(curve < curve[best] - allowed - slack)
        # The run ends next to the nearest bad stage on either side of the best one.
        before, after = bad[bad < best], bad[bad > best]
        if before.size:
            intervals[task, 0] = max(before[-1] + 1, first_stage)
        if after.size:
            intervals[task, 1] = after[0] - 1
    return intervals


def fraction_outside(intervals, stage, scored=None):
    """Share of the intervals, of scored tasks if given, that do not contain the stage."""
    start, end = np.asarray(intervals).T
    outside = (stage < start) | (stage > end)
    return float(np.mean(outside if scored is None else outside[scored]))
