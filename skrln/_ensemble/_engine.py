# SPDX-License-Identifier: BSD-3-Clause
"""Engine: the one place where jobs run."""

import contextlib
from concurrent.futures import (
    FIRST_EXCEPTION,
    CancelledError,
    ThreadPoolExecutor,
    wait,
)
from functools import partial
from threading import Event

from joblib import effective_n_jobs

from skrln._checkpoints._folder import NO_CHECKPOINTS
from skrln._interrupts import current_scope, deferred, ended_by, in_scope
from skrln._kernels import StopReason, default_platform
from skrln._network._train import Listener

from ._fitted import make_ensemble
from ._jobs import train_job


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
        slots = self.checkpoints.slots(len(jobs))
        places = list(zip(jobs, slots, strict=True))
        with self.watch.epochs(n_epochs) as on_epoch:
            train = partial(_train, on_epoch=on_epoch)
            if self.watch.is_listening or len(jobs) == 1:
                return _run_in_turn(train, places)
            numbers = [job.number for job in jobs]
            trained, was_interrupted = run_in_threads(
                train, places, numbers, self.device
            )
            return interrupted(trained) if was_interrupted else trained


def _train(place, *, on_epoch=None):
    job, slot = place
    if on_epoch is None:
        return train_job(job, Listener(slot=slot))
    columns = job.shared.columns

    def call(snapshot, describe):
        return on_epoch(snapshot, lambda: make_ensemble(columns, [describe()]))

    return train_job(job, Listener(call, slot=slot))


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
    two kinds compile side by side. A second interrupt, while the first one waits for the
    threads, is raised once the threads have ended.

    Parameters
    ----------
    train : callable
        Takes a job.
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
    n_threads = min(len(jobs), effective_n_jobs(-1)) if on_cpu else 1
    stop, scope, futures, was_interrupted = Event(), current_scope(), {}, False

    def run(job):
        with in_scope(ended_by(stop, scope)):
            return train(job)

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
