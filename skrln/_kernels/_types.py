# SPDX-License-Identifier: BSD-3-Clause
"""Arrays that flow through the kernels, and the glossary of symbols.

==================  =======================================================================
name                meaning and shape
==================  =======================================================================
``n``               training rows; arrays are padded to a bucket of rows
``B``               rows of a batch; batches are padded to a static capacity
``T``               tasks: outputs of a regression, labels, or several class targets
``w``, ``weight``   weights of one layer, (n_inputs, n_units)
``lambda``          log regularization coefficient of a weight, natural log
``theta``           mean of all lambda, kept constant
``deviation``       ``lambda - theta``; its mean is zero
``u``, ``update``   change of a weight by the solver in one step, ``-eta_t * direction``
``eta_0, eta_t``    initial learning rate; learning rate of step t
``slope``           ``-d w / d lambda`` of the last penalty step, divided by
                    ``(eta_t / 1e-3) * exp(theta)``: of size one where lambda = theta
==================  =======================================================================
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

if TYPE_CHECKING:  # this module has no JAX: fitted models are read without it
    from jax import Array

#: Array on the host or on a device, where the kernels take either.
Values: TypeAlias = "Array | np.ndarray"


class Layer(NamedTuple):
    """One dense layer."""

    weight: Any  #: (n_inputs, n_units)
    bias: Any  #: (n_units,)
    gain: Any = None  #: (n_units,), of batch normalization; None without
    shift: Any = None  #: (n_units,), likewise
    plain: Any = None  #: layers of the branch before the first layer, or None
    log_variance: Any = (
        None  #: (T,), of the tasks, in the last layer; None if not learned
    )


Params = tuple[Layer, ...]


class Moments(NamedTuple):
    """Running mean and variance of batch normalization, for prediction."""

    mean: Any  #: (n_units,)
    variance: Any  #: (n_units,)


class SparseRows(NamedTuple):
    """Compressed rows; batches are made dense, the table never is."""

    values: Any  #: (n_stored,)
    columns: Any  #: (n_stored,), int
    starts: Any  #: (n + 1,), int: row i is ``starts[i]:starts[i + 1]``


class CompactRows(NamedTuple):
    """Numbers and categories, from which the inputs of a batch are made."""

    numbers: Any  #: (n, n_numbers), scaled; NaN where missing
    codes: (
        Any  #: (n, n_categorical), int; a code that no input has stands for no category
    )


class Pieces(NamedTuple):
    """Pieces of numbers, the pieces of a number from low to high."""

    column: Any  #: (n_pieces,), int; position of the number
    low: Any  #: (n_pieces,); ends of the piece
    high: Any
    below: (
        Any  #: (n_pieces,); slope below the first piece of a number, 0 for other pieces
    )
    above: Any  #: (n_pieces,); slope above the last piece, likewise


class Expansion(NamedTuple):
    """Inputs that a network makes of compact rows, beside the numbers themselves."""

    marked: Any  #: (n_marked,), int; numbers whose missing values have an input
    one_hot: Any  #: (2, n_one_hot), int; column of the codes, and code
    pieces: Pieces
    plain: Any  #: (n_plain,), int; last numbers, which are the last inputs


class TableRows(NamedTuple):
    """Rows of a table that several fits share."""

    table: Any  #: DeviceTable; on the device its CompactRows or SparseRows
    places: Any  #: (n,), int; row of the table of each row
    expansion: Any = None  #: Expansion; None for SparseRows
    allowed: Any = (
        None  #: (n_inputs,); 0 for inputs that count as zero; None: all count
    )


class Data(NamedTuple):
    """A table, on the device padded to a bucket of rows.

    Padding, ``sample_weight``, ``task_weight`` and missing labels are one mechanism: entries
    of ``weights``, which are zero where a label does not count.
    """

    inputs: Any  #: (n, n_inputs), SparseRows, or TableRows
    targets: Any  #: (n, T); class codes for log losses
    weights: Any  #: (n, T); scaled so that the loss is ``sum(weights * values) / n``
    n_rows: Any  #: rows without padding; of joint fits (n_domains,)


class FitData(NamedTuple):
    """Tables of a fit and the roles of their columns, in NumPy without padding."""

    data: Data  #: rows of several domains follow each other
    validation: Data | None = None
    #: (n_penalized_rows,); input column of each row of the first layer that reads inputs
    groups: np.ndarray | None = None
    #: (n_inputs,) of bool; constant inputs. Their initial weights are set to zero: no gradient
    #: would move these weights, and the network would seem to use the inputs.
    dead_inputs: np.ndarray | None = None
    #: (n_edges,); flat indices of the first layer's weights to record
    edges: np.ndarray | None = None


class Batch(NamedTuple):
    """Rows of one step, padded to the capacity."""

    inputs: "Array"  #: (B, n_inputs)
    targets: "Array"  #: (B, T)
    weights: "Array"  #: (B, T); zero on padding
    size: "Array"  #: rows without padding


class Schedule(NamedTuple):
    """Numbers of the learning rate schedules; each schedule reads its own."""

    decay_steps: Any = 1.0  #: "power", "exponential": steps to the first mark
    power: Any = 1.0  #: "power"
    factor: Any = 1.0  #: "performance": multiplies the rate at a plateau
    patience: Any = np.inf  #: "performance": epochs without improvement
    cooldown: Any = 0.0  #: "performance": epochs after a drop that do not count
    smallest: Any = 0.0  #: "performance": smallest factor
    table: Any = ()  #: "table": learning rate of each step


class Hyper(NamedTuple):
    """Numbers of a fit. All are traced: a search over numbers compiles once."""

    learning_rate: Any  #: eta_0
    theta: Any  #: (n_regularized_layers,); mean of lambda, natural log
    reg_step: Any  #: change of lambda for a unit update at lambda = theta
    loss_parameter: Any  #: quantile level, or the Huber threshold
    tol: Any  #: improvement that resets the patience
    patience: Any  #: epochs without improvement before the fit stops
    total_steps: Any = 1.0  #: length of the schedule in steps
    #: options of the solver by name, see ``solver_options``
    solver_numbers: Any = {}  # noqa: RUF012 - never written to
    warmup_steps: Any = 0.0  #: steps in which the penalty grows to its full strength
    burn_in_steps: Any = 0.0  #: steps before an epoch can be the best
    layer_start: Any = ()  #: (n_layers,); first step in which a layer trains
    layer_rate: Any = ()  #: (n_layers,); factor of the learning rate
    schedule: Any = Schedule()  #: numbers of the schedule
    weight_decay: Any = 0.0  #: share of a weight lost in a step at learning rate 1
    clip_value: Any = np.inf  #: bound on each entry of the gradient
    clip_norm: Any = np.inf  #: bound on the length of the whole gradient
    dropout: Any = ()  #: (n_hidden,); share of dropped units of each layer
    judge_start: Any = 0.0  #: 1 where the start competes with the epochs
    #: (T,); ``Data.weights`` contains these weights, reported task losses do not
    task_weight: Any = ()


class Penalty(NamedTuple):
    """State of the rule, one entry per regularized layer."""

    #: like the weights, or (n_groups,) with one lambda per group
    deviation: tuple[Any, ...]
    slope: tuple[Any, ...]  #: like the weights


class TrainState(NamedTuple):
    """State of the next step."""

    params: Params
    penalty: Penalty
    solver: Any  #: state of the optax transformation
    step: Any  #: steps taken
    moments: tuple[Moments, ...]  #: of batch normalization, per hidden layer
    rate_scale: Any  #: product of the learning rate's factors at plateaus


class StepInfo(NamedTuple):
    """Losses of a step; never fed back."""

    loss: "Array"  #: of the batch at the weights before the step, without penalty
    task_losses: (
        "Array"  #: (T,), with fixed weights; (0,) without ``TrainSpec.by_task``
    )
    size: "Array"


class Patience(NamedTuple):
    """Best value so far, and the epochs since."""

    best: Any  #: lowest monitored loss
    best_epoch: Any  #: 0-based; -1 before the first epoch
    reference: Any  #: value that an improvement of ``tol`` is measured from
    stale: Any  #: epochs since the reference moved


class RowLosses(NamedTuple):
    """Validation losses of single rows."""

    values: Any  #: (n_val,), zero on padding
    n_rows: Any


class Choice(NamedTuple):
    """The sparsest epoch so far among those about as good as the best."""

    lowest: Any  #: (n_val,), losses of the rows in the epoch with the lowest mean
    kept: Any  #: (n_val,), losses of the rows in the kept epoch
    zeros: Any  #: zero weights of the kept epoch; -1 before the penalty has grown
    epoch: Any  #: 0-based; -1 before the first epoch


class Stopping(NamedTuple):
    """State of early stopping."""

    patience: Patience
    plateau: Patience  #: of the schedule "performance"
    choice: Choice | None = None  #: None where the best epoch is kept

    @property
    def kept_epoch(self) -> Any:
        """0-based; -1 for the start."""
        return self.patience.best_epoch if self.choice is None else self.choice.epoch


class LoopState(NamedTuple):
    """State of the next epoch."""

    train: TrainState
    best: tuple[Params, tuple[Moments, ...], Penalty]  #: of the kept epoch
    stopping: Stopping
    epoch: Any  #: epochs done
    reason: Any  #: a StopReason


class History(NamedTuple):
    """One row per epoch of a chunk."""

    loss: Any  #: (n_epochs,); training loss without penalty
    validation_loss: Any  #: (n_epochs,); NaN without validation data
    zeros: Any  #: (n_epochs, n_layers); weights that are exactly zero
    path: Any  #: (n_epochs, n_edges, 2); weight and lambda of the recorded edges
    #: (n_epochs, T), without the weights of the tasks, NaN where a weight is zero
    task_loss: Any
    validation_task_loss: Any  #: (n_epochs, T), likewise
    task_weight: Any  #: (n_epochs, T); at the start of the epoch


class Record(NamedTuple):
    """Network after every epoch of a chunk, and its outputs; one row per epoch."""

    params: Params
    moments: tuple[Moments, ...]
    penalty: Penalty
    outputs: Any  #: (n_epochs, n_val, n_outputs); None without validation data


class Weights(NamedTuple):
    """Network after an epoch, in NumPy; a copy."""

    params: Params
    moments: tuple[Moments, ...]
    coefficients: tuple[np.ndarray, ...]  #: lambda per weight of the regularized layers


class Recorded(NamedTuple):
    """Epochs of a chunk, on the host."""

    epoch: int  #: number of the first epoch
    n_epochs: int
    #: (n_epochs, n_val, n_outputs); None without validation data
    outputs: np.ndarray | None
    weights: Callable[[int], Weights]  #: of an epoch of the chunk, counted from 0


class Start(NamedTuple):
    """Weights or state that a fit starts from; None, also of a layer, for fresh weights.

    `state` (the leaves of a TrainState) resumes a fit exactly. `params` with `moments` (of
    batch normalization) and `coefficients` (lambda per weight) start with a fresh solver.
    """

    params: tuple[Layer | None, ...] | None = None
    coefficients: tuple[np.ndarray | None, ...] | None = None
    state: list[np.ndarray] | None = None
    moments: tuple[Moments | None, ...] = ()


class FitResult(NamedTuple):
    """A fit, back in NumPy."""

    params: Params
    moments: tuple[Moments, ...]
    coefficients: tuple[np.ndarray, ...]  #: lambda per weight, one array a layer
    history: History
    n_epochs: int
    best_epoch: int  #: 0-based
    reason: int
    state: list[np.ndarray]  #: leaves of the last TrainState, to resume from
