# SPDX-License-Identifier: BSD-3-Clause
"""Factors of the weights of labels, by class."""

import numpy as np


def balanced(labels, sample_weight, n_classes):
    """Return a factor per class that gives all classes the same total weight."""
    total = np.bincount(labels, sample_weight, minlength=n_classes)
    is_present = total > 0  # classes without a row have no share
    share = np.where(is_present, total, 1) / total.sum() * is_present.sum()
    return np.where(is_present, 1 / share, 0)


def weights_by_class(weight_of, classes):
    """Return a factor per class from a dict; 1 for classes that it lacks, and for None."""
    if weight_of is None:
        return np.ones(len(classes))
    if not isinstance(weight_of, dict):
        raise ValueError(
            f"Got class_weight={weight_of!r}, but expected None, 'balanced', or a dict with a "
            "weight for each class."
        )
    named = [name for name in classes if name in weight_of]
    if len(named) < min(len(classes), len(weight_of)):
        raise ValueError(
            f"Got class_weight={weight_of!r}, but expected classes out of {classes} as "
            "its keys. Remove the other keys, or correct their spelling."
        )
    factor = np.array([weight_of.get(name, 1.0) for name in classes], float)
    if not np.all(np.isfinite(factor)) or np.any(factor < 0):
        raise ValueError(
            f"Got class_weight={weight_of!r}, but expected finite, non-negative weights. "
            "Pass 0 to ignore a class."
        )
    return factor
