# SPDX-License-Identifier: BSD-3-Clause
"""Targets of the last layers (heads) of a regression of several domains."""

from typing import Any, NamedTuple

import numpy as np

from skrln._table._targets import check_labelled


class Heads(NamedTuple):
    """Last layers of the domains."""

    targets: list[Any]  #: target encoder of each domain
    same: bool  #: True if all last layers have one target, so that they may be shared
    present: Any = (
        None  #: (n_domains, n_classes) mask; None if all have the same classes
    )


class RegressionHeads:
    """Mixin for numeric targets, scaled together or separately for each domain."""

    def _fit_heads(self, labels, domains, train):
        table = domains.table
        if self.share_output in ("auto", True):
            target = labels.fit(*table.rows(np.concatenate(train))[1:])
            return Heads([target] * len(train), same=True)
        return _fit_separate_heads(labels, domains, train)

    def _make_added_heads(self, labels, domains, train):
        # The fit decides, not `share_output`, which may have been set since.
        if self._same_output:
            return Heads([self._targets[0]], same=True)
        return _fit_separate_heads(labels, domains, train)

    def _decode(self, k, outputs):
        """Predictions of domain `k`, in the units of `y`."""
        target = self._targets[k]
        return target.means(outputs) * target.scale + target.center


def _fit_separate_heads(labels, domains, train):
    """Heads whose targets are scaled separately for each domain."""
    tables = [domains.table.rows(rows) for rows in train]
    for name, table in zip(domains.names, tables, strict=True):
        check_labelled(table.known, f"the rows of y of domain {name!r}")
    return Heads([labels.fit(*table[1:]) for table in tables], same=False)
