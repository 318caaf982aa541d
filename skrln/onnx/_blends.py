# SPDX-License-Identifier: BSD-3-Clause
"""Converters of the blends: weighted means of the graphs of their models."""

import numpy as np
from sklearn.base import is_classifier
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

from skrln.networks._base import BaseRLN
from skrln.stacking._blend import Blend
from skrln.stacking._linear_pool import LEAST_PROBABILITY

from ._columns import is_single, tensor_type
from ._ensemble import Means, tempered
from ._graph import Graph
from ._imports import load
from ._outputs import label_values, with_negatives, write_label

#: Estimators whose converters take an input for each column.
BY_COLUMN = (ColumnTransformer, OneHotEncoder, OrdinalEncoder, BaseRLN, Blend)


def parse_blend(scope, model, inputs, custom_parsers=None):
    """Declare the outputs of a blend, after those of its models."""
    parse = load("skl2onnx._parse")._parse_sklearn
    parts = []
    for estimator in model.estimators_:
        if is_classifier(estimator):
            scope.add_options(id(estimator), {"zipmap": False})
        own = _merged(scope, estimator, inputs)
        outputs = parse(scope, estimator, own, custom_parsers=custom_parsers)
        parts.append(outputs[-1])  # probabilities come after labels
    operator = scope.declare_local_operator(f"Skrln{type(model).__name__}", model)
    operator.inputs = parts
    names = ("label", "probabilities") if is_classifier(model) else ("variable",)
    for name, kind in zip(names, _types_of(model, inputs), strict=True):
        operator.outputs.append(scope.declare_local_variable(name, kind))
    return operator.outputs


def _merged(scope, estimator, inputs):
    """Return one variable of all columns for a model that takes no input per column."""
    first = estimator
    while isinstance(first, Pipeline):
        first = first.steps[0][1]
    if len(inputs) == 1 or isinstance(first, BY_COLUMN):
        return inputs
    concat = scope.declare_local_operator("SklearnConcat")
    concat.inputs = inputs
    kind = tensor_type("FLOAT" if is_single(inputs) else "DOUBLE", [None, None])
    concat.outputs.append(scope.declare_local_variable("merged_columns", kind))
    return concat.outputs


def _types_of(model, inputs):
    number = "FLOAT" if is_single(inputs) else "DOUBLE"
    if not is_classifier(model):
        return [tensor_type(number, [None, 1])]
    label = "INT64" if label_values(model.classes_).dtype.kind == "i" else "STRING"
    return [
        tensor_type(label, [None]),
        tensor_type(number, [None, len(model.classes_)]),
    ]


def calculate_blend(operator):
    """Set the types of the outputs of a blend."""
    kinds = _types_of(operator.raw_operator, operator.inputs)
    for variable, kind in zip(operator.outputs, kinds, strict=True):
        variable.set_type(kind)


def convert_blend(scope, operator, container):
    """Add the graph of a blend, whose inputs are the outputs of its models."""
    model, graph = operator.raw_operator, Graph(scope, container)
    parts = [graph.cast(part.full_name, "DOUBLE") for part in operator.inputs]
    names = [variable.full_name for variable in operator.outputs]
    kind = "FLOAT" if is_single(operator.inputs) else "DOUBLE"
    if is_classifier(model):
        proba = _pooled(graph, model.final_estimator_, parts)
        write_label(graph, proba, model.classes_, output=names[0])
    else:
        proba = graph.node("MatMul", graph.beside(parts), model.weights_[:, None])
    graph.cast(proba, kind, output=names[-1])


def _pooled(graph, pool, parts):
    """Return the probabilities of a LinearPool from those of its models."""
    n_classes = len(pool.classes_)
    if n_classes == 2:
        seconds = [graph.columns(part, [1], 2) for part in parts]
        positives = graph.node("MatMul", graph.beside(seconds), pool.weights_[:, None])
        means = tempered(graph, Means(None, positives, []), pool.temperature_)
        return with_negatives(graph, means.positives)
    has_weight = np.isin(pool.classes_, pool._target.task_classes[0])
    if not has_weight.all():
        parts = [_with_weight(graph, part, has_weight) for part in parts]
    width = int(has_weight.sum())
    weights = np.kron(pool.weights_[:, None], np.eye(width))
    mean = graph.node("MatMul", graph.beside(parts), weights)
    (proba,) = tempered(graph, Means(None, None, [mean]), pool.temperature_).classes
    if has_weight.all():
        return proba
    return graph.node("MatMul", proba, np.eye(n_classes)[has_weight])


def _with_weight(graph, proba, has_weight):
    """Return the probabilities of the classes with weight, which sum to one."""
    kept = graph.columns(proba, np.flatnonzero(has_weight), len(has_weight))
    kept = graph.node("Max", kept, np.array([LEAST_PROBABILITY]))
    total = graph.node("MatMul", kept, np.ones((int(has_weight.sum()), 1)))
    return graph.node("Div", kept, total)
