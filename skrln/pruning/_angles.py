# SPDX-License-Identifier: BSD-3-Clause
"""Angles between the units of a layer.

Units at an angle near 0 degrees duplicate each other, units near 180 degrees cancel each other.
"""

import numpy as np

from skrln._network._forward import norm_scale

#: Centre that center="auto" subtracts, for activations that are symmetric around a known value.
CENTERS = {"logistic": 0.5, "tanh": 0.0}


def angles_between(vectors):
    """Angles in degrees between the columns of `vectors`, (n_units, n_units).

    A zero column is at 0 degrees to other zero columns, and at 90 degrees to all the rest.
    """
    lengths = np.linalg.norm(vectors, axis=0)
    # Rounding leaves a tiny length, with a meaningless direction, of a constant activation.
    nonzero = lengths > 1e-12 * max(1.0, lengths.max(initial=0.0))
    unit = np.where(nonzero, vectors, 0) / np.where(nonzero, lengths, 1)
    cosines = np.clip(unit.T @ unit, -1, 1)  # arccos is NaN just outside [-1, 1]
    cosines[np.ix_(~nonzero, ~nonzero)] = 1
    angles = np.degrees(np.arccos(cosines))
    np.fill_diagonal(angles, 0)  # arccos turns a rounding of 1e-16 into 1e-6 degrees
    return angles


def incoming_vectors(network, layer, *, include_bias):
    """Incoming weights of the units of a hidden layer, one column per unit.

    Batch normalization before the activation is folded into weights and intercepts. With
    `include_bias` the intercepts are a last row.
    """
    weight = np.asarray(network.coefs[layer], float)
    bias = np.asarray(network.intercepts[layer], float)
    if network.batch_norm == "before":
        norm = np.asarray(network.batch_norms[layer], float)
        scale = norm_scale(norm)
        _, shift, mean, _ = norm
        weight, bias = weight * scale, (bias - mean) * scale + shift
    return np.vstack([weight, bias]) if include_bias else weight


def centred(values, center, activation):
    """Activations (n_samples, n_units) minus the centre that `center` names."""
    if center == "unit":
        return values - values.mean(axis=0)
    if center == "midrange":
        return values - (values.min() + values.max()) / 2
    if center == "auto" and activation in CENTERS:
        return values - CENTERS[activation]
    return values - values.mean()
