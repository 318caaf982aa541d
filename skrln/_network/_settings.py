# SPDX-License-Identifier: BSD-3-Clause
"""Settings of one kind of networks: numbers and names, no "auto" left."""

from enum import StrEnum
from numbers import Real
from typing import Any, NamedTuple

import numpy as np

from skrln import _kernels
from skrln._kernels import default_platform
from skrln._table._arguments import resolve_task_weight

from ._parameters import Freezing, Optimizer, Penalty

#: dtype="auto" trains in double precision on a CPU up to this many encoded cells.
DOUBLE_CELLS = 2_000
#: batch_size="auto" takes the whole table as one batch up to this many rows.
FULL_BATCH_ROWS = 128
#: The penalty grows over at least this many steps, in which the coefficients diverge.
MIN_WARMUP_STEPS = 200
#: Most units of a hidden layer: two such layers would already have 10**12 weights.
MOST_UNITS = 1_000_000
#: Most steps of a callable learning rate, whose table takes 80 MB.
MOST_TABULATED_STEPS = 10_000_000
#: max_iter="auto" and n_iter_no_change="auto" of a single network.
AUTO_EPOCHS, AUTO_PATIENCE = 100, 40
#: max_iter="short".
SHORT_EPOCHS = 40


class Mode(StrEnum):
    """Role of a network in its fit.

    A StrEnum, because skops stores strings but no other enums.
    """

    SINGLE = "single"
    MEMBER = "member"  #: of an ensemble, whose probabilities are calibrated together
    ONLINE = "online"  #: one call of `partial_fit`; the number of calls is unknown
    COUPLED = "coupled"  #: one of several networks of a joint fit


class Kind(NamedTuple):
    """Properties in which the networks of one ensemble differ."""

    theta: float
    numeric_embedding: str | None
    max_epochs: int
    patience: int
    dropout: Any


class Settings(NamedTuple):
    """Everything that one kind of networks needs to know, apart from the data."""

    mode: Mode
    numeric_embedding: str | None
    # The network.
    hidden_sizes: tuple[int, ...]
    activation: str
    batch_norm: str | None
    dropout: tuple[float, ...]  #: per hidden layer
    plain_sizes: tuple[int, ...]  #: layers of the plain branch
    # The loss.
    loss: Any  #: a name, or a name per task
    loss_parameter: float
    task_weight: tuple[float, ...]  #: sums to one; empty if no losses per task are kept
    weighting: str  #: "fixed" or "uncertainty"
    # The penalty.
    penalty: Penalty | None
    theta: float
    warmup_epochs: float  #: epochs in which the penalty grows
    # The training.
    solver: Optimizer
    schedule: str
    schedule_options: dict
    rates: np.ndarray | None  #: learning rate of each step, of a callable schedule
    learning_rate: float
    batch_size: int
    max_epochs: int
    dtype: str
    device: str | None
    # Early stopping.
    patience: float
    tol: float
    sparsest: bool
    # The start.
    freezing: Freezing


def single_kind(parameters):
    """Kind of a fit of one network, whose parameters leave nothing to choose."""
    is_auto = isinstance(parameters.dropout, str)
    return Kind(
        parameters.theta,
        parameters.numeric_embedding,
        resolve_epochs(parameters.max_iter),
        resolve_patience(parameters),
        0.0 if is_auto else parameters.dropout,
    )


def make_settings(parameters, kind, mode, *, target, n_rows, n_inputs):
    """Resolve the parameters for one kind of networks.

    Parameters
    ----------
    parameters : Parameters
    kind : Kind
    mode : Mode
    target : RegressionTarget, ClassTarget or MixedTarget
    n_rows : int
        Training rows of a network.
    n_inputs : int
        Encoded inputs.

    Returns
    -------
    Settings
    """
    p = parameters
    hidden = resolve_hidden_layers(p.hidden_layer_sizes, n_inputs)
    _check_batch_norm(p)
    _check_penalty(p.penalty)
    check_solver(p.solver)
    loss, loss_parameter = p.labels.losses(target)
    dtype = resolve_dtype(p.dtype, p.device, n_rows * n_inputs)
    batch_size = resolve_batch_size(p.batch_size, n_rows, mode)
    settings = Settings(
        mode=mode,
        numeric_embedding=kind.numeric_embedding,
        hidden_sizes=hidden,
        activation=p.activation,
        batch_norm=p.batch_norm,
        dropout=resolve_dropout(kind.dropout, len(hidden)),
        plain_sizes=_plain_sizes(p.plain_layer_sizes),
        loss=loss,
        loss_parameter=loss_parameter,
        task_weight=_resolve_task_weight(p.task_weight, loss, target, mode),
        weighting=p.task_weight if isinstance(p.task_weight, str) else "fixed",
        penalty=p.penalty,
        theta=float(kind.theta),
        warmup_epochs=p.penalty.warmup * kind.max_epochs if p.penalty else 0.0,
        solver=p.solver,
        schedule=p.learning_rate.name,
        schedule_options=p.learning_rate.options,
        rates=_tabulate(
            p, kind.max_epochs * _kernels.count_batches(n_rows, batch_size), dtype
        ),
        learning_rate=p.learning_rate_init,
        batch_size=batch_size,
        max_epochs=kind.max_epochs,
        dtype=dtype,
        device=p.device,
        patience=kind.patience,
        tol=p.tol,
        sparsest=p.early_stopping == "sparsest",
        freezing=p.freezing,
    )
    return _online(settings) if mode == Mode.ONLINE else settings


def _online(settings):
    """Settings of a call of `partial_fit`: one epoch, at a constant rate, without warm-up."""
    penalty = settings.penalty and settings.penalty._replace(n_path_edges=0)
    return settings._replace(
        penalty=penalty,
        warmup_epochs=0.0,
        schedule="constant",
        schedule_options={},
        rates=None,
        max_epochs=1,
    )


def resolve_hidden_layers(hidden_layer_sizes, n_inputs, name="hidden_layer_sizes"):
    """Return the widths of the hidden layers as a tuple; empty for a linear model."""
    if isinstance(hidden_layer_sizes, str):  # "geometric"
        return tuple(max(1, round(n_inputs ** (k / 4))) for k in (3, 2, 1))
    try:
        sizes = np.atleast_1d(np.asarray(hidden_layer_sizes))
    except ValueError:  # lists of several lengths
        sizes = np.full(1, None)
    is_valid = sizes.ndim == 1 and sizes.dtype.kind in "iuf"
    if not is_valid or not np.all(
        (sizes >= 1) & (sizes <= MOST_UNITS) & (sizes == np.round(sizes))
    ):
        raise ValueError(
            f"Got {name}={hidden_layer_sizes!r}, but expected positive whole numbers of at "
            f"most {MOST_UNITS:,}, one per hidden layer, e.g. (64, 32)."
        )
    return tuple(int(size) for size in sizes)


def _plain_sizes(layer_sizes):
    sizes = resolve_hidden_layers(layer_sizes, 0, name="plain_branch layer_sizes")
    if not sizes:
        raise ValueError(
            f"Got plain_branch layer_sizes={layer_sizes!r}, but the plain branch is "
            "expected to have at least one layer."
        )
    return sizes


def _check_batch_norm(parameters):
    place = parameters.batch_norm
    if place is None:
        return
    if parameters.activation == "selu":
        raise ValueError(
            f"Got batch_norm={place!r} with activation='selu', which keeps mean and "
            "variance by itself and only without batch normalization. Pass "
            "batch_norm=None, or another activation such as 'relu'."
        )
    if parameters.batch_size == 1:
        raise ValueError(
            f"Got batch_norm={place!r} with batch_size=1, but a single row has no spread "
            "to normalize by. Pass a batch_size of at least 2, better 32 or more."
        )


def _check_penalty(penalty):
    if penalty and penalty.group == "input" and penalty.rule == "subgradient":
        raise ValueError(
            "Got penalty group='input' with rule='subgradient', but groups of weights are "
            "expected to use rule='proximal': the subgradient rule of 2018 is defined for "
            "single weights only."
        )


def resolve_dropout(dropout, n_hidden):
    """Return the share of the units that each hidden layer drops in training."""
    if isinstance(dropout, Real):
        return (float(dropout),) * n_hidden
    rates = tuple(dropout) if np.ndim(dropout) else ()
    is_valid = all(isinstance(rate, Real) and 0 <= float(rate) < 1 for rate in rates)
    if len(rates) != n_hidden or not is_valid:
        raise ValueError(
            f"Got dropout={dropout!r}, but expected one number in [0, 1), or one for each "
            f"of the {n_hidden} hidden layer(s)."
        )
    return tuple(float(rate) for rate in rates)


def _resolve_task_weight(task_weight, loss, target, mode):
    """Return the weight of each task whose losses a fit keeps apart, if it does so."""
    n_tasks = len(target.heads)
    if isinstance(task_weight, str):
        _check_learned_weights(task_weight, loss, n_tasks)
    if target.one_dimensional or mode == Mode.COUPLED:
        return ()
    return tuple(resolve_task_weight(task_weight, n_tasks))


def _check_learned_weights(task_weight, loss, n_tasks):
    """Raise a ValueError where task weights cannot follow from the losses."""
    if n_tasks == 1:
        raise ValueError(
            f"Got task_weight={task_weight!r} with a single task, which has nothing to be "
            "weighed against. Pass task_weight=None."
        )
    if "poisson" in ((loss,) if isinstance(loss, str) else loss):
        raise ValueError(
            f"Got task_weight={task_weight!r} with loss='poisson', which can be negative, "
            "but weights that follow the losses need them positive. Pass numbers as "
            "task_weight, or another loss."
        )


def check_solver(solver):
    """Raise a ValueError for options, or values of options, that the solver does not take."""
    admitted = _kernels.solver_options(solver.name)
    unknown = sorted(set(solver.options) - set(admitted))
    if unknown:
        raise ValueError(
            f"Got options {solver.options!r} of solver {solver.name!r}, which takes "
            f"{sorted(admitted)}. Leave out {unknown}, or choose another solver."
        )
    for name, value in solver.options.items():
        default = admitted[name]
        kind = type(default)
        if kind is float:
            is_number = isinstance(value, Real) and not isinstance(
                value, (bool, np.bool_)
            )
            is_valid = is_number and np.isfinite(value)
        else:
            is_valid = isinstance(value, kind)
        if not is_valid:
            expected = "finite number" if kind is float else kind.__name__
            raise ValueError(
                f"Got {value!r} for option {name!r} of solver {solver.name!r}, but "
                f"expected a {expected}, such as {default!r}."
            )


def split_flags(options):
    """Split the options of a solver into its flags, sorted, and its numbers."""
    flags = {k: v for k, v in options.items() if isinstance(v, (bool, str))}
    numbers = {k: v for k, v in options.items() if k not in flags}
    return tuple(sorted(flags.items())), numbers


def _tabulate(parameters, n_steps, dtype):
    """Learning rate of each step if a callable gives it; else None."""
    rate = parameters.learning_rate.rate
    if rate is None:
        return None
    if n_steps > MOST_TABULATED_STEPS:
        raise ValueError(
            f"Got max_iter={parameters.max_iter} with a callable learning_rate, which is "
            f"computed for all {n_steps:,} steps before the fit, but expected at most "
            f"{MOST_TABULATED_STEPS:,} steps. Lower max_iter, or pass the name of a schedule "
            'such as "cosine".'
        )
    return _kernels.tabulate_rate(
        rate, n_steps, precision=dtype, device=parameters.device
    )


def resolve_batch_size(batch_size, n_rows, mode):
    """Return the most rows of a batch.

    One batch of a small table makes a weight of two the same as a repeated row. Members of
    an ensemble and coupled networks gain more from the steps of small batches.
    """
    if batch_size != "auto":
        return min(batch_size, n_rows)
    if n_rows <= FULL_BATCH_ROWS and mode in (Mode.SINGLE, Mode.ONLINE):
        return n_rows
    return int(np.clip(2 ** np.round(np.log2(n_rows / 16)), 32, 256))


def resolve_epochs(max_iter):
    """Return the epochs of a single network."""
    words = {"auto": AUTO_EPOCHS, "short": SHORT_EPOCHS}
    return words[max_iter] if isinstance(max_iter, str) else max_iter


def resolve_patience(parameters):
    """Return the epochs without improvement after which a single network stops."""
    is_auto = parameters.n_iter_no_change == "auto"
    return AUTO_PATIENCE if is_auto else parameters.n_iter_no_change


def resolve_dtype(dtype, device, n_cells):
    """Return the dtype to train in; `n_cells` is the size of the encoded table."""
    if dtype != "auto":
        return dtype
    is_small = n_cells <= DOUBLE_CELLS
    return "float64" if is_small and default_platform(device) == "cpu" else "float32"
