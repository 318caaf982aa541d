# SPDX-License-Identifier: BSD-3-Clause
"""Training kernels in JAX: arrays in, arrays out. This is their face."""

from ._adversarial import AdversarialHyper, AdversarialSpec
from ._adversarial_run import AdversarialResult, fit_adversarial
from ._config import NetworkSpec, PenaltySpec, StopReason, TrainSpec
from ._devices import default_platform, list_devices
from ._joint_plan import Anchors, JointPlan, JointResult
from ._joint_rounds import pairwise_terms
from ._joint_run import fit_joint
from ._losses import LOSSES
from ._network import ACTIVATIONS
from ._optimizers import SCHEDULES, SOLVERS
from ._programs import clear_caches
from ._robust import ROBUST_NORMS
from ._run import Snapshot, fit_network
from ._start import Start
from ._types import (
    Data,
    Embedding,
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

__all__ = [
    "ACTIVATIONS",
    "LOSSES",
    "ROBUST_NORMS",
    "SCHEDULES",
    "SOLVERS",
    "AdversarialHyper",
    "AdversarialResult",
    "AdversarialSpec",
    "Anchors",
    "Data",
    "Embedding",
    "FitResult",
    "History",
    "Hyper",
    "JointPlan",
    "JointResult",
    "Layer",
    "Moments",
    "NetworkSpec",
    "PenaltySpec",
    "Recorded",
    "Schedule",
    "Snapshot",
    "SparseRows",
    "Start",
    "StopReason",
    "TrainSpec",
    "Weights",
    "clear_caches",
    "default_platform",
    "fit_adversarial",
    "fit_joint",
    "fit_network",
    "list_devices",
    "pairwise_terms",
]
