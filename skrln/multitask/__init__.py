# SPDX-License-Identifier: BSD-3-Clause
"""Early stopping of every task of a model at its own best stage."""

from ._curves import quasi_optimal_intervals, temporal_discrepancy
from ._early_stopping import PerTaskEarlyStopping
from ._oracle import OracleReport, oracle_recall

__all__ = [
    "OracleReport",
    "PerTaskEarlyStopping",
    "oracle_recall",
    "quasi_optimal_intervals",
    "temporal_discrepancy",
]
