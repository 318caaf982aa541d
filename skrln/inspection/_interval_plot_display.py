# SPDX-License-Identifier: BSD-3-Clause
"""Stages at which each task is close to its best score, and the best common stage."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

from ._plotting import (
    check_option,
    fitted_attribute,
    get_axes,
    merge_style,
    name_or_class,
    plain_text,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import LineCollection
    from matplotlib.figure import Figure

    from skrln.multitask import PerTaskEarlyStopping

#: Maximum number of tasks with names on the axis.
NAMED_TASKS = 40


class IntervalPlotDisplay:
    """Sorted quasi-optimal intervals of the tasks, and the best stage of their mean.

    Create the display with :meth:`from_estimator`. All parameters are stored as attributes.

    Parameters
    ----------
    intervals : ndarray of shape (n_tasks, 2)
        First and last stage at which the score of a task is within the tolerance of its best.

    task_best_stage : ndarray of shape (n_tasks,)
        Best stage of each task.

    best_stage : int
        Best stage of the mean score over the tasks.

    task_names : sequence of length n_tasks, default=None
        Names of the tasks; None uses numbers. More than 40 tasks are drawn without names.

    name : str, default=None
        Name of the estimator in the title.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes.

    figure_ : matplotlib Figure
        Figure of the axes.

    bars_ : matplotlib LineCollection
        Intervals of the tasks.

    order_ : ndarray of shape (n_tasks,)
        Indices of the tasks from bottom to top.

    See Also
    --------
    TaskValidationCurveDisplay : Validation curves behind the intervals.
    ClusterTradeoffDisplay : Gain by the number of stages.

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

    ax_: "Axes"
    figure_: "Figure"
    bars_: "LineCollection"
    order_: np.ndarray

    def __init__(
        self,
        intervals: np.ndarray,
        task_best_stage: np.ndarray,
        best_stage: int,
        *,
        task_names: Sequence[Any] | None = None,
        name: str | None = None,
    ):
        self.intervals = intervals
        self.task_best_stage = task_best_stage
        self.best_stage = best_stage
        self.task_names = task_names
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        estimator: "PerTaskEarlyStopping",
        *,
        name: str | None = None,
        sort_by: Literal["centre", "best"] = "centre",
        ax: "Axes | None" = None,
        **style: Any,
    ) -> Self:
        """Draw the intervals of a fitted :class:`~skrln.PerTaskEarlyStopping`.

        Parameters
        ----------
        estimator : PerTaskEarlyStopping
            Fitted estimator. Tasks that could not be scored are not drawn.

        name : str, default=None
            Name in the title; None uses the class name of the wrapped estimator.

        sort_by : {"centre", "best"}, default="centre"
            Order of the tasks: by the centre of the interval, or by the best stage.

        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a new figure.

        **style : dict
            Passed to :class:`matplotlib.collections.LineCollection`.

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
            name=name_or_class(estimator.estimator, name),
        )
        return display.plot(ax, sort_by=sort_by, **style)

    def plot(
        self,
        ax: "Axes | None" = None,
        *,
        name: str | None = None,
        sort_by: Literal["centre", "best"] = "centre",
        **style: Any,
    ) -> Self:
        """Draw the intervals.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a new figure.

        name : str, default=None
            Name in the title; None uses `name` of the display.

        sort_by : {"centre", "best"}, default="centre"
            See :meth:`from_estimator`.

        **style : dict
            Passed to :class:`matplotlib.collections.LineCollection`.

        Returns
        -------
        IntervalPlotDisplay
        """
        check_option("sort_by", sort_by, ("centre", "best"))
        intervals, best = np.asarray(self.intervals), np.asarray(self.task_best_stage)
        n_tasks = len(intervals)
        named = n_tasks <= NAMED_TASKS
        # In inches: a height for each named task, within limits.
        height = 1.2 + 0.22 * n_tasks if named else 6.5
        self.ax_ = get_axes(ax, self, figsize=(6.4, max(2.4, min(height, 8.0))))
        self.figure_ = self.ax_.figure
        # Imported after get_axes, whose error message names the missing dependency.
        from matplotlib.collections import LineCollection

        # Ties are sorted by the best stage.
        key = best if sort_by == "best" else intervals.mean(axis=1)
        self.order_ = np.lexsort((best, key))
        rows = np.arange(n_tasks)
        # The margin makes an interval of a single stage visible.
        ends = intervals[self.order_] + np.array([-0.4, 0.4])
        lines = [[(a, y), (b, y)] for y, (a, b) in zip(rows, ends, strict=True)]
        # Bars and dots of many tasks become thin, so that they do not overlap.
        width = 5.0 if named else max(0.5, 300 / n_tasks)
        defaults = {
            "linewidths": width,
            "colors": "C0",
            "alpha": 0.45,
            "label": "within tolerance",
        }
        bars = LineCollection(lines, **merge_style(defaults, style, LineCollection))
        self.bars_ = self.ax_.add_collection(bars)
        self.ax_.plot(
            best[self.order_],
            rows,
            linestyle="none",
            marker="o",
            markersize=4.5 if named else max(1.2, 4.5 * (NAMED_TASKS / n_tasks) ** 0.5),
            color="C1",
            label="best stage of the task",
        )
        self.ax_.axvline(
            self.best_stage,
            color="0.15",
            linestyle="--",
            label=f"best stage of the mean, {self.best_stage}",
        )
        self._label_axes(named, name)
        return self

    def _label_axes(self, named, name):
        n_tasks = len(self.order_)
        names = self.task_names
        names = np.arange(n_tasks) if names is None else np.asarray(names)
        if named:
            texts = [plain_text(_shorten(str(names[task]))) for task in self.order_]
            self.ax_.set_yticks(np.arange(n_tasks), texts)
        else:
            self.ax_.set_yticks([])
        # A collection of lines does not update the limits of the axes by itself.
        self.ax_.set_ylim(-0.8, n_tasks - 0.2)
        self.ax_.autoscale_view(scaley=False)
        self.ax_.set_xlabel("Stage")
        self.ax_.set_ylabel("Task" if named else f"{n_tasks} tasks, sorted")
        name = plain_text(self.name if name is None else name)
        if name:
            self.ax_.set_title(name, loc="left", fontsize="medium")
        # Below the axes, because intervals can lie anywhere inside.
        self.ax_.legend(
            loc="upper left",
            bbox_to_anchor=(0, -0.13),
            ncols=3,
            frameon=False,
            fontsize="small",
        )


def _shorten(text, length=24):
    """Text of at most `length` characters; an ellipsis replaces the rest."""
    return text if len(text) <= length else text[: length - 1] + "…"
