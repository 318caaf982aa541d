# SPDX-License-Identifier: BSD-3-Clause
"""The arrays that flow through the kernels, and the glossary of symbols.

==================  =======================================================================
name                meaning and shape
==================  =======================================================================
``n``               rows that are trained on; arrays are padded to a bucket of rows
``B``               rows of a batch; batches are padded to a static capacity
``T``               tasks: outputs of a regression, labels, or several class targets
``w``, ``weight``   weights of one layer, (n_inputs, n_units)
``lambda``          log regularization coefficient of a weight, natural log
``theta``           the mean that all lambda keep
``deviation``       ``lambda - theta``; its mean is zero
``u``, ``update``   what the solver adds to a weight in one step, ``-eta_t * direction``
``eta_0, eta_t``    initial learning rate; learning rate of step t
``slope``           ``-d w / d lambda`` of the last penalty step, divided by
                    ``(eta_t / 1e-3) * exp(theta)``: of size one where lambda = theta
==================  =======================================================================
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from jax import Array

#: What the kernels take where a device array will be made of it.
Values = Array | np.ndarray


class Embedding(NamedTuple):
    """Periodic embedding of the leading inputs, one of its own for each."""

    frequency: Any  #: (n_embedded, n_frequencies); angle per unit of the scaled input
    phase: Any  #: likewise
    weight: Any  #: (n_embedded, n_frequencies, width)
    bias: Any  #: (n_embedded, width)


class Layer(NamedTuple):
    """One dense layer."""

    weight: Any  #: (n_inputs, n_units)
    bias: Any  #: (n_units,)
    gain: Any = None  #: (n_units,), of batch normalization; None without
    shift: Any = None  #: likewise
    embedding: Any = None  #: an Embedding before the first layer, or None
    plain: Any = None  #: layers of the branch before the first layer, or None
    log_variance: Any = None  #: (T,), of tasks, in the last layer; None if not learned


Params = tuple[Layer, ...]


class Moments(NamedTuple):
    """Running mean and variance that batch normalization predicts with."""

    mean: Any  #: (n_units,)
    variance: Any  #: (n_units,)


class SparseRows(NamedTuple):
    """Compressed rows; a batch is made dense, the table never is."""

    values: Any  #: (n_stored,)
    columns: Any  #: (n_stored,), int
    starts: Any  #: (n + 1,), int: row i is ``starts[i]:starts[i + 1]``


class Data(NamedTuple):
    """A table on the device, padded to a bucket of rows.

    Padding, ``sample_weight``, ``task_weight`` and missing labels are one thing: an entry of
    ``weights``, which is zero where a label does not count.
    """

    inputs: Any  #: (n, n_inputs), or SparseRows
    targets: Any  #: (n, T); class codes for log losses
    weights: Any  #: (n, T); scaled so that the loss is ``sum(weights * values) / n``
    n_rows: Any  #: rows that are not padding


class Batch(NamedTuple):
    """Rows of one step, padded to the capacity."""

    inputs: Array  #: (B, n_inputs)
    targets: Array  #: (B, T)
    weights: Array  #: (B, T); zero on padding
    size: Array  #: rows that are not padding


class Schedule(NamedTuple):
    """Numbers of the learning rate schedules; each uses its own."""

    decay_steps: Any = 1.0  #: "power", "exponential": steps to the first mark
    power: Any = 1.0  #: "power"
    factor: Any = 1.0  #: "performance": what a plateau multiplies the rate by
    patience: Any = np.inf  #: "performance": epochs without improvement
    cooldown: Any = 0.0  #: "performance": epochs that do not count after a drop
    smallest: Any = 0.0  #: "performance": smallest factor
    table: Any = ()  #: "table": factor of each step


class Hyper(NamedTuple):
    """Numbers of a fit. All are traced: a search over them compiles once."""

    learning_rate: Any  #: eta_0
    momentum: Any  #: of solver "sgd"
    theta: Any  #: (n_regularized_layers,); mean of lambda, natural log
    reg_step: Any  #: change of lambda for a unit update at lambda = theta
    max_reg_step: Any  #: bound on the change of lambda in one step
    loss_parameter: Any  #: quantile level, or the Huber threshold
    tol: Any  #: improvement that resets the patience
    patience: Any  #: epochs without improvement before the fit stops
    total_steps: Any  #: length of the schedule in steps
    warmup_steps: Any = 0.0  #: steps in which the penalty grows to its full strength
    burn_in_steps: Any = 0.0  #: steps before an epoch can be the best one
    layer_start: Any = ()  #: (n_layers,); step from which a layer trains
    layer_rate: Any = ()  #: (n_layers,); factor of its learning rate
    schedule: Any = Schedule()  #: numbers of the schedule
    weight_decay: Any = 0.0  #: share of a weight that a step at learning rate 1 takes
    clip_value: Any = np.inf  #: bound on each entry of the gradient
    clip_norm: Any = np.inf  #: bound on the length of the whole gradient
    dropout: Any = ()  #: (n_hidden,); share of the units of each layer that is dropped
    average_decay: Any = 0.0  #: weight of the past in the average of the weights
    judge_start: Any = 0.0  #: 1 where the start can be the best one too
    task_weight: Any = ()  #: (T,); in ``Data.weights`` already, to tell the losses without it


class Penalty(NamedTuple):
    """State of the rule, one entry per regularized layer."""

    deviation: tuple[
        Any, ...
    ]  #: as the weights, or (n_groups,) with one lambda per group
    slope: tuple[Any, ...]  #: as the weights


class TrainState(NamedTuple):
    """What the next step needs."""

    params: Params
    penalty: Penalty
    solver: Any  #: state of the optax transformation
    step: Any  #: steps taken
    moments: tuple[Moments, ...]  #: of batch normalization, per hidden layer
    average: Params | None  #: of the weights over the steps; None without averaging
    rate_scale: Any  #: what plateaus have left of the learning rate
    task_losses: Any = None  #: (2, T), of the last two epochs; None but for "dynamic"


class StepInfo(NamedTuple):
    """What people look at; never fed back."""

    loss: Array  #: loss of the batch at the weights it started from, penalty apart
    task_losses: Array  #: (T,), with their fixed weights; (0,) where nobody asks
    size: Array


class Patience(NamedTuple):
    """Best value so far, and how long ago it was reached."""

    best: Any  #: lowest monitored loss
    best_epoch: Any  #: 0-based; -1 before the first epoch
    reference: Any  #: value that an improvement of ``tol`` is measured from
    stale: Any  #: epochs since the reference moved


class RowLosses(NamedTuple):
    """Validation losses of single rows."""

    values: Any  #: (n_val,), zero on padding
    n_rows: Any


class Choice(NamedTuple):
    """The sparsest epoch among those that are about as good as the best, so far."""

    lowest: Any  #: (n_val,), losses of the rows in the epoch where their mean is lowest
    kept: Any  #: (n_val,), likewise in the epoch that is kept
    zeros: Any  #: weights that are zero in it; -1 before the penalty has grown
    epoch: Any  #: 0-based; -1 before the first epoch


class LoopState(NamedTuple):
    """What the next epoch needs."""

    train: TrainState
    best: tuple[Params, tuple[Moments, ...], Penalty]  #: of the epoch that is kept
    patience: Patience
    plateau: Patience  #: of the schedule "performance"
    epoch: Any  #: epochs done
    reason: Any  #: a StopReason
    choice: Choice | None = None  #: None where the best epoch is the one that is kept

    @property
    def kept_epoch(self) -> Any:
        """0-based; -1 for the start."""
        return self.patience.best_epoch if self.choice is None else self.choice.epoch


class History(NamedTuple):
    """One row per epoch of a chunk."""

    loss: Any  #: (n_epochs,); training loss, penalty apart
    validation_loss: Any  #: (n_epochs,); NaN without validation data
    zeros: Any  #: (n_epochs, n_layers); weights that are exactly zero
    path: Any  #: (n_epochs, n_edges, 2); weight and lambda of the edges followed
    task_loss: (
        Any  #: (n_epochs, T), without the weights of the tasks, NaN where one is zero
    )
    validation_task_loss: Any  #: likewise
    task_weight: Any  #: (n_epochs, T); what each counted as the epoch began


class Record(NamedTuple):
    """What predicts after every epoch, and what it predicts; one row per epoch of a chunk."""

    params: Params
    moments: tuple[Moments, ...]
    penalty: Penalty
    outputs: Any  #: (n_epochs, n_val, n_outputs); None without validation data


class Weights(NamedTuple):
    """What predicts after an epoch, in NumPy; a copy."""

    params: Params
    moments: tuple[Moments, ...]
    coefficients: tuple[np.ndarray, ...]  #: lambda per weight of the regularized layers


class Recorded(NamedTuple):
    """Epochs of a chunk, on the host."""

    epoch: int  #: number of the first of them
    n_epochs: int
    outputs: (
        np.ndarray | None
    )  #: (n_epochs, n_val, n_outputs); None without validation data
    weights: Callable[[int], Weights]  #: of each of them, counted from 0


class FitResult(NamedTuple):
    """A fit, back in NumPy."""

    params: Params
    moments: tuple[Moments, ...]
    coefficients: tuple[np.ndarray, ...]  #: lambda per weight, one array a layer
    history: History
    n_epochs: int
    best_epoch: int  #: 0-based
    reason: int
    state: list[np.ndarray]  #: leaves of the last TrainState, to go on from
