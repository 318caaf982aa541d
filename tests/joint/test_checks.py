# SPDX-License-Identifier: BSD-3-Clause
"""The contract of scikit-learn; without `sample_domain` an estimator has one domain."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from skrln.joint import (
    JointAutoencoder,
    JointClassifier,
    JointGenerator,
    JointRegressor,
)

#: Linear networks, whose programs take the least time to compile. The checks of accuracy are
#: linear problems, too.
SINGLE = {"hidden_layer_sizes": (), "max_iter": 150, "learning_rate_init": 0.03}


# Some checks have labels that the inputs tell nothing about.
@pytest.mark.filterwarnings("ignore:No input reaches the output")
@parametrize_with_checks(
    [
        JointRegressor(**SINGLE),
        JointClassifier(**SINGLE),
        JointAutoencoder(2, hidden_layer_sizes=(), theta=-9.0, max_iter=20),
        JointGenerator(2, hidden_layer_sizes=(), solver="sgd", max_iter=2),
    ]
)
def test_checks_of_scikit_learn(estimator, check):
    check(estimator)


def test_tags():
    for estimator in (JointRegressor(), JointClassifier()):
        tags = estimator.__sklearn_tags__()
        assert tags.input_tags.sparse
        assert tags.input_tags.allow_nan
        assert tags.input_tags.categorical
    assert JointRegressor().__sklearn_tags__().target_tags.multi_output
    assert not JointClassifier().__sklearn_tags__().target_tags.multi_output
