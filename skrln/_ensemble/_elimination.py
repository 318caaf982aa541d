# SPDX-License-Identifier: BSD-3-Clause
"""Backward elimination of input columns by the loss on held-out rows.

A penalty that is weak enough to predict well leaves a few small weights of noise columns,
others in each network, so that all networks together use nearly every column. Elimination drops
columns from all networks alike, the least important first, and keeps the number of columns with
the lowest held-out loss.

The loss of a network counts on its held-out rows. Importances of other networks depend on the
labels of these rows, so they must not rank its columns. Networks with the same held-out rows
share an order. All networks share only the number of columns. The order by all networks, which
is the better one, then chooses the columns.
"""

from typing import NamedTuple

import numpy as np
from scipy import sparse

from skrln._network._effects import column_effects, probe_networks
from skrln._network._fitted import dense_inputs, take_compact
from skrln._network._forward import (
    EXPANDED_BLOCK,
    first_layer_inputs,
    forward_from_sums,
    row_blocks,
)
from skrln._network._importance import active_columns

from ._combine import Combination, calibrate
from ._jobs import held_out_means
from ._kinds import must_select

#: Ratio of one number of columns that is compared to the next larger one.
SHRINK = 0.85
#: Most rows on which the numbers are compared, and fewest rows for "auto": a handful of held-
#: out rows would drop columns by chance.
MAX_ROWS, LEAST_ROWS = 4096, 25
#: Networks are trained again on the kept columns if these are at most this share.
REFIT_SHARE = 0.5


class Elimination(NamedTuple):
    """Number of columns to keep, and their orders."""

    n_kept: int
    n_active: int  #: before elimination: the most columns that a network uses
    order: np.ndarray  #: columns by falling importance, by all networks
    own_orders: dict
    """The same by networks that hold the same rows out, by `held_out_key`."""
    gain: float  #: share of the loss without any input that the kept columns save

    @property
    def columns(self):
        """Columns to keep in all networks."""
        return self.order if self.n_kept == self.n_active else self.order[: self.n_kept]

    @property
    def narrows(self):
        """True if training on the kept columns alone is worth its time."""
        return 0 < self.n_kept <= REFIT_SHARE * self.n_active


def selects_inputs(parameters, trained, held_out):
    """Return True if a fit of fresh networks drops columns after training.

    A fit that was stopped keeps its columns.
    """
    if held_out is None or not parameters.input_selection:
        return False
    has_enough = must_select(parameters) or len(held_out.rows) >= LEAST_ROWS
    return has_enough and not any(one.fitted.was_stopped for one in trained)


def eliminate(shared, combination, held_out, rng):
    """Find the number of columns with the lowest held-out loss; of ties the smallest.

    The number is zero unless the loss is lower than without any column by more than one
    standard error: on noise the lowest of many losses is a little lower by chance.

    Parameters
    ----------
    shared : SharedTable
    combination : Combination
    held_out : HeldOut
    rng : RandomState

    Returns
    -------
    Elimination
    """
    trained = combination.trained
    probe = probe_networks(combination.members, shared.columns)
    order = _order(combination, probe, range(len(trained)), shared.columns)
    groups = {}
    for k, member in enumerate(trained):
        groups.setdefault(member.job.held_out_key, []).append(k)
    own_orders = {
        key: _order(combination, probe, group, shared.columns)
        for key, group in groups.items()
    }
    sample = held_out.sample(MAX_ROWS, rng)
    sizes = _sizes(max(map(len, own_orders.values())))
    losses_of_rows = [
        sample.row_losses(means)
        for means in _shrinking(combination, shared, sample, own_orders, sizes)
    ]
    losses = [values.mean() for values in losses_of_rows]
    lowest = np.nanmin([*losses, np.inf])  # infinite if predictions overflow
    best = np.flatnonzero(np.equal(losses, lowest))[-1] if lowest < np.inf else 0
    if np.isfinite(losses[-1]) and not is_better(
        losses_of_rows[best], losses_of_rows[-1]
    ):
        best = len(sizes) - 1
    gain = _saved_share(losses[best], losses[-1])
    return Elimination(sizes[best], sizes[0], order, own_orders, gain)


def _saved_share(loss, other):
    """Relative difference of a loss to another; one if it is undefined."""
    is_defined = np.isfinite(loss) and 0 < other < np.inf
    return float(1 - loss / other) if is_defined else 1.0


def reduced(shared, combination, held_out, elimination):
    """Return the combination without the dropped columns.

    Its losses and its temperature are those of networks that lose columns in their own orders.
    """
    narrow = [
        _without(
            one.fitted,
            elimination.own_orders[one.job.held_out_key][: elimination.n_kept],
            shared,
        )
        for one in combination.trained
    ]
    means = [
        held_out_means(one.job, fitted)
        for one, fitted in zip(combination.trained, narrow, strict=True)
    ]
    blended = combination.blend(held_out, means)
    temperature, losses = calibrate(blended, held_out)
    trained = [
        one._replace(fitted=_without(one.fitted, elimination.columns, shared))
        for one in combination.trained
    ]
    return Combination(trained, combination.weights, temperature, losses)


def is_better(losses, others):
    """Return True if losses of the same rows are lower by more than one standard error."""
    gain = others - losses
    return bool(gain.mean() > gain.std() / np.sqrt(len(gain)))


def supports(elimination):
    """Columns that the networks of each key may use."""
    return {
        key: order[: elimination.n_kept]
        for key, order in elimination.own_orders.items()
    }


def _order(combination, probe, positions, columns):
    """Columns with an edge, by falling effect on the blend of some of the networks."""
    positions = list(positions)
    members = [combination.members[k] for k in positions]
    weights = combination.weights[positions]
    effects = column_effects(members, weights, columns, probe.of(positions))
    is_read = np.any([active_columns(member) for member in members], axis=0)
    # Columns of the plain branch are never dropped.
    is_read[columns.plain] = False
    order = np.argsort(-effects, kind="stable")
    return order[is_read[order]]


def _sizes(n_active):
    """Numbers of columns to compare, from all to none."""
    sizes = [n_active]
    while sizes[-1] > 0:
        sizes.append(min(sizes[-1] - 1, int(sizes[-1] * SHRINK)))
    return sizes


def _shrinking(combination, shared, sample, own_orders, sizes):
    """Predictions at each number of columns, (n_sizes, n_rows, n_columns).

    One network after the other, to hold the inputs of one network only.
    """
    n_rows, n_columns = len(sample.targets), combination.trained[0].means.shape[1]
    blended = np.zeros((len(sizes), n_rows, n_columns))
    for group, positions in combination.kinds():
        total, count = np.zeros_like(blended), np.zeros(n_rows)
        for one in group:
            here, own = sample.positions(one)
            order = own_orders[one.job.held_out_key]
            predictions = shrunk(one, shared, own, order, sizes)
            np.add.at(total, (slice(None), here), predictions)
            np.add.at(count, here, 1)
        share = sum(combination.weights[k] for k in positions)
        blended += share * (total / count[:, None])
    return blended


def shrunk(trained, shared, rows, order, sizes):
    """Predictions of a network with fewer and fewer columns, the others at their means.

    Parameters
    ----------
    trained : Trained
    shared : SharedTable
    rows : ndarray of int
        Positions among the held-out rows of the network.
    order : ndarray of int
        Columns of the network by falling importance.
    sizes : list of int
        Numbers of columns to keep, falling.

    Returns
    -------
    ndarray of shape (n_sizes, n_rows, n_columns)
    """
    fitted, job = trained.fitted, trained.job
    groups, starts = fitted.input_groups, [len(order), *sizes]
    dropped = [
        np.flatnonzero(np.isin(groups, order[size : min(start, len(order))]))
        for size, start in zip(sizes, starts, strict=False)
    ]
    held_out = take_compact(shared.held_out_rows(fitted.encoder, job.split), rows)
    center = shared.center(fitted)
    if sparse.issparse(held_out):
        return _shrunk_block(fitted, held_out, center, dropped)
    blocks = row_blocks(len(rows), fitted.encoder.n_inputs, EXPANDED_BLOCK)
    predictions = [
        _shrunk_block(fitted, take_compact(held_out, part), center, dropped)
        for part in blocks
    ]
    return np.concatenate(predictions, axis=1)


def _shrunk_block(fitted, rows, center, dropped):
    """Predictions of compact rows, without the `dropped` inputs of one step after the other."""
    network = fitted.network
    first, bias = network.coefs[0], network.intercepts[0]
    inputs = fitted.encoder.expand(rows)
    if sparse.issparse(inputs):
        inputs = inputs.tocsc().astype(first.dtype)
    else:
        inputs = first_layer_inputs(dense_inputs(network, inputs), network)
    sums, predictions = inputs @ first + bias, []
    for own in dropped:
        sums += center[own] @ first[own] - inputs[:, own] @ first[own]
        outputs = forward_from_sums(sums.copy(), network)
        predictions.append(fitted.target.means(outputs.astype(np.float64)))
    return np.stack(predictions)


def _without(fitted, kept, shared):
    """Return the network with every other column at its mean, which becomes a bias."""
    network = fitted.network
    weight, bias = network.coefs[0], network.intercepts[0]
    groups = fitted.input_groups
    is_dropped = ~np.isin(groups, kept) & (groups >= 0)
    moved = bias + shared.center(fitted)[is_dropped] @ weight[is_dropped]
    first = np.where(is_dropped[:, None], 0, weight).astype(weight.dtype)
    narrow = network._replace(
        coefs=[first, *network.coefs[1:]],
        intercepts=[moved.astype(bias.dtype), *network.intercepts[1:]],
    )
    return fitted._replace(network=narrow)
