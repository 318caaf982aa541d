# SPDX-License-Identifier: BSD-3-Clause
"""Write, read and compare results.

The file holds one array of numbers for each case, and an index with names and texts. A large
array is reduced to twenty of its entries and four sums.
"""

import json
import math
from pathlib import Path
from typing import NamedTuple

import numpy as np

PATH = Path(__file__).with_name("results.npz")
#: Largest array that is kept whole.
WHOLE = 30
N_ENTRIES = 20


class Kept(NamedTuple):
    """Recorded part of one array."""

    kind: str  #: "float", "exact" or "text"
    shape: tuple
    values: np.ndarray  #: float64; texts as an array of str


def keep_all(results):
    """Reduce the results of a case to the recorded parts, by name."""
    kept = {}
    for name, value in results.items():
        _keep(name, value, kept)
    return kept


def _keep(name, value, kept):
    if isinstance(value, list) and not all(map(np.isscalar, value)):
        for k, part in enumerate(value):
            if part is not None:
                _keep(f"{name}[{k}]", part, kept)
        return
    array = np.asarray(value)
    if array.dtype.kind not in "fbiu":
        words = np.array([str(word) for word in array.ravel()])
        kept[name] = Kept("text", array.shape, words)
    elif array.size <= WHOLE:
        kind = "float" if array.dtype.kind == "f" else "exact"
        kept[name] = Kept(kind, array.shape, array.astype(float).ravel())
    else:
        numbers = array.astype(float).ravel()
        chosen = np.linspace(0, numbers.size - 1, N_ENTRIES).astype(int)
        kept[name] = Kept("float", array.shape, numbers[chosen])
        kept[f"{name} (sums)"] = Kept("float", (4,), _sums(numbers))


def _sums(numbers):
    """Sum, sum of magnitudes, norm, and a sum that depends on the order of the numbers.

    Each is rounded once, so that no version of NumPy adds in another order.
    """
    numbers = np.where(np.isfinite(numbers), numbers, 0)
    factors = np.arange(len(numbers)) * 7919 % 101 / 101
    return np.array(
        [
            math.fsum(numbers),
            math.fsum(np.abs(numbers)),
            math.sqrt(math.fsum(numbers**2)),
            math.fsum(numbers * factors),
        ]
    )


def save(cases, path=PATH):
    """Write the recorded parts of all cases."""
    index, arrays = {}, {}
    for name, kept in cases.items():
        index[name] = [
            [key, one.kind, one.shape, len(one.values)]
            if one.kind != "text"
            else [key, one.kind, one.shape, one.values.tolist()]
            for key, one in kept.items()
        ]
        numbers = [one.values for one in kept.values() if one.kind != "text"]
        arrays[name] = np.concatenate([[], *numbers])
    np.savez_compressed(path, index=np.array(json.dumps(index)), **arrays)


def load(path=PATH):
    """Read the recorded parts of all cases."""
    with np.load(path) as file:
        index = json.loads(str(file["index"]))
        return {name: _read(rows, file[name]) for name, rows in index.items()}


def _read(rows, numbers):
    kept, start = {}, 0
    for name, kind, shape, content in rows:
        if kind == "text":
            values = np.array(content, dtype=str)
        else:
            values = numbers[start : start + content]
            start += content
        kept[name] = Kept(kind, tuple(shape), values)
    return kept


def difference(recorded, kept):
    """Return the largest difference of numbers, as a share of the largest magnitude."""
    old, new = recorded.values, kept.values
    if recorded.kind != "float":
        return 0.0 if np.array_equal(old, new) else np.inf
    same = (old == new) | (np.isnan(old) & np.isnan(new))
    if same.all():
        return 0.0
    if not (np.isfinite(old[~same]).all() and np.isfinite(new[~same]).all()):
        return np.inf
    scale = np.max(np.abs(old), where=np.isfinite(old), initial=0.0)
    return np.max(np.abs(old - new)[~same]) / scale if scale else np.inf
