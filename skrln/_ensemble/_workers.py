# SPDX-License-Identifier: BSD-3-Clause
"""Jobs on the workers of a backend of joblib: other processes, or other machines."""

import pickle
import sys
import threading
from concurrent.futures.process import BrokenProcessPool
from typing import Any, NamedTuple
from uuid import uuid4

import numpy as np
from joblib import Parallel, delayed, parallel_config
from joblib.parallel import BACKENDS, get_active_backend

from skrln._checkpoints._folder import NO_CHECKPOINTS
from skrln._interrupts import awaited_at_exit, current_scope, whole_fits
from skrln._kernels import deal_devices

#: Number of times that processes may die before the fit fails.
MOST_LOSSES = 3


class Workers(NamedTuple):
    """Workers that the user chose with ``joblib.parallel_config``."""

    backend: Any
    n_jobs: int | None  #: None for all


def find_workers():
    """Return the workers that the user chose; None for threads of this process.

    joblib's own default is no choice, and neither are a single job and a backend that shares
    memory. Forked processes cannot use JAX. In a task of a worker everything runs in that
    worker: the others have tasks of their own.
    """
    # Where the user chose nothing, joblib answers with what is preferred here.
    backend, n_jobs = get_active_backend(prefer="threads")
    shares_memory = getattr(backend, "supports_sharedmem", False)
    forks = type(backend) is BACKENDS.get("multiprocessing")
    if shares_memory or forks or n_jobs == 1 or is_dask_task():
        return None
    return Workers(backend, n_jobs)


def is_dask_task():
    """Return True in a thread that runs a task of a Dask worker."""
    utils = sys.modules.get("distributed.utils")
    return hasattr(getattr(utils, "thread_state", None), "execution_state")


def refuse_checkpoints(checkpoints, workers):
    """Raise a ValueError for a checkpoint, whose files other machines do not have."""
    if checkpoints is not NO_CHECKPOINTS:
        raise ValueError(
            f"Got checkpoint={checkpoints.path!r} under joblib's {_name(workers)}, whose "
            "workers cannot write to a folder of this machine. Pass checkpoint=None, or fit "
            "outside of joblib.parallel_config."
        )


class _KeepingClient:
    """Client of Dask whose scheduler keeps the data that it sends.

    joblib scatters the arguments of its tasks. Dask keeps them on one worker only, whatever
    their number of copies; if it dies, they are lost, and the tasks wait for ever or fail. The
    arguments of a task are sent again.
    """

    def __init__(self, client):
        self._client = client

    def __getattr__(self, name):
        return getattr(self._client, name)

    async def scatter(self, data, **options):
        """Send data as the result of a task, which the scheduler can repeat."""
        del options
        from dask import config

        # A lambda travels as its code, to workers without this package as well. Dask warns of
        # large arguments, because scattered ones would not stay in its scheduler.
        key = f"skrln-data-{uuid4().hex}"
        with config.set({"distributed.admin.large-graph-warning-threshold": "1 TB"}):
            return self._client.submit(lambda data: data, data, key=key)


def keeping(backend):
    """Return the backend, or for Dask one whose scheduler keeps the arguments of tasks."""
    client = getattr(backend, "client", None)
    if client is None or type(backend) is not BACKENDS.get("dask"):
        return backend
    timeout, options = backend.wait_for_workers_timeout, backend.submit_kwargs
    copy = type(backend)(
        client=_KeepingClient(client), wait_for_workers_timeout=timeout, **options
    )
    copy.data_futures = backend.data_futures  # what the user has sent already
    copy.nesting_level = backend.nesting_level
    return copy


def run_on_workers(train, jobs, numbers, device, workers):
    """Run jobs on workers, and give the jobs of a process that dies to others.

    The jobs travel as one value, so that each worker gets their table once.

    Parameters, results and the order of the jobs are those of `run_in_threads`. A worker deals
    the jobs over its own devices.

    Raises
    ------
    RuntimeError
        If processes die more than `MOST_LOSSES` times, or a worker cannot import skrln.
    ValueError
        If a job cannot be pickled.
    """
    parcel, token = _pack(train, jobs, device, workers), uuid4().hex
    results: dict[int, Any] = {}
    n_losses = 0
    while len(results) < len(jobs):
        left = [k for k in range(len(jobs)) if k not in results]
        left.sort(key=lambda k: numbers[k])
        try:
            results.update(_call_all(workers, parcel, token, left))
        except KeyboardInterrupt:
            if current_scope().whole:
                raise
            return [results.get(k) for k in range(len(jobs))], True
        except BrokenProcessPool as error:  # joblib starts other processes
            n_losses += 1
            if n_losses > MOST_LOSSES:
                raise RuntimeError(
                    f"Workers of joblib's {_name(workers)} died {n_losses} times, with "
                    f"{len(left)} of {len(jobs)} fits left. Often the memory is too small: "
                    "lower n_jobs in joblib.parallel_config."
                ) from error
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] != "skrln":
                raise
            raise RuntimeError(
                f"A worker of joblib's {_name(workers)} cannot import skrln. Install the same "
                "versions of Python, skrln, JAX and scikit-learn on all workers as here."
            ) from error
    return [results[k] for k in range(len(jobs))], False


def _name(workers):
    return type(workers.backend).__name__


def _pack(train, jobs, device, workers):
    """Pickle all jobs. An array is what every backend of joblib sends without copies."""
    # Functions of a notebook travel too. joblib has no loky where processes cannot be started.
    from joblib.externals.loky.backend.reduction import dumps

    try:
        return np.frombuffer(dumps((train, jobs, device)), np.uint8)
    except Exception as error:
        raise ValueError(
            f"Got a fit that cannot be sent to the workers of joblib's {_name(workers)}: "
            f"{error}. Pass parameters and rows that can be pickled, or fit outside of "
            "joblib.parallel_config."
        ) from error


def _call_all(workers, parcel, token, numbers):
    """Return an iterator of the number and the result of each job that ends."""
    with parallel_config(keeping(workers.backend)):
        pool = Parallel(
            n_jobs=-1 if workers.n_jobs is None else workers.n_jobs,
            batch_size=1,
            pre_dispatch="all",
            return_as="generator_unordered",
        )
        call = _make_call()
        return pool(delayed(call)(parcel, token, k) for k in numbers)


def _make_call():
    """Make the function that workers call, which finds the package when it is called.

    A function of a module travels as a name, and a worker of Dask that cannot import it dies;
    a function of a function travels as its code.
    """

    def call(parcel, token, number):
        from importlib import import_module

        run = import_module("skrln._ensemble._workers").run_job
        return run(parcel, token, number)

    return call


#: The last parcel that this process has opened, by its token.
_received: dict[str, Any] = {}
_opening = threading.Lock()


def run_job(parcel, token, number):
    """Run a job in a worker; an interrupt of its process ends it without a result."""
    with _opening:
        if token not in _received:
            _received.clear()
            _received[token] = pickle.loads(parcel)
        train, jobs, device = _received[token]
    with awaited_at_exit(), whole_fits():
        devices = deal_devices(device, len(jobs))
        own = devices[number % len(devices)]
        return number, train(jobs[number], device=own)
