# SPDX-License-Identifier: BSD-3-Clause
"""Effects: the variance of predictions that each column of the table moves.

The measure is a derivative-based form of the total Sobol index. Rows are drawn from the levels
of the columns, each column independently. Around each row the blended output is linearized in
the encoded inputs. One column at a time then runs through its levels: the variance of the
linearized output over them, averaged over the rows, is its effect. All inputs that
encode a column move together, each by its spread, so that numbers, pieces and categories are
measured on one scale.

A category with many levels moves predictions by chance, because the few rows of each level fit
noise. The expectation of this movement is subtracted: the variance of a mean over the rows,
once for every level that the networks read.

References
----------
Sobol and Kucherenko, "Derivative based global sensitivity measures and their link with global
sensitivity indices", Mathematics and Computers in Simulation 79, 2009.
"""

from copy import deepcopy
from typing import Any, NamedTuple

import numpy as np
from scipy.special import expit, softmax

from skrln._table._targets import NUMBER_LOSSES

from ._forward import ACTIVATIONS, activate

#: Most rows that are drawn, and numbers of the largest array, which bounds them.
MOST_ROWS, MOST_NUMBERS, FEWEST_ROWS = 1024, 1 << 20, 16
#: Half of the step of the central differences that give the slopes of units.
HALF_STEP = 1e-4
#: Lower bounds of the information of a row and of the residual variance: overfit networks leave
#: neither.
LEAST_INFORMATION, LEAST_RESIDUAL = 0.02, 0.05


class Probe(NamedTuple):
    """Networks at rows that are drawn from the levels, before they are blended."""

    encoders: list  #: the different encoders of the networks
    encoded: list  #: levels by each encoder, (n_levels, n_inputs)
    rows: list  #: drawn rows by each encoder, (n_rows, n_inputs)
    numbers: list  #: position in `encoders` of the encoder of each network
    passes: list  #: Pass of each network
    rng: Any  #: Generator after the draw

    def of(self, positions):
        """Return the probe of some of the networks."""
        numbers = [self.numbers[k] for k in positions]
        used = sorted(set(numbers))
        return self._replace(
            encoders=[self.encoders[k] for k in used],
            encoded=[self.encoded[k] for k in used],
            rows=[self.rows[k] for k in used],
            numbers=[used.index(number) for number in numbers],
            passes=[self.passes[k] for k in positions],
        )


def probe_networks(members, columns):
    """Run networks at rows that resemble the training rows.

    Parameters
    ----------
    members : list of FittedNetwork
    columns : Columns
        With the levels of the training rows.

    Returns
    -------
    Probe
    """
    encoders = _distinct([member.encoder for member in members])
    encoded = [_encode_levels(encoder, columns.levels) for encoder in encoders]
    n_inputs = max(inputs.shape[1] for inputs in encoded)
    n_rows = int(np.clip(MOST_NUMBERS // max(1, n_inputs), FEWEST_ROWS, MOST_ROWS))
    rng = np.random.default_rng(0)
    drawn = columns.levels.draw(n_rows, rng)
    rows = [
        inputs[drawn[:, encoder.groups], np.arange(inputs.shape[1])]
        for encoder, inputs in zip(encoders, encoded, strict=True)
    ]
    numbers = [_number_of(member.encoder, encoders) for member in members]
    passes = [
        forward_pass(member.network, rows[number])
        for member, number in zip(members, numbers, strict=True)
    ]
    return Probe(encoders, encoded, rows, numbers, passes, rng)


def column_effects(members, weights, columns, probe=None):
    """Return the effect of each column on the blended output of some networks.

    Networks are blended before the effect is taken: movements in which they disagree cancel.

    Parameters
    ----------
    members : list of FittedNetwork
    weights : array-like of shape (n_members,)
    columns : Columns
        With the levels of the training rows.
    probe : Probe, default=None
        Of these networks; by default they are run.

    Returns
    -------
    ndarray of shape (n_features_in_,)
        Variance of the output, where the output of each task has a total variance of one.
        Zero for columns that no network reads and for constant columns.
    """
    if probe is None:
        probe = probe_networks(members, columns)
    weights = np.asarray(weights, float) / np.sum(weights)
    outputs = sum(
        weight * passed.outputs
        for weight, passed in zip(weights, probe.passes, strict=True)
    )
    directions = _directions(outputs, members[0].target.heads, deepcopy(probe.rng))
    gradients = [np.zeros_like(inputs) for inputs in probe.rows]
    for member, number, weight, passed in zip(
        members, probe.numbers, weights, probe.passes, strict=True
    ):
        gradients[number] += weight * backward(member.network, passed, directions)
    effects = _effects(
        np.hstack(gradients),
        np.hstack(probe.encoded),
        np.concatenate([encoder.groups for encoder in probe.encoders]),
        columns.levels.shares,
    )
    n_levels = _levels_read(members, weights, columns)
    chance = _chance_of_a_level(outputs, members[0].target) / columns.levels.n_rows
    return np.maximum(effects - chance * np.maximum(n_levels - 1, 0), 0)


def _distinct(encoders):
    kept = []
    for encoder in encoders:
        if all(encoder is not other for other in kept):
            kept.append(encoder)
    return kept


def _number_of(encoder, encoders):
    return [encoder is other for other in encoders].index(True)


def _encode_levels(encoder, levels):
    return np.asarray(encoder.transform(levels.values), float)


class Pass(NamedTuple):
    """Outputs for some rows, and the slope of every unit by its weighted sum."""

    outputs: np.ndarray  #: (n_rows, n_outputs)
    slopes: list  #: (n_rows, n_units) a hidden layer
    plain_slopes: list  #: likewise of the plain branch


def forward_pass(network, inputs):
    """Return the outputs of encoded rows, and the slopes of all units."""
    values, plain, plain_slopes = inputs, None, []
    if network.plain:
        n_tabular = inputs.shape[1] - len(network.plain[0][0])
        values, plain = inputs[:, :n_tabular], inputs[:, n_tabular:]
        function = ACTIVATIONS[network.activation]
        for weight, bias in network.plain:
            sums = plain @ weight + bias
            plain = function(sums)
            plain_slopes.append(_slope(function, sums))
        values = np.hstack([values, plain])
    slopes, last = [], len(network.coefs) - 1
    for k in range(last):
        sums = values @ network.coefs[k] + network.intercepts[k]

        def function(sums, k=k):
            return activate(sums, network, k)

        values = function(sums)
        slopes.append(_slope(function, sums))
    outputs = values @ network.coefs[last] + network.intercepts[last]
    return Pass(outputs, slopes, plain_slopes)


def _slope(function, sums):
    """Central differences, which need no derivative of each activation."""
    return (function(sums + HALF_STEP) - function(sums - HALF_STEP)) / (2 * HALF_STEP)


def backward(network, passed, directions):
    """Return the derivative of ``(outputs * directions).sum(axis=1)`` by each input."""
    gradient = directions @ network.coefs[-1].T
    for weight, slope in zip(network.coefs[-2::-1], passed.slopes[::-1], strict=True):
        gradient = (gradient * slope) @ weight.T
    if not network.plain:
        return gradient
    n_tabular = gradient.shape[1] - network.plain[-1][0].shape[1]
    gradient, plain = gradient[:, :n_tabular], gradient[:, n_tabular:]
    for (weight, _), slope in zip(
        network.plain[::-1], passed.plain_slopes[::-1], strict=True
    ):
        plain = (plain * slope) @ weight.T
    return np.hstack([gradient, plain])


def _directions(outputs, heads, rng):
    """Return a direction in the space of outputs for each row, (n_rows, n_outputs).

    Random signs: the mean square along them is the sum over all outputs. Each task is scaled
    to a variance of one. Logits are centred over the classes, because a common shift of them
    changes no probability.
    """
    n_rows, n_outputs = outputs.shape
    signs = np.ones((n_rows, 1))
    if n_outputs > 1:
        signs = rng.choice([-1.0, 1.0], size=(n_rows, n_outputs))
    directions, start = np.zeros((n_rows, n_outputs)), 0
    for width in heads:
        task = slice(start, start + width)
        own, values = signs[:, task], outputs[:, task]
        if width > 1:
            own = own - own.mean(axis=1, keepdims=True)
            values = values - values.mean(axis=1, keepdims=True)
        variance = values.var(axis=0).sum()
        if variance > 0:
            directions[:, task] = own / np.sqrt(variance)
        start += width
    return directions


def _levels_read(members, weights, columns):
    """Mean number of one-hot inputs that the networks read of each categorical column."""
    counts = np.zeros(columns.n_features)
    for member, weight in zip(members, weights, strict=True):
        groups = member.encoder.tabular_groups
        is_read = (member.network.coefs[0][: len(groups)] != 0).any(axis=1)
        counts += weight * np.bincount(groups[is_read], minlength=len(counts))
    is_category = np.isin(np.arange(len(counts)), columns.categorical)
    return np.where(is_category, counts, 0)


def _chance_of_a_level(outputs, target):
    """Variance, by chance, of the output in one direction, times the number of rows.

    For numbers it is the residual variance. For logits and logs of means it is the inverse of
    the information of a row: p (1 - p) and the mean count. All are relative to the variance of
    the output of the task.
    """
    total, start = 0.0, 0
    tasks = zip(target.heads, target.class_tasks, strict=True)
    for task, (width, is_class) in enumerate(tasks):
        own = outputs[:, start : start + width]
        start += width
        if width > 1:
            own = own - own.mean(axis=1, keepdims=True)
        variance = own.var(axis=0).sum()
        if variance == 0:
            continue
        if is_class:
            proba = expit(own) if width == 1 else softmax(own, axis=1)
            information = (proba * (1 - proba)).mean()
            total += width / max(information, LEAST_INFORMATION) / variance
        elif NUMBER_LOSSES[target.loss].is_log:
            information = _mean_count(own, target, task)
            total += 1 / max(information, LEAST_INFORMATION) / variance
        else:
            total += max(1 - variance, LEAST_RESIDUAL) / variance
    return total


def _mean_count(logs, target, task):
    """Mean of the predictions, in units of the targets, from scaled logs."""
    encoders = getattr(target, "encoders", None)  # of several types of tasks
    scale = target.scale[task] if encoders is None else encoders[task].scale[0]
    with np.errstate(over="ignore"):
        return np.exp(logs.astype(float)).mean() * scale


def _effects(gradients, encoded, groups, shares):
    """Return the variance over the levels of each column, averaged over the rows."""
    n_features = shares.shape[1]
    effects, widths = np.zeros(n_features), np.bincount(groups, minlength=n_features)
    is_alone = widths[groups] == 1
    own = groups[is_alone]
    spread = _variance(encoded[:, is_alone], shares[:, own])
    effects[own] = spread * (gradients[:, is_alone] ** 2).mean(axis=0)
    order = np.argsort(groups, kind="stable")
    ends = np.cumsum(widths)
    for column in np.flatnonzero(widths > 1):
        inputs = order[ends[column] - widths[column] : ends[column]]
        moved = encoded[:, inputs] @ gradients[:, inputs].T
        effects[column] = _variance(moved, shares[:, [column]]).mean()
    return effects


def _variance(values, shares):
    """Weighted variance over the first axis."""
    mean = (shares * values).sum(axis=0)
    return (shares * (values - mean) ** 2).sum(axis=0)
