# SPDX-License-Identifier: BSD-3-Clause
"""The contract of scikit-learn."""

import pytest
from sklearn.neural_network import MLPRegressor
from sklearn.utils.estimator_checks import parametrize_with_checks

from skrln import RLNClassifier
from skrln.pruning import DistinctivenessPruner

from ._networks import TINY

NETWORK = {"hidden_layer_sizes": (4,), "max_iter": 40, "learning_rate_init": 0.05}
#: A pruned network of this package is not trained again: it would compile a second program.
PRUNERS = [
    DistinctivenessPruner(
        RLNClassifier(**TINY | NETWORK, penalty=None), ratio=0.25, retrain=False
    ),
    DistinctivenessPruner(
        MLPRegressor(**NETWORK | {"max_iter": 200}, random_state=0),
        criterion="activation",
        retrain=10,
    ),
]


# Some checks have labels that inputs tell nothing about, and the networks are short of epochs.
@pytest.mark.filterwarnings("ignore:No input reaches the output")
@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
@parametrize_with_checks(PRUNERS)
def test_checks_of_scikit_learn(estimator, check):
    check(estimator)
