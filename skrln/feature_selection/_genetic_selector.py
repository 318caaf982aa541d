# SPDX-License-Identifier: BSD-3-Clause
"""Feature selection by a genetic search over subsets of one size."""

from numbers import Integral, Real
from typing import ClassVar

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, is_classifier, is_regressor
from sklearn.feature_selection import SelectorMixin
from sklearn.metrics import check_scoring, get_scorer_names
from sklearn.model_selection import check_cv
from sklearn.utils import check_random_state, get_tags, indexable
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.validation import check_is_fitted, validate_data

from skrln._core._sklearn import (
    HasMethods,
    Interval,
    StrOptions,
    check_feature_names,
    check_n_features,
    fit_context,
    refuse_unrouted,
    routing_enabled,
)
from skrln._core._validation import all_or_nothing

from ._criteria import distance_cut, has_classes, relevance_minus_redundancy
from ._cross_validated import CrossValidatedScore
from ._exchange import exchange_all, exchange_within
from ._search import Fitness, evolve, generation_bar


class GeneticSelector(SelectorMixin, MetaEstimatorMixin, BaseEstimator):
    r"""Choose a given number of input columns by a genetic search.

    A population of subsets, all of the same size, is bred for a number of generations:
    tournaments choose parents, crossover and mutation make children of them, and the fittest
    survive as they are [1]_. What fit means is a choice: the cross-validated score of an
    estimator, or one of two criteria that need no estimator and cost next to nothing.

    Read more in the :ref:`User Guide <feature_selection>`.

    .. versionadded:: 0.1

    Parameters
    ----------
    estimator : estimator, default=None
        What ``fitness="cv"`` fits on the columns of each subset. The other criteria take
        from it only whether `y` names classes.

    n_features_to_select : int or float, default=0.5
        Number of columns to choose; a float in (0, 1] is the share of them, rounded down,
        but at least one.

    fitness : {"cv", "distance_cut", "mrmr"}, default="cv"
        What to maximize:

        - "cv": mean score of `estimator` over the splits of `cv`, of all criteria the
          only one that asks what matters. It costs a fit per split and subset. The score
          of the subset that wins is optimistic, being the highest of many: judge the
          selection on rows that it has not seen, e.g. in a pipeline under
          cross-validation;
        - "distance_cut": Euclidean distances between the columns that are chosen and
          those that are not, each column scaled to [0, 1]. It does not look at `y`,
          and favours columns unlike the others, noise among them: it is there for
          comparison;
        - "mrmr": relevance minus redundancy [2]_, here with correlations: the mean
          correlation of the chosen columns with `y` less the mean absolute correlation
          among them. Sees linear dependence of single columns alone.

    cv : int, cross-validation generator or iterable, default=5
        Splits of ``fitness="cv"``; drawn once, so that all subsets are compared on the same
        rows. An int means that many folds, stratified for a classifier.

    scoring : str or callable, default=None
        Scorer of ``fitness="cv"``, as in
        :func:`~sklearn.model_selection.cross_val_score`; by default the `score` of
        `estimator`.

    population_size : int, default=20
        Subsets in a generation. More explore more, at a cost in proportion.

    n_generations : int, default=100
        Most generations after the first, which is drawn at random.

    crossover_proba : float, default=0.8
        Probability that two neighbouring parents exchange all columns behind a random
        point. Children with too many or too few columns lose or gain some at random.

    mutation_proba : float, default=0.2
        Probability that a child mutates.

    gene_proba : float, default=0.05
        Probability that a column of a mutating child changes places with another one:
        about ``gene_proba * n_features`` columns are touched.

    tournament_size : int, default=3
        Subsets drawn for each tournament, of which the fittest becomes a parent. More
        press harder towards the present best; 1 is no selection at all.

    n_elite : int, default=1
        Fittest subsets of a generation that go over to the next unchanged. With at least
        one, the best fitness never falls.

    n_iter_no_change : int or None, default=20
        Generations without a better subset after which the search ends; with None it runs
        to `n_generations`.

    tol : float, default=0.0
        How much higher a fitness has to be to count as better for `n_iter_no_change`, in
        units of the fitness.

    swap_evaluations : int, default=0
        Most subsets that the greedy exchange behind `swap_fitness_` may score with
        ``fitness="cv"``, each at the cost of one fit per split; 0 leaves the exchange out.
        The other criteria know the gain of every exchange from one product, and are always
        taken to the end.

    polish : bool, default=False
        Whether to choose the subset where the greedy exchange ends instead of the fittest
        one of the genetic search.

    n_jobs : int or None, default=None
        Fits that run at the same time with ``fitness="cv"``. None means 1, but for networks
        of this package as many threads as there are processors.

    random_state : int, RandomState instance or None, default=None
        Seeds the search. `estimator` has a seed of its own: without one its scores are
        noisy, and the search prefers the lucky ones.

    verbose : bool, default=False
        Whether to show a progress bar of the generations on standard error.

    Attributes
    ----------
    support_ : ndarray of bool of shape (`n_features_in_`,)
        Which columns are chosen.

    n_features_to_select_ : int
        How many.

    best_fitness_ : float
        Fitness of the columns that are chosen.

    fitness_curve_ : ndarray of shape (`n_iter_` + 1, 3)
        Best, mean and worst fitness of every generation, beginning with the random one.

    population_ : ndarray of bool of shape (`population_size`, `n_features_in_`)
        Last generation.

    n_iter_ : int
        Generations after the first.

    n_evaluations_ : int
        Distinct subsets that were scored, without those of an exchange over a criterion
        that needs no estimator.

    swap_support_ : ndarray of bool of shape (`n_features_in_`,) or None
        Where greedy exchanges of one chosen column for another lead from the fittest
        subset of the search; None where `swap_evaluations` left them out.

    swap_fitness_ : float or None
        Its fitness. The excess over the best of `fitness_curve_` is how far the search was
        from a local optimum.

    swap_is_optimum_ : bool or None
        Whether every exchange from there was seen to be no better; False where
        `swap_evaluations` ended it.

    n_features_in_ : int
        Number of columns of `X`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns; only where `X` has names that are all strings.

    See Also
    --------
    sklearn.feature_selection.SequentialFeatureSelector : Adds or drops one column at a time.
    sklearn.feature_selection.RFE : Drops the columns that an estimator rates lowest.
    skrln.inspection.FitnessCurveDisplay : The fitness over the generations.

    Notes
    -----
    With :math:`s` the bits of a subset of size :math:`k`, "distance_cut" is

    .. math:: f(s) = s^\top D (1 - s) / k^2,

    :math:`D` being the distances between the columns scaled to [0, 1], and "mrmr"

    .. math:: f(s) = \frac{1}{k} s^\top r - \frac{1}{k (k - 1)} \sum_{i \ne j} s_i s_j |R_{ij}|,

    with :math:`R` the correlations of the columns, and :math:`r_i` the correlation of column
    :math:`i` with `y`: its absolute value for numbers, the correlation ratio (the root of the
    share of variance between the classes) for classes, the mean over tasks for several.

    A child that is the same as another of its generation exchanges one of its columns, so that
    a population which has converged searches around its best subset instead of standing
    still. Subsets that were scored are not scored again. With data frames that hold categories,
    call ``set_output(transform="pandas")``, so that what comes after gets a frame, too.

    References
    ----------
    .. [1] Fortin et al., "DEAP: Evolutionary algorithms made easy", JMLR 13, 2012, whose
       operators (tournament, one-point crossover, shuffled indices) the search follows.

    .. [2] Peng, Long and Ding, "Feature selection based on mutual information: criteria of
       max-dependency, max-relevance, and min-redundancy", IEEE TPAMI 27(8), 2005, with
       mutual information in the place of correlations.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.linear_model import RidgeClassifier
    >>> from skrln.feature_selection import GeneticSelector
    >>> X, y = load_wine(return_X_y=True)
    >>> selector = GeneticSelector(
    ...     RidgeClassifier(), n_features_to_select=6, n_generations=5, cv=3, random_state=0
    ... ).fit(X, y)
    >>> selector.transform(X).shape
    (178, 6)
    >>> bool(selector.best_fitness_ > 0.95)
    True
    """

    _parameter_constraints: ClassVar[dict] = {
        "estimator": [HasMethods(["fit"]), None],
        "n_features_to_select": [
            Interval(Integral, 1, None, closed="left"),
            Interval(Real, 0, 1, closed="right"),
        ],
        "fitness": [StrOptions({"cv", "distance_cut", "mrmr"})],
        "cv": ["cv_object"],
        "scoring": [StrOptions(set(get_scorer_names())), callable, None],
        "population_size": [Interval(Integral, 2, None, closed="left")],
        "n_generations": [Interval(Integral, 0, None, closed="left")],
        "crossover_proba": [Interval(Real, 0, 1, closed="both")],
        "mutation_proba": [Interval(Real, 0, 1, closed="both")],
        "gene_proba": [Interval(Real, 0, 1, closed="both")],
        "tournament_size": [Interval(Integral, 1, None, closed="left")],
        "n_elite": [Interval(Integral, 0, None, closed="left")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left"), None],
        "tol": [Interval(Real, 0, None, closed="left")],
        "swap_evaluations": [Interval(Integral, 0, None, closed="left")],
        "polish": ["boolean"],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        estimator=None,
        *,
        n_features_to_select=0.5,
        fitness="cv",
        cv=5,
        scoring=None,
        population_size=20,
        n_generations=100,
        crossover_proba=0.8,
        mutation_proba=0.2,
        gene_proba=0.05,
        tournament_size=3,
        n_elite=1,
        n_iter_no_change=20,
        tol=0.0,
        swap_evaluations=0,
        polish=False,
        n_jobs=None,
        random_state=None,
        verbose=False,
    ):
        self.estimator = estimator
        self.n_features_to_select = n_features_to_select
        self.fitness = fitness
        self.cv = cv
        self.scoring = scoring
        self.population_size = population_size
        self.n_generations = n_generations
        self.crossover_proba = crossover_proba
        self.mutation_proba = mutation_proba
        self.gene_proba = gene_proba
        self.tournament_size = tournament_size
        self.n_elite = n_elite
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.swap_evaluations = swap_evaluations
        self.polish = polish
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None, *, groups=None, **params):
        """Search for the best columns.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Inputs. With ``fitness="cv"`` they go to `estimator` as they are; the other
            criteria need numbers without missing ones.

        y : array-like of shape (n_samples,) or (n_samples, n_tasks), default=None
            Targets. "distance_cut" does not look at them.

        groups : array-like of shape (n_samples,), default=None
            Groups for a `cv` that needs them.

        **params : dict
            Metadata for `estimator` and `scoring`, such as `sample_weight`; only with
            ``sklearn.set_config(enable_metadata_routing=True)``.

        Returns
        -------
        self : object
            Fitted selector.

        Raises
        ------
        ValueError
            For more columns to choose than there are, ``fitness="cv"`` without an estimator,
            and a fitness that is not a finite number.
        """
        refuse_unrouted(params, self, "fit")
        with all_or_nothing(self):
            X, y = self._check(X, y)
            k = self._resolve_count()
            rng = np.random.default_rng(
                check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
            )
            criterion = self._criterion(X, y, k, groups, params)
            fitness = Fitness(criterion, self.fitness)
            with generation_bar(self.verbose, self.n_generations) as on_generation:
                found = evolve(
                    fitness, self.n_features_in_, k, self, rng, on_generation
                )
            exchanged = self._exchange(fitness, found, rng)
            self._store(found, exchanged, fitness, k)
        return self

    def _check(self, X, y):
        """Inputs and targets as the criterion takes them."""
        if y is None and get_tags(self).target_tags.required:
            raise ValueError(
                f"Got y=None with fitness={self.fitness!r}. It requires y to be passed, but "
                "the target y is None. Pass y, or fitness='distance_cut'."
            )
        if self.fitness == "cv":
            if self.polish and self.swap_evaluations == 0:
                raise ValueError(
                    "Got polish=True with fitness='cv' and swap_evaluations=0, which "
                    "leaves nothing to polish with. Set swap_evaluations to the number of "
                    "subsets that may be scored."
                )
            if self.estimator is None:
                raise ValueError(
                    "Got estimator=None with fitness='cv', but expected an estimator to "
                    "cross-validate. Pass one, or fitness='mrmr' or 'distance_cut'."
                )
            return self._check_for_estimator(X, y)
        options = {"dtype": np.float64, "ensure_min_samples": 2}
        if self.fitness == "distance_cut":
            return validate_data(self, X, **options), None
        return validate_data(self, X, y, multi_output=True, **options)

    def _check_for_estimator(self, X, y):
        """Inputs and targets as they are, as far as that can be: `estimator` checks them."""
        X, y = indexable(X, y)
        if hasattr(X, "columns"):
            check_feature_names(self, X, reset=True)
            check_n_features(self, X, reset=True)
            return X, y
        tags = get_tags(self).input_tags
        X = validate_data(
            self,
            X,
            accept_sparse="csr" if tags.sparse else False,
            dtype=None if tags.categorical or tags.string else "numeric",
            ensure_all_finite=not tags.allow_nan,
            ensure_min_samples=2,
        )
        return X, y

    def _resolve_count(self):
        """Number of columns to choose."""
        wanted, there = self.n_features_to_select, self.n_features_in_
        if not isinstance(wanted, Integral):
            return max(1, int(wanted * there))
        if wanted > there:
            raise ValueError(
                f"Got n_features_to_select={wanted}, but X has {there} features. Lower it, "
                "or pass the share of them as a float."
            )
        return int(wanted)

    def _criterion(self, X, y, k, groups, params):
        if self.fitness == "distance_cut":
            return distance_cut(X, k)
        if self.fitness == "mrmr":
            numbers = self.estimator is not None and is_regressor(self.estimator)
            classes = not numbers and has_classes(y)
            return relevance_minus_redundancy(X, y, k, classes=classes)
        splitter = check_cv(self.cv, y, classifier=is_classifier(self.estimator))
        split, fit, score = {"groups": groups}, {}, {}
        if routing_enabled():
            if groups is not None:
                params = params | {"groups": groups}
            routed = process_routing(self, "fit", **params)
            split, fit = routed.splitter.split, routed.estimator.fit
            score = routed.scorer.score
        splits = list(splitter.split(X, y, **split))
        scorer = self._scorer()
        return CrossValidatedScore(
            self.estimator, X, y, splits, scorer, fit, score, self.n_jobs
        )

    def _scorer(self):
        return check_scoring(self.estimator, scoring=self.scoring)

    def _exchange(self, fitness, found, rng):
        """Where greedy exchanges lead; None where they are left out."""
        if self.fitness != "cv":
            return exchange_all(fitness.criterion, found.best)
        if self.swap_evaluations == 0:
            return None
        return exchange_within(
            fitness, found.best, found.best_fitness, self.swap_evaluations, rng
        )

    def _store(self, found, exchanged, fitness, k):
        chosen = found.best, found.best_fitness
        if self.polish:
            chosen = exchanged[:2]
        self.support_, self.best_fitness_ = chosen
        self.n_features_to_select_ = k
        self.fitness_curve_ = found.curve
        self.population_ = found.population
        self.n_iter_ = len(found.curve) - 1
        self.n_evaluations_ = fitness.n_evaluations
        self.swap_support_, self.swap_fitness_, self.swap_is_optimum_ = exchanged or (
            None,
            None,
            None,
        )

    def _get_support_mask(self):
        check_is_fitted(self)
        return self.support_

    def get_metadata_routing(self):
        """Where metadata goes: to the estimator, the splitter and the scorer.

        Returns
        -------
        MetadataRouter
        """
        router = MetadataRouter(owner=self)
        if self.estimator is None:
            return router
        fit = MethodMapping().add(caller="fit", callee="fit")
        split = MethodMapping().add(caller="fit", callee="split")
        score = MethodMapping().add(caller="fit", callee="score")
        router.add(estimator=self.estimator, method_mapping=fit)
        router.add(splitter=check_cv(self.cv), method_mapping=split)
        router.add(scorer=self._scorer(), method_mapping=score)
        return router

    def __sklearn_tags__(self):
        """What this estimator can do, for scikit-learn."""
        tags = super().__sklearn_tags__()
        tags.target_tags.required = self.fitness != "distance_cut"
        tags.target_tags.multi_output = True
        if self.fitness == "cv" and self.estimator is not None:
            inner = get_tags(self.estimator)
            tags.input_tags = inner.input_tags
            tags.target_tags = inner.target_tags
        return tags
