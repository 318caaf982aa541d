# SPDX-License-Identifier: BSD-3-Clause
"""Held-out rows of a single network, and of the members of an ensemble."""

import numpy as np
import pytest
from sklearn.model_selection import (
    GroupKFold,
    GroupShuffleSplit,
    KFold,
    PredefinedSplit,
    ShuffleSplit,
    TimeSeriesSplit,
)

from skrln._table._splits import (
    HoldOut,
    split_members,
    split_once,
    take_rows,
)

X = np.arange(40.0).reshape(20, 2)
Y = np.repeat([0, 1], [15, 5])
ALL = np.arange(20)


def make_rule(**changes):
    rule = HoldOut(True, fraction=0.2, cv=None, groups=None, strata=None, seed=0)
    return rule._replace(**changes)


def split(y=Y, rows=ALL, **changes):
    return split_once(X, y, rows, make_rule(**changes))


@pytest.mark.parametrize(
    ("early_stopping", "n_rows", "validation_cv", "expected"),
    [
        (True, 10, None, True),
        ("sparsest", 10, None, True),
        (False, 10**6, None, False),
        ("auto", 10_000, None, False),
        ("auto", 10_001, None, True),
        ("auto", 10, 5, True),
    ],
)
def test_single_network_holds_rows_out(early_stopping, n_rows, validation_cv, expected):
    rule = make_rule(early_stopping=early_stopping, cv=validation_cv)
    assert rule.applies(n_rows) is expected


def test_parts_are_disjoint_and_complete():
    train, validation = split()
    np.testing.assert_array_equal(np.sort(np.concatenate([train, validation])), ALL)
    assert len(validation) == 4


def test_classes_are_held_out_in_equal_shares():
    train, validation = split(strata=Y)
    assert Y[validation].sum() == 1
    assert Y[train].sum() == 4


def test_class_too_small_to_share_is_split_all_the_same():
    y = np.repeat([0, 1], [19, 1])
    train, validation = split(y, strata=y)
    assert len(train) + len(validation) == 20


def test_first_split_of_a_splitter():
    train, validation = split(cv=KFold(4))
    np.testing.assert_array_equal(validation, ALL[:5])
    np.testing.assert_array_equal(train, ALL[5:])


def test_number_of_folds_is_stratified_for_classes():
    _, validation = split(cv=5, strata=Y)
    assert Y[validation].sum() == 1


def test_groups_stay_together():
    groups = np.repeat(np.arange(5), 4)
    splitter = GroupShuffleSplit(1, test_size=0.4, random_state=0)
    train, validation = split(cv=splitter, groups=groups)
    assert not set(groups[train]) & set(groups[validation])


@pytest.mark.parametrize(
    "cv",
    [
        TimeSeriesSplit(3),
        TimeSeriesSplit(3, max_train_size=12),
        list(TimeSeriesSplit(3).split(X)),
    ],
)
def test_last_split_of_those_that_go_forward(cv):
    train, validation = split(cv=cv)
    np.testing.assert_array_equal(validation, ALL[15:])
    assert train.max() == 14
    assert len(train) >= 12


def test_splits_after_the_first_are_not_made():
    """Leaving every row out in turn costs two splits, not as many as there are rows."""

    class Counting(KFold):
        n_made = 0

        def split(self, X, y=None, groups=None):
            for parts in super().split(X, y, groups):
                self.n_made += 1
                yield parts

    counting = Counting(20)
    split(cv=counting)
    assert counting.n_made <= 2


@pytest.mark.parametrize(
    ("cv", "message"),
    [
        (ShuffleSplit(1, train_size=4, test_size=4), "4 of 20 rows .20%.* 60% unused"),
        (TimeSeriesSplit(3, max_train_size=8), "8 of 20 rows .40%"),
        (TimeSeriesSplit(2, test_size=1, max_train_size=6), "6 of 20 rows"),
    ],
)
def test_split_that_leaves_most_rows_unused_warns(cv, message):
    with pytest.warns(UserWarning, match=f"Got validation_cv=.*{message}"):
        split(cv=cv)
    with pytest.warns(UserWarning, match=f"Got validation_cv=.*{message}"):
        members(3, cv=cv)


def test_rows_without_weight_are_not_missed():
    train, _ = split(cv=[(ALL[:6], ALL[6:8])], rows=ALL[:8])
    assert len(train) == 6


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
    train, validation = split(rows=rows, cv=validation_cv)
    np.testing.assert_array_equal(train, np.arange(3, 14))
    np.testing.assert_array_equal(validation, np.arange(14, 18))


def test_split_of_the_rows_that_count_does_not_depend_on_the_others():
    rows = np.delete(ALL, [0, 7, 19])
    parts = split(rows=rows, strata=Y)
    rule = make_rule(strata=Y[rows])
    alone = split_once(X[rows], Y[rows], np.arange(17), rule)
    for part, part_alone in zip(parts, alone, strict=True):
        np.testing.assert_array_equal(part, rows[part_alone])


def test_empty_part_is_refused():
    with pytest.raises(ValueError, match="20 training and 0 validation rows"):
        split(cv=[(ALL, ALL[:0])])


def test_fraction_of_numpy():
    assert len(split(fraction=np.float32(0.25)).validation) == len(
        split(fraction=0.25).validation
    )


def test_fraction_that_leaves_nothing_is_refused():
    with pytest.raises(ValueError, match=r"Got validation_fraction=0\.99.*Lower it"):
        split(fraction=0.99)


def test_take_rows_of_nothing_is_nothing():
    taken, nothing = take_rows(np.array([1]), X, None)
    np.testing.assert_array_equal(taken, X[1:2])
    assert nothing is None


# -- members of an ensemble ------------------------------------------------------------


def members(n_members, y=Y, rows=ALL, **changes):
    return split_members(X, y, rows, n_members, make_rule(**changes))


def test_members_hold_out_all_rows_once():
    splits = members(5)
    held_out = np.concatenate([split.validation for split in splits])
    np.testing.assert_array_equal(np.sort(held_out), ALL)
    for split in splits:
        both = np.concatenate([split.train, split.validation])
        np.testing.assert_array_equal(np.sort(both), ALL)


@pytest.mark.parametrize(
    ("n_members", "fraction", "sizes"),
    [
        (2, 0.5, [10, 10]),
        (2, 0.2, [4, 4]),  # the fraction asks for five folds
        (5, 0.5, [4] * 5),  # the members ask for five folds
        (1, 0.9, [10]),  # two folds at least
    ],
)
def test_number_of_folds(n_members, fraction, sizes):
    splits = members(n_members, fraction=fraction)
    assert [len(split.validation) for split in splits] == sizes


def test_members_train_on_all_rows_where_folds_would_be_tiny():
    splits = members(6)  # six folds of fewer than four rows
    assert len(splits) == 6
    for split in splits:
        assert split.validation is None
        np.testing.assert_array_equal(split.train, ALL)


def test_folds_of_members_are_stratified():
    counts = [Y[split.validation].sum() for split in members(5, strata=Y)]
    assert counts == [1] * 5
    # With fewer rows of a class than folds, the classes are not balanced.
    y = np.repeat([0, 1], [18, 2])
    assert len(members(5, y, strata=y)) == 5


def test_members_take_the_splits_of_the_user_in_turn():
    splits = members(5, cv=KFold(2), rows=ALL[1:])
    held_out = [split.validation for split in splits]
    for k, validation in enumerate(held_out):
        expected = ALL[10:] if k % 2 else ALL[1:10]
        np.testing.assert_array_equal(validation, expected)


def test_members_take_the_later_of_splits_that_go_forward():
    """Of twenty ends those that cost at most a tenth of the training rows, the last first."""
    splits = members(5, cv=TimeSeriesSplit(19))
    assert [split.train.max() for split in splits] == [18, 17, 18, 17, 18]
    # Of five splits the last one: the one before trains on four fifths of its rows.
    splits = members(3, cv=TimeSeriesSplit(4))
    assert [len(split.train) for split in splits] == [16] * 3


def test_early_splits_without_rows_that_count_do_not_matter():
    assert len(members(2, cv=TimeSeriesSplit(4), rows=ALL[8:])) == 2


def test_groups_of_members_stay_together():
    groups = np.repeat(np.arange(5), 4)
    splits = members(4, cv=GroupKFold(3), groups=groups)
    for train, validation in splits:
        assert not set(groups[train]) & set(groups[validation])
    np.testing.assert_array_equal(splits[0].validation, splits[3].validation)


def test_split_without_rows_that_count_is_refused():
    folds = [(ALL[:10], ALL[10:]), (ALL, [])]
    with pytest.raises(ValueError, match=r"whose split\(s\) \[1\] have no row"):
        members(2, cv=folds)
    message = r"whose split\(s\) \[0, 1\] have no row of positive weight"
    with pytest.raises(ValueError, match=message):
        members(2, cv=KFold(2), rows=ALL[:10])


def test_seed_decides_the_folds():
    first, again, other = (members(5, seed=seed)[0] for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.validation, again.validation)
    assert set(first.validation) != set(other.validation)
