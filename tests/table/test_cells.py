# SPDX-License-Identifier: BSD-3-Clause
"""Roles of cells, and their conversion to numbers."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from skrln._table._cells import Role, as_floats, is_missing, read_cells

MISSING = [None, np.nan, np.float32(np.nan), pd.NA, pd.NaT]


@pytest.mark.parametrize("cell", MISSING)
def test_missing_cells(cell):
    assert is_missing(cell)
    assert read_cells([cell]).role == Role.EMPTY


@pytest.mark.parametrize(
    ("cells", "role"),
    [
        ([1, 2.5, True, Decimal(1), Fraction(1), np.int8(1)], Role.NUMBERS),
        (["a", b"b", np.str_("c")], Role.CATEGORIES),
        ([date(2024, 1, 1), np.timedelta64(1, "D")], Role.DATES),
        ([pd.Interval(0, 1)], Role.INTERVALS),
        ([1, 1j], Role.COMPLEX),
        (["a", 1], Role.MIXED),
        (["a", [1]], Role.OBJECTS),
        ([], Role.EMPTY),
    ],
)
def test_roles(cells, role):
    assert read_cells(cells).role == role
    assert read_cells(MISSING + cells).role == role


def test_text_has_three_types():
    text = read_cells(["a", 1, 2.5, None, [1]]).description
    assert (
        text
        == "str (such as 'a') and int (such as 1) and float (such as 2.5) and 1 more"
    )


def test_numbers():
    found = as_floats([1, None, pd.NA, "2.5", Decimal("3")])
    np.testing.assert_array_equal(found, [1, np.nan, np.nan, 2.5, 3])
    with pytest.raises(ValueError, match="could not convert string to float"):
        as_floats(["a"])
