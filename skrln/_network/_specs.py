# SPDX-License-Identifier: BSD-3-Clause
"""From settings and data to the specifications and numbers of a kernel."""

import numpy as np

from skrln import _kernels
from skrln._kernels import (
    FitData,
    Hyper,
    NetworkSpec,
    PenaltySpec,
    RunSpec,
    Schedule,
    TrainSpec,
)
from skrln._table._problem import constant_inputs

from ._settings import MIN_WARMUP_STEPS, Mode, split_flags

#: Ends of the learning rate schedules as shares of the fit, where the user gives no steps.
DECAY_SHARES = {"power": 10, "exponential": 2}


def network_spec(settings, problem):
    """Structure of the network."""
    heads = problem.target.heads
    encoder = problem.encoder
    n_plain = len(encoder.plain)
    return NetworkSpec(
        (encoder.n_inputs, *settings.hidden_sizes, sum(heads)),
        settings.activation,
        heads,
        settings.batch_norm,
        any(settings.dropout),
        n_plain=n_plain,
        plain_sizes=settings.plain_sizes if n_plain else (),
    )


def penalty_spec(settings, problem, network):
    """Penalized weights and their rule; None without a penalty."""
    if settings.penalty is None:
        return None
    penalty, encoder = settings.penalty, problem.encoder
    n_groups = len(np.unique(encoder.tabular_groups))
    return PenaltySpec(
        norm=penalty.norm,
        rule=penalty.rule,
        n_layers=1 if penalty.layers == "first" else network.n_layers,
        scope=penalty.scope,
        n_groups=n_groups if penalty.group == "input" else 0,
        n_rows=network.n_read if len(encoder.plain) else None,
    )


def train_spec(settings, penalty):
    """Structure of the training."""
    solver = settings.solver
    clips = {"value": solver.clip_value, "norm": solver.clip_norm}
    losses = (settings.loss,) if isinstance(settings.loss, str) else settings.loss
    return TrainSpec(
        settings.loss,
        solver.name,
        settings.schedule,
        penalty,
        batch_capacity=0,
        solver_flags=split_flags(solver.options)[0],
        clips=tuple(name for name, bound in clips.items() if bound is not None),
        freezes=settings.freezing.n_frozen_layers > 0,
        refines=settings.mode == Mode.MEMBER and "log_loss" in losses,
        sparsest=settings.sparsest,
        by_task=bool(settings.task_weight),
        weighting=settings.weighting,
    )


def hyperparameters(settings, problem, network, penalty, *, continues):
    """Numbers of the fit.

    Parameters
    ----------
    settings : Settings
    problem : Problem
    network : NetworkSpec
    penalty : PenaltySpec or None
    continues : bool
        Whether the weights come from an earlier fit: the penalty does not grow again.
    """
    n_batches = _kernels.count_batches(problem.n_rows, settings.batch_size)
    grows = penalty is not None and not continues
    burn_in = settings.warmup_epochs if grows else 0.0
    layer_start, layer_rate = _layer_rates(settings.freezing, network.n_layers)
    solver, unbounded = settings.solver, np.inf
    return Hyper(
        learning_rate=settings.learning_rate,
        solver_numbers=split_flags(solver.options)[1],
        theta=_thetas(settings, network, penalty),
        reg_step=0.0 if penalty is None else settings.penalty.step,
        loss_parameter=settings.loss_parameter,
        tol=settings.tol,
        patience=np.inf if problem.validation is None else settings.patience,
        total_steps=1,  # the kernel counts the steps
        warmup_steps=max(burn_in, MIN_WARMUP_STEPS / n_batches) if burn_in else 0.0,
        # Members only predict: an epoch in which the penalty still grows may be the best.
        burn_in_steps=0.0 if settings.mode == Mode.MEMBER else burn_in,
        layer_start=layer_start,
        layer_rate=layer_rate,
        schedule=_schedule(settings, n_batches * settings.max_epochs),
        weight_decay=solver.weight_decay,
        clip_value=unbounded if solver.clip_value is None else solver.clip_value,
        clip_norm=unbounded if solver.clip_norm is None else solver.clip_norm,
        dropout=settings.dropout,
        task_weight=settings.task_weight,
    )


def _layer_rates(freezing, n_layers):
    """First epoch in which each layer trains, and the factor of its learning rate.

    The last of the frozen layers thaws first.
    """
    n_frozen, every = freezing.n_frozen_layers, freezing.unfreeze_every
    frozen = np.arange(n_layers) < n_frozen
    wait = np.inf if every is None else every
    # inf * 0 is NaN: layers that train from the start are set to zero instead.
    turns = np.where(frozen, n_frozen - np.arange(n_layers), 0)
    start = np.array([turn * wait if turn else 0.0 for turn in turns])
    return tuple(start), tuple(np.where(frozen, freezing.unfreeze_factor, 1.0))


def _schedule(settings, total_steps):
    numbers = dict(settings.schedule_options)
    if settings.rates is not None:
        numbers["table"] = settings.rates
    if settings.schedule in DECAY_SHARES and numbers.get("decay_steps") is None:
        numbers["decay_steps"] = total_steps / DECAY_SHARES[settings.schedule]
    return Schedule(**numbers)


def _thetas(settings, network, penalty):
    """Mean of lambda of each regularized layer.

    It is the same for all layers unless the mean is held per layer: a layer with fewer inputs
    than the first has fewer weights to lose, and a weaker penalty in proportion.
    """
    if penalty is None:
        return ()
    thetas = np.full(penalty.n_layers, settings.theta)
    if penalty.scope == "layer":
        fan_in = np.array(network.layer_sizes[: penalty.n_layers], float)
        thetas += np.minimum(0, np.log(fan_in / max(1, network.layer_sizes[0])))
    return tuple(thetas)


def fit_data(problem, edges=None):
    """Arrays that a kernel trains on."""
    groups = problem.encoder.tabular_groups
    return FitData(
        problem.data,
        problem.validation,
        groups=np.unique(groups, return_inverse=True)[1],  # numbered without gaps
        dead_inputs=constant_inputs(problem.data, problem.encoder.n_inputs),
        edges=edges,
    )


def run_spec(settings, seed, *, restore_best, judge_start=False, device=None):
    """Length of the fit, its random seed, and its device, which may replace the settings'."""
    return RunSpec(
        settings.max_epochs,
        settings.batch_size,
        seed,
        restore_best=restore_best,
        judge_start=judge_start,
        precision=settings.dtype,
        device=settings.device if device is None else device,
    )
