# SPDX-License-Identifier: BSD-3-Clause
"""From a stage for every task to a few stages for all of them.

Every function gives, for each number of clusters asked for, a `Plan`.
"""

from typing import NamedTuple

import numpy as np


class Plan(NamedTuple):
    """Which task takes which stage."""

    stages: np.ndarray  #: (n_clusters,), ascending
    cluster: np.ndarray  #: (n_tasks,); index of the task's stage

    @property
    def task_stage(self):
        """Stage of each task, (n_tasks,)."""
        return self.stages[self.cluster]


def plan_of(task_stage):
    """Plan from the stage of each task."""
    return Plan(*np.unique(task_stage, return_inverse=True))


def make_plans(found, strategy, numbers, cluster_stage="centre", first_stage=0):
    """Plans for several numbers of clusters.

    Parameters
    ----------
    found : Reading
    strategy : {"kmeans", "best_k"}
    numbers : sequence of int
        Numbers of clusters; 1 is the best stage of the mean, whatever the strategy.
    cluster_stage : {"centre", "medoid"}
        Of "kmeans".
    first_stage : int
        "best_k" takes no stage before this one.

    Returns
    -------
    list of Plan
        Tasks that could not be scored take the best stage of the mean in all of them.
    """
    scored, most = found.scored, max(numbers)
    times = found.task_best[scored]
    if strategy == "kmeans":
        values, counts = np.unique(times, return_counts=True)
        partitions = optimal_partitions(values, counts, min(most, len(values)))
    else:
        order = greedy_stages(found.smoothed[scored, first_stage:], most) + first_stage
    plans = []
    for number in numbers:
        task_stage = np.full(len(scored), found.best)
        if number > 1 and strategy == "kmeans":
            part = partitions[min(number, len(values)) - 1]
            part = part[np.searchsorted(values, times)]
            task_stage[scored] = _cluster_stages(times, part, cluster_stage)[part]
        elif number > 1:
            chosen = improve_stages(
                found.smoothed[scored], np.sort(order[:number]), first_stage
            )
            best = np.argmax(found.smoothed[scored][:, chosen], axis=1)
            task_stage[scored] = chosen[best]
        plans.append(plan_of(task_stage))
    return plans


def _cluster_stages(times, part, kind):
    """Stage of each cluster: its mean, to the next whole number, or its middle member."""
    stages = []
    for cluster in range(part.max() + 1):
        members = np.sort(times[part == cluster])
        if kind == "medoid":
            stages.append(members[(len(members) - 1) // 2])
        else:
            stages.append(int(np.rint(members.mean())))
    return np.array(stages)


def optimal_partitions(values, counts, most):
    """Exact K-means in one dimension, for 1 to `most` clusters.

    Clusters of numbers on a line are intervals, so that the best K of them follow from the
    best K - 1 of all that lies before the last one (dynamic programming).

    Parameters
    ----------
    values : ndarray of shape (n,)
        Distinct numbers, ascending.
    counts : ndarray of shape (n,)
        How often each occurs.
    most : int
        At most n.

    Returns
    -------
    list of ndarray of shape (n,)
        Cluster of each value, ascending from 0; entry k is for k + 1 clusters.
    """
    n = len(values)
    values = values - values.mean()  # squares of small numbers lose nothing
    weight, first, second = (
        np.concatenate([[0.0], np.cumsum(counts * values**power)]) for power in range(3)
    )

    def cost(start, end):
        """Squared distance from the mean of values start to end - 1, summed."""
        total = weight[end] - weight[start]
        mean = (first[end] - first[start]) / total
        return second[end] - second[start] - total * mean**2

    ends = np.arange(1, n + 1)
    best = np.concatenate([[0.0], cost(np.zeros(n, int), ends)])
    cuts = [np.zeros(n + 1, int)]
    for _ in range(1, most):
        new, cut = np.full(n + 1, np.inf), np.zeros(n + 1, int)
        for end in range(len(cuts) + 1, n + 1):
            starts = np.arange(len(cuts), end)
            total = best[starts] + cost(starts, end)
            cut[end] = starts[np.argmin(total)]
            new[end] = total.min()
        best = new
        cuts.append(cut)
    return [_follow(cuts[: k + 1], n) for k in range(most)]


def _follow(cuts, n):
    """Cluster of each value, from where each cluster starts."""
    cluster, end = np.zeros(n, int), n
    for k in range(len(cuts) - 1, -1, -1):
        start = cuts[k][end]
        cluster[start:end] = k
        end = start
    return cluster


def greedy_stages(curves, most):
    """Stages one after the other, each the one that the sum of best scores gains most by.

    The sum of the scores, each task at the best of the stages chosen, has diminishing
    returns: this reaches 1 - 1/e of the best gain at least.
    """
    chosen, best = [], np.full(len(curves), -np.inf)
    for _ in range(min(most, curves.shape[1])):
        totals = np.maximum(curves, best[:, None]).sum(axis=0)
        totals[chosen] = -np.inf
        chosen.append(int(np.argmax(totals)))
        best = np.maximum(best, curves[:, chosen[-1]])
    return np.array(chosen)


def improve_stages(curves, chosen, first_stage=0, max_rounds=20):
    """Exchange single stages while the sum of best scores grows."""
    chosen = chosen.copy()
    for _ in range(max_rounds):
        before = curves[:, chosen].max(axis=1).sum()
        for k in range(len(chosen)):
            others = curves[:, np.delete(chosen, k)].max(axis=1, initial=-np.inf)
            totals = np.maximum(curves, others[:, None]).sum(axis=0)
            totals[:first_stage] = -np.inf
            if totals.max() > totals[chosen[k]]:
                chosen[k] = int(np.argmax(totals))
        if curves[:, chosen].max(axis=1).sum() <= before:
            break
    return np.unique(chosen)
