# SPDX-License-Identifier: BSD-3-Clause
"""Predictions of an ensemble in a graph: networks, links, their mean and its temperature."""

from typing import NamedTuple

import numpy as np

from skrln._ensemble._compacted import compacted
from skrln._table._targets import NUMBER_LOSSES

from ._encoding import compact_rows, encoded_inputs
from ._network import network_outputs

#: Lower bound of probabilities whose logarithm is taken, as in `temper`.
LEAST_PROBABILITY = 1e-30


class Means(NamedTuple):
    """Means of an ensemble: one array for all numbers, one for all pairs of classes."""

    numbers: str | None  #: (n_rows, n_number_tasks)
    positives: str | None  #: (n_rows, n_binary_tasks); probability of the second class
    classes: list  #: (n_rows, n_classes) of each task of several classes


class Tasks(NamedTuple):
    """Outputs of a network by kind of task."""

    numbers: list  #: outputs of the number tasks
    positives: list  #: outputs of the tasks of two classes
    classes: list  #: outputs of each task of several classes, an array each


def read_tasks(target):
    """Return the positions of the outputs of a target, by kind of task."""
    tasks, start = Tasks([], [], []), 0
    for width, is_class in zip(target.heads, target.class_tasks, strict=True):
        if not is_class:
            tasks.numbers.append(start)
        elif width == 1:
            tasks.positives.append(start)
        else:
            tasks.classes.append(np.arange(start, start + width))
        start += width
    return tasks


def ensemble_means(graph, columns, ensemble):
    """Predict in the space in which networks are averaged.

    Parameters
    ----------
    graph : Graph
    columns : TableColumns
    ensemble : FittedEnsemble

    Returns
    -------
    Means
    """
    target, weights = ensemble.target, np.asarray(ensemble.weights, float)
    outputs = _member_outputs(graph, columns, ensemble)
    n_members, n_outputs = len(ensemble.members), ensemble.members[0].n_outputs
    if ensemble.is_single:
        weights = np.ones(1)
    tasks = read_tasks(target)

    def take(positions):
        starts = n_outputs * np.arange(n_members)[:, None]
        chosen = (starts + np.asarray(positions)).ravel()
        return graph.columns(outputs, chosen, n_members * n_outputs)

    def mean(values, width):
        if n_members == 1:
            return values
        return graph.node("MatMul", values, np.kron(weights[:, None], np.eye(width)))

    numbers = positives = None
    if tasks.numbers:
        values = take(tasks.numbers)
        if NUMBER_LOSSES[target.loss].is_log:
            values = graph.node("Exp", values)
        numbers = mean(values, len(tasks.numbers))
    if tasks.positives:
        values = graph.node("Sigmoid", take(tasks.positives))
        positives = mean(values, len(tasks.positives))
    classes = []
    for positions in tasks.classes:
        width = len(positions)
        shape = np.array([-1, n_members, width])
        values = graph.node("Reshape", take(positions), shape)
        values = graph.node("Softmax", values, axis=2)
        values = graph.node("Reshape", values, np.array([-1, n_members * width]))
        classes.append(mean(values, width))
    means = Means(numbers, positives, classes)
    return tempered(graph, means, ensemble.temperature)


def _member_outputs(graph, columns, ensemble):
    """Return the outputs of all networks as doubles, (n_rows, n_members * n_outputs)."""
    small = compacted(ensemble)
    dtypes = [member.network.coefs[0].dtype for member in small.members]
    dtype = np.result_type(*dtypes)
    inputs = _encoded_inputs(graph, columns, small, dtype)
    outputs = []
    for member, number, own in zip(
        small.members, small.encoder_numbers, dtypes, strict=True
    ):
        rows = inputs[number] if own == dtype else graph.cast(inputs[number], own)
        values = network_outputs(graph, rows, member.network)
        outputs.append(values if own == dtype else graph.cast(values, dtype))
    outputs = graph.beside(outputs)
    return outputs if dtype == np.float64 else graph.cast(outputs, "DOUBLE")


def _encoded_inputs(graph, columns, ensemble, dtype):
    """Return the inputs of each encoder; encoders of one table share its compact rows."""
    tables = {}
    for encoder in ensemble.encoders:
        tables.setdefault(id(encoder.table), []).append(encoder)
    rows = {
        name: compact_rows(graph, columns, encoders, dtype)
        for name, encoders in tables.items()
    }
    inputs = []
    for encoder in ensemble.encoders:
        own = encoded_inputs(graph, rows[id(encoder.table)], encoder, dtype)
        if own is None:
            own = columns.zeros()
            own = own if dtype == np.float64 else graph.cast(own, dtype)
        inputs.append(own)
    return inputs


def tempered(graph, means, temperature):
    """Return probabilities at another temperature; numbers stay unchanged."""
    if temperature == 1.0:
        return means
    factor = np.array([1 / temperature])

    def log(values):
        positive = graph.node("Max", values, np.array([LEAST_PROBABILITY]))
        return graph.node("Log", positive)

    positives = means.positives
    if positives is not None:
        negatives = graph.node("Sub", np.ones(1), positives)
        difference = graph.node("Sub", log(positives), log(negatives))
        positives = graph.node("Sigmoid", graph.node("Mul", difference, factor))
    classes = [
        graph.node("Softmax", graph.node("Mul", log(values), factor), axis=1)
        for values in means.classes
    ]
    return means._replace(positives=positives, classes=classes)
