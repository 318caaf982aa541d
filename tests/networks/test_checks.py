# SPDX-License-Identifier: BSD-3-Clause
"""The contract of scikit-learn."""

import pytest
from sklearn.utils.estimator_checks import (
    estimator_checks_generator,
    parametrize_with_checks,
)

from skrln import RLNClassifier, RLNRegressor

from ._tables import classifier, regressor

# On the tables of the checks "auto" is double precision: these are all checks in it.
DEFAULTS = [RLNRegressor(), RLNClassifier()]

#: Checks that look at numbers and their types; the others look at arguments.
ABOUT_NUMBERS = {
    "check_classifiers_train",
    "check_estimators_dtypes",
    "check_estimators_nan_inf",
    "check_fit_idempotent",
    "check_methods_sample_order_invariance",
    "check_methods_subset_invariance",
    "check_regressors_train",
}
# check_sample_weight_equivalence_on_dense_data and _on_sparse_data compare to 1e-7 of each
# number, less than the rounding error of a single one, and so are no checks of float32:
# test_weights.py makes the same comparison to the precision there is.


# Some checks have labels that the inputs tell nothing about. The tests of scikit-learn let
# this kind of warning pass in all checks.
@pytest.mark.filterwarnings("ignore:No input reaches the output")
@parametrize_with_checks(DEFAULTS)
def test_checks_of_scikit_learn(estimator, check):
    check(estimator)


def checks_about_numbers():
    settings = {"theta": -8.0, "learning_rate_init": 0.03, "max_iter": 100}
    for dtype, names in [
        ("float32", ABOUT_NUMBERS),
        ("float64", {"check_estimators_dtypes", "check_fit_idempotent"}),
    ]:
        for make in (regressor, classifier):
            model = make(dtype=dtype, **settings)
            for estimator, check in estimator_checks_generator(model):
                name = check.func.__name__
                if name in names:
                    label = f"{type(estimator).__name__}-{dtype}-{name}"
                    yield pytest.param(estimator, check, id=label)


@pytest.mark.parametrize(("estimator", "check"), list(checks_about_numbers()))
def test_checks_in_both_precisions(estimator, check):
    check(estimator)


@pytest.mark.parametrize("estimator", DEFAULTS)
def test_tags(estimator):
    tags = estimator.__sklearn_tags__()
    assert tags.input_tags.sparse
    assert tags.input_tags.allow_nan
    assert tags.input_tags.categorical
    assert tags.target_tags.multi_output
    assert tags.target_tags.required
    assert not tags.non_deterministic
    assert not tags.no_validation
    if isinstance(estimator, RLNClassifier):
        assert tags.classifier_tags.multi_label
        assert tags.classifier_tags.multi_class
