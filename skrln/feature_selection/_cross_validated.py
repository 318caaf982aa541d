# SPDX-License-Identifier: BSD-3-Clause
"""Fitness by the cross-validated score of an estimator on the chosen columns."""

from numbers import Number

import numpy as np
from joblib import effective_n_jobs
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils.parallel import Parallel, delayed

from skrln._core._base import BaseRLN
from skrln._core._sklearn import check_method_params, take


class CrossValidatedScore:
    """Mean score of clones of an estimator over fixed splits, remembered per individual.

    Parameters
    ----------
    estimator : estimator
    X, y
        As the user has them.
    splits : list of (train, test)
        The same for all individuals, so that they are compared on the same rows.
    scorer : callable
    fit_params, score_params : dict
        Metadata of all rows.
    n_jobs : int or None
    """

    def __init__(
        self, estimator, X, y, splits, scorer, fit_params, score_params, n_jobs
    ):
        self.estimator, self.X, self.y, self.scorer = estimator, X, y, scorer
        self.fit_params, self.score_params = fit_params, score_params
        self.splits = splits
        self.n_jobs = n_jobs

    def __call__(self, bits):
        """Mean scores, (m,)."""
        found = make_parallel(self.estimator, self.n_jobs)(
            delayed(self._score)(np.flatnonzero(row), *split)
            for row in bits
            for split in self.splits
        )
        return np.reshape(found, (len(bits), len(self.splits))).mean(axis=1)

    def _score(self, columns, train, test):
        fit_params = check_method_params(self.X, self.fit_params, train)
        score_params = check_method_params(self.X, self.score_params, test)
        chosen = take(self.X, columns, axis=1)
        model = clone(self.estimator)
        model.fit(take(chosen, train), *self._labels(train), **fit_params)
        score = self.scorer(
            model, take(chosen, test), *self._labels(test), **score_params
        )
        if not isinstance(score, Number):
            raise ValueError(
                f"Got scoring that gives {score!r} of type {type(score).__name__}, but "
                "expected a single number. Pass the name of a scorer, or a callable."
            )
        return float(score)

    def _labels(self, rows):
        return () if self.y is None else (take(self.y, rows),)


def make_parallel(estimator, n_jobs):
    """How fits run beside each other.

    All individuals have equally many columns, so that networks of this package share one
    compiled program: in threads, which leave it where it is. With other processes each would
    compile its own.
    """
    last = estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator
    if not isinstance(last, BaseRLN):
        return Parallel(n_jobs=n_jobs)
    n_threads = effective_n_jobs(-1 if n_jobs is None else n_jobs)
    return Parallel(n_jobs=n_threads, require="sharedmem")
