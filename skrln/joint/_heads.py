# SPDX-License-Identifier: BSD-3-Clause
"""What the last layers of several domains predict: numbers, in one scale or in their own."""

import numpy as np

from skrln._core._targets import check_labelled

from ._base import Heads


class RegressionHeads:
    """Last layers of numbers."""

    def _fit_heads(self, network, domains, train):
        table = domains.table
        same = self.share_output in ("auto", True)
        if same:
            whole = network._fit_target(*table.rows(np.concatenate(train))[1:])
            return Heads([whole] * len(train), same)
        parts = [table.rows(rows) for rows in train]
        for name, part in zip(domains.names, parts, strict=True):
            check_labelled(part.known, f"the rows of y of domain {name!r}")
        return Heads([network._fit_target(*part[1:]) for part in parts], same)

    def _more_heads(self, network, domains, train):
        if self._same_output:
            return Heads([self._targets[0]], self._same_output)
        return self._fit_heads(network, domains, train)

    def _decode(self, k, outputs):
        target = self._targets[k]
        return target.means(outputs) * target.scale + target.center
