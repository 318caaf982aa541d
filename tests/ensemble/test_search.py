# SPDX-License-Identifier: BSD-3-Clause
"""Cross-validated choice of theta and the step: grid, folds, scores and choice."""

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import make_scorer, mean_absolute_error
from sklearn.model_selection import KFold, ParameterGrid, PredefinedSplit, ShuffleSplit

from skrln._ensemble import _search
from skrln._ensemble._engine import NO_WATCH, Engine
from skrln._ensemble._fit import fit_ensemble
from skrln._ensemble._grid_results import (
    Attempted,
    Candidate,
    choose,
    describe_grid,
)
from skrln._ensemble._search import (
    AUTO_GRIDS,
    Grid,
    make_folds,
    make_grid,
    run_grid,
    search_ensemble,
)
from skrln._kernels import StopReason
from skrln._network._parameters import Penalty
from skrln._network._settings import Mode
from skrln._table._problem import Arguments

from ._values import (
    CLASS_LABELS,
    CLASSES,
    X,
    Y,
    assert_same_ensemble,
    make_parameters,
)

GRID = Grid((-8.0, -4.0), (0.03,), 4, None, False)
CANDIDATES = [Candidate(0.03, -8.0), Candidate(0.03, -4.0)]
ENGINE = Engine(NO_WATCH, None)
ARGUMENTS = Arguments(X, Y)
DONE = StopReason.MAX_ITER


def no_model(ensemble):
    raise AssertionError("no scorer asks for a model")


# -- the grid --------------------------------------------------------------------------


def test_grid_has_the_order_of_scikit_learn():
    grid = GRID._replace(thetas=[-8, -7], reg_steps=np.array([0.1, 0.2]))
    expected = ParameterGrid({"theta": [-8.0, -7.0], "reg_step": [0.1, 0.2]})
    assert [one._asdict() for one in make_grid(grid, Penalty())] == list(expected)


@pytest.mark.parametrize("kind", AUTO_GRIDS)
def test_thetas_of_auto(kind):
    penalty = None if kind is None else Penalty(kind)
    grid = make_grid(GRID._replace(thetas="auto"), penalty)
    assert [one.theta for one in grid] == list(AUTO_GRIDS[kind])


@pytest.mark.parametrize(
    ("penalty", "step"),
    [(Penalty(step=0.5), 0.5), (Penalty("uniform", 0.0), 0.0), (None, 0.0)],
)
def test_step_of_the_penalty_is_the_step_of_the_grid(penalty, step):
    grid = make_grid(GRID._replace(reg_steps=None), penalty)
    assert grid == [(step, -8.0), (step, -4.0)]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"thetas": []}, r"Got thetas=\[\], but expected one or more finite numbers"),
        ({"thetas": [np.nan]}, "Got thetas="),
        ({"thetas": ["a"]}, "Got thetas="),
        ({"thetas": [[1.0]]}, "Got thetas="),
        ({"thetas": 1.0}, "Got thetas="),
        ({"reg_steps": [-0.1]}, "Got reg_steps=.* finite, non-negative numbers"),
        ({"reg_steps": []}, r"Got reg_steps=\[\].*e\.g\. \(0\.03,\)"),
    ],
)
def test_bad_grids(changes, message):
    with pytest.raises(ValueError, match=message):
        make_grid(GRID._replace(**changes), Penalty())


# -- folds -----------------------------------------------------------------------------


def folds_of(cv=4, arguments=ARGUMENTS, parameters=None, seed=0):
    parameters = make_parameters() if parameters is None else parameters
    return make_folds(parameters, cv, arguments, seed)


def test_folds():
    weights = np.arange(1.0, 25.0)
    folds = folds_of(KFold(4), Arguments(X, Y, weights))
    assert len(folds) == 4
    first = folds[0]
    np.testing.assert_array_equal(first.X, X[:6])
    np.testing.assert_array_equal(first.y, Y[:6])
    np.testing.assert_array_equal(first.weights, weights[:6])
    shared = first.job.shared
    np.testing.assert_array_equal(shared.table.y, Y[6:])
    np.testing.assert_array_equal(shared.table.weights, weights[6:])
    # Encoders are fitted on the training rows alone.
    mean = np.average(X[6:], axis=0, weights=weights[6:])
    encoder = shared.encodings[None].encoder
    np.testing.assert_allclose(encoder.table.scaler.center, mean)
    np.testing.assert_array_equal(encoder.expand(first.rows), encoder.transform(X[:6]))
    targets = (Y[:6] - np.average(Y[6:], weights=weights[6:])) / shared.target.scale
    np.testing.assert_allclose(first.held_out.targets[:, 0], targets)
    assert len({fold.job.seed for fold in folds}) == 1
    assert folds_of()[0].weights is None


def test_networks_of_the_grid_are_single():
    parameters = make_parameters(
        theta="auto",
        n_estimators="auto",
        numeric_embedding="auto",
        input_selection=True,
        n_path_edges=5,
        warm_start=True,
    )
    settings = folds_of(parameters=parameters)[0].job.settings
    assert settings.mode == Mode.SINGLE
    assert settings.numeric_embedding is None
    assert settings.penalty.n_path_edges == 0
    pieces = make_parameters(numeric_embedding="piecewise")
    settings = folds_of(parameters=pieces)[0].job.settings
    assert settings.numeric_embedding == "piecewise"


def test_folds_of_classes_are_stratified():
    order = np.argsort(CLASSES)
    arguments = Arguments(X[order], CLASSES[order])
    folds = folds_of(4, arguments, make_parameters(CLASS_LABELS))
    assert [fold.y.sum() for fold in folds] == [3] * 4


def test_classes_that_a_fold_lacks():
    y = np.where(np.arange(24) == 0, 2, CLASSES)
    folds = folds_of(KFold(4), Arguments(X, y), make_parameters(CLASS_LABELS))
    assert all(fold.job.shared.target.heads == (3,) for fold in folds)


def test_groups_are_passed_on():
    groups = np.repeat(np.arange(4), 6)
    splits = []

    class Splitter(KFold):
        def split(self, X, y=None, groups=None):
            splits.append(groups)
            return super().split(X, y)

    cv = Splitter(4)
    parameters = make_parameters(early_stopping=True, validation_cv=Splitter(3))
    folds_of(cv, Arguments(X, Y, groups=groups), parameters)
    np.testing.assert_array_equal(splits[0], groups)
    assert [len(part) for part in splits[1:]] == [18] * 4


@pytest.mark.parametrize(
    ("cv", "message"),
    [
        (25, "Got cv=25 with 24 rows .* Lower cv"),
        ([], "with no splits, but expected"),
        (
            [(np.arange(24), np.arange(0)), (np.arange(9), np.arange(9, 24))],
            r"with split\(s\) \[0\] without rows",
        ),
        (
            PredefinedSplit(np.where(np.arange(24) < 23, 0, -1)),
            r"(?s)1 sample.* This is about split 0 of cv=.* with 1 training and 23 test",
        ),
    ],
)
def test_bad_folds(cv, message):
    with pytest.raises(ValueError, match=message):
        folds_of(cv)


def test_step_of_a_candidate():
    assert _search.with_step(Penalty(norm="l2"), 0.5) == Penalty(step=0.5, norm="l2")
    uniform = Penalty("uniform", 0.0)
    assert _search.with_step(uniform, 0.5) is uniform
    assert _search.with_step(None, 0.5) is None


# -- fits of the grid ------------------------------------------------------------------


def run(parameters=None, grid=GRID, arguments=ARGUMENTS, engine=ENGINE, model=no_model):
    parameters = make_parameters() if parameters is None else parameters
    folds = make_folds(parameters, grid.cv, arguments, 0)
    return run_grid(parameters, grid, folds, CANDIDATES, engine, model)


@pytest.fixture(scope="module")
def attempts():
    return run()


def test_attempts(attempts):
    assert [len(row) for row in attempts] == [4, 4]
    for row in attempts:
        for attempt in row:
            assert attempt.score < 0
            assert attempt.fit_time > 0
            assert 0 <= attempt.n_active <= 3
            assert attempt.reason == DONE


def test_score_is_the_held_out_loss(attempts):
    """Each fit is that of a single network on the training rows of the fold."""
    fold = make_folds(make_parameters(), 4, ARGUMENTS, 0)[1]
    train = np.setdiff1d(np.arange(24), np.arange(6, 12))
    parameters = make_parameters(theta=-4.0)
    rng = np.random.RandomState(0)
    arguments = Arguments(X[train], Y[train])
    ensemble = fit_ensemble(parameters, arguments, rng, ENGINE).ensemble
    error = ensemble.means(fold.X)[:, 0] - fold.held_out.targets[:, 0]
    assert attempts[1][1].score == pytest.approx(-np.mean(error**2) / 2)


def test_step_of_a_uniform_penalty_stays_zero(monkeypatch):
    settings = []

    def train_job(job, listener, device):
        settings.append(job.settings)
        raise ZeroDivisionError

    monkeypatch.setattr(_search, "train_job", train_job)
    for penalty, step in (("rln", 0.03), ("uniform", 0.0)):
        settings.clear()
        with pytest.raises(ZeroDivisionError):
            run(make_parameters(penalty=penalty))
        assert {one.penalty.step for one in settings} == {step}


def test_scorer_gets_the_model_of_the_fold():
    models = []

    def make_model(ensemble):
        models.append(ensemble)
        decode = ensemble.target.decode
        predict = lambda X: decode(ensemble.means(X))
        return SimpleNamespace(
            predict=predict, _estimator_type="regressor", fit=None, fitted_=True
        )

    def scorer(model, X, y):
        return -mean_absolute_error(y, model.predict(X))

    results = run(grid=GRID._replace(scoring=scorer), model=make_model)
    assert len(models) == 8
    scores = [attempt.score for row in results for attempt in row]
    assert all(isinstance(score, float) for score in scores)
    assert len(set(scores)) == 8


def test_score_must_be_a_number():
    grid = GRID._replace(scoring=lambda model, X, y: "good")
    with pytest.raises(ValueError, match=r"which gives 'good' of type str"):
        run(grid=grid, model=lambda ensemble: None)


@pytest.mark.parametrize(
    ("request_weights", "expected"), [(True, True), (False, False), (None, False)]
)
def test_scorers_that_request_weights(request_weights, expected):
    import sklearn

    scorer = make_scorer(mean_absolute_error)
    if request_weights is not None:
        with sklearn.config_context(enable_metadata_routing=True):
            scorer = scorer.set_score_request(sample_weight=request_weights)
    assert _search._requests_weights(scorer) is expected


def fake_results(monkeypatch, reasons, was_interrupted=False):
    """Results of fits that end for these reasons."""
    results = [Attempted(-1.0, 0.0, 0.0, 3, reason) for reason in reasons]
    monkeypatch.setattr(Engine, "run_each", lambda *_: (results, was_interrupted))


def test_divergence_is_counted(monkeypatch):
    fake_results(monkeypatch, [StopReason.DIVERGED] * 3 + [DONE] * 5)
    message = r"diverged in 3 of the 8 fits of the search, .* learning_rate_init=0\.003"
    with pytest.warns(ConvergenceWarning, match=message):
        assert [len(row) for row in run()] == [4, 4]


@pytest.mark.parametrize("last", [DONE, StopReason.INTERRUPTED])
def test_interrupt_chooses_nothing(last, monkeypatch):
    """Also after the last fit, where no fit has seen it."""
    fake_results(monkeypatch, [DONE] * 7 + [last], was_interrupted=True)
    with pytest.raises(KeyboardInterrupt):
        run()


# -- results ---------------------------------------------------------------------------


def table_of(scores, n_active=None):
    """Results of these scores, a row per candidate."""
    scores = np.asarray(scores, float)
    n_active = np.ones_like(scores) if n_active is None else n_active
    candidates = [Candidate(0.03, -8.0 + k) for k in range(len(scores))]
    attempts = [
        [
            Attempted(score, 1.0 + k, 0.5, count, DONE)
            for k, (score, count) in enumerate(zip(row, counts, strict=True))
        ]
        for row, counts in zip(scores, n_active, strict=True)
    ]
    return describe_grid(candidates, attempts)


def test_results_by_hand():
    results = table_of([[1, 3], [4, 6], [np.nan, 9]], [[1, 2], [3, 3], [0, 1]])
    np.testing.assert_array_equal(results["mean_fit_time"], [1.5] * 3)
    np.testing.assert_array_equal(results["std_fit_time"], [0.5] * 3)
    np.testing.assert_array_equal(results["mean_score_time"], [0.5] * 3)
    np.testing.assert_array_equal(results["split0_test_score"], [1, 4, np.nan])
    np.testing.assert_array_equal(results["split1_test_score"], [3, 6, 9])
    np.testing.assert_array_equal(results["mean_test_score"], [2, 5, np.nan])
    np.testing.assert_array_equal(results["std_test_score"], [1, 1, np.nan])
    np.testing.assert_array_equal(results["rank_test_score"], [2, 1, 3])
    np.testing.assert_array_equal(results["mean_n_active_features"], [1.5, 3, 0.5])
    assert results["param_theta"].tolist() == [-8, -7, -6]
    assert results["params"][2] == {"reg_step": 0.03, "theta": -6.0}


@pytest.mark.parametrize(
    ("scores", "best", "sparsest"),
    [
        ([[1, 3], [4, 6], [2, 4]], 1, 1),
        # The best has mean 5 and error 1: theta may rise until the mean is below 4.
        ([[4, 6], [3.9, 4.3], [3.5, 4.1]], 0, 1),
        ([[3.9, 4.3], [4, 6], [1, 2]], 1, 1),  # a weaker penalty is no reason
        ([[5, 5], [5, 5], [4.9, 5]], 0, 1),  # ties: the first one, and the sparsest
        ([[4], [5], [3]], 1, 1),  # one fold has no error
        ([[np.nan, 1], [np.nan, 2]], 0, 0),
        ([[np.nan, 1], [2, 3]], 1, 1),
    ],
)
def test_choice_by_hand(scores, best, sparsest):
    results = table_of(scores)
    assert choose(results, one_standard_error=False) == best
    assert choose(results, one_standard_error=True) == sparsest


def test_spread_of_enormous_scores():
    results = table_of([[-1e300, -3e300], [1, 3], [np.nan, 1]])
    np.testing.assert_allclose(results["std_test_score"], [1e300, 1, np.nan])


def test_best_score_among_the_largest_thetas():
    candidates = [Candidate(step, -8.0) for step in (0.1, 0.2, 0.3)]
    attempts = [
        [Attempted(score, 0, 0, 1, DONE) for score in scores]
        for scores in ([4.0, 6.0], [4.5, 5.0], [4.5, 5.4])
    ]
    results = describe_grid(candidates, attempts)
    assert choose(results, one_standard_error=True) == 0


# -- the search ------------------------------------------------------------------------


def test_search():
    search = search_ensemble(make_parameters(), GRID, ARGUMENTS, 0, ENGINE, no_model)
    attributes = search.attributes
    results = attributes["cv_results_"]
    best = attributes["best_index_"]
    assert best == np.argmax(results["mean_test_score"])
    assert attributes["best_score_"] == results["mean_test_score"][best]
    assert attributes["theta_"] == GRID.thetas[best]
    assert attributes["reg_step_"] == 0.03
    assert attributes["n_splits_"] == 4
    parameters = make_parameters(theta=attributes["theta_"])
    fit = fit_ensemble(parameters, ARGUMENTS, np.random.RandomState(0), ENGINE)
    assert_same_ensemble(search.ensemble, fit.ensemble)
    assert len(search.outcomes) == 1


@pytest.mark.parametrize(
    ("changes", "arguments", "message"),
    [
        (
            {"early_stopping": True, "validation_cv": [(X, X)]},
            {},
            "Got validation_cv of type list, but expected an int or a splitter",
        ),
        ({}, {"X_val": X}, "X_val is provided, but y_val was not"),
    ],
)
def test_contradictions(changes, arguments, message):
    parameters = make_parameters(**changes)
    with pytest.raises(ValueError, match=message):
        search_ensemble(
            parameters, GRID, Arguments(X, Y, **arguments), 0, ENGINE, no_model
        )


def test_splitters_of_the_inner_split_are_admitted():
    for cv in (3, None, ShuffleSplit(2)):
        parameters = make_parameters(early_stopping="auto", validation_cv=cv)
        _search._check_arguments(parameters, ARGUMENTS)
