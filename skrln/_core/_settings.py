# SPDX-License-Identifier: BSD-3-Clause
"""From the parameters of an estimator to the specifications and numbers of the kernel."""

import numpy as np

from skrln._kernels import (
    Hyper,
    NetworkSpec,
    PenaltySpec,
    TrainSpec,
    default_platform,
)

from ._validation import resolve_hidden_layers

#: "auto" trains in double precision on a CPU up to this many numbers in the encoded table.
DOUBLE_CELLS = 2_000
#: "auto" takes the whole table as one batch up to this many rows.
FULL_BATCH_ROWS = 128
#: The penalty grows over at least so many steps: coefficients need them to part.
MIN_WARMUP_STEPS = 200


def network_spec(estimator, problem):
    """Structure of the network that `estimator` asks for, on an encoded table."""
    heads = problem.target.heads
    hidden = resolve_hidden_layers(estimator.hidden_layer_sizes)
    sizes = (len(problem.encoder.groups), *hidden, sum(heads))
    return NetworkSpec(sizes, estimator.activation, heads)


def penalty_spec(estimator, problem, network):
    """Which weights are penalized and how; None for the plain network."""
    if estimator.regularization is None:
        return None
    if estimator.regularization == "uniform" and estimator.rule == "subgradient":
        raise ValueError(
            "Got regularization='uniform' with rule='subgradient', but that rule moves "
            "coefficients by itself where it reaches zero: they would not stay the "
            "same. Pass rule='proximal'."
        )
    if estimator.reg_group == "input" and estimator.rule == "subgradient":
        raise ValueError(
            "Got reg_group='input' with rule='subgradient', but groups of weights "
            "are expected to use rule='proximal': the subgradient rule of 2018 knows "
            "single weights only."
        )
    n_groups = len(np.unique(problem.encoder.groups))
    return PenaltySpec(
        norm=estimator.norm,
        rule=estimator.rule,
        n_layers=1 if estimator.reg_layers == "first" else network.n_layers,
        scope=estimator.reg_scope,
        n_groups=n_groups if estimator.reg_group == "input" else 0,
    )


def train_spec(estimator, penalty, *, online):
    """How to train; `online` is for calls of partial_fit, whose number is not known."""
    schedule = "constant" if online else estimator.learning_rate
    loss = estimator._loss()[0]
    return TrainSpec(loss, estimator.solver, schedule, penalty, batch_capacity=0)


def hyperparameters(estimator, problem, network, penalty, *, going_on, online):
    """Numbers of the fit.

    Parameters
    ----------
    estimator : BaseRLN
    problem : Problem
    network : NetworkSpec
    penalty : PenaltySpec or None
    going_on : bool
        Whether the weights have met the penalty before: it does not grow again.
    online : bool
        Whether this is a call of partial_fit.
    """
    batch_size = resolve_batch_size(estimator, problem.n_rows)
    n_batches = -(-problem.n_rows // batch_size)
    burn_in = 0.0
    if penalty is not None and not going_on and not online:
        burn_in = estimator.reg_warmup * estimator.max_iter
    held_out = problem.validation is not None
    return Hyper(
        learning_rate=estimator.learning_rate_init,
        momentum=estimator.momentum,
        theta=_thetas(estimator, network, penalty),
        reg_step=_reg_step(estimator),
        max_reg_step=estimator.max_reg_step,
        loss_parameter=estimator._loss()[1],
        tol=estimator.tol,
        patience=estimator.n_iter_no_change if held_out else np.inf,
        total_steps=1,
        warmup_steps=max(burn_in, MIN_WARMUP_STEPS / n_batches) if burn_in else 0.0,
        burn_in_steps=burn_in,
    )


def _thetas(estimator, network, penalty):
    """Mean of lambda of each regularized layer.

    One number for all, but where the mean is held per layer: a layer with fewer inputs
    than the first has fewer weights to lose, and a weaker penalty in proportion.
    """
    n_layers = 0 if penalty is None else penalty.n_layers
    thetas = np.full(n_layers, float(estimator.theta))
    if estimator.reg_scope == "layer":
        fan_in = np.array(network.layer_sizes[:n_layers], float)
        thetas += np.minimum(0, np.log(fan_in / max(1, network.layer_sizes[0])))
    return tuple(thetas)


def _reg_step(estimator):
    if estimator.regularization == "uniform":
        return 0.0
    if estimator.nu is None:
        return estimator.reg_step
    # nu multiplies update and penalty step; reg_step is in units of both at theta.
    rate = estimator.learning_rate_init
    return estimator.nu * rate**2 / 1e-3 * np.exp(estimator.theta)


def resolve_batch_size(estimator, n_rows):
    """Most rows of a batch."""
    if estimator.batch_size != "auto":
        return min(estimator.batch_size, n_rows)
    if n_rows <= FULL_BATCH_ROWS:
        return n_rows
    return int(np.clip(2 ** np.round(np.log2(n_rows / 16)), 32, 256))


def resolve_precision(estimator, n_rows, n_inputs):
    """Type of the numbers to train in."""
    if estimator.dtype != "auto":
        return estimator.dtype
    small = n_rows * n_inputs <= DOUBLE_CELLS
    on_cpu = default_platform(estimator.device) == "cpu"
    return "float64" if small and on_cpu else "float32"
