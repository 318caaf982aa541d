# SPDX-License-Identifier: BSD-3-Clause
"""What is left of a fit: the models of the chosen stages, and how they predict."""

from sklearn.base import is_classifier

from skrln._core._stages import encoded_inputs, predict_encoded

from ._boosting import read_some, response


class SeparateModels:
    """One fitted estimator for each stage."""

    def __init__(self, estimators):
        self.estimators = estimators

    def outputs(self, X):
        """Predictions of each stage, of classes their probabilities, in their order."""
        method = response(self.estimators[0])
        return [getattr(estimator, method)(X) for estimator in self.estimators]

    @property
    def classes(self):
        """Classes in the order of the columns of the outputs; None without."""
        first = self.estimators[0]
        return first.classes_ if is_classifier(first) else None


class NetworkModels(SeparateModels):
    """Networks of one fit, which share the encoding of their inputs."""

    def outputs(self, X):
        """Predictions of each stage; the rows are encoded once."""
        inputs = encoded_inputs(self.estimators[0], X)
        return [predict_encoded(network, inputs) for network in self.estimators]


class GrowingModel:
    """One ensemble, read at several of its iterations."""

    def __init__(self, estimator, stages):
        self.estimators, self.stages = [estimator], [int(stage) for stage in stages]

    def outputs(self, X):
        """Predictions of each stage, of classes their probabilities, in their order."""
        return read_some(self.estimators[0], X, self.stages)

    @property
    def classes(self):
        """Classes in the order of the columns of the outputs; None without."""
        first = self.estimators[0]
        return first.classes_ if is_classifier(first) else None
