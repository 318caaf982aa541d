# SPDX-License-Identifier: BSD-3-Clause
"""The number of stages, from scores of numbers on parts of the validation rows."""

import numpy as np
import pytest

from skrln.multitask._selection import chosen_number


def tradeoff(*gains, spread=0.01):
    """Scores of 1, 2, ... stages in four parts, whose mean gains over one stage are given."""
    noise = spread * np.array([1.0, -1.0, 1.0, -1.0])
    parts = np.array([0.1, 0.2, 0.3, 0.4])
    scores = np.array([parts, *(parts + gain + noise for gain in gains)])
    return {"n_clusters": np.arange(1, len(scores) + 1), "scores": scores}


@pytest.mark.parametrize(
    ("gains", "expected"),
    [
        ((-0.01, -0.02), 1),
        ((0.003, 0.003), 1),  # less than the standard error, .0058
        ((0.02, 0.05), 3),
        ((0.05, 0.05), 2),
        ((0.05, -0.02, -0.05), 1),  # one number gains, others lose: luck
        ((), 1),
    ],
)
def test_smallest_number_near_the_best_where_several_stages_gain(gains, expected):
    assert chosen_number(tradeoff(*gains)) == expected


@pytest.mark.parametrize(("last", "expected"), [(0.05, 4), (0.003, 1), (-0.05, 1)])
def test_one_stage_or_one_for_each_task(last, expected):
    """Numbers in between do not count."""
    assert chosen_number(tradeoff(0.1, 0.1, last), one_or_all=True) == expected


def test_one_stage_without_two_parts():
    assert chosen_number(None) == 1
    table = tradeoff(0.1)
    table["scores"][:, 1:] = np.nan
    assert chosen_number(table) == 1
