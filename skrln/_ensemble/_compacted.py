# SPDX-License-Identifier: BSD-3-Clause
"""Fitted networks without the parts that do not reach their outputs, for prediction."""

from typing import NamedTuple

import numpy as np

from skrln._kernels import Expansion
from skrln._table._inputs import TableEncoder


class LiveInputs(NamedTuple):
    """Encoder of the inputs that some network uses; dense tables only.

    The inputs are those of an `InputEncoder` to the bit, in the same order.
    """

    table: TableEncoder
    numbers: np.ndarray  #: positions of the numbers that are inputs themselves
    expansion: Expansion  #: other inputs; without a plain branch

    @property
    def n_inputs(self):
        """Number of inputs."""
        others = self.expansion
        return (
            self.numbers.size
            + others.marked.size
            + others.one_hot.shape[1]
            + others.pieces.column.size
        )

    def expand(self, rows):
        """Return the inputs of compact rows, (n_samples, n_inputs)."""
        marked, (column, code), pieces, _ = self.expansion
        inputs = np.empty((len(rows.numbers), self.n_inputs), rows.numbers.dtype)
        ends = np.cumsum([self.numbers.size, marked.size, column.size])
        numbers, marks, classes, own = np.split(inputs, ends, axis=1)
        missing = np.isnan(rows.numbers)
        filled = np.where(missing, 0, rows.numbers) if missing.any() else rows.numbers
        numbers[:] = filled[:, self.numbers]
        if marked.size:
            marks[:] = missing[:, marked]
        if column.size:
            classes[:] = rows.codes[:, column] == code
        if pieces.column.size:
            own[:] = _positions_in_pieces(filled, pieces)
        return inputs


def _positions_in_pieces(numbers, pieces):
    """Return `expand_pieces` of the kernels to the bit, in fewer passes and arrays."""
    distance = numbers[:, pieces.column] - pieces.low  # double precision, as the pieces
    below, above = np.flatnonzero(pieces.below), np.flatnonzero(pieces.above)
    under = pieces.below[below] * np.minimum(distance[:, below], 0)
    over = numbers[:, pieces.column[above]] - pieces.high[above]
    over = pieces.above[above] * np.maximum(over, 0, out=over)
    distance /= pieces.high - pieces.low
    share = np.clip(distance, 0, 1, out=distance)
    share[:, below] += under
    share[:, above] += over
    share *= 2
    share -= 1
    return share


def compacted(ensemble):
    """Return an ensemble of the same predictions, for dense tables, with fewer weights.

    Inputs that no network of an encoder uses are not made, and hidden units without an edge
    to the next layer are dropped. The result is for `means` only: encoders are `LiveInputs`.
    Deriving it takes less time than predicting a few hundred rows, so that no model keeps it.
    """
    networks = [_without_idle_units(one.network) for one in ensemble.members]
    if any(network.plain for network in networks):
        return ensemble
    numbers = np.asarray(ensemble.encoder_numbers)
    encoders = []
    for k, encoder in enumerate(ensemble.encoders):
        places = np.flatnonzero(numbers == k)
        is_live = np.any([networks[j].coefs[0].any(axis=1) for j in places], axis=0)
        encoders.append(_live_inputs(encoder, is_live))
        for j in places:
            first, *others = networks[j].coefs
            networks[j] = networks[j]._replace(coefs=[first[is_live], *others])
    members = [
        member._replace(network=network)
        for member, network in zip(ensemble.members, networks, strict=True)
    ]
    return ensemble._replace(members=members, encoders=encoders)


def _live_inputs(encoder, is_live):
    """Return the encoder of some of the inputs of an encoder without plain branch."""
    marked, one_hot, pieces, plain = encoder.expansion
    widths = encoder.table.numeric.size, marked.size, one_hot.shape[1]
    numbers, marks, classes, own = np.split(is_live, np.cumsum(widths))
    return LiveInputs(
        encoder.table,
        np.flatnonzero(numbers),
        Expansion(
            marked[marks],
            one_hot[:, classes],
            type(pieces)(*(values[own] for values in pieces)),
            plain,
        ),
    )


def _without_idle_units(network):
    """Return the network without hidden units that have no edge to the next layer."""
    coefs, intercepts = list(network.coefs), list(network.intercepts)
    norms = list(network.batch_norms)
    for k in reversed(range(len(coefs) - 1)):  # from the outputs back
        has_edge = coefs[k + 1].any(axis=1)
        if has_edge.all():
            continue
        coefs[k + 1] = coefs[k + 1][has_edge]
        coefs[k], intercepts[k] = coefs[k][:, has_edge], intercepts[k][has_edge]
        if norms:
            norms[k] = norms[k][:, has_edge]
    return network._replace(coefs=coefs, intercepts=intercepts, batch_norms=norms)
