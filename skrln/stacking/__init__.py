# SPDX-License-Identifier: BSD-3-Clause
"""Stacks of networks and other classifiers."""

from ._blending_classifier import BlendingClassifier

__all__ = ["BlendingClassifier"]
