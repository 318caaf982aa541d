# SPDX-License-Identifier: BSD-3-Clause
"""XGBoost beside networks in a blend: the converters are those of onnxmltools."""

import sys
from copy import deepcopy
from importlib.util import find_spec

from ._imports import load
from ._trees import parse_tree

CLASSIFIERS = ("XGBClassifier", "XGBRFClassifier")
REGRESSORS = ("XGBRegressor", "XGBRFRegressor")


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
    """Declare the outputs of a model, which has no graph with categories of its own."""
    if "c" in (model.get_booster().feature_types or ()):
        raise NotImplementedError(
            f"Got {type(model).__name__} with categorical columns, for which onnxmltools has "
            "no operator. Encode them in a pipeline, such as by a OneHotEncoder."
        )
    return parse_tree(scope, model, inputs, custom_parsers)


def convert_xgboost(scope, operator, container):
    """Add the graph of a model; onnxmltools refuses names of columns."""
    module = load("onnxmltools.convert.xgboost.operator_converters.XGBoost")
    model = operator.raw_operator
    operator.raw_operator = deepcopy(model)
    operator.raw_operator.get_booster().feature_names = None
    module.convert_xgboost(scope, operator, container)
    operator.raw_operator = model
