# SPDX-License-Identifier: BSD-3-Clause
"""What each parameter may be, once for all estimators."""

from numbers import Integral, Real

from sklearn.metrics import get_scorer_names

from skrln._kernels import ACTIVATIONS, ROBUST_NORMS, SCHEDULES, SOLVERS

from ._sklearn import HasMethods, Interval, StrOptions

NETWORK = {
    "hidden_layer_sizes": [
        "array-like",
        Interval(Integral, 1, None, closed="left"),
        StrOptions({"geometric"}),
    ],
    "activation": [StrOptions(set(ACTIVATIONS))],
    "batch_norm": [StrOptions({"before", "after"}), None],
    "dropout": [
        Interval(Real, 0, 1, closed="left"),
        StrOptions({"auto"}),
        "array-like",
    ],
}
RULE = {
    "regularization": [StrOptions({"rln", "uniform"}), None],
    "theta": [Interval(Real, None, None, closed="neither"), StrOptions({"auto"})],
    "norm": [StrOptions({"l1", "l2"})],
    "reg_step": [Interval(Real, 0, None, closed="left")],
    "nu": [Interval(Real, 0, None, closed="left"), None],
    "max_reg_step": [Interval(Real, 0, None, closed="right")],
    "reg_warmup": [Interval(Real, 0, 1, closed="left")],
    "rule": [StrOptions({"proximal", "subgradient"})],
    "reg_layers": [StrOptions({"first", "all"})],
    "reg_scope": [StrOptions({"network", "layer"})],
    "reg_group": [StrOptions({"weight", "input"})],
    "store_reg_path": [Interval(Integral, 0, None, closed="left")],
}
TRAINING = {
    "solver": [StrOptions(set(SOLVERS))],
    "momentum": [Interval(Real, 0, 1, closed="left")],
    "learning_rate": [StrOptions(set(SCHEDULES)), callable],
    "learning_rate_params": [dict, None],
    "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
    "clip_value": [Interval(Real, 0, None, closed="neither"), None],
    "clip_norm": [Interval(Real, 0, None, closed="neither"), None],
    "weight_decay": [Interval(Real, 0, None, closed="left")],
    "average_decay": [Interval(Real, 0, 1, closed="left"), None],
    "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
    "max_iter": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
    "task_weight": ["array-like", StrOptions({"uncertainty", "dynamic"}), None],
    "warm_start": ["boolean"],
    "random_state": ["random_state"],
    "verbose": ["verbose"],
    "dtype": [StrOptions({"auto", "float32", "float64"})],
    "device": [str, None],
}
STOPPING = {
    "early_stopping": [StrOptions({"auto", "sparsest"}), "boolean"],
    "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
    "validation_cv": ["cv_object"],
    "n_iter_no_change": [
        StrOptions({"auto"}),
        Interval(Integral, 1, None, closed="left"),
    ],
    "tol": [Interval(Real, 0, None, closed="left")],
}
ENSEMBLE = {
    "n_estimators": [
        Interval(Integral, 1, None, closed="left"),
        StrOptions({"auto"}),
    ],
    "bootstrap": ["boolean"],
    "input_selection": [StrOptions({"auto"}), "boolean"],
}
TRANSFER = {
    "pretrained": [HasMethods(["fit", "predict"]), None],
    "n_frozen_layers": [Interval(Integral, 0, None, closed="left")],
    "reuse_head": ["boolean"],
    "unfreeze_every": [Interval(Integral, 1, None, closed="left"), None],
    "unfreeze_factor": [Interval(Real, 0, None, closed="neither")],
}
INPUT = {
    "categorical_features": ["array-like", StrOptions({"from_dtype"}), None],
    "input_clip": [Interval(Real, 0, None, closed="neither"), None],
    "numeric_embedding": [StrOptions({"auto", "periodic", "piecewise"}), None],
    "plain_features": ["array-like", str, slice, None],
    "plain_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
}

COMMON = {**NETWORK, **RULE, **TRAINING, **STOPPING, **ENSEMBLE, **TRANSFER, **INPUT}
REGRESSION = {
    "loss": [
        StrOptions({"squared_error", "absolute_error", "huber", "quantile", "poisson"})
    ],
    "quantile": [Interval(Real, 0, 1, closed="neither")],
    "huber_threshold": [Interval(Real, 0, None, closed="neither")],
}
CLASSIFICATION = {"class_weight": [dict, list, StrOptions({"balanced"}), None]}
TASKS = {"task_types": ["array-like", StrOptions({"auto"})]}

SEARCH = {
    "thetas": ["array-like", StrOptions({"auto"})],
    "reg_steps": ["array-like"],
    "cv": ["cv_object"],
    "scoring": [StrOptions(set(get_scorer_names())), callable, None],
    "one_standard_error": ["boolean"],
}

#: What a network that is trained with others takes, as a single one does.
COUPLED_NETWORK = (
    "hidden_layer_sizes",
    "activation",
    "dropout",
    "regularization",
    "norm",
    "reg_step",
    "reg_warmup",
    "reg_layers",
    "reg_scope",
    "reg_group",
    "solver",
    "momentum",
    "learning_rate",
    "learning_rate_params",
    "learning_rate_init",
    "clip_value",
    "clip_norm",
    "weight_decay",
    "batch_size",
    "max_iter",
    "early_stopping",
    "validation_fraction",
    "n_iter_no_change",
    "tol",
    "categorical_features",
    "input_clip",
    "random_state",
    "dtype",
    "device",
)
JOINT = {
    **{name: COMMON[name] for name in COUPLED_NETWORK},
    "theta": [Interval(Real, None, None, closed="neither")],
    "dropout": [Interval(Real, 0, 1, closed="left"), "array-like"],
    "max_iter": [Interval(Integral, 1, None, closed="left")],
    "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
    # Not the sparsest: the epoch that is kept is one for all domains.
    "early_stopping": [StrOptions({"auto"}), "boolean"],
    "strategy": [StrOptions({"joint", "l2", "shared", "finetune", "isolated"})],
    "coupling": [Interval(Real, 0, None, closed="left")],
    "robust_norm": [StrOptions(set(ROBUST_NORMS) - {"l2"})],
    "irls_weight": [StrOptions({"majorizer", "paper"})],
    "sigma": [StrOptions({"mean", "median"})],
    "sigma_factor": [Interval(Real, 0, None, closed="neither")],
    "pair_layers": ["boolean"],
    "n_shared_layers": [Interval(Integral, 1, None, closed="left"), None],
    "first_stage": [Interval(Real, 0, 1, closed="left")],
    "max_irls_iter": [Interval(Integral, 0, None, closed="left")],
    "inner_max_iter": [Interval(Integral, 1, None, closed="left"), None],
    "irls_tol": [Interval(Real, 0, None, closed="left")],
    "unknown_domain": [StrOptions({"error", "average", "nearest"})],
}
GENERATOR = {
    "n_components": [Interval(Integral, 1, None, closed="left")],
    "gamma": [Interval(Real, 0, None, closed="neither")],
    "equilibrium_rate": [Interval(Real, 0, None, closed="left")],
    "average_decay": [Interval(Real, 0, 1, closed="left")],
    "code_weight": [Interval(Real, 0, None, closed="left")],
    "input_noise": [Interval(Real, 0, None, closed="left")],
    "scaling": [StrOptions({"quantile", "range"})],
    "learning_rate": [StrOptions({"constant", "cosine"})],
    "share_output": ["boolean"],
    **{
        name: JOINT[name]
        for name in (
            "hidden_layer_sizes",
            "activation",
            "categorical_features",
            "strategy",
            "coupling",
            "robust_norm",
            "irls_weight",
            "sigma",
            "sigma_factor",
            "pair_layers",
            "first_stage",
            "max_irls_iter",
            "inner_max_iter",
            "irls_tol",
            "solver",
            "momentum",
            "learning_rate_init",
            "batch_size",
            "max_iter",
            "random_state",
            "dtype",
            "device",
        )
    },
}
AUTOENCODER = {
    "n_components": [Interval(Integral, 1, None, closed="left")],
    "masked_fraction": [Interval(Real, 0, 1, closed="left")],
    "masks": ["array-like", None],
    "n_masked_copies": [Interval(Integral, 1, None, closed="left")],
}
JOINT_SUPERVISED = {"share_output": ["boolean", StrOptions({"auto"})]}


def without_chosen(constraints):
    """Without what a search chooses, and without going on from its last fit."""
    chosen = {"theta", "reg_step", "warm_start"}
    return {name: rule for name, rule in constraints.items() if name not in chosen}
