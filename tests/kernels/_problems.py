# SPDX-License-Identifier: BSD-3-Clause
"""Small tables and the way from `Settings` to the kernels.

The tests share their shapes, so that few programs are compiled.
"""

from typing import NamedTuple

import numpy as np

from skrln._kernels import (
    Data,
    FitData,
    FitResult,
    Hooks,
    Hyper,
    NetworkSpec,
    PenaltySpec,
    RunSpec,
    TrainSpec,
    fit_network,
)

from ._reference import Settings

N_ROWS = 22  #: three batches of 8, 7 and 7 rows
N_VALIDATION = 1030  #: several blocks of an evaluation
EDGES = np.array([0, 7, 19])  #: of 20 in the first layer


class Table(NamedTuple):
    """Rows to train on."""

    inputs: np.ndarray
    targets: np.ndarray
    weights: np.ndarray

    def data(self) -> Data:
        return Data(*self, len(self.inputs))

    def take(self, rows) -> "Table":
        return Table(*(part[rows] for part in self))


def make_table(settings=None, *, n_rows=N_ROWS, seed=0) -> Table:
    """Two inputs matter; a tenth of the labels does not count, others unequally."""
    settings = settings or Settings()
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(n_rows, settings.layer_sizes[0]))
    signal = inputs[:, :1] - inputs[:, 1:2] ** 2 + 0.5
    noisy = signal + 0.5 * rng.normal(size=(n_rows, len(settings.heads)))
    targets = noisy
    if settings.loss == "log_loss":
        classes = np.maximum(settings.heads, 2)
        codes = np.floor(classes * (np.tanh(noisy) + 1) / 2)
        targets = np.minimum(codes, classes - 1)
    weights = rng.uniform(0.5, 1.5, targets.shape)
    weights[rng.uniform(size=weights.shape) < 0.1] = 0
    return Table(inputs, targets, weights)


def plain(table) -> Table:
    """The same rows, each counting once."""
    return table._replace(weights=np.ones_like(table.targets))


def watched(n_rows=N_VALIDATION) -> dict:
    """Options of a fit that watches validation data and some edges."""
    return {"validation": make_table(n_rows=n_rows, seed=1).data(), "edges": EDGES}


def specs(settings) -> tuple[NetworkSpec, TrainSpec]:
    """Static arguments of the kernels."""
    penalty = None
    if settings.regularized is not None:
        penalty = PenaltySpec(
            norm=settings.norm,
            rule=settings.rule,
            n_layers=settings.n_regularized,
            scope=settings.scope,
            n_groups=0 if settings.columns is None else max(settings.columns) + 1,
        )
    return (
        NetworkSpec(settings.layer_sizes, settings.activation, settings.heads),
        TrainSpec(settings.loss, settings.solver, settings.schedule, penalty, 8),
    )


def hyper_of(settings, **others) -> Hyper:
    """Traced numbers of the kernels; patience without end unless given in `others`."""
    numbers = {
        "learning_rate": settings.learning_rate,
        "theta": np.array(settings.thetas),
        "reg_step": settings.reg_step,
        "loss_parameter": 0.5,
        "tol": 0.0,
        "patience": np.inf,
        "total_steps": 1,
        "solver_numbers": (
            {"momentum": settings.momentum} if settings.solver == "sgd" else {}
        ),
        "warmup_steps": settings.warmup_epochs,
        "burn_in_steps": settings.warmup_epochs,
    }
    return Hyper(**(numbers | others))


def run_of(settings) -> dict:
    """Fields of RunSpec that `settings` have."""
    return {
        name: getattr(settings, name) for name in ("max_epochs", "batch_size", "seed")
    }


def arguments(data, network, train, hyper, **options) -> tuple[list, dict]:
    """Arguments of `fit_network`: `options` are fields of FitData, RunSpec and Hooks.

    Those of none of them, such as `start`, remain options.
    """
    groups = {
        kind: {
            name: options.pop(name) for name in list(options) if name in kind._fields
        }
        for kind in (FitData, RunSpec, Hooks)
    }
    if hooks := groups[Hooks]:
        options["hooks"] = Hooks(**hooks)
    tables, run = FitData(data, **groups[FitData]), RunSpec(**groups[RunSpec])
    return [tables, network, train, hyper, run], options


def fit(
    settings, table, *, patience=np.inf, tol=0.0, numbers=None, **options
) -> FitResult:
    """Fit of `fit_network` as `settings` describe it; in double precision."""
    network, train = specs(settings)
    options = {"precision": "float64"} | options
    if settings.columns is not None:
        options["groups"] = np.array(settings.columns)
    positional, options = arguments(
        table.data() if isinstance(table, Table) else table,
        network,
        train,
        hyper_of(settings, patience=patience, tol=tol, **(numbers or {})),
        **(run_of(settings) | options),
    )
    return fit_network(*positional, **options)


def arrays(result) -> list[np.ndarray]:
    """Weights, biases, coefficients and loss curve of a fit."""
    return [
        *(layer.weight for layer in result.params),
        *(layer.bias for layer in result.params),
        *result.coefficients,
        result.history.loss,
    ]


def assert_equal(first, second) -> None:
    """Bit for bit."""
    for a, b in zip(arrays(first), arrays(second), strict=True):
        np.testing.assert_array_equal(a, b)


def assert_close(first, second, **tolerance) -> None:
    for a, b in zip(arrays(first), arrays(second), strict=True):
        np.testing.assert_allclose(a, b, **tolerance)
