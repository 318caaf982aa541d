# SPDX-License-Identifier: BSD-3-Clause
"""Numbers and pictures to read a fitted network by."""

from skrln._core._importance import (
    garson_importance,
    importance_divergence,
    importance_entropy,
)

from ._angle_matrix_display import AngleMatrixDisplay
from ._cluster_tradeoff_display import ClusterTradeoffDisplay
from ._consistency_curve_display import ConsistencyCurveDisplay
from ._domain_network_display import DomainNetworkDisplay
from ._fitness_curve_display import FitnessCurveDisplay
from ._importance_display import ImportanceDisplay
from ._interval_plot_display import IntervalPlotDisplay
from ._loss_curve_display import LossCurveDisplay
from ._outgoing_weights_display import OutgoingWeightsDisplay
from ._pruning_history_display import PruningHistoryDisplay
from ._pruning_tradeoff_display import PruningTradeoffDisplay
from ._regularization_path_display import RegularizationPathDisplay
from ._task_validation_curve_display import TaskValidationCurveDisplay

__all__ = [
    "AngleMatrixDisplay",
    "ClusterTradeoffDisplay",
    "ConsistencyCurveDisplay",
    "DomainNetworkDisplay",
    "FitnessCurveDisplay",
    "ImportanceDisplay",
    "IntervalPlotDisplay",
    "LossCurveDisplay",
    "OutgoingWeightsDisplay",
    "PruningHistoryDisplay",
    "PruningTradeoffDisplay",
    "RegularizationPathDisplay",
    "TaskValidationCurveDisplay",
    "garson_importance",
    "importance_divergence",
    "importance_entropy",
]
