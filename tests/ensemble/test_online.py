# SPDX-License-Identifier: BSD-3-Clause
"""The path through partial_fit."""

import numpy as np
import pytest

from skrln._ensemble import _online
from skrln._ensemble._jobs import train_job
from skrln._ensemble._online import fit_online
from skrln._ensemble._stages import stage_job
from skrln._network._parameters import Source
from skrln._network._settings import Kind, Mode
from skrln._network._transfer import FRESH, Origin, Start
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
    make_parameters,
)

ARGUMENTS = Arguments(X, Y)


def call(parameters=None, arguments=ARGUMENTS, before=None, classes=None):
    """Result of one call."""
    parameters = make_parameters() if parameters is None else parameters
    rng = np.random.RandomState(0)
    return fit_online(parameters, arguments, rng, before, classes)


@pytest.fixture
def trainings(monkeypatch):
    """Settings, problem, start and seed of each training; nothing is trained."""
    calls = []

    def train_network(settings, problem, start, seed):
        calls.append((settings, problem, start, seed))
        fitted = draw_fitted(seed=len(calls))
        return fitted._replace(encoder=problem.encoder, target=problem.target)

    monkeypatch.setattr(_online, "train_network", train_network)
    return calls


# -- training --------------------------------------------------------------------------


def test_calls_are_the_epochs_of_one_fit():
    """On the same rows in one batch, without a schedule and a penalty that grows."""
    first = call()
    second = call(before=first.ensemble)
    [member] = second.ensemble.members
    assert member.n_epochs == 2
    assert member.online.n_calls == 2
    assert second.outcomes[0].n_epochs == 2
    parameters = make_parameters(learning_rate="constant", warmup=0.0)
    job = stage_job(parameters, ARGUMENTS, 0)._replace(seed=member.seed)
    whole = train_job(job).fitted
    assert_same(member, whole)
    np.testing.assert_array_equal(member.curves.loss, whole.curves.loss)


def test_calls_can_be_repeated():
    assert_same_ensemble(call().ensemble, call().ensemble)


def test_members_differ():
    ensemble = call(make_parameters(**MEMBERS)).ensemble
    np.testing.assert_allclose(ensemble.weights, 1 / 3)
    first, second, _ = (member.network.coefs[0] for member in ensemble.members)
    assert not np.array_equal(first, second)


# -- the first call --------------------------------------------------------------------


def test_first_call(trainings):
    call(make_parameters(learning_rate="cosine", n_path_edges=5))
    [(settings, problem, start, _)] = trainings
    assert settings.mode == Mode.ONLINE
    assert settings.max_epochs == 1
    assert start is FRESH
    assert problem.validation is None
    np.testing.assert_allclose(problem.target.scale, Y.std())


def test_members_share_inputs_and_have_seeds_of_their_own(trainings):
    call(make_parameters(**MEMBERS))
    problems = [problem for _, problem, _, _ in trainings]
    assert all(problem.data is problems[0].data for problem in problems)
    assert len({seed for *_, seed in trainings}) == 3


def test_number_of_members_of_auto(trainings):
    """The number of rows to come is unknown, so there are as many as on a large table."""
    call(make_parameters(n_estimators="auto"))
    assert len(trainings) == 4


def test_classes_of_the_user(trainings):
    parameters = make_parameters(CLASS_LABELS)
    call(parameters, Arguments(X, CLASSES), classes=[0, 1, 2])
    [(_, problem, _, _)] = trainings
    assert problem.target.heads == (3,)


def test_task_without_a_label_is_refused():
    y = np.column_stack([Y, np.full(24, np.nan)])
    with pytest.raises(ValueError, match=r"no label at all for task\(s\) \[1\]"):
        call(arguments=Arguments(X, y))


def test_pieces_are_chosen_by_the_first_batch(trainings):
    call(make_parameters(numeric_embedding="piecewise"))
    [(settings, problem, _, _)] = trainings
    assert len(problem.encoder.edges) == 3
    assert settings.numeric_embedding == "piecewise"


def pretrain(**changes):
    source = draw_ensemble(2, np.array([0.3, 0.7]))
    return make_parameters(
        **changes,
        source=Source(tuple(source.members), tuple(source.weights), source.columns),
    )


def test_first_call_with_a_pretrained_network(trainings):
    parameters = pretrain(**MEMBERS)
    call(parameters, Arguments(X, 100 * Y))
    best = parameters.source.members[1]
    for _, problem, start, _ in trainings:
        assert start == Start(Origin.PRETRAINED, best)
        assert problem.encoder is best.encoder
        np.testing.assert_allclose(problem.target.scale, 100 * Y.std())
    with pytest.raises(ValueError, match="Got X with 2 features, but pretrained"):
        call(parameters, Arguments(X[:, :2], Y))


def test_first_call_with_a_reused_head(trainings):
    parameters = pretrain(reuse_head=True)
    call(parameters, Arguments(X, 100 * Y))
    [(_, problem, _, _)] = trainings
    assert problem.target is parameters.source.members[1].target


# -- later calls -----------------------------------------------------------------------


def test_later_call_keeps_encoders_weights_and_temperature(trainings):
    weights = np.array([0.5, 0.2, 0.3])
    before = draw_ensemble(3, weights)._replace(temperature=2.0)
    result = call(make_parameters(**MEMBERS), Arguments(X[:4], Y[:4]), before)
    assert result.ensemble.weights is weights
    assert result.ensemble.temperature == 2
    assert result.ensemble.columns is before.columns
    for (_, problem, start, _), member in zip(trainings, before.members, strict=True):
        assert problem.encoder is member.encoder
        assert problem.target is before.target
        assert start == Start(Origin.LAST_FIT, member)
    assert [member.n_epochs for member in result.ensemble.members] == [4] * 3


def test_later_call_of_one_row(trainings):
    call(before=draw_ensemble(1), arguments=Arguments(X[:1], Y[:1]))
    [(_, problem, _, _)] = trainings
    assert problem.n_rows == 1


def test_later_call_needs_the_same_columns():
    with pytest.raises(ValueError, match="X has 2 features, but Model is expecting 3"):
        call(before=draw_ensemble(1), arguments=Arguments(X[:, :2], Y))


# -- what "auto" means -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, (-8.0, None, 0.0)),
        ({"theta": "auto"}, (-7.0, None, 0.0)),
        ({"theta": "auto", "n_estimators": 8}, (-7.0, None, 0.0)),
        ({"theta": "auto", "penalty": "uniform"}, (-8.0, None, 0.0)),
        ({"dropout": "auto"}, (-8.0, None, 0.0)),
        ({"dropout": 0.2}, (-8.0, None, 0.2)),
        ({"numeric_embedding": "auto"}, (-8.0, None, 0.0)),
        ({"numeric_embedding": "piecewise"}, (-8.0, "piecewise", 0.0)),
    ],
)
def test_kind_of_a_first_call(changes, expected):
    theta, embedding, dropout = expected
    kind = _online._kind_of(make_parameters(**changes), FRESH)
    assert kind == Kind(theta, embedding, 1, np.inf, dropout)


@pytest.mark.parametrize(
    ("changes", "theta", "dropout"),
    [
        ({}, -8.0, 0.0),
        ({"theta": "auto"}, -5.0, 0.0),
        ({"dropout": "auto"}, -8.0, (0.25,)),
    ],
)
def test_kind_of_a_later_call(changes, theta, dropout):
    """ "auto" is what it was before."""
    source = draw_fitted(
        make_parameters(theta=-5.0, dropout=0.25, numeric_embedding="piecewise")
    )
    start = Start(Origin.LAST_FIT, source)
    kind = _online._kind_of(make_parameters(**changes), start)
    assert kind == Kind(theta, "piecewise", 1, np.inf, dropout)
