# SPDX-License-Identifier: BSD-3-Clause
"""Models of the chosen stages, which a fit keeps for prediction.

All classes have the same members: `estimators`, `outputs` and `classes`.
"""

from sklearn.base import is_classifier

from skrln._network._fitted import dense_inputs
from skrln._table._columns import check_columns

from ._boosting import read_some, response


class SeparateModels:
    """A fitted estimator for each stage."""

    def __init__(self, estimators):
        self.estimators = estimators

    def outputs(self, X):
        """Predictions of each stage in order; for a classifier, probabilities."""
        method = response(self.estimators[0])
        return [getattr(estimator, method)(X) for estimator in self.estimators]

    @property
    def classes(self):
        """Classes in the order of the output columns; None for a regressor."""
        first = self.estimators[0]
        return first.classes_ if is_classifier(first) else None


class NetworkModels(SeparateModels):
    """Networks of one fit, which share one encoder of the inputs."""

    def outputs(self, X):
        """Predictions of each stage; the rows are encoded once."""
        members = [estimator._fitted.members[0] for estimator in self.estimators]
        first = members[0]
        X = check_columns(X, self.estimators[0]._fitted.columns)
        inputs = dense_inputs(first.network, first.encoder.transform(X))
        return [member.target.predictions(member.means(inputs)) for member in members]


class GrowingModel:
    """A single ensemble that predicts as after several of its iterations."""

    def __init__(self, estimator, stages):
        self.estimators, self.stages = [estimator], [int(stage) for stage in stages]

    def outputs(self, X):
        """Predictions of each stage in order; for a classifier, probabilities."""
        return read_some(self.estimators[0], X, self.stages)

    @property
    def classes(self):
        """Classes in the order of the output columns; None for a regressor."""
        first = self.estimators[0]
        return first.classes_ if is_classifier(first) else None
