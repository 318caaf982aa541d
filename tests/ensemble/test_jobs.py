# SPDX-License-Identifier: BSD-3-Clause
"""Jobs of a fit: their settings, splits, seeds and starts."""

import pickle

import numpy as np
import pytest

from skrln._ensemble._jobs import (
    LARGEST_SEED,
    Job,
    Trained,
    draw_seed,
    held_out_means,
    kernel_seed,
    make_jobs,
    make_jobs_going_on,
    pretrained_starts,
    settings_of,
    train_job,
)
from skrln._network._parameters import Source
from skrln._network._settings import Kind, Mode, single_kind
from skrln._network._transfer import FRESH, Origin, Start
from skrln._table._splits import Split

from ._values import (
    HELD_OUT,
    MEMBERS,
    SPLIT,
    TRAIN,
    X,
    Y,
    assert_same,
    draw_fitted,
    draw_trained,
    make_parameters,
    make_shared,
    plan_jobs,
)

ALL = Split(np.arange(24), None)
KINDS = [Kind(-7.0, None, 5, 3, 0.1), Kind(-8.0, "piecewise", 2, 3, 0.0)]


def single_job(parameters=None, split=SPLIT, **table):
    parameters = make_parameters() if parameters is None else parameters
    shared = make_shared(parameters, **table)
    kind = single_kind(parameters)
    [job] = make_jobs(shared, [kind], [split], [7], lambda *_: FRESH)
    return job


# -- planning --------------------------------------------------------------------------


def test_kinds_have_the_same_splits_and_seeds():
    shared = make_shared(make_parameters(**MEMBERS), embeddings=[None, "piecewise"])
    splits = [SPLIT, Split(HELD_OUT, TRAIN)]
    starts = {}

    def start(kind, number):
        starts[kind.theta, number] = Start(Origin.FRESH, state=[number])
        return starts[kind.theta, number]

    jobs = make_jobs(shared, KINDS, splits, [7, 9], start)
    assert [(job.kind.theta, job.number) for job in jobs] == [
        (-7, 0),
        (-7, 1),
        (-8, 0),
        (-8, 1),
    ]
    assert [job.seed for job in jobs] == [7, 9, 7, 9]
    assert all(job.split is splits[job.number] for job in jobs)
    assert all(job.start is starts[job.kind.theta, job.number] for job in jobs)
    assert all(job.shared is shared for job in jobs)
    first, _, third, _ = jobs
    assert (first.settings.max_epochs, third.settings.max_epochs) == (5, 2)
    assert first.settings.dropout == (0.1,)
    assert third.settings.numeric_embedding == "piecewise"


@pytest.mark.parametrize(
    ("n_estimators", "mode"),
    [(1, Mode.SINGLE), (2, Mode.MEMBER), ("auto", Mode.MEMBER)],
)
def test_role_of_the_networks(n_estimators, mode):
    shared = make_shared(make_parameters(n_estimators=n_estimators))
    assert settings_of(shared, KINDS[0], [ALL]).mode == mode


def test_settings_go_by_the_largest_training_part():
    shared = make_shared(make_parameters(batch_size=20))
    assert settings_of(shared, KINDS[0], [SPLIT]).batch_size == 18
    assert settings_of(shared, KINDS[0], [SPLIT, ALL]).batch_size == 20


def test_jobs_that_go_on():
    shared = make_shared(make_parameters(**MEMBERS), embeddings=[None, "piecewise"])
    before = [draw_fitted(seed=k) for k in range(5)]
    kinds = [KINDS[0], KINDS[0], KINDS[1], KINDS[0], KINDS[1]]
    splits = [SPLIT, Split(HELD_OUT, TRAIN)]
    rng = np.random.RandomState(0)
    jobs = make_jobs_going_on(shared, kinds, splits, before, rng)
    # Numbers count within a kind; splits are taken in turns.
    assert [job.number for job in jobs] == [0, 1, 0, 2, 1]
    for job, member, kind in zip(jobs, before, kinds, strict=True):
        assert job.start == Start(Origin.LAST_FIT, member)
        assert job.kind == kind
        assert job.split is splits[job.number % 2]
    assert len({job.seed for job in jobs}) == 5
    rng = np.random.RandomState(0)
    again = make_jobs_going_on(shared, kinds, splits, before, rng)
    assert [job.seed for job in again] == [job.seed for job in jobs]


def test_pretrained_starts():
    pieces = make_parameters(numeric_embedding="piecewise")
    sources = (draw_fitted(), draw_fitted(pieces), draw_fitted(seed=1))
    start = pretrained_starts(make_parameters(source=Source(sources)))
    plain = [start(KINDS[0], k).source for k in range(3)]
    assert [member is sources[k] for member, k in zip(plain, (0, 2, 0), strict=True)]
    assert start(KINDS[1], 5) == Start(Origin.PRETRAINED, sources[1])
    assert pretrained_starts(make_parameters())(KINDS[0], 0) is FRESH


# -- held-out rows ---------------------------------------------------------------------


def test_key_of_held_out_rows():
    job = single_job()
    assert job._replace(number=3).held_out_key == 3
    assert job._replace(number=3, split=ALL).held_out_key is None


def test_numbers_of_held_out_rows():
    trained = draw_trained(single_job())
    np.testing.assert_array_equal(trained.held_out_rows, HELD_OUT)
    assert trained.means.shape == (6, 1)
    job = single_job(split=ALL, X_val=X[:5], y_val=Y[:5])
    trained = draw_trained(job)
    np.testing.assert_array_equal(trained.held_out_rows, np.arange(5))
    assert held_out_means(single_job(split=ALL), trained.fitted) is None


# -- seeds -----------------------------------------------------------------------------


def test_seeds():
    seeds = [draw_seed(np.random.RandomState(0)) for _ in range(2)]
    assert seeds[0] == seeds[1]
    assert isinstance(seeds[0], int)
    assert 0 <= seeds[0] < LARGEST_SEED
    # A member is the single network of its random_state.
    assert kernel_seed(5) == draw_seed(np.random.RandomState(5))


# -- training --------------------------------------------------------------------------


def test_trained_job():
    job = single_job()
    trained = train_job(job)
    assert isinstance(trained, Trained)
    assert trained.job is job
    assert trained.fitted.seed == 7
    assert trained.fitted.n_epochs == 2
    inputs = job.shared.inputs(trained.fitted.encoder, HELD_OUT)
    np.testing.assert_array_equal(trained.means, trained.fitted.means(inputs))


def test_job_can_travel():
    job = single_job()
    again = pickle.loads(pickle.dumps(job))
    assert isinstance(again, Job)
    assert_same(train_job(again).fitted, train_job(job).fitted)


def test_seed_is_all_that_differs_between_members():
    first, second, _ = plan_jobs(make_shared(make_parameters(**MEMBERS)), seeds=[1] * 3)
    assert first.settings == second.settings
    one, two = (
        train_job(job._replace(split=first.split, number=0)).fitted
        for job in (first, second)
    )
    assert_same(one, two)
