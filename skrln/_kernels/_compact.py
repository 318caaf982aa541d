# SPDX-License-Identifier: BSD-3-Clause
"""From compact rows to the inputs of a network, in NumPy or inside a program.

A table of inputs is never made: pieces and one-hot inputs are many times as large as the
numbers and codes that they are made of.
"""

from typing import Any

import numpy as np

from ._types import CompactRows, Expansion, Pieces


def expand(rows: CompactRows, expansion: Expansion, xp: Any = np) -> Any:
    """Inputs of compact rows, (n, n_inputs).

    In this order: numbers, marks of missing numbers, one-hot inputs, pieces of numbers, and the
    numbers of the plain branch. A missing number is zero, its mean.

    Parameters
    ----------
    rows : CompactRows
    expansion : Expansion
    xp : module
        NumPy, or ``jax.numpy``.
    """
    dtype = rows.numbers.dtype
    missing = xp.isnan(rows.numbers)
    numbers = xp.where(missing, xp.zeros((), dtype), rows.numbers)
    n_plain = expansion.plain.shape[0]
    blocks = [numbers[:, : numbers.shape[1] - n_plain]]
    if expansion.marked.shape[0]:
        blocks.append(xp.take(missing, expansion.marked, axis=1).astype(dtype))
    if expansion.one_hot.shape[1]:
        column, code = expansion.one_hot
        blocks.append((xp.take(rows.codes, column, axis=1) == code).astype(dtype))
    if expansion.pieces.column.shape[0]:
        own = xp.take(numbers, expansion.pieces.column, axis=1)
        blocks.append(expand_pieces(own, expansion.pieces, xp))
    if n_plain:
        blocks.append(numbers[:, numbers.shape[1] - n_plain :])
    return blocks[0] if len(blocks) == 1 else xp.concatenate(blocks, axis=1)


def expand_pieces(numbers: Any, pieces: Pieces, xp: Any = np) -> Any:
    """Position of numbers in their pieces: -1 below a piece, 1 above it, linear between.

    Beyond all pieces of a number the slope is that of their whole range, because the first and
    the last piece may be tiny.

    Parameters
    ----------
    numbers : array of shape (n, n_pieces)
        Number that each piece belongs to.
    pieces : Pieces
    xp : module
    """
    low, high = pieces.low, pieces.high
    share = xp.clip((numbers - low) / (high - low), 0, 1)
    share = share + pieces.below * xp.minimum(numbers - low, 0)
    share = share + pieces.above * xp.maximum(numbers - high, 0)
    return 2 * share - 1
