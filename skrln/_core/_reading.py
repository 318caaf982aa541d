# SPDX-License-Identifier: BSD-3-Clause
"""What a fitted network, or an ensemble of them, tells of its inputs and weights."""

import numpy as np

from ._importance import active_columns, column_importance, zero_shares


class ReadingMixin:
    """Attributes that are computed from the weights where somebody asks for them."""

    @property
    def feature_importances_(self):
        """Garson importance of each input column; sums to one, or zeros without survivors.

        Of an ensemble, the mean of the members by their weight.
        """
        found = self._mean_over_members(column_importance)
        total = found.sum()
        return found / total if total > 0 else found

    @property
    def active_features_(self):
        """Names (or positions) of the input columns with an edge that is not zero.

        Of an ensemble, in any member: no other column can change a prediction.
        """
        active = self._mean_over_members(lambda one: active_columns(one).astype(float))
        names = getattr(self, "feature_names_in_", None)
        active = np.flatnonzero(active)
        return active if names is None else names[active]

    @property
    def n_active_features_(self):
        """Number of input columns with an edge that is not exactly zero."""
        return len(self.active_features_)

    @property
    def sparsity_(self):
        """Share of the weights of each layer that are exactly zero, (n_layers,).

        Of an ensemble, the mean of the members by their weight.
        """
        return self._mean_over_members(lambda one: zero_shares(one.coefs_))

    def _mean_over_members(self, of_one):
        members = self.estimators_
        if len(members) == 1:
            return of_one(members[0])
        found = [of_one(member) for member in members]
        return np.average(found, axis=0, weights=self.estimator_weights_)
