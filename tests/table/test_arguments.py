# SPDX-License-Identifier: BSD-3-Clause
"""Weights of rows and of tasks, missing labels, and validation data."""

import numpy as np
import pandas as pd
import pytest

from skrln._table._arguments import (
    check_validation_arguments,
    check_weights,
    find_missing,
    resolve_task_weight,
)

X = np.zeros((3, 2))


def test_weights_are_one_by_default():
    np.testing.assert_array_equal(check_weights(None, X), [1, 1, 1])


@pytest.mark.parametrize("weights", [2, 2.0, [2, 2, 2], np.full(3, 2, np.float32)])
def test_weights_become_doubles(weights):
    found = check_weights(weights, X)
    np.testing.assert_array_equal(found, [2.0, 2.0, 2.0])
    assert found.dtype == np.float64


def test_some_weights_may_be_zero():
    np.testing.assert_array_equal(check_weights([0, 1, 0], X), [0, 1, 0])


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1, -2, 1], "Got w with a smallest value of -2.0, but expected non-negative"),
        ([0, 0, 0], "Got w that is zero everywhere, but at least one"),
        ([1, np.nan, 1], "contains NaN"),
        ([1, np.inf, 1], "contains infinity"),
        ([1, 2], r"shape == \(2,\), expected \(3,\)"),
    ],
)
def test_weights_that_are_none(weights, message):
    with pytest.raises(ValueError, match=message):
        check_weights(weights, X, name="w")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((X, None, None, "auto", None), "X_val is provided, but y_val was not"),
        ((None, [1], None, "auto", None), "y_val is provided, but X_val was not"),
        ((None, None, [1], "auto", None), "sample_weight_val is provided, but X_val"),
        ((X, [0, 1, 0], None, False, None), "early_stopping=False together with X_val"),
        (
            (None, None, None, False, 5),
            "early_stopping=False together with validation_cv",
        ),
        ((X, [0, 1], None, True, None), "inconsistent numbers of samples"),
    ],
)
def test_validation_arguments_that_contradict_each_other(arguments, message):
    with pytest.raises(ValueError, match=message):
        check_validation_arguments(*arguments)


@pytest.mark.parametrize(
    ("task_weight", "expected"),
    [
        (None, [0.5, 0.5]),
        ([1, 3], [0.25, 0.75]),
        ((0, 2), [0, 1]),
        ([1e308] * 2, [0.5, 0.5]),
    ],
)
def test_task_weights_sum_to_one(task_weight, expected):
    np.testing.assert_array_equal(resolve_task_weight(task_weight, 2), expected)


@pytest.mark.parametrize(
    ("task_weight", "message"),
    [
        ([1], r"Got task_weight of shape \(1,\).* one number per task: y has 2. Pass"),
        ([1, -1], r"Got task_weight=\[1.0, -1.0\], but expected finite, non-negative"),
        ([0, 0], "not all zero. Give"),
        ([1, np.nan], "finite"),
        (
            ["a", "b"],
            r"Got task_weight=\['a', 'b'\], but expected one number per task. Pass",
        ),
    ],
)
def test_task_weights_that_are_none(task_weight, message):
    with pytest.raises(ValueError, match=message):
        resolve_task_weight(task_weight, 2)


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.array([1, 2]), [False, False]),
        (np.array(["nan", "a"]), [False, False]),
        (np.array([np.nan, np.inf]), [True, False]),
        (
            np.array([None, np.nan, pd.NA, "a", 0], object),
            [True, True, True, False, False],
        ),
    ],
)
def test_find_missing(array, expected):
    np.testing.assert_array_equal(find_missing(array), expected)


@pytest.mark.parametrize(
    "weights", [np.ones(3) + 1j, ["a", "b", "c"], [np.inf, -np.inf, 1]]
)
def test_errors_of_weights_name_them(weights):
    with pytest.raises(ValueError, match="sample_weight"):
        check_weights(weights, np.zeros((3, 1)))


def test_errors_of_validation_data_name_them():
    with pytest.raises((TypeError, ValueError), match="y_val"):
        check_validation_arguments(np.zeros((3, 1)), 1j, None, "auto", None)


def test_weights_of_no_table():
    with pytest.raises(TypeError, match="Got X that cannot be used"):
        check_weights(None, None)
