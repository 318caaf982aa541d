# SPDX-License-Identifier: BSD-3-Clause
"""Every form of `cv` that scikit-learn takes, errors for the others, and forward splits."""

import numpy as np
import pytest
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    LeaveOneGroupOut,
    PredefinedSplit,
    RepeatedKFold,
    ShuffleSplit,
    StratifiedKFold,
    TimeSeriesSplit,
)

from skrln._table._user_splits import (
    Walk,
    iterate_splits,
    refuse_generator,
    shorten,
)

X = np.arange(48.0).reshape(24, 2)
Y = np.tile([0, 1], 12)
ALL = np.arange(24)
GROUPS = np.repeat(np.arange(4), 6)
PAIRS = list(KFold(4).split(X))


def splits(cv, groups=None, **options):
    return list(iterate_splits(cv, X, Y, "cv", metadata={"groups": groups}, **options))


class Splitter:
    """Splitter that gives `result`."""

    def __init__(self, result):
        self.result = result

    def split(self, X, y=None, groups=None):
        del X, y, groups
        return self.result

    def get_n_splits(self, X=None, y=None, groups=None):
        del X, y, groups
        return 1


class Growing:
    """Splitter of a user, whose training parts grow."""

    def split(self, X, y=None, groups=None):
        del y, groups
        for end in (4, 8, 20):
            yield np.arange(end), np.arange(end, len(X))

    def get_n_splits(self, X=None, y=None, groups=None):
        del X, y, groups
        return 3


FORMS = {
    "int": 4,
    "NumPy int": np.int64(4),
    "splitter": KFold(4),
    "predefined": PredefinedSplit(GROUPS),
    "group splitter": GroupKFold(4),
    "leave one group out": LeaveOneGroupOut(),
    "list of pairs": PAIRS,
    "tuple of pairs": tuple(PAIRS),
    "list of lists": [[train.tolist(), test.tolist()] for train, test in PAIRS],
    "masks": [(np.isin(ALL, train), np.isin(ALL, test)) for train, test in PAIRS],
    "lists of booleans": [
        (np.isin(ALL, train).tolist(), np.isin(ALL, test).tolist())
        for train, test in PAIRS
    ],
    "negative positions": [(train, test - 24) for train, test in PAIRS],
    "array of objects": np.array(PAIRS, object),
    "ranges": [(range(6, 24), range(6)), *PAIRS[1:]],
    "slices": [(slice(6, None), slice(6)), *PAIRS[1:]],
    "splitter of lists": Splitter([(a.tolist(), b.tolist()) for a, b in PAIRS]),
}


@pytest.mark.parametrize("form", FORMS)
def test_forms_of_the_same_folds(form):
    for _ in range(2):
        groups = GROUPS if "group" in form else None
        for split, (_, test) in zip(splits(FORMS[form], groups), PAIRS, strict=True):
            assert split.train.dtype.kind == split.test.dtype.kind == "i"
            both = np.concatenate(split)
            np.testing.assert_array_equal(np.sort(both), ALL)
            assert len(split.test) == len(test)


@pytest.mark.parametrize(
    "form", sorted({*FORMS} - {"group splitter", "leave one group out"})
)
def test_test_parts_of_the_forms(form):
    for split, (_, test) in zip(splits(FORMS[form]), PAIRS, strict=True):
        np.testing.assert_array_equal(np.sort(split.test), test)


def test_splits_that_are_no_folds():
    assert len(splits(ShuffleSplit(3, random_state=0))) == 3
    assert len(splits(RepeatedKFold(n_splits=2, n_repeats=2, random_state=0))) == 4
    assert len(splits(None)) == 5


def test_number_of_folds_shares_classes():
    expected = list(StratifiedKFold(3).split(X, np.sort(Y)))
    found = iterate_splits(3, X, np.sort(Y), "cv", classifier=True)
    for split, (_, test) in zip(found, expected, strict=True):
        np.testing.assert_array_equal(split.test, test)


def test_generator_gives_its_splits_once():
    generator = KFold(2).split(X)
    assert len(splits(generator)) == 2
    with pytest.raises(ValueError, match=r"Got cv=<gen.*no splits.*cv=list\(splits\)"):
        splits(generator)
    with pytest.raises(ValueError, match=r"Got cv=<gen.*cannot be copied.*list\(sp"):
        refuse_generator(generator, "cv")
    refuse_generator(PAIRS, "cv")


def test_generator_is_used_up_by_the_first_fit():
    """No later fit trains on the splits that the first left over."""
    generator = KFold(4).split(X)
    next(iterate_splits(generator, X, Y, "cv"))
    assert list(generator) == []


BAD = {
    "empty list": ([], "with no splits"),
    "empty dict": ({}, "with no splits"),
    "splitter of nothing": (Splitter([]), "with no splits"),
    "splitter of None": (Splitter(None), "cannot split these rows"),
    "string": ("abc", "cannot split these rows"),
    "float": (2.5, "cannot split these rows"),
    "one fold": (1, "cannot split these rows"),
    "more folds than rows": (25, "24 rows"),
    "dict": ({"a": 1}, "'a' as split 0"),
    "positions": ([1, 2], "1 as split 0"),
    "triple": ([(ALL[:2], ALL[2:4], ALL[4:])], "expected a pair"),
    "nested": ([([[1]], [2])], r"\[\[1\]\] as the training part"),
    "ragged": ([([[1], [2, 3]], [2])], "as the training part"),
    "strings": ([(["a"], ["b"])], "as the training part"),
    "floats": ([([0.0, 1.0], [2])], "as the training part"),
    "None": ([(None, [2])], "as the training part"),
    "too large": ([(ALL[:9], [24])], r"\[24\] in the test part"),
    "too small": ([([-25], [3])], r"\[-25\] in the training part"),
    "mask of another length": ([(ALL[:5], np.ones(9, bool))], "a mask of 9 rows"),
    "overlap": ([PAIRS[0], (ALL, ALL[:3])], r"3 row\(s\).* in both parts of split 1"),
    "no groups": (GroupKFold(3), "Pass groups"),
}


@pytest.mark.parametrize("form", BAD)
def test_other_forms_are_refused_by_name(form):
    cv, message = BAD[form]
    with pytest.raises(ValueError, match=rf"cv=.*{message}|{message}.*cv="):
        splits(cv)


def test_long_values_are_shortened():
    assert shorten([1, 2]) == "[1, 2]"
    assert len(shorten(PAIRS)) == 60
    assert "\n" not in shorten(np.arange(100))


@pytest.mark.parametrize(
    ("cv", "expected"),
    [
        (TimeSeriesSplit(3), True),
        (TimeSeriesSplit(3, gap=1), True),
        (TimeSeriesSplit(3, max_train_size=8), True),
        (Growing(), True),
        (list(TimeSeriesSplit(3).split(X)), True),
        (KFold(3), False),
        (GroupKFold(4), False),
        (ShuffleSplit(3, random_state=0), False),
        (RepeatedKFold(n_splits=2, n_repeats=2, random_state=0), False),
        (PredefinedSplit(np.where(ALL < 12, 0, -1)), False),
    ],
)
def test_forward_splits_are_seen_by_their_rows(cv, expected):
    walk = Walk(24)
    for split in splits(cv, GROUPS if isinstance(cv, GroupKFold) else None):
        walk.step(split)
    assert walk.goes_forward is expected


def test_no_table():
    with pytest.raises(TypeError, match="Got X that cannot be used"):
        list(iterate_splits(2, None, np.arange(4), "cv"))
