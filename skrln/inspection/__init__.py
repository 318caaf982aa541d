# SPDX-License-Identifier: BSD-3-Clause
"""Importance functions and displays for fitted networks and model comparisons."""

from skrln._network._importance import (
    garson_importance,
    importance_divergence,
    importance_entropy,
    selection_stability,
)

from ._angle_matrix_display import AngleMatrixDisplay
from ._cluster_tradeoff_display import ClusterTradeoffDisplay
from ._consistency_curve_display import ConsistencyCurveDisplay
from ._domain_network_display import DomainNetworkDisplay
from ._ensemble_gain_display import EnsembleGainDisplay
from ._feature_relevance_display import FeatureRelevanceDisplay
from ._fitness_curve_display import FitnessCurveDisplay
from ._importance_display import ImportanceDisplay
from ._importance_divergence_display import ImportanceDivergenceDisplay
from ._interval_plot_display import IntervalPlotDisplay
from ._loss_curve_display import LossCurveDisplay
from ._outgoing_weights_display import OutgoingWeightsDisplay
from ._pruning_history_display import PruningHistoryDisplay
from ._pruning_tradeoff_display import PruningTradeoffDisplay
from ._regularization_path_display import RegularizationPathDisplay
from ._score_comparison_display import ScoreComparisonDisplay
from ._selection_display import SelectionDisplay
from ._task_validation_curve_display import TaskValidationCurveDisplay
from ._weight_distribution_display import WeightDistributionDisplay

__all__ = [
    "AngleMatrixDisplay",
    "ClusterTradeoffDisplay",
    "ConsistencyCurveDisplay",
    "DomainNetworkDisplay",
    "EnsembleGainDisplay",
    "FeatureRelevanceDisplay",
    "FitnessCurveDisplay",
    "ImportanceDisplay",
    "ImportanceDivergenceDisplay",
    "IntervalPlotDisplay",
    "LossCurveDisplay",
    "OutgoingWeightsDisplay",
    "PruningHistoryDisplay",
    "PruningTradeoffDisplay",
    "RegularizationPathDisplay",
    "ScoreComparisonDisplay",
    "SelectionDisplay",
    "TaskValidationCurveDisplay",
    "WeightDistributionDisplay",
    "garson_importance",
    "importance_divergence",
    "importance_entropy",
    "selection_stability",
]
