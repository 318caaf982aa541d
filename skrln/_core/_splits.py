# SPDX-License-Identifier: BSD-3-Clause
"""The inner validation split."""

import numpy as np
from sklearn.model_selection import (
    KFold,
    StratifiedKFold,
    check_cv,
    train_test_split,
)

from ._sklearn import take

#: "auto" stops early above this many rows, as in HistGradientBoosting.
AUTO_ROWS = 10_000

#: Folds smaller than this say nothing; all rows are trained on instead.
LEAST_ROWS_PER_FOLD = 4


def wants_validation(early_stopping, n_rows, validation_cv):
    """Whether a part of the training data is held out."""
    if early_stopping == "auto":
        return validation_cv is not None or n_rows > AUTO_ROWS
    return bool(early_stopping)


def split_rows(X, y, rows, *, fraction, validation_cv, groups, stratify, random_state):
    """Rows to train on and rows to validate on.

    Parameters
    ----------
    X, y : array-like
    rows : ndarray of int
        Those that count. `validation_cv` sees all of them, and so means the user's rows.
    fraction : float
        Share of the rows held out, where `validation_cv` is None.
    validation_cv : splitter, iterable of splits or None
        The first of its splits is used: groups and time order are its business.
    groups : array-like of shape (n_samples,) or None
    stratify : ndarray of shape (n_samples,) or None
        Classes to hold out in equal shares.
    random_state : int

    Returns
    -------
    train, validation : ndarray of int
    """
    if validation_cv is not None:
        splitter = check_cv(validation_cv, y, classifier=stratify is not None)
        positions = np.arange(len(y))
        parts = [positions[part] for part in next(iter(splitter.split(X, y, groups)))]
        train, validation = (part[np.isin(part, rows)] for part in parts)
        if not len(train) or not len(validation):
            raise ValueError(
                f"Got validation_cv={validation_cv!r}, whose first split has "
                f"{len(train)} training and {len(validation)} validation rows of positive "
                "weight, but both need at least one."
            )
        return train, validation
    if np.ceil(fraction * len(rows)) >= len(rows):
        raise ValueError(
            f"Got validation_fraction={fraction}, which leaves no row of {len(rows)} to "
            "train on. Lower it."
        )
    stratify = None if stratify is None else stratify[rows]
    if stratify is not None and not _can_stratify(stratify, fraction):
        stratify = None
    return train_test_split(
        rows, test_size=fraction, stratify=stratify, random_state=random_state
    )


def member_splits(
    X, y, rows, n_members, *, fraction, validation_cv, groups, stratify, random_state
):
    """Rows to train and to validate each member of an ensemble on.

    Members hold out one fold after the other, so that together they have seen all rows.

    Parameters
    ----------
    n_members : int
        There are as many folds, or more where `fraction` asks for smaller ones.

    Returns
    -------
    list of tuple
        (train, validation); validation is None where there are too few rows to hold out.
    """
    if validation_cv is not None:
        splitter = check_cv(validation_cv, y, classifier=stratify is not None)
        positions = np.arange(len(y))
        parts = [
            [found[np.isin(found, rows)] for found in (positions[a], positions[b])]
            for a, b in splitter.split(X, y, groups)
        ]
        empty = [k for k, (a, b) in enumerate(parts) if not len(a) or not len(b)]
        if empty:
            raise ValueError(
                f"Got validation_cv={validation_cv!r}, whose split(s) {empty} have no row "
                "of positive weight to train or to validate on, but both need one."
            )
    else:
        n_folds = max(2, n_members, round(1 / fraction))
        if len(rows) < LEAST_ROWS_PER_FOLD * n_folds:
            return [(rows, None)] * n_members
        parts = _folds(rows, stratify, n_folds, random_state)
    return [tuple(parts[k % len(parts)]) for k in range(n_members)]


def _folds(rows, stratify, n_folds, random_state):
    splitter = KFold(n_folds, shuffle=True, random_state=random_state)
    classes = None if stratify is None else stratify[rows]
    if (
        classes is not None
        and np.unique(classes, return_counts=True)[1].min() >= n_folds
    ):
        splitter = StratifiedKFold(n_folds, shuffle=True, random_state=random_state)
    return [(rows[a], rows[b]) for a, b in splitter.split(rows, classes)]


def _can_stratify(classes, fraction):
    counts = np.unique(classes, return_counts=True)[1]
    n_validation = int(np.ceil(fraction * len(classes)))
    smallest = min(n_validation, len(classes) - n_validation)
    return counts.min() >= 2 and smallest >= len(counts)


def take_rows(rows, *tables):
    """The rows given of every table; None stays None."""
    return tuple(None if t is None else take(t, rows, axis=0) for t in tables)
