# SPDX-License-Identifier: BSD-3-Clause
from itertools import combinations

import numpy as np
import pytest
from sklearn.cluster import KMeans

from skrln.multitask._clusters import (
    greedy_stages,
    improve_stages,
    make_plans,
    optimal_partitions,
)
from skrln.multitask._curves import read_curves


def peaks(stages, n_stages=14, height=1.0):
    """A curve with its maximum at each of the stages."""
    distance = np.abs(np.arange(n_stages) - np.asarray(stages)[:, None])
    return np.asarray(height) - 0.1 * distance


def sse(values, counts, part):
    total = 0.0
    for k in np.unique(part):
        v, c = values[part == k], counts[part == k]
        total += np.sum(c * (v - np.average(v, weights=c)) ** 2)
    return total


def test_two_tasks():
    """Peaks at 3 and 9: one stage is the best of the mean, not the mean of the best."""
    curves = peaks([3, 9], height=[[1.0], [1.0]])
    curves[0] *= 2  # the mean of the curves peaks with the first task
    found = read_curves(curves)
    assert found.best == 3
    for strategy in ("kmeans", "best_k"):
        one, two = make_plans(found, strategy, [1, 2])
        assert one.stages.tolist() == [3]
        assert one.task_stage.tolist() == [3, 3]
        assert two.stages.tolist() == [3, 9]
        assert two.task_stage.tolist() == [3, 9]


@pytest.mark.parametrize("n_clusters", [1, 2, 3, 5, 8])
def test_no_partition_is_better(n_clusters, global_random_seed):
    """At most the squared distances that scikit-learn's K-means finds with many starts."""
    rng = np.random.default_rng(global_random_seed)
    times = rng.integers(0, 60, size=40)
    values, counts = np.unique(times, return_counts=True)
    part = optimal_partitions(values, counts, n_clusters)[-1]
    assert len(np.unique(part)) == n_clusters
    assert np.all(np.diff(part) >= 0)
    other = KMeans(n_clusters, n_init=20, random_state=0).fit(times[:, None])
    assert sse(values, counts, part) <= other.inertia_ * (1 + 1e-12)


def test_partitions_by_trying_all():
    values, counts = np.array([0, 1, 5, 6, 20, 22]), np.array([3, 1, 1, 2, 1, 1])
    for k, part in enumerate(optimal_partitions(values, counts, 6), start=1):
        best = min(
            sse(values, counts, np.searchsorted(np.array(cuts), values, side="right"))
            for cuts in combinations(values[1:], k - 1)
        )
        assert sse(values, counts, part) == pytest.approx(best)


def test_centre_and_medoid():
    found = read_curves(peaks([2, 2, 2, 6, 11]))
    centre = make_plans(found, "kmeans", [2])[0]
    assert centre.stages.tolist() == [3, 11]  # 3 is the mean of 2, 2, 2 and 6
    medoid = make_plans(found, "kmeans", [2], "medoid")[0]
    assert medoid.stages.tolist() == [2, 11]


def test_as_many_clusters_as_stages():
    found = read_curves(peaks([2, 5, 5, 9]))
    for strategy in ("kmeans", "best_k"):
        plan = make_plans(found, strategy, [3])[0]
        assert plan.task_stage.tolist() == [2, 5, 5, 9]


@pytest.mark.parametrize("n_clusters", [1, 2, 3])
def test_best_stages_against_trying_all(n_clusters, global_random_seed):
    curves = np.random.default_rng(global_random_seed).normal(size=(8, 9))
    order = greedy_stages(curves, n_clusters)
    chosen = improve_stages(curves, np.sort(order))
    reached = curves[:, chosen].max(axis=1).sum()
    assert reached >= curves[:, order].max(axis=1).sum()
    best = max(
        curves[:, list(some)].max(axis=1).sum()
        for some in combinations(range(9), n_clusters)
    )
    worst = curves.min(axis=1).sum()
    assert reached - worst >= (1 - 1 / np.e) * (best - worst)


def test_exchanging_finds_what_greed_misses():
    # Greed takes the middle first, which no pair wants.
    curves = np.array([[1.0, 0.7, 0], [0, 0.7, 1.0]])
    assert greedy_stages(curves, 2).tolist()[0] == 1
    assert improve_stages(curves, np.array([0, 1])).tolist() == [0, 2]


def test_stages_before_the_first_are_not_taken():
    found = read_curves(peaks([1, 2, 8]), first_stage=4)
    for strategy in ("kmeans", "best_k"):
        plan = make_plans(found, strategy, [2], first_stage=4)[0]
        assert plan.task_stage.tolist() == [4, 4, 8]


def test_tasks_without_a_score_take_the_common_stage():
    curves = peaks([3, 9, 5])
    curves[2] = np.nan
    found = read_curves(curves)
    for strategy in ("kmeans", "best_k"):
        plan = make_plans(found, strategy, [2])[0]
        assert plan.task_stage.tolist() == [3, 9, found.best]
