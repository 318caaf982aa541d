# SPDX-License-Identifier: BSD-3-Clause
"""What happens to a network while it is pruned."""

import numpy as np


class Record:
    """Units that are left, pairs that met, losses and scores.

    Parameters
    ----------
    sizes : tuple of int
        Units of each hidden layer at the start.
    layers : list of int
        Hidden layers that may lose units.
    """

    def __init__(self, sizes, layers):
        self.layers = layers
        self.masks = [np.ones(size, bool) for size in sizes]
        self.found = {}
        self._pairs, self._losses, self._prunings = [], [], []

    def add_losses(self, losses):
        """Losses of further epochs."""
        self._losses.extend(float(loss) for loss in losses)

    def is_falling(self, window):
        """Whether the mean loss of the last epochs is below that of as many before."""
        if len(self._losses) < 2 * window:
            return False
        recent = np.mean(self._losses[-window:])
        return bool(recent < np.mean(self._losses[-2 * window : -window]))

    def add_pruning(self, found, plans, before, after):
        """A pruning: layers as they were, plans for them, scores before and after."""
        n_removed = 0
        for k, plan in plans.items():
            first = np.flatnonzero(self.masks[k])  # numbers that the units had at first
            for i, j, kind in plan.pairs:
                self._pairs.append((k, first[i], first[j], kind))
            self.masks[k][first[~plan.kept]] = False
            n_removed += int(np.sum(~plan.kept))
        self.found = found
        self._prunings.append((len(self._losses), n_removed, before, after))

    def counts(self, share):
        """Units of each layer that have yet to go for this share of them to be gone."""
        return {
            k: max(0, round(share * len(mask)) - int(np.sum(~mask)))
            for k, mask in enumerate(self.masks)
            if k in self.layers
        }

    def pairs(self):
        """Layer, both units and kind of every pair, (n_pairs, 4)."""
        return np.array(self._pairs, int).reshape(-1, 4)

    def ratio(self):
        """Share of the units of the layers looked at that is gone."""
        masks = np.concatenate([self.masks[k] for k in self.layers])
        return float(1 - masks.mean())

    def history(self):
        """Arrays by name."""
        epoch, removed, before, after = np.reshape(self._prunings, (-1, 4)).T
        return {
            "loss_curve": np.array(self._losses),
            "epoch": epoch.astype(int),
            "n_removed": removed.astype(int),
            "score_before": before,
            "score_after": after,
        }
