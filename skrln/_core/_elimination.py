# SPDX-License-Identifier: BSD-3-Clause
"""Inputs that an ensemble can do without: backward elimination by the loss on unseen rows.

A penalty weak enough to predict well lets a few small weights of idle inputs pass, others in
each network, and all of them together use nearly everything. Here inputs are dropped from all
networks alike, the least important first, and the number of them with the lowest loss is kept.

The loss of a network counts only on rows that it has not seen, and so must the order in which
it loses its inputs: the importances of the other networks know the labels of those rows, and
with many columns would make any selection look good. So each network follows its own order,
with those that share its rows, and only their number is common. The order of all networks
together, which is the better one, then says which inputs these are.
"""

from copy import copy
from typing import NamedTuple

import numpy as np
from scipy import sparse

from skrln._kernels import StopReason

from ._assembly import Ensemble, Unseen, by_cell, calibrated
from ._blend import row_losses
from ._forward import embedded, forward_from_sums
from ._importance import column_importance
from ._predicting import dense_inputs

#: Each number of inputs that is compared is this much smaller than the one before.
SHRINK = 0.85
#: Rows that the numbers are compared on, at most, and the fewest that "auto" goes by: a handful
#: of rows that a single network holds out would drop inputs by chance.
MAX_ROWS, LEAST_ROWS = 4096, 25
#: Networks are trained again on what is left where that is no more than this share.
REFIT_SHARE = 0.5


class Elimination(NamedTuple):
    """How many inputs to keep, and which come first."""

    n_kept: int
    n_active: int  #: before: the most that a network has
    order: np.ndarray  #: columns, the most important first, by all networks
    own_orders: dict  #: the same by those that have not seen some rows, by their key
    gain: float  #: share of the loss without any input that the kept ones save

    @property
    def columns(self):
        """Those to keep in all networks."""
        return self.order if self.n_kept == self.n_active else self.order[: self.n_kept]

    @property
    def narrows(self):
        """Whether so few are left that networks are worth training on those alone."""
        return 0 < self.n_kept <= REFIT_SHARE * self.n_active


def selects_inputs(estimator, sources, results, unseen):
    """Whether inputs are to be dropped after this fit.

    Fits that go on from fitted networks keep their inputs, and those that were stopped
    are left as they are.
    """
    if sources or unseen is None or not estimator.input_selection:
        return False
    enough = insists(estimator) or len(unseen.rows) >= LEAST_ROWS
    return enough and not was_stopped(results)


def insists(estimator):
    """Whether inputs are to be dropped without an "auto"."""
    asked = estimator.input_selection
    return bool(asked) and not isinstance(asked, str)


def was_stopped(results):
    """Whether somebody did not want to wait for the end of a fit."""
    stopped = {StopReason.INTERRUPTED, StopReason.CALLBACK}
    return any(one.reason in stopped for one in results)


def eliminate(estimator, shared, ensemble, unseen, rng):
    """Number of inputs with the lowest loss on unseen rows; of equal ones the smallest.

    It is none where that loss is not lower than without any by more than one standard error:
    the lowest of many losses is, where no input tells anything, a little lower by chance.
    """
    weight_of = dict(zip(map(id, ensemble.trained), ensemble.weights, strict=True))
    order = _order(ensemble.trained, weight_of)
    same_rows = {}
    for one in ensemble.trained:
        same_rows.setdefault(key_of(one), []).append(one)
    own_orders = {key: _order(group, weight_of) for key, group in same_rows.items()}
    sample = _sample(unseen, rng)
    sizes = _sizes(max(map(len, own_orders.values())))
    loss, told = estimator._loss(shared.target), (sample.targets, sample.weights)
    rows = [
        row_losses(shared.target, loss, means, *told)
        for means in _shrinking(ensemble, weight_of, shared, sample, own_orders, sizes)
    ]
    losses = [values.mean() for values in rows]
    lowest = np.nanmin([*losses, np.inf])  # infinite where predictions overflow
    best = np.flatnonzero(np.equal(losses, lowest))[-1] if lowest < np.inf else 0
    if np.isfinite(losses[-1]) and not is_better(rows[best], rows[-1]):
        best = len(sizes) - 1
    gain = _saved_share(losses[best], losses[-1])
    return Elimination(sizes[best], sizes[0], order, own_orders, gain)


def _saved_share(loss, other):
    """How much lower a loss is; one where there is no telling."""
    known = np.isfinite(loss) and 0 < other < np.inf
    return float(1 - loss / other) if known else 1.0


def reduced(estimator, shared, ensemble, unseen, found):
    """The ensemble without the inputs that go; its losses are those in own orders."""
    own = [
        _without(one.member, found.own_orders[key_of(one)][: found.n_kept], shared)
        for one in ensemble.trained
    ]
    means = [
        shared.unseen_means(one.job, member)
        for one, member in zip(ensemble.trained, own, strict=True)
    ]
    blended = _blend(ensemble, unseen, means)
    temperature, losses = calibrated(estimator, shared.target, blended, unseen)
    trained = [
        one._replace(member=_without(one.member, found.columns, shared))
        for one in ensemble.trained
    ]
    return Ensemble(trained, ensemble.weights, temperature, losses)


def is_better(losses, others):
    """Whether losses of the same rows are lower by more than one standard error."""
    gain = others - losses
    return bool(gain.mean() > gain.std() / np.sqrt(len(gain)))


def supports(found):
    """Columns that the networks of each key may use."""
    return {key: order[: found.n_kept] for key, order in found.own_orders.items()}


def key_of(one):
    """What networks share that have not seen the same rows: their number, or nothing."""
    return None if one.job.validation is None else one.job.number


def _order(trained, weight_of):
    """Columns with an edge, the most important first."""
    importance = np.average(
        [column_importance(one.member) for one in trained],
        axis=0,
        weights=[weight_of[id(one)] for one in trained],
    )
    # Columns of the plain branch are there to stay.
    importance[trained[0].member._encoder.plain] = 0
    order = np.argsort(-importance, kind="stable")
    return order[importance[order] > 0]


def _sizes(n_active):
    """Numbers of inputs to compare, from all to none."""
    sizes = [n_active]
    while sizes[-1] > 0:
        sizes.append(min(sizes[-1] - 1, int(sizes[-1] * SHRINK)))
    return sizes


def _sample(unseen, rng):
    """Some of many rows."""
    n_rows = len(unseen.targets)
    if n_rows <= MAX_ROWS:
        return unseen
    chosen = np.sort(rng.choice(n_rows, MAX_ROWS, replace=False))
    return Unseen(*(array[chosen] for array in unseen))


def _blend(ensemble, unseen, means):
    """Predictions of an ensemble of which each network has its own."""
    place = {id(one): k for k, one in enumerate(ensemble.trained)}
    total = 0.0
    for group in by_cell(ensemble.trained):
        own = [place[id(one)] for one in group]
        share = ensemble.weights[own].sum()
        total = total + share * unseen.average(group, [means[k] for k in own])
    return total


def _shrinking(ensemble, weight_of, shared, sample, own_orders, sizes):
    """Predictions of the ensemble at each number of inputs, (n_sizes, n_rows, n_columns).

    One network after the other, because the inputs of all of them may be a lot.
    """
    n_rows, n_columns = len(sample.targets), ensemble.trained[0].means.shape[1]
    blended = np.zeros((len(sizes), n_rows, n_columns))
    for group in by_cell(ensemble.trained):
        total, count = np.zeros_like(blended), np.zeros(n_rows)
        for one in group:
            here, own = sample.positions(one)
            found = shrunk(one, shared, own, own_orders[key_of(one)], sizes)
            np.add.at(total, (slice(None), here), found)
            np.add.at(count, here, 1)
        share = sum(weight_of[id(one)] for one in group)
        blended += share * (total / count[:, None])
    return blended


def shrunk(one, shared, rows, order, sizes):
    """Predictions of a network with fewer and fewer inputs, the others at their means.

    Parameters
    ----------
    one : Trained
    shared : Shared
    rows : ndarray of int
        Positions among the rows that the network has not seen.
    order : ndarray of int
        Its columns, the most important first.
    sizes : list of int
        How many of them it has, falling.

    Returns
    -------
    ndarray of shape (n_sizes, n_rows, n_columns)
    """
    network, groups = one.member._network, one.member._groups
    first, bias = network.coefs[0], network.intercepts[0]
    inputs = shared.unseen_inputs(one.job)[rows]
    if sparse.issparse(inputs):
        inputs = inputs.tocsc().astype(first.dtype)
    else:
        inputs = embedded(dense_inputs(network, inputs), network)
    center, sums = shared.center(one.member), inputs @ first + bias
    found, n_kept = [], len(order)
    for size in sizes:
        gone = np.flatnonzero(np.isin(groups, order[size:n_kept]))
        sums += center[gone] @ first[gone] - inputs[:, gone] @ first[gone]
        n_kept = min(size, n_kept)
        outputs = forward_from_sums(sums.copy(), network)
        found.append(one.member._target.means(outputs.astype(np.float64)))
    return np.stack(found)


def _without(member, kept, shared):
    """The network with every column but those kept at its mean, which becomes a bias."""
    weight, bias = member.coefs_[0], member.intercepts_[0]
    gone = ~np.isin(member._groups, kept) & (member._groups >= 0)
    moved = bias + shared.center(member)[gone] @ weight[gone]
    smaller = copy(member)
    first = np.where(gone[:, None], 0, weight).astype(weight.dtype)
    smaller.coefs_ = [first, *member.coefs_[1:]]
    smaller.intercepts_ = [moved.astype(bias.dtype), *member.intercepts_[1:]]
    return smaller
