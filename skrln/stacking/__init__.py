# SPDX-License-Identifier: BSD-3-Clause
"""Networks and other classifiers that predict together."""

from ._blending_classifier import BlendingClassifier

__all__ = ["BlendingClassifier"]
