# SPDX-License-Identifier: BSD-3-Clause
"""Generators of data with known structure, to check how well a network recovers it."""

from ._domains import make_domains
from ._friedman import make_friedman1_noise

__all__ = ["make_domains", "make_friedman1_noise"]
