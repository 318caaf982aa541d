# SPDX-License-Identifier: BSD-3-Clause
"""Fitness criterion: the cross-validated score of an estimator on the selected columns."""

from numbers import Number

import numpy as np
from joblib import effective_n_jobs
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils.parallel import Parallel, delayed

from skrln._interrupts import Calls
from skrln._table._sklearn import check_method_params, take
from skrln.networks._base import BaseRLN


class CrossValidatedScore:
    """Mean score of clones of an estimator over fixed splits.

    Parameters
    ----------
    estimator : estimator
    X, y
        Table and target as passed by the user.
    splits : list of (train, test)
        Shared by all subsets, so that their scores differ by the columns only.
    scorer : callable
    fit_params, score_params : dict
        Metadata of all rows.
    n_jobs : int or None
    """

    #: The score of a subset does not depend on the subsets beside.
    is_separable = True

    def __init__(
        self, estimator, X, y, splits, scorer, fit_params, score_params, n_jobs
    ):
        self.estimator, self.X, self.y, self.scorer = estimator, X, y, scorer
        self.fit_params, self.score_params = fit_params, score_params
        self.splits = splits
        self.n_jobs = n_jobs

    @property
    def start(self):
        """Rows of the splits, which the scores depend on."""
        rows = [np.asarray(part) for split in self.splits for part in split]
        return {str(k): part for k, part in enumerate(rows)}

    @property
    def n_features(self):
        """Number of columns to choose from."""
        return self.X.shape[1]

    def __call__(self, bits):
        """Mean score of each subset, (m,)."""
        # One flat list of fits keeps all workers busy, however few splits there are.
        calls = Calls()
        with calls.ended():
            scores = make_parallel(self.estimator, self.n_jobs)(
                delayed(calls.run)(self._score, np.flatnonzero(row), *split)
                for row in bits
                for split in self.splits
            )
        return np.reshape(scores, (len(bits), len(self.splits))).mean(axis=1)

    def _score(self, columns, train, test):
        fit_params = check_method_params(self.X, self.fit_params, train)
        score_params = check_method_params(self.X, self.score_params, test)
        table = take(self.X, columns, axis=1)
        model = clone(self.estimator)
        model.fit(take(table, train), *self._target(train), **fit_params)
        score = self.scorer(
            model, take(table, test), *self._target(test), **score_params
        )
        if not isinstance(score, Number):
            raise ValueError(
                f"Got scoring that returns {score!r} of type {type(score).__name__}, but "
                "expected a single number. Pass the name of a scorer, or a callable."
            )
        return float(score)

    def _target(self, rows):
        """Arguments after X: the target of the rows, or nothing without a target."""
        return () if self.y is None else (take(self.y, rows),)


def make_parallel(estimator, n_jobs):
    """Parallel for fits of an estimator: threads for networks, else joblib's default."""
    last = estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator
    if not isinstance(last, BaseRLN):
        return Parallel(n_jobs=n_jobs)
    # All subsets have the same size, so that networks share one compiled program. Threads
    # share it too; every worker process would compile its own.
    n_threads = effective_n_jobs(-1 if n_jobs is None else n_jobs)
    return Parallel(n_jobs=n_threads, require="sharedmem")
