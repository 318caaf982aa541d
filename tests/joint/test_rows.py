# SPDX-License-Identifier: BSD-3-Clause
"""Encoding of rows for generators: extreme numbers, and tables of every form."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skrln.joint._rows import RowEncoder, check_rows

from .test_generator import generator

NUMBERS = np.random.default_rng(0).uniform(0.5, 1, (60, 2))
LETTERS = np.array(["a", "b", "c"] * 10)


def undo(X, categorical_features="from_dtype", scaling="quantile"):
    """Table that is encoded and decoded."""
    table, columns = check_rows(X, "JointGenerator", categorical_features)
    encoder = RowEncoder(columns.categorical, scaling).fit(table)
    return encoder.inverse_transform(encoder.transform(table))


@pytest.mark.parametrize("scaling", ["quantile", "range"])
@pytest.mark.parametrize("power", [-1000, -60, 1024])
def test_numbers_of_any_size(scaling, power):
    ordinary = RowEncoder(np.zeros(0, int), scaling).fit(NUMBERS)
    X = np.ldexp(NUMBERS, power)
    encoder = RowEncoder(np.zeros(0, int), scaling).fit(X)
    rows = encoder.transform(X)
    assert_allclose(rows, ordinary.transform(NUMBERS), rtol=1e-12)
    again = ordinary.inverse_transform(rows)
    assert_allclose(encoder.inverse_transform(rows), np.ldexp(again, power), rtol=1e-12)


def test_small_differences_between_large_numbers():
    X = 1 + 1e-8 * NUMBERS
    rows = RowEncoder(np.zeros(0, int), "quantile").fit(X).transform(X)
    assert_allclose(rows.std(axis=0), 1)


def test_both_signs_of_the_largest_numbers():
    X = 4 * (NUMBERS - 0.75) * 1.7e308
    for scaling in ("quantile", "range"):
        assert np.isfinite(undo(X, scaling=scaling)).all()


@pytest.mark.parametrize("form", [list, np.array, lambda rows: np.array(rows, object)])
def test_words_of_arrays_and_lists(form):
    rows = undo(form([["a", 1.5], ["b", 2.5], ["a", 3.25]]), [0])
    assert rows.dtype == object
    assert rows[:, 0].tolist() == ["a", "b", "a"]
    assert rows[1, 1] == pytest.approx(2.5)


def test_objects_that_are_numbers():
    X = np.array([[1.5], [pd.NA], [2.5]], object)
    assert_array_equal(np.isnan(undo(X)), [[False], [True], [False]])
    frame = pd.DataFrame({"a": X[:, 0], "b": [1, 2, 3]})
    again = undo(frame)
    assert again.dtypes.tolist() == frame.dtypes.tolist()
    assert_array_equal(again["a"].isna(), [False, True, False])


def test_types_of_pyarrow():
    pa = pytest.importorskip("pyarrow", reason="pyarrow is optional")
    numbers = [Decimal("1.5"), Decimal("2.5"), None] * 10
    letters = pd.ArrowDtype(pa.dictionary(pa.int32(), pa.string()))
    X = pd.DataFrame(
        {
            "number": pd.Series(numbers, dtype=pd.ArrowDtype(pa.decimal128(5, 2))),
            "letter": pd.Series(LETTERS.tolist(), dtype=letters),
            "word": pd.Series(LETTERS, dtype=pd.ArrowDtype(pa.string())),
        }
    )
    again = undo(X)
    assert again["letter"].tolist() == again["word"].tolist() == LETTERS.tolist()
    assert_array_equal(again["number"].isna(), X["number"].isna())
    # pandas cannot make these types from their names.
    assert again.dtypes.tolist()[:2] == ["object", "object"]


def test_whole_categories_beside_floats():
    large = 2**53
    X = pd.DataFrame(
        {"code": [large, large + 1, large + 2] * 2, "size": [0.5, 1.5] * 3}
    )
    again = undo(X, ["code", "size"])
    pd.testing.assert_frame_equal(again, X)


def test_rows_that_do_not_fit_into_memory(monkeypatch):
    monkeypatch.setattr("skrln._table._memory.available_bytes", lambda: 500)
    X = pd.DataFrame({"letter": LETTERS, "number": np.arange(30.0)})
    expected = "Got 30 rows with at least 4 inputs.*fewer categories"
    with pytest.raises(MemoryError, match=expected):
        generator().fit(X)


@pytest.mark.parametrize("n_samples", [2.5, 0, "2", None])
def test_number_of_samples(n_samples):
    model = generator().fit(NUMBERS)
    with pytest.raises(ValueError, match=r"n_samples=.*Pass an int"):
        model.sample(n_samples)
