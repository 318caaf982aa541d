# SPDX-License-Identifier: BSD-3-Clause
"""Tables that several fits share on a device."""

import threading
from typing import Any

import numpy as np

from skrln._interrupts import deferred

from ._devices import count_devices
from ._loading import load
from ._types import CompactRows, SparseRows


class DeviceTable:
    """A table that is put on a device once, whatever the number of fits that read it.

    Parameters
    ----------
    rows : CompactRows or SparseRows
        In NumPy.
    """

    def __init__(self, rows: CompactRows | SparseRows) -> None:
        self.rows = rows
        self._placed: dict[Any, Any] = {}
        self._placing = threading.Lock()

    def __getstate__(self) -> CompactRows | SparseRows:
        """State of a copy in another process, which places the table again."""
        return self.rows

    def __setstate__(self, rows: CompactRows | SparseRows) -> None:
        DeviceTable.__init__(self, rows)

    @property
    def n_rows(self) -> int:
        """Rows of the table."""
        if isinstance(self.rows, SparseRows):
            return len(self.rows.starts) - 1
        return len(self.rows.numbers)

    def placed(self, dtype: np.dtype, device: str | None) -> CompactRows | SparseRows:
        """Table on each device, padded; inside the scope of ``_devices.placed``."""
        padding = load("skrln._kernels._padding")
        sharding = load("skrln._kernels._sharding")
        with deferred(), self._placing:
            key = (np.dtype(dtype), device)
            if key not in self._placed:
                padded = padding.pad_table(self.rows, self.n_rows, dtype)
                n_devices = count_devices(device)
                self._placed[key] = sharding.put(padded, n_devices)
            return self._placed[key]
