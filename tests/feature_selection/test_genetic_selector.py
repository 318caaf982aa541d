# SPDX-License-Identifier: BSD-3-Clause
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from scipy import sparse
from sklearn import config_context
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import Ridge
from sklearn.metrics import make_scorer
from sklearn.model_selection import GroupKFold, KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skrln.feature_selection
from skrln import RLNClassifier
from skrln.feature_selection import GeneticSelector
from skrln.feature_selection._criteria import (
    distance_cut,
    relevance_minus_redundancy,
)

from ._problems import make_table

X, Y = make_table()
SPLITS = KFold(3)


def all_subsets(p=10, k=5):
    chosen = np.array(list(combinations(range(p), k)))
    bits = np.zeros((len(chosen), p), bool)
    np.put_along_axis(bits, chosen, True, axis=1)
    return bits


def select(**params):
    return GeneticSelector(**{"fitness": "mrmr", "random_state": 0} | params)


def select_cv(estimator=None, **params):
    few = {"fitness": "cv", "cv": SPLITS, "population_size": 6, "n_generations": 3}
    return select(**few | {"estimator": estimator or Ridge()} | params)


def test_public_names():
    assert skrln.feature_selection.__all__ == [
        "ErrorRateSelector",
        "GeneticSelector",
    ]


# -- the optimum -------------------------------------------------------------------------


@pytest.mark.parametrize("fitness", ["distance_cut", "mrmr"])
def test_finds_the_best_of_all_252_subsets(fitness, global_random_seed):
    criterion = (
        distance_cut(X, 5)
        if fitness == "distance_cut"
        else relevance_minus_redundancy(X, Y, 5, classes=True)
    )
    selector = select(
        fitness=fitness, n_iter_no_change=None, random_state=global_random_seed
    ).fit(X, Y)
    assert selector.best_fitness_ == pytest.approx(criterion(all_subsets()).max())
    assert selector.swap_fitness_ == pytest.approx(selector.best_fitness_)


class LeastSquares(RegressorMixin, BaseEstimator):
    """Linear regression that takes no time to check what it is given."""

    def fit(self, X, y):
        self.coef_ = np.linalg.lstsq(np.c_[X, np.ones(len(X))], y)[0]
        return self

    def predict(self, X):
        return np.c_[X, np.ones(len(X))] @ self.coef_

    def score(self, X, y):
        return 1 - np.mean((y - self.predict(X)) ** 2) / np.var(y)


def test_finds_the_best_of_all_252_subsets_by_cross_validation(global_random_seed):
    model = LeastSquares()
    selector = select_cv(
        model,
        population_size=20,
        n_generations=100,
        n_iter_no_change=None,
        random_state=global_random_seed,
    ).fit(X, Y)
    scores = [
        cross_val_score(model, X[:, bits], Y, cv=SPLITS).mean()
        for bits in all_subsets()
    ]
    assert selector.best_fitness_ == pytest.approx(max(scores))
    np.testing.assert_array_equal(selector.support_, all_subsets()[np.argmax(scores)])
    assert selector.n_evaluations_ < 252


# -- what is chosen ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "count"), [(0.5, 5), (0.05, 1), (0.39, 3), (1.0, 10), (1, 1), (10, 10)]
)
def test_number_of_features(wanted, count):
    selector = select(n_features_to_select=wanted, n_generations=3).fit(X, Y)
    assert selector.n_features_to_select_ == count
    assert selector.support_.sum() == count
    assert selector.transform(X).shape == (len(X), count)
    np.testing.assert_array_equal(selector.population_.sum(axis=1), count)


def test_same_seed_same_search():
    first, again = (select(random_state=3).fit(X, Y) for _ in range(2))
    np.testing.assert_array_equal(first.population_, again.population_)
    np.testing.assert_array_equal(first.fitness_curve_, again.fitness_curve_)
    other = select(random_state=4).fit(X, Y)
    assert not np.array_equal(first.fitness_curve_[0], other.fitness_curve_[0])


def test_redundant_columns_are_not_chosen_together():
    chosen = select(n_features_to_select=3).fit(X, Y).support_
    assert not (chosen[0] and chosen[4])  # a column and its near copy
    assert chosen[[0, 4]].any()


def test_distance_cut_does_not_look_at_y():
    params = {"fitness": "distance_cut"}
    told, untold = select(**params).fit(X, Y), select(**params).fit(X)
    np.testing.assert_array_equal(told.support_, untold.support_)


def test_estimator_says_what_whole_numbers_are():
    y = np.round(3 * X[:, 0]).astype(int)
    both = [select(estimator=one).fit(X, y) for one in (None, Ridge())]
    assert both[0].best_fitness_ != both[1].best_fitness_


def test_names_of_columns():
    frame = pd.DataFrame(X, columns=[f"c{i}" for i in range(10)])
    selector = select_cv().set_output(transform="pandas").fit(frame, Y)
    chosen = frame.columns[selector.support_].tolist()
    assert selector.transform(frame).columns.tolist() == chosen
    assert selector.get_feature_names_out().tolist() == chosen


def test_frame_with_categories_reaches_the_estimator():
    frame = pd.DataFrame(X[:, :3], columns=list("abc"))
    frame["kind"] = pd.Categorical(np.where(Y, "yes", "no"))
    model = RLNClassifier(
        (4,), n_estimators=1, theta=-7, numeric_embedding=None, max_iter=60,
        learning_rate_init=0.03, random_state=0,
    )  # fmt: skip
    selector = select_cv(
        model, n_features_to_select=1, cv=2, population_size=8, n_generations=1
    ).set_output(transform="pandas")
    assert selector.fit(frame, Y).get_feature_names_out().tolist() == ["kind"]


def test_sparse_inputs():
    dense, thin = select_cv().fit(X, Y), select_cv().fit(sparse.csr_matrix(X), Y)
    np.testing.assert_array_equal(dense.support_, thin.support_)


# -- parameters --------------------------------------------------------------------------


def test_curve_of_fitness():
    selector = select(n_generations=12, n_iter_no_change=None).fit(X, Y)
    curve = selector.fitness_curve_
    assert curve.shape == (13, 3)
    assert selector.n_iter_ == 12
    assert np.all(np.diff(curve[:, 0]) >= 0)  # the fittest survives
    assert np.all(curve[:, 0] > curve[:, 1])
    assert np.all(curve[:, 1] > curve[:, 2])
    assert curve[-1, 0] == selector.best_fitness_


def test_without_elite_the_best_is_remembered():
    selector = select(
        n_elite=0, mutation_proba=1.0, gene_proba=0.5, n_iter_no_change=None
    ).fit(X, Y)
    curve = selector.fitness_curve_[:, 0]
    assert np.any(np.diff(curve) < 0)
    assert selector.best_fitness_ == curve.max()


def test_search_ends_on_a_plateau():
    selector = select(n_iter_no_change=5, n_generations=1000).fit(X, Y)
    best = selector.fitness_curve_[:, 0]
    assert selector.n_iter_ < 1000
    assert best[-1] == best[-6]
    assert selector.n_iter_ == 5 or best[-6] > best[-7]


def test_tol_makes_small_gains_count_as_none():
    long, short = (
        select(n_iter_no_change=5, tol=tol).fit(X, Y).n_iter_ for tol in (0.0, 10.0)
    )
    assert short == 5 < long


def test_no_generation_is_the_best_of_those_drawn():
    selector = select(n_generations=0).fit(X, Y)
    assert selector.fitness_curve_.shape == (1, 3)
    criterion = relevance_minus_redundancy(X, Y, 5, classes=True)
    assert selector.best_fitness_ == criterion(selector.population_).max()


@pytest.mark.parametrize(
    "change",
    [
        {"population_size": 30},
        {"crossover_proba": 0.1},
        {"mutation_proba": 0.9},
        {"gene_proba": 0.9},
        {"tournament_size": 10},
        {"n_elite": 5},
    ],
)
def test_parameters_of_the_search_change_it(change):
    params = {"n_generations": 4, "n_iter_no_change": None}
    usual = select(**params).fit(X, Y).fitness_curve_
    other = select(**params | change).fit(X, Y).fitness_curve_
    assert not np.array_equal(usual, other)


def test_progress(capsys):
    select(verbose=True, n_generations=3).fit(X, Y)
    assert "GeneticSelector: generation 3/3, best " in capsys.readouterr().err


# -- greedy exchange ---------------------------------------------------------------------


def test_exchange_of_a_criterion_ends_in_a_local_optimum():
    selector = select(n_generations=0, population_size=2, polish=True).fit(X, Y)
    assert selector.swap_is_optimum_
    assert selector.best_fitness_ == selector.swap_fitness_
    assert selector.best_fitness_ > selector.fitness_curve_[0, 0]
    criterion = relevance_minus_redundancy(X, Y, 5, classes=True)
    assert criterion.gains(selector.support_)[2].max() <= 1e-12
    unpolished = select(n_generations=0, population_size=2).fit(X, Y)
    assert unpolished.best_fitness_ == unpolished.fitness_curve_[0, 0]
    assert unpolished.swap_fitness_ == selector.swap_fitness_


def test_exchange_by_cross_validation_keeps_to_its_budget():
    usual = select_cv(n_generations=0).fit(X, Y)
    assert usual.swap_support_ is None
    few = select_cv(n_generations=0, swap_evaluations=7, polish=True).fit(X, Y)
    assert few.n_evaluations_ == usual.n_evaluations_ + 7
    assert not few.swap_is_optimum_
    assert few.best_fitness_ == few.swap_fitness_ >= usual.best_fitness_
    many = select_cv(n_generations=0, swap_evaluations=10_000).fit(X, Y)
    assert many.swap_is_optimum_
    assert many.best_fitness_ == usual.best_fitness_
    score = cross_val_score(Ridge(), X[:, many.swap_support_], Y, cv=SPLITS)
    assert many.swap_fitness_ == pytest.approx(score.mean())


# -- cross-validated fitness -------------------------------------------------------------


def test_fitness_is_the_cross_validated_score():
    for scoring in (None, "neg_mean_absolute_error"):
        selector = select_cv(scoring=scoring).fit(X, Y)
        expected = cross_val_score(
            Ridge(), X[:, selector.support_], Y, cv=SPLITS, scoring=scoring
        )
        assert selector.best_fitness_ == pytest.approx(expected.mean())


class Counted(Ridge):
    n_fits = 0

    def fit(self, *args, **kwargs):
        Counted.n_fits += 1
        return super().fit(*args, **kwargs)


def test_no_subset_is_fitted_twice():
    Counted.n_fits = 0
    selector = select_cv(Counted(), n_generations=10).fit(X, Y)
    assert Counted.n_fits == 3 * selector.n_evaluations_
    assert selector.n_evaluations_ < 6 * 11


def test_random_splits_are_drawn_once():
    shuffled = KFold(3, shuffle=True, random_state=np.random.RandomState(0))
    curve = select_cv(cv=shuffled, n_generations=8).fit(X, Y).fitness_curve_
    assert np.all(np.diff(curve[:, 0]) >= 0)


def test_jobs_change_nothing():
    with parallel_config(backend="threading"):  # processes take seconds to start
        alone, beside = (select_cv(n_jobs=n).fit(X, Y) for n in (None, 2))
    np.testing.assert_array_equal(alone.fitness_curve_, beside.fitness_curve_)


def test_own_networks_share_one_program(global_random_seed):
    from skrln._kernels import clear_caches
    from skrln._kernels._programs import _programs

    network = RLNClassifier(
        (4,), n_estimators=1, theta=-7, numeric_embedding=None, max_iter=5,
        random_state=0,
    )  # fmt: skip
    clear_caches()
    model = make_pipeline(StandardScaler(), network)
    params = {"cv": KFold(2), "n_generations": 1, "random_state": global_random_seed}
    selector = select_cv(model, **params).fit(X, Y)
    assert selector.n_evaluations_ > 6
    assert len(_programs) == 1
    alone = cross_val_score(model, X[:, selector.support_], Y, cv=KFold(2))
    assert selector.best_fitness_ == pytest.approx(alone.mean())


def test_groups_go_to_the_splitter():
    groups = np.arange(len(X)) % 4
    selector = select_cv(cv=GroupKFold(2)).fit(X, Y, groups=groups)
    expected = cross_val_score(
        Ridge(),
        X[:, selector.support_],
        Y,
        cv=GroupKFold(2),
        groups=groups,
    )
    assert selector.best_fitness_ == pytest.approx(expected.mean())


def test_metadata_are_routed():
    weights = np.where(np.arange(len(X)) < 20, 1.0, 1e-6)
    with config_context(enable_metadata_routing=True):
        model = Ridge().set_fit_request(sample_weight=True)
        model.set_score_request(sample_weight=False)
        weighted = select_cv(model).fit(X, Y, sample_weight=weights)
        model.set_score_request(sample_weight=True)
        scored = select_cv(model).fit(X, Y, sample_weight=weights)
        grouped = select_cv(Ridge(), cv=GroupKFold(2))
        grouped.fit(X, Y, groups=np.arange(len(X)) % 4)
    plain = select_cv().fit(X, Y)
    curves = [one.fitness_curve_[0, 1] for one in (plain, weighted, scored)]
    assert len(set(curves)) == 3


# -- bad input ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (
            {"n_features_to_select": 11},
            "n_features_to_select=11, but X has 10 features",
        ),
        ({"n_features_to_select": 1.5}, "'n_features_to_select' parameter"),
        ({"fitness": "cv"}, "Got estimator=None with fitness='cv', but expected"),
        (
            {"fitness": "cv", "estimator": Ridge(), "polish": True},
            "Got polish=True with fitness='cv' and swap_evaluations=0",
        ),
        (
            {
                "fitness": "cv",
                "estimator": Ridge(),
                "scoring": make_scorer(lambda y, prediction: np.nan),
            },
            "Got a fitness of nan from fitness='cv' for the columns",
        ),
        (
            {
                "fitness": "cv",
                "estimator": Ridge(),
                "scoring": lambda model, X, y: {"a": 1},
            },
            "Got scoring that returns {'a': 1} of type dict, but expected a single number",
        ),
        ({"population_size": 1}, "'population_size' parameter"),
        ({"gene_proba": 1.5}, "'gene_proba' parameter"),
        ({"tournament_size": 0}, "'tournament_size' parameter"),
    ],
)
def test_bad_parameters(params, message):
    selector = select(**params)
    with pytest.raises(ValueError, match=message):
        selector.fit(X, Y)
    assert not hasattr(selector, "support_")
    assert not hasattr(selector, "n_features_in_")


def test_mrmr_needs_y():
    with pytest.raises(ValueError, match="Got y=None with fitness='mrmr'"):
        select().fit(X)


def test_metadata_without_routing_are_refused():
    with pytest.raises(ValueError, match="enable_metadata_routing"):
        select_cv().fit(X, Y, sample_weight=np.ones(len(X)))


def test_words_as_target_of_a_regressor():
    X = np.random.default_rng(0).normal(size=(20, 4))
    selector = GeneticSelector(Ridge(), fitness="mrmr", n_generations=1, random_state=0)
    with pytest.raises(ValueError, match=r"a y that is not numeric .*Ridge"):
        selector.fit(X, np.tile(["a", "b"], 10))


def test_words_for_a_model_of_numbers():
    selector = GeneticSelector(Ridge(), cv=2, random_state=0)
    with pytest.raises(ValueError, match="Got X that cannot be used: could not"):
        selector.fit(np.array([["a", "b"]] * 20, object), np.arange(20.0))


def test_fitness_of_an_array():
    with pytest.raises(ValueError, match="'fitness' parameter"):
        GeneticSelector(Ridge(), fitness=np.array([1, 2])).fit(X, Y)
