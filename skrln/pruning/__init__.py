# SPDX-License-Identifier: BSD-3-Clause
"""Removal of hidden units that duplicate or cancel each other."""

from ._pruner import DistinctivenessPruner

__all__ = ["DistinctivenessPruner"]
