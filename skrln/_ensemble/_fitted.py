# SPDX-License-Identifier: BSD-3-Clause
"""A fitted ensemble as a value, and its predictions; a single network is one of one member."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import sparse

from skrln._network._effects import column_effects
from skrln._network._fitted import FittedNetwork
from skrln._network._forward import EXPANDED_BLOCK, row_blocks
from skrln._network._importance import active_columns, zero_shares
from skrln._table._columns import Columns
from skrln._table._sklearn import take

from ._blend import temper
from ._compacted import compacted
from ._threads import map_in_threads

#: Fewest rows for which networks are compacted first.
COMPACTED_ROWS = 256


class FittedEnsemble(NamedTuple):
    """Networks that predict together."""

    columns: Columns
    members: list[FittedNetwork]
    weights: np.ndarray  #: (n_members,); sum to one
    temperature: float
    encoders: list  #: different input encoders of the members
    encoder_numbers: list[int]  #: position in `encoders` of each member's

    @property
    def target(self):
        """Target encoder, the same for all members."""
        return self.members[0].target

    @property
    def is_single(self):
        """True for a single network."""
        return len(self.members) == 1

    def means(self, X):
        """Predict validated rows in the space in which networks are averaged."""
        is_large = X.shape[0] >= COMPACTED_ROWS and not sparse.issparse(X)
        ensemble = compacted(self) if is_large else self
        n_blocks = len(ensemble._row_blocks(X))
        blocks = map_in_threads(ensemble._mean_of, ensemble.encoded_blocks(X), n_blocks)
        return np.concatenate(blocks) if len(blocks) > 1 else blocks[0]

    def _mean_of(self, inputs):
        if self.is_single:
            mean = self.members[0].means(inputs[0])
        else:
            mean = sum(
                weight * member.means(member_inputs)
                for weight, member, member_inputs in zip(
                    self.weights, self.members, inputs, strict=True
                )
            )
        return self.tempered(mean)

    def tempered(self, means):
        """Return probabilities at the temperature of the ensemble."""
        if self.temperature == 1.0:
            return means
        return temper(self.target, means, self.temperature)

    def encoded_blocks(self, X, n_columns=0):
        """Yield the encoded inputs of each member for one block of rows after the other.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Validated rows.
        n_columns : int, default=0
            Width of the caller's own arrays, which bounds the number of rows of a block.
        """
        tables = {id(encoder.table): encoder.table for encoder in self.encoders}
        blocks = self._row_blocks(X, n_columns)
        dtype = np.result_type(*(member.network.coefs[0] for member in self.members))
        for rows in blocks:
            block = X if len(blocks) == 1 else take(X, rows, axis=0)
            compact = {
                name: table.transform(block, dtype) for name, table in tables.items()
            }
            yield _MemberInputs(self, compact)

    def _row_blocks(self, X, n_columns=0):
        """Return the slices of the blocks of `encoded_blocks`."""
        widths = [w.shape[1] for member in self.members for w in member.network.coefs]
        n_numbers = None
        # Sparse rows are multiplied as they are.
        if not all(encoder.table.keeps_sparse(X) for encoder in self.encoders):
            widths += [encoder.n_inputs for encoder in self.encoders]
            n_numbers = EXPANDED_BLOCK
        return row_blocks(X.shape[0], max(n_columns, *widths), n_numbers)

    def average(self, read):
        """Weighted mean over the members of an array that `read` makes of each."""
        if self.is_single:
            return read(self.members[0])
        arrays = [read(member) for member in self.members]
        return np.average(arrays, axis=0, weights=self.weights)

    def importance(self):
        """Share of each column in the effects; sums to one, or zeros without survivors."""
        effects = column_effects(self.members, self.weights, self.columns)
        total = effects.sum()
        return effects / total if total > 0 else effects

    def active_columns(self):
        """Positions of the columns with a non-zero edge in any member."""
        return np.flatnonzero(
            self.average(lambda member: active_columns(member).astype(float))
        )

    def sparsity(self):
        """Share of zero weights of each layer, (n_layers,)."""
        return self.average(lambda member: zero_shares(member.network.coefs))


class _MemberInputs(Sequence):
    """Encoded inputs of each member for some rows, made when they are asked for.

    Parameters
    ----------
    ensemble : FittedEnsemble
    compact : dict
        Compact rows by the identity of the table encoder that made them.
    """

    def __init__(self, ensemble, compact):
        self._ensemble, self._compact = ensemble, compact
        self._last = None, None

    def __len__(self):
        return len(self._ensemble.members)

    def __getitem__(self, k):
        number = self._ensemble.encoder_numbers[k]
        if self._last[0] != number:  # members that share an encoder follow each other
            encoder = self._ensemble.encoders[number]
            self._last = number, encoder.expand(self._compact[id(encoder.table)])
        return self._last[1]


def make_ensemble(columns, members, weights=None, temperature=1.0):
    """Make the value of an ensemble; by default its members have equal weights."""
    encoders, numbers = [], []
    for member in members:
        is_new = all(member.encoder is not encoder for encoder in encoders)
        if is_new:
            encoders.append(member.encoder)
        same = [member.encoder is encoder for encoder in encoders]
        numbers.append(same.index(True))
    if weights is None:
        weights = np.full(len(members), 1 / len(members))
    return FittedEnsemble(
        columns, list(members), weights, temperature, encoders, numbers
    )
