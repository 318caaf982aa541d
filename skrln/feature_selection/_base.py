# SPDX-License-Identifier: BSD-3-Clause
"""Scikit-learn contract of a selector: support mask, metadata routing and tags."""

from numbers import Integral
from typing import Any

from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, MetaEstimatorMixin
from sklearn.feature_selection import SelectorMixin
from sklearn.metrics import check_scoring
from sklearn.model_selection import check_cv
from sklearn.utils import get_tags
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping
from sklearn.utils.validation import check_is_fitted

from skrln._table._arguments import about_argument
from skrln._table._user_splits import is_iterable_of_splits, refuse_generator


class BaseSelector(SelectorMixin, MetaEstimatorMixin, BaseEstimator):
    """Selector with the parameters estimator, fitness, cv and scoring."""

    def _make_scorer(self):
        return check_scoring(self.estimator, scoring=self.scoring)

    def _resolve_count(self):
        """Number of columns to select."""
        count, n_features = self.n_features_to_select, self.n_features_in_
        if not isinstance(count, Integral):
            return max(1, int(count * n_features))
        if count > n_features:
            raise ValueError(
                f"Got n_features_to_select={count}, but X has {n_features} features. Lower "
                "it, or pass a share of the features as a float."
            )
        return int(count)

    def _check_parameters(self, y):
        """Refuse combinations of parameters and target that cannot be fitted."""
        if y is None and get_tags(self).target_tags.required:
            # scikit-learn's common checks look for "requires y to be passed".
            raise ValueError(
                f"Got y=None with fitness={self.fitness!r}. It requires y to be passed, but "
                "the target y is None. Pass y, or fitness='distance_cut'."
            )
        if self.fitness != "cv":
            return
        if self.polish and self.swap_evaluations == 0:
            raise ValueError(
                "Got polish=True with fitness='cv' and swap_evaluations=0, but polishing "
                "must score subsets. Set swap_evaluations to the maximum number of them."
            )
        if self.estimator is None:
            raise ValueError(
                "Got estimator=None with fitness='cv', but expected an estimator to "
                "cross-validate. Pass one, or fitness='mrmr' or 'distance_cut'."
            )

    def _get_support_mask(self):
        check_is_fitted(self)
        return self.support_

    def transform(self, X: ArrayLike) -> Any:
        """Keep the selected columns.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs, with the columns of `fit`.

        Returns
        -------
        array of shape (n_samples, n_selected_features)
            The selected columns.
        """
        with about_argument("X"):
            return super().transform(X)

    def get_metadata_routing(self) -> MetadataRouter:
        """Metadata routing to the estimator, the splitter and the scorer.

        Returns
        -------
        MetadataRouter
        """
        router = MetadataRouter(owner=self)
        # Without an estimator, `fit` has no consumer of metadata.
        if self.estimator is None:
            return router
        fit = MethodMapping().add(caller="fit", callee="fit")
        split = MethodMapping().add(caller="fit", callee="split")
        score = MethodMapping().add(caller="fit", callee="score")
        router.add(estimator=self.estimator, method_mapping=fit)
        # Pairs that the user made take no metadata; listing them would use up a generator.
        cv = None if is_iterable_of_splits(self.cv) else self.cv
        router.add(splitter=check_cv(cv), method_mapping=split)
        router.add(scorer=self._make_scorer(), method_mapping=score)
        return router

    def __sklearn_clone__(self) -> Any:
        """Copy the parameters."""
        refuse_generator(self.cv, "cv")
        return super().__sklearn_clone__()

    def __sklearn_tags__(self) -> Any:
        """Estimator tags of scikit-learn."""
        tags = super().__sklearn_tags__()
        # Tags are read before `fit` checks the parameters.
        fitness = self.fitness if isinstance(self.fitness, str) else None
        tags.target_tags.required = fitness != "distance_cut"
        tags.target_tags.multi_output = True
        if fitness == "cv" and self.estimator is not None:
            inner = get_tags(self.estimator)
            tags.input_tags = inner.input_tags
            tags.target_tags = inner.target_tags
        return tags
