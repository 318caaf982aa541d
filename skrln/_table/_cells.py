# SPDX-License-Identifier: BSD-3-Clause
"""Cells of a column: the role that their types give the column, and conversion to numbers."""

import reprlib
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from numbers import Complex, Real
from typing import NamedTuple

import numpy as np


class Role(Enum):
    """Kind of the cells of a column."""

    NUMBERS = "numbers"
    CATEGORIES = "categories"
    DATES = "dates or times"
    INTERVALS = "intervals"
    COMPLEX = "complex numbers"
    MIXED = "several types"
    OBJECTS = "containers or other objects"
    EMPTY = "missing values only"


#: Types of cells by role; the first match counts. A timedelta64 of NumPy is a signed integer,
#: and a real number is complex.
TYPES = (
    (Role.DATES, (date, time, timedelta, np.datetime64, np.timedelta64)),
    (Role.CATEGORIES, (str, bytes)),
    (Role.NUMBERS, (Real, Decimal, np.bool_)),
    (Role.COMPLEX, (Complex,)),
)
#: Types of pandas by name, because pandas need not be installed.
TYPE_NAMES = {"Period": Role.DATES, "Interval": Role.INTERVALS}
#: Types of the missing values of pandas.
MISSING_NAMES = ("NAType", "NaTType")
#: Most types that an error message shows.
MOST_TYPES = 3


class Cells(NamedTuple):
    """Role of a column, and examples of its cells."""

    role: Role
    examples: tuple = ()  #: a cell of each type

    @property
    def description(self):
        """Types of the cells with an example of each, for error messages."""
        shown = [
            f"{type(cell).__name__} (such as {reprlib.repr(cell)})"
            for cell in self.examples[:MOST_TYPES]
        ]
        n_more = len(self.examples) - len(shown)
        return " and ".join(shown) + (f" and {n_more} more" if n_more > 0 else "")


def is_missing(cell):
    """Return True for None, NaN, NaT and pandas.NA."""
    if cell is None or type(cell).__name__ in MISSING_NAMES:
        return True
    return isinstance(cell, float | np.floating) and cell != cell


def read_cells(cells):
    """Read the role of a column from its cells, an iterable; missing ones do not count."""
    examples = {}
    for cell in cells:
        if type(cell) not in examples and not is_missing(cell):
            examples[type(cell)] = cell
    roles = {_role_of(kind) for kind in examples}
    return Cells(_common_role(roles), tuple(examples.values()))


def _role_of(kind):
    for role, types in TYPES:
        if issubclass(kind, types):
            return role
    return TYPE_NAMES.get(kind.__name__, Role.OBJECTS)


def _common_role(roles):
    if not roles:
        return Role.EMPTY
    if Role.OBJECTS in roles:
        return Role.OBJECTS
    if roles == {Role.NUMBERS, Role.COMPLEX}:
        return Role.COMPLEX
    return roles.pop() if len(roles) == 1 else Role.MIXED


def as_floats(cells):
    """Convert numbers, and strings of numbers, to float64; NaN where missing.

    Raises
    ------
    ValueError, TypeError, OverflowError
        For a cell that is no number of double precision.
    """
    return np.array([np.nan if is_missing(cell) else float(cell) for cell in cells])
