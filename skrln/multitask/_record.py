# SPDX-License-Identifier: BSD-3-Clause
"""Scores of all stages of one fit, or of one fit for each fold."""

import numpy as np
from sklearn.base import is_classifier

from skrln._core._validation import check_weights

from ._scoring import TaskScorer, Told

#: Parts of a single validation set that judge numbers of stages, and rows that it takes.
N_PARTS, LEAST_ROWS = 5, 10


class Recorder:
    """Scores every stage, while the fit that shows them goes on.

    Parameters
    ----------
    tasks : RegressionTasks, LabelTasks or ClassTasks
    settings : PerTaskEarlyStopping
    rng : RandomState
    y : array-like
        Training labels.
    """

    def __init__(self, tasks, settings, rng, y):
        self.tasks, self.rng = tasks, rng
        self.classifier = is_classifier(settings.estimator)
        truth, known = tasks.truth(y)
        there = np.ma.masked_array(truth, ~known)
        self.scorer = TaskScorer(
            settings.scoring, self.classifier, np.ma.filled(there.std(axis=0), 0.0)
        )
        self.crossed = settings.cv is not None
        wants_parts = self.scorer.by_rows or (
            settings.strategy != "brute_force" and settings.n_clusters in (None, "auto")
        )
        self.wants_parts = wants_parts and not self.crossed
        self.held_out, self.folds = [], []

    def record(self, source, train, held_out):
        """Fit a source, and score all its stages."""
        truth, weights = self.told_of(held_out)
        known = self.known_of(held_out) & (weights > 0)[:, None]
        part_of_row = None
        if self.wants_parts and len(weights) >= LEAST_ROWS:
            part_of_row = self.rng.permutation(len(weights)) % N_PARTS
        told = Told(truth, known, weights, part_of_row, two_values=self.classifier)
        scores = []

        def see(stage, output, classes):
            del stage
            columns = self.tasks.columns(output, classes)
            scores.append(self.scorer.scores(told, columns, self.tasks.widths))

        source.fit(train, held_out, see)
        if not scores:
            raise ValueError(
                "Got a fit without a single finite stage, but at least one is needed. "
                "Lower the learning rate of the estimator."
            )
        curves = np.stack(scores, axis=-1)
        curves[:, ~self.tasks.scorable(truth, known)] = np.nan
        self.held_out.append(held_out)
        self.folds.append((_finite(curves), told.totals[0]))

    def told_of(self, rows):
        """Truth and weights of validation rows."""
        truth, _ = self.tasks.truth(rows.y, "y_val")
        return truth, self.weights_of(rows)

    def known_of(self, rows):
        """Which labels of the rows are there."""
        return self.tasks.truth(rows.y, "y_val")[1]

    def weights_of(self, rows):
        """Weight of each row."""
        return check_weights(rows.weights, rows.X, name="sample_weight_val")

    def curves(self):
        """Curves of all tasks, and on parts of the rows or None."""
        if not self.crossed:
            curves = self.folds[0][0]
            parts = curves[1:] if len(curves) > 1 else None
            return self._checked(curves[0]), parts
        n_stages = min(curves.shape[-1] for curves, _ in self.folds)
        parts = np.stack([curves[0][:, :n_stages] for curves, _ in self.folds])
        counts = np.stack([totals for _, totals in self.folds])[:, :, None]
        counts = np.where(np.isnan(parts), 0, counts)
        total = counts.sum(axis=0)
        mean = (np.nan_to_num(parts) * counts).sum(axis=0)
        with np.errstate(invalid="ignore"):
            return self._checked(mean / np.where(total > 0, total, np.nan)), parts

    def _checked(self, curves):
        if np.isnan(curves).any(axis=1).all():
            what = "labels of two classes" if self.classifier else "a label"
            raise ValueError(
                f"Got a validation part without {what} for any task, but stages are chosen "
                "by them. Pass X_val and y_val, or a larger validation_fraction."
            )
        return curves


def _finite(curves):
    """Stages at which a model has diverged are as bad as the worst of the others."""
    bad = ~np.isfinite(curves)
    lowest = np.where(bad, np.inf, curves).min(axis=-1, keepdims=True)
    lowest = np.where(np.isinf(lowest), np.nan, lowest)
    return np.where(bad, lowest, curves)
