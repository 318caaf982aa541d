# SPDX-License-Identifier: BSD-3-Clause
"""Converters of the trees of scikit-learn, which blends with networks usually contain.

skl2onnx compares doubles with thresholds in single precision. Rows whose values lie on a
threshold, such as whole numbers, then take the other branch.
"""

from typing import NamedTuple

import numpy as np
from sklearn.base import is_classifier
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.tree import (
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    ExtraTreeClassifier,
    ExtraTreeRegressor,
)

from ._columns import tensor_type
from ._graph import ML_DOMAIN, Graph
from ._imports import load
from ._outputs import with_negatives, write_label

#: Trees that convert their inputs to single precision.
SINGLE = (
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    ExtraTreeClassifier,
    ExtraTreeRegressor,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
BOOSTING = (HistGradientBoostingClassifier, HistGradientBoostingRegressor)
#: Losses of boosting whose trees add up to the logarithm of the prediction.
LOG_LOSSES = ("gamma", "poisson")
#: Version of the operator of trees that takes doubles.
TREES_VERSION = 3


def parse_tree(scope, model, inputs, custom_parsers=None):
    """Declare the outputs of trees behind a conversion of their inputs."""
    del custom_parsers
    module = load("skl2onnx._parse")
    if type(inputs[0].type).__name__ == "DoubleTensorType":
        caster = load("skl2onnx.sklapi").CastTransformer(dtype=np.float32)
        operator = scope.declare_local_operator("SklearnCastTransformer", caster)
        operator.inputs = inputs
        kind = tensor_type("FLOAT", [None, None])
        operator.outputs.append(scope.declare_local_variable("single", kind))
        inputs = operator.outputs
    default = module._parse_sklearn_simple_model
    parse = module.sklearn_parsers_map.get(type(model), default)
    return parse(scope, model, list(inputs))


class Trees(NamedTuple):
    """Attributes of a TreeEnsembleRegressor with one entry for each node, or each leaf."""

    nodes: dict
    leaves: dict


def convert_boosting(scope, operator, container):
    """Add the graph of a HistGradientBoosting estimator."""
    model, graph = operator.raw_operator, Graph(scope, container)
    if model.is_categorical_ is not None and np.any(model.is_categorical_):
        raise NotImplementedError(
            f"Got {type(model).__name__} with categorical features, which have no "
            "operator in ONNX. Encode them in a pipeline, such as by a OneHotEncoder, or "
            "fit with categorical_features=None."
        )
    names = [variable.full_name for variable in operator.inputs]
    rows = graph.cast(graph.beside(names), "DOUBLE")
    scores = graph.cast(_raw_scores(graph, rows, model), "DOUBLE")
    kinds = {type(variable.type).__name__ for variable in operator.outputs[-1:]}
    kind = "DOUBLE" if kinds == {"DoubleTensorType"} else "FLOAT"
    outputs = [variable.full_name for variable in operator.outputs]
    if is_classifier(model):
        width = model.n_trees_per_iteration_
        if width == 1:
            values = with_negatives(graph, graph.node("Sigmoid", scores))
        else:
            values = graph.node("Softmax", scores, axis=1)
        write_label(graph, values, model.classes_, output=outputs[0])
    else:
        values = graph.node("Exp", scores) if model.loss in LOG_LOSSES else scores
    graph.cast(values, kind, output=outputs[-1])


def _raw_scores(graph, rows, model):
    """Return the sums of the leaves of all trees, (n_rows, n_trees_per_iteration)."""
    trees = Trees({}, {})
    number = 0
    for iteration in model._predictors:
        for target, predictor in enumerate(iteration):
            _add_tree(trees, predictor.nodes, number, target)
            number += 1
    baseline = np.asarray(model._baseline_prediction, float).ravel()
    arrays = load("onnx.numpy_helper")
    tensors = {
        "nodes_values_as_tensor": trees.nodes.pop("values"),
        "target_weights_as_tensor": trees.leaves.pop("weights"),
    }
    attributes = {
        name: arrays.from_array(np.array(values, float), name)
        for name, values in tensors.items()
    }
    attributes |= {f"nodes_{name}": values for name, values in trees.nodes.items()}
    attributes |= {f"target_{name}": values for name, values in trees.leaves.items()}
    scores = graph.node(
        "TreeEnsembleRegressor",
        rows,
        domain=ML_DOMAIN,
        version=TREES_VERSION,
        n_targets=len(baseline),
        **attributes,
    )
    return graph.node("Add", graph.cast(scores, "DOUBLE"), baseline)


def _add_tree(trees, nodes, number, target):
    """Add the nodes of a tree, a structured array, to the attributes."""
    is_leaf = nodes["is_leaf"].astype(bool)
    columns = {
        "treeids": np.full(len(nodes), number),
        "nodeids": np.arange(len(nodes)),
        "featureids": np.where(is_leaf, 0, nodes["feature_idx"]),
        "values": np.where(is_leaf, 0, nodes["num_threshold"]),
        "modes": np.where(is_leaf, "LEAF", "BRANCH_LEQ"),
        "truenodeids": np.where(is_leaf, 0, nodes["left"]),
        "falsenodeids": np.where(is_leaf, 0, nodes["right"]),
        "missing_value_tracks_true": np.where(is_leaf, 0, nodes["missing_go_to_left"]),
    }
    for name, values in columns.items():
        trees.nodes.setdefault(name, []).extend(values.tolist())
    leaves = np.flatnonzero(is_leaf)
    columns = {
        "treeids": np.full(len(leaves), number),
        "nodeids": leaves,
        "ids": np.full(len(leaves), target),
        "weights": nodes["value"][leaves],
    }
    for name, values in columns.items():
        trees.leaves.setdefault(name, []).extend(values.tolist())
