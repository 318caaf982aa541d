# SPDX-License-Identifier: BSD-3-Clause
"""Pools of joblib: threads that end with their fit, and workers that may die."""

import contextlib
from functools import partial

from joblib import parallel_config
from joblib.parallel import ThreadingBackend, get_active_backend

from skrln._ensemble._workers import keeping


class CallThreads(ThreadingBackend):
    """Threads of joblib that run everything as a call of `calls`.

    Parameters
    ----------
    calls : Calls
    **options : dict
        Options of a backend of joblib.
    """

    def __init__(self, calls, **options):
        super().__init__(**options)
        self._calls = calls

    def submit(self, func, callback=None):
        """Schedule a call."""
        return super().submit(partial(self._calls.run, func), callback)

    def apply_async(self, func, callback=None):
        """Schedule a call, before joblib 1.5."""
        return super().apply_async(partial(self._calls.run, func), callback)


def pool_of(calls):
    """Return a context in which threads of joblib, if it uses threads, run `calls`.

    Dask keeps the table for other workers, so that the fit outlives one of them.
    """
    backend, _ = get_active_backend()
    if type(backend) is ThreadingBackend:
        calling = CallThreads(calls, nesting_level=backend.nesting_level)
        return parallel_config(calling)
    sending = keeping(backend)
    if sending is backend:  # processes, which joblib ends
        return contextlib.nullcontext()
    return parallel_config(sending)
