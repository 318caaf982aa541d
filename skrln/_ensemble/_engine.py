# SPDX-License-Identifier: BSD-3-Clause
"""Engine: the one place where jobs run."""

import contextlib
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Event

from joblib import effective_n_jobs

from skrln._checkpoints._folder import NO_CHECKPOINTS
from skrln._kernels import default_platform
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

        A callback that stops one network ends the fit: later jobs do not run.
        """
        n_epochs = sum(job.settings.max_epochs for job in jobs)
        slots = self.checkpoints.slots(len(jobs))
        places = list(zip(jobs, slots, strict=True))
        with self.watch.epochs(n_epochs) as on_epoch:
            train = partial(_train, on_epoch=on_epoch)
            if self.watch.is_listening or len(jobs) == 1:
                return _run_in_turn(train, places)
            numbers = [job.number for job in jobs]
            return run_in_threads(train, places, numbers, self.device)


def _train(place, cancelled=None, *, on_epoch=None):
    job, slot = place
    if on_epoch is None:
        return train_job(job, Listener(cancelled=cancelled, slot=slot))
    columns = job.shared.columns

    def call(snapshot, describe):
        return on_epoch(snapshot, lambda: make_ensemble(columns, [describe()]))

    return train_job(job, Listener(call, cancelled=cancelled, slot=slot))


def _run_in_turn(train, places):
    trained = []
    for place in places:
        trained.append(train(place))
        if trained[-1].fitted.was_stopped:
            break
    return trained


def run_in_threads(train, jobs, numbers, device):
    """Run jobs in threads.

    Programs of small networks leave a processor idle, and JAX waits without holding the
    interpreter. Jobs run in the order of `numbers`: kinds take turns, so that the programs of
    two kinds compile side by side. An interrupt ends all networks and keeps their weights.

    Parameters
    ----------
    train : callable
        Takes a job and a function that returns whether the fit was interrupted.
    jobs : list
    numbers : list of int
    device : str or None
    """
    on_cpu = default_platform(device) == "cpu"
    n_threads = min(len(jobs), effective_n_jobs(-1)) if on_cpu else 1
    stop = Event()
    in_turns = sorted(range(len(jobs)), key=lambda k: numbers[k])
    with ThreadPoolExecutor(n_threads) as pool:
        submitted = {k: pool.submit(train, jobs[k], stop.is_set) for k in in_turns}
        futures = [submitted[k] for k in range(len(jobs))]
        try:
            return [future.result() for future in futures]
        except KeyboardInterrupt:
            stop.set()
            return [future.result() for future in futures]
        except BaseException:
            stop.set()
            for future in futures:
                future.cancel()
            raise


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
