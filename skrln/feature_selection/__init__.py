# SPDX-License-Identifier: BSD-3-Clause
"""Choosing among the input columns."""

from ._genetic_selector import GeneticSelector

__all__ = ["GeneticSelector"]
