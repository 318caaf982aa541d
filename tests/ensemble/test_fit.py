# SPDX-License-Identifier: BSD-3-Clause
"""The path through fit: single networks, ensembles, warm starts, and what is refused."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import GroupShuffleSplit, TimeSeriesSplit

from skrln import RLNRegressor
from skrln._ensemble import _fit
from skrln._ensemble._elimination import Elimination
from skrln._ensemble._engine import NO_WATCH, Engine
from skrln._ensemble._fit import (
    best_source,
    check_arguments,
    fit_ensemble,
    plan,
    prepare,
)
from skrln._kernels import StopReason
from skrln._network._parameters import Source
from skrln._network._settings import Mode
from skrln._network._train import train_network
from skrln._network._transfer import FRESH, Origin, Start
from skrln._table._labels import ClassLabels, NumberLabels
from skrln._table._problem import Arguments

from ._values import (
    CLASS_LABELS,
    CLASSES,
    MEMBERS,
    X,
    Y,
    assert_same,
    assert_same_ensemble,
    draw_ensemble,
    draw_fitted,
    draw_trained,
    make_parameters,
    make_problem,
    make_shared,
)

ARGUMENTS = Arguments(X, Y)
ENSEMBLE = make_parameters(**MEMBERS)


class FakeEngine:
    """Engine that draws networks instead of training them."""

    def __init__(self, reason=StopReason.MAX_ITER):
        self.reason = reason
        self.runs = []

    def run(self, jobs):
        self.runs.append(jobs)
        drawn = [draw_trained(job, seed) for seed, job in enumerate(jobs)]
        return [
            one._replace(fitted=one.fitted._replace(reason=self.reason))
            for one in drawn
        ]


def rng():
    return np.random.RandomState(0)


def fit(parameters=None, arguments=ARGUMENTS, before=None):
    parameters = make_parameters() if parameters is None else parameters
    return fit_ensemble(parameters, arguments, rng(), Engine(NO_WATCH, None), before)


def jobs_of(parameters, arguments=ARGUMENTS, before=None):
    """Jobs of a fit, without training."""
    random = rng()
    return plan(prepare(parameters, arguments, random, before), random)[0]


# -- training --------------------------------------------------------------------------


def test_single_network_is_trained_on_all_rows():
    result = fit()
    [member] = result.ensemble.members
    assert result.ensemble.weights.tolist() == [1]
    assert result.ensemble.columns.owner == "Model"
    [outcome] = result.outcomes
    assert outcome.coefs is member.network.coefs
    assert (outcome.n_epochs, outcome.reason) == (2, StopReason.MAX_ITER)
    problem = make_problem(make_parameters())
    alone = train_network(member.settings, problem, FRESH, member.seed)
    assert_same(member, alone)
    assert_same_ensemble(fit().ensemble, result.ensemble)


def test_ensemble_is_the_mean_of_its_jobs():
    result = fit(ENSEMBLE)
    ensemble = result.ensemble
    assert len(ensemble.members) == len(result.outcomes) == 3
    np.testing.assert_allclose(ensemble.weights, 1 / 3)  # one kind
    jobs = jobs_of(ENSEMBLE)
    for member, job in zip(ensemble.members, jobs, strict=True):
        problem = job.shared.problem(job.kind, job.number, job.split)
        assert_same(member, train_network(job.settings, problem, FRESH, member.seed))
        assert member.seed == job.seed


def test_row_of_weight_zero_is_ignored():
    weights = np.where(np.arange(24) < 20, 1.0, 0.0)
    whole = fit(arguments=Arguments(X, Y, weights)).ensemble
    part = fit(arguments=Arguments(X[:20], Y[:20])).ensemble
    pairs = zip(
        whole.members[0].network.coefs, part.members[0].network.coefs, strict=True
    )
    for one, other in pairs:
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_warm_start_goes_on():
    parameters = make_parameters(warm_start=True)
    first = fit(parameters).ensemble
    again = fit(parameters, before=first).ensemble
    [job] = jobs_of(parameters, before=first)
    assert job.start == Start(Origin.LAST_FIT, first.members[0])
    problem = job.shared.problem(job.kind, 0, job.split)
    assert_same(
        again.members[0], train_network(job.settings, problem, job.start, job.seed)
    )
    # Without warm_start the last fit changes nothing.
    assert_same_ensemble(fit(before=first).ensemble, fit().ensemble)


# -- planning --------------------------------------------------------------------------


def test_warm_start_of_an_ensemble():
    parameters = make_parameters(**MEMBERS, warm_start=True)
    before = draw_ensemble(3)
    jobs = jobs_of(parameters, before=before)
    assert [job.start.source for job in jobs] == before.members
    assert {job.start.origin for job in jobs} == {Origin.LAST_FIT}
    assert jobs[0].shared.target is before.target  # classes and scales are kept
    assert jobs[0].shared.encodings[None].encoder is before.encoders[0]
    assert jobs[0].settings.mode == Mode.MEMBER


@pytest.mark.parametrize(
    ("parameters", "n_before"), [(make_parameters(), 3), (ENSEMBLE, 1)]
)
def test_network_does_not_continue_an_ensemble(parameters, n_before):
    parameters = replace(parameters, warm_start=True)
    jobs = jobs_of(parameters, before=draw_ensemble(n_before))
    assert all(job.start is FRESH for job in jobs)


def test_warm_start_needs_the_same_columns():
    before = draw_ensemble(1)
    with pytest.raises(ValueError, match="X has 2 features, but Model is expecting 3"):
        jobs_of(make_parameters(warm_start=True), Arguments(X[:, :2], Y), before)


def pretrain(n_members, **changes):
    """Parameters of a fit that starts from a drawn ensemble."""
    source = draw_ensemble(n_members, np.array([0.2, 0.5, 0.3][:n_members]))
    return make_parameters(
        **changes,
        source=Source(tuple(source.members), tuple(source.weights), source.columns),
    )


def test_single_network_starts_from_the_best_source():
    parameters = pretrain(3)
    assert best_source(parameters.source) is parameters.source.members[1]
    [job] = jobs_of(parameters)
    assert job.start == Start(Origin.PRETRAINED, parameters.source.members[1])
    assert job.shared.encodings[None].encoder is parameters.source.members[1].encoder


def test_members_start_from_the_sources_in_turns():
    parameters = pretrain(2, **MEMBERS)
    sources = [job.start.source for job in jobs_of(parameters)]
    first, second = parameters.source.members
    assert [source is first for source in sources] == [True, False, True]
    assert sources[1] is second


def test_target_of_a_reused_head_is_kept():
    parameters = pretrain(1, reuse_head=True)
    arguments = Arguments(X, 100 * Y)
    [job] = jobs_of(parameters, arguments)
    assert job.shared.target is parameters.source.members[0].target
    [job] = jobs_of(pretrain(1), arguments)
    np.testing.assert_allclose(job.shared.target.scale, 100 * Y.std())
    classes = make_parameters(
        CLASS_LABELS,
        reuse_head=True,
        source=Source((draw_fitted(),), (1.0,), make_shared().columns),
    )
    with pytest.raises(ValueError, match="Got reuse_head=True, but pretrained has a"):
        jobs_of(classes, Arguments(X, CLASSES))


def test_pretrained_network_needs_the_same_columns():
    with pytest.raises(ValueError, match=r"Got X with 2 features, but pretrained was"):
        jobs_of(pretrain(1), Arguments(X[:, :2], Y))


# -- held-out rows ---------------------------------------------------------------------


def test_single_network_that_holds_rows_out():
    parameters = make_parameters(early_stopping=True, validation_fraction=0.25)
    [job] = jobs_of(parameters)
    assert len(job.split.train) == 18
    assert len(job.split.validation) == 6
    # The scale of the target is that of the training part.
    scale = Y[job.split.train].std()
    np.testing.assert_allclose(job.shared.target.scale, scale)
    np.testing.assert_array_equal(np.sort(job.shared.rows), np.sort(job.split.train))


def test_training_part_needs_labels_of_every_task():
    y = np.column_stack([Y, np.where(np.arange(24) < 2, Y, np.nan)])
    splits = [(np.arange(2, 24), np.arange(2))]
    parameters = make_parameters(early_stopping=True, validation_cv=splits)
    with pytest.raises(ValueError, match=r"task\(s\) \[1\] of the training part of y"):
        jobs_of(parameters, Arguments(X, y))


def test_classes_of_a_split_stay_those_of_all_rows():
    y = np.where(np.arange(24) < 2, 2, CLASSES)
    splits = [(np.arange(2, 24), np.arange(2))]
    changes = {"early_stopping": True, "validation_cv": splits}
    [job] = jobs_of(make_parameters(CLASS_LABELS, **changes), Arguments(X, y))
    assert job.shared.target.classes.tolist() == [0, 1, 2]


def test_fraction_holds_out_classes_in_equal_shares():
    rare = (np.arange(24) % 8 == 0).astype(int)
    parameters = make_parameters(
        CLASS_LABELS, early_stopping=True, validation_fraction=1 / 3
    )
    [job] = jobs_of(parameters, Arguments(X, rare))
    problem = job.shared.problem(job.kind, job.number, job.split)
    assert len(problem.validation.targets) == 8
    assert problem.validation.targets.sum() == 1
    assert problem.data.targets.sum() == 2


@pytest.mark.parametrize("n_estimators", [1, 2])
def test_groups_stay_together(n_estimators):
    groups = np.repeat(np.arange(6), 4)
    splitter = GroupShuffleSplit(1, test_size=0.4, random_state=0)
    parameters = make_parameters(validation_cv=splitter, n_estimators=n_estimators)
    for job in jobs_of(parameters, Arguments(X, Y, groups=groups)):
        held_out = set(groups[job.split.validation])
        assert held_out
        assert not held_out & set(groups[job.split.train])


def test_groups_that_are_missing():
    parameters = make_parameters(validation_cv=GroupShuffleSplit(1))
    with pytest.raises(ValueError, match="'groups' parameter should not be None"):
        jobs_of(parameters)


def test_single_network_takes_the_last_split_in_the_order_of_time():
    splitter = TimeSeriesSplit(2, max_train_size=16, test_size=4)
    [job] = jobs_of(make_parameters(validation_cv=splitter))
    np.testing.assert_array_equal(job.split.train, np.arange(4, 20))
    np.testing.assert_array_equal(job.split.validation, np.arange(20, 24))
    assert job.shared.target.center == pytest.approx(Y[4:20].mean())


@pytest.mark.parametrize("changes", [MEMBERS, {"early_stopping": True}])
def test_row_of_weight_zero_is_in_no_part(changes):
    weights = np.where(np.arange(24) < 4, 0.0, 1.0)
    for job in jobs_of(make_parameters(**changes), Arguments(X, Y, weights)):
        rows = np.concatenate([job.split.train, job.split.validation])
        np.testing.assert_array_equal(np.sort(rows), np.arange(4, 24))


def test_kinds_share_their_splits_and_seeds():
    jobs = jobs_of(replace(ENSEMBLE, theta="auto", numeric_embedding="auto"))
    assert len(jobs) == 6
    assert {job.settings.mode for job in jobs} == {Mode.MEMBER}
    assert {job.start.origin for job in jobs} == {Origin.FRESH}
    assert len({job.seed for job in jobs}) == 3
    for job, other in zip(jobs[:3], jobs[3:], strict=True):
        assert job.kind != other.kind
        assert job.seed == other.seed
        np.testing.assert_array_equal(job.split.validation, other.split.validation)


def test_members_hold_out_one_fold_after_the_other():
    held_out = [job.split.validation for job in jobs_of(ENSEMBLE)]
    assert [len(rows) for rows in held_out] == [6, 6, 6]
    assert len(set(np.concatenate(held_out))) == 18


@pytest.mark.parametrize(
    ("changes", "validation"),
    [
        ({"early_stopping": False}, {}),
        ({}, {"X_val": X[:4], "y_val": Y[:4]}),
    ],
)
@pytest.mark.parametrize("n_estimators", [1, 3])
def test_all_rows_train(changes, validation, n_estimators):
    parameters = make_parameters(n_estimators=n_estimators, **changes)
    jobs = jobs_of(parameters, Arguments(X, Y, **validation))
    assert len(jobs) == n_estimators
    for job in jobs:
        assert len(job.split.train) == 24
        assert job.split.validation is None
        problem = job.shared.problem(job.kind, job.number, job.split)
        if validation:
            assert len(problem.validation.targets) == 4
        else:
            assert problem.validation is None


def test_target_of_a_larger_table():
    """A fold of a search keeps the classes of the whole table, and scales by its own rows."""
    larger = ClassLabels().fit(np.array(["a", "b", "c"]), np.ones((3, 1), bool), None)
    y = np.where(CLASSES == 1, "a", "b")
    prepared = prepare(
        make_parameters(CLASS_LABELS), Arguments(X, y), rng(), target=larger
    )
    assert prepared.shared.target is larger
    larger = NumberLabels().fit(100 * Y, None, np.ones(24))
    prepared = prepare(make_parameters(), ARGUMENTS, rng(), target=larger)
    np.testing.assert_allclose(prepared.shared.target.scale, Y.std())


# -- refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "arguments", "message"),
    [
        ({"theta": "auto", "early_stopping": False}, {}, "Got theta='auto' with early"),
        ({}, {"X_val": X}, "X_val is provided, but y_val was not"),
        (
            {"early_stopping": False, "validation_cv": 3},
            {},
            "early_stopping=False together with validation_cv",
        ),
    ],
)
def test_contradictions(changes, arguments, message):
    parameters = make_parameters(**changes)
    with pytest.raises(ValueError, match=message):
        check_arguments(parameters, Arguments(X, Y, **arguments))
    with pytest.raises(ValueError, match=message):
        fit(parameters, Arguments(X, Y, **arguments))


@pytest.mark.parametrize("n_estimators", [1, 3])
@pytest.mark.parametrize(("early_stopping", "n_rows"), [(False, 24), ("auto", 15)])
def test_selection_needs_held_out_rows(early_stopping, n_rows, n_estimators):
    parameters = make_parameters(
        input_selection=True, n_estimators=n_estimators, early_stopping=early_stopping
    )
    message = (
        f"Got input_selection=True with early_stopping={early_stopping!r} and {n_rows} "
        "rows, but no"
    )
    with pytest.raises(ValueError, match=message):
        jobs_of(parameters, Arguments(X[:n_rows], Y[:n_rows]))


# -- selection of inputs ---------------------------------------------------------------

SELECTING = make_parameters(**MEMBERS | {"input_selection": True})


def select(monkeypatch, is_better, screened=None, reason=StopReason.MAX_ITER):
    """Fit with an engine that draws networks; selection keeps column 2."""
    keep = np.array([2])

    def eliminate(shared, combination, held_out, rng):
        keys = {one.job.held_out_key for one in combination.trained}
        return Elimination(1, 3, keep, dict.fromkeys(keys, keep), 0.1)

    answers = iter(is_better)
    monkeypatch.setattr(_fit, "eliminate", eliminate)
    monkeypatch.setattr(_fit, "is_better", lambda *_: next(answers))
    monkeypatch.setattr(_fit, "screens", lambda *_: screened is not None)
    monkeypatch.setattr(_fit, "screened", lambda *_: dict.fromkeys(range(3), screened))
    engine = FakeEngine(reason)
    result = fit_ensemble(SELECTING, ARGUMENTS, rng(), engine)
    assert not list(answers)
    return result, engine.runs


@pytest.mark.parametrize("again_is_better", [True, False])
def test_networks_are_trained_once_more_on_few_columns(monkeypatch, again_is_better):
    result, runs = select(monkeypatch, [again_is_better])
    assert [len(jobs) for jobs in runs] == [3, 3]
    assert len(result.outcomes) == 6
    # Either way, no network uses another column.
    assert result.ensemble.active_columns().tolist() == [2]
    widths = {len(member.network.coefs[0]) for member in result.ensemble.members}
    assert widths == ({1} if again_is_better else {3})
    assert [job.seed for job in runs[0]] == [job.seed for job in runs[1]]


def test_screened_columns_come_first(monkeypatch):
    result, runs = select(monkeypatch, [True], screened=np.array([0, 1]))
    assert len(runs) == 2
    assert result.ensemble.active_columns().tolist() == [0, 1]
    _, runs = select(monkeypatch, [False, False], screened=np.array([0, 1]))
    assert len(runs) == 3


def test_no_screened_column(monkeypatch):
    _, runs = select(monkeypatch, [False], screened=np.zeros(0, int))
    assert len(runs) == 2


def test_fit_that_was_stopped_keeps_its_columns(monkeypatch):
    result, runs = select(monkeypatch, [], reason=StopReason.CALLBACK)
    assert len(runs) == 1
    assert result.ensemble.active_columns().tolist() == [0, 1, 2]


def test_networks_that_start_from_others_keep_their_columns():
    parameters = pretrain(1, **MEMBERS | {"input_selection": True})
    engine = FakeEngine()
    fit_ensemble(parameters, ARGUMENTS, rng(), engine)
    assert len(engine.runs) == 1


def test_random_categories_rank_below_true_columns():
    """Each level of a category has a few rows, whose noise the networks fit."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(60, 2)), columns=["a", "b"])
    y = frame["a"] - frame["b"] + 0.5 * rng.normal(size=60)
    for n_levels in (3, 30):
        frame[f"noise {n_levels}"] = rng.integers(n_levels, size=60).astype(str)
    model = RLNRegressor(
        hidden_layer_sizes=(16,),
        max_iter=60,
        n_estimators=4,
        input_selection=False,
        numeric_embedding=None,
        theta=-9.0,
        learning_rate_init=0.02,
        random_state=0,
    )
    importances = model.fit(frame, y).feature_importances_
    assert importances[:2].min() > 0.2
    assert importances[2:].max() < 0.1
