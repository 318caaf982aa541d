# SPDX-License-Identifier: BSD-3-Clause
"""Data whose true structure is known, to see what a network finds of it."""

from ._domains import make_domains
from ._friedman import make_friedman1_noise

__all__ = ["make_domains", "make_friedman1_noise"]
