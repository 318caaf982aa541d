# SPDX-License-Identifier: BSD-3-Clause
"""Text of parameters and digests of tables."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import make_scorer, r2_score
from sklearn.model_selection import KFold

from skrln._checkpoints._describe import describe, digest_table
from skrln.options import RLNPenalty, Solver


def schedule(step):
    return 0.1 / (1 + step)


class Plain:
    """An object with the text of Python."""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "None"),
        (True, "True"),
        (np.bool_(False), "False"),
        (-7, "-7"),
        (-7.0, "-7"),
        (np.float64(0.003), "0.003"),
        (np.int64(3), "3"),
        ("auto", "'auto'"),
        ((16, 8), "[16, 8]"),
        ([np.int32(16), 8.0], "[16, 8]"),
        ({"a": 1.0, 2: None}, "{'a': 1, 2: None}"),
        (schedule, "tests.checkpoints.test_describe.schedule"),
        (Plain(), "Plain"),
        (Plain, "tests.checkpoints.test_describe.Plain"),
        (KFold(3), "KFold(n_splits=3, random_state=None, shuffle=False)"),
        (
            Solver("sgd", clip_norm=1),
            "Solver(clip_norm=1, clip_value=None, name='sgd', "
            "options=None, weight_decay=0)",
        ),
    ],
)
def test_text(value, text):
    assert describe(value) == text


def test_long_values_have_a_digest():
    first, second = (describe(np.arange(100.0) + k) for k in range(2))
    assert first != second
    assert first == describe(np.arange(100.0))
    assert len(first) < 40
    assert describe(list(range(100))) != describe(list(range(1, 101)))
    assert "make_scorer" in describe(make_scorer(r2_score))


def test_text_of_an_option_changes_with_it():
    assert describe(RLNPenalty()) != describe(RLNPenalty(0.1))


NUMBERS = np.arange(12.0).reshape(4, 3)
FRAME = pd.DataFrame({"a": [1.0, np.nan], "b": pd.Categorical(["x", "y"])})
TABLES = {
    "none": None,
    "numbers": NUMBERS,
    "single": NUMBERS.astype(np.float32),
    "flat": NUMBERS.ravel(),
    "other": NUMBERS + 1e-12,
    "sparse": sparse.csr_array(NUMBERS),
    "wide": sparse.csr_array((4, 5)),
    "wider": sparse.csr_array((4, 6)),
    "frame": FRAME,
    "renamed": FRAME.rename(columns={"a": "c"}),
    "missing": FRAME.assign(b=pd.Categorical(["x", None])),
    "cells": np.array([1, "1", None, np.nan], object),
    "other cells": np.array(["1", "1", None, np.nan], object),
    "ragged": [[1], [1, 2]],
    "text": ["a", "b"],
}


def test_tables_differ():
    assert len({digest_table(table) for table in TABLES.values()}) == len(TABLES)


def test_equal_tables_do_not():
    assert digest_table(NUMBERS) == digest_table(NUMBERS.tolist())
    assert digest_table(NUMBERS) == digest_table(np.asfortranarray(NUMBERS))
    assert digest_table(FRAME) == digest_table(FRAME.copy())
    assert digest_table(TABLES["sparse"]) == digest_table(sparse.csc_array(NUMBERS))


def test_digests_are_the_same_in_another_process():
    code = (
        "from tests.checkpoints import test_describe as t;"
        "print([t.digest_table(v) for v in t.TABLES.values()])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == str([digest_table(v) for v in TABLES.values()])


def test_order_does_not_count():
    assert describe({"b": 1, "a": 2}) == describe({"a": 2, "b": 1})
    assert describe({"b", "a", "c"}) == "{'a', 'b', 'c'}"  # of strings, by their hashes
    assert describe(frozenset((2.0, 1))) == "{1, 2}"


def test_what_changes_no_result_is_left_out():
    first, second = (LogisticRegression(verbose=k, n_jobs=k + 1) for k in range(2))
    assert describe([first]) == describe([second])
    assert describe(first) != describe(LogisticRegression(C=2))


def test_categories_count():
    """Their order is that of the codes."""
    digests = {
        digest_table(pd.DataFrame({"a": pd.Categorical(["x"], names, ordered)}))
        for names in (["x"], ["x", "y"], ["y", "x"])
        for ordered in (False, True)
    }
    assert len(digests) == 6
