# SPDX-License-Identifier: BSD-3-Clause
"""Jobs on workers of joblib's backends: loky's processes, and a real cluster of Dask."""

import os
import signal
import sys
import threading
import time
from concurrent.futures.process import BrokenProcessPool

import numpy as np
import pytest
from joblib import Parallel, delayed, parallel_config
from numpy.testing import assert_array_equal
from sklearn.datasets import make_classification, make_regression
from sklearn.metrics import r2_score
from sklearn.naive_bayes import GaussianNB

from skrln import BlendingClassifier, RLNRegressor, RLNRegressorCV
from skrln._ensemble import _workers
from skrln._ensemble._workers import find_workers, is_dask_task, run_on_workers
from skrln._interrupts import whole_fits

X, Y = make_regression(60, 4, noise=5, random_state=0)
SMALL = {
    "hidden_layer_sizes": (4,),
    "max_iter": 3,
    "numeric_embedding": None,
    "input_selection": False,
    "batch_size": 64,
    "dtype": "float32",
    "random_state": 0,
}


def die_once(path):
    """Kill this process, unless a process of this test has died before."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


class Mortal:
    """Scorer whose first call kills its process."""

    def __init__(self, path):
        self.path = str(path)

    def __call__(self, model, X, y):
        die_once(self.path)
        return r2_score(y, model.predict(X))


class MortalBayes(GaussianNB):
    """Classifier whose first fit kills its process."""

    def __init__(self, path=None):
        super().__init__()
        self.path = path

    def fit(self, X, y, sample_weight=None):
        die_once(self.path)
        return super().fit(X, y, sample_weight)


def train(job, device):
    """Job of a fit that is told what to do."""
    kind, *rest = job
    if kind == "die":
        die_once(*rest)
    elif kind == "always die":
        os.kill(os.getpid(), signal.SIGKILL)
    elif kind == "fail":
        raise ValueError(f"bad {rest[0]}")
    return job


def bits(model):
    coefs = [w.tobytes() for member in model.estimators_ for w in member.coefs_]
    return coefs, model.predict(X).tobytes()


# -- the choice of the user ------------------------------------------------------------


def found():
    workers = find_workers()
    return workers and (type(workers.backend).__name__, workers.n_jobs)


def test_threads_are_kept_unless_the_user_chose_processes():
    assert found() is None
    for options in (
        {"n_jobs": 2},
        {"prefer": "processes"},
        {"backend": "threading"},
        {"backend": "sequential"},
        {"backend": "multiprocessing"},  # forks, where JAX hangs
        {"backend": "loky", "n_jobs": 1},
    ):
        with parallel_config(**options):
            assert found() is None
    with parallel_config(backend="loky"):
        assert found() == ("LokyBackend", None)
    with parallel_config(backend="loky", n_jobs=3):
        assert found() == ("LokyBackend", 3)


def test_unknown_backend_is_named_by_joblib():
    with (
        pytest.raises(ValueError, match="Invalid backend: ray"),
        parallel_config(backend="ray"),
    ):
        pass


# -- errors ----------------------------------------------------------------------------


def test_checkpoint_is_refused(tmp_path):
    model = RLNRegressor(n_estimators=2, checkpoint=str(tmp_path / "fit"), **SMALL)
    message = "checkpoint=.*LokyBackend.*Pass checkpoint=None"
    with parallel_config(backend="loky"), pytest.raises(ValueError, match=message):
        model.fit(X, Y)
    search = RLNRegressorCV(checkpoint=str(tmp_path / "search"), **SMALL)
    with parallel_config(backend="loky"), pytest.raises(ValueError, match=message):
        search.fit(X, Y)


def test_jobs_that_do_not_pickle():
    message = "cannot be sent to the workers of joblib's LokyBackend: cannot pickle"
    with parallel_config(backend="loky"), pytest.raises(ValueError, match=message):
        run_on_workers(train, [threading.Lock()], [0], None, find_workers())


@pytest.fixture
def calls(monkeypatch):
    """Answers of the workers, one list of a try; an error is raised."""

    def give(*tries):
        tries = iter(tries)

        def call_all(workers, parcel, token, numbers):
            seen.append(list(numbers))
            for answer in next(tries):
                if isinstance(answer, BaseException):
                    raise answer
                yield answer

        seen = []
        monkeypatch.setattr(_workers, "_call_all", call_all)
        return seen

    with parallel_config(backend="loky"):
        yield give


def test_jobs_of_a_dead_process_run_again(calls):
    seen = calls([(2, "c"), BrokenProcessPool()], [(1, "b"), (0, "a")])
    results = run_on_workers(train, list("abc"), [0, 1, 0], None, find_workers())
    assert results == (["a", "b", "c"], False)
    assert seen == [[0, 2, 1], [0, 1]]


def test_processes_that_always_die(calls):
    calls(*[[BrokenProcessPool()]] * 4)
    with pytest.raises(RuntimeError, match="died 4 times, with 2 of 2 fits left"):
        run_on_workers(train, list("ab"), [0, 1], None, find_workers())


def test_interrupt_keeps_what_has_arrived(calls):
    calls([(1, "b"), KeyboardInterrupt()])
    results = run_on_workers(train, list("abc"), [0, 1, 2], None, find_workers())
    assert results == ([None, "b", None], True)


def test_interrupt_of_a_part_ends_the_whole(calls):
    calls([(1, "b"), KeyboardInterrupt()])
    with whole_fits(), pytest.raises(KeyboardInterrupt):
        run_on_workers(train, list("abc"), [0, 1, 2], None, find_workers())


def test_engine_keeps_networks_that_have_arrived(calls, monkeypatch):
    here = RLNRegressor(n_estimators=2, **SMALL).fit(X, Y)
    fitted = here._fitted.members[1]
    sent = fitted._replace(settings=None, encoder=None, target=None), None
    calls([(1, sent), KeyboardInterrupt()])
    model = RLNRegressor(n_estimators=2, **SMALL)
    with pytest.warns(match="interrupt"):
        model.fit(X, Y)
    [kept] = model.estimators_
    assert_array_equal(kept.coefs_[0], here.estimators_[1].coefs_[0])


# -- loky ------------------------------------------------------------------------------


def test_processes_give_the_result_of_threads(tmp_path):
    """One of them is killed in the middle."""
    here = RLNRegressor(n_estimators=2, **SMALL).fit(X, Y)
    with parallel_config(backend="loky", n_jobs=2):
        assert bits(RLNRegressor(n_estimators=2, **SMALL).fit(X, Y)) == bits(here)
        jobs = [("live", 0), ("die", str(tmp_path / "died")), ("live", 1)]
        assert run_on_workers(train, jobs, [0] * 3, None, find_workers()) == (
            jobs,
            False,
        )
        # Within a fit of a search, threads of that process.
        nested = Parallel(2)(delayed(found)() for _ in range(2))
    assert nested == [None, None]
    assert (tmp_path / "died").exists()


# -- Dask ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def client():
    """Client of two processes with a thread each."""
    distributed = pytest.importorskip(
        "distributed", reason="Dask is optional: pip install skrln[dask]"
    )
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.fixture
def on_cluster(client):
    client.wait_for_workers(2, timeout=60)
    with parallel_config(backend="dask"):
        yield client


def test_cluster_gives_the_result_of_one_machine(client):
    models = [
        RLNRegressor(n_estimators=2, **SMALL),
        RLNRegressorCV(n_estimators=1, thetas=(-7, -6), cv=2, **SMALL),
    ]
    here = [bits(model.fit(X, Y)) for model in models]
    client.wait_for_workers(2, timeout=60)
    with parallel_config(backend="dask"):
        there = [bits(model.fit(X, Y)) for model in models]
    assert here == there
    # Tables and encoders of the members are those of this process.
    members = models[0].fit(X, Y)._fitted.members
    assert members[0].encoder is members[1].encoder


def test_table_travels_once_to_each_worker(on_cluster):
    table = np.zeros(1 << 20, np.uint8)
    jobs = [(table, k) for k in range(6)]
    opened, _ = run_on_workers(open_table, jobs, [0] * 6, None, find_workers())
    assert len(set(opened)) == len({process for process, _ in opened})


def open_table(job, device):
    """Process of a job, and the place of its table there."""
    time.sleep(0.05)
    return os.getpid(), id(job[0])


def test_tasks_of_a_worker_use_no_other_workers(on_cluster):
    assert not is_dask_task()
    assert Parallel()(delayed(is_dask_task)() for _ in range(2)) == [True, True]
    assert Parallel()(delayed(found)() for _ in range(2)) == [None, None]


def test_killed_worker_costs_no_fit(on_cluster, tmp_path):
    options = {"n_estimators": 1, "thetas": (-7, -6), "cv": 2, **SMALL}
    path = tmp_path / "died"
    there = RLNRegressorCV(scoring=Mortal(path), **options).fit(X, Y)
    assert path.exists()
    with parallel_config(backend="threading"):
        here = RLNRegressorCV(scoring="r2", **options).fit(X, Y)
    assert bits(there) == bits(here)
    name = "mean_test_score"
    assert_array_equal(there.cv_results_[name], here.cv_results_[name])


def test_killed_worker_costs_no_blend(on_cluster, tmp_path):
    X, y = make_classification(200, random_state=0)
    path = tmp_path / "died"
    members = [("a", MortalBayes(str(path))), ("b", GaussianNB(var_smoothing=0.1))]
    there = BlendingClassifier(members, cv=3, random_state=0).fit(X, y)
    assert path.exists()
    with parallel_config(backend="threading"):
        here = BlendingClassifier(members, cv=3, random_state=0).fit(X, y)
    assert_array_equal(there.predict_proba(X), here.predict_proba(X))


def test_error_of_a_worker_is_raised(on_cluster):
    with pytest.raises(ValueError, match="bad fit"):
        run_on_workers(
            train, [("live",), ("fail", "fit")], [0, 1], None, find_workers()
        )


def forget_package():
    """Make this process one where skrln is not installed."""

    class Finder:
        def find_spec(self, name, *_):
            if name.partition(".")[0] == "skrln":
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    for name in [name for name in sys.modules if name.partition(".")[0] == "skrln"]:
        del sys.modules[name]
    sys.meta_path.insert(0, Finder())


def test_worker_without_the_package(on_cluster):
    on_cluster.run(forget_package)
    model = RLNRegressor(n_estimators=2, **SMALL)
    with pytest.raises(RuntimeError, match=r"worker of .* cannot import skrln"):
        model.fit(X, Y)
