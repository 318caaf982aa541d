# SPDX-License-Identifier: BSD-3-Clause
"""The inner validation split."""

import numpy as np
import pytest
from sklearn.model_selection import (
    GroupShuffleSplit,
    KFold,
    PredefinedSplit,
    TimeSeriesSplit,
)

from skrln._core._splits import split_rows, take_rows, wants_validation

X = np.arange(40.0).reshape(20, 2)
Y = np.repeat([0, 1], [15, 5])
ALL = np.arange(20)


def split(y=Y, rows=ALL, **settings):
    settings = {
        "fraction": 0.2,
        "validation_cv": None,
        "groups": None,
        "stratify": None,
        "random_state": 0,
    } | settings
    return split_rows(X, y, rows, **settings)


@pytest.mark.parametrize(
    ("early_stopping", "n_rows", "validation_cv", "expected"),
    [
        (True, 10, None, True),
        (False, 10**6, None, False),
        ("auto", 10_000, None, False),
        ("auto", 10_001, None, True),
        ("auto", 10, 5, True),
    ],
)
def test_wants_validation(early_stopping, n_rows, validation_cv, expected):
    assert wants_validation(early_stopping, n_rows, validation_cv) is expected


def test_parts_are_disjoint_and_complete():
    train, validation = split()
    np.testing.assert_array_equal(np.sort(np.concatenate([train, validation])), ALL)
    assert len(validation) == 4


def test_classes_are_held_out_in_equal_shares():
    train, validation = split(stratify=Y)
    assert Y[validation].sum() == 1
    assert Y[train].sum() == 4


def test_class_too_small_to_share_is_split_all_the_same():
    y = np.repeat([0, 1], [19, 1])
    train, validation = split(y, stratify=y)
    assert len(train) + len(validation) == 20


def test_first_split_of_a_splitter():
    train, validation = split(validation_cv=KFold(4))
    np.testing.assert_array_equal(validation, ALL[:5])
    np.testing.assert_array_equal(train, ALL[5:])


def test_number_of_folds_is_stratified_for_classes():
    _, validation = split(validation_cv=5, stratify=Y)
    assert Y[validation].sum() == 1


def test_groups_stay_together():
    groups = np.repeat(np.arange(5), 4)
    splitter = GroupShuffleSplit(1, test_size=0.4, random_state=0)
    train, validation = split(validation_cv=splitter, groups=groups)
    assert not set(groups[train]) & set(groups[validation])


def test_time_order():
    train, validation = split(validation_cv=TimeSeriesSplit(3))
    assert train.max() < validation.min()


@pytest.mark.parametrize("kind", ["positions", "masks", "predefined"])
def test_rows_of_a_splitter_are_those_of_the_user(kind):
    """Rows that do not count are dropped from both parts, and shift nothing."""
    held_out = ALL >= 14
    validation_cv = {
        "positions": [(np.flatnonzero(~held_out), np.flatnonzero(held_out))],
        "masks": [(~held_out, held_out)],
        "predefined": PredefinedSplit(np.where(held_out, 0, -1)),
    }[kind]
    rows = np.arange(3, 18)
    train, validation = split(rows=rows, validation_cv=validation_cv)
    np.testing.assert_array_equal(train, np.arange(3, 14))
    np.testing.assert_array_equal(validation, np.arange(14, 18))


def test_split_of_the_rows_that_count_does_not_depend_on_the_others():
    rows = np.delete(ALL, [0, 7, 19])
    parts = split(rows=rows, stratify=Y)
    alone = split_rows(
        X[rows],
        Y[rows],
        np.arange(17),
        fraction=0.2,
        validation_cv=None,
        groups=None,
        stratify=Y[rows],
        random_state=0,
    )
    for part, part_alone in zip(parts, alone, strict=True):
        np.testing.assert_array_equal(part, rows[part_alone])


def test_empty_part_is_refused():
    with pytest.raises(ValueError, match="20 training and 0 validation rows"):
        split(validation_cv=[(ALL, ALL[:0])])


def test_fraction_that_leaves_nothing_is_refused():
    with pytest.raises(ValueError, match=r"Got validation_fraction=0\.99.*Lower it"):
        split(fraction=0.99)


def test_take_rows_of_nothing_is_nothing():
    taken, nothing = take_rows(np.array([1]), X, None)
    np.testing.assert_array_equal(taken, X[1:2])
    assert nothing is None
