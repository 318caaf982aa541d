# SPDX-License-Identifier: BSD-3-Clause
"""Descriptions and plans of the layers of a fitted network."""

from numbers import Integral

import numpy as np

from skrln._network._forward import hidden_values

from ._angles import CENTERS, angles_between, centred, incoming_vectors
from ._networks import read_inputs, read_network
from ._plan import Layer, close_pairs, make_plan, random_pairs


def resolve_layers(layers, n_hidden):
    """Sorted positions of the hidden layers that the parameter `layers` names."""
    if n_hidden == 0:
        raise ValueError(
            "Got a network without a hidden layer, but expected hidden units to prune. Pass "
            "hidden_layer_sizes with at least one layer."
        )
    if isinstance(layers, str):  # "all"
        return list(range(n_hidden))
    wanted = np.atleast_1d(np.asarray(layers, dtype=object)).tolist()
    good = all(isinstance(k, Integral) and -n_hidden <= k < n_hidden for k in wanted)
    if not good or not wanted:
        raise ValueError(
            f"Got layers={layers!r}, but expected 'all' or positions of hidden layers from "
            f"{-n_hidden} to {n_hidden - 1}: the network has {n_hidden} hidden layer(s). "
            "Pass layers='all'."
        )
    return sorted({k % n_hidden for k in wanted})


def describe_layers(model, X, layers, *, criterion, include_bias, center):
    """Return a dict with the `Layer` of each position in `layers`.

    The random control also needs the angles of the incoming weights, which determine the number
    of units to remove.
    """
    network, inputs = read_network(model), read_inputs(model, X)
    found = {}
    for k in layers:
        values = hidden_values(inputs, network, k).astype(float)
        if criterion == "activation":
            vectors = centred(values, center, network.activation)
        else:
            vectors = incoming_vectors(network, k, include_bias=include_bias)
        around = values - values.mean(axis=0)
        found[k] = Layer(
            angles_between(vectors),
            values.mean(axis=0),
            around.T @ around / len(values),
            CENTERS.get(network.activation, 0.0),
        )
    return found


def plan_layers(found, rule, counts, *, at_random, rng):
    """Return a dict with the plan of each layer.

    Parameters
    ----------
    found : dict of Layer
        Layers by position.
    rule : Rule
    counts : dict of int
        Largest number of units to remove from each layer.
    at_random : bool
        True to remove the same number of units at random, as a control.
    rng : Generator
    """
    plans = {}
    for k, layer in found.items():
        pairs = close_pairs(layer.angles, rule)
        plan = make_plan(layer, pairs, rule, counts.get(k, np.inf))
        if at_random:
            # The plan by angles only gives the number of units.
            pairs = random_pairs(len(plan.kept), int(np.sum(~plan.kept)), rng)
            plan = make_plan(layer, pairs, rule)
        plans[k] = plan
    return plans
