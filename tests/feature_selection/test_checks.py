# SPDX-License-Identifier: BSD-3-Clause
"""The contract of scikit-learn."""

from sklearn.linear_model import RidgeClassifier
from sklearn.utils.estimator_checks import parametrize_with_checks

from skrln.feature_selection import GeneticSelector

FEW = {"population_size": 3, "n_generations": 1, "random_state": 0}
SELECTORS = [
    GeneticSelector(fitness="mrmr", **FEW),
    GeneticSelector(fitness="distance_cut", **FEW),
    GeneticSelector(RidgeClassifier(), cv=2, **FEW),
]


@parametrize_with_checks(SELECTORS)
def test_checks_of_scikit_learn(estimator, check):
    check(estimator)
