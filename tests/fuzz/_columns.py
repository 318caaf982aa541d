# SPDX-License-Identifier: BSD-3-Clause
"""Strategies of single columns: extreme numbers, categories, dates, cells of any type."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
from hypothesis import strategies as st

#: Cells that break code: by the name of what they are.
ODD_NUMBERS = (
    0.0,
    -0.0,
    1e-320,
    1e-200,
    1e155,
    -1e200,
    1e300,
    1.7e308,
    -99999.0,
    2.0**53,
)
DATES = (
    dt.date(2020, 1, 1),
    dt.datetime(2020, 1, 1, 3),
    dt.timedelta(days=2),
    dt.time(4),
    pd.Timestamp("2021-05-01"),
    pd.Period("2021-05", "M"),
    np.datetime64("2020-01-01"),
    np.timedelta64(3, "D"),
)
CONTAINERS = ([1, 2], {"a": 1}, {1, 2}, (1,), b"bytes", np.arange(2), object, 1 + 2j)
WORDS = (
    "a",
    "b",
    "c",
    "",
    "$x_1$",
    "[red]",
    "<b>",
    "2020-01-01",
    "1.5",
    "nan",
    "é",
    "%s",
)


def seeds():
    """A seed of NumPy's generator."""
    return st.integers(0, 2**16)


@st.composite
def numbers(draw, n_rows):
    """An array of numbers; some are missing, infinite, huge, tiny or constant."""
    rng = np.random.default_rng(draw(seeds()))
    values = rng.normal(size=n_rows)
    kind = draw(
        st.sampled_from(
            (
                "normal",
                "normal",
                "normal",
                "scaled",
                "constant",
                "counts",
                "odd",
                "missing",
            )
        )
    )
    if kind == "scaled":
        with np.errstate(over="ignore"):
            values = values * draw(st.sampled_from(ODD_NUMBERS))
    elif kind == "constant":
        values = np.full(n_rows, draw(st.sampled_from(ODD_NUMBERS)))
    elif kind == "counts":
        values = np.floor(np.abs(values) * 3)
    elif kind == "odd" and n_rows:
        places = rng.integers(n_rows, size=draw(st.integers(1, 3)))
        values[places] = draw(st.sampled_from((*ODD_NUMBERS, np.inf, -np.inf)))
    elif kind == "missing" and n_rows:
        values[rng.uniform(size=n_rows) < draw(st.sampled_from((0.1, 0.9, 1.1)))] = (
            np.nan
        )
    return values


@st.composite
def objects(draw, n_rows):
    """A list of cells of any type."""
    rng = np.random.default_rng(draw(seeds()))
    pools = {
        "words": WORDS,
        "few words": WORDS[:2],
        "decimals": (Decimal("1.5"), Decimal("-2"), None, Fraction(1, 3)),
        "numbers": (1, 2.5, True, np.float32(3), None),
        "dates": DATES,
        "containers": CONTAINERS,
        "mixed": ("a", 1, 2.0, None),
        "missing": (None, np.nan, pd.NA),
        "words or missing": ("a", "b", None, np.nan),
    }
    pool = pools[draw(st.sampled_from(tuple(pools)))]
    if draw(st.integers(0, 9)) == 0:
        return [f"row {k}" for k in range(n_rows)]
    return [pool[k] for k in _codes(rng, n_rows, len(pool))]


def _codes(rng, n_rows, n):
    """Codes that all occur: tables of the same width share compiled programs."""
    return rng.permutation(n_rows) % n


def _object_series(cells):
    column = np.empty(len(cells), object)
    for k, cell in enumerate(cells):
        column[k] = cell
    return pd.Series(column, dtype=object)


@st.composite
def series(draw, n_rows):
    """A column of a data frame."""
    kind = draw(st.sampled_from(tuple(_SERIES)))
    rng = np.random.default_rng(draw(seeds()))
    if kind == "float":
        return pd.Series(draw(numbers(n_rows)))
    if kind == "object":
        return _object_series(draw(objects(n_rows)))
    return _SERIES[kind](rng, n_rows)


def _words(rng, n_rows, n=3):
    return [WORDS[k] for k in _codes(rng, n_rows, n)]


_SERIES = {
    "float": None,
    "object": None,
    "integer": lambda rng, n: pd.Series(rng.integers(-3, 4, n)),
    "boolean": lambda rng, n: pd.Series(rng.uniform(size=n) < 0.5),
    "float32": lambda rng, n: pd.Series(rng.normal(size=n).astype(np.float32)),
    "nullable": lambda rng, n: pd.Series(rng.integers(0, 3, n), dtype="Int64").mask(
        rng.uniform(size=n) < 0.2
    ),
    "nullable boolean": lambda rng, n: pd.Series(
        rng.uniform(size=n) < 0.5, dtype="boolean"
    ).mask(rng.uniform(size=n) < 0.2),
    "category": lambda rng, n: pd.Series(pd.Categorical(_words(rng, n))),
    "category of numbers": lambda rng, n: pd.Series(pd.Categorical(_codes(rng, n, 4))),
    "string": lambda rng, n: pd.Series(_words(rng, n), dtype="string"),
    "many words": lambda rng, n: pd.Series([f"w{k}" for k in _codes(rng, n, 30)]),
    "datetime": lambda rng, n: pd.Series(
        pd.date_range("2020-01-01", periods=max(n, 1))[:n]
    ),
    "timedelta": lambda rng, n: pd.Series(pd.to_timedelta(np.arange(n), "D")),
    "interval": lambda rng, n: pd.Series(
        pd.interval_range(0, max(n, 1)).to_series().to_numpy()[:n]
    ),
    "complex": lambda rng, n: pd.Series(rng.normal(size=n) + 1j),
    "sparse": lambda rng, n: pd.Series(
        pd.arrays.SparseArray(rng.integers(0, 2, n).astype(float))
    ),
}
