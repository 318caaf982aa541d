# SPDX-License-Identifier: BSD-3-Clause
"""Which units go, and what becomes of what they passed on."""

from typing import NamedTuple

import numpy as np

SIMILAR, COMPLEMENTARY = 0, 1
#: Directions of the activations with less than this share of the largest variance are noise.
RANK = 1e-10


class Rule(NamedTuple):
    """What may go."""

    similar_angle: float
    complementary_angle: float
    complement: str
    compensate: str | None
    any_angle: bool = (
        False  #: whether a number of units is to go, whatever their angles
    )


class Layer(NamedTuple):
    """What is known of the units of a layer before any of them goes."""

    angles: np.ndarray  #: (u, u), degrees
    means: np.ndarray  #: (u,), of the values that they pass on
    covariance: np.ndarray  #: (u, u)
    middle: float  #: around which activations lie by their nature; 0.5 of the sigmoid


class Plan(NamedTuple):
    """What happens to a layer.

    The units that stay pass on what they did, through outgoing weights ``merge @ V`` instead
    of V, and the next layer's intercepts grow by ``shift @ V``.
    """

    kept: np.ndarray  #: (u,), of bool
    pairs: np.ndarray  #: (m, 3): i, j, kind
    merge: np.ndarray  #: (n_kept, u)
    shift: np.ndarray  #: (u,)


def close_pairs(angles, rule):
    """Pairs in the order in which they are looked at, (m, 3): i < j and the kind.

    The nearest to 0 or 180 degrees come first; equal ones in the order of their units.
    """
    i, j = np.triu_indices(len(angles), 1)
    found = angles[i, j]
    if not rule.any_angle:
        similar, opposite = (
            found < rule.similar_angle,
            found > rule.complementary_angle,
        )
    else:
        similar, opposite = found <= 90, found > 90
    near = similar | opposite
    distance = np.where(similar, found, 180 - found)[near]
    # Rounded: angles that are the same but for the last bits keep the order of the units.
    order = np.argsort(distance.round(9), kind="stable")
    kinds = np.where(similar, SIMILAR, COMPLEMENTARY)
    return np.stack([i, j, kinds], axis=1)[near][order]


def random_pairs(n_units, n_removed, rng):
    """As many units to remove, each with one that stays, drawn at random."""
    order = rng.permutation(n_units)
    removed, staying = order[:n_removed], order[n_removed:]
    partners = rng.choice(staying, size=n_removed)
    return np.stack([partners, removed, np.full(n_removed, SIMILAR)], axis=1)


def make_plan(layer, pairs, rule, count=np.inf):
    """Walk through the pairs; one unit always stays.

    Parameters
    ----------
    layer : Layer
    pairs : ndarray of shape (m, 3)
    rule : Rule
    count : int
        Most units that may go.
    """
    n_units = len(layer.means)
    limit = min(n_units - 1, count)
    kept = np.ones(n_units, bool)
    merge, shift = np.eye(n_units), np.zeros(n_units)
    used = []
    for i, j, kind in pairs:
        n_gone = n_units - kept.sum()
        if n_gone >= limit:
            break
        if not (kept[i] and kept[j]):
            continue
        both = kind == COMPLEMENTARY and rule.complement == "remove"
        if both and n_gone + 2 > limit:
            continue
        used.append((i, j, kind))
        kept[j] = False
        if both:
            kept[i] = False
        elif rule.compensate in ("pair", "add"):
            factor, constant = _relation(layer, i, j, kind, rule.compensate)
            # Whatever unit j spoke for by now, unit i does.
            merge[i] += factor * merge[j]
            shift += constant * merge[j]
    used = np.array(used, int).reshape(-1, 3)
    if rule.compensate == "regression":
        spoken_for = used[:, 1]
        if rule.complement == "remove":
            spoken_for = used[used[:, 2] == SIMILAR, 1]
        return Plan(kept, used, *_regression(layer, kept, spoken_for))
    return Plan(kept, used, merge[kept], shift)


def _regression(layer, kept, spoken_for):
    """`merge` and `shift` with which all units that stay stand for those that went."""
    merge, shift = np.eye(len(kept))[kept], np.zeros(len(kept))
    within = layer.covariance[np.ix_(kept, kept)]
    across = layer.covariance[np.ix_(kept, spoken_for)]
    # Units that stay may be multiples of each other: the smallest factors that will do.
    factors = np.linalg.pinv(within, rcond=RANK, hermitian=True) @ across
    merge[:, spoken_for] = factors
    shift[spoken_for] = layer.means[spoken_for] - layer.means[kept] @ factors
    return merge, shift


def _relation(layer, i, j, kind, compensate):
    """Factor and constant by which unit i stands for unit j."""
    if compensate == "add":
        return (1.0, 0.0) if kind == SIMILAR else (-1.0, 2 * layer.middle)
    variance = layer.covariance[i, i]
    constant_unit = variance <= 1e-12 * max(layer.covariance[j, j], 1e-30)
    factor = 0.0 if constant_unit else layer.covariance[i, j] / variance
    return factor, layer.means[j] - factor * layer.means[i]
