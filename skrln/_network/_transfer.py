# SPDX-License-Identifier: BSD-3-Clause
"""Start of a fit: fresh weights, a pretrained network, the last fit, or its last state."""

from enum import StrEnum
from typing import NamedTuple

import numpy as np

from skrln._kernels import Layer, Moments
from skrln._kernels import Start as KernelStart

from ._fitted import FittedNetwork


class Origin(StrEnum):
    """Origin of the initial weights."""

    FRESH = "fresh"
    PRETRAINED = "pretrained"  #: another network, of which leading layers may be kept
    LAST_FIT = "last fit"  #: the last fit of the same estimator, all layers


class Start(NamedTuple):
    """Network that a fit starts from."""

    origin: Origin = Origin.FRESH
    source: FittedNetwork | None = None
    state: list | None = None  #: training state to continue exactly


FRESH = Start()


def check_same_columns(columns, source):
    """Raise a ValueError for inputs that differ from those of the pretrained network.

    Parameters
    ----------
    columns, source : Columns
        Of the fit to come, and of the pretrained estimator.
    """
    if columns.n_features != source.n_features:
        raise ValueError(
            f"Got X with {columns.n_features} features, but pretrained was fitted on "
            f"{source.n_features}. A network can only go on with the columns that it knows."
        )
    if columns.names is None or source.names is None:
        return
    if not np.array_equal(columns.names, source.names):
        pairs = zip(columns.names, source.names, strict=True)
        different = [str(new) for new, old in pairs if new != old]
        raise ValueError(
            f"Got X with columns that pretrained does not have in the same place: "
            f"{different[:5]}. Pass the columns that it was fitted on, in their order."
        )


def check_same_target(labels, source):
    """Raise a ValueError if the last layer of `source` predicts another kind of target.

    Parameters
    ----------
    labels : NumberLabels, ClassLabels or MixedLabels
        Of the fit to come.
    source : FittedNetwork
    """
    if not isinstance(source.target, labels.target_type):
        raise ValueError(
            "Got reuse_head=True, but pretrained has a target of type "
            f"{type(source.target).__name__} and this fit one of type "
            f"{labels.target_type.__name__}, so that its last layer means something else. "
            "Pass reuse_head=False for a new last layer."
        )
    new, old = labels.losses(source.target)[0], source.settings.loss
    if new != old:
        raise ValueError(
            f"Got reuse_head=True, but pretrained was fitted with loss={old!r} and this "
            f"fit has loss={new!r}. Pass reuse_head=False for a new last layer."
        )


def kernel_start(start, settings, spec, encoder):
    """Return the weights to start from; None for fresh ones.

    The last fit gives all layers. A pretrained network gives its leading layers of equal
    shape, and its last layer only with `reuse_head`.

    Parameters
    ----------
    start : Start
    settings : Settings
    spec : NetworkSpec
        Of the fit to come.
    encoder : InputEncoder
        Of the fit to come.
    """
    n_frozen, source = settings.freezing.n_frozen_layers, start.source
    if n_frozen >= spec.n_layers:
        raise ValueError(
            f"Got n_frozen_layers={n_frozen}, but the network has {spec.n_layers} "
            "layers, of which the last one always trains. Lower it."
        )
    if source is None:
        if n_frozen:
            raise ValueError(
                f"Got n_frozen_layers={n_frozen}, but nothing to freeze: no pretrained "
                "network and no earlier fit with warm_start=True. Pass a fitted network in "
                "Transfer, or n_frozen_layers=0."
            )
        return None
    _check_same_units(start, settings, encoder)
    sizes = tuple(
        len(weight) for weight in (*source.network.coefs, source.network.intercepts[-1])
    )
    wanted = (spec.weight_shapes[0][0], *spec.layer_sizes[1:])
    if start.origin == Origin.LAST_FIT:
        _check_same_sizes(settings, sizes, wanted)
        n_kept = spec.n_layers
    else:
        n_kept = _count_shared(settings, sizes, wanted)
    learns_weights = settings.weighting == "uncertainty"
    return _take_layers(start, n_kept, spec.n_layers, learns_weights)


def _take_layers(start, n_kept, n_layers, learns_weights):
    source = start.source
    network = source.network
    layers, moments, coefficients = [], [], []
    for k in range(n_layers):
        is_kept = k < n_kept
        has_norm = is_kept and k < len(network.batch_norms)
        gain, shift, mean, variance = network.batch_norms[k] if has_norm else [None] * 4
        layer = None
        if is_kept:
            layer = Layer(network.coefs[k], network.intercepts[k], gain, shift)
            if k == n_layers - 1 and learns_weights:
                layer = layer._replace(log_variance=source.log_variance)
        if k == 0 and network.plain:
            layer = layer._replace(plain=tuple(Layer(*pair) for pair in network.plain))
        layers.append(layer)
        if k < n_layers - 1:
            moments.append(Moments(mean, variance) if has_norm else None)
        was_penalized = is_kept and np.isfinite(source.coefficients[k]).any()
        coefficients.append(source.coefficients[k] if was_penalized else None)
    return KernelStart(tuple(layers), tuple(coefficients), start.state, tuple(moments))


def _check_same_units(start, settings, encoder):
    """Raise a ValueError for settings that change the meaning of the source's weights."""
    old, source = start.source.settings, "pretrained was"
    if start.origin == Origin.LAST_FIT:
        source = "the fit to go on from was"
    pairs = {
        "activation": (settings.activation, old.activation),
        "batch_norm": (settings.batch_norm, old.batch_norm),
        "numeric_embedding": (settings.numeric_embedding, old.numeric_embedding),
        "plain_branch columns": (
            encoder.plain.tolist(),
            start.source.encoder.plain.tolist(),
        ),
        "plain_branch layer_sizes": (settings.plain_sizes, old.plain_sizes),
    }
    for name, (new, known) in pairs.items():
        if new != known:
            raise ValueError(
                f"Got {name}={new!r}, but {source} fitted with {name}={known!r}: its "
                f"weights would mean something else. Pass {name}={known!r}."
            )


def _check_same_sizes(settings, sizes, wanted):
    if sizes != wanted:
        raise ValueError(
            f"Got hidden_layer_sizes={settings.hidden_sizes!r}, which makes layers "
            f"of {wanted} units, but the fit to go on from has {sizes}. "
            "Set warm_start=False, or restore the sizes."
        )


def _count_shared(settings, sizes, wanted):
    """Count the leading layers of equal shape; every frozen layer must be one of them."""
    freezing, n_same = settings.freezing, 0
    while (
        n_same < min(len(sizes), len(wanted)) - 1
        and sizes[n_same : n_same + 2] == wanted[n_same : n_same + 2]
    ):
        n_same += 1
    if freezing.reuse_head and sizes != wanted:
        raise ValueError(
            f"Got reuse_head=True, but pretrained has layers of {sizes} units and this fit "
            f"of {wanted}. Restore hidden_layer_sizes, or pass reuse_head=False."
        )
    # A last layer is no hidden layer, even if it has the shape of one.
    n_hidden = min(len(sizes), len(wanted)) - 2
    n_kept = n_same if freezing.reuse_head else min(n_same, n_hidden)
    if n_kept < max(1, freezing.n_frozen_layers):
        raise ValueError(
            f"Got n_frozen_layers={freezing.n_frozen_layers} and hidden_layer_sizes="
            f"{settings.hidden_sizes!r}, which makes layers of {wanted} units, but "
            f"pretrained has {sizes}: only the first {n_kept} layer(s) are of the same "
            "shape. Begin hidden_layer_sizes with those of pretrained."
        )
    return n_kept
