# SPDX-License-Identifier: BSD-3-Clause
"""Feature selection by a genetic search over column subsets of a fixed size."""

from collections.abc import Callable
from numbers import Integral, Real
from os import PathLike
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import is_classifier, is_regressor
from sklearn.metrics import get_scorer_names
from sklearn.utils import check_random_state, get_tags, indexable
from sklearn.utils.metadata_routing import process_routing
from sklearn.utils.validation import validate_data

from skrln._table._arguments import about_argument
from skrln._table._columns import check_dimensions
from skrln._table._sklearn import (
    HasMethods,
    Interval,
    StrOptions,
    check_feature_names,
    check_n_features,
    fit_context,
    refuse_unrouted,
    routing_enabled,
)
from skrln._table._user_splits import iterate_splits
from skrln._typing import TableLike
from skrln.networks._checkpoints import open_checkpoints
from skrln.networks._params import COMMON
from skrln.networks._whole import all_or_nothing
from skrln.options import Checkpoint

from ._base import BaseSelector
from ._criteria import (
    distance_cut,
    has_classes,
    read_numbers,
    relevance_minus_redundancy,
)
from ._cross_validated import CrossValidatedScore
from ._exchange import exchange_all, exchange_within
from ._search import Fitness, SearchSettings, evolve, generation_progress


class GeneticSelector(BaseSelector):
    r"""Select a fixed number of input columns by a genetic search.

    The search starts from a random population of column subsets, all of the same size. In
    each generation, tournaments select parents, crossover and mutation produce children, and
    the fittest subsets survive unchanged [1]_. The fitness of a subset is the cross-validated
    score of an estimator, or a fast criterion that needs no estimator.

    Read more in the :ref:`User Guide <feature_selection>`.

    .. versionadded:: 0.1

    Parameters
    ----------
    estimator : estimator, default=None
        Estimator to fit on the columns of each subset with ``fitness="cv"``. "mrmr" only
        checks whether `estimator` is a regressor; "distance_cut" ignores it.

    n_features_to_select : int or float, default=0.5
        Number of columns to select, or share of them in (0, 1], rounded down to at least one.

    fitness : {"cv", "distance_cut", "mrmr"}, default="cv"
        Criterion to maximize:

        - "cv": mean score of `estimator` over the splits of `cv`, the only criterion that
          measures predictive performance. It costs one fit per split and subset. The best of
          many scores is optimistic: evaluate the selection on held-out rows, e.g. in a
          cross-validated pipeline;
        - "mrmr": relevance minus redundancy [2]_, based on correlations: the mean correlation
          of the selected columns with `y`, minus the mean absolute correlation among them. It
          only detects linear effects of single columns;
        - "distance_cut": Euclidean distances between selected and unselected columns, each
          scaled to [0, 1]. A baseline: it ignores `y` and favours columns that differ from
          the others, noise columns included.

    cv : int, cross-validation generator or iterable, default=5
        Splits for ``fitness="cv"``, drawn once and shared by all subsets. An int is the number
        of folds, stratified for a classifier.

    scoring : str or callable, default=None
        Scorer for ``fitness="cv"``; None uses the `score` method of `estimator`.

    population_size : int, default=20
        Number of subsets per generation. Larger populations explore more and cost more.

    n_generations : int, default=100
        Maximum number of generations after the random first generation.

    crossover_proba : float, default=0.8
        Probability that two neighbouring parents exchange all columns behind a random
        position. Children with too many or too few columns are repaired at random.

    mutation_proba : float, default=0.2
        Probability that a child mutates.

    gene_proba : float, default=0.05
        Probability that a column of a mutating child exchanges its place with another column:
        about ``gene_proba * n_features`` exchanges per child.

    tournament_size : int, default=3
        Number of random subsets per tournament; the fittest becomes a parent. 1: no selection.

    n_elite : int, default=1
        Number of fittest subsets that pass unchanged to the next generation. With at least
        one, the best fitness never falls.

    n_iter_no_change : int or None, default=20
        Number of generations without improvement before the search stops early; None: never.

    tol : float, default=0.0
        Minimum increase in fitness that counts as improvement for `n_iter_no_change`.

    swap_evaluations : int, default=0
        Maximum number of subsets that the greedy exchange behind `swap_fitness_` may score
        with ``fitness="cv"``, at one fit per split; 0 skips the exchange. The other criteria
        compute the gains of all exchanges at once and always run to a local optimum.

    polish : bool, default=False
        Select the subset after the greedy exchange instead of the fittest of the search.

    n_jobs : int or None, default=None
        Number of parallel fits with ``fitness="cv"``. None means 1; for networks of this
        package, one thread per processor.

    random_state : int, RandomState instance or None, default=None
        Random seed of the search. Seed `estimator` too: noisy scores favour lucky subsets.

    verbose : bool, default=False
        Show the progress of the generations: a bar, or lines of text where the screen shows no
        bar.

    checkpoint : str, PathLike, Checkpoint or None, default=None
        Folder in which `fit` keeps its scores, every minute unless the option object
        :class:`~skrln.options.Checkpoint` says otherwise. After its process was killed, the
        same call scores no subset again. It needs an int as `random_state`; the result is the
        same to the bit if `estimator` has one too. The folder is removed at the end.

    Attributes
    ----------
    support_ : ndarray of bool of shape (`n_features_in_`,)
        Mask of the selected columns.

    n_features_to_select_ : int
        Number of selected columns.

    best_fitness_ : float
        Fitness of the selected columns.

    fitness_curve_ : ndarray of shape (`n_iter_` + 1, 3)
        Best, mean and worst fitness of each generation, starting with the random one.

    population_ : ndarray of bool of shape (`population_size`, `n_features_in_`)
        Last generation.

    n_iter_ : int
        Number of generations after the first.

    n_evaluations_ : int
        Number of distinct subsets scored. The greedy exchange of a criterion without
        estimator is not counted.

    swap_support_ : ndarray of bool of shape (`n_features_in_`,) or None
        Subset that greedy exchanges of single columns reach from the fittest subset of the
        search; None if `swap_evaluations` skipped the exchange.

    swap_fitness_ : float or None
        Fitness of `swap_support_`. Its excess over the best of `fitness_curve_` is the gap
        between the search and a local optimum.

    swap_is_optimum_ : bool or None
        True if no exchange raises the fitness further; False if the budget ended first.

    n_features_in_ : int
        Number of columns of `X`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns; only if `X` has names that are all strings.

    See Also
    --------
    sklearn.feature_selection.SequentialFeatureSelector : Adds or drops one column at a time.
    sklearn.feature_selection.RFE : Drops the columns that an estimator rates lowest.
    skrln.inspection.FitnessCurveDisplay : Plot of the fitness over the generations.

    Notes
    -----
    With :math:`s` the bits of a subset of size :math:`k`, "distance_cut" is

    .. math:: f(s) = s^\top D (1 - s) / k^2,

    with :math:`D` the distances between the columns scaled to [0, 1], and "mrmr" is

    .. math:: f(s) = \frac{1}{k} s^\top r - \frac{1}{k (k - 1)} \sum_{i \ne j} s_i s_j |R_{ij}|,

    with :math:`R` the correlations of the columns and :math:`r_i` the correlation of column
    :math:`i` with `y`: the absolute correlation for numbers, the correlation ratio (square
    root of the between-class share of the variance) for classes, averaged over tasks.

    A child that duplicates another child of its generation exchanges one column, so that a
    converged population searches around its best subset. No subset is scored twice. With data
    frames that hold categories, call ``set_output(transform="pandas")``, so that the next step
    of a pipeline receives a data frame.

    References
    ----------
    .. [1] Fortin et al., "DEAP: Evolutionary algorithms made easy", JMLR 13, 2012. The search
       uses its operators (tournament, one-point crossover, shuffled indices).

    .. [2] Peng, Long and Ding, "Feature selection based on mutual information: criteria of
       max-dependency, max-relevance, and min-redundancy", IEEE TPAMI 27(8), 2005. The paper
       uses mutual information instead of correlations.

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

    support_: np.ndarray
    n_features_to_select_: int
    best_fitness_: float
    fitness_curve_: np.ndarray
    population_: np.ndarray
    n_iter_: int
    n_evaluations_: int
    swap_support_: np.ndarray | None
    swap_fitness_: float | None
    swap_is_optimum_: bool | None

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
        "checkpoint": COMMON["checkpoint"],
    }

    def __init__(
        self,
        estimator: Any = None,
        *,
        n_features_to_select: int | float = 0.5,
        fitness: Literal["cv", "distance_cut", "mrmr"] = "cv",
        cv: Any = 5,
        scoring: str | Callable[..., Any] | None = None,
        population_size: int = 20,
        n_generations: int = 100,
        crossover_proba: float = 0.8,
        mutation_proba: float = 0.2,
        gene_proba: float = 0.05,
        tournament_size: int = 3,
        n_elite: int = 1,
        n_iter_no_change: int | None = 20,
        tol: float = 0.0,
        swap_evaluations: int = 0,
        polish: bool = False,
        n_jobs: int | None = None,
        random_state: int | np.random.RandomState | None = None,
        verbose: bool = False,
        checkpoint: str | PathLike[str] | Checkpoint | None = None,
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
        self.checkpoint = checkpoint

    @fit_context(prefer_skip_nested_validation=False)
    def fit(
        self,
        X: TableLike,
        y: ArrayLike | None = None,
        *,
        groups: ArrayLike | None = None,
        **params: Any,
    ) -> Self:
        """Search for the fittest subset of columns.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Input columns. ``fitness="cv"`` passes them unchanged to `estimator`; the other
            criteria expect numbers without missing values.

        y : array-like of shape (n_samples,) or (n_samples, n_tasks), default=None
            Targets. "distance_cut" ignores them.

        groups : array-like of shape (n_samples,), default=None
            Groups of the rows, for a `cv` that uses groups.

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
            If `n_features_to_select` exceeds the number of columns, ``fitness="cv"`` has no
            estimator, or a fitness is not finite.
        """
        refuse_unrouted(params, self, "fit")
        arguments = {"X": X, "y": y, "groups": groups, **params}
        with all_or_nothing(self), open_checkpoints(self, arguments) as checkpoints:
            self._check_parameters(y)
            X, y = self._check_data(X, y)
            k = self._resolve_count()
            rng = np.random.default_rng(
                check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
            )
            criterion = self._make_criterion(X, y, k, groups, params)
            fitness = Fitness(criterion, self.fitness, *checkpoints.slots(1))
            settings = self._search_settings()
            with generation_progress(self.verbose, self.n_generations) as report:
                search = evolve(fitness, X.shape[1], k, settings, rng, report)
            exchange = self._exchange(fitness, search, rng)
            self._store(search, exchange, fitness, k)
            checkpoints.finish()
        return self

    def _check_data(self, X, y):
        """Inputs and targets as the criterion takes them."""
        if self.fitness == "cv":
            return self._check_data_for_estimator(X, y)
        options = {"dtype": np.float64, "ensure_min_samples": 2}
        with about_argument("X or y"):
            if self.fitness == "distance_cut":
                return validate_data(self, X, **options), None
            return validate_data(self, X, y, multi_output=True, **options)

    def _check_data_for_estimator(self, X, y):
        """Inputs and targets, converted as little as possible: `estimator` checks them."""
        with about_argument("X or y"):
            X, y = indexable(X, y)
        # An array would lose the categories of a data frame.
        if hasattr(X, "columns"):
            check_feature_names(self, X, reset=True)
            check_n_features(self, X, reset=True)
            return X, y
        tags = get_tags(self).input_tags
        X = check_dimensions(X)
        with about_argument("X"):
            X = validate_data(
                self,
                X,
                accept_sparse="csr" if tags.sparse else False,
                dtype=None if tags.categorical or tags.string else "numeric",
                ensure_all_finite=not tags.allow_nan,
                ensure_min_samples=2,
            )
        return X, y

    def _make_criterion(self, X, y, k, groups, params):
        """Function from bits to fitness."""
        if self.fitness == "distance_cut":
            return distance_cut(X, k)
        if self.fitness == "mrmr":
            # Whole numbers look like classes, unless `estimator` is a regressor.
            numbers = self.estimator is not None and is_regressor(self.estimator)
            if numbers:
                y = read_numbers(y, self.estimator)
            classes = not numbers and has_classes(y)
            return relevance_minus_redundancy(X, y, k, classes=classes)
        split, fit, score = {"groups": groups}, {}, {}
        if routing_enabled():
            if groups is not None:
                params = params | {"groups": groups}
            routed = process_routing(self, "fit", **params)
            split, fit = routed.splitter.split, routed.estimator.fit
            score = routed.scorer.score
        # Listed once: a splitter without a random seed splits differently at every call.
        of_classes = is_classifier(self.estimator)
        splits = list(
            iterate_splits(self.cv, X, y, "cv", classifier=of_classes, metadata=split)
        )
        return CrossValidatedScore(
            self.estimator, X, y, splits, self._make_scorer(), fit, score, self.n_jobs
        )

    def _search_settings(self):
        """Parameters of the genetic search as one value."""
        params = self.get_params(deep=False)
        return SearchSettings(**{name: params[name] for name in SearchSettings._fields})

    def _exchange(self, fitness, search, rng):
        """Result of greedy exchanges from the fittest subset; None if skipped."""
        if self.fitness != "cv":
            return exchange_all(fitness.criterion, search.best)
        if self.swap_evaluations == 0:
            return None
        return exchange_within(
            fitness, search.best, search.best_fitness, self.swap_evaluations, rng
        )

    def _store(self, search, exchange, fitness, k):
        self.support_, self.best_fitness_ = search.best, search.best_fitness
        if self.polish:
            self.support_, self.best_fitness_ = exchange.bits, exchange.fitness
        self.n_features_to_select_ = k
        self.fitness_curve_ = search.curve
        self.population_ = search.population
        self.n_iter_ = len(search.curve) - 1
        self.n_evaluations_ = fitness.n_evaluations
        swap = exchange or (None, None, None)
        self.swap_support_, self.swap_fitness_, self.swap_is_optimum_ = swap
