# SPDX-License-Identifier: BSD-3-Clause
"""Converters of the networks for skl2onnx: outputs, their types, and the graph."""

import numpy as np

from skrln.feature_selection import ErrorRateSelector, GeneticSelector
from skrln.joint import (
    JointAutoencoder,
    JointClassifier,
    JointGenerator,
    JointRegressor,
)
from skrln.multitask import PerTaskEarlyStopping
from skrln.networks import (
    RLNClassifier,
    RLNClassifierCV,
    RLNMultiTask,
    RLNRegressor,
    RLNRegressorCV,
)
from skrln.pruning import DistinctivenessPruner
from skrln.stacking import BlendingClassifier, BlendingRegressor

from ._blends import calculate_blend, convert_blend, parse_blend
from ._columns import find_columns, is_single, tensor_type
from ._ensemble import ensemble_means
from ._graph import Graph
from ._imports import load
from ._outputs import list_outputs, write_outputs
from ._xgboost import register_xgboost

NETWORKS = (
    RLNClassifier,
    RLNClassifierCV,
    RLNMultiTask,
    RLNRegressor,
    RLNRegressorCV,
)
BLENDS = (BlendingClassifier, BlendingRegressor)
SELECTORS = (ErrorRateSelector, GeneticSelector)
#: Estimators without a graph, with the way out.
REFUSED = {
    JointAutoencoder: "Use skops or pickle.",
    JointClassifier: "Use skops or pickle, or fit an RLNClassifier on each domain.",
    JointGenerator: "Use skops or pickle.",
    JointRegressor: "Use skops or pickle, or fit an RLNRegressor on each domain.",
    PerTaskEarlyStopping: (
        "Use skops or pickle, or convert each network of estimators_ and take task k from "
        "estimators_[task_cluster_[k]]."
    ),
}
#: Options that skl2onnx sets for a classifier in a pipeline. Probabilities are arrays always.
OPTIONS = {"zipmap": [True, False, "columns"]}


def register_converters():
    """Register the converters of this package with skl2onnx.

    Then ``skl2onnx.to_onnx`` converts models and pipelines with networks of this package.
    `to_onnx` of this module registers the converters itself. Where XGBoost and onnxmltools are
    installed, the converters of XGBoost are registered too.

    Raises
    ------
    ImportError
        If skl2onnx or onnx are not installed.

    Examples
    --------
    >>> from skrln.onnx import register_converters
    >>> register_converters()
    """
    update = load("skl2onnx").update_registered_converter
    for kind in NETWORKS:
        functions = calculate_network, convert_network, parse_network
        _register(update, kind, functions, OPTIONS)
    for kind in BLENDS:
        functions = calculate_blend, convert_blend, parse_blend
        _register(update, kind, functions, OPTIONS)
    functions = calculate_network, convert_network, parse_inner
    _register(update, DistinctivenessPruner, functions, OPTIONS)
    for kind in SELECTORS:
        functions = calculate_network, convert_network, parse_selector
        _register(update, kind, functions, None)
    for kind in REFUSED:
        functions = calculate_network, convert_network, refuse
        _register(update, kind, functions, OPTIONS)
    register_xgboost(OPTIONS)


def _register(update, kind, functions, options):
    calculate, convert, parse = functions
    update(
        kind,
        f"Skrln{kind.__name__}",
        calculate,
        convert,
        overwrite=True,
        parser=parse,
        options=options,
    )


def parse_network(scope, model, inputs, custom_parsers=None):
    """Declare the outputs of a network; the signature is that of a parser of skl2onnx."""
    del custom_parsers
    ensemble = model._check_fitted()
    operator = scope.declare_local_operator(f"Skrln{type(model).__name__}", model)
    operator.inputs = _before_join(scope, inputs)
    number = _number_type(inputs)
    for output in list_outputs(ensemble.target):
        kind = _type_of(output, number)
        variable = scope.declare_local_variable(output.name, kind)
        operator.outputs.append(variable)
    return operator.outputs


def _before_join(scope, inputs):
    """Return the parts of an input that a ColumnTransformer joined.

    skl2onnx joins numbers and strings by turning the numbers into strings, which loses digits.
    """
    for operator in scope.operators.values():
        is_join = operator.type == "SklearnConcat" and len(inputs) == 1
        if is_join and operator.outputs[0] is inputs[0]:
            return list(operator.inputs)
    return inputs


def calculate_network(operator):
    """Set the types of the outputs of a network."""
    outputs = list_outputs(operator.raw_operator._check_fitted().target)
    number = _number_type(operator.inputs)
    for variable, output in zip(operator.outputs, outputs, strict=True):
        variable.set_type(_type_of(output, number))


def convert_network(scope, operator, container):
    """Add the graph of a network."""
    model = operator.raw_operator
    ensemble = model._check_fitted()
    graph = Graph(scope, container)
    owner = type(model).__name__
    columns = find_columns(graph, operator.inputs, ensemble.columns, owner)
    means = ensemble_means(graph, columns, ensemble)
    names = [variable.full_name for variable in operator.outputs]
    kind = _number_type(operator.inputs)
    write_outputs(graph, ensemble.target, means, names, kind)


def _number_type(inputs):
    """Return the type of predicted numbers; single precision for inputs in single precision."""
    return "FLOAT" if is_single(inputs) else "DOUBLE"


def _type_of(output, number):
    kind = number if output.kind == "number" else output.kind
    return tensor_type(kind, output.shape)


def parse_inner(scope, model, inputs, custom_parsers=None):
    """Declare the outputs of the network of a pruner."""
    parse = load("skl2onnx._parse")._parse_sklearn
    return parse(scope, model.estimator_, inputs, custom_parsers=custom_parsers)


def parse_selector(scope, model, inputs, custom_parsers=None):
    """Return the selected columns."""
    del custom_parsers
    kept = np.flatnonzero(model.get_support())
    if len(inputs) > 1:
        return [inputs[k] for k in kept]
    return load("skl2onnx._parse")._fetch_input_slice(scope, inputs, kept.tolist())


def refuse(scope, model, inputs, custom_parsers=None):
    """Raise a NotImplementedError for an estimator without a graph."""
    del scope, inputs, custom_parsers
    raise NotImplementedError(
        f"Got {type(model).__name__}, which has no ONNX graph. {REFUSED[type(model)]}"
    )
