# SPDX-License-Identifier: BSD-3-Clause
"""One predictor out of trained networks, by their loss on rows that they have not seen."""

from typing import Any, NamedTuple

import numpy as np

from skrln._kernels import Data

from ._blend import best_temperature, convex_weights, mean_loss, row_losses, temper
from ._preparation import encode

#: Kinds of networks that count less than this are left out.
LEAST_WEIGHT = 0.02


class Trained(NamedTuple):
    """A network, and what it says of rows that it was not trained on."""

    job: Any
    member: Any
    result: Any
    means: np.ndarray | None  #: predictions for those rows; None where there are none
    validation: Data | None

    @property
    def unseen(self):
        """Numbers of those rows: in the table, or in the validation data that were passed."""
        own = self.job.validation
        return np.arange(len(self.means)) if own is None else own


class Ensemble(NamedTuple):
    """Networks that predict together."""

    trained: list
    weights: np.ndarray  #: (n_networks,); sum to one
    temperature: float = 1.0
    losses: np.ndarray | None = None  #: of unseen rows; their mean is the loss

    @property
    def members(self):
        """The networks alone."""
        return [one.member for one in self.trained]


class Unseen(NamedTuple):
    """Labelled rows that every kind of networks has predictions of."""

    rows: np.ndarray  #: numbers, rising
    targets: np.ndarray  #: (n_rows, n_tasks), encoded
    weights: np.ndarray  #: (n_rows, n_tasks)

    def positions(self, one):
        """Rows of this that a network has predictions of, and where they are among its own."""
        own = np.flatnonzero(np.isin(one.unseen, self.rows))
        return np.searchsorted(self.rows, one.unseen[own]), own

    def average(self, group, means):
        """Mean of the predictions of several networks, (n_rows, n_columns).

        Parameters
        ----------
        group : list of Trained
        means : list of ndarray
            Predictions of each for all rows that it has not seen.
        """
        total = np.zeros((len(self.targets), means[0].shape[1]))
        count = np.zeros(len(total))
        for one, found in zip(group, means, strict=True):
            here, own = self.positions(one)
            np.add.at(total, here, found[own])
            np.add.at(count, here, 1)
        return total / count[:, None]


def by_cell(trained):
    """Networks of each kind."""
    groups = {}
    for one in trained:
        groups.setdefault(one.job.cell, []).append(one)
    return list(groups.values())


def unseen_rows(estimator, shared, trained):
    """Rows to compare networks on; None where there are none."""
    if any(one.means is None for one in trained):
        return None
    if shared.held_out is not None:
        data = trained[0].validation
        return Unseen(trained[0].unseen, data.targets, data.weights)
    # A fit that a callback stopped may lack some networks of its last kind.
    seen_by = [
        set(np.concatenate([one.unseen for one in group])) for group in by_cell(trained)
    ]
    rows = np.array(sorted(set.intersection(*seen_by)), int)
    if not len(rows):
        return None
    part = shared.table.rows(rows)
    data = encode(estimator, None, shared.target, part, "y", np.zeros((len(rows), 0)))
    return Unseen(rows, data.targets, data.weights)


def assemble(estimator, shared, trained, unseen):
    """Ensemble of the kinds of networks, weighed."""
    groups = by_cell(trained)
    share, temperature, losses = np.full(len(groups), 1 / len(groups)), 1.0, None
    if unseen is not None:
        means = [
            unseen.average(group, [one.means for one in group]) for group in groups
        ]
        share = _shares(estimator, shared.target, means, unseen)
        blended = np.tensordot(share, np.stack(means), 1)
        temperature, losses = calibrated(estimator, shared.target, blended, unseen)
    kept, weights = [], []
    for part, group in zip(share, groups, strict=True):
        if part > 0:
            kept += group
            weights += [part / len(group)] * len(group)
    return Ensemble(kept, np.array(weights), temperature, losses)


def _shares(estimator, target, means, unseen):
    """What each kind of networks counts."""
    loss, told = estimator._loss(target), (unseen.targets, unseen.weights)
    if estimator.n_estimators == 1:  # one network to read: the best of the kinds
        losses = [mean_loss(target, loss, one, *told) for one in means]
        return (np.arange(len(means)) == np.argmin(losses)).astype(float)
    share = convex_weights(target, loss, means, *told)
    share = np.where(share < LEAST_WEIGHT, 0, share)
    return share / share.sum()


def calibrated(estimator, target, means, unseen):
    """Best temperature of predictions of unseen rows, and the losses at it, (n_rows,)."""
    loss, told = estimator._loss(target), (unseen.targets, unseen.weights)
    temperature = 1.0
    if target.class_tasks.any():
        temperature = best_temperature(target, means, *told, loss)
        means = temper(target, means, temperature)
    return temperature, row_losses(target, loss, means, *told)
