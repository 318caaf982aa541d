# SPDX-License-Identifier: BSD-3-Clause
"""View of a fit between its epochs: progress and scikit-learn's callbacks."""

import contextlib
from time import perf_counter

import numpy as np

from ._progress import format_seconds, show_progress, write_line

#: What a fit waits for before its first epoch ends.
COMPILING = "compiling unless an earlier fit did"


class Watch:
    """Shows the epochs of a fit.

    Parameters
    ----------
    estimator : estimator
        Estimator that is being fitted; callbacks receive it.
    context : CallbackContext or None
        Root context of the fit; None calls no callbacks.
    arguments : dict
        X, y and metadata as callbacks receive them.
    """

    def __init__(self, estimator, context=None, arguments=None):
        self.estimator, self.context = estimator, context
        self.arguments = arguments or {}
        self.start = perf_counter()

    @property
    def is_listening(self):
        """True if callbacks are set."""
        return self.context is not None and hasattr(self.estimator, "_skl_callbacks")

    def without_callbacks(self):
        """Return a watch that shows the progress only."""
        return Watch(self.estimator)

    @contextlib.contextmanager
    def epochs(self, max_epochs):
        """Yield the function to call after every epoch, or None to run all epochs at once.

        The function takes a Snapshot and a function that returns the FittedEnsemble of that
        epoch. It returns whether to stop.
        """
        is_listening, self.n_done = self.is_listening, 0
        with contextlib.ExitStack() as stack:
            advance = None
            if self.estimator.verbose:
                name = type(self.estimator).__name__
                progress = show_progress(name, "epoch", max_epochs, COMPILING)
                advance = stack.enter_context(progress)
            if is_listening:
                self._begin()
            if not is_listening and advance is None:
                yield None
                return

            def on_epoch(snapshot, describe):
                if advance is not None:
                    advance(_describe(snapshot))
                return is_listening and self._end(describe, max_epochs)

            yield on_epoch

    def finish(self):
        """Write the time that the fit took, if its progress is shown."""
        if self.estimator.verbose:
            seconds = format_seconds(perf_counter() - self.start)
            write_line(f"{type(self.estimator).__name__}: fitted in {seconds}")

    def _begin(self):
        self._task = self.context.subcontext(task_name="epoch")
        self._task.call_on_fit_task_begin(estimator=self.estimator, **self.arguments)

    def _end(self, describe, max_epochs):
        stop = self._task.call_on_fit_task_end(
            estimator=self.estimator,
            **self.arguments,
            reconstruction_attributes=lambda: {"_fitted": describe()},
        )
        self.n_done += 1
        if not stop and self.n_done < max_epochs:
            self._begin()
        return stop


def _describe(snapshot):
    """Text of the losses of an epoch."""
    losses = f"loss {snapshot.history.loss[-1]:.4g}"
    validation_loss = snapshot.history.validation_loss[-1]
    if np.isfinite(validation_loss):
        losses += f", validation {validation_loss:.4g}"
    return losses
