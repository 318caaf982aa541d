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
# Most of the time is compilation, because the checks have tables of many shapes: all networks
# have the same layers and batches, and share programs.
FAST = READABLE | {"hidden_layer_sizes": (16,), "learning_rate_init": 0.03}
SINGLE = [RLNRegressor(**FAST), RLNClassifier(**FAST)]
SETTINGS = {"n_estimators": 2, "max_iter": 40, "random_state": 0}
# Ensembles of one kind, which keep their inputs: one program for each shape. Folds and masks
# of dropout are drawn by rows, so that a row of weight two is not the same as two rows. The
# tables of check_sample_weight_equivalence have too few rows for folds.
PLAIN = SETTINGS | {"numeric_embedding": None, "input_selection": False, "dropout": 0.0}
ENSEMBLES = [RLNRegressor((16,), **PLAIN), RLNClassifier((16,), **PLAIN)]
# Ensembles of two kinds, which are trained again on few inputs: up to four programs. The
# regressor has all checks; the classifier those about numbers, columns and copies.
KINDS = [RLNRegressor((16,), **SETTINGS), RLNClassifier((16,), **SETTINGS)]

#: Checks that look at numbers and their types; the others look at arguments.
ABOUT_NUMBERS = {
    "check_classifiers_train",
    "check_estimators_dtypes",
    "check_estimators_nan_inf",
    "check_fit_idempotent",
    "check_methods_sample_order_invariance",
    "check_regressors_train",
}
OF_KINDS = ABOUT_NUMBERS | {
    "check_dtype_object",
    "check_estimators_pickle",
    "check_n_features_in_after_fitting",
}
# check_methods_subset_invariance, check_sample_weight_equivalence_on_dense_data and
# _on_sparse_data compare to 1e-7 of each number, less than the rounding error of a single one,
# and so are no checks of float32: test_predictions_of_rows_alone and test_weights.py make the
# same comparisons to the precision there is.


# Some checks have labels that no input predicts. The tests of scikit-learn let this kind of
# warning pass in all checks.
@pytest.mark.filterwarnings("ignore:No input reaches the output")
@parametrize_with_checks(SINGLE)
def test_checks_of_scikit_learn(estimator, check):
    check(estimator)


# As above: labels that no input predicts.
@pytest.mark.filterwarnings("ignore:No input reaches the output")
@parametrize_with_checks(ENSEMBLES)
def test_checks_of_ensembles(estimator, check):
    check(estimator)


def checks_about_numbers():
    settings = FAST | {"theta": -8.0}
    for dtype, names in [
        ("float32", ABOUT_NUMBERS),
        ("float64", {"check_estimators_dtypes", "check_fit_idempotent"}),
    ]:
        for kind in (RLNRegressor, RLNClassifier):
            model = kind(dtype=dtype, **settings)
            for estimator, check in estimator_checks_generator(model):
                name = check.func.__name__
                if name in names:
                    label = f"{type(estimator).__name__}-{dtype}-{name}"
                    yield pytest.param(estimator, check, id=label)


@pytest.mark.parametrize(("estimator", "check"), list(checks_about_numbers()))
def test_checks_in_both_precisions(estimator, check):
    check(estimator)


def checks_of_kinds():
    for model in KINDS:
        for estimator, check in estimator_checks_generator(model):
            name = check.func.__name__
            if name in OF_KINDS or isinstance(model, RLNRegressor):
                label = f"{type(estimator).__name__}-{name}"
                marks = ()
                if name == "check_sample_weight_equivalence_on_dense_data":
                    marks = pytest.mark.xfail(reason="Folds are drawn by rows.")
                yield pytest.param(estimator, check, id=label, marks=marks)


# In some checks no input predicts the labels, and an ensemble then drops all inputs.
@pytest.mark.filterwarnings("ignore:No input reaches the output")
@pytest.mark.filterwarnings("ignore:Input selection dropped every column")
@pytest.mark.parametrize(("estimator", "check"), list(checks_of_kinds()))
def test_checks_of_ensembles_of_two_kinds(estimator, check):
    check(estimator)


@pytest.mark.parametrize("estimator", SINGLE + ENSEMBLES + KINDS)
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
