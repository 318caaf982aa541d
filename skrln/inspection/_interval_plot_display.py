# SPDX-License-Identifier: BSD-3-Clause
"""Stages at which each task is nearly at its best, and the common stage."""

import numpy as np

from ._plotting import check_option, fitted_attribute, get_axes, name_of, styled

#: Up to so many tasks each has its name on the axis.
NAMED_TASKS = 40


class IntervalPlotDisplay:
    """The quasi-optimal interval of every task, sorted, and the stage of the mean.

    It is recommended to use :meth:`from_estimator`. All parameters are stored as
    attributes.

    Parameters
    ----------
    intervals : ndarray of shape (n_tasks, 2)
        First and last stage at which a task is nearly at its best.

    task_best_stage : ndarray of shape (n_tasks,)
        Best stage of each task.

    best_stage : int
        Best stage of the mean of the tasks.

    task_names : sequence of length n_tasks, default=None
        Names of the tasks; numbers by default. With more than 40 tasks none is written.

    name : str, default=None
        Name of the estimator, for the title.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes.

    figure_ : matplotlib Figure
        Figure of the axes.

    bars_ : matplotlib LineCollection
        The intervals.

    order_ : ndarray of shape (n_tasks,)
        Tasks from bottom to top.

    See Also
    --------
    TaskValidationCurveDisplay : The curves that the intervals are of.
    ClusterTradeoffDisplay : How many stages are worth it.

    Examples
    --------
    >>> from sklearn.datasets import load_linnerud
    >>> from sklearn.ensemble import GradientBoostingRegressor
    >>> from sklearn.multioutput import MultiOutputRegressor
    >>> from skrln import PerTaskEarlyStopping
    >>> from skrln.inspection import IntervalPlotDisplay
    >>> X, y = load_linnerud(return_X_y=True)
    >>> trees = MultiOutputRegressor(GradientBoostingRegressor(random_state=0))
    >>> model = PerTaskEarlyStopping(trees, random_state=0).fit(X, y)
    >>> display = IntervalPlotDisplay.from_estimator(model)
    >>> display.ax_.get_xlabel()
    'Stage'
    """

    def __init__(
        self, intervals, task_best_stage, best_stage, *, task_names=None, name=None
    ):
        self.intervals = intervals
        self.task_best_stage = task_best_stage
        self.best_stage = best_stage
        self.task_names = task_names
        self.name = name

    @classmethod
    def from_estimator(
        cls, estimator, *, name=None, sort_by="centre", ax=None, **style
    ):
        """Draw the intervals of a fitted :class:`~skrln.PerTaskEarlyStopping`.

        Parameters
        ----------
        estimator : PerTaskEarlyStopping
            Fitted. Tasks that could not be scored are left out.

        name : str, default=None
            Name in the title; by default that of the wrapped estimator.

        sort_by : {"centre", "best"}, default="centre"
            Order of the tasks: by the middle of the interval, or by the best stage.

        ax : matplotlib Axes, default=None
            Axes to draw on; by default those of a new figure.

        **style : dict
            Passed on to :class:`matplotlib.collections.LineCollection`.

        Returns
        -------
        IntervalPlotDisplay
        """
        intervals = fitted_attribute(estimator, "intervals_")
        scored = np.setdiff1d(np.arange(len(intervals)), estimator.fallback_tasks_)
        display = cls(
            intervals[scored],
            estimator.task_best_stage_[scored],
            estimator.best_stage_,
            task_names=estimator.task_names_[scored],
            name=name_of(estimator.estimator, name),
        )
        return display.plot(ax, sort_by=sort_by, **style)

    def plot(self, ax=None, *, name=None, sort_by="centre", **style):
        """Draw the intervals.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; by default those of a new figure.

        name : str, default=None
            Name in the title; by default `name` of the display.

        sort_by : {"centre", "best"}, default="centre"
            Order of the tasks.

        **style : dict
            Passed on to :class:`matplotlib.collections.LineCollection`.

        Returns
        -------
        IntervalPlotDisplay
        """
        from matplotlib.collections import LineCollection

        check_option("sort_by", sort_by, ("centre", "best"))
        intervals, best = np.asarray(self.intervals), np.asarray(self.task_best_stage)
        n_tasks = len(intervals)
        named = n_tasks <= NAMED_TASKS
        height = 1.2 + 0.22 * n_tasks if named else 6.5
        self.ax_ = get_axes(ax, self, figsize=(6.4, max(2.4, min(height, 8.0))))
        self.figure_ = self.ax_.figure
        key = best if sort_by == "best" else intervals.mean(axis=1)
        self.order_ = np.lexsort((best, key))
        places = np.arange(n_tasks)
        ends = intervals[self.order_] + np.array([-0.4, 0.4])  # a single stage shows
        lines = [[(a, y), (b, y)] for y, (a, b) in zip(places, ends, strict=True)]
        width = 5.0 if named else max(0.5, 300 / n_tasks)
        defaults = {
            "linewidths": width,
            "colors": "C0",
            "alpha": 0.45,
            "label": "nearly as good",
        }
        bars = LineCollection(lines, **styled(LineCollection, defaults, style))
        self.bars_ = self.ax_.add_collection(bars)
        self.ax_.plot(
            best[self.order_],
            places,
            linestyle="none",
            marker="o",
            markersize=4.5 if named else max(1.2, 4.5 * (NAMED_TASKS / n_tasks) ** 0.5),
            color="C1",
            label="best of the task",
        )
        self.ax_.axvline(
            self.best_stage,
            color="0.15",
            linestyle="--",
            label=f"best on average, {self.best_stage}",
        )
        self._label(places, named, name)
        return self

    def _label(self, places, named, name):
        names = self.task_names
        names = np.arange(len(places)) if names is None else np.asarray(names)
        if named:
            texts = [_shortened(str(names[task])) for task in self.order_]
            self.ax_.set_yticks(places, texts)
        else:
            self.ax_.set_yticks([])
        self.ax_.set_ylim(-0.8, len(places) - 0.2)
        self.ax_.autoscale_view(scaley=False)
        self.ax_.set_xlabel("Stage")
        self.ax_.set_ylabel("Task" if named else f"{len(places)} tasks, sorted")
        name = self.name if name is None else name
        if name:
            self.ax_.set_title(name, loc="left", fontsize="medium")
        self.ax_.legend(
            loc="upper left",
            bbox_to_anchor=(0, -0.13),
            ncols=3,
            frameon=False,
            fontsize="small",
        )


def _shortened(text, length=24):
    return text if len(text) <= length else text[: length - 1] + "…"
