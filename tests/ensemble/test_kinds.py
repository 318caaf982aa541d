# SPDX-License-Identifier: BSD-3-Clause
"""The values that "auto" stands for, by hand."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from skrln._ensemble._kinds import (
    TableFacts,
    auto_thetas,
    complete_kinds,
    count_members,
    is_single,
    make_kinds,
    must_select,
    read_facts,
)
from skrln._table._columns import Columns, read_columns

from ._values import draw_fitted, make_parameters

NUMBERS = SimpleNamespace(class_tasks=np.array([False]))
CLASSES = SimpleNamespace(class_tasks=np.array([True, True]))
BOTH = SimpleNamespace(class_tasks=np.array([True, False]))
AUTO = {
    "theta": "auto",
    "numeric_embedding": "auto",
    "n_estimators": "auto",
    "max_iter": "auto",
    "dropout": "auto",
}
SMALL = TableFacts(3_000, 10, 8, False)
WIDE = TableFacts(3_000, 151, 151, False)
NO_NUMBERS = TableFacts(3_000, 10, 0, False)
SPARSE = TableFacts(3_000, 10, 10, True)


def kinds_of(facts=SMALL, target=NUMBERS, sources=(), **changes):
    return make_kinds(make_parameters(**AUTO | changes), facts, target, sources)


def pairs_of(*args, **changes):
    return [(kind.theta, kind.numeric_embedding) for kind in kinds_of(*args, **changes)]


# -- facts -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("subset", "expected"),
    [(None, (7, 4, 3)), ([0, 1, 4], (7, 2, 1)), ([1], (7, 1, 0))],
)
def test_facts(subset, expected):
    """Column 1 is categorical, and column 4 belongs to the plain branch."""
    columns = Columns("Model", 5, None, np.array([1]), np.array([4]))
    subset = None if subset is None else np.array(subset)
    facts = read_facts(np.zeros((9, 5)), columns, 7, subset)
    assert facts == (*expected, False)


def test_facts_of_a_data_frame():
    frame = pd.DataFrame(np.zeros((5, 3)), columns=list("abc"))
    frame["kind"] = pd.Categorical(list("xyxyx"))
    table, columns = read_columns(frame, "Model", "from_dtype", ["b"])
    assert read_facts(table, columns, 4) == TableFacts(4, 3, 2, False)


def test_facts_of_a_sparse_table():
    columns = Columns("Model", 5, None, np.zeros(0, int))
    facts = read_facts(sparse.csr_matrix((9, 5)), columns, 9)
    assert facts == (9, 5, 5, True)


# -- single networks -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"n_estimators": 2}, False),
        ({"n_estimators": "auto"}, False),
        ({"theta": "auto"}, False),
        ({"numeric_embedding": "auto"}, False),
        ({"numeric_embedding": "piecewise"}, True),
        ({"input_selection": True}, False),
        ({"input_selection": "auto"}, True),
        ({"input_selection": np.True_}, False),
        ({"input_selection": np.False_}, True),
        ({"max_iter": "auto"}, True),
    ],
)
def test_single(changes, expected):
    assert is_single(make_parameters(**changes)) is expected


@pytest.mark.parametrize(
    ("selection", "expected"),
    [(True, True), (np.True_, True), (False, False), ("auto", False)],
)
def test_selection_that_the_user_insists_on(selection, expected):
    assert must_select(make_parameters(input_selection=selection)) is expected


def test_kind_of_a_single_network():
    [kind] = make_kinds(make_parameters(dropout="auto"), WIDE, CLASSES)
    assert kind == (-8.0, None, 2, 40, 0.0)


# -- theta and embedding ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("penalty", "n_rows", "embedding", "n_estimators", "expected"),
    [
        ("rln", 100, None, 8, (-7.0,)),
        ("uniform", 100, None, 8, (-8.0,)),
        (None, 100, None, 8, (-7.0,)),
        ("rln", 3_000, "piecewise", 8, (-8.0,)),
        ("rln", 100, None, 1, (-8.0, -7.0, -6.0)),
        ("uniform", 100, "piecewise", 1, (-10.0, -9.0, -8.0)),
        (None, 100, None, 1, (-7.0,)),
        ("rln", 3_001, None, 8, (-7.0 - np.log(3_001 / 3_000) / 2,)),
        # Ten times as many rows as the 3,000: lower by half of log(10).
        ("rln", 30_000, None, 8, (-7.0 - np.log(10) / 2,)),
    ],
)
def test_auto_thetas(penalty, n_rows, embedding, n_estimators, expected):
    parameters = make_parameters(
        penalty=penalty, theta="auto", n_estimators=n_estimators
    )
    assert auto_thetas(parameters, n_rows, embedding) == pytest.approx(expected)


def test_theta_of_the_user():
    assert auto_thetas(make_parameters(theta=-3), 10**6, "piecewise") == (-3,)


@pytest.mark.parametrize(
    ("facts", "changes", "expected"),
    [
        (SMALL, {}, [(-7, None), (-8, "piecewise")]),
        (SMALL, {"theta": -5}, [(-5, None), (-5, "piecewise")]),
        (SMALL, {"numeric_embedding": None}, [(-7, None)]),
        (SMALL, {"numeric_embedding": "piecewise"}, [(-8, "piecewise")]),
        (NO_NUMBERS, {}, [(-7, None)]),
        (SPARSE, {}, [(-7, None)]),
        # A wide table gets a kind with a stronger penalty, and presence instead of pieces.
        (WIDE, {}, [(-7, "presence"), (-5.75, "presence")]),
        (WIDE, {"penalty": "uniform"}, [(-8, "presence"), (-6.75, "presence")]),
        (WIDE, {"penalty": None}, [(-7, "presence")]),
        (WIDE, {"theta": -5}, [(-5, "presence")]),
        (WIDE, {"numeric_embedding": None}, [(-7, None)]),
        (
            SMALL,
            {"n_estimators": 1},
            [
                *[(theta, None) for theta in (-8, -7, -6)],
                *[(theta, "piecewise") for theta in (-9, -8, -7)],
            ],
        ),
        (
            WIDE,
            {"n_estimators": 1},
            [(theta, "presence") for theta in (-8, -7, -6, -4.75)],
        ),
    ],
)
def test_kinds(facts, changes, expected):
    assert pairs_of(facts, **changes) == expected


def test_embeddings_of_pretrained_networks_are_kept():
    sources = [
        draw_fitted(make_parameters(numeric_embedding=embedding))
        for embedding in ("piecewise", "piecewise")
    ]
    assert pairs_of(sources=sources) == [(-8, "piecewise")]
    both = [draw_fitted(), *sources]
    assert pairs_of(WIDE, sources=both) == [(-7, None), (-8, "piecewise")]


# -- epochs, patience, dropout, members ------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        # Networks on plain numbers beside networks with pieces take more epochs.
        ({}, [200, 100]),
        ({"max_iter": 7}, [7, 7]),
        ({"max_iter": "short"}, [40, 40]),
        ({"max_iter": "short", "n_estimators": 1, "theta": -8}, [40, 40]),
        ({"numeric_embedding": None}, [100]),
        ({"numeric_embedding": "piecewise"}, [100]),
        ({"n_estimators": 1, "theta": -8}, [100, 100]),
    ],
)
def test_epochs(changes, expected):
    assert [kind.max_epochs for kind in kinds_of(**changes)] == expected


@pytest.mark.parametrize(
    ("n_rows", "changes", "expected", "patience"),
    [
        (6_000, {}, [200, 100], 30),
        # An eighth of the epochs for 22.6 times the rows: the steps are 2.8 times as many.
        (6_000 * 8**1.5, {}, [25, 12], 4),
        (6_000 * 8**1.5, {"max_iter": "short"}, [5, 5], 4),
        (10**9, {}, [1, 1], 1),
        (10**9, {"max_iter": 7, "n_iter_no_change": 3}, [7, 7], 3),
        # Networks that are read go on losing edges.
        (10**9, {"early_stopping": "sparsest"}, [200, 100], 40),
        (10**9, {"n_estimators": 1, "theta": -8}, [100, 100], 40),
    ],
)
def test_large_tables_take_fewer_epochs(n_rows, changes, expected, patience):
    kinds = kinds_of(TableFacts(n_rows, 10, 8, False), **changes)
    assert [kind.max_epochs for kind in kinds] == expected
    assert {kind.patience for kind in kinds} == {patience}


@pytest.mark.parametrize(
    ("facts", "changes", "expected"),
    [
        (SMALL, {}, 30),
        (WIDE, {}, 20),
        (TableFacts(3_000, 150, 150, False), {}, 30),
        (SMALL, {"n_estimators": 1, "theta": -8}, 40),
        (WIDE, {"n_iter_no_change": 5}, 5),
        (WIDE, {"early_stopping": "sparsest"}, 40),
        (WIDE, {"n_estimators": 1}, 40),
    ],
)
def test_patience(facts, changes, expected):
    assert {kind.patience for kind in kinds_of(facts, **changes)} == {expected}


@pytest.mark.parametrize(
    ("target", "dropout", "expected"),
    [
        (CLASSES, "auto", [0.15, 0.0]),
        (NUMBERS, "auto", [0.0, 0.0]),
        (BOTH, "auto", [0.0, 0.0]),
        (NUMBERS, 0.3, [0.3, 0.3]),
        (CLASSES, 0.0, [0.0, 0.0]),
    ],
)
def test_dropout(target, dropout, expected):
    kinds = kinds_of(target=target, dropout=dropout)
    assert [kind.dropout for kind in kinds] == expected


@pytest.mark.parametrize(
    ("changes", "expected"), [({}, {0.0}), ({"numeric_embedding": None}, {0.15})]
)
def test_dropout_of_wide_tables(changes, expected):
    kinds = kinds_of(WIDE, target=CLASSES, **changes)
    assert {kind.dropout for kind in kinds} == expected


@pytest.mark.parametrize(
    ("n_estimators", "n_rows", "n_columns", "expected"),
    [
        ("auto", 500, 50, 8),
        ("auto", 501, 50, 4),
        ("auto", 1_000, 51, 8),
        ("auto", 1_001, 51, 4),
        (3, 10**6, 5, 3),
        (1, 10, 5, 1),
    ],
)
def test_members(n_estimators, n_rows, n_columns, expected):
    parameters = make_parameters(n_estimators=n_estimators)
    assert count_members(parameters, n_rows, n_columns) == expected


def test_kinds_of_pairs():
    parameters = make_parameters(**AUTO)
    pairs = [(-7.0, None), (-8.0, "piecewise")]
    kinds = complete_kinds(parameters, SMALL, CLASSES, pairs)
    assert kinds == [(-7.0, None, 200, 30, 0.15), (-8.0, "piecewise", 100, 30, 0.0)]
    wide = complete_kinds(parameters, WIDE, NUMBERS, pairs)
    assert wide == [(-7.0, None, 200, 20, 0.0), (-8.0, "piecewise", 100, 20, 0.0)]
