# SPDX-License-Identifier: BSD-3-Clause
"""The contract of scikit-learn."""

from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import parametrize_with_checks

from skrln.feature_selection import GeneticSelector

FEW = {"population_size": 4, "n_generations": 2, "random_state": 0}
SELECTORS = [
    GeneticSelector(fitness="mrmr", **FEW),
    GeneticSelector(fitness="distance_cut", **FEW),
    GeneticSelector(LogisticRegression(), cv=2, **FEW),
]


@parametrize_with_checks(SELECTORS)
def test_checks_of_scikit_learn(estimator, check):
    check(estimator)
