# SPDX-License-Identifier: BSD-3-Clause
"""XGBoost beside networks in a blend: the converters are those of onnxmltools."""

import json
import sys
from copy import deepcopy
from importlib.util import find_spec

from sklearn.base import is_classifier

from ._imports import load
from ._trees import parse_tree

CLASSIFIERS = ("XGBClassifier", "XGBRFClassifier")
REGRESSORS = ("XGBRegressor", "XGBRFRegressor")
#: Objectives whose graphs were compared with the predictions; of others onnxmltools forgets the
#: last function.
OBJECTIVES = {
    True: ("binary:logistic", "multi:softprob"),
    False: (
        "count:poisson",
        "reg:absoluteerror",
        "reg:gamma",
        "reg:squarederror",
        "reg:tweedie",
    ),
}


def xgboost_models():
    """Return the estimators of XGBoost; none if nobody has imported it, as a model would."""
    module = sys.modules.get("xgboost")
    names = (*CLASSIFIERS, *REGRESSORS) if module is not None else ()
    return tuple(getattr(module, name) for name in names)


def register_xgboost(options):
    """Register the converters of XGBoost, unless the user has, or lacks onnxmltools.

    Parameters
    ----------
    options : dict
        Options of a classifier.
    """
    models = xgboost_models()
    if not models or find_spec("onnxmltools") is None:
        return
    known = load("skl2onnx._supported_operators").sklearn_operator_name_map
    shapes = load("skl2onnx.common.shape_calculator")
    update = load("skl2onnx").update_registered_converter
    for model in models:
        if model in known:
            continue
        calculate, own = shapes.calculate_linear_regressor_output_shapes, None
        if model.__name__ in CLASSIFIERS:
            calculate = shapes.calculate_linear_classifier_output_shapes
            own = options | {"nocl": [True, False]}
        update(model, model.__name__, calculate, convert_xgboost, options=own)


def parse_xgboost(scope, model, inputs, custom_parsers=None):
    """Declare the outputs of a model, or refuse it."""
    known = OBJECTIVES[is_classifier(model)]
    if reason := _refusal(model.get_booster(), known):
        raise NotImplementedError(f"Got {type(model).__name__} with {reason}")
    return parse_tree(scope, model, inputs, custom_parsers)


def _refusal(booster, objectives):
    """Return what onnxmltools cannot express, or expresses wrongly; None without any."""
    learner = json.loads(booster.save_config())["learner"]
    kind, objective = learner["gradient_booster"]["name"], learner["objective"]["name"]
    if "c" in (booster.feature_types or ()):
        return (
            "categorical columns, for which onnxmltools has no operator. Encode them in a "
            "pipeline, such as by a OneHotEncoder."
        )
    if kind != "gbtree":
        return f"booster={kind!r}, but expected 'gbtree'. Use skops or pickle."
    if objective not in objectives:
        expected = ", ".join(objectives)
        return f"objective={objective!r}, but expected one of {expected}. Use skops or pickle."
    return None


def convert_xgboost(scope, operator, container):
    """Add the graph of a model; onnxmltools refuses names of columns."""
    module = load("onnxmltools.convert.xgboost.operator_converters.XGBoost")
    model = operator.raw_operator
    operator.raw_operator = deepcopy(model)
    operator.raw_operator.get_booster().feature_names = None
    module.convert_xgboost(scope, operator, container)
    operator.raw_operator = model
