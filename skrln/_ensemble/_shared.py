# SPDX-License-Identifier: BSD-3-Clause
"""Table that the networks of one fit share while they are trained."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from skrln._network._fitted import dense_inputs
from skrln._network._forward import first_layer_inputs, row_blocks
from skrln._table._columns import Columns
from skrln._table._inputs import InputEncoder
from skrln._table._memory import check_memory, training_bytes
from skrln._table._problem import (
    Problem,
    Table,
    encode_rows,
    fit_encoder,
    make_encoder,
)


@dataclass(frozen=True, eq=False)
class Encoding:
    """Inputs of all rows under one embedding of numbers."""

    encoder: InputEncoder
    inputs: Any  #: (n_samples, n_inputs); of the table
    held_out: (
        Any  #: (n_val, n_inputs); of the validation rows that the user passed, or None
    )
    share: np.ndarray  #: (n_samples,); weight of each row, summing to one

    @cached_property
    def center(self):
        """Weighted mean of each input, (n_inputs,)."""
        return np.asarray(self.share @ self.inputs).ravel()


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

    @property
    def subset(self):
        """Columns that any network may use; None for all."""
        if self.supports is None:
            return None
        return np.unique(np.concatenate([self.columns.plain, *self.supports.values()]))

    def encoded(self, embeddings, sources=()):
        """Return the shared table with the encodings of these embeddings.

        Parameters
        ----------
        embeddings : iterable of str or None
        sources : sequence of FittedNetwork
            Networks to start from, whose encoders are kept.
        """
        # The first source of an embedding wins.
        encoders = {
            source.settings.numeric_embedding: source.encoder
            for source in reversed(sources)
        }
        embeddings = list(dict.fromkeys(embeddings))
        n_columns = self.table.X.shape[1] if self.subset is None else len(self.subset)
        # Every column makes an input at least. Fitted encoders know how many.
        self._check_memory([n_columns] * len(embeddings), embeddings)
        for embedding in embeddings:
            if encoders.get(embedding) is None:
                encoders[embedding] = self._new_encoder(embedding)
        self._check_memory([encoders[one].n_inputs for one in embeddings], embeddings)
        encodings = {one: self._encode(encoders[one]) for one in embeddings}
        return self._replace(encodings=encodings)

    def _check_memory(self, widths, embeddings):
        """Raise a MemoryError if the encoded inputs have no room; sparse ones stay small."""
        if sparse.issparse(self.table.X) or not embeddings:
            return
        parameters = self.parameters
        n_rows = len(self.table.y)
        if self.held_out is not None:
            n_rows += len(self.held_out.y)
        itemsize = 8 if parameters.dtype == "float64" else 4
        advice = ["a sparse X"]
        if any(embeddings):
            advice.append("numeric_embedding=None")
        if itemsize == 8:
            advice.append("dtype='float32'")
        needed = training_bytes(n_rows, widths, itemsize)
        check_memory(needed, (n_rows, sum(widths)), advice)

    def _new_encoder(self, embedding):
        encoder = make_encoder(
            self.table.X,
            self.columns,
            clip=self.parameters.input_clip,
            embedding=embedding,
            subset=self.subset,
        )
        return fit_encoder(encoder, self.target, self.table.rows(self.rows))

    def _encode(self, encoder):
        inputs = encoder.transform(self.table.X)
        held_out = None
        if self.held_out is not None:
            held_out = encoder.transform(self.held_out.X)
            if sparse.issparse(inputs):  # the kernel takes both tables in one form
                held_out = sparse.csr_matrix(held_out)
        share = self.table.weights / self.table.weights.sum()
        return Encoding(encoder, inputs, held_out, share)

    def problem(self, kind, number, split):
        """Make the problem of one network.

        Parameters
        ----------
        kind : Kind
        number : int
            Number of the network in its kind.
        split : Split
        """
        encoding = self.encodings[kind.numeric_embedding]
        encoder, part = encoding.encoder, self.table.rows(split.train)
        own = self._restrict(encoding.inputs[split.train], encoder, number, split)
        data = self.encode(part, own, "y")
        validation, held_out = None, self.held_out_inputs(kind, split)
        if held_out is not None:
            rows = self.held_out
            if split.validation is not None:
                rows = self.table.rows(split.validation)
            validation = self.encode(rows, held_out, "y_val")
        return Problem(encoder, self.target, data, validation, len(part.y))

    def encode(self, table, inputs, name):
        """Make the arrays that the kernel takes."""
        p = self.parameters
        return encode_rows(p.labels, self.target, table, inputs, p.task_weight, name)

    def _restrict(self, inputs, encoder, number, split):
        """Set inputs to zero that the network may not use: their weights stay zero."""
        if self.supports is None:
            return inputs
        support = self.supports[None if split.validation is None else number]
        allowed = np.isin(encoder.groups, [*support, *encoder.plain])
        if sparse.issparse(inputs):
            scale = sparse.diags(allowed.astype(inputs.dtype))
            return sparse.csr_matrix(inputs @ scale)
        return np.where(allowed, inputs, 0)

    def held_out_inputs(self, kind, split):
        """Encoded inputs of the held-out rows of a network; None without such rows."""
        encoding = self.encodings[kind.numeric_embedding]
        if split.validation is None:
            return encoding.held_out
        return encoding.inputs[split.validation]

    def center(self, fitted):
        """Mean over the rows of each value that the first weights of a network multiply."""
        encoding = self.encodings[fitted.settings.numeric_embedding]
        network = fitted.network
        if not network.plain:
            return encoding.center.astype(network.coefs[0].dtype)
        # Units of the plain branch differ between networks.
        share = encoding.share
        blocks = row_blocks(len(share), len(network.coefs[0]))
        return sum(
            share[rows]
            @ first_layer_inputs(dense_inputs(network, encoding.inputs[rows]), network)
            for rows in blocks
        )
