# SPDX-License-Identifier: BSD-3-Clause
"""Combination of trained networks by their loss on held-out rows."""

from typing import NamedTuple

import numpy as np

from ._blend import best_temperature, convex_weights, mean_loss, row_losses, temper

#: Kinds of networks with a smaller weight are dropped.
LEAST_WEIGHT = 0.02


class Combination(NamedTuple):
    """Trained networks, their weights, and the temperature of their probabilities."""

    trained: list
    weights: np.ndarray  #: (n_networks,); sum to one
    temperature: float = 1.0
    losses: np.ndarray | None = None  #: of held-out rows; their mean is the loss

    @property
    def members(self):
        """Fitted networks."""
        return [one.fitted for one in self.trained]

    def kinds(self):
        """Yield the networks of each kind, and their positions."""
        places = {id(one): k for k, one in enumerate(self.trained)}
        for group in by_kind(self.trained):
            yield group, [places[id(one)] for one in group]

    def blend(self, held_out, means):
        """Return the predictions of held-out rows from those of each network."""
        total = 0.0
        for group, positions in self.kinds():
            average = held_out.average(group, [means[k] for k in positions])
            total = total + self.weights[positions].sum() * average
        return total


class HeldOut(NamedTuple):
    """Labelled rows for which every kind of networks has held-out predictions."""

    rows: np.ndarray  #: numbers, rising
    targets: np.ndarray  #: (n_rows, n_tasks), encoded
    weights: np.ndarray  #: (n_rows, n_tasks)
    losses: tuple  #: name of the loss, or of each task's, and its parameter
    target: object  #: encoder of the targets

    def sample(self, most, rng):
        """Draw at most this many rows."""
        n_rows = len(self.targets)
        if n_rows <= most:
            return self
        drawn = np.sort(rng.choice(n_rows, most, replace=False))
        return self._replace(
            rows=self.rows[drawn],
            targets=self.targets[drawn],
            weights=self.weights[drawn],
        )

    def positions(self, trained):
        """Positions of a network's held-out rows here, and among its own held-out rows."""
        own = np.flatnonzero(np.isin(trained.held_out_rows, self.rows))
        return np.searchsorted(self.rows, trained.held_out_rows[own]), own

    def average(self, group, means):
        """Mean of the predictions of several networks, (n_rows, n_columns).

        Parameters
        ----------
        group : list of Trained
        means : list of ndarray
            Predictions of each network for all its held-out rows.
        """
        total = np.zeros((len(self.targets), means[0].shape[1]))
        count = np.zeros(len(total))
        for trained, predictions in zip(group, means, strict=True):
            here, own = self.positions(trained)
            np.add.at(total, here, predictions[own])
            np.add.at(count, here, 1)
        return total / count[:, None]

    def row_losses(self, means):
        """Loss of each row, (n_rows,)."""
        return row_losses(self.target, self.losses, means, self.targets, self.weights)

    def mean_loss(self, means):
        """Weighted mean loss."""
        return mean_loss(self.target, self.losses, means, self.targets, self.weights)


def by_kind(trained):
    """Group trained networks by kind."""
    groups = {}
    for one in trained:
        key = (one.job.kind.theta, one.job.kind.numeric_embedding)
        groups.setdefault(key, []).append(one)
    return list(groups.values())


def held_out_rows(shared, trained):
    """Find the rows on which all networks can be compared; None if there are none."""
    if any(one.means is None for one in trained):
        return None
    labels = shared.parameters.labels
    losses, target = labels.losses(shared.target), shared.target
    if shared.held_out is not None:
        n_rows = len(shared.held_out.y)
        data = shared.encode(shared.held_out, np.zeros((n_rows, 0)), "y_val")
        rows = trained[0].held_out_rows
        return HeldOut(rows, data.targets, data.weights, losses, target)
    # A fit that a callback stopped may lack some networks of its last kind.
    rows_of_kinds = [
        set(np.concatenate([one.held_out_rows for one in group]))
        for group in by_kind(trained)
    ]
    rows = np.array(sorted(set.intersection(*rows_of_kinds)), int)
    if not len(rows):
        return None
    data = shared.encode(shared.table.rows(rows), np.zeros((len(rows), 0)), "y")
    return HeldOut(rows, data.targets, data.weights, losses, target)


def combine(shared, trained, held_out):
    """Combine the kinds of networks by weights that minimize the held-out loss.

    Parameters
    ----------
    shared : SharedTable
    trained : list of Trained
    held_out : HeldOut or None

    Returns
    -------
    Combination
    """
    groups = by_kind(trained)
    share, temperature, losses = np.full(len(groups), 1 / len(groups)), 1.0, None
    if held_out is not None:
        means = [
            held_out.average(group, [one.means for one in group]) for group in groups
        ]
        share = _shares(shared.parameters, means, held_out)
        blended = np.tensordot(share, np.stack(means), 1)
        temperature, losses = calibrate(blended, held_out)
    kept, weights = [], []
    for weight, group in zip(share, groups, strict=True):
        if weight > 0:
            kept += group
            weights += [weight / len(group)] * len(group)
    return Combination(kept, np.array(weights), temperature, losses)


def _shares(parameters, means, held_out):
    """Weight of each kind of networks."""
    if parameters.n_estimators == 1:  # a single network, of the best kind
        losses = [held_out.mean_loss(kind_means) for kind_means in means]
        return (np.arange(len(means)) == np.argmin(losses)).astype(float)
    share = convex_weights(
        held_out.target, held_out.losses, means, held_out.targets, held_out.weights
    )
    share = np.where(share < LEAST_WEIGHT, 0, share)
    return share / share.sum()


def calibrate(means, held_out):
    """Find the best temperature for held-out rows, and the losses at it, (n_rows,)."""
    temperature = 1.0
    if held_out.target.class_tasks.any():
        temperature = best_temperature(
            held_out.target, means, held_out.targets, held_out.weights, held_out.losses
        )
        means = temper(held_out.target, means, temperature)
    return temperature, held_out.row_losses(means)
