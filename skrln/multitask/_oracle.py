# SPDX-License-Identifier: BSD-3-Clause
"""Oracle score of the validation-curve paper, which leaks the label, and its control."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_consistent_length, check_random_state

from ._curves import read_curves


class OracleReport(NamedTuple):
    """Accuracies of a multiclass model, between 0 and 1."""

    single_stage: float  #: all rows at the stage with the best mean recall
    oracle: float  #: each row at the best stage of the row's true class
    no_skill_single_stage: (
        float  #: `single_stage` of shuffled labels, mean of the shuffles
    )
    no_skill_oracle: float  #: `oracle` of shuffled labels, mean of the shuffles
    no_skill_gain_std_error: float  #: standard error of `no_skill_gain`

    @property
    def gain(self) -> float:
        """Apparent gain of the oracle over a single stage."""
        return self.oracle - self.single_stage

    @property
    def no_skill_gain(self) -> float:
        """Apparent gain of the oracle on shuffled labels, which nothing can predict."""
        return self.no_skill_oracle - self.no_skill_single_stage


def oracle_recall(
    proba_val: ArrayLike,
    y_val: ArrayLike,
    proba: ArrayLike,
    y: ArrayLike,
    *,
    smoothing_window: int = 10,
    n_shuffles: int = 20,
    random_state: int | np.random.RandomState | None = None,
) -> OracleReport:
    r"""Score a multiclass model at the best stage of each row's **true** class.

    The validation-curve paper scores its brute force in this way. The score is no estimate of
    accuracy: the label of a row chooses the stage that predicts the label. This function
    reproduces the published number, and always returns a control, which is the score of the
    same predictions with shuffled labels. On shuffled labels the oracle gains, too.

    Parameters
    ----------
    proba_val : array-like of shape (n_stages, n_val, n_classes)
        Probabilities of the validation rows after every stage.

    y_val : array-like of int of shape (n_val,)
        Classes of the validation rows, as positions of the columns.

    proba : array-like of shape (n_stages, n_samples, n_classes)
        Probabilities of the test rows after every stage.

    y : array-like of int of shape (n_samples,)
        Classes of the test rows, as positions of the columns.

    smoothing_window : int, default=10
        Width of the moving mean that smooths the recall curves, in stages.

    n_shuffles : int, default=20
        Number of shuffles of the labels; the control is their mean.

    random_state : int, RandomState instance or None, default=None
        Seeds the shuffles.

    Returns
    -------
    OracleReport
        Accuracies, each between 0 and 1.

    See Also
    --------
    PerTaskEarlyStopping : Early stopping of each task, without a leak of labels.

    Examples
    --------
    With random probabilities of ten classes the accuracy is 0.1, and the oracle "gains".

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
            "cannot be judged without its control. Pass n_shuffles=20."
        )
    rng = check_random_state(random_state)

    def accuracies(y_val, y):
        """Accuracy of a single stage, and of the oracle."""
        # A class without validation rows takes the stage of the others' mean.
        recalls = [
            (guesses_val[:, y_val == k] == k).mean(axis=1)
            if (y_val == k).any()
            else np.full(len(guesses_val), np.nan)
            for k in range(n_classes)
        ]
        reading = read_curves(np.array(recalls), smoothing_window)
        leaked = guesses[reading.task_best[y], np.arange(len(y))]  # y chooses the stage
        return np.mean(guesses[reading.best] == y), np.mean(leaked == y)

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
