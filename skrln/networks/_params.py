# SPDX-License-Identifier: BSD-3-Clause
"""Values that each parameter and each option admits, once for all estimators."""

from numbers import Integral, Real
from os import PathLike

from sklearn.metrics import get_scorer_names

from skrln._kernels import ROBUST_NORMS
from skrln._network._parameters import NAMES
from skrln._table._sklearn import HasMethods, Interval, StrOptions
from skrln._table._targets import NUMBER_LOSSES
from skrln.options import (
    Checkpoint,
    Coupling,
    ExponentialDecay,
    PlainBranch,
    PowerDecay,
    ReduceOnPlateau,
    RLNPenalty,
    Solver,
    Transfer,
    UniformPenalty,
)

POSITIVE = Interval(Real, 0, None, closed="neither")
NOT_NEGATIVE = Interval(Real, 0, None, closed="left")
SHARE = Interval(Real, 0, 1, closed="left")
COUNT = Interval(Integral, 1, None, closed="left")
AUTO = StrOptions({"auto"})
#: Most networks of a kind: a fit makes the list of all of them before the first is trained.
MOST_NETWORKS = 10_000
STRATEGIES = {"joint", "l2", "shared", "finetune", "isolated"}


def names(parameter):
    """Names that a parameter admits."""
    return StrOptions(set(NAMES[parameter]))


NETWORK = {
    "hidden_layer_sizes": ["array-like", COUNT, StrOptions({"geometric"})],
    "activation": [names("activation")],
    "batch_norm": [names("batch_norm"), None],
    "dropout": [SHARE, AUTO, "array-like"],
}
PENALTY = {
    "penalty": [names("penalty"), RLNPenalty, UniformPenalty, None],
    "theta": [Interval(Real, None, None, closed="neither"), AUTO],
}
TRAINING = {
    "solver": [names("solver"), Solver],
    "learning_rate": [
        names("learning_rate"),
        PowerDecay,
        ExponentialDecay,
        ReduceOnPlateau,
        callable,
    ],
    "learning_rate_init": [POSITIVE],
    "batch_size": [AUTO, COUNT],
    "max_iter": [StrOptions({"auto", "short"}), COUNT],
    "task_weight": ["array-like", names("task_weight"), None],
    "warm_start": ["boolean"],
    "random_state": ["random_state"],
    "verbose": ["verbose"],
    "checkpoint": [str, PathLike, Checkpoint, None],
    "dtype": [names("dtype")],
    "device": [str, None],
}
STOPPING = {
    "early_stopping": [names("early_stopping"), "boolean"],
    "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
    "validation_cv": ["cv_object"],
    "n_iter_no_change": [AUTO, COUNT],
    "tol": [NOT_NEGATIVE],
}
ENSEMBLE = {
    "n_estimators": [Interval(Integral, 1, MOST_NETWORKS, closed="both"), AUTO],
    "input_selection": [AUTO, "boolean"],
    "pretrained": [HasMethods(["fit", "predict"]), Transfer, None],
}
INPUT = {
    "categorical_features": ["array-like", StrOptions({"from_dtype"}), None],
    "input_clip": [POSITIVE, None],
    "numeric_embedding": [names("numeric_embedding"), None],
    "plain_branch": [PlainBranch, None],
}
COMMON = {**NETWORK, **PENALTY, **TRAINING, **STOPPING, **ENSEMBLE, **INPUT}
REGRESSION = {
    "loss": [StrOptions(set(NUMBER_LOSSES))],
    "quantile": [Interval(Real, 0, 1, closed="neither")],
    "huber_threshold": [POSITIVE],
}
CLASSIFICATION = {"class_weight": [dict, list, StrOptions({"balanced"}), None]}
TASKS = {"task_types": ["array-like", AUTO]}
SEARCH = {
    "thetas": ["array-like", AUTO],
    "reg_steps": ["array-like", None],
    "cv": ["cv_object"],
    "scoring": [StrOptions(set(get_scorer_names())), callable, None],
    "one_standard_error": ["boolean"],
}

_PENALTY_OPTIONS = {
    "norm": [names("norm")],
    "layers": [names("layers")],
    "scope": [names("scope")],
    "group": [names("group")],
    "warmup": [SHARE],
    "n_path_edges": [Interval(Integral, 0, None, closed="left")],
}
#: Values that the options of each option object admit.
OPTIONS = {
    RLNPenalty: {
        **_PENALTY_OPTIONS,
        "step": [NOT_NEGATIVE],
        "rule": [names("rule")],
    },
    UniformPenalty: _PENALTY_OPTIONS,
    Solver: {
        "name": [names("solver")],
        "options": [dict, None],
        "clip_norm": [POSITIVE, None],
        "clip_value": [POSITIVE, None],
        "weight_decay": [NOT_NEGATIVE],
    },
    PowerDecay: {"decay_steps": [POSITIVE, None], "power": [POSITIVE]},
    ExponentialDecay: {"decay_steps": [POSITIVE, None]},
    ReduceOnPlateau: {
        "factor": [Interval(Real, 0, 1, closed="neither")],
        "patience": [COUNT],
        "cooldown": [Interval(Integral, 0, None, closed="left")],
        "smallest": [SHARE],
    },
    Transfer: {
        "estimator": [HasMethods(["fit", "predict"]), None],
        "n_frozen_layers": [Interval(Integral, 0, None, closed="left")],
        "reuse_head": ["boolean"],
        "unfreeze_every": [COUNT, None],
        "unfreeze_factor": [POSITIVE],
    },
    PlainBranch: {
        "columns": ["array-like", str, slice],
        "layer_sizes": ["array-like", COUNT],
    },
    Checkpoint: {"path": [str, PathLike], "every": [NOT_NEGATIVE]},
    Coupling: {
        "strategy": [StrOptions(STRATEGIES)],
        "strength": [NOT_NEGATIVE, AUTO],
        "robust_norm": [StrOptions(set(ROBUST_NORMS) - {"l2"})],
        "irls_weight": [StrOptions({"majorizer", "paper"})],
        "sigma": [StrOptions({"mean", "median"})],
        "sigma_factor": [POSITIVE, AUTO],
        "distance": [StrOptions({"outputs", "weights"}), AUTO],
        "pair_layers": ["boolean"],
        "n_shared_layers": [COUNT, None],
        "first_stage": [SHARE],
        "max_irls_iter": [Interval(Integral, 0, None, closed="left")],
        "inner_max_iter": [COUNT, None],
        "irls_tol": [NOT_NEGATIVE],
    },
}


def without_chosen(constraints):
    """Leave out the parameters that a search chooses, and the warm start."""
    chosen = {"theta", "warm_start"}
    return {name: rule for name, rule in constraints.items() if name not in chosen}
