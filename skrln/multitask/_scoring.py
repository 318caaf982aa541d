# SPDX-License-Identifier: BSD-3-Clause
"""Scores of every task, the higher the better, on rows whose label is known."""

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

#: Probabilities are kept this far from 0 and 1: a single one must not decide.
LEAST_PROBABILITY = float(np.finfo(np.float32).eps)


def _log_loss(truth, columns, widths):
    right = _probability_of_truth(truth, columns, widths)
    return -np.log(np.clip(right, LEAST_PROBABILITY, 1 - LEAST_PROBABILITY))


def _brier(truth, columns, widths):
    ends = np.cumsum(widths)
    found = []
    for task, (end, width) in enumerate(zip(ends, widths, strict=True)):
        block = columns[:, end - width : end]
        hit = truth[:, [task]] == (np.arange(width) if width > 1 else 1)
        # Of two classes both columns tell the same: one of them counts.
        found.append(((block - hit) ** 2).sum(axis=1) / (2 if width == 2 else 1))
    return np.stack(found, axis=1)


def _probability_of_truth(truth, columns, widths):
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


#: Scores that are a number minus the mean of a loss, with the power of the standard deviation
#: of the training labels that the loss is divided by.
ROW_LOSSES = {
    "neg_log_loss": (_log_loss, 0.0, 0),
    "neg_brier_score": (_brier, 0.0, 0),
    "r2": (_squared_error, 1.0, 2),
    "neg_mean_absolute_error": (_absolute_error, 0.0, 1),
}
RANKINGS = {"roc_auc": roc_auc_score, "average_precision": average_precision_score}
OF_CLASSES = ("neg_log_loss", "neg_brier_score", *RANKINGS)
OF_NUMBERS = ("r2", "neg_mean_absolute_error")


class TaskScorer:
    """Scores of columns of predictions.

    Parameters
    ----------
    scoring : str, callable or None
    classifier : bool
    spread : ndarray of shape (n_tasks,)
        Standard deviation of the training labels of each task.
    """

    def __init__(self, scoring, classifier, spread):
        allowed = OF_CLASSES if classifier else OF_NUMBERS
        if scoring is None:
            scoring = allowed[0]
        if hasattr(scoring, "_score_func") or hasattr(scoring, "response_method"):
            raise ValueError(
                f"Got scoring={scoring!r}, a scorer that returns one number for all "
                f"tasks, but every task needs a score. Pass one of {list(allowed)}, or a "
                "function of (y_true, y_pred, sample_weight) that returns one number per "
                'task, such as partial(r2_score, multioutput="raw_values").'
            )
        if isinstance(scoring, str) and scoring not in allowed:
            raise ValueError(
                f"Got scoring={scoring!r}, but expected one of {list(allowed)} or a "
                f"function, as the estimator is a "
                f"{'classifier' if classifier else 'regressor'}."
            )
        self.scoring, self.spread = scoring, np.where(spread > 0, spread, 1.0)

    @property
    def by_rows(self):
        """Whether scores are means over rows, which parts of them have at no cost."""
        return isinstance(self.scoring, str) and self.scoring in ROW_LOSSES

    @property
    def name(self):
        """What the score is, for people."""
        scoring = self.scoring
        if isinstance(scoring, str):
            return scoring.replace("_", " ")
        return getattr(scoring, "__name__", type(scoring).__name__)

    def scores(self, told, columns, widths):
        """Score of each part and task, (n_parts, n_tasks); NaN without a label.

        Parameters
        ----------
        told : Told
        columns : ndarray of shape (n_samples, n_columns)
        widths : ndarray of shape (n_tasks,)
            Columns of each task.
        """
        if self.by_rows:
            loss_of, offset, power = ROW_LOSSES[self.scoring]
            losses = loss_of(told.truth, columns, widths) / self.spread**power
            with np.errstate(invalid="ignore"):
                return offset - (told.parts @ (losses * told.known)) / told.totals
        guess = self._one_column_each(columns, widths)
        return np.stack([self._call(told, guess, part) for part in told.parts])

    def _one_column_each(self, columns, widths):
        if np.any(widths > 2):
            raise ValueError(
                f"Got scoring={self.scoring!r} for outputs of {int(widths.max())} classes, "
                "but it takes one number per row and output. Pass "
                'scoring="neg_log_loss".'
            )
        return columns[:, np.cumsum(widths) - 1]

    def _call(self, told, guess, part):
        """Scores of the rows with a weight in `part`."""
        found = np.full(guess.shape[1], np.nan)
        tasks = told.scorable_in(part)
        rows = part > 0
        if told.known[rows][:, tasks].all() and len(tasks) > 1:
            whole = np.ix_(rows, tasks)
            found[tasks] = self._checked(
                told.truth[whole], guess[whole], part[rows], len(tasks)
            )
            return found
        for task in tasks:
            there = rows & told.known[:, task]
            truth, one = told.truth[there][:, [task]], guess[there][:, [task]]
            found[task] = self._checked(truth, one, part[there], 1)[0]
        return found

    def _checked(self, truth, guess, weights, n_tasks):
        if isinstance(self.scoring, str):
            function, options = RANKINGS[self.scoring], {"average": None}
            if n_tasks == 1:
                truth, guess, options = truth.ravel(), guess.ravel(), {}
        else:
            function, options = self.scoring, {}
        found = np.ravel(function(truth, guess, sample_weight=weights, **options))
        if found.shape != (n_tasks,):
            raise ValueError(
                f"Got scoring={self.scoring!r}, which returned {found.size} number(s) for "
                f"{n_tasks} tasks, but expected one per task. Pass a function that does "
                'not average, such as partial(r2_score, multioutput="raw_values") or '
                "partial(roc_auc_score, average=None)."
            )
        return found.astype(float)


class Told:
    """Validation labels, and parts of the rows that are scored apart.

    Parameters
    ----------
    truth, known : ndarray of shape (n_samples, n_tasks)
    weights : ndarray of shape (n_samples,)
    part_of_row : ndarray of int of shape (n_samples,), default=None
        Part of each row. The first row of `parts` is always the whole.
    two_values : bool
        Whether a score needs two different labels.
    """

    def __init__(self, truth, known, weights, part_of_row=None, two_values=True):
        self.truth, self.known, self.two_values = truth, known, two_values
        self.parts = weights[None]
        if part_of_row is not None:
            numbers = np.arange(part_of_row.max() + 1)[:, None]
            each = (part_of_row == numbers) * weights
            self.parts = np.concatenate([self.parts, each])
        self.totals = self.parts @ known

    def scorable_in(self, part):
        """Tasks that the rows with a weight in `part` can score."""
        known = self.known & (part > 0)[:, None]
        there = np.ma.masked_array(self.truth, ~known)
        good = known.any(axis=0)
        if self.two_values:
            good &= np.ma.filled(there.min(axis=0) != there.max(axis=0), False)
        return np.flatnonzero(good)
