# SPDX-License-Identifier: BSD-3-Clause
"""Splits into training rows and held-out rows."""

import warnings
from typing import Any, NamedTuple

import numpy as np
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split

from ._sklearn import take
from ._user_splits import Walk, iterate_splits, shorten

#: early_stopping="auto" holds rows out above this many rows, as in HistGradientBoosting.
AUTO_ROWS = 10_000
#: Fewest rows of a fold; an ensemble trains on all rows instead of smaller folds.
LEAST_ROWS_PER_FOLD = 4
#: Of splits that go forward in time, members of an ensemble take the last one, and those before
#: it whose training part has at least this share of its rows. Earlier splits cost accuracy: on
#: 480 rows that drift, R2 of the next rows is .33 with the last of five splits alone, and .22
#: with the last two; without drift both have .94.
LATER_SHARE = 0.9


class HoldOut(NamedTuple):
    """Rule by which rows are held out for validation."""

    early_stopping: Any  #: "auto", "sparsest", True or False
    fraction: float  #: share of the rows that is held out without `cv`
    cv: Any  #: splitter, iterable of splits, int or None
    groups: Any  #: of shape (n_samples,), for `cv`; None without groups
    strata: Any  #: classes of shape (n_samples,) to hold out in equal shares, or None
    seed: int

    def applies(self, n_rows):
        """Return True if a single network holds rows out of `n_rows` training rows."""
        if self.early_stopping == "auto":
            return self.cv is not None or n_rows > AUTO_ROWS
        return bool(self.early_stopping)


class Split(NamedTuple):
    """Rows of one network."""

    train: np.ndarray
    validation: np.ndarray | None  #: None if no rows of the table are held out


def split_once(X, y, rows, rule):
    """Hold rows out for a single network.

    Parameters
    ----------
    X, y : array-like
    rows : ndarray of int
        Rows that count. `rule.cv` splits all rows, because its positions are the user's.
    rule : HoldOut
        Of `rule.cv` the first split is used, so that groups and time order are respected; of
        splits that go forward in time the last one, which trains on most rows.

    Returns
    -------
    Split
    """
    if rule.cv is not None:
        splits, goes_forward = _user_splits(X, y, rows, rule, only_one=True)
        (number, split), *_ = splits
        if not len(split.train) or not len(split.validation):
            raise ValueError(
                f"Got validation_cv={shorten(rule.cv)}, whose split {number} has "
                f"{len(split.train)} training and {len(split.validation)} validation rows of "
                "positive weight, but both need at least one."
            )
        _warn_of_unused([split], rows, rule.cv, goes_forward)
        return split
    if np.ceil(rule.fraction * len(rows)) >= len(rows):
        raise ValueError(
            f"Got validation_fraction={rule.fraction}, which leaves no row of {len(rows)} "
            "to train on. Lower it."
        )
    strata = None if rule.strata is None else rule.strata[rows]
    if strata is not None and not _can_stratify(strata, rule.fraction):
        strata = None
    train, validation = train_test_split(
        rows, test_size=float(rule.fraction), stratify=strata, random_state=rule.seed
    )
    return Split(train, validation)


def split_members(X, y, rows, n_members, rule):
    """Hold rows out for each member of an ensemble.

    Members hold out one fold after the other, so that every row is a held-out row of some
    member. There are `n_members` folds, or more if `rule.fraction` asks for smaller ones.
    Members take the splits of `rule.cv` in turn. Of splits that go forward in time they take
    the last one, the one before, and so on as long as a training part has `LATER_SHARE` of the
    rows of the largest, and then the last one again, with another seed.

    Returns
    -------
    list of Split
        Without held-out rows if there are too few rows.
    """
    if rule.cv is not None:
        numbered, goes_forward = _user_splits(X, y, rows, rule)
        splits = [split for _, split in numbered]
        empty = sorted(k for k, (a, b) in numbered if not len(a) or not len(b))
        if empty:
            raise ValueError(
                f"Got validation_cv={shorten(rule.cv)}, whose split(s) {empty} have no row "
                "of positive weight to train or to validate on, but both need one."
            )
        _warn_of_unused(splits[:n_members], rows, rule.cv, goes_forward)
    else:
        n_folds = max(2, n_members, round(1 / rule.fraction))
        if len(rows) < LEAST_ROWS_PER_FOLD * n_folds:
            return [Split(rows, None)] * n_members
        splits = _folds(rows, rule.strata, n_folds, rule.seed)
    return [splits[k % len(splits)] for k in range(n_members)]


def _user_splits(X, y, rows, rule, *, only_one=False):
    """Splits of the user's `validation_cv`, without the rows that do not count.

    Returns
    -------
    splits : list of (int, Split)
        Splits that networks take, the best first, each with its number.
    goes_forward : bool
        Whether the splits go forward in time. With `only_one`, splits are read up to the first
        that does not.
    """
    groups, walk, splits = {"groups": rule.groups}, Walk(len(y)), []
    for split in iterate_splits(
        rule.cv,
        X,
        y,
        "validation_cv",
        classifier=rule.strata is not None,
        metadata=groups,
    ):
        counted = Split(*(part[np.isin(part, rows)] for part in split))
        splits.append((len(splits), counted))
        if not walk.step(split) and only_one:
            break
    if not walk.goes_forward:
        return splits, False
    least = LATER_SHARE * max(len(split.train) for _, split in splits)
    later = [pair for pair in splits[::-1] if len(pair[1].train) >= least]
    return later, True


def _warn_of_unused(splits, rows, cv, goes_forward):
    """Warn of a split that leaves most rows unused."""
    n_rows = len(rows)
    train, validation = min(splits, key=lambda split: len(np.unique(split.train)))
    n_train, n_used = (len(np.unique(part)) for part in (train, [*train, *validation]))
    if 2 * n_used >= n_rows and not (goes_forward and 2 * n_train < n_rows):
        return
    warnings.warn(
        f"Got validation_cv={shorten(cv)}, of which a network trains on {n_train} of {n_rows} "
        f"rows ({n_train / n_rows:.0%}) and leaves {1 - n_used / n_rows:.0%} unused. Pass a "
        "splitter with larger training parts; for time order, such as "
        "TimeSeriesSplit(5) without max_train_size.",
        UserWarning,
        stacklevel=6,
    )


def _folds(rows, strata, n_folds, seed):
    splitter = KFold(n_folds, shuffle=True, random_state=seed)
    classes = None if strata is None else strata[rows]
    if (
        classes is not None
        and np.unique(classes, return_counts=True)[1].min() >= n_folds
    ):
        splitter = StratifiedKFold(n_folds, shuffle=True, random_state=seed)
    return [Split(rows[a], rows[b]) for a, b in splitter.split(rows, classes)]


def _can_stratify(classes, fraction):
    counts = np.unique(classes, return_counts=True)[1]
    n_validation = int(np.ceil(fraction * len(classes)))
    smallest = min(n_validation, len(classes) - n_validation)
    return counts.min() >= 2 and smallest >= len(counts)


def take_rows(rows, *tables):
    """Return the given rows of every table; None stays None."""
    return tuple(
        None if table is None else take(table, rows, axis=0) for table in tables
    )
