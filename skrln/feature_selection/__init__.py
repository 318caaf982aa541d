# SPDX-License-Identifier: BSD-3-Clause
"""Selection of input columns."""

from ._genetic_selector import GeneticSelector

__all__ = ["GeneticSelector"]
