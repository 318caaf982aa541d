# SPDX-License-Identifier: BSD-3-Clause
"""Plans for a layer: the units to remove, and the compensation in the next layer."""

from typing import NamedTuple

import numpy as np

SIMILAR, COMPLEMENTARY = 0, 1
#: Directions of the activations with less than this share of the largest variance count as
#: rounding noise.
RANK = 1e-10


class Rule(NamedTuple):
    """Parameters that decide about pairs of units; see `DistinctivenessPruner`."""

    similar_angle: float
    complementary_angle: float
    complement: str
    compensate: str | None
    any_angle: bool = False  #: True to order all pairs by angle, without the thresholds


class Layer(NamedTuple):
    """Angles and moments of the u units of a layer before it is pruned."""

    angles: np.ndarray  #: (u, u), degrees
    means: np.ndarray  #: (u,), of the activations
    covariance: np.ndarray  #: (u, u), of the activations
    middle: float  #: centre of symmetry of the activation function; 0.5 for "logistic"


class Plan(NamedTuple):
    """Units to keep, and the compensation for the removed ones.

    With outgoing weights V of the layer, the kept units get the outgoing weights ``merge @ V``,
    and the intercepts of the next layer grow by ``shift @ V``.
    """

    kept: np.ndarray  #: (u,), of bool
    pairs: np.ndarray  #: (m, 3): i, j and kind of the pairs that removed units
    merge: np.ndarray  #: (n_kept, u)
    shift: np.ndarray  #: (u,)


def close_pairs(angles, rule):
    """Pairs of units within the thresholds, (m, 3): i < j and the kind.

    Pairs nearest to 0 or 180 degrees come first; ties keep the order of the units.
    """
    i, j = np.triu_indices(len(angles), 1)
    pair_angles = angles[i, j]
    if rule.any_angle:
        similar, opposite = pair_angles <= 90, pair_angles > 90
    else:
        similar = pair_angles < rule.similar_angle
        opposite = pair_angles > rule.complementary_angle
    near = similar | opposite
    distance = np.where(similar, pair_angles, 180 - pair_angles)[near]
    # Without rounding, the last bits of equal angles would order their pairs.
    order = np.argsort(distance.round(9), kind="stable")
    kinds = np.where(similar, SIMILAR, COMPLEMENTARY)
    return np.stack([i, j, kinds], axis=1)[near][order]


def random_pairs(n_units, n_removed, rng):
    """Pairs of a random kept unit and a random removed unit, one for each removed unit."""
    order = rng.permutation(n_units)
    removed, staying = order[:n_removed], order[n_removed:]
    partners = rng.choice(staying, size=n_removed)
    return np.stack([partners, removed, np.full(n_removed, SIMILAR)], axis=1)


def make_plan(layer, pairs, rule, count=np.inf):
    """Plan that removes units pair by pair, and always keeps at least one unit.

    Parameters
    ----------
    layer : Layer
    pairs : ndarray of shape (m, 3)
        Pairs in the order in which they are considered.
    rule : Rule
    count : int
        Largest number of units to remove.
    """
    n_units = len(layer.means)
    limit = min(n_units - 1, count)
    kept = np.ones(n_units, bool)
    merge, shift = np.eye(n_units), np.zeros(n_units)
    used = []
    for i, j, kind in pairs:
        n_removed = n_units - kept.sum()
        if n_removed >= limit:
            break
        if not (kept[i] and kept[j]):
            continue
        both = kind == COMPLEMENTARY and rule.complement == "remove"
        if both and n_removed + 2 > limit:
            continue
        used.append((i, j, kind))
        kept[j] = False
        if both:
            kept[i] = False
        elif rule.compensate in ("pair", "add"):
            factor, constant = _relation(layer, i, j, kind, rule.compensate)
            # Row j holds unit j and all units that j has replaced so far: i replaces them all.
            merge[i] += factor * merge[j]
            shift += constant * merge[j]
    used = np.array(used, int).reshape(-1, 3)
    if rule.compensate == "regression":
        replaced = used[:, 1]
        if rule.complement == "remove":
            # Nothing replaces the units of complementary pairs.
            replaced = used[used[:, 2] == SIMILAR, 1]
        return Plan(kept, used, *_regression(layer, kept, replaced))
    return Plan(kept, used, merge[kept], shift)


def _regression(layer, kept, replaced):
    """`merge` and `shift` of the least-squares fit of the replaced units by all kept units."""
    merge, shift = np.eye(len(kept))[kept], np.zeros(len(kept))
    within = layer.covariance[np.ix_(kept, kept)]
    across = layer.covariance[np.ix_(kept, replaced)]
    # Kept units may be multiples of each other, so `within` may be singular. The pseudoinverse
    # returns the factors of the smallest norm.
    factors = np.linalg.pinv(within, rcond=RANK, hermitian=True) @ across
    merge[:, replaced] = factors
    shift[replaced] = layer.means[replaced] - layer.means[kept] @ factors
    return merge, shift


def _relation(layer, i, j, kind, compensate):
    """Return c and d of the replacement of unit j by unit i: a_j = c * a_i + d."""
    if compensate == "add":
        # The reflection of an activation a at the middle m is 2 m - a.
        return (1.0, 0.0) if kind == SIMILAR else (-1.0, 2 * layer.middle)
    # Simple regression over the training rows; a constant unit i leaves the mean of unit j.
    variance = layer.covariance[i, i]
    constant_unit = variance <= 1e-12 * max(layer.covariance[j, j], 1e-30)
    factor = 0.0 if constant_unit else layer.covariance[i, j] / variance
    return factor, layer.means[j] - factor * layer.means[i]
