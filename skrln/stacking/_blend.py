# SPDX-License-Identifier: BSD-3-Clause
"""The path through fit that blends of classifiers and of regressors share."""

from copy import copy
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.utils import Bunch, check_random_state
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from skrln._interrupts import Calls, whole_fits
from skrln._table._arguments import about_argument
from skrln._table._sklearn import check_parameters, count_samples
from skrln._table._user_splits import iterate_splits, refuse_generator, shorten

from ._pool import pool_of

#: Parameters of a stack that are fixed in a blend.
FIXED = ("final_estimator", "stack_method", "passthrough")


class Blend:
    """Stack with one weight per model, estimated on rows that are held out once each.

    A subclass is a stack of scikit-learn, after this class, with a `final_estimator` that has
    weights.
    """

    passthrough = False

    def _check_arguments(self, y, alternative):
        """Raise a ValueError for wrong parameters, and for several tasks.

        Tasks would need weights of their own.
        """
        params = self.get_params(deep=False)
        check_parameters(self._parameter_constraints, params, type(self).__name__)
        shape = np.asarray(y).shape
        if len(shape) == 2 and shape[1] > 1:
            raise ValueError(
                f"Got y of shape {shape}, but expected (n_samples,): one task. Fit a "
                f"blend for each task{alternative}."
            )

    def _shuffled(self, cv):
        """Return shuffled folds for an int or None, and any other `cv` as it is.

        Rows of many tables are sorted.
        """
        cv = 5 if cv is None else cv
        if not isinstance(cv, Integral) or int(cv) < 2:
            return cv
        seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        folds = StratifiedKFold if is_classifier(self) else KFold
        return folds(int(cv), shuffle=True, random_state=seed)

    def _fit_copy(self, X, y, cv, fit_params):
        """Fit a copy, so that a fit that fails leaves the blend as it was.

        The copy gets the list of the splits, because a generator would be used up by the
        check.
        """
        model = copy(self)
        if not isinstance(self.cv, str) and y is not None:
            model.cv = self._list_splits(X, y, cv)
        calls = Calls()
        with whole_fits(), calls.ended(), pool_of(calls):
            super(Blend, model).fit(X, y, **fit_params)
        vars(self).update(vars(model) | {"cv": self.cv})
        return self

    def _list_splits(self, X, y, cv):
        """Splits of `cv`, which hold out every row once."""
        with about_argument("X or y"):
            check_consistent_length(X, y)
            self._check_labels(y)
        splits = list(iterate_splits(cv, X, y, "cv", classifier=is_classifier(self)))
        counts = np.zeros(count_samples(X), int)
        for _, test in splits:
            np.add.at(counts, test, 1)
        if np.any(counts != 1):
            raise ValueError(
                f"Got cv={shorten(self.cv)}, whose test parts hold out {np.sum(counts == 0)} "
                f"row(s) never and {np.sum(counts > 1)} row(s) several times, but expected "
                "every row once: each needs one held-out prediction per model. Pass an "
                "int, or a splitter such as StratifiedKFold or GroupKFold. For time order, "
                'fit the models on the earlier rows, and pass cv="prefit" with the later '
                "rows."
            )
        return splits

    def _check_labels(self, y):
        """Raise a ValueError for targets of the wrong kind."""

    @property
    def weights_(self) -> np.ndarray:
        """Weight of each model, (n_estimators,)."""
        check_is_fitted(self, "final_estimator_")
        return self.final_estimator_.weights_

    def __getstate__(self) -> Any:
        """State without a Bunch, which skops does not trust."""
        state = dict(super().__getstate__())
        if "named_estimators_" in state:
            state["named_estimators_"] = dict(state["named_estimators_"])
        return state

    def __setstate__(self, state: Any) -> None:
        """Restore the state, with the Bunch."""
        super().__setstate__({"random_state": None} | state)  # older files have none
        if "named_estimators_" in state:
            self.named_estimators_ = Bunch(**state["named_estimators_"])

    def __sklearn_clone__(self) -> Any:
        """Copy the parameters."""
        refuse_generator(self.cv, "cv")
        return super().__sklearn_clone__()


def constraints_of(stack, **own):
    """Return scikit-learn's constraints of the inherited parameters, and those of `own`."""
    inherited = {
        name: rule
        for name, rule in stack._parameter_constraints.items()
        if name not in FIXED
    }
    return inherited | own
