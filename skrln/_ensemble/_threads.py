# SPDX-License-Identifier: BSD-3-Clause
"""Threads of prediction: a block of rows each, with single-threaded matrix products.

A product of one block is too small to be shared by the threads of a BLAS library, which wait
for each other. A thread for each block has nothing to wait for.
"""

import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

from joblib import effective_n_jobs

from skrln._table._sklearn import threadpool_controller

#: Blocks that wait for each thread, at most; bounds the memory of encoded rows.
QUEUE = 2
#: Held by the call that limits the threads of BLAS libraries. The limit is one of the process:
#: a second call would take the limit for the number to restore.
_has_limit = threading.Lock()


def map_in_threads(function, items, n_items):
    """Return the results of `function` for all items, in their order.

    The number of threads is that of the BLAS libraries or of joblib, whichever is lower:
    limits of ``threadpoolctl``, and of a parallel loop around the call, hold. The blocks follow
    each other where another thread predicts, and where ``threadpoolctl`` cannot limit BLAS.

    Parameters
    ----------
    function : callable
        Releases the interpreter most of the time. It runs in the context of the caller, such
        as ``numpy.errstate``.
    items : iterable
        Its items are made in this thread, a few ahead of the threads that take them.
    n_items : int
    """
    if n_items > 1 and _has_limit.acquire(blocking=False):
        try:
            return _map_with_limit(function, items, n_items)
        finally:
            _has_limit.release()
    return list(map(function, items))


def _map_with_limit(function, items, n_items):
    blas = threadpool_controller().select(user_api="blas")
    counts = _thread_counts(blas)
    n_threads = min([*counts, n_items, effective_n_jobs(-1)])
    if n_threads == 1 or not counts:
        return list(map(function, items))
    with blas.limit(limits=1):
        if max(_thread_counts(blas)) > 1:  # another thread has set a limit
            return list(map(function, items))
        return _in_pool(function, items, n_threads, lambda: blas.limit(limits=1))


def _thread_counts(blas):
    """Return the number of threads of each BLAS library."""
    return [library["num_threads"] for library in blas.info()]


def _in_pool(function, items, n_threads, initializer):
    results, waiting = [], deque()
    # Limits of OpenMP are those of a thread: each thread sets its own.
    pool = ThreadPoolExecutor(n_threads, initializer=initializer)
    try:
        for item in items:
            waiting.append(pool.submit(copy_context().run, function, item))
            if len(waiting) > QUEUE * n_threads:
                results.append(waiting.popleft().result())
        results += [future.result() for future in waiting]
    finally:  # an interrupt ends the blocks that have not begun
        pool.shutdown(cancel_futures=True)
    return results
