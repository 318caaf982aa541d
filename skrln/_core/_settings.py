# SPDX-License-Identifier: BSD-3-Clause
"""From the parameters of an estimator to the specifications and numbers of the kernel."""

from numbers import Real

import numpy as np

from skrln._kernels import (
    Hyper,
    NetworkSpec,
    PenaltySpec,
    Schedule,
    TrainSpec,
    default_platform,
)

from ._task_weights import task_weighting
from ._validation import resolve_hidden_layers

#: "auto" trains in double precision on a CPU up to this many numbers in the encoded table.
DOUBLE_CELLS = 2_000
#: "auto" takes the whole table as one batch up to this many rows.
FULL_BATCH_ROWS = 128
#: The penalty grows over at least so many steps: coefficients need them to part.
MIN_WARMUP_STEPS = 200
#: max_iter="auto" of a single network; kinds of networks of an ensemble may have their own.
AUTO_EPOCHS = 100
#: n_iter_no_change="auto" of a single network.
AUTO_PATIENCE = 40


def network_spec(estimator, problem):
    """Structure of the network that `estimator` asks for, on an encoded table."""
    heads = problem.target.heads
    n_inputs = len(problem.encoder.groups)
    hidden = resolve_hidden_layers(estimator.hidden_layer_sizes, n_inputs)
    sizes = (n_inputs, *hidden, sum(heads))
    _check_batch_norm(estimator)
    rates = resolve_dropout(estimator.dropout, len(hidden))
    embedded = estimator.numeric_embedding == "periodic"
    n_plain = len(problem.encoder.plain)
    return NetworkSpec(
        sizes,
        estimator.activation,
        heads,
        estimator.batch_norm,
        any(rates),
        n_embedded=len(problem.encoder.numeric) if embedded else 0,
        n_plain=n_plain,
        plain_sizes=_plain_sizes(estimator) if n_plain else (),
    )


def _plain_sizes(estimator):
    """Units of each layer of the branch of the plain columns."""
    sizes = resolve_hidden_layers(
        estimator.plain_layer_sizes, 0, name="plain_layer_sizes"
    )
    if not sizes:
        raise ValueError(
            f"Got plain_layer_sizes={estimator.plain_layer_sizes!r} with plain_features, "
            "but their branch is expected to have at least one layer."
        )
    return sizes


def first_layer_groups(encoder, embedding_shape):
    """Input column of each row of the first layer's weights that reads inputs.

    `embedding_shape` is (n_embedded, width): those rows are behind the others. Rows that take
    what comes out of the plain branch follow, and are not among these.
    """
    n_embedded, width = embedding_shape
    embedded = np.repeat(encoder.groups[:n_embedded], width)
    n_tabular = len(encoder.groups) - len(encoder.plain)
    return np.concatenate([encoder.groups[:n_tabular], embedded])


def _check_batch_norm(estimator):
    where = estimator.batch_norm
    if where is None:
        return
    if estimator.activation == "selu":
        raise ValueError(
            f"Got batch_norm={where!r} with activation='selu', which keeps mean and "
            "variance by itself and only without batch normalization. Pass "
            "batch_norm=None, or another activation such as 'relu'."
        )
    if estimator.batch_size == 1:
        raise ValueError(
            f"Got batch_norm={where!r} with batch_size=1, but a single row has no spread "
            "to normalize by. Pass a batch_size of at least 2, better 32 or more."
        )


def resolve_dropout(dropout, n_hidden):
    """Share of the units of each hidden layer that is dropped in training."""
    if isinstance(
        dropout, str
    ):  # "auto" is for members of an ensemble, which resolve it
        return (0.0,) * n_hidden
    if np.ndim(dropout) == 0:
        return (float(dropout),) * n_hidden
    rates = tuple(dropout)
    good = all(isinstance(rate, Real) and 0 <= float(rate) < 1 for rate in rates)
    if len(rates) != n_hidden or not good:
        raise ValueError(
            f"Got dropout={dropout!r}, but expected one number in [0, 1), or one for each "
            f"of the {n_hidden} hidden layer(s)."
        )
    return tuple(float(rate) for rate in rates)


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
    n_plain = len(problem.encoder.plain)
    n_groups = len(np.unique(problem.encoder.groups)) - n_plain
    return PenaltySpec(
        norm=estimator.norm,
        rule=estimator.rule,
        n_layers=1 if estimator.reg_layers == "first" else network.n_layers,
        scope=estimator.reg_scope,
        n_groups=n_groups if estimator.reg_group == "input" else 0,
        n_rows=network.n_read if n_plain else None,
    )


def train_spec(estimator, penalty, *, online, member, target=None):
    """How to train.

    `online` is for calls of partial_fit, whose number is not known; `member` for networks of
    an ensemble, whose probabilities are calibrated together; `target` is the encoder of
    several tasks, which are then told apart.
    """
    schedule = "table" if callable(estimator.learning_rate) else estimator.learning_rate
    clips = {"value": estimator.clip_value, "norm": estimator.clip_norm}
    loss = estimator._loss(target)[0]
    return TrainSpec(
        loss,
        estimator.solver,
        "constant" if online else schedule,
        penalty,
        batch_capacity=0,
        clips=tuple(name for name, bound in clips.items() if bound is not None),
        averages=estimator.average_decay is not None,
        freezes=estimator.n_frozen_layers > 0,
        refines=member and "log_loss" in ((loss,) if isinstance(loss, str) else loss),
        sparsest=estimator.early_stopping == "sparsest",
        by_task=target is not None and not target.one_dimensional,
        weighting=task_weighting(estimator.task_weight),
    )


def hyperparameters(estimator, problem, network, penalty, *, going_on, online, member):
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
    member : bool
        Whether this is a network of an ensemble, which is there for its predictions: epochs
        in which the penalty grows may be the best.
    """
    batch_size = resolve_batch_size(estimator, problem.n_rows, member=member)
    n_batches = -(-problem.n_rows // batch_size)
    burn_in = 0.0
    if penalty is not None and not going_on and not online:
        burn_in = estimator.reg_warmup * resolve_epochs(estimator)
    held_out = problem.validation is not None
    layer_start, layer_rate = _layer_rates(estimator, network)
    unbounded = np.inf
    return Hyper(
        learning_rate=estimator.learning_rate_init,
        momentum=estimator.momentum,
        theta=_thetas(estimator, network, penalty),
        reg_step=_reg_step(estimator),
        max_reg_step=estimator.max_reg_step,
        loss_parameter=estimator._loss(problem.target)[1],
        tol=estimator.tol,
        patience=resolve_patience(estimator) if held_out else np.inf,
        total_steps=1,
        warmup_steps=max(burn_in, MIN_WARMUP_STEPS / n_batches) if burn_in else 0.0,
        burn_in_steps=0.0 if member else burn_in,
        layer_start=layer_start,
        layer_rate=layer_rate,
        schedule=_schedule(estimator, n_batches * resolve_epochs(estimator)),
        weight_decay=estimator.weight_decay,
        clip_value=unbounded if estimator.clip_value is None else estimator.clip_value,
        clip_norm=unbounded if estimator.clip_norm is None else estimator.clip_norm,
        dropout=resolve_dropout(estimator.dropout, network.n_layers - 1),
        average_decay=estimator.average_decay or 0.0,
    )


def _layer_rates(estimator, network):
    """Epoch from which each layer trains, and the factor of its learning rate.

    Of the frozen layers the last one thaws first.
    """
    n_frozen, every = estimator.n_frozen_layers, estimator.unfreeze_every
    frozen = np.arange(network.n_layers) < n_frozen
    waits = np.inf if every is None else every
    # Infinity times zero is no number: layers that train from the start wait for nothing.
    turns = np.where(frozen, n_frozen - np.arange(network.n_layers), 0)
    start = np.array([turn * waits if turn else 0.0 for turn in turns])
    return tuple(start), tuple(np.where(frozen, estimator.unfreeze_factor, 1.0))


#: What learning_rate_params may hold, with the defaults; None goes by the length of the fit.
SCHEDULE_PARAMS = {
    "power": {"decay_steps": None, "power": 1.0},
    "exponential": {"decay_steps": None},
    "performance": {
        "factor": 0.5,
        "patience": 5,
        "cooldown": 0,
        "smallest": 1e-3,
    },
}


#: Lowest and highest value, not included, of each number of a schedule.
SCHEDULE_BOUNDS = {
    "decay_steps": (0, np.inf, "a number above 0"),
    "power": (0, np.inf, "a number above 0"),
    "factor": (0, 1, "a number between 0 and 1"),
    "patience": (0, np.inf, "a number of epochs above 0"),
    "cooldown": (-1, np.inf, "a number of epochs of at least 0"),
    "smallest": (-1e-300, 1, "a number of at least 0 and below 1"),
}


def _is_between(value, lowest, highest):
    return isinstance(value, Real) and lowest < value < highest


def _schedule(estimator, total_steps):
    """Numbers of the learning rate schedule."""
    name, given = estimator.learning_rate, estimator.learning_rate_params or {}
    known = {} if callable(name) else SCHEDULE_PARAMS.get(name, {})
    unknown = sorted(set(given) - set(known))
    if unknown:
        takes = f"takes {sorted(known)}" if known else "takes no parameters"
        raise ValueError(
            f"Got learning_rate_params={given!r} with learning_rate={name!r}, which "
            f"{takes}. Leave out {unknown}, or choose another schedule."
        )
    numbers = known | given
    if numbers.get("decay_steps", 1) is None:
        numbers["decay_steps"] = total_steps / {"power": 10, "exponential": 2}[name]
    for key, (lowest, highest, expected) in SCHEDULE_BOUNDS.items():
        if key in numbers and not _is_between(numbers[key], lowest, highest):
            raise ValueError(
                f"Got {numbers[key]!r} for {key!r} of learning_rate_params, but expected "
                f"{expected}."
            )
    return Schedule(**numbers)


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


def resolve_batch_size(estimator, n_rows, *, member):
    """Most rows of a batch.

    A small table in one batch makes a weight of two the same as a repeated row. Members of
    an ensemble, whose rows are drawn, gain more from the steps of small batches.
    """
    if estimator.batch_size != "auto":
        return min(estimator.batch_size, n_rows)
    if n_rows <= FULL_BATCH_ROWS and not member:
        return n_rows
    return int(np.clip(2 ** np.round(np.log2(n_rows / 16)), 32, 256))


def resolve_epochs(estimator):
    """Epochs of a single network."""
    return AUTO_EPOCHS if estimator.max_iter == "auto" else estimator.max_iter


def resolve_patience(estimator):
    """Epochs that a single network waits for a better one."""
    asked = estimator.n_iter_no_change
    return AUTO_PATIENCE if asked == "auto" else asked


def resolve_precision(estimator, n_rows, n_inputs):
    """Type of the numbers to train in."""
    if estimator.dtype != "auto":
        return estimator.dtype
    small = n_rows * n_inputs <= DOUBLE_CELLS
    on_cpu = default_platform(estimator.device) == "cpu"
    return "float64" if small and on_cpu else "float32"
