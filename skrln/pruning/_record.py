# SPDX-License-Identifier: BSD-3-Clause
"""Record of the prunings of a network."""

import numpy as np


class Record:
    """Kept units, pairs, losses and scores of all prunings of a network.

    Parameters
    ----------
    sizes : tuple of int
        Units of each hidden layer before the first pruning.
    layers : list of int
        Hidden layers to prune.

    Attributes
    ----------
    masks : list of ndarray of bool
        For each hidden layer, True for the original units that are kept.
    descriptions : dict of Layer
        Layers before the last pruning, by position.
    """

    def __init__(self, sizes, layers):
        self.layers = layers
        self.masks = [np.ones(size, bool) for size in sizes]
        self.descriptions = {}
        self._pairs, self._losses, self._prunings = [], [], []

    def add_losses(self, losses):
        """Append the losses of further epochs."""
        self._losses.extend(float(loss) for loss in losses)

    def is_falling(self, window):
        """Return True if the mean loss fell from one window of epochs to the next.

        Compares the last `window` epochs with the `window` epochs before them; False without
        that many epochs.
        """
        if len(self._losses) < 2 * window:
            return False
        recent = np.mean(self._losses[-window:])
        return bool(recent < np.mean(self._losses[-2 * window : -window]))

    def add_pruning(self, descriptions, plans, before, after):
        """Add a pruning: layers before, their plans, and scores before and after."""
        n_removed = 0
        for k, plan in plans.items():
            # A plan counts the units that earlier prunings have left, the record counts the
            # original units.
            original = np.flatnonzero(self.masks[k])
            for i, j, kind in plan.pairs:
                self._pairs.append((k, original[i], original[j], kind))
            self.masks[k][original[~plan.kept]] = False
            n_removed += int(np.sum(~plan.kept))
        self.descriptions = descriptions
        self._prunings.append((len(self._losses), n_removed, before, after))

    def counts(self, share):
        """Number of units of each layer to remove now, for a removed share of `share`."""
        return {
            k: max(0, round(share * len(mask)) - int(np.sum(~mask)))
            for k, mask in enumerate(self.masks)
            if k in self.layers
        }

    def pairs(self):
        """Layer, two units and kind of every pair, (n_pairs, 4)."""
        return np.array(self._pairs, int).reshape(-1, 4)

    def ratio(self):
        """Removed share of the original units of the pruned layers."""
        masks = np.concatenate([self.masks[k] for k in self.layers])
        return float(1 - masks.mean())

    def history(self):
        """Losses of all epochs, and a record of each pruning, as named arrays."""
        epoch, removed, before, after = np.reshape(self._prunings, (-1, 4)).T
        return {
            "loss_curve": np.array(self._losses),
            "epoch": epoch.astype(int),
            "n_removed": removed.astype(int),
            "score_before": before,
            "score_after": after,
        }
