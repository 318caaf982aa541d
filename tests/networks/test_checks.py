# SPDX-License-Identifier: BSD-3-Clause
"""The contract of scikit-learn."""

import numpy as np
import pytest
from sklearn.utils.estimator_checks import (
    estimator_checks_generator,
    parametrize_with_checks,
)

from skrln import RLNClassifier, RLNRegressor
from skrln.presets import READABLE

from ._tables import classifier, make_table, regressor

# On the tables of the checks "auto" is double precision: these are all checks in it.
# Small and fast, because most of the time is compilation: the checks have many shapes.
FAST = READABLE | {"hidden_layer_sizes": (16,), "learning_rate_init": 0.03}
SINGLE = [RLNRegressor(**FAST), RLNClassifier(**FAST)]
SETTINGS = {"n_estimators": 2, "max_iter": 40, "random_state": 0}
# Two kinds of networks are twice the time: classifiers have them in checks about numbers.
KINDS = RLNClassifier((32,), **SETTINGS)
ENSEMBLES = [
    RLNRegressor((32,), **SETTINGS),
    RLNClassifier((32,), numeric_embedding=None, **SETTINGS),
]

#: Checks that look at numbers and their types; the others look at arguments.
ABOUT_NUMBERS = {
    "check_classifiers_train",
    "check_estimators_dtypes",
    "check_estimators_nan_inf",
    "check_fit_idempotent",
    "check_methods_sample_order_invariance",
    "check_regressors_train",
}
# check_methods_subset_invariance, check_sample_weight_equivalence_on_dense_data and
# _on_sparse_data compare to 1e-7 of each number, less than the rounding error of a single one,
# and so are no checks of float32: test_predictions_of_rows_alone and test_weights.py make the
# same comparisons to the precision there is.


# Some checks have labels that the inputs tell nothing about. The tests of scikit-learn let
# this kind of warning pass in all checks.
@pytest.mark.filterwarnings("ignore:No input reaches the output")
@parametrize_with_checks(SINGLE)
def test_checks_of_scikit_learn(estimator, check):
    check(estimator)


# The members of an ensemble hold out rows drawn by their number: a row of weight two is in one
# fold, the same row twice may be in two. Single networks pass both checks above.
REASON = "Folds are drawn by rows."
DENSE, SPARSE = (
    f"check_sample_weight_equivalence_on_{kind}_data" for kind in ("dense", "sparse")
)


def splits_by_rows(estimator):
    """Checks that an ensemble cannot pass; of sparse numbers the check sees too few."""
    if isinstance(estimator, RLNClassifier):
        return {DENSE: REASON, SPARSE: REASON}
    return {DENSE: REASON}


# In some checks no input tells anything about the labels, and an ensemble then drops them all.
@pytest.mark.filterwarnings("ignore:No input reaches the output")
@pytest.mark.filterwarnings("ignore:No input is left")
@parametrize_with_checks(ENSEMBLES, expected_failed_checks=splits_by_rows)
def test_checks_of_ensembles(estimator, check):
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


def checks_of_kinds():
    for estimator, check in estimator_checks_generator(KINDS):
        name = check.func.__name__
        if name in ABOUT_NUMBERS | {"check_dtype_object"}:
            yield pytest.param(estimator, check, id=name)


# As above: labels that no input tells anything about.
@pytest.mark.filterwarnings("ignore:No input is left")
@pytest.mark.parametrize(("estimator", "check"), list(checks_of_kinds()))
def test_checks_of_classifiers_of_two_kinds(estimator, check):
    check(estimator)


@pytest.mark.parametrize("estimator", SINGLE + ENSEMBLES)
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


@pytest.mark.parametrize("make", [regressor, classifier])
def test_predictions_of_rows_alone(make):
    """check_methods_subset_invariance, to single precision."""
    X, y = make_table(20)
    model = make(dtype="float32").fit(X, y > 0 if make is classifier else y)
    alone = np.concatenate([model.predict(X[[i]]) for i in range(20)])
    np.testing.assert_allclose(alone, model.predict(X), rtol=1e-5, atol=1e-6)
