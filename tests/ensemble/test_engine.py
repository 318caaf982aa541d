# SPDX-License-Identifier: BSD-3-Clause
"""The engine, with jobs that train nothing: order, threads, interrupts and errors."""

import concurrent.futures
import contextlib
import threading
import time
from types import SimpleNamespace

import pytest

from skrln._ensemble import _engine
from skrln._ensemble._engine import NO_WATCH, Engine, run_in_threads
from skrln._ensemble._jobs import Trained
from skrln._interrupts import Scope, current_scope, in_scope, whole_fits
from skrln._kernels import StopReason
from tests.faults._keys import press_ctrl_c, wait_for

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

    def without_callbacks(self):
        return self

    @contextlib.contextmanager
    def epochs(self, max_epochs):
        self.asked.append(max_epochs)
        yield self.on_epoch


@pytest.fixture
def trained(monkeypatch):
    """Names of the jobs that were trained, and their listeners."""
    calls = []

    def train_job(job, listener, device):
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

    def train(job, device):
        barrier.wait()  # one job alone would wait for ever
        return job, threading.get_ident()

    results, was_interrupted = run_in_threads(train, ["a", "b"], [0, 0], None)
    assert not was_interrupted
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
    assert run_in_threads(lambda job, device: job, jobs, [0] * 3, "cpu") == (
        jobs,
        False,
    )
    assert pools == [expected]


@pytest.fixture
def two_gpus(monkeypatch):
    monkeypatch.setattr(_engine, "default_platform", lambda device: "gpu")
    monkeypatch.setattr(_engine, "deal_devices", lambda *_: ["gpu:0", "gpu:1"])


def test_each_device_has_a_thread(two_gpus):
    barrier = threading.Barrier(2, timeout=10)

    def train(job, device):
        if job < 2:
            barrier.wait()
        return device

    results, _ = run_in_threads(train, range(6), [0] * 6, "all")
    assert sorted(results[:2]) == ["gpu:0", "gpu:1"]
    assert set(results) == {"gpu:0", "gpu:1"}


def test_job_gets_the_device_that_is_free(two_gpus):
    free = threading.Event()

    def train(job, device):
        if job == 0:
            assert free.wait(10)
        elif job == 3:
            free.set()
        return device

    results, _ = run_in_threads(train, range(4), [0] * 4, "all")
    first, *others = results
    assert set(others) == {"gpu:0", "gpu:1"} - {first}


def test_device_of_a_job_that_fails_is_free_again(two_gpus):
    def train(job, device):
        if job == 0:
            raise KeyboardInterrupt
        return device

    results, was_interrupted = run_in_threads(train, [0], [0], "all")
    assert (results, was_interrupted) == ([None], True)


def test_callbacks_need_one_device(two_gpus, monkeypatch):
    devices = []

    def train_job(job, listener, device):
        devices.append(device)
        return SimpleNamespace(fitted=SimpleNamespace(was_stopped=False))

    monkeypatch.setattr(_engine, "train_job", train_job)
    Engine(FakeWatch(is_listening=True), "all").run([FakeJob("a"), FakeJob("b")])
    assert devices == ["gpu:0", "gpu:0"]


def test_interrupt_ends_all_networks_and_keeps_them(monkeypatch):
    """The main thread waits for the first result when the user interrupts it."""
    monkeypatch.setattr(_engine, "effective_n_jobs", lambda n: 2)

    def train(job, device):
        if job == "a":
            press_ctrl_c()
        assert wait_for(is_cancelled)
        if job == "c":
            raise KeyboardInterrupt  # without an epoch
        return job

    results = run_in_threads(train, list("abcd"), [0] * 4, None)
    assert results == (["a", "b", None, None], True)


def is_cancelled():
    return current_scope().cancelled()


def test_interrupt_after_the_last_network_is_one(monkeypatch):
    """All have come to their end, and only the main thread sees the interrupt."""
    monkeypatch.setattr(_engine, "wait", interrupted_wait)
    fitted = draw_fitted()
    monkeypatch.setattr(
        _engine, "train_job", lambda job, *_: Trained(job, fitted, None)
    )
    kept = Engine(NO_WATCH, None).run([FakeJob("a"), FakeJob("b")])
    assert [member.job.name for member in kept] == ["a", "b"]
    assert {member.fitted.reason for member in kept} == {StopReason.INTERRUPTED}


def interrupted_wait(futures, return_when):
    concurrent.futures.wait(futures)
    raise KeyboardInterrupt


def test_threads_end_with_the_fit_around_them():
    def train(job, device):
        assert is_cancelled()
        raise KeyboardInterrupt

    with in_scope(Scope(cancelled=lambda: True)):
        assert run_in_threads(train, ["a"], [0], None) == ([None], True)


def test_error_of_a_later_job_ends_the_earlier_ones(monkeypatch):
    monkeypatch.setattr(_engine, "effective_n_jobs", lambda n: 2)

    def train(job, device):
        if job == "b":
            raise ValueError("bad")
        assert wait_for(is_cancelled)

    with pytest.raises(ValueError, match="bad"):
        run_in_threads(train, ["a", "b"], [0, 0], None)


def test_second_interrupt_waits_for_the_threads_and_is_raised(monkeypatch):
    monkeypatch.setattr(_engine, "effective_n_jobs", lambda n: 2)
    ended = []

    def train(job, device):
        if job == "a":
            press_ctrl_c()
        assert wait_for(is_cancelled)
        if job == "a":
            press_ctrl_c()
        time.sleep(0.1)
        ended.append(job)
        return job

    with pytest.raises(KeyboardInterrupt):
        run_in_threads(train, ["a", "b"], [0, 0], None)
    assert sorted(ended) == ["a", "b"]


def test_interrupt_of_a_part_ends_the_whole(monkeypatch):
    monkeypatch.setattr(_engine, "effective_n_jobs", lambda n: 2)
    wholes = []

    def train(job, device):
        wholes.append(current_scope().whole)
        if job == "a":
            press_ctrl_c()
        assert wait_for(is_cancelled)
        return job

    with pytest.raises(KeyboardInterrupt), whole_fits():
        run_in_threads(train, ["a", "b"], [0, 0], None)
    assert wholes == [True, True]


@pytest.mark.parametrize("is_listening", [False, True])
def test_networks_without_an_epoch_are_left_out(monkeypatch, is_listening):
    fitted = draw_fitted()

    def train_job(job, listener, device):
        if job.name != "a":
            raise KeyboardInterrupt
        return Trained(job, fitted, None)

    monkeypatch.setattr(_engine, "train_job", train_job)
    engine = Engine(FakeWatch(is_listening), None)
    [kept] = engine.run([FakeJob("a"), FakeJob("b"), FakeJob("c")])
    assert kept.job.name == "a"
    assert kept.fitted.reason == StopReason.INTERRUPTED
    with pytest.raises(KeyboardInterrupt):
        engine.run([FakeJob("b"), FakeJob("c")])
    with pytest.raises(KeyboardInterrupt), whole_fits():
        engine.run([FakeJob("a"), FakeJob("b")])


@pytest.mark.parametrize("error", [ValueError, SystemExit])
def test_error_of_one_network_ends_the_others(one_thread, error):
    trained, cancels = [], []

    def train(job, device):
        trained.append(job)
        cancels.append(current_scope().cancelled)
        if job == "a":
            raise error("bad")
        return job

    with pytest.raises(error, match="bad"):
        run_in_threads(train, list("abcdef"), [0] * 6, None)
    assert cancels[0]()  # networks in other threads end
    # The others are cancelled; the thread may have begun with a few of them.
    assert trained[0] == "a"
