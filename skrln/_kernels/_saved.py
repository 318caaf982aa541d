# SPDX-License-Identifier: BSD-3-Clause
"""State of a fit under way as arrays by name, and its place."""

from typing import Any, Protocol

import jax
import numpy as np

Arrays = dict[str, np.ndarray]


class Slot(Protocol):
    """Place of the state of one fit, which a later call finds again."""

    def load(self, start: Arrays) -> Arrays | None:
        """Arrays that `save` wrote for a fit from the same start; None without any."""
        ...

    def seconds_left(self) -> float:
        """Time until the state should be written."""
        ...

    def save(self, arrays: Arrays, *, ended: bool = False) -> None:
        """Write arrays; `ended` where no epoch follows."""
        ...

    def unreadable(self, error: Exception) -> Exception:
        """Error of arrays that are not those of this fit."""
        ...


def name_leaves(name: str, tree: Any) -> Arrays:
    """Leaves of a tree by name and number."""
    leaves = jax.tree.leaves(tree)
    return {f"{name}.{k}": np.asarray(leaf) for k, leaf in enumerate(leaves)}


def find_leaves(name: str, arrays: Arrays, like: Any) -> Any:
    """Tree with the structure of `like` and the leaves of `name_leaves`.

    Raises
    ------
    KeyError, ValueError
        Where the leaves are not like those of `like`.
    """
    leaves, structure = jax.tree.flatten(like)
    saved = [arrays[f"{name}.{k}"] for k in range(len(leaves))]
    for old, new in zip(saved, leaves, strict=True):
        if (old.shape, old.dtype) != (np.shape(new), new.dtype):
            raise ValueError(f"it has no {name} of this fit")
    return jax.tree.unflatten(structure, saved)


def name_text(text: str) -> np.ndarray:
    """Text as an array of bytes."""
    return np.frombuffer(text.encode(), np.uint8)
