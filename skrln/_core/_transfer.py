# SPDX-License-Identifier: BSD-3-Clause
"""Where a fit starts from: its own last fit, another fitted network, or nothing."""

import numpy as np
from sklearn.frozen import FrozenEstimator

from skrln._kernels import Embedding, Layer, Moments, Start

from ._task_weights import task_weighting

#: Settings that say what the weights mean.
SAME_UNITS = (
    "activation",
    "batch_norm",
    "numeric_embedding",
    "plain_features",
    "plain_layer_sizes",
)


def find_source(estimator):
    """The fitted network to go on from: `estimator` itself, its `pretrained`, or None."""
    if estimator.warm_start and hasattr(estimator, "coefs_"):
        return estimator
    members = pretrained_members(estimator)
    if not members:
        return None
    weights = getattr(estimator.pretrained, "estimator_weights_", [1.0])
    return members[int(np.argmax(weights))]


def pretrained_members(estimator):
    """The fitted networks in `pretrained`; an ensemble has several."""
    source = estimator.pretrained
    if isinstance(source, FrozenEstimator):
        source = source.estimator
    if source is None:
        return []
    kind = type(source).__name__
    if not hasattr(source, "reg_warmup"):
        raise ValueError(
            f"Got pretrained of type {kind}, but expected a fitted network of skrln, such "
            "as RLNRegressor or RLNClassifier. From a pipeline, take its last step."
        )
    if not hasattr(source, "_target"):
        raise ValueError(
            f"Got pretrained={kind}(...), which is not fitted. Fit it first; GridSearchCV "
            "and clone leave a fitted one as it is."
        )
    return source.estimators_


def check_same_columns(estimator, source):
    """Refuse inputs that the pretrained network does not know."""
    if estimator.n_features_in_ != source.n_features_in_:
        raise ValueError(
            f"Got X with {estimator.n_features_in_} features, but pretrained was fitted on "
            f"{source.n_features_in_}. A network can only go on with the columns that it "
            "knows."
        )
    names = getattr(estimator, "feature_names_in_", None)
    known = getattr(source, "feature_names_in_", None)
    if names is not None and known is not None and not np.array_equal(names, known):
        different = [str(a) for a, b in zip(names, known, strict=True) if a != b]
        raise ValueError(
            f"Got X with columns that pretrained does not have in the same place: "
            f"{different[:5]}. Pass the columns that it was fitted on, in their order."
        )


def check_same_target(estimator, source):
    """Refuse to reuse a head that speaks of another kind of target."""
    new, old = (one._loss(source._target)[0] for one in (estimator, source))
    if new != old:
        raise ValueError(
            f"Got reuse_head=True, but pretrained was fitted with loss={old!r} and this "
            f"fit has loss={new!r}. Pass reuse_head=False for a new last layer."
        )
    if type(source._target) is not estimator._target_type:
        raise ValueError(
            f"Got reuse_head=True, but pretrained is a {type(source).__name__}, whose last "
            f"layer means something else in a {type(estimator).__name__}. Pass "
            "reuse_head=False for a new last layer."
        )


def start_of(estimator, source, network):
    """Weights to start from; None where a layer is drawn anew.

    All layers of the own last fit; of a pretrained network the leading ones of equal shape,
    and the last one only if that is asked for.

    Parameters
    ----------
    estimator : BaseRLN
    source : BaseRLN or None
    network : NetworkSpec
        Of the fit to come.
    """
    n_frozen = estimator.n_frozen_layers
    if n_frozen >= network.n_layers:
        raise ValueError(
            f"Got n_frozen_layers={n_frozen}, but the network has {network.n_layers} "
            "layers, of which the last one always trains. Lower it."
        )
    if source is None:
        if n_frozen:
            raise ValueError(
                f"Got n_frozen_layers={n_frozen}, but nothing to freeze: pretrained=None "
                "and no earlier fit with warm_start=True. Pass a fitted network as "
                "pretrained, or n_frozen_layers=0."
            )
        return None
    _check_same_units(estimator, source)
    sizes = (len(source.coefs_[0]), *(w.shape[1] for w in source.coefs_))
    if source is estimator:
        _check_same_sizes(estimator, sizes, network)
        n_kept = network.n_layers
    else:
        n_kept = _count_shared(estimator, sizes, network)
    return _start(source, n_kept, network.n_layers, estimator.task_weight)


def _start(source, n_kept, n_layers, task_weight):
    layers, moments, coefficients = [], [], []
    for k in range(n_layers):
        kept = k < n_kept
        norm = kept and k < len(source.batch_norms_)
        gain, shift, mean, variance = source.batch_norms_[k] if norm else [None] * 4
        layer = None
        if kept:
            layer = Layer(source.coefs_[k], source.intercepts_[k], gain, shift)
            if k == n_layers - 1 and task_weighting(task_weight) == "uncertainty":
                known = vars(source).get("task_log_variance_")
                layer = layer._replace(log_variance=known)
        if k == 0 and source.embedding_ is not None:
            layer = layer._replace(embedding=Embedding(**source.embedding_))
        if k == 0 and source.plain_coefs_:
            branch = zip(source.plain_coefs_, source.plain_intercepts_, strict=True)
            layer = layer._replace(plain=tuple(Layer(*one) for one in branch))
        layers.append(layer)
        if k < n_layers - 1:
            moments.append(Moments(mean, variance) if norm else None)
        learned = kept and np.isfinite(source.reg_coefs_[k]).any()
        coefficients.append(source.reg_coefs_[k] if learned else None)
    return Start(tuple(layers), tuple(coefficients), None, tuple(moments))


def _is_same(new, old):
    """Whether two settings are equal; they may be arrays of column names."""
    if new is None or old is None:
        return new is old
    return type(new) is type(old) and bool(np.all(np.equal(new, old)))


def _check_same_units(estimator, source):
    for name in SAME_UNITS:
        new, old = getattr(estimator, name), getattr(source, name)
        if not _is_same(new, old) and source is not estimator:
            raise ValueError(
                f"Got {name}={new!r}, but pretrained was fitted with {name}={old!r}: its "
                f"weights would mean something else. Pass {name}={old!r}."
            )
    if source is estimator and bool(source.batch_norms_) != (
        estimator.batch_norm is not None and len(source.coefs_) > 1
    ):
        raise ValueError(
            f"Got batch_norm={estimator.batch_norm!r}, but the fit to go on from was made "
            "with another. Set warm_start=False, or restore it."
        )


def _check_same_sizes(estimator, sizes, network):
    wanted = _sizes(network)
    if sizes != wanted:
        raise ValueError(
            f"Got hidden_layer_sizes={estimator.hidden_layer_sizes!r}, which makes layers "
            f"of {wanted} units, but the fit to go on from has {sizes}. "
            "Set warm_start=False, or restore the sizes."
        )


def _sizes(network):
    """Rows of the first weights, then units of each layer."""
    return (network.weight_shapes[0][0], *network.layer_sizes[1:])


def _count_shared(estimator, sizes, network):
    """Leading layers of equal shape, of which the frozen ones must be."""
    wanted = _sizes(network)
    n_same = 0
    while (
        n_same < min(len(sizes), len(wanted)) - 1
        and sizes[n_same : n_same + 2] == wanted[n_same : n_same + 2]
    ):
        n_same += 1
    head_is_same = sizes == wanted
    if estimator.reuse_head and not head_is_same:
        raise ValueError(
            f"Got reuse_head=True, but pretrained has layers of {sizes} units and this fit "
            f"of {wanted}. Restore hidden_layer_sizes, or pass reuse_head=False."
        )
    # A last layer is not a hidden one, even where it has the shape of one.
    n_hidden = min(len(sizes), len(wanted)) - 2
    n_kept = n_same if estimator.reuse_head else min(n_same, n_hidden)
    if n_kept < max(1, estimator.n_frozen_layers):
        raise ValueError(
            f"Got n_frozen_layers={estimator.n_frozen_layers} and hidden_layer_sizes="
            f"{estimator.hidden_layer_sizes!r}, which makes layers of {wanted} units, but "
            f"pretrained has {sizes}: only the first {n_kept} layer(s) are of the same "
            "shape. Begin hidden_layer_sizes with those of pretrained."
        )
    return n_kept
