# SPDX-License-Identifier: BSD-3-Clause
"""The user's parameters as one value, and the names that they admit."""

from dataclasses import replace

import pytest

from skrln._ensemble._kinds import AUTO_THETA
from skrln._ensemble._search import AUTO_GRIDS
from skrln._kernels import ACTIVATIONS, SCHEDULES, SOLVERS, WEIGHTINGS
from skrln._network._parameters import (
    NAMES,
    Freezing,
    Optimizer,
    Parameters,
    Penalty,
    Schedule,
    Source,
)
from skrln._network._specs import DECAY_SHARES
from skrln.networks import _open_options

from ._values import NUMBERS, make_parameters


@pytest.mark.parametrize("parameter", NAMES)
def test_every_name_is_admitted(parameter):
    for name in NAMES[parameter]:
        make_parameters(**{parameter: name})


@pytest.mark.parametrize("parameter", NAMES)
def test_any_other_name_is_refused(parameter):
    with pytest.raises(ValueError, match=f"Got {parameter}='other', but expected one"):
        make_parameters(**{parameter: "other"})


def test_names_are_checked_where_a_value_is_replaced():
    with pytest.raises(ValueError, match="Got activation='other', but expected one"):
        replace(make_parameters(), activation="other")


def test_parameters_without_names():
    parameters = make_parameters(penalty=None, rate=lambda step: 0.1)
    assert parameters.penalty_kind is None
    assert parameters.learning_rate.name == "table"
    assert make_parameters(penalty="uniform").penalty_kind == "uniform"


def test_names_of_the_kernel():
    assert set(NAMES["activation"]) == set(ACTIVATIONS)
    assert set(NAMES["solver"]) == set(SOLVERS)
    assert set(NAMES["learning_rate"]) == set(SCHEDULES)
    assert {*NAMES["task_weight"], "fixed"} == set(WEIGHTINGS)


def test_tables_by_penalty():
    for table in (AUTO_THETA, AUTO_GRIDS):
        assert set(table) == {*NAMES["penalty"], None}
    assert set(_open_options.PENALTIES) == set(NAMES["penalty"])


def test_tables_by_schedule():
    assert set(_open_options.SCHEDULES) <= set(NAMES["learning_rate"])
    assert set(DECAY_SHARES) <= set(_open_options.SCHEDULES)


def test_defaults_are_admitted():
    parameters = Parameters("Model", NUMBERS)
    assert parameters.n_estimators == 1
    assert parameters.penalty == Penalty()
    assert parameters.solver == Optimizer()
    assert parameters.learning_rate == Schedule()
    assert parameters.source == Source()
    assert parameters.freezing == Freezing()


def test_input_options():
    parameters = make_parameters(
        categorical_features=[1], plain_features=[2], input_clip=None
    )
    assert parameters.input_options == ("Model", [1], [2], None)
