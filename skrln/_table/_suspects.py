# SPDX-License-Identifier: BSD-3-Clause
"""Warnings about tables: identifiers, sentinels, validation rows on another scale."""

import reprlib
import warnings

import numpy as np
from scipy import sparse

from ._cells import as_floats, is_missing
from ._frames import cells_of, column_names

#: A categorical column is an identifier if it has at least this many rows with a value, and
#: categories for at least this share of them.
LEAST_ROWS, MOST_CATEGORIES = 20, 0.9
#: A sentinel is the lowest or highest value of a column: at least this many rows, and at least
#: this share of the rows, have it; its distance to all others exceeds their range by this
#: factor; and the others are at least this many different numbers.
LEAST_SENTINELS, LEAST_SHARE, SENTINEL_GAP, LEAST_NUMBERS = 2, 0.005, 5.0, 10
#: Validation rows are on another scale if in more than this share of the columns their median
#: lies farther outside the training range than the range is wide. Columns of two values do not
#: count. In 1248 splits of 37 public tables, random, sorted, by groups and along the first
#: principal component, the largest share was 0.05. In rows that skipped a StandardScaler it
#: exceeded 0.25 on 16 of these tables, and with a MinMaxScaler on 20: the raw columns of the
#: others have similar scales. A range of fewer training rows says little.
MOST_FAR, LEAST_RANGE_ROWS = 0.25, 20
#: Most columns that a warning shows.
MOST_SHOWN = 5


def warn_suspects(X, columns):
    """Warn of columns of identifiers and of sentinels, once for each kind.

    Parameters
    ----------
    X : array, CSR matrix or data frame
        Training rows with a weight, of the table that `read_columns` returns.
    columns : Columns
    """
    if sparse.issparse(X):
        return
    names = column_names(X) if columns.names is None else list(columns.names)
    identifiers, sentinels = [], []
    categorical = set(columns.categorical.tolist())
    for k, name in enumerate(names):
        if k in categorical:
            text = _describe_identifier(cells_of(X, k))
            identifiers += [f"{name!r} ({text})"] if text else []
        else:
            text = _describe_sentinel(_numbers_of(X, k))
            sentinels += [f"{name!r} ({text})"] if text else []
    if identifiers:
        warnings.warn(
            "Nearly every row has a category of its own in the column(s) of X "
            f"{_join(identifiers)}: a network learns noise from them. Drop them, or encode "
            "them before: sklearn.preprocessing.TargetEncoder, an encoder of skrub for text, "
            "or pandas.to_datetime and numbers such as days for dates.",
            UserWarning,
            stacklevel=4,
        )
    if sentinels:
        warnings.warn(
            "One value lies far outside all others and fills several rows in the column(s) of "
            f"X {_join(sentinels)}. If it marks missing values, replace it by NaN, such as "
            "X.replace(value, np.nan).",
            UserWarning,
            stacklevel=4,
        )


def warn_other_scale(X, X_val, columns):
    """Warn of validation rows that seem to have skipped the transformers of the training rows.

    Parameters
    ----------
    X, X_val : array, CSR matrix or data frame
        Training and validation rows with a weight, of validated tables.
    columns : Columns
    """
    if sparse.issparse(X) or sparse.issparse(X_val):
        return
    if X.shape[0] < LEAST_RANGE_ROWS or not X_val.shape[0]:
        return
    names = column_names(X) if columns.names is None else list(columns.names)
    categorical = set(columns.categorical.tolist())
    n_columns, far = 0, []
    for k, name in enumerate(names):
        if k in categorical:
            continue
        numbers = _numbers_of(X, k)
        low, high = (numbers.min(), numbers.max()) if len(numbers) else (0, 0)
        if not np.any((low < numbers) & (numbers < high)):
            continue
        n_columns += 1
        held_out = _numbers_of(X_val, k)
        middle = np.quantile(held_out, 0.5, method="lower") if len(held_out) else low
        # Halves, because a difference of the largest numbers overflows.
        gap = max(low / 2 - middle / 2, middle / 2 - high / 2)
        if gap > high / 2 - low / 2:
            far.append(f"{name!r} (median {middle:g}, X from {low:g} to {high:g})")
    if len(far) > MOST_FAR * n_columns:
        warnings.warn(
            f"Got X_val whose numbers lie far outside those of X in {len(far)} of "
            f"{n_columns} column(s): {_join(far)}. If X passed transformers, X_val has to "
            "pass them too. In a pipeline, set enable_metadata_routing=True, call "
            "set_fit_request(X_val=True, y_val=True) of the network, and pass "
            'transform_input=["X_val"] to the pipeline.',
            UserWarning,
            stacklevel=5,
        )


def warn_unknown(encoders, X, columns):
    """Warn of categories that only later batches have, unless `columns` says it is done.

    Returns
    -------
    Columns
    """
    if columns.has_warned:
        return columns
    examples = {}
    for encoder in encoders:
        examples |= encoder.unknown_categories(X)
    if not examples:
        return columns
    names = column_names(X) if columns.names is None else columns.names
    texts = [f"{names[k]!r} ({reprlib.repr(examples[k])})" for k in sorted(examples)]
    warnings.warn(
        "A batch of partial_fit has categories that the first batch lacks, in the column(s) "
        f"of X {_join(texts)}. They are ignored, as in predict. Begin with a batch that has "
        "all categories, or encode the column(s) before, such as with OneHotEncoder and its "
        "categories. Later batches are not warned about.",
        UserWarning,
        stacklevel=4,
    )
    return columns._replace(has_warned=True)


def _join(texts):
    n_more = len(texts) - MOST_SHOWN
    rest = f" and {n_more} more" if n_more > 0 else ""
    return ", ".join(texts[:MOST_SHOWN]) + rest


def _describe_identifier(cells):
    """Return the number of categories and an example; None if rows share categories."""
    present = [cell for cell in cells if not is_missing(cell)]
    n_categories = len(set(present))
    if len(present) < LEAST_ROWS or n_categories < MOST_CATEGORIES * len(present):
        return None
    example = reprlib.repr(present[0])
    return f"{n_categories} categories in {len(present)} rows, such as {example}"


def _numbers_of(X, k):
    """Return the numbers of a column as float64, without missing ones."""
    if hasattr(X, "iloc"):
        numbers = X.iloc[:, k].to_numpy(np.float64, na_value=np.nan)
    elif not isinstance(X, np.ndarray):
        numbers = np.asarray(X.to_series(k).to_numpy(), np.float64)
    elif X.dtype.kind in "OUS":
        numbers = as_floats(cells_of(X, k))
    else:
        numbers = np.asarray(X[:, k], np.float64)
    return numbers[np.isfinite(numbers)]


def _describe_sentinel(numbers):
    """Return the sentinel, its rows and the range of the others; None without one."""
    if not len(numbers):
        return None
    for value in (numbers.min(), numbers.max()):
        others = numbers[numbers != value]
        n_rows = len(numbers) - len(others)
        if n_rows < max(LEAST_SENTINELS, LEAST_SHARE * len(numbers)) or not len(others):
            continue
        low, high = others.min(), others.max()
        # Halves, because a difference of the largest numbers overflows.
        gap = min(abs(value / 2 - low / 2), abs(value / 2 - high / 2))
        if gap <= SENTINEL_GAP * (high / 2 - low / 2):
            continue
        if n_rows <= len(others) and len(np.unique(others)) >= LEAST_NUMBERS:
            return f"{value:g} in {n_rows} rows, others from {low:g} to {high:g}"
    return None
