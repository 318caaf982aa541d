# SPDX-License-Identifier: BSD-3-Clause
"""Angles between the units of a layer: how much they duplicate or cancel each other."""

import numpy as np

from skrln._core._forward import norm_scale

#: What "auto" subtracts from activations that lie around a value which is known.
CENTERS = {"logistic": 0.5, "tanh": 0.0}


def angles_between(vectors):
    """Angles in degrees between the columns of `vectors`, (n_units, n_units).

    Two columns of zeros are the same vector; one of them is at a right angle to any other.
    """
    lengths = np.linalg.norm(vectors, axis=0)
    there = lengths > 1e-12 * max(1.0, lengths.max(initial=0.0))
    unit = np.where(there, vectors, 0) / np.where(there, lengths, 1)
    cosines = np.clip(unit.T @ unit, -1, 1)
    cosines[np.ix_(~there, ~there)] = 1
    angles = np.degrees(np.arccos(cosines))
    np.fill_diagonal(angles, 0)
    return angles


def incoming_vectors(network, layer, *, include_bias):
    """What each unit of a hidden layer multiplies its inputs with, one column per unit.

    Batch normalization before the activation is folded in.
    """
    weight = np.asarray(network.coefs[layer], float)
    bias = np.asarray(network.intercepts[layer], float)
    if network.batch_norm == "before":
        norm = np.asarray(network.batch_norms[layer], float)
        scale = norm_scale(norm)
        weight, bias = weight * scale, (bias - norm[2]) * scale + norm[1]
    return np.vstack([weight, bias]) if include_bias else weight


def centred(values, center, activation):
    """Activations (n_samples, n_units) less what counts as their middle."""
    if center == "unit":
        return values - values.mean(axis=0)
    if center == "midrange":
        return values - (values.min() + values.max()) / 2
    if center == "auto" and activation in CENTERS:
        return values - CENTERS[activation]
    return values - values.mean()
