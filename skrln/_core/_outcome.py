# SPDX-License-Identifier: BSD-3-Clause
"""What people see of a fit while it runs and when it ends: progress, callbacks, warnings."""

import contextlib
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from skrln._kernels import StopReason


def warn_outcome(estimator, results):
    """Turn the reasons why fits stopped into warnings, where there is one to give."""
    diverged = [one for one in results if one.reason == StopReason.DIVERGED]
    interrupted = [one for one in results if one.reason == StopReason.INTERRUPTED]
    of_how_many = f" in {len(diverged)} of {len(results)} networks"
    if diverged:
        first = diverged[0]
        kept = (
            f"the weights of epoch {first.best_epoch + 1}"
            if first.best_epoch >= 0
            else "the initial weights"
        )
        warnings.warn(
            f"Training diverged{of_how_many if len(results) > 1 else ''} in epoch "
            f"{first.n_epochs}: the loss or a weight was no longer finite, or far off. "
            f"Kept {kept}. Got learning_rate_init={estimator.learning_rate_init}; lower "
            "it.",
            ConvergenceWarning,
            stacklevel=3,
        )
    elif interrupted:
        n_epochs = max(one.n_epochs for one in results)
        warnings.warn(
            f"Training was interrupted by the user after {n_epochs} epochs; the "
            "weights reached by then are kept.",
            ConvergenceWarning,
            stacklevel=3,
        )
    trained = ([layer.weight for layer in one.params] for one in results)
    survived = any(map(_has_survivor, trained))
    kept = [one.coefs_ for one in vars(estimator).get("_members") or []]
    if survived and kept and not any(map(_has_survivor, kept)):
        warnings.warn(
            "No input is left: no number of them predicts rows that are held out better "
            "than none at all, and predictions are constant. Got "
            f"input_selection={estimator.input_selection!r}; check that X tells something "
            "about y, or pass input_selection=False to keep inputs all the same.",
            ConvergenceWarning,
            stacklevel=3,
        )
    elif not survived and estimator.regularization is not None:
        warnings.warn(
            "No input reaches the output: every path through the network has a weight of "
            f"zero, and predictions are constant. Got theta={estimator.theta!r}, "
            f"reg_step={estimator.reg_step}; lower theta (weaker regularization), raise "
            "reg_step, or check that X tells something about y.",
            ConvergenceWarning,
            stacklevel=3,
        )


def _has_survivor(coefs):
    """Whether a path of weights that are not zero leads from an input to an output."""
    reached = np.ones(len(coefs[0]), bool)
    for weight in coefs:
        reached = (weight[reached] != 0).any(axis=0)
    return bool(reached.any())


class Watch:
    """Between the epochs: a progress bar, and scikit-learn's callbacks.

    Parameters
    ----------
    estimator : estimator
    context : CallbackContext or None
        Root context of the fit.
    X, y : array-like
        As the user passed them.
    metadata : dict
        Weights, for callbacks that score.
    """

    def __init__(self, estimator, context, X, y, metadata):
        self.estimator, self.context = estimator, context
        self.X, self.y, self.metadata = X, y, metadata or None

    @property
    def listening(self):
        """Whether callbacks are set."""
        return self.context is not None and hasattr(self.estimator, "_skl_callbacks")

    @contextlib.contextmanager
    def epochs(self, max_epochs):
        """Yield what to call after every epoch, or None to run them all at once.

        It takes a Snapshot, and a function that gives the fitted attributes at that epoch.
        """
        listening, self.n_done = self.listening, 0
        with contextlib.ExitStack() as stack:
            advance = None
            if self.estimator.verbose:
                name = type(self.estimator).__name__
                advance = stack.enter_context(_progress_bar(name, max_epochs))
            if listening:
                self._begin()
            if not listening and advance is None:
                yield None
                return

            def on_epoch(snapshot, describe):
                if advance is not None:
                    advance(snapshot)
                return listening and self._end(describe, max_epochs)

            yield on_epoch

    def _begin(self):
        self._task = self.context.subcontext(task_name="epoch")
        self._task.call_on_fit_task_begin(
            estimator=self.estimator, X=self.X, y=self.y, metadata=self.metadata
        )

    def _end(self, describe, max_epochs):
        stop = self._task.call_on_fit_task_end(
            estimator=self.estimator,
            X=self.X,
            y=self.y,
            metadata=self.metadata,
            reconstruction_attributes=describe,
        )
        self.n_done += 1
        if not stop and self.n_done < max_epochs:
            self._begin()
        return stop


def listener(on_epoch, describe):
    """What the kernel calls after an epoch; None where nobody listens.

    `describe` gives the fitted attributes of a FitResult.
    """
    if on_epoch is None:
        return None
    return lambda snapshot: on_epoch(snapshot, lambda: describe(snapshot.fetch()))


@contextlib.contextmanager
def _progress_bar(name, max_epochs):
    """Bar on standard error that shows the losses."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    with Progress(
        TextColumn(name),
        BarColumn(),
        TextColumn("epoch {task.completed:.0f}/{task.total:.0f} {task.fields[losses]}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    ) as bar:
        task = bar.add_task(name, total=max_epochs, losses="")

        def advance(snapshot):
            losses = f"loss {snapshot.history.loss[-1]:.4g}"
            held_out = snapshot.history.validation_loss[-1]
            if np.isfinite(held_out):
                losses += f", validation {held_out:.4g}"
            bar.update(task, advance=1, losses=losses)

        yield advance
