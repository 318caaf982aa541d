# SPDX-License-Identifier: BSD-3-Clause
"""Selection of input columns."""

from ._error_rate_selector import ErrorRateSelector
from ._genetic_selector import GeneticSelector

__all__ = ["ErrorRateSelector", "GeneticSelector"]
