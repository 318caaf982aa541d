# SPDX-License-Identifier: BSD-3-Clause
"""Coupling of the networks of several data sets within a step.

All networks take a step side by side. After the solver's update and before the penalty, the
exact proximal step of the quadratic coupling draws the layers together: with the graph
Laplacian ``Lap`` of a layer and the learning rate ``eta``, the parameters of that layer (a row
per domain) solve ``(I + 2 eta Lap) new = old``. This step is stable for any strength; a
gradient step on the coupling is not.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax

from skrln._kernels._step import Meeting
from skrln._kernels._types import Layer, Params

from ._plan import JointSpec

DOMAINS = "domains"  #: name of the axis of the networks
#: Sums over domains in full single precision, also on a GPU that would round them.
EXACT = lax.Precision.HIGHEST


class Coupling(NamedTuple):
    """Eigenvectors and eigenvalues of the Laplacian of each layer.

    They replace a linear system per step and learning rate by two products.
    """

    vectors: Any  #: (n_layers, n, n)
    values: Any  #: (n_layers, n)
    pull: Any  #: per layer (n, n_parameters); towards domains that do not move, or ()


def make_meeting(joint: JointSpec, coupling: Coupling) -> Meeting:
    """Coupling within a step, for use under ``vmap`` over `DOMAINS`."""

    def gradient(own: Params) -> Params:
        return tuple(
            jax.tree.map(lambda g: lax.pmean(g, DOMAINS), layer) if tied else layer
            for layer, tied in zip(own, joint.tied, strict=True)
        )

    def params(moved: Params, rates: tuple[Array, ...]) -> Params:
        return tuple(
            _draw_together(layer, rates[k], k, joint, coupling)
            if joint.coupled[k]
            else layer
            for k, layer in enumerate(moved)
        )

    return Meeting(gradient, params)


def _draw_together(
    layer: Layer, rate: Array, k: int, joint: JointSpec, coupling: Coupling
) -> Layer:
    """Proximal step of the coupling on layer `k` of a domain."""
    row = flatten_layer(layer)
    if joint.anchored:
        row = row + 2 * rate * coupling.pull[k][lax.axis_index(DOMAINS)]
    rows = lax.all_gather(row, DOMAINS)
    vectors = coupling.vectors[k]
    own = vectors[lax.axis_index(DOMAINS)] / (1 + 2 * rate * coupling.values[k])
    share = jnp.matmul(own, vectors.T, precision=EXACT)
    return _unflatten(jnp.matmul(share, rows, precision=EXACT), layer)


def flatten_layer(layer: Layer) -> Array:
    """Weights and biases of a layer as one row."""
    return jnp.concatenate([jnp.ravel(layer.weight), layer.bias])


def _unflatten(row: Array, layer: Layer) -> Layer:
    size = layer.weight.size
    weight = jnp.reshape(row[:size], layer.weight.shape)
    return layer._replace(weight=weight, bias=row[size:])


def squared_distances(params: Params) -> Array:
    """Squared distance of each layer between networks, (n_layers, n, n).

    Products of the centered parameters need no array of (n, n, n_parameters).
    """

    def of_layer(layer: Layer) -> Array:
        rows = jax.vmap(flatten_layer)(layer)
        rows = rows - jnp.mean(rows, axis=0)
        products = jnp.matmul(rows, rows.T, precision=EXACT)
        lengths = jnp.diagonal(products)
        return jnp.maximum(lengths[:, None] + lengths - 2 * products, 0)

    return jnp.stack([of_layer(layer) for layer in params])
