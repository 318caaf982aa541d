# SPDX-License-Identifier: BSD-3-Clause
"""Specifications and numbers of a kernel, by hand."""

import numpy as np
import pytest

from skrln._kernels import NetworkSpec, PenaltySpec
from skrln._network._settings import Mode
from skrln._network._specs import (
    fit_data,
    hyperparameters,
    network_spec,
    penalty_spec,
    run_spec,
    train_spec,
)
from skrln._table._labels import MixedLabels

from ._values import (
    CLASS_LABELS,
    CLASSES,
    HELD_OUT,
    NUMBERS,
    X,
    Y,
    make_parameters,
    make_problem,
    settings_of,
)

TWO = np.column_stack([Y, Y[::-1]])


def describe(mode=Mode.SINGLE, X=X, y=Y, labels=NUMBERS, held_out=None, **changes):
    """Settings, problem, and the specifications of network and penalty."""
    parameters = make_parameters(labels, **changes)
    problem = make_problem(parameters, X, y, held_out=held_out)
    settings = settings_of(parameters, problem, mode)
    network = network_spec(settings, problem)
    return settings, problem, network, penalty_spec(settings, problem, network)


def numbers(*args, continues=False, **changes):
    settings, problem, network, penalty = describe(*args, **changes)
    return hyperparameters(settings, problem, network, penalty, continues=continues)


# -- structure -------------------------------------------------------------------------


def test_network():
    network = describe()[2]
    assert network == NetworkSpec((3, 4, 1), "relu", (1,))


def test_network_of_classes_with_dropout_and_normalization():
    y = np.arange(24) % 3
    network = describe(y=y, labels=CLASS_LABELS, dropout=0.1, batch_norm="after")[2]
    assert network == NetworkSpec((3, 4, 3), "relu", (3,), "after", dropout=True)


def test_network_with_a_plain_branch():
    changes = {"plain_features": [1], "plain_layer_sizes": (5,)}
    network = describe(**changes)[2]
    assert network.n_plain == 1
    assert network.plain_sizes == (5,)
    assert network.weight_shapes == ((7, 4), (4, 1))
    assert describe(plain_layer_sizes=(5,))[2].plain_sizes == ()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, PenaltySpec()),
        ({"penalty": "uniform"}, PenaltySpec()),
        ({"penalty": None}, None),
        ({"norm": "l2", "rule": "subgradient"}, PenaltySpec("l2", "subgradient")),
        ({"layers": "all", "scope": "layer"}, PenaltySpec(n_layers=2, scope="layer")),
        ({"group": "input"}, PenaltySpec(n_groups=3)),
        (
            {"plain_features": [1], "group": "input"},
            PenaltySpec(n_groups=2, n_rows=2),
        ),
    ],
)
def test_penalty(changes, expected):
    assert describe(**changes)[3] == expected


def train(*args, **changes):
    settings, _, _, penalty = describe(*args, **changes)
    return train_spec(settings, penalty)


def test_training():
    spec = train()
    assert (spec.loss, spec.solver, spec.schedule) == (
        "squared_error",
        "adam",
        "cosine",
    )
    assert spec.penalty == PenaltySpec()
    assert spec.clips == ()
    assert spec.solver_flags == ()
    assert not any((spec.freezes, spec.refines, spec.sparsest, spec.by_task))
    assert spec.weighting == "fixed"


def test_options_of_training():
    options = {"nesterov": True, "momentum": 0.5}
    spec = train(
        y=TWO,
        solver="sgd",
        solver_options=options,
        clip_value=1.0,
        clip_norm=2.0,
        n_frozen_layers=1,
        early_stopping="sparsest",
        task_weight="uncertainty",
    )
    assert spec.solver_flags == (("nesterov", True),)
    assert spec.clips == ("value", "norm")
    assert spec.freezes
    assert spec.sparsest
    assert spec.by_task
    assert spec.weighting == "uncertainty"


@pytest.mark.parametrize(
    ("mode", "labels", "y", "refines"),
    [
        (Mode.MEMBER, CLASS_LABELS, CLASSES, True),
        (Mode.SINGLE, CLASS_LABELS, CLASSES, False),
        (Mode.MEMBER, NUMBERS, Y, False),
        (Mode.MEMBER, MixedLabels(), np.column_stack([Y, CLASSES]), True),
    ],
)
def test_only_members_are_judged_at_their_best_temperature(mode, labels, y, refines):
    assert train(mode, labels=labels, y=y).refines is refines


# -- numbers ---------------------------------------------------------------------------


def test_numbers_without_extras():
    hyper = numbers(penalty=None)
    assert hyper.learning_rate == 0.003
    assert hyper.theta == ()
    assert hyper.reg_step == 0
    assert hyper.patience == np.inf
    assert hyper.warmup_steps == hyper.burn_in_steps == 0
    assert hyper.clip_value == hyper.clip_norm == np.inf
    assert hyper.dropout == (0.0,)
    assert hyper.task_weight == ()


@pytest.mark.parametrize(
    ("changes", "reg_step"),
    [({}, 0.03), ({"step": 0.5}, 0.5), ({"penalty": "uniform"}, 0.0)],
)
def test_step_of_the_penalty(changes, reg_step):
    assert numbers(**changes).reg_step == reg_step


def test_numbers_of_options():
    hyper = numbers(
        held_out=HELD_OUT,
        n_iter_no_change=7,
        clip_value=1.0,
        clip_norm=2.0,
        weight_decay=0.1,
        solver="sgd",
        solver_options={"nesterov": True, "momentum": 0.5},
        y=TWO,
        task_weight=[1, 3],
        dropout=0.2,
    )
    assert hyper.patience == 7
    assert (hyper.clip_value, hyper.clip_norm) == (1.0, 2.0)
    assert hyper.weight_decay == 0.1
    assert hyper.solver_numbers == {"momentum": 0.5}
    assert hyper.task_weight == (0.25, 0.75)
    assert hyper.dropout == (0.2,)


@pytest.mark.parametrize(
    ("mode", "changes", "warmup", "burn_in"),
    [
        # The penalty grows in 20 of 100 epochs; 200 steps take 200 epochs of one batch.
        (Mode.SINGLE, {"max_iter": 100}, 200, 20),
        (Mode.SINGLE, {"max_iter": 2000}, 400, 400),
        # In batches of 2 rows an epoch has 12 steps, and 200 steps take 16.7 epochs.
        (Mode.SINGLE, {"max_iter": 100, "batch_size": 2}, 20, 20),
        (Mode.SINGLE, {"max_iter": 50, "batch_size": 2}, 200 / 12, 10),
        # An epoch of a member may be the best one while the penalty grows.
        (Mode.MEMBER, {"max_iter": 100}, 200, 0),
        (Mode.ONLINE, {"max_iter": 100}, 0, 0),
        (Mode.SINGLE, {"max_iter": 100, "warmup": 0.0}, 0, 0),
        (Mode.SINGLE, {"max_iter": 100, "penalty": None}, 0, 0),
    ],
)
def test_growth_of_the_penalty(mode, changes, warmup, burn_in):
    hyper = numbers(mode, **changes)
    assert hyper.warmup_steps == pytest.approx(warmup)
    assert hyper.burn_in_steps == pytest.approx(burn_in)


def test_penalty_of_a_fit_that_continues_does_not_grow():
    hyper = numbers(max_iter=100, continues=True)
    assert hyper.warmup_steps == hyper.burn_in_steps == 0


SIZES = {"hidden_layer_sizes": (4, 4, 4)}


@pytest.mark.parametrize(
    ("changes", "start", "rate"),
    [
        ({}, (0, 0, 0, 0), (1, 1, 1, 1)),
        ({"n_frozen_layers": 2}, (np.inf, np.inf, 0, 0), (0.1, 0.1, 1, 1)),
        # The last frozen layer thaws first, the others every 5 epochs after it.
        (
            {"n_frozen_layers": 3, "unfreeze_every": 5, "unfreeze_factor": 0.5},
            (15, 10, 5, 0),
            (0.5, 0.5, 0.5, 1),
        ),
    ],
)
def test_layers_that_are_frozen(changes, start, rate):
    hyper = numbers(**SIZES, **changes)
    assert hyper.layer_start == start
    assert hyper.layer_rate == rate


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, (-8.0,)),
        ({"layers": "all"}, (-8.0, -8.0)),
        ({"scope": "layer"}, (-8.0,)),
        # The second layer has 3 weights per unit, the first one has 6: half the penalty.
        (
            {"layers": "all", "scope": "layer", "hidden_layer_sizes": (3,)},
            (-8.0, -8.0 + np.log(0.5)),
        ),
        # A layer with more inputs than the first has no stronger penalty.
        (
            {"layers": "all", "scope": "layer", "hidden_layer_sizes": (9,)},
            (-8.0, -8.0),
        ),
    ],
)
def test_thetas(changes, expected):
    table = np.hstack([X, X**2])
    np.testing.assert_allclose(numbers(X=table, **changes).theta, expected)


@pytest.mark.parametrize(
    ("name", "options", "decay_steps"),
    [
        # 12 batches in 2 epochs are 24 steps.
        ("power", {}, 2.4),
        ("power", {"decay_steps": None, "power": 2.0}, 2.4),
        ("power", {"decay_steps": 7}, 7),
        ("exponential", {}, 12),
        ("exponential", {"decay_steps": 7}, 7),
        ("cosine", {}, 1),
        ("constant", {}, 1),
    ],
)
def test_decay_steps(name, options, decay_steps):
    changes = {"learning_rate": name, "schedule_options": options, "batch_size": 2}
    schedule = numbers(**changes).schedule
    assert schedule.decay_steps == pytest.approx(decay_steps)
    assert schedule.power == options.get("power", 1.0)


def test_numbers_of_plateaus():
    options = {"factor": 0.5, "patience": 3, "cooldown": 1, "smallest": 0.01}
    changes = {"learning_rate": "performance", "schedule_options": options}
    schedule = numbers(**changes).schedule
    assert schedule._asdict() | options == schedule._asdict()


def test_schedule_of_a_function_is_handed_on_as_a_table():
    schedule = numbers(rate=lambda step: 1.0 + step).schedule
    np.testing.assert_allclose(schedule.table, [1, 2])


# -- data and run ----------------------------------------------------------------------


def test_data():
    table = np.column_stack([X, np.ones(24)])
    table[2, 0] = np.nan
    problem = describe(X=table, held_out=HELD_OUT)[1]
    data = fit_data(problem, np.array([1, 5]))
    assert data.data is problem.data
    assert data.validation is problem.validation
    # Four numbers and the mark of a missing one, which belongs to column 0.
    assert data.groups.tolist() == [0, 1, 2, 3, 0]
    assert data.dead_inputs.tolist() == [False, False, False, True, False]
    assert data.edges.tolist() == [1, 5]


def test_groups_are_numbered_without_gaps():
    problem = describe(plain_features=[1])[1]
    assert fit_data(problem).groups.tolist() == [0, 1]


def test_run():
    settings = describe(batch_size=7, device="cpu")[0]
    run = run_spec(settings, 5, restore_best=True, judge_start=True)
    assert run == (2, 7, 5, True, True, "float64", "cpu")
    assert not run_spec(settings, 5, restore_best=False).judge_start
