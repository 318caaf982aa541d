# SPDX-License-Identifier: BSD-3-Clause
"""The engine, with jobs that train nothing: order, threads, interrupts and errors."""

import contextlib
import threading
from types import SimpleNamespace

import pytest

from skrln._ensemble import _engine
from skrln._ensemble._engine import NO_WATCH, Engine, run_in_threads
from skrln._kernels import StopReason

from ._values import draw_fitted


class FakeJob(SimpleNamespace):
    """Job of a network that is not trained."""

    def __init__(self, name, number=0, max_epochs=2):
        super().__init__(
            name=name,
            number=number,
            settings=SimpleNamespace(max_epochs=max_epochs),
            shared=SimpleNamespace(columns="columns"),
        )


class FakeWatch:
    """Watch that counts epochs."""

    def __init__(self, is_listening, on_epoch=None):
        self.is_listening = is_listening
        self.on_epoch = on_epoch
        self.asked = []

    @contextlib.contextmanager
    def epochs(self, max_epochs):
        self.asked.append(max_epochs)
        yield self.on_epoch


@pytest.fixture
def trained(monkeypatch):
    """Names of the jobs that were trained, and their listeners."""
    calls = []

    def train_job(job, listener):
        calls.append((job.name, listener))
        was_stopped = job.name == "stop"
        return SimpleNamespace(
            name=job.name, fitted=SimpleNamespace(was_stopped=was_stopped)
        )

    monkeypatch.setattr(_engine, "train_job", train_job)
    return calls


@pytest.fixture
def one_thread(monkeypatch):
    monkeypatch.setattr(_engine, "effective_n_jobs", lambda n: 1)


def names(results):
    return [result.name for result in results]


# -- the engine ------------------------------------------------------------------------


def test_results_come_in_the_order_of_the_jobs(trained, one_thread):
    jobs = [FakeJob(name, k) for name, k in zip("abcd", (0, 1, 0, 1), strict=True)]
    assert names(Engine(NO_WATCH, None).run(jobs)) == ["a", "b", "c", "d"]
    # The kinds take turns.
    assert [name for name, _ in trained] == ["a", "c", "b", "d"]


def test_nobody_follows_the_epochs(trained):
    Engine(NO_WATCH, None).run([FakeJob("a"), FakeJob("b")])
    for _, listener in trained:
        assert listener.on_epoch is None
        assert not listener.cancelled()


def test_watch_of_nobody():
    assert NO_WATCH.without_callbacks() is NO_WATCH
    assert not NO_WATCH.is_listening
    with NO_WATCH.epochs(3) as on_epoch:
        assert on_epoch is None


def test_watch_knows_the_number_of_epochs(trained):
    watch = FakeWatch(is_listening=False)
    Engine(watch, None).run([FakeJob("a", max_epochs=3), FakeJob("b", max_epochs=5)])
    assert watch.asked == [8]


def test_callbacks_follow_one_network_after_the_other(trained):
    watch = FakeWatch(is_listening=True)
    jobs = [FakeJob("a", 1), FakeJob("b", 0)]
    assert names(Engine(watch, None).run(jobs)) == ["a", "b"]
    assert [name for name, _ in trained] == ["a", "b"]


def test_callback_that_stops_a_network_ends_the_fit(trained):
    watch = FakeWatch(is_listening=True)
    jobs = [FakeJob("a"), FakeJob("stop"), FakeJob("c")]
    assert names(Engine(watch, None).run(jobs)) == ["a", "stop"]


def test_single_job_needs_no_thread(trained, monkeypatch):
    monkeypatch.setattr(_engine, "ThreadPoolExecutor", None)
    assert names(Engine(NO_WATCH, None).run([FakeJob("a")])) == ["a"]


def test_callbacks_get_an_ensemble_of_the_epoch(trained):
    seen = []

    def on_epoch(snapshot, describe):
        seen.append((snapshot, describe()))
        return "answer"

    Engine(FakeWatch(True, on_epoch), None).run([FakeJob("a")])
    [(_, listener)] = trained
    fitted = draw_fitted()
    assert listener.on_epoch("snapshot", lambda: fitted) == "answer"
    [(snapshot, ensemble)] = seen
    assert snapshot == "snapshot"
    assert ensemble.columns == "columns"
    assert ensemble.members == [fitted]


# -- threads ---------------------------------------------------------------------------


def test_threads_work_side_by_side(monkeypatch):
    monkeypatch.setattr(_engine, "effective_n_jobs", lambda n: 2)
    barrier = threading.Barrier(2, timeout=10)

    def train(job, cancelled):
        barrier.wait()  # one job alone would wait for ever
        return job, threading.get_ident()

    results = run_in_threads(train, ["a", "b"], [0, 0], None)
    assert [job for job, _ in results] == ["a", "b"]
    assert len({ident for _, ident in results}) == 2


@pytest.mark.parametrize(
    ("platform", "n_jobs", "expected"),
    [("cpu", 8, 3), ("cpu", 2, 2), ("gpu", 8, 1)],
)
def test_number_of_threads(monkeypatch, platform, n_jobs, expected):
    pools = []
    pool = _engine.ThreadPoolExecutor
    monkeypatch.setattr(_engine, "default_platform", lambda device: platform)
    monkeypatch.setattr(_engine, "effective_n_jobs", lambda n: n_jobs)
    monkeypatch.setattr(
        _engine, "ThreadPoolExecutor", lambda n: pools.append(n) or pool(n)
    )
    jobs = ["a", "b", "c"]
    assert run_in_threads(lambda job, _: job, jobs, [0] * 3, "cpu") == jobs
    assert pools == [expected]


def test_interrupt_ends_all_networks_and_keeps_them(monkeypatch):
    """The main thread waits for the first result when the user interrupts it."""

    class Future:
        interrupts = True

        def __init__(self, call):
            self.call = call

        def result(self):
            if Future.interrupts:
                Future.interrupts = False
                raise KeyboardInterrupt
            return self.call()

    class Pool(contextlib.nullcontext):
        def submit(self, *call):
            return Future(lambda: call[0](*call[1:]))

    monkeypatch.setattr(_engine, "ThreadPoolExecutor", lambda n: Pool(Pool()))

    def train(job, cancelled):
        reason = StopReason.INTERRUPTED if cancelled() else StopReason.MAX_ITER
        return job, reason

    results = run_in_threads(train, ["a", "b"], [0, 0], None)
    assert results == [(job, StopReason.INTERRUPTED) for job in ("a", "b")]


@pytest.mark.parametrize("error", [ValueError, SystemExit])
def test_error_of_one_network_ends_the_others(one_thread, error):
    trained, cancels = [], []

    def train(job, cancelled):
        trained.append(job)
        cancels.append(cancelled)
        if job == "a":
            raise error("bad")
        return job

    with pytest.raises(error, match="bad"):
        run_in_threads(train, list("abcdef"), [0] * 6, None)
    assert cancels[0]()  # networks in other threads end
    # The others are cancelled; the thread may have begun with a few of them.
    assert trained[0] == "a"


def test_interrupt_in_a_job_is_raised(one_thread):
    """An interrupt that a job raises itself is no interrupt of the user."""

    def train(job, cancelled):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_in_threads(train, ["a", "b"], [0, 0], None)
