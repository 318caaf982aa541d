# SPDX-License-Identifier: BSD-3-Clause
"""Neural networks for tables, as scikit-learn estimators."""

from . import options, presets
from ._kernels import cache_programs, clear_caches
from ._show_versions import show_versions
from .feature_selection import ErrorRateSelector, GeneticSelector
from .joint import (
    JointAutoencoder,
    JointClassifier,
    JointGenerator,
    JointRegressor,
)
from .multitask import PerTaskEarlyStopping
from .networks import (
    RLNClassifier,
    RLNClassifierCV,
    RLNMultiTask,
    RLNRegressor,
    RLNRegressorCV,
)
from .networks._masked_scorer import make_masked_scorer
from .pruning import DistinctivenessPruner
from .stacking import BlendingClassifier, BlendingRegressor

__version__ = "0.1.0.dev0"

__all__ = [
    "BlendingClassifier",
    "BlendingRegressor",
    "DistinctivenessPruner",
    "ErrorRateSelector",
    "GeneticSelector",
    "JointAutoencoder",
    "JointClassifier",
    "JointGenerator",
    "JointRegressor",
    "PerTaskEarlyStopping",
    "RLNClassifier",
    "RLNClassifierCV",
    "RLNMultiTask",
    "RLNRegressor",
    "RLNRegressorCV",
    "__version__",
    "cache_programs",
    "clear_caches",
    "make_masked_scorer",
    "options",
    "presets",
    "show_versions",
]
