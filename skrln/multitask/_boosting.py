# SPDX-License-Identifier: BSD-3-Clause
"""Ensembles that grow: one fit can be read up to any of its iterations.

XGBoost, LightGBM and CatBoost are known by the arguments of their `predict`, so that none of
them is imported here.
"""

from inspect import signature

import numpy as np
from sklearn.base import is_classifier
from sklearn.multioutput import MultiOutputClassifier, MultiOutputRegressor

#: Arguments of `predict` that end at an iteration.
XGBOOST, LIGHTGBM, CATBOOST = "iteration_range", "num_iteration", "ntree_end"
SEVERAL = (MultiOutputClassifier, MultiOutputRegressor)


def response(estimator):
    """Name of the method whose columns are scored."""
    return "predict_proba" if is_classifier(estimator) else "predict"


def library_of(estimator):
    """Which of the three libraries' arguments `predict` has, or None."""
    known = signature(estimator.predict).parameters
    return next((a for a in (XGBOOST, LIGHTGBM, CATBOOST) if a in known), None)


def can_be_read(estimator):
    """Whether a fitted `estimator` predicts as after any iteration."""
    if isinstance(estimator, SEVERAL):
        return can_be_read(estimator.estimator)
    if not hasattr(estimator, "predict"):
        return False
    if library_of(estimator):
        return True
    return hasattr(estimator, f"staged_{response(estimator)}")


def check_readable(estimator):
    """Refuse settings in which an iteration is not what the model was after it."""
    if isinstance(estimator, SEVERAL):
        check_readable(estimator.estimator)
        return
    params = estimator.get_params()
    for name in ("booster", "boosting_type"):
        if params.get(name) in ("dart", "gblinear"):
            raise ValueError(
                f"Got {type(estimator).__name__} with {name}={params[name]!r}, which "
                "changes what earlier iterations have fitted, so that there are no stages "
                f"to read. Leave {name} at its default."
            )
    rounds = params.get("early_stopping_rounds")
    if rounds is not None:
        raise ValueError(
            f"Got {type(estimator).__name__} with early_stopping_rounds={rounds}, but all "
            "iterations are needed to find the best of each task. Pass None."
        )


def count_iterations(estimator):
    """Iterations of a fitted ensemble of one of the three libraries."""
    return {
        XGBOOST: lambda: estimator.get_booster().num_boosted_rounds(),
        LIGHTGBM: lambda: estimator.booster_.current_iteration(),
        CATBOOST: lambda: estimator.tree_count_,
    }[library_of(estimator)]()


def read_all(estimator, X):
    """Yield the predictions after every iteration."""
    if isinstance(estimator, SEVERAL):
        yield from _hold([read_all(one, X) for one in estimator.estimators_], estimator)
        return
    library = library_of(estimator)
    if library == XGBOOST:
        yield from _add_up(estimator, X)
    elif library == LIGHTGBM:
        for stage in range(count_iterations(estimator)):
            yield _predict_until(estimator, X, stage)
    else:
        yield from getattr(estimator, f"staged_{response(estimator)}")(X)


def read_some(estimator, X, stages):
    """Predictions after the iterations given, ascending.

    An ensemble that ended earlier, one of several for instance, stays at its end.
    """
    if isinstance(estimator, SEVERAL):
        found = [read_some(one, X, stages) for one in estimator.estimators_]
        return [_together(list(parts), estimator) for parts in zip(*found, strict=True)]
    if library_of(estimator):
        last = count_iterations(estimator) - 1
        return [_predict_until(estimator, X, min(stage, last)) for stage in stages]
    found, output = {}, None
    for stage, output in enumerate(read_all(estimator, X)):
        if stage in stages:
            found[stage] = output
        if stage == max(stages):
            break
    return [found.get(stage, output) for stage in stages]


def _predict_until(estimator, X, stage):
    """Predictions of the iterations up to and with `stage`."""
    end, library = stage + 1, library_of(estimator)
    value = (0, end) if library == XGBOOST else end
    return getattr(estimator, response(estimator))(X, **{library: value})


def _add_up(estimator, X):
    """Predictions of XGBoost, each iteration on top of the margin of those before.

    Every tree is read once, not once for each iteration that comes after it.
    """
    margin = None
    for stage in range(count_iterations(estimator)):
        part = {"iteration_range": (stage, stage + 1), "base_margin": margin}
        yield getattr(estimator, response(estimator))(X, **part)
        margin = estimator.predict(X, output_margin=True, **part)


def _hold(generators, estimator):
    """Go through several at once; those that end stay at their last."""
    last, going = [None] * len(generators), True
    while going:
        going = False
        for k, generator in enumerate(generators):
            for output in generator:
                last[k], going = output, True
                break
        if going:
            yield _together(list(last), estimator)


def _together(parts, estimator):
    """Predictions of several outputs as the wrapper returns them."""
    return parts if is_classifier(estimator) else np.column_stack(parts)
