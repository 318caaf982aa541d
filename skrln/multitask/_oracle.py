# SPDX-License-Identifier: BSD-3-Clause
"""The score of the paper, which knows the label that it is to predict, and its control."""

from typing import NamedTuple

import numpy as np
from sklearn.utils import check_consistent_length, check_random_state

from ._curves import read_curves


class OracleReport(NamedTuple):
    """Accuracies of one multiclass model, as shares of the rows."""

    single_stage: float  #: every row at the stage that is best on average
    oracle: float  #: every row at the stage that is best for its true class
    no_skill_single_stage: float  #: the same with shuffled labels, mean of the shuffles
    no_skill_oracle: float  #: likewise: what the oracle gives to a model without skill
    no_skill_gain_std_error: float  #: of the mean difference of the last two

    @property
    def gain(self):
        """What the oracle seems to gain."""
        return self.oracle - self.single_stage

    @property
    def no_skill_gain(self):
        """What it seems to gain where there is nothing to be known."""
        return self.no_skill_oracle - self.no_skill_single_stage


def oracle_recall(
    proba_val,
    y_val,
    proba,
    y,
    *,
    smoothing_window=10,
    n_shuffles=20,
    random_state=None,
):
    r"""Score a multiclass model at the best stage of each row's **true** class.

    This is how the validation-curve paper scores its brute force, and no way to predict: the
    stage of a row is chosen by the label that the row is to be given. It is here to reproduce
    that number, and always comes with its control, the same score of the same predictions
    with shuffled labels. A model without skill gains, too.

    Parameters
    ----------
    proba_val : array-like of shape (n_stages, n_val, n_classes)
        Probabilities of validation rows after every stage.

    y_val : array-like of int of shape (n_val,)
        Their classes, numbered as the columns.

    proba : array-like of shape (n_stages, n_samples, n_classes)
        Probabilities of test rows after every stage.

    y : array-like of int of shape (n_samples,)
        Their classes.

    smoothing_window : int, default=10
        Width of the moving mean over the curves of recall, in stages.

    n_shuffles : int, default=20
        Shuffles of the labels that the control is the mean of.

    random_state : int, RandomState instance or None, default=None
        Seeds the shuffles.

    Returns
    -------
    OracleReport
        Accuracies, each between 0 and 1.

    See Also
    --------
    PerTaskEarlyStopping : Predictions that know no label.

    Examples
    --------
    Random probabilities, ten classes: the accuracy is a tenth, and the oracle "gains".

    >>> import numpy as np
    >>> from skrln.multitask import oracle_recall
    >>> rng = np.random.default_rng(0)
    >>> drift = rng.normal(size=(30, 1, 10))
    >>> proba_val, proba = drift + rng.normal(size=(2, 30, 400, 10))
    >>> y_val, y = rng.integers(10, size=(2, 400))
    >>> report = oracle_recall(
    ...     proba_val, y_val, proba, y, smoothing_window=1, random_state=0)
    >>> report.single_stage < 0.15, report.gain > 0.05, report.no_skill_gain > 0.05
    (True, True, True)
    """
    guesses_val, guesses = (np.argmax(p, axis=2) for p in (proba_val, proba))
    n_classes = np.shape(proba)[2]
    y_val, y = (np.asarray(labels, int) for labels in (y_val, y))
    check_consistent_length(guesses_val.T, y_val)
    check_consistent_length(guesses.T, y)
    if n_shuffles < 2:
        raise ValueError(
            f"Got n_shuffles={n_shuffles}, but expected at least 2: the oracle's score "
            "says nothing without its control."
        )
    rng = check_random_state(random_state)

    def accuracies(y_val, y):
        recalls = [
            (guesses_val[:, y_val == k] == k).mean(axis=1)
            if (y_val == k).any()
            else np.full(len(guesses_val), np.nan)
            for k in range(n_classes)
        ]
        found = read_curves(np.array(recalls), smoothing_window)
        rows = np.arange(len(y))
        own = guesses[found.task_best[y], rows]
        return np.mean(guesses[found.best] == y), np.mean(own == y)

    single, oracle = accuracies(y_val, y)
    shuffled = np.array(
        [
            accuracies(rng.permutation(y_val), rng.permutation(y))
            for _ in range(n_shuffles)
        ]
    )
    gains = shuffled[:, 1] - shuffled[:, 0]
    return OracleReport(
        float(single),
        float(oracle),
        *map(float, shuffled.mean(axis=0)),
        float(gains.std(ddof=1) / np.sqrt(n_shuffles)),
    )
