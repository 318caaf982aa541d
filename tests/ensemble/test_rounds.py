# SPDX-License-Identifier: BSD-3-Clause
"""Two rounds of training: which kinds go on, and how a fit ends early."""

import numpy as np
import pytest

from skrln._ensemble._rounds import train_in_rounds
from skrln._interrupts import Scope, in_scope
from skrln._kernels import StopReason

from ._values import X, Y, draw_trained, make_parameters, make_shared, plan_jobs

AUTO = {"n_estimators": "auto", "numeric_embedding": "auto", "input_selection": False}
N_MEMBERS = 3


def jobs_of(n_estimators="auto", **table):
    parameters = make_parameters(**AUTO | {"n_estimators": n_estimators})
    shared = make_shared(parameters, embeddings=(None, "piecewise"), **table)
    return plan_jobs(shared, N_MEMBERS)


class FakeEngine:
    """Engine whose networks of the kinds in `good` predict their held-out rows exactly.

    `end` is called with the number of the round before its networks are drawn.
    """

    def __init__(self, good, reason=StopReason.MAX_ITER, end=lambda number: None):
        self.good, self.reason, self.end, self.rounds = good, reason, end, []

    def run(self, jobs):
        self.rounds.append([(job.kind.numeric_embedding, job.number) for job in jobs])
        self.end(len(self.rounds))
        return [self.train(job) for job in jobs]

    def train(self, job):
        drawn = draw_trained(job, job.number)
        fitted = drawn.fitted._replace(reason=self.reason)
        means = np.random.default_rng(job.number).normal(size=drawn.means.shape)
        if job.kind.numeric_embedding in self.good:
            target = job.shared.target
            means = target.encode(Y[drawn.held_out_rows])[0].reshape(means.shape)
        return drawn._replace(fitted=fitted, means=means)


def kept_kinds(rounds):
    return [(one.job.kind.numeric_embedding, one.job.number) for one in rounds.kept]


def test_kinds_that_help_go_on():
    engine = FakeEngine(["piecewise"])
    rounds = train_in_rounds(jobs_of(), engine)
    assert engine.rounds == [
        [(None, 0), ("piecewise", 0)],
        [("piecewise", 1), ("piecewise", 2)],
    ]
    assert kept_kinds(rounds) == [("piecewise", k) for k in range(N_MEMBERS)]
    assert [one.job.kind.numeric_embedding for one in rounds.dropped] == [None]


def test_kinds_that_are_equally_good_all_go_on():
    rounds = train_in_rounds(jobs_of(), FakeEngine([None, "piecewise"]))
    assert len(rounds.kept) == 2 * N_MEMBERS
    assert not rounds.dropped


@pytest.mark.parametrize(("error", "n_kept"), [(0.5, 2), (3.0, 1)])
def test_weight_in_the_blend_decides(error, n_kept):
    """Of two kinds with independent errors, the better one does not always drop the other."""
    engine = FakeEngine([None, "piecewise"])
    train = engine.train

    def train_with_error(job):
        trained = train(job)
        size = error if job.kind.numeric_embedding is None else 0.5
        seed = (job.number, job.kind.numeric_embedding is None)
        noise = np.random.default_rng(seed).normal(size=trained.means.shape)
        return trained._replace(means=trained.means + size * noise)

    engine.train = train_with_error
    rounds = train_in_rounds(jobs_of(X_val=X, y_val=Y), engine)
    kinds = {one.job.kind.numeric_embedding for one in rounds.kept}
    assert len(kinds) == n_kept
    assert "piecewise" in kinds


@pytest.mark.parametrize("n_estimators", [1, N_MEMBERS])
def test_networks_that_the_user_counts_are_all_trained(n_estimators):
    jobs, engine = jobs_of(n_estimators), FakeEngine(["piecewise"])
    rounds = train_in_rounds(jobs, engine)
    assert len(engine.rounds) == 1
    assert len(rounds.kept) == len(jobs)


def test_without_held_out_rows_all_are_trained():
    jobs = [
        job._replace(split=job.split._replace(validation=None)) for job in jobs_of()
    ]
    engine = FakeEngine([])
    engine.train = lambda job: job
    assert train_in_rounds(jobs, engine).kept == jobs
    assert len(engine.rounds) == 1


def test_held_out_rows_of_the_user_count():
    engine = FakeEngine(["piecewise"])
    rounds = train_in_rounds(jobs_of(X_val=X, y_val=Y), engine)
    assert len(engine.rounds) == 2
    assert len(rounds.kept) == N_MEMBERS


def test_fit_that_was_stopped_has_no_second_round():
    engine = FakeEngine(["piecewise"], StopReason.CALLBACK)
    rounds = train_in_rounds(jobs_of(), engine)
    assert kept_kinds(rounds) == [(None, 0), ("piecewise", 0)]
    assert len(engine.rounds) == 1


def interrupt_second_round(number):
    if number == 2:
        raise KeyboardInterrupt


def test_interrupt_of_the_second_round_keeps_the_first():
    rounds = train_in_rounds(jobs_of(), FakeEngine([], end=interrupt_second_round))
    assert kept_kinds(rounds) == [(None, 0), ("piecewise", 0)]
    assert all(one.fitted.reason == StopReason.INTERRUPTED for one in rounds.kept)


def test_interrupt_of_a_fit_that_is_part_of_a_whole():
    engine = FakeEngine([], end=interrupt_second_round)
    with in_scope(Scope(whole=True)), pytest.raises(KeyboardInterrupt):
        train_in_rounds(jobs_of(), engine)
