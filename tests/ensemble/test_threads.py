# SPDX-License-Identifier: BSD-3-Clause
"""Threads of prediction, and their number."""

import threading
from contextlib import contextmanager, nullcontext
from types import SimpleNamespace

import numpy as np
import pytest
from joblib import Parallel, delayed
from threadpoolctl import threadpool_info, threadpool_limits

from skrln._ensemble import _fitted, _threads
from skrln._ensemble._threads import QUEUE, map_in_threads

from ._values import X, draw_ensemble


def blas_counts():
    """Threads of each BLAS library."""
    return [
        library["num_threads"]
        for library in threadpool_info()
        if library["user_api"] == "blas"
    ]


@pytest.fixture
def cores(monkeypatch):
    """Set the number of threads that BLAS and joblib admit: ``cores(blas, joblib)``."""

    def change(blas, jobs=8):
        counts = list(blas)

        @contextmanager
        def limit(limits):
            before, counts[:] = list(counts), [limits] * len(counts)
            yield
            counts[:] = before

        selection = SimpleNamespace(
            info=lambda: [{"num_threads": count} for count in counts], limit=limit
        )
        controller = SimpleNamespace(select=lambda user_api: selection)
        monkeypatch.setattr(_threads, "threadpool_controller", lambda: controller)
        monkeypatch.setattr(_threads, "effective_n_jobs", lambda n_jobs: jobs)

    return change


def test_results_are_in_order(cores):
    cores([3])
    assert map_in_threads(lambda k: k * k, iter(range(50)), 50) == [
        k * k for k in range(50)
    ]


@pytest.mark.parametrize(
    ("blas", "jobs", "expected"),
    [([2, 4], 8, 2), ([4], 3, 3), ([1], 8, 0), ([4], 1, 0), ([], 8, 0)],
)
def test_lowest_limit_is_the_number_of_threads(
    monkeypatch, cores, blas, jobs, expected
):
    cores(blas, jobs)
    counts = []

    def pool(function, items, n_threads, initializer):
        counts.append(n_threads)
        return list(map(function, items))

    monkeypatch.setattr(_threads, "_in_pool", pool)
    assert map_in_threads(abs, [-1, 2, -3, 4, 5], 5) == [1, 2, 3, 4, 5]
    assert counts == [expected] * (expected > 1)


def test_one_item_needs_no_threads(monkeypatch):
    monkeypatch.setattr(_threads, "threadpool_controller", None)
    assert map_in_threads(abs, [-3], 1) == [3]


def test_items_are_made_a_few_ahead(cores):
    cores([2])
    made, done, ahead = [], [], []

    def items():
        for k in range(40):
            made.append(k)
            yield k

    def take(k):
        ahead.append(len(made) - len(done))
        done.append(k)

    map_in_threads(take, items(), 40)
    assert max(ahead) <= QUEUE * 2 + 1


def test_an_error_ends_the_blocks_that_have_not_begun(cores):
    cores([2])
    calls = []

    def fail(k):
        calls.append(k)
        raise ValueError(f"block {k}")

    with pytest.raises(ValueError, match="block 0"):
        map_in_threads(fail, range(100), 100)
    assert len(calls) < 100


def test_threads_have_the_errstate_of_the_caller(cores):
    cores([2])
    zero = np.zeros(1)
    with np.errstate(divide="ignore"):
        results = map_in_threads(lambda k: k / zero, [1.0, 2.0], 2)
    assert np.isinf(results).all()


def test_blas_has_one_thread_inside_and_its_own_outside():
    with threadpool_limits(2, user_api="blas"):
        before = blas_counts()
        inside = map_in_threads(lambda k: blas_counts(), range(4), 4)
        assert {count for counts in inside for count in counts} <= {1}
        assert blas_counts() == before


def test_a_second_call_at_the_same_time_has_no_threads_of_its_own(monkeypatch):
    entered, leave = threading.Event(), threading.Event()
    before = blas_counts()

    def wait(k):
        entered.set()
        assert leave.wait(20)

    first = threading.Thread(target=map_in_threads, args=(wait, range(2), 2))
    first.start()
    assert entered.wait(20)
    try:
        monkeypatch.setattr(_threads, "_map_with_limit", None)
        assert map_in_threads(abs, [-1, -2], 2) == [1, 2]
    finally:
        leave.set()
        first.join(20)
    assert blas_counts() == before
    assert not _threads._has_limit.locked()


def test_blocks_follow_each_other_where_another_thread_has_limited_blas(monkeypatch):
    monkeypatch.setattr(_threads, "_in_pool", None)
    selection = SimpleNamespace(
        info=lambda: [{"num_threads": 4}], limit=lambda limits: nullcontext()
    )
    controller = SimpleNamespace(select=lambda user_api: selection)
    monkeypatch.setattr(_threads, "threadpool_controller", lambda: controller)
    monkeypatch.setattr(_threads, "effective_n_jobs", lambda n_jobs: 4)
    assert map_in_threads(abs, [-1, -2], 2) == [1, 2]


def test_limits_of_the_caller_hold(monkeypatch):
    monkeypatch.setattr(_threads, "_in_pool", None)
    with threadpool_limits(1, user_api="blas"):
        assert map_in_threads(abs, [-1, -2], 2) == [1, 2]


def test_predictions_of_several_threads(monkeypatch, cores):
    ensemble = draw_ensemble()
    whole = ensemble.means(X)
    monkeypatch.setattr(_fitted, "EXPANDED_BLOCK", 4)
    monkeypatch.setattr(_fitted, "COMPACTED_ROWS", 1)
    cores([3])
    np.testing.assert_allclose(ensemble.means(X), whole, rtol=1e-12)
    cores([3])
    many = Parallel(2, prefer="threads")(delayed(ensemble.means)(X) for _ in range(4))
    for means in many:
        np.testing.assert_allclose(means, whole, rtol=1e-12)
