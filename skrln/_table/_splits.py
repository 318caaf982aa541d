# SPDX-License-Identifier: BSD-3-Clause
"""Splits into training rows and held-out rows."""

from typing import Any, NamedTuple

import numpy as np
from sklearn.model_selection import (
    KFold,
    StratifiedKFold,
    check_cv,
    train_test_split,
)

from ._sklearn import take

#: early_stopping="auto" holds rows out above this many rows, as in HistGradientBoosting.
AUTO_ROWS = 10_000
#: Fewest rows of a fold; an ensemble trains on all rows instead of smaller folds.
LEAST_ROWS_PER_FOLD = 4


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
        Of `rule.cv` the first split is used, so that groups and time order are respected.

    Returns
    -------
    Split
    """
    if rule.cv is not None:
        train, validation = next(_user_splits(X, y, rows, rule))
        if not len(train) or not len(validation):
            raise ValueError(
                f"Got validation_cv={rule.cv!r}, whose first split has "
                f"{len(train)} training and {len(validation)} validation rows of positive "
                "weight, but both need at least one."
            )
        return Split(train, validation)
    if np.ceil(rule.fraction * len(rows)) >= len(rows):
        raise ValueError(
            f"Got validation_fraction={rule.fraction}, which leaves no row of {len(rows)} "
            "to train on. Lower it."
        )
    strata = None if rule.strata is None else rule.strata[rows]
    if strata is not None and not _can_stratify(strata, rule.fraction):
        strata = None
    train, validation = train_test_split(
        rows, test_size=rule.fraction, stratify=strata, random_state=rule.seed
    )
    return Split(train, validation)


def split_members(X, y, rows, n_members, rule):
    """Hold rows out for each member of an ensemble.

    Members hold out one fold after the other, so that every row is a held-out row of some
    member. There are `n_members` folds, or more if `rule.fraction` asks for smaller ones.

    Returns
    -------
    list of Split
        Without held-out rows if there are too few rows.
    """
    if rule.cv is not None:
        splits = list(_user_splits(X, y, rows, rule))
        empty = [k for k, (a, b) in enumerate(splits) if not len(a) or not len(b)]
        if empty:
            raise ValueError(
                f"Got validation_cv={rule.cv!r}, whose split(s) {empty} have no row "
                "of positive weight to train or to validate on, but both need one."
            )
    else:
        n_folds = max(2, n_members, round(1 / rule.fraction))
        if len(rows) < LEAST_ROWS_PER_FOLD * n_folds:
            return [Split(rows, None)] * n_members
        splits = _folds(rows, rule.strata, n_folds, rule.seed)
    return [Split(*splits[k % len(splits)]) for k in range(n_members)]


def _user_splits(X, y, rows, rule):
    """Splits of the user's `validation_cv`, without the rows that do not count."""
    splitter = check_cv(rule.cv, y, classifier=rule.strata is not None)
    positions = np.arange(len(y))
    for split in splitter.split(X, y, rule.groups):
        train, validation = (positions[part] for part in split)
        yield train[np.isin(train, rows)], validation[np.isin(validation, rows)]


def _folds(rows, strata, n_folds, seed):
    splitter = KFold(n_folds, shuffle=True, random_state=seed)
    classes = None if strata is None else strata[rows]
    if (
        classes is not None
        and np.unique(classes, return_counts=True)[1].min() >= n_folds
    ):
        splitter = StratifiedKFold(n_folds, shuffle=True, random_state=seed)
    return [(rows[a], rows[b]) for a, b in splitter.split(rows, classes)]


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
