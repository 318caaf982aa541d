# SPDX-License-Identifier: BSD-3-Clause
"""Scores of every task on rows with a known label; higher is better."""

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

from ._tasks import has_two_values

#: Least distance of probabilities from 0 and 1: a single wrong one would make the log loss
#: infinite.
LEAST_PROBABILITY = float(np.finfo(np.float32).eps)


# Losses of shape (n_samples, n_tasks). A task has widths[task] columns.


def _log_loss(truth, columns, widths):
    """Minus the log probability of the true class."""
    right = _probability_of_truth(truth, columns, widths)
    return -np.log(np.clip(right, LEAST_PROBABILITY, 1 - LEAST_PROBABILITY))


def _brier(truth, columns, widths):
    """Squared error of the probabilities, summed over the classes of a task."""
    ends = np.cumsum(widths)
    losses = []
    for task, (end, width) in enumerate(zip(ends, widths, strict=True)):
        block = columns[:, end - width : end]
        hit = truth[:, [task]] == (np.arange(width) if width > 1 else 1)
        # The two columns of a binary task have equal errors: their mean is the usual score.
        losses.append(((block - hit) ** 2).sum(axis=1) / (2 if width == 2 else 1))
    return np.stack(losses, axis=1)


def _probability_of_truth(truth, columns, widths):
    """Probability of the true class.

    A single column is the probability of class 1; several columns are those of classes 0, 1...
    """
    if np.all(widths == 1):
        return np.where(truth == 1, columns, 1 - columns)
    starts = np.cumsum(widths) - widths
    right = np.take_along_axis(columns, starts + truth * (widths > 1), axis=1)
    return np.where((widths == 1) & (truth == 0), 1 - right, right)


def _squared_error(truth, columns, widths):
    del widths
    return (truth - columns) ** 2


def _absolute_error(truth, columns, widths):
    del widths
    return np.abs(truth - columns)


#: Scores that are a constant minus a mean loss: name -> (loss, constant, power). The loss is
#: divided by this power of the standard deviation of the training labels.
ROW_LOSSES = {
    "neg_log_loss": (_log_loss, 0.0, 0),
    "neg_brier_score": (_brier, 0.0, 0),
    "r2": (_squared_error, 1.0, 2),
    "neg_mean_absolute_error": (_absolute_error, 0.0, 1),
}
RANKINGS = {"roc_auc": roc_auc_score, "average_precision": average_precision_score}
CLASSIFIER_SCORES = ("neg_log_loss", "neg_brier_score", *RANKINGS)
REGRESSOR_SCORES = ("r2", "neg_mean_absolute_error")


class TaskScorer:
    """Scorer of the columns of predictions of all tasks.

    Parameters
    ----------
    scoring : str, callable or None
        None is "neg_log_loss" for a classifier and "r2" for a regressor.
    classifier : bool
    spread : ndarray of shape (n_tasks,)
        Standard deviation of the training labels of each task.
    """

    def __init__(self, scoring, classifier, spread):
        allowed = CLASSIFIER_SCORES if classifier else REGRESSOR_SCORES
        if scoring is None:
            scoring = allowed[0]
        # A scorer of scikit-learn has either attribute, a plain function has none.
        if hasattr(scoring, "_score_func") or hasattr(scoring, "response_method"):
            raise ValueError(
                f"Got scoring={scoring!r}, a scorer that returns one number for all "
                f"tasks, but expected a score for each task. Pass one of {list(allowed)}, "
                "or a function of (y_true, y_pred, sample_weight) that returns one number "
                'per task, such as partial(r2_score, multioutput="raw_values").'
            )
        if isinstance(scoring, str) and scoring not in allowed:
            raise ValueError(
                f"Got scoring={scoring!r}, but expected one of {list(allowed)} or a "
                "function, because the estimator is a "
                f"{'classifier' if classifier else 'regressor'}."
            )
        self.scoring, self.spread = scoring, np.where(spread > 0, spread, 1.0)

    @property
    def by_rows(self):
        """True if scores are means over rows, which come for parts of rows at no cost."""
        return isinstance(self.scoring, str) and self.scoring in ROW_LOSSES

    @property
    def name(self):
        """Name of the score for display."""
        scoring = self.scoring
        if isinstance(scoring, str):
            return scoring.replace("_", " ")
        return getattr(scoring, "__name__", type(scoring).__name__)

    def scores(self, labels, columns, widths):
        """Score of each part of the rows and each task, (n_parts, n_tasks).

        NaN for a task that the part cannot score.

        Parameters
        ----------
        labels : Told
        columns : ndarray of shape (n_samples, n_columns)
        widths : ndarray of shape (n_tasks,)
            Columns of each task.
        """
        if self.by_rows:
            loss_of, offset, power = ROW_LOSSES[self.scoring]
            # Unknown labels weigh 0 in both sums; 0 / 0 is the NaN of a task without labels.
            # Predictions of a model that diverged have an infinite loss.
            with np.errstate(invalid="ignore", over="ignore"):
                losses = loss_of(labels.truth, columns, widths) / self.spread**power
                return offset - (labels.parts @ (losses * labels.known)) / labels.totals
        predicted = self._one_column_each(columns, widths)
        return np.stack(
            [self._score_part(labels, predicted, part) for part in labels.parts]
        )

    def _one_column_each(self, columns, widths):
        """Last column of each task: a number, or the probability of the positive class."""
        if np.any(widths > 2):
            raise ValueError(
                f"Got scoring={self.scoring!r} for outputs of {int(widths.max())} classes, "
                "but this score needs one number per row and output. Pass "
                'scoring="neg_log_loss".'
            )
        return columns[:, np.cumsum(widths) - 1]

    def _score_part(self, labels, predicted, part):
        """Score of each task on the rows with a weight in `part`, (n_tasks,)."""
        scores = np.full(predicted.shape[1], np.nan)
        tasks = labels.scorable_in(part)
        rows = part > 0
        if labels.known[rows][:, tasks].all() and len(tasks) > 1:
            # Without missing labels one call scores all tasks.
            block = np.ix_(rows, tasks)
            scores[tasks] = self._call(
                labels.truth[block], predicted[block], part[rows], len(tasks)
            )
            return scores
        for task in tasks:
            known = rows & labels.known[:, task]
            block = np.ix_(known, [task])
            truth, guess = labels.truth[block], predicted[block]
            scores[task] = self._call(truth, guess, part[known], 1)[0]
        return scores

    def _call(self, truth, guess, weights, n_tasks):
        """Call the score function, and check that it returns a number for each task."""
        if isinstance(self.scoring, str):
            function, options = RANKINGS[self.scoring], {"average": None}
            if n_tasks == 1:
                truth, guess, options = truth.ravel(), guess.ravel(), {}
        else:
            function, options = self.scoring, {}
        scores = np.ravel(function(truth, guess, sample_weight=weights, **options))
        if scores.shape != (n_tasks,):
            raise ValueError(
                f"Got scoring={self.scoring!r}, which returned {scores.size} number(s) for "
                f"{n_tasks} tasks, but expected one per task. Pass a function that does "
                'not average, such as partial(r2_score, multioutput="raw_values") or '
                "partial(roc_auc_score, average=None)."
            )
        return scores.astype(float)


class Told:
    """Labels to score against, and parts of their rows that are scored separately.

    Parameters
    ----------
    truth : ndarray of shape (n_samples, n_tasks)
    known : ndarray of bool of shape (n_samples, n_tasks)
        False for a missing label.
    weights : ndarray of shape (n_samples,)
    part_of_row : ndarray of int of shape (n_samples,), default=None
        Part of each row. By default all rows are the only part.
    two_values : bool
        True if a score needs two different labels, as those of classes do.

    Attributes
    ----------
    parts : ndarray of shape (1 or 1 + n_parts, n_samples)
        Weights of the rows, 0 outside the part. The first row is that of all rows.
    totals : ndarray of shape (1 or 1 + n_parts, n_tasks)
        Weight of the known labels of each part.
    """

    def __init__(self, truth, known, weights, part_of_row=None, two_values=True):
        self.truth, self.known, self.two_values = truth, known, two_values
        self.parts = weights[None]
        if part_of_row is not None:
            numbers = np.arange(part_of_row.max() + 1)[:, None]
            separate = (part_of_row == numbers) * weights
            self.parts = np.concatenate([self.parts, separate])
        self.totals = self.parts @ known

    def scorable_in(self, part):
        """Positions of the tasks that the rows with a weight in `part` can score."""
        known = self.known & (part > 0)[:, None]
        if self.two_values:
            return np.flatnonzero(has_two_values(self.truth, known))
        return np.flatnonzero(known.any(axis=0))
