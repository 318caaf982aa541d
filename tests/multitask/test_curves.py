# SPDX-License-Identifier: BSD-3-Clause
import numpy as np
import pytest

from skrln.multitask import quasi_optimal_intervals, temporal_discrepancy
from skrln.multitask._curves import fraction_outside, read_curves, smooth_curves

HAND = [0.5, 0.7, 0.9, 0.89, 0.88, 0.6]


def test_hand_curve():
    found = read_curves([HAND])
    assert found.task_best.tolist() == [2]
    assert quasi_optimal_intervals([HAND], tolerance=0.02).tolist() == [[2, 4]]
    assert quasi_optimal_intervals([HAND], tolerance=0.019).tolist() == [[2, 3]]
    assert quasi_optimal_intervals([HAND], tolerance=0.2).tolist() == [[1, 4]]


def test_relative_tolerance():
    curve = 100 * np.array([HAND])
    assert quasi_optimal_intervals(curve, tolerance=0.05).tolist() == [[2, 2]]
    found = quasi_optimal_intervals(curve, tolerance=0.05, relative=True)
    assert found.tolist() == [[2, 4]]


def test_interval_is_the_run_around_the_best_stage():
    curve = [0.9, 0.1, 0.9, 1.0, 0.9, 0.1, 0.95]
    assert quasi_optimal_intervals([curve], tolerance=0.1).tolist() == [[2, 4]]


def test_moving_mean_by_hand():
    curve = np.array([[1.0, 2, 4, 8, 16]])
    np.testing.assert_array_equal(smooth_curves(curve, 1), curve)
    np.testing.assert_allclose(
        smooth_curves(curve, 3), [[1.5, 7 / 3, 14 / 3, 28 / 3, 12]]
    )
    # Even: two back, one ahead.
    np.testing.assert_allclose(
        smooth_curves(curve, 4), [[1.5, 7 / 3, 15 / 4, 30 / 4, 28 / 3]]
    )


@pytest.mark.parametrize("window", [2, 3, 10, 40])
def test_moving_mean_against_a_loop(window):
    curves = 1e6 + np.random.default_rng(0).normal(size=(3, 40))
    expected = np.empty_like(curves)
    for j in range(40):
        part = curves[:, max(0, j - window // 2) : j + (window - 1) // 2 + 1]
        expected[:, j] = part.mean(axis=1)
    np.testing.assert_allclose(smooth_curves(curves, window), expected, rtol=1e-14)


def test_smoothing_overrules_a_spike():
    curve = [0.0, 0, 1, 0, 0, 0.6, 0.7, 0.6, 0]
    assert read_curves([curve]).best == 2
    assert read_curves([curve], smoothing_window=3).best == 6


def test_first_of_equal_stages():
    assert read_curves([[0.0, 1, 1, 0]]).best == 1


def test_burn_in():
    assert read_curves([HAND], first_stage=3).best == 3
    intervals = quasi_optimal_intervals([HAND], tolerance=1, first_stage=3)
    assert intervals.tolist() == [[3, 5]]


def test_discrepancy_and_share_outside():
    curves = np.array([[0, 1, 0, 0.0], [0, 0.6, 0, 0.7], [0.5, 0.1, 0.6, 0]])
    assert temporal_discrepancy(curves).tolist() == [0, 2, 1]
    assert temporal_discrepancy(curves, delta=1).tolist() == [0, 2, 0]
    intervals = quasi_optimal_intervals(curves)
    assert fraction_outside(intervals, 1) == pytest.approx(2 / 3)


def test_tasks_without_a_score():
    curves = [HAND, [np.nan] * 6]
    found = read_curves(curves)
    assert found.task_best.tolist() == [2, 2]
    assert found.scored.tolist() == [True, False]
    assert quasi_optimal_intervals(curves).tolist() == [[2, 4], [0, 5]]
    with pytest.raises(ValueError, match="without a single task"):
        read_curves([[np.nan, np.nan]])


def test_window_longer_than_the_curve():
    with pytest.raises(
        ValueError, match=r"Got smoothing_window=7 for curves of 6 stage"
    ):
        temporal_discrepancy([HAND], smoothing_window=7)
