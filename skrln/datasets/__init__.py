# SPDX-License-Identifier: BSD-3-Clause
"""Data whose true structure is known, to see what a network finds of it."""

from ._friedman import make_friedman1_noise

__all__ = ["make_friedman1_noise"]
