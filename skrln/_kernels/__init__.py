# SPDX-License-Identifier: BSD-3-Clause
"""Training kernels in JAX: arrays in, arrays out. Only this module is imported elsewhere.

Names and values without JAX are here from the start. Functions that need JAX are imported when
they are first used: write ``_kernels.fit_network(...)`` inside a function, not ``from
skrln._kernels import fit_network`` at the top of a module, which would import JAX with skrln.
"""

from typing import TYPE_CHECKING, Any

from ._compact import expand, expand_pieces
from ._config import NetworkSpec, PenaltySpec, RunSpec, StopReason, TrainSpec
from ._devices import deal_devices, default_platform, list_devices
from ._loading import load
from ._names import ACTIVATIONS, LOSSES, SCHEDULES, SOLVERS, WEIGHTINGS
from ._programs import cache_programs, clear_caches
from ._tables import DeviceTable
from ._types import (
    CompactRows,
    Data,
    Expansion,
    FitData,
    FitResult,
    History,
    Hyper,
    Layer,
    Moments,
    Pieces,
    Recorded,
    Schedule,
    SparseRows,
    Start,
    TableRows,
    Weights,
)
from .joint import ROBUST_NORMS, Anchors, JointPlan, JointResult

if TYPE_CHECKING:
    from ._batches import count_batches
    from ._optimizers import solver_options
    from ._run import Hooks, Snapshot, fit_network
    from ._schedules import tabulate_rate
    from .joint._adversarial import AdversarialHyper, AdversarialSpec
    from .joint._adversarial_run import AdversarialResult, fit_adversarial
    from .joint._rounds import pairwise_terms
    from .joint._run import fit_joint

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
    "CompactRows",
    "Data",
    "DeviceTable",
    "Expansion",
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
    "Pieces",
    "Recorded",
    "RunSpec",
    "Schedule",
    "Snapshot",
    "SparseRows",
    "Start",
    "StopReason",
    "TableRows",
    "TrainSpec",
    "Weights",
    "cache_programs",
    "clear_caches",
    "count_batches",
    "deal_devices",
    "default_platform",
    "expand",
    "expand_pieces",
    "fit_adversarial",
    "fit_joint",
    "fit_network",
    "list_devices",
    "pairwise_terms",
    "solver_options",
    "tabulate_rate",
]

#: Module of each name that needs JAX, as under TYPE_CHECKING.
_NEED_JAX = {
    "count_batches": "_batches",
    "solver_options": "_optimizers",
    "Hooks": "_run",
    "Snapshot": "_run",
    "fit_network": "_run",
    "tabulate_rate": "_schedules",
    "AdversarialHyper": "joint._adversarial",
    "AdversarialSpec": "joint._adversarial",
    "AdversarialResult": "joint._adversarial_run",
    "fit_adversarial": "joint._adversarial_run",
    "pairwise_terms": "joint._rounds",
    "fit_joint": "joint._run",
}


def __getattr__(name: str) -> Any:
    """Import the module of a name that needs JAX, once."""
    if name not in _NEED_JAX:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(load(f"{__name__}.{_NEED_JAX[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Names of all, imported or not."""
    return sorted({*globals(), *__all__})
