# SPDX-License-Identifier: BSD-3-Clause
"""From the parameters of an estimator to the settings of one kind of networks."""

import numpy as np
import pytest

from skrln._kernels import solver_options
from skrln._network import _settings
from skrln._network._parameters import Freezing, Optimizer, Penalty
from skrln._network._settings import (
    Kind,
    Mode,
    check_solver,
    resolve_batch_size,
    resolve_dropout,
    resolve_dtype,
    resolve_epochs,
    resolve_hidden_layers,
    resolve_patience,
    single_kind,
    split_flags,
)
from skrln._table._labels import MixedLabels, NumberLabels

from ._values import (
    CLASS_LABELS,
    CLASSES,
    TRAIN,
    X,
    Y,
    make_parameters,
    make_problem,
    settings_of,
)

TWO = np.column_stack([Y, Y[::-1]])


def settle(mode=Mode.SINGLE, kind=None, y=Y, labels=None, **changes):
    """Settings of parameters with these changes."""
    if labels is not None:
        changes["labels"] = labels
    parameters = make_parameters(**changes)
    return settings_of(parameters, make_problem(parameters, y=y), mode, kind)


def test_settings_of_a_single_network():
    settings = settle(clip_norm=2.0, weight_decay=0.1, tol=0.5, n_iter_no_change=7)
    assert settings.mode == Mode.SINGLE
    assert settings.hidden_sizes == (4,)
    assert (settings.loss, settings.loss_parameter) == ("squared_error", 0.0)
    assert settings.theta == -8.0
    assert settings.penalty == Penalty()
    assert settings.warmup_epochs == pytest.approx(0.4)
    assert (settings.schedule, settings.rates) == ("cosine", None)
    assert settings.batch_size == 24
    assert (settings.max_epochs, settings.patience, settings.tol) == (2, 7, 0.5)
    assert settings.solver == Optimizer(clip_norm=2.0, weight_decay=0.1)
    assert settings.freezing == Freezing()
    assert not settings.sparsest


def test_kind_replaces_what_the_networks_differ_in():
    kind = Kind(-6, "piecewise", 9, 3, 0.25)
    settings = settle(Mode.MEMBER, kind)
    assert settings.theta == -6.0
    assert isinstance(settings.theta, float)
    assert settings.numeric_embedding == "piecewise"
    assert (settings.max_epochs, settings.patience) == (9, 3)
    assert settings.dropout == (0.25,)
    assert settings.warmup_epochs == pytest.approx(1.8)


def test_online_network_takes_one_plain_epoch():
    settings = settle(
        Mode.ONLINE,
        learning_rate="power",
        schedule_options={"power": 2.0},
        n_path_edges=5,
    )
    assert settings.max_epochs == 1
    assert settings.warmup_epochs == 0
    assert settings.penalty == Penalty()
    assert (settings.schedule, settings.schedule_options) == ("constant", {})
    assert settle(Mode.ONLINE, rate=lambda step: 0.1).rates is None


def test_network_without_a_penalty():
    for mode in (Mode.SINGLE, Mode.ONLINE):
        settings = settle(mode, penalty=None)
        assert settings.penalty is None
        assert settings.warmup_epochs == 0


@pytest.mark.parametrize(
    ("early_stopping", "sparsest"), [("sparsest", True), (True, False), ("auto", False)]
)
def test_sparsest_epoch(early_stopping, sparsest):
    assert settle(early_stopping=early_stopping).sparsest is sparsest


def test_loss_and_its_number():
    settings = settle(labels=NumberLabels("quantile", quantile=0.9))
    assert (settings.loss, settings.loss_parameter) == ("quantile", 0.9)
    assert settle(labels=CLASS_LABELS, y=CLASSES).loss == "log_loss"
    y = np.column_stack([Y, CLASSES])
    assert settle(labels=MixedLabels(), y=y).loss == ("squared_error", "log_loss")


def test_single_kind():
    parameters = make_parameters(max_iter="auto", dropout="auto", theta=-5)
    assert single_kind(parameters) == (-5, None, 100, 40, 0.0)
    parameters = make_parameters(
        dropout=(0.1,), n_iter_no_change=3, numeric_embedding="piecewise"
    )
    assert single_kind(parameters) == (-8.0, "piecewise", 2, 3, (0.1,))


# -- hidden layers, normalization, penalty ---------------------------------------------


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ((64, 32), (64, 32)),
        (7, (7,)),
        ((), ()),
        ([3.0], (3,)),
        (np.array([2, 1]), (2, 1)),
    ],
)
def test_hidden_layers(sizes, expected):
    assert resolve_hidden_layers(sizes, 7) == expected


@pytest.mark.parametrize("sizes", [(3, 0), (2.5,), [[1, 2]], (-1,)])
def test_hidden_layers_that_are_none(sizes):
    with pytest.raises(ValueError, match=r"Got hidden_layer_sizes=.* whole numbers"):
        resolve_hidden_layers(sizes, 7)


@pytest.mark.parametrize(
    ("n_inputs", "expected"), [(1013, (180, 32, 6)), (16, (8, 4, 2)), (1, (1, 1, 1))]
)
def test_geometric_layers(n_inputs, expected):
    """From the inputs down in equal ratios, as the published network has it."""
    assert resolve_hidden_layers("geometric", n_inputs) == expected


def test_plain_layers():
    assert settle(plain_layer_sizes=5).plain_sizes == (5,)
    assert settle(plain_layer_sizes=(5, 2)).plain_sizes == (5, 2)
    with pytest.raises(ValueError, match=r"layer_sizes=\(\), .* at least one layer"):
        settle(plain_layer_sizes=())
    with pytest.raises(ValueError, match=r"Got plain_branch layer_sizes=\(0,\)"):
        settle(plain_layer_sizes=(0,))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"batch_norm": "after", "activation": "selu"},
            "Got batch_norm='after' with activation='selu'",
        ),
        (
            {"batch_norm": "before", "batch_size": 1},
            "Got batch_norm='before' with batch_size=1, but a single row",
        ),
        (
            {"group": "input", "rule": "subgradient"},
            "Got penalty group='input' with rule='subgradient'",
        ),
        (
            {"solver_options": {"beta": 0.5, "b1": 0.5}},
            r"of solver 'adam', which takes \['b1', 'b2', 'eps'\]. Leave out \['beta'\]",
        ),
        ({"dropout": (0.1, 0.2)}, r"each of the 1 hidden layer\(s\)"),
        ({"hidden_layer_sizes": (0,)}, r"Got hidden_layer_sizes=\(0,\)"),
    ],
)
def test_contradictions(changes, message):
    with pytest.raises(ValueError, match=message):
        settle(**changes)


def test_values_that_do_not_contradict():
    assert settle(batch_norm="before", batch_size=2).batch_norm == "before"
    assert settle(activation="selu").activation == "selu"
    assert settle(group="input").penalty.group == "input"
    assert settle(rule="subgradient").penalty.rule == "subgradient"


@pytest.mark.parametrize(
    ("dropout", "n_hidden", "expected"),
    [
        (0, 2, (0.0, 0.0)),
        (0.3, 2, (0.3, 0.3)),
        (0.3, 0, ()),
        ([0.1, 0], 2, (0.1, 0.0)),
        (np.array([0.1, 0.2]), 2, (0.1, 0.2)),
        ((), 0, ()),
    ],
)
def test_dropout(dropout, n_hidden, expected):
    assert resolve_dropout(dropout, n_hidden) == expected


@pytest.mark.parametrize("dropout", [(0.1,), (0.1, 1.0), (-0.1, 0.2), ("a", 0.2)])
def test_bad_dropout(dropout):
    with pytest.raises(ValueError, match=r"Got dropout=.*each of the 2 hidden"):
        resolve_dropout(dropout, 2)


# -- the training ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n_rows", "mode", "expected"),
    [
        (24, Mode.SINGLE, 24),
        (128, Mode.SINGLE, 128),
        (128, Mode.ONLINE, 128),
        (129, Mode.SINGLE, 32),
        (24, Mode.MEMBER, 32),
        (24, Mode.COUPLED, 32),
        (1_000, Mode.SINGLE, 64),
        (1_024, Mode.SINGLE, 64),
        (2_048, Mode.MEMBER, 128),
        (10**6, Mode.SINGLE, 256),
    ],
)
def test_batch_size_of_auto(n_rows, mode, expected):
    """A sixteenth of the rows, as a power of two from 32 to 256."""
    assert resolve_batch_size("auto", n_rows, mode) == expected


@pytest.mark.parametrize("mode", Mode)
def test_batch_size_is_at_most_the_rows(mode):
    assert resolve_batch_size(10, 24, mode) == 10
    assert resolve_batch_size(100, 24, mode) == 24


def test_epochs_and_patience():
    assert [resolve_epochs(n) for n in ("auto", "short", 7)] == [100, 40, 7]
    assert resolve_patience(make_parameters()) == 40
    assert resolve_patience(make_parameters(n_iter_no_change=3)) == 3


@pytest.mark.parametrize(
    ("dtype", "platform", "n_cells", "expected"),
    [
        ("float32", "cpu", 1, "float32"),
        ("float64", "gpu", 10**9, "float64"),
        ("auto", "cpu", 2_000, "float64"),
        ("auto", "cpu", 2_001, "float32"),
        ("auto", "gpu", 1, "float32"),
    ],
)
def test_dtype(monkeypatch, dtype, platform, n_cells, expected):
    monkeypatch.setattr(_settings, "default_platform", lambda device: platform)
    assert resolve_dtype(dtype, None, n_cells) == expected


def test_dtype_goes_by_the_encoded_table(monkeypatch):
    monkeypatch.setattr(_settings, "DOUBLE_CELLS", X.size)
    assert settle(dtype="auto").dtype == "float64"
    monkeypatch.setattr(_settings, "DOUBLE_CELLS", X.size - 1)
    assert settle(dtype="auto").dtype == "float32"


def test_schedule_of_a_function_is_a_table():
    """One rate for each of 3 batches in 2 epochs."""
    settings = settle(rate=lambda step: 0.1 * (step + 1), batch_size=8)
    assert settings.schedule == "table"
    expected = 0.1 * np.arange(1, 7)
    np.testing.assert_allclose(settings.rates, expected, rtol=1e-12)


def test_schedule_by_name_keeps_its_options():
    settings = settle(learning_rate="power", schedule_options={"power": 2.0})
    assert (settings.schedule, settings.rates) == ("power", None)
    assert settings.schedule_options == {"power": 2.0}


@pytest.mark.parametrize("solver", ["adam", "sgd", "adamw"])
def test_every_solver_admits_its_own_options(solver):
    check_solver(Optimizer(solver))
    defaults = solver_options(solver)
    check_solver(Optimizer(solver, defaults))
    with pytest.raises(ValueError, match=rf"of solver '{solver}', .* \['other'\]"):
        check_solver(Optimizer(solver, {"other": 0.5}))


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("momentum", "a", "finite number"),
        ("momentum", True, "finite number"),
        ("momentum", np.nan, "finite number"),
        ("nesterov", 1.0, "bool"),
        ("nesterov", "a", "bool"),
    ],
)
def test_bad_values_of_solver_options(name, value, expected):
    message = (
        rf"Got {value!r} for option '{name}' of solver 'sgd', .* a {expected}, such"
    )
    with pytest.raises(ValueError, match=message):
        check_solver(Optimizer("sgd", {name: value}))


def test_momentum_is_an_option_of_sgd_alone():
    check_solver(Optimizer("sgd", {"momentum": 0.5}))
    message = r"Got options \{'momentum': 0.5\} of solver 'adam', .* out \['momentum'\]"
    with pytest.raises(ValueError, match=message):
        check_solver(Optimizer("adam", {"momentum": 0.5}))


def test_flags_and_numbers_of_a_solver():
    options = {"nesterov": True, "momentum": 0.5, "mode": "a"}
    flags, numbers = split_flags(options)
    assert flags == (("mode", "a"), ("nesterov", True))
    assert numbers == {"momentum": 0.5}


# -- task weights ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("task_weight", "y", "mode", "expected", "weighting"),
    [
        (None, Y, Mode.SINGLE, (), "fixed"),
        ([3.0], Y, Mode.SINGLE, (), "fixed"),
        (None, TWO, Mode.SINGLE, (0.5, 0.5), "fixed"),
        ([1, 3], TWO, Mode.MEMBER, (0.25, 0.75), "fixed"),
        ([1, 3], TWO, Mode.COUPLED, (), "fixed"),
        ("uncertainty", TWO, Mode.SINGLE, (0.5, 0.5), "uncertainty"),
    ],
)
def test_task_weights(task_weight, y, mode, expected, weighting):
    settings = settle(mode, y=y, task_weight=task_weight)
    assert settings.task_weight == expected
    assert settings.weighting == weighting


@pytest.mark.parametrize(
    ("y", "labels", "message"),
    [
        (Y, NumberLabels(), "with a single task, which has nothing to be weighed"),
        (np.abs(TWO), NumberLabels("poisson"), "with loss='poisson', which can be"),
        (
            np.column_stack([np.abs(Y), CLASSES]),
            MixedLabels("poisson"),
            "with loss='poisson', which can be negative",
        ),
    ],
)
def test_learned_task_weights_that_are_refused(y, labels, message):
    with pytest.raises(ValueError, match=f"Got task_weight='uncertainty' {message}"):
        settle(labels=labels, y=y, task_weight="uncertainty")


def test_settings_follow_the_training_rows():
    parameters = make_parameters()
    problem = make_problem(parameters, held_out=np.setdiff1d(np.arange(24), TRAIN))
    assert settings_of(parameters, problem).batch_size == 18


@pytest.mark.parametrize(
    "sizes",
    [
        np.inf,
        np.nan,
        {},
        {8: 4},
        {8, 4},
        ["8"],
        [None],
        [[8, 4]],
        [[8], [4, 2]],
        -1,
        [0],
        (8, np.nan),
        (np.inf,),
        np.array(2.5),
        2**70,
        [1e30],
    ],
)
def test_hidden_layer_sizes_that_are_none(sizes):
    with pytest.raises(ValueError, match=r"Got hidden_layer_sizes=.*positive whole"):
        resolve_hidden_layers(sizes, 5)


@pytest.mark.parametrize("sizes", [np.array(8), np.int64(8), [np.int64(8)], (8.0,), 8])
def test_hidden_layer_sizes_of_numpy(sizes):
    assert resolve_hidden_layers(sizes, 5) == (8,)


@pytest.mark.parametrize("dropout", [{"a": 1}, ["b"], [0.1, 2.0]])
def test_errors_of_dropout_name_it(dropout):
    with pytest.raises(ValueError, match="Got dropout="):
        resolve_dropout(dropout, 2)
