# SPDX-License-Identifier: BSD-3-Clause
"""Types of arguments that many public functions share."""

from typing import Any, Protocol, TypeAlias

from numpy.typing import ArrayLike


class SparseTable(Protocol):
    """Sparse matrix or array of SciPy, which has no types of its own."""

    def tocsr(self, copy: bool = False) -> Any:
        """Return the rows in compressed form."""


#: Inputs as a list, an array, a sparse matrix or a data frame. NumPy's type includes data
#: frames, because they convert themselves to arrays.
TableLike: TypeAlias = ArrayLike | SparseTable
