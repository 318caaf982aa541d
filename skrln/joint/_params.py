# SPDX-License-Identifier: BSD-3-Clause
"""Admitted values of the parameters of the joint estimators."""

from numbers import Integral, Real

from skrln._table._sklearn import Interval, StrOptions
from skrln.networks._params import (
    AUTO,
    COMMON,
    COUNT,
    NOT_NEGATIVE,
    POSITIVE,
    SHARE,
    STRATEGIES,
    names,
)
from skrln.options import Coupling, Solver

from ._domains import UNKNOWN_DOMAINS
from ._rows import SCALINGS

COUPLING = {"coupling": [StrOptions(STRATEGIES), Coupling]}
#: Parameters with the same admitted values as those of a single network.
SHARED = (
    "hidden_layer_sizes",
    "activation",
    "penalty",
    "solver",
    "learning_rate",
    "learning_rate_init",
    "batch_size",
    "validation_fraction",
    "tol",
    "categorical_features",
    "input_clip",
    "random_state",
    "checkpoint",
    "dtype",
    "device",
)
JOINT = {
    **{name: COMMON[name] for name in SHARED},
    **COUPLING,
    "theta": [Interval(Real, None, None, closed="neither")],
    "dropout": [SHARE, "array-like"],
    "max_iter": [COUNT],
    "n_iter_no_change": [COUNT],
    # Not "sparsest": all domains keep the same epoch.
    "early_stopping": [AUTO, "boolean"],
    "share_output": ["boolean", AUTO],
    "unknown_domain": [StrOptions(set(UNKNOWN_DOMAINS))],
}
GENERATOR = {
    **COUPLING,
    "n_components": [COUNT],
    "hidden_layer_sizes": ["array-like", COUNT],
    "activation": [names("activation")],
    "gamma": [POSITIVE],
    "equilibrium_rate": [NOT_NEGATIVE],
    "average_decay": [SHARE],
    "code_weight": [NOT_NEGATIVE],
    "input_noise": [NOT_NEGATIVE],
    "scaling": [StrOptions(set(SCALINGS))],
    "categorical_features": COMMON["categorical_features"],
    "share_output": ["boolean"],
    "solver": [names("solver"), Solver],
    "learning_rate": [StrOptions({"constant", "cosine"})],
    "learning_rate_init": [POSITIVE],
    "batch_size": COMMON["batch_size"],
    "max_iter": [COUNT],
    "random_state": COMMON["random_state"],
    "checkpoint": COMMON["checkpoint"],
    "dtype": COMMON["dtype"],
    "device": COMMON["device"],
}
AUTOENCODER = {
    "n_components": [COUNT],
    "masked_fraction": [SHARE],
    "masks": ["array-like", None],
    "n_masked_copies": [Interval(Integral, 1, None, closed="left")],
}
