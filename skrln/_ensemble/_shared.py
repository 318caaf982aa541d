# SPDX-License-Identifier: BSD-3-Clause
"""Table that the networks of one fit share while they are trained."""

from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from skrln._kernels import DeviceTable
from skrln._network._fitted import dense_inputs, take_compact
from skrln._network._forward import EXPANDED_BLOCK, first_layer_inputs, row_blocks
from skrln._table._columns import Columns
from skrln._table._memory import check_memory, training_bytes
from skrln._table._pieces import find_common_edges
from skrln._table._presence import find_presence
from skrln._table._problem import (
    Problem,
    Table,
    as_kernel_inputs,
    encode_rows,
    make_encoder,
    refuse_sparse_embedding,
    shared_rows,
)

#: Tables of up to so many cells are kept in double precision: some networks may train in it.
DOUBLE_CELLS = 1 << 14
#: Means of inputs are those of at most this many rows, spread evenly over the table.
MOST_CENTER_ROWS = 1 << 15


class CompactTable(NamedTuple):
    """Rows that one table encoder has compressed."""

    encoder: Any  #: TableEncoder
    rows: Any  #: of the table, CompactRows or CSR
    placed: DeviceTable
    held_out: Any  #: validation rows that the user passed, or None
    placed_held_out: DeviceTable | None


class Encoding:
    """Encoders of the networks of all kinds with one embedding.

    Parameters
    ----------
    encoders : list of InputEncoder
        One for all networks, or one for each number of a network in its kind. All have as many
        inputs, of the same columns.
    """

    def __init__(self, encoders):
        self.encoders = encoders
        self.centers = []  # pairs of an encoder and the means of its inputs

    @property
    def encoder(self):
        """Encoder of the first network."""
        return self.encoders[0]

    def encoder_of(self, number):
        """Encoder of a network, by its number in its kind."""
        return self.encoders[number % len(self.encoders)]


class SharedTable(NamedTuple):
    """Rows, labels and encodings that the networks of one fit share."""

    parameters: Any
    columns: Columns
    table: Table
    rows: np.ndarray  #: rows of `table` that the encoders learn from
    target: Any
    held_out: Table | None  #: validation rows that the user passed
    supports: dict | None = None
    """Columns that networks may use, by `Split` number (None for all); None: all columns."""
    encodings: Any = None  #: Encoding of each embedding; see `encoded`
    tables: Any = None  #: list of CompactTable, one for each table encoder

    @property
    def subset(self):
        """Columns that any network may use; None for all."""
        if self.supports is None:
            return None
        return np.unique(np.concatenate([self.columns.plain, *self.supports.values()]))

    def encoded(self, embeddings, sources=(), splits=()):
        """Return the shared table with the encodings of these embeddings.

        Parameters
        ----------
        embeddings : iterable of str or None
        sources : sequence of FittedNetwork
            Networks to start from, whose encoders are kept.
        splits : sequence of Split
            Of each network of a kind. Pieces of numbers depend on the labels: each network has
            those of its own training rows. By default all networks train on all rows.
        """
        self._check_memory()
        shared = self._replace(encodings={}, tables=[])
        fresh = None
        for embedding in dict.fromkeys(embeddings):
            encoders = [
                source.encoder
                for source in sources
                if source.settings.numeric_embedding == embedding
            ]
            if not encoders:
                fresh = self._new_encoder() if fresh is None else fresh
                encoders = shared._with_embedding(fresh, embedding, splits)
            for encoder in encoders:
                shared._compress(encoder)
            shared.encodings[embedding] = Encoding(encoders)
        return shared

    def _check_memory(self):
        """Raise a MemoryError if the table has no room; a sparse one stays small."""
        if sparse.issparse(self.table.X):
            return
        n_rows = len(self.table.y)
        if self.held_out is not None:
            n_rows += len(self.held_out.y)
        shape, itemsize = (n_rows, self.n_columns), np.dtype(self.dtype).itemsize
        advice = ["a sparse X"] + ["dtype='float32'"] * (itemsize == 8)
        check_memory(training_bytes(*shape, itemsize), shape, advice)

    @property
    def dtype(self):
        """Precision of the compact rows: small tables are kept in double."""
        n_cells, dtype = len(self.table.y) * self.n_columns, self.parameters.dtype
        is_small = dtype == "auto" and n_cells <= DOUBLE_CELLS
        return "float64" if is_small or dtype == "float64" else "float32"

    @property
    def n_columns(self):
        """Columns that networks get."""
        return self.table.X.shape[1] if self.subset is None else len(self.subset)

    def _new_encoder(self):
        encoder = make_encoder(
            self.table.X,
            self.columns,
            clip=self.parameters.input_clip,
            subset=self.subset,
        )
        part = self.table.rows(self.rows)
        return encoder.fit(part.X, part.weights)

    def _with_embedding(self, encoder, embedding, splits):
        """Encoders of the networks of a kind, which differ by their pieces of numbers."""
        if embedding is None:
            return [encoder]
        refuse_sparse_embedding(self.table.X, embedding)
        numbers = encoder.embedded_numbers(self._compress(encoder).rows)
        if embedding == "presence":
            # Presence needs no labels, so all networks share one encoder.
            rows = self.rows
            edges = find_presence(numbers[rows], self.table.weights[rows])
            return [encoder.with_edges(edges, embedding)]
        parts = [split.train for split in splits if split.validation is not None]
        table = self.table.rows(self.rows)._replace(X=None)
        indicators = self.target.indicators(table.y, table.known)
        targets = np.zeros((len(self.table.y), indicators.shape[1]))
        targets[self.rows] = indicators
        edges = find_common_edges(
            numbers, targets, self.table.weights, parts or [self.rows]
        )
        return [encoder.with_edges(own, embedding) for own in edges]

    def _compress(self, encoder):
        """Return the compact table of an encoder, which is made once."""
        for table in self.tables:
            if table.encoder is encoder.table:
                return table
        rows = encoder.compress(self.table.X, self.dtype)
        placed, held_out, placed_held_out = (
            DeviceTable(as_kernel_inputs(rows)),
            None,
            None,
        )
        if self.held_out is not None:
            X_val = self.held_out.X
            if sparse.issparse(rows):  # the kernel takes both tables in one form
                X_val = sparse.csr_matrix(X_val)
            held_out = encoder.compress(X_val, self.dtype)
            placed_held_out = DeviceTable(as_kernel_inputs(held_out))
        table = CompactTable(encoder.table, rows, placed, held_out, placed_held_out)
        self.tables.append(table)
        return table

    def problem(self, kind, number, split):
        """Make the problem of one network.

        Parameters
        ----------
        kind : Kind
        number : int
            Number of the network in its kind.
        split : Split
        """
        encoder = self.encodings[kind.numeric_embedding].encoder_of(number)
        allowed = self._allowed(encoder, number, split)
        table = self._compress(encoder)
        part = self.table._replace(X=None).rows(split.train)
        own = shared_rows(table.placed, encoder, split.train, allowed)
        data, validation = self.encode(part, own, "y"), None
        if split.validation is not None:
            rows = self.table._replace(X=None).rows(split.validation)
            own = shared_rows(table.placed, encoder, split.validation, allowed)
            validation = self.encode(rows, own, "y_val")
        elif self.held_out is not None:
            places = np.arange(len(self.held_out.y))
            own = shared_rows(table.placed_held_out, encoder, places, allowed)
            validation = self.encode(self.held_out, own, "y_val")
        return Problem(encoder, self.target, data, validation, len(part.y))

    def encode(self, table, inputs, name):
        """Make the arrays that the kernel takes."""
        p = self.parameters
        return encode_rows(p.labels, self.target, table, inputs, p.task_weight, name)

    def _allowed(self, encoder, number, split):
        """Mask of the inputs that a network may use; None for all."""
        if self.supports is None:
            return None
        support = self.supports[None if split.validation is None else number]
        return np.isin(encoder.groups, [*support, *encoder.plain])

    def held_out_rows(self, encoder, split):
        """Compact held-out rows of a network; None without such rows."""
        table = self._compress(encoder)
        if split.validation is None:
            return table.held_out
        return take_compact(table.rows, split.validation)

    def inputs(self, encoder, places):
        """Encoded inputs of some rows; CSR for a sparse table."""
        return encoder.expand(take_compact(self._compress(encoder).rows, places))

    def center(self, fitted):
        """Mean over the rows of each value that the first weights of a network multiply."""
        network, encoding = (
            fitted.network,
            self.encodings[fitted.settings.numeric_embedding],
        )
        # Units of the plain branch differ between networks.
        for encoder, center in [] if network.plain else encoding.centers:
            if encoder is fitted.encoder:
                return center.astype(network.coefs[0].dtype)
        center = self._mean(fitted)
        if not network.plain:
            encoding.centers.append((fitted.encoder, center))
        return center.astype(network.coefs[0].dtype)

    def _mean(self, fitted):
        network, weights = fitted.network, self.table.weights
        places = np.flatnonzero(weights > 0)
        if sparse.issparse(self.table.X):
            rows = self._compress(fitted.encoder).rows
            return np.asarray((weights / weights.sum()) @ rows).ravel()
        if len(places) > MOST_CENTER_ROWS:
            spread = np.linspace(0, len(places) - 1, MOST_CENTER_ROWS).astype(int)
            places = places[spread]
        share, mean = weights[places] / weights[places].sum(), 0.0
        for rows in row_blocks(len(places), fitted.encoder.n_inputs, EXPANDED_BLOCK):
            inputs = self.inputs(fitted.encoder, places[rows])
            values = first_layer_inputs(dense_inputs(network, inputs), network)
            mean = mean + share[rows] @ values
        return mean
