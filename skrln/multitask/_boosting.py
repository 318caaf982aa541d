# SPDX-License-Identifier: BSD-3-Clause
"""Ensembles that predict as after any iteration of one fit.

XGBoost, LightGBM and CatBoost are recognised by an argument of their `predict`, so this
module imports none of them.
"""

from inspect import signature
from itertools import zip_longest

import numpy as np
from sklearn.base import is_classifier
from sklearn.multioutput import MultiOutputClassifier, MultiOutputRegressor

#: Argument of `predict` that stops the prediction at an iteration, one for each library.
XGBOOST, LIGHTGBM, CATBOOST = "iteration_range", "num_iteration", "ntree_end"
#: Wrappers that fit one ensemble for each output.
MULTI_OUTPUT = (MultiOutputClassifier, MultiOutputRegressor)


def response(estimator):
    """Name of the method whose output is scored."""
    return "predict_proba" if is_classifier(estimator) else "predict"


def library_of(estimator):
    """Return XGBOOST, LIGHTGBM, CATBOOST, or None for any other estimator."""
    arguments = signature(estimator.predict).parameters
    libraries = (XGBOOST, LIGHTGBM, CATBOOST)
    return next((library for library in libraries if library in arguments), None)


def can_be_read(estimator):
    """Return True if `estimator`, once fitted, predicts as after any iteration."""
    if isinstance(estimator, MULTI_OUTPUT):
        return can_be_read(estimator.estimator)
    if not hasattr(estimator, "predict"):
        return False
    if library_of(estimator):
        return True
    return hasattr(estimator, f"staged_{response(estimator)}")


def check_readable(estimator):
    """Refuse settings that change earlier iterations, or that stop the fit early."""
    if isinstance(estimator, MULTI_OUTPUT):
        check_readable(estimator.estimator)
        return
    params = estimator.get_params()
    # XGBoost calls the parameter "booster", LightGBM "boosting_type". DART rescales earlier
    # trees; a linear booster overwrites one set of coefficients.
    for name in ("booster", "boosting_type"):
        if params.get(name) in ("dart", "gblinear"):
            raise ValueError(
                f"Got {type(estimator).__name__} with {name}={params[name]!r}, but then "
                "later iterations change earlier ones, and the final model has no stages "
                f"to read. Leave {name} at its default."
            )
    rounds = params.get("early_stopping_rounds")
    if rounds is not None:
        raise ValueError(
            f"Got {type(estimator).__name__} with early_stopping_rounds={rounds}, but the "
            "best stage of each task is chosen among all iterations. Pass "
            "early_stopping_rounds=None."
        )


def count_iterations(estimator):
    """Count the iterations of a fitted ensemble of one of the three libraries."""
    library = library_of(estimator)
    if library == XGBOOST:
        return estimator.get_booster().num_boosted_rounds()
    if library == LIGHTGBM:
        return estimator.booster_.current_iteration()
    return estimator.tree_count_


def read_all(estimator, X):
    """Yield the predictions after every iteration."""
    if isinstance(estimator, MULTI_OUTPUT):
        outputs = [read_all(member, X) for member in estimator.estimators_]
        yield from _advance_together(outputs, estimator)
        return
    library = library_of(estimator)
    if library == XGBOOST:
        yield from _accumulate_margins(estimator, X)
    elif library == LIGHTGBM:
        for stage in range(count_iterations(estimator)):
            yield _predict_until(estimator, X, stage)
    else:  # CatBoost and scikit-learn
        yield from getattr(estimator, f"staged_{response(estimator)}")(X)


def read_some(estimator, X, stages):
    """Predictions after each of the given stages, which are ascending.

    A stage after the last iteration gives the final prediction: the ensembles of a
    multi-output wrapper may end at different iterations.
    """
    if isinstance(estimator, MULTI_OUTPUT):
        by_output = [read_some(member, X, stages) for member in estimator.estimators_]
        by_stage = zip(*by_output, strict=True)
        return [_stack_outputs(list(outputs), estimator) for outputs in by_stage]
    if library_of(estimator):
        last = count_iterations(estimator) - 1
        return [_predict_until(estimator, X, min(stage, last)) for stage in stages]
    predictions, output = {}, None
    for stage, output in enumerate(read_all(estimator, X)):
        if stage in stages:
            predictions[stage] = output
        if stage == max(stages):
            break
    return [predictions.get(stage, output) for stage in stages]


def _predict_until(estimator, X, stage):
    """Predictions of the iterations 0 to `stage`, inclusive."""
    end, library = stage + 1, library_of(estimator)
    value = (0, end) if library == XGBOOST else end
    return getattr(estimator, response(estimator))(X, **{library: value})


def _accumulate_margins(estimator, X):
    """Yield the predictions of XGBoost after every iteration.

    Each iteration starts from the margin of the earlier ones, so every tree is evaluated
    twice in all, not once for each later iteration.
    """
    margin = None
    for stage in range(count_iterations(estimator)):
        part = {"iteration_range": (stage, stage + 1), "base_margin": margin}
        yield getattr(estimator, response(estimator))(X, **part)
        margin = estimator.predict(X, output_margin=True, **part)


def _advance_together(generators, estimator):
    """Yield the outputs of all generators; an exhausted one repeats its last output."""
    latest = [None] * len(generators)
    for outputs in zip_longest(*generators):
        pairs = zip(latest, outputs, strict=True)
        latest = [old if new is None else new for old, new in pairs]
        yield _stack_outputs(latest, estimator)


def _stack_outputs(outputs, estimator):
    """Predictions of all outputs in the form that the wrapper returns."""
    return outputs if is_classifier(estimator) else np.column_stack(outputs)
