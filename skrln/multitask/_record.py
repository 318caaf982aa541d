# SPDX-License-Identifier: BSD-3-Clause
"""Scores of all stages, from one fit or from one fit for each fold."""

import numpy as np
from sklearn.base import is_classifier

from skrln._table._arguments import check_weights

from ._scoring import TaskScorer, Told

#: A single validation set of at least LEAST_ROWS rows is split into N_PARTS parts, which judge
#: the number of stages.
N_PARTS, LEAST_ROWS = 5, 10


class Recorder:
    """Recorder of the scores of every stage, while a source is fitted.

    Parameters
    ----------
    tasks : RegressionTasks, LabelTasks or ClassTasks
    settings : PerTaskEarlyStopping
    rng : RandomState
        Draws the parts of the validation rows.
    y : array-like
        Training labels. Their standard deviations are the units of regression scores.
    """

    def __init__(self, tasks, settings, rng, y):
        self.tasks, self.rng = tasks, rng
        self.classifier = is_classifier(settings.estimator)
        truth, known = tasks.truth(y)
        labels = np.ma.masked_array(truth, ~known)
        with np.errstate(over="ignore"):  # squares of labels beyond 1e154
            spread = np.ma.filled(labels.std(axis=0), 0.0)
        self.scorer = TaskScorer(settings.scoring, self.classifier, spread)
        self.crossed = settings.cv is not None
        # Means over rows cost nothing more on parts, so `tradeoff_` is always computed for
        # them. Other scores are computed on parts only if parts choose the number of stages.
        wants_parts = self.scorer.by_rows or (
            settings.strategy != "brute_force" and settings.n_clusters in (None, "auto")
        )
        self.wants_parts = wants_parts and not self.crossed
        self.held_out, self.folds = [], []

    def record(self, source, train, held_out):
        """Fit a source, and score all its stages on held-out rows."""
        truth, known = self.tasks.truth(held_out.y, "y_val")
        weights = self.weights_of(held_out)
        known = known & (weights > 0)[:, None]
        part_of_row = None
        if self.wants_parts and len(weights) >= LEAST_ROWS:
            part_of_row = self.rng.permutation(len(weights)) % N_PARTS
        labels = Told(truth, known, weights, part_of_row, two_values=self.classifier)
        scores = []

        def see(stage, output, classes):
            """Score a stage; no prediction is kept."""
            del stage
            columns = self.tasks.columns(output, classes)
            scores.append(self.scorer.scores(labels, columns, self.tasks.widths))

        source.fit(train, held_out, see)
        if not scores:
            raise ValueError(
                "Got a fit without a single finite stage, but expected at least one. Lower "
                "the learning rate of the estimator."
            )
        curves = np.stack(scores, axis=-1)
        curves[:, ~self.tasks.scorable(truth, known)] = np.nan
        self.held_out.append(held_out)
        self.folds.append((_replace_nonfinite(curves), labels.totals[0]))

    def truth_and_weights(self, rows):
        """Truth and weights of validation rows."""
        truth, _ = self.tasks.truth(rows.y, "y_val")
        return truth, self.weights_of(rows)

    def weights_of(self, rows):
        """Validated weight of each row."""
        return check_weights(rows.weights, rows.X, name="sample_weight_val")

    def curves(self):
        """Return the curves of all tasks, and their curves on parts of the rows or None.

        Parts are the folds of a cross-validation, or parts of the single validation set.
        """
        if not self.crossed:
            # The first entry of `curves` is that of all validation rows.
            curves = self.folds[0][0]
            parts = curves[1:] if len(curves) > 1 else None
            return self._checked(curves[0]), parts
        # Folds may end at different stages; the mean exists up to the earliest end.
        n_stages = min(curves.shape[-1] for curves, _ in self.folds)
        parts = np.stack([curves[0][:, :n_stages] for curves, _ in self.folds])
        counts = np.stack([totals for _, totals in self.folds])[:, :, None]
        counts = np.where(np.isnan(parts), 0, counts)
        total = counts.sum(axis=0)
        mean = (np.nan_to_num(parts) * counts).sum(axis=0)
        with np.errstate(invalid="ignore"):
            return self._checked(mean / np.where(total > 0, total, np.nan)), parts

    def _checked(self, curves):
        """Refuse curves if no task has a score."""
        if np.isnan(curves).any(axis=1).all():
            needed = "labels of two classes" if self.classifier else "a label"
            raise ValueError(
                f"Got validation rows without {needed} for any task, but validation labels "
                "choose the stages. Pass X_val and y_val, or a larger validation_fraction."
            )
        return curves


def _replace_nonfinite(curves):
    """Give stages of a diverged model the worst finite score of the task.

    Otherwise a single NaN would leave the task without a score. A task without any finite
    score keeps NaN.
    """
    bad = ~np.isfinite(curves)
    lowest = np.where(bad, np.inf, curves).min(axis=-1, keepdims=True)
    lowest = np.where(np.isinf(lowest), np.nan, lowest)
    return np.where(bad, lowest, curves)
