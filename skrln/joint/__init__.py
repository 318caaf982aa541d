# SPDX-License-Identifier: BSD-3-Clause
"""Several related data sets: one network for each, and the method finds what they share."""

from ._autoencoder import JointAutoencoder
from ._classifier import JointClassifier
from ._generator import JointGenerator
from ._regressor import JointRegressor

__all__ = [
    "JointAutoencoder",
    "JointClassifier",
    "JointGenerator",
    "JointRegressor",
]
