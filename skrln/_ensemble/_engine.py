# SPDX-License-Identifier: BSD-3-Clause
"""Engine: the one place where jobs run, in threads here or on workers."""

import contextlib
from concurrent.futures import (
    FIRST_EXCEPTION,
    CancelledError,
    ThreadPoolExecutor,
    wait,
)
from functools import partial
from itertools import cycle, islice
from queue import SimpleQueue
from threading import Event

from joblib import effective_n_jobs

from skrln._checkpoints._folder import NO_CHECKPOINTS
from skrln._interrupts import current_scope, deferred, ended_by, in_scope
from skrln._kernels import StopReason, deal_devices, default_platform
from skrln._network._train import Listener

from ._fitted import make_ensemble
from ._jobs import Trained, train_job
from ._workers import find_workers, is_dask_task, refuse_checkpoints, run_on_workers


class Engine:
    """Runs the jobs of a fit under the eyes of its callbacks and its progress bar.

    Parameters
    ----------
    watch : object
        ``watch.epochs(n)`` is a context that yields the function to call after every epoch,
        or None; ``watch.is_listening`` says whether callbacks are set;
        ``watch.without_callbacks()`` returns a watch that calls none.
    device : str or None
    checkpoints : Checkpoints
        ``checkpoints.slots(n)`` are the places of the states of the next `n` networks.
    """

    def __init__(self, watch, device, checkpoints=NO_CHECKPOINTS):
        self.watch, self.device, self.checkpoints = watch, device, checkpoints

    def run(self, jobs):
        """Train the networks of `jobs`; return a Trained of each.

        A callback that stops one network ends the fit: later jobs do not run. After an
        interrupt, networks without an epoch are left out, and all others count as interrupted.

        Raises
        ------
        KeyboardInterrupt
            If an interrupt leaves no network, or where the fit is part of a whole.
        """
        n_epochs = sum(job.settings.max_epochs for job in jobs)
        if self.watch.is_listening or len(jobs) == 1:
            # One network at a time has no use for further devices of its own.
            device = deal_devices(self.device, len(jobs))[0]
            with self.watch.epochs(n_epochs) as on_epoch:
                train = partial(_train, on_epoch=on_epoch, device=device)
                return _run_in_turn(train, self._places(jobs))
        numbers = [job.number for job in jobs]
        workers = find_workers()
        if workers is None:
            trained, was_interrupted = self.run_here(
                _train, self._places(jobs), numbers, n_epochs
            )
        else:
            refuse_checkpoints(self.checkpoints, workers)
            sent, was_interrupted = run_on_workers(
                _train_away, jobs, numbers, self.device, workers
            )
            trained = [_rejoined(*pair) for pair in zip(jobs, sent, strict=True)]
        return interrupted(trained) if was_interrupted else trained

    def _places(self, jobs):
        return list(zip(jobs, self.checkpoints.slots(len(jobs)), strict=True))

    def run_each(self, train, jobs, n_epochs):
        """Call a function for each job, without callbacks: on workers, else in threads.

        Parameters
        ----------
        train : callable
            Takes a job, and by name its device and the function to call after every epoch,
            or None.
        jobs : list
            They start in the order of their `number`.
        n_epochs : int
            Most epochs of all jobs.

        Returns
        -------
        results : list
        was_interrupted : bool
        """
        numbers, workers = [job.number for job in jobs], find_workers()
        if workers is None:
            return self.run_here(train, jobs, numbers, n_epochs)
        refuse_checkpoints(self.checkpoints, workers)
        return run_on_workers(train, jobs, numbers, self.device, workers)

    def run_here(self, train, jobs, numbers, n_epochs):
        """As `run_each`, in threads of this process."""
        with self.watch.without_callbacks().epochs(n_epochs) as on_epoch:
            train = partial(train, on_epoch=on_epoch)
            return run_in_threads(train, jobs, numbers, self.device)


def _train(place, *, device, on_epoch=None):
    job, slot = place
    if on_epoch is None:
        return train_job(job, Listener(slot=slot), device)
    columns = job.shared.columns

    def call(snapshot, describe):
        return on_epoch(snapshot, lambda: make_ensemble(columns, [describe()]))

    return train_job(job, Listener(call, slot=slot), device)


def _train_away(job, *, device):
    """Train a network in a worker; return what the others do not know."""
    _, fitted, means = train_job(job, device=device)
    return fitted._replace(settings=None, encoder=None, target=None), means


def _rejoined(job, sent):
    """Make the Trained of a job from what its worker sent; None for nothing.

    Members of a fit share the encoders of its table: a copy of them would compress it again.
    """
    if sent is None:
        return None
    shared, (fitted, means) = job.shared, sent
    encoding = shared.encodings[job.kind.numeric_embedding]
    fitted = fitted._replace(
        settings=job.settings,
        encoder=encoding.encoder_of(job.number),
        target=shared.target,
    )
    return Trained(job, fitted, means)


def _run_in_turn(train, places):
    trained = []
    for place in places:
        try:
            trained.append(train(place))
        except KeyboardInterrupt:
            return interrupted(trained)
        if trained[-1].fitted.was_stopped:
            break
    return trained


def interrupted(trained):
    """Mark the trained networks as interrupted. None stands for a network without an epoch."""
    members = [member for member in trained if member is not None]
    if not members or current_scope().whole:
        raise KeyboardInterrupt
    reason = int(StopReason.INTERRUPTED)
    return [
        member._replace(fitted=member.fitted._replace(reason=reason))
        for member in members
    ]


def run_in_threads(train, jobs, numbers, device):
    """Run jobs in threads, and end all of them at the first error.

    Programs of small networks leave a processor idle, and JAX waits without holding the
    interpreter. Jobs run in the order of `numbers`: kinds take turns, so that the programs of
    two kinds compile side by side. Where jobs are dealt over several devices, each job gets the
    device that has waited longest. A second interrupt, while the first one waits for the
    threads, is raised once the threads have ended.

    Parameters
    ----------
    train : callable
        Takes a job, and by name its device.
    jobs : list
    numbers : list of int
    device : str or None

    Returns
    -------
    results : list
        In the order of `jobs`. The result of a job that an interrupt ended is None.
    was_interrupted : bool
    """
    on_cpu = default_platform(device) == "cpu"
    # A worker of Dask has a thread for each of its tasks.
    is_alone = on_cpu and not is_dask_task()
    devices = deal_devices(device, len(jobs))
    n_threads = min(len(jobs), effective_n_jobs(-1)) if is_alone else 1
    n_threads = max(n_threads, len(devices))
    free = SimpleQueue()
    for name in islice(cycle(devices), n_threads):
        free.put(name)
    stop, scope, futures, was_interrupted = Event(), current_scope(), {}, False

    def run(job):
        own = free.get()
        try:
            with in_scope(ended_by(stop, scope)):
                return train(job, device=own)
        finally:
            free.put(own)

    pool = ThreadPoolExecutor(n_threads)
    try:
        with deferred():
            for k in sorted(range(len(jobs)), key=lambda k: numbers[k]):
                futures[k] = pool.submit(run, jobs[k])
        ended = wait(futures.values(), return_when=FIRST_EXCEPTION).done
        for future in futures.values():
            if future in ended:
                future.result()  # raises the error of the job
    except BaseException as error:
        stop.set()
        with deferred():
            pool.shutdown(cancel_futures=True)
        if scope.whole or not isinstance(error, KeyboardInterrupt):
            raise
        was_interrupted = True
    finally:
        pool.shutdown()
    return [_result(futures[k]) for k in range(len(jobs))], was_interrupted


def _result(future):
    """Return the result of a call that an interrupt may have ended, or None."""
    try:
        return future.result()
    except (KeyboardInterrupt, CancelledError):
        return None


class _NoWatch:
    """Watch of a fit that nobody follows."""

    is_listening = False

    def without_callbacks(self):
        """Return the watch itself, which has no callbacks."""
        return self

    @contextlib.contextmanager
    def epochs(self, max_epochs):
        """Yield None: all epochs run at once."""
        del max_epochs
        yield None


NO_WATCH = _NoWatch()
