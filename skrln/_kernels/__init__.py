# SPDX-License-Identifier: BSD-3-Clause
"""Training kernels in JAX: arrays in, arrays out. Only this module is imported elsewhere."""

from ._batches import count_batches
from ._config import NetworkSpec, PenaltySpec, RunSpec, StopReason, TrainSpec
from ._devices import default_platform, list_devices
from ._losses import LOSSES
from ._network import ACTIVATIONS
from ._optimizers import SOLVERS, solver_options
from ._programs import clear_caches
from ._run import Hooks, Snapshot, fit_network
from ._saved import Slot
from ._schedules import SCHEDULES, tabulate_rate
from ._start import Start
from ._task_weights import WEIGHTINGS
from ._types import (
    Data,
    FitData,
    FitResult,
    History,
    Hyper,
    Layer,
    Moments,
    Recorded,
    Schedule,
    SparseRows,
    Weights,
)
from .joint import (
    ROBUST_NORMS,
    AdversarialHyper,
    AdversarialResult,
    AdversarialSpec,
    Anchors,
    JointPlan,
    JointResult,
    fit_adversarial,
    fit_joint,
    pairwise_terms,
)

__all__ = [
    "ACTIVATIONS",
    "LOSSES",
    "ROBUST_NORMS",
    "SCHEDULES",
    "SOLVERS",
    "WEIGHTINGS",
    "AdversarialHyper",
    "AdversarialResult",
    "AdversarialSpec",
    "Anchors",
    "Data",
    "FitData",
    "FitResult",
    "History",
    "Hooks",
    "Hyper",
    "JointPlan",
    "JointResult",
    "Layer",
    "Moments",
    "NetworkSpec",
    "PenaltySpec",
    "Recorded",
    "RunSpec",
    "Schedule",
    "Slot",
    "Snapshot",
    "SparseRows",
    "Start",
    "StopReason",
    "TrainSpec",
    "Weights",
    "clear_caches",
    "count_batches",
    "default_platform",
    "fit_adversarial",
    "fit_joint",
    "fit_network",
    "list_devices",
    "pairwise_terms",
    "solver_options",
    "tabulate_rate",
]
