# SPDX-License-Identifier: BSD-3-Clause
"""Clustering of the best stages of all tasks into a few stages.

`make_plans` returns one `Plan` for each number of clusters.
"""

from typing import NamedTuple

import numpy as np


class Plan(NamedTuple):
    """Assignment of tasks to stages."""

    stages: np.ndarray  #: (n_clusters,), ascending
    cluster: np.ndarray  #: (n_tasks,), position in `stages` of each task's stage

    @property
    def task_stage(self):
        """Stage of each task, (n_tasks,)."""
        return self.stages[self.cluster]


def plan_of(task_stage):
    """Plan with the given stage of each task."""
    return Plan(*np.unique(task_stage, return_inverse=True))


def make_plans(reading, strategy, numbers, cluster_stage="centre", first_stage=0):
    """Make a plan for each number of clusters.

    Parameters
    ----------
    reading : Reading
    strategy : {"kmeans", "best_k"}
    numbers : sequence of int
        Numbers of clusters. With either strategy, 1 gives the best stage of the mean.
    cluster_stage : {"centre", "medoid"}
        Stage of a cluster of "kmeans".
    first_stage : int
        First stage that "best_k" may select.

    Returns
    -------
    list of Plan
        In every plan, a task without a score takes the best stage of the mean.
    """
    scored, most = reading.scored, max(numbers)
    best_stages, curves = reading.task_best[scored], reading.smoothed[scored]
    if strategy == "kmeans":
        values, counts = np.unique(best_stages, return_counts=True)
        partitions = optimal_partitions(values, counts, min(most, len(values)))
    else:
        order = greedy_stages(curves[:, first_stage:], most) + first_stage
    plans = []
    for number in numbers:
        task_stage = np.full(len(scored), reading.best)
        if number > 1 and strategy == "kmeans":
            # Distinct best stages are clustered: equal ones always share a cluster.
            cluster_of_value = partitions[min(number, len(values)) - 1]
            cluster = cluster_of_value[np.searchsorted(values, best_stages)]
            stages = _cluster_stages(best_stages, cluster, cluster_stage)
            task_stage[scored] = stages[cluster]
        elif number > 1:
            # The greedy order is nested, so one pass serves all numbers.
            stages = improve_stages(curves, np.sort(order[:number]), first_stage)
            task_stage[scored] = stages[np.argmax(curves[:, stages], axis=1)]
        plans.append(plan_of(task_stage))
    return plans


def _cluster_stages(best_stages, cluster, kind):
    """Stage of each cluster: the rounded mean, or the lower median, of its members."""
    stages = []
    for k in range(cluster.max() + 1):
        members = np.sort(best_stages[cluster == k])
        if kind == "medoid":
            stages.append(members[(len(members) - 1) // 2])
        else:
            stages.append(int(np.rint(members.mean())))
    return np.array(stages)


def optimal_partitions(values, counts, most):
    """Exact K-means in one dimension, for 1 to `most` clusters.

    In one dimension, optimal clusters are intervals. The best partition into K clusters is
    therefore the best partition of the smaller values into K - 1 clusters, plus one last
    interval. Dynamic programming finds the start of this interval.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Distinct numbers, ascending.
    counts : ndarray of shape (n,)
        Number of times that each value occurs.
    most : int
        At most n.

    Returns
    -------
    list of ndarray of shape (n,)
        Cluster of each value, ascending from 0. Entry k is the partition into k + 1 clusters.
    """
    n = len(values)
    values = values - values.mean()  # differences of large sums would lose precision
    count_sums, value_sums, square_sums = (
        np.concatenate([[0.0], np.cumsum(counts * values**power)]) for power in range(3)
    )

    def cost(start, end):
        """Sum of squared distances of values[start:end] from their mean."""
        count = count_sums[end] - count_sums[start]
        mean = (value_sums[end] - value_sums[start]) / count
        return square_sums[end] - square_sums[start] - count * mean**2

    # lowest[end] is the cost of the best partition of values[:end] into the current number of
    # clusters; starts_of_last[k][end] is where the last of its k + 1 clusters starts.
    lowest = np.concatenate([[0.0], cost(np.zeros(n, int), np.arange(1, n + 1))])
    starts_of_last = [np.zeros(n + 1, int)]
    for n_clusters in range(2, most + 1):
        new, start_of_last = np.full(n + 1, np.inf), np.zeros(n + 1, int)
        for end in range(n_clusters, n + 1):
            starts = np.arange(n_clusters - 1, end)
            totals = lowest[starts] + cost(starts, end)
            start_of_last[end] = starts[np.argmin(totals)]
            new[end] = totals.min()
        lowest = new
        starts_of_last.append(start_of_last)
    return [_backtrack(starts_of_last[: k + 1], n) for k in range(most)]


def _backtrack(starts_of_last, n):
    """Cluster of each value, read from the last cluster to the first."""
    cluster, end = np.zeros(n, int), n
    for k in range(len(starts_of_last) - 1, -1, -1):
        start = starts_of_last[k][end]
        cluster[start:end] = k
        end = start
    return cluster


def greedy_stages(curves, most):
    """Select stages one by one, each with the largest gain of the sum of best scores.

    The sum of the scores of all tasks, each at the best selected stage, is submodular in the
    set of stages: a greedy selection gains at least 1 - 1/e of the largest possible gain
    (Nemhauser, Wolsey and Fisher, 1978).
    """
    chosen, best = [], np.full(len(curves), -np.inf)
    for _ in range(min(most, curves.shape[1])):
        totals = np.maximum(curves, best[:, None]).sum(axis=0)
        totals[chosen] = -np.inf
        chosen.append(int(np.argmax(totals)))
        best = np.maximum(best, curves[:, chosen[-1]])
    return np.array(chosen)


def improve_stages(curves, chosen, first_stage=0, max_rounds=20):
    """Exchange single stages as long as the sum of best scores grows."""
    chosen = chosen.copy()
    for _ in range(max_rounds):
        before = curves[:, chosen].max(axis=1).sum()
        for k in range(len(chosen)):
            # `initial` covers a single stage, whose removal leaves no others.
            others = curves[:, np.delete(chosen, k)].max(axis=1, initial=-np.inf)
            totals = np.maximum(curves, others[:, None]).sum(axis=0)
            totals[:first_stage] = -np.inf
            if totals.max() > totals[chosen[k]]:
                chosen[k] = int(np.argmax(totals))
        if curves[:, chosen].max(axis=1).sum() <= before:
            break
    return np.unique(chosen)
