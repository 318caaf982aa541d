# SPDX-License-Identifier: BSD-3-Clause
"""Columns of frames and of arrays of objects."""

import numpy as np
import pandas as pd
import pytest

from skrln._table._cells import Role
from skrln._table._frames import cells_of, column_names, read_table, with_columns

FRAME = pd.DataFrame({"a": [1.0, 2.0], "b": pd.Series(["u", None], dtype=object)})


def polars_frame():
    pl = pytest.importorskip("polars", reason="polars is optional")
    return pl.DataFrame({"a": [1.0, 2.0], "b": ["u", None]})


@pytest.mark.parametrize(
    "make", [lambda: FRAME, lambda: FRAME.to_numpy(object), polars_frame]
)
def test_columns_of_tables(make):
    table = make()
    assert [cells.role for cells in read_table(table)] == [
        Role.NUMBERS,
        Role.CATEGORIES,
    ]
    assert cells_of(table, 1) == ["u", None]
    replaced = with_columns(table, {1: np.array([3.0, 4.0])})
    assert cells_of(replaced, 1) == [3, 4]
    assert cells_of(table, 1) == ["u", None]  # unchanged
    assert with_columns(table, {}) is table


def test_names():
    assert column_names(FRAME) == ["a", "b"]
    assert column_names(np.zeros((2, 2))) == [0, 1]
    assert read_table(np.zeros((2, 2))) == []


def test_columns_with_the_same_name():
    frame = pd.concat([FRAME, FRAME], axis=1)
    replaced = with_columns(frame, {3: np.array([3.0, 4.0])})
    assert cells_of(replaced, 1) == ["u", None]
    assert cells_of(replaced, 3) == [3, 4]


def test_columns_of_polars_are_read_by_position():
    """A name would be searched among all names, for every column."""
    pl = pytest.importorskip("polars", reason="polars is optional")

    class Frame(pl.DataFrame):
        def __getitem__(self, key):
            raise AssertionError(key)

        @property
        def columns(self):
            raise AssertionError

    table = Frame({"a": [1.0, 2.0], "b": ["u", None]})
    assert cells_of(table, 1) == ["u", None]
