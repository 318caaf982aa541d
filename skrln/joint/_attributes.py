# SPDX-License-Identifier: BSD-3-Clause
"""Attributes about the columns of the table of a joint fit."""

import numpy as np

from skrln._interrupts import deferred


class ColumnAttributes:
    """Number and names of the columns, of the `Columns` in `_columns`."""

    @property
    def n_features_in_(self) -> int:
        """Number of columns of the table."""
        return self._fitted_columns().n_features

    @property
    def feature_names_in_(self) -> np.ndarray:
        """Names of the columns; only if all names are strings."""
        names = self._fitted_columns().names
        if names is None:
            raise AttributeError("The table of this fit had no column names.")
        return names

    def _fitted_columns(self):
        columns = getattr(self, "_columns", None)
        if columns is None:
            raise AttributeError(f"This {type(self).__name__} is not fitted.")
        return columns

    @deferred()
    def _store(self, fitted):
        """Keep fitted attributes, by name."""
        for name, value in fitted.items():
            setattr(self, name, value)
