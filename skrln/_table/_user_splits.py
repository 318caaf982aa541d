# SPDX-License-Identifier: BSD-3-Clause
"""Splits that the user passes: `cv` and `validation_cv` in every form of scikit-learn."""

from collections.abc import Iterable
from numbers import Integral
from typing import NamedTuple

import numpy as np
from sklearn.model_selection import check_cv

from ._arguments import about_argument
from ._sklearn import count_samples

#: Longest text of a value in an error message.
LONGEST_TEXT = 60


class Positions(NamedTuple):
    """Rows of one split, as positions."""

    train: np.ndarray
    test: np.ndarray


def iterate_splits(cv, X, y, name, *, classifier=False, metadata=None):
    """Yield the splits of `cv`, each checked.

    Parameters
    ----------
    cv : int, splitter, iterable or None
        As in scikit-learn's `check_cv`. The parts of an iterable's pairs are positions, boolean
        masks or slices.
    X, y : array-like
    name : str
        Name of the parameter, for error messages.
    classifier : bool, default=False
        Whether an int asks for folds with equal shares of the classes.
    metadata : dict, default=None
        Further arguments of ``split``, such as groups.

    Yields
    ------
    Positions
    """
    with about_argument("X"):
        n_rows = count_samples(X)
    if isinstance(cv, Integral) and int(cv) > n_rows:
        raise ValueError(
            f"Got {name}={cv} with {n_rows} rows (n_samples={n_rows}), but expected at most as "
            f"many folds as rows. Lower {name}, or pass more rows."
        )
    raw_splits, number = _split(cv, X, y, name, classifier, metadata or {}), -1
    for number, raw_split in enumerate(raw_splits):
        yield _read_split(raw_split, number, n_rows, cv, name)
    if number < 0:
        raise ValueError(
            f"Got {name}={shorten(cv)} with no splits, but expected one or more pairs "
            f"(train, test). {_way_out(cv, name)}"
        )


def is_iterable_of_splits(cv):
    """Return True for pairs (train, test) that the user made, such as a list of them."""
    is_splitter = hasattr(cv, "split") and not isinstance(cv, str)
    return isinstance(cv, Iterable) and not (is_splitter or isinstance(cv, str))


def _way_out(cv, name):
    if hasattr(cv, "__next__"):
        return (
            "A generator gives its splits a single time: make a list of it, which every fit "
            f"and every copy of the estimator can use, as in {name}=list(splits)."
        )
    return "Pass an int, another splitter, or a list of such pairs."


def _split(cv, X, y, name, classifier, metadata):
    """Yield raw splits; errors of the splitter get the name of the parameter."""
    try:
        if is_iterable_of_splits(cv):
            yield from list(cv)  # all of a generator: no later fit gets the rest of it
        else:
            splitter = check_cv(cv, y, classifier=classifier)
            yield from splitter.split(X, y, **metadata)
    except (ValueError, TypeError, IndexError) as error:
        raise ValueError(
            f"Got {name}={shorten(cv)}, which cannot split these rows ({error}). Pass groups "
            "if the splitter needs them, or an int, another splitter, or a list of pairs "
            "(train, test)."
        ) from error


def _read_split(split, number, n_rows, cv, name):
    """Return one split as positions; raise a ValueError if it is none."""
    place = f"split {number} of {name}={shorten(cv)}"
    if not isinstance(split, tuple | list | np.ndarray) or len(split) != 2:
        raise ValueError(
            f"Got {shorten(split)} as {place}, but expected a pair (train, test) of positions "
            "or boolean masks of rows."
        )
    train, test = (
        _read_part(part, n_rows, f"the {role} part of {place}")
        for part, role in zip(split, ("training", "test"), strict=True)
    )
    is_trained_on = np.zeros(n_rows, bool)
    is_trained_on[train] = True
    shared = test[is_trained_on[test]]
    if len(shared):
        raise ValueError(
            f"Got {len(shared)} row(s), such as {shared[:3].tolist()}, in both parts of "
            f"{place}, but expected test rows that are not trained on. Leave them out of one "
            "part."
        )
    return Positions(train, test)


def _read_part(part, n_rows, place):
    """Return positions of rows, not negative."""
    if isinstance(part, slice):
        return np.arange(n_rows)[part]
    try:
        rows = np.asarray(part)
    except ValueError:  # lists of several lengths
        rows = np.empty((0, 0), object)
    if rows.ndim == 1 and not len(rows):
        return np.zeros(0, int)
    if rows.ndim != 1 or rows.dtype.kind not in "biu":
        raise ValueError(
            f"Got {shorten(part)} as {place}, but expected positions (whole numbers) or a "
            "boolean mask in one dimension."
        )
    if rows.dtype.kind == "b":
        if len(rows) != n_rows:
            raise ValueError(
                f"Got a mask of {len(rows)} rows as {place}, but expected {n_rows}, the rows "
                "of X."
            )
        return np.flatnonzero(rows)
    outside = rows[(rows >= n_rows) | (rows < -n_rows)]
    if len(outside):
        raise ValueError(
            f"Got the position(s) {outside[:3].tolist()} in {place}, but X has {n_rows} rows, "
            f"and expected positions below {n_rows}. Make the splits from these rows."
        )
    return np.where(rows < 0, rows + n_rows, rows).astype(int)


def refuse_generator(cv, name):
    """Raise a ValueError for a generator, which `clone` cannot copy."""
    if hasattr(cv, "__next__"):
        raise ValueError(
            f"Got {name}={shorten(cv)}, which cannot be copied. {_way_out(cv, name)}"
        )


def shorten(value):
    """Return a text of a value that fits into a message."""
    text = " ".join(repr(value).split())
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 3] + "..."


class Walk:
    """Follows splits, and finds out whether they go forward in time.

    Splits go forward if the training parts are nested and grow, as those of TimeSeriesSplit do,
    or if every split trains on rows that the split before held out, and holds out rows that no
    split before had, as those of a window that slides do.
    """

    def __init__(self, n_rows):
        self._train, self._test, self._seen = (np.zeros(n_rows, bool) for _ in range(3))
        self._number = 0
        self._grows = self._slides = True

    def step(self, split):
        """Return True as long as the splits up to this one go forward."""
        train, test = (np.zeros(len(self._seen), bool) for _ in range(2))
        train[split.train] = test[split.test] = True
        if self._number:
            is_nested = train[self._train].all() and train.sum() > self._train.sum()
            is_next = (train & self._test).any() and not (test & self._seen).any()
            self._grows &= bool(is_nested)
            self._slides &= bool(is_next)
        self._number += 1
        self._train, self._test = train, test
        self._seen |= train | test
        return self._grows or self._slides

    @property
    def goes_forward(self):
        """True if there were several splits, which go forward."""
        return self._number > 1 and (self._grows or self._slides)
