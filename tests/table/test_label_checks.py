# SPDX-License-Identifier: BSD-3-Clause
"""Labels as users pass them: types, missing values, dimensions and extreme numbers."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from skrln._table._label_checks import (
    check_class_target,
    check_regression_target,
    read_labels,
    read_numbers,
)
from skrln._table._mixed_target import check_mixed_target

NAN = np.nan


def objects(*labels):
    return pd.Series(labels, dtype=object)


@pytest.mark.parametrize(
    "y",
    [
        objects(Decimal("1.5"), Fraction(2), 3),
        objects(1.5, np.int8(2), np.float32(3)),
        pd.Series([1.5, 2, 3], dtype="Float64"),
        ["1.5", "2", "3"],
    ],
)
def test_numbers_of_any_type(y):
    np.testing.assert_array_equal(check_regression_target(y), [1.5, 2, 3])


def test_numbers_of_pyarrow():
    pytest.importorskip("pyarrow", reason="pyarrow is optional")
    y = pd.Series([1.5, 2, None], dtype="double[pyarrow]")
    np.testing.assert_array_equal(read_numbers(y), [1.5, 2, NAN])
    np.testing.assert_array_equal(check_regression_target(y[:2]), [1.5, 2])


def test_missing_labels_of_several_tasks():
    y = pd.DataFrame({"a": [1, None, 3], "b": objects(Decimal("1.5"), None, 2)})
    y = y.astype({"a": "Int64"})
    expected = [[1, 1.5], [NAN, NAN], [3, 2]]
    np.testing.assert_array_equal(check_regression_target(y), expected)
    _, known = check_class_target(y[["a"]].assign(c=["u", None, "v"]))
    np.testing.assert_array_equal(known, [[True, True], [False, False], [True, True]])


@pytest.mark.parametrize(
    ("y", "expected"),
    [
        (objects(1, 2, 1), np.array([1, 2, 1])),
        (objects(True, False, True), np.array([True, False, True])),
        (objects(Decimal(1), Decimal(2), Decimal(1)), np.array([1.0, 2.0, 1.0])),
        (pd.Series([1, 2, 1], dtype="Int64"), np.array([1, 2, 1])),
        (pd.Series(["a", "b", "a"], dtype="string"), np.array(["a", "b", "a"], object)),
    ],
)
def test_classes_of_any_type(y, expected):
    labels, known = check_class_target(y)
    np.testing.assert_array_equal(labels, expected)
    assert labels.dtype.kind == expected.dtype.kind
    assert known.all()


BAD = {
    "NaN": ([1.0, NAN, 2.0], r"Input y contains NaN in 1 row\(s\) \(1\).* Leave out"),
    "NA": (pd.Series([1, None, 2], dtype="Int64"), r"Input y contains .*in 1 row"),
    "infinity": ([1.0, np.inf, 2.0], "Input y contains infinity .* row 1.* Leave out"),
    "dates": (objects(*[date(2024, 1, k) for k in (1, 2, 3)]), "y with date .* days"),
    "datetime64": (np.zeros(3, "datetime64[D]"), r"y of type datetime64\[D\].* days"),
    "intervals": (objects(*pd.interval_range(0, 3)), r"y with Interval .*\.mid"),
    "lists": (objects([1], [2], [3]), r"y with list \(such as \[1\]\).* Pass a number"),
    "several types": (objects("a", 1, 2.5), r"y with str .* and int .* and float"),
    "complex": ([1j, 2, 3], "Got y of type complex128.* Complex data not supported"),
    "ragged": ([[1, 2], [3]], "Got y of type list that is no array"),
    "no dimension": (3.0, r"Got y of shape \(\)"),
    "three dimensions": (np.zeros((3, 2, 2)), r"Got y of shape \(3, 2, 2\).* Reshape"),
    "none": (None, "requires y to be passed, but the target y is None"),
}


@pytest.mark.parametrize("check", [check_regression_target, check_class_target])
@pytest.mark.parametrize("case", BAD)
def test_labels_that_are_none(case, check):
    y, message = BAD[case]
    with pytest.raises(ValueError, match=message):
        check(y)
    with pytest.raises(ValueError, match="y_val"):
        check(y, "y_val")


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (["a", "b"], "Got y with words .*: could not convert string to float: 'a'"),
        (objects(10**400, 1), "Got y with words or too large numbers"),
        ([1e308, 1.0], r"Got y with 1e\+308 in row 0, but .* at most 1e\+307"),
    ],
)
def test_numbers_that_are_none(y, message):
    with pytest.raises(ValueError, match=message):
        check_regression_target(y)


def test_numbers_for_classes_name_y():
    with pytest.raises(ValueError, match=r"Unknown label type.* Got y_val that is no"):
        check_class_target([1.5, 2.5, 3.5], "y_val")


def test_task_of_mixed_labels_is_named():
    y = pd.DataFrame({"a": [1.0, 2.0], "b": objects("a", 1)})
    for check in (check_mixed_target, check_class_target, check_regression_target):
        with pytest.raises(ValueError, match="Got task 1 of y with str"):
            check(y)


def test_strings_stay_objects():
    labels = read_labels(objects("a", pd.NA, "b"))
    assert labels.tolist() == ["a", None, "b"]


def test_numbers_beside_words_in_lists_stay_numbers():
    y = read_labels([[0.5, "a"], [1.5, "b"], [np.nan, "b"]])
    assert y[:2].tolist() == [[0.5, "a"], [1.5, "b"]]
    assert np.isnan(y[2, 0])
    y, known = check_mixed_target(((1, "a"), (2, "b")))
    assert y[:, 0].tolist() == [1, 2]
    assert known.all()
