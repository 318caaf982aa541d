# SPDX-License-Identifier: BSD-3-Clause
"""Validation score of every task, and of their mean, over the stages."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from ._plotting import (
    fitted_attribute,
    get_axes,
    merge_style,
    name_or_class,
    plain_text,
    with_unit,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    from skrln.multitask import PerTaskEarlyStopping


class TaskValidationCurveDisplay:
    """Validation curve and best stage of each task and of the mean over the tasks.

    Create the display with :meth:`from_estimator`. All parameters are stored as attributes.

    Parameters
    ----------
    curves : ndarray of shape (n_tasks, n_stages)
        Score of each task after each stage; higher is better.

    summary_curve : ndarray of shape (n_stages,)
        Mean of the curves over all tasks.

    task_best_stage : ndarray of shape (n_tasks,)
        Best stage of each task.

    best_stage : int
        Best stage of the mean curve.

    task_names : sequence of length n_tasks, default=None
        Names of the tasks; None uses numbers.

    score_name : str, default=None
        Name of the score in the axis label.

    name : str, default=None
        Name of the estimator in the title.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes.

    figure_ : matplotlib Figure
        Figure of the axes.

    lines_ : list of matplotlib Line2D
        Curves of the tasks.

    summary_line_ : matplotlib Line2D
        Curve of the mean.

    See Also
    --------
    IntervalPlotDisplay : Stages at which each task is close to its best score.

    Examples
    --------
    >>> import numpy as np
    >>> from skrln.inspection import TaskValidationCurveDisplay
    >>> curves = np.array([[0.1, 0.5, 0.2], [0.1, 0.2, 0.4]])
    >>> display = TaskValidationCurveDisplay(curves, curves.mean(axis=0), [1, 2], 1)
    >>> display.plot().ax_.get_ylabel()
    'Validation score'
    """

    ax_: "Axes"
    figure_: "Figure"
    lines_: "list[Line2D]"
    summary_line_: "Line2D"

    def __init__(
        self,
        curves: np.ndarray,
        summary_curve: np.ndarray,
        task_best_stage: np.ndarray,
        best_stage: int,
        *,
        task_names: Sequence[Any] | None = None,
        score_name: str | None = None,
        name: str | None = None,
    ):
        self.curves = curves
        self.summary_curve = summary_curve
        self.task_best_stage = task_best_stage
        self.best_stage = best_stage
        self.task_names = task_names
        self.score_name = score_name
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        estimator: "PerTaskEarlyStopping",
        *,
        tasks: Sequence[int] | None = None,
        smoothed: bool = True,
        name: str | None = None,
        ax: "Axes | None" = None,
        **style: Any,
    ) -> Self:
        """Draw the curves of a fitted :class:`~skrln.PerTaskEarlyStopping`.

        Parameters
        ----------
        estimator : PerTaskEarlyStopping
            Fitted estimator. Tasks that could not be scored are not drawn.

        tasks : sequence of int, default=None
            Indices of the tasks to draw; None draws all tasks.

        smoothed : bool, default=True
            Draw the smoothed curves, which determine the stages, instead of the raw curves.

        name : str, default=None
            Name in the title; None uses the class name of the wrapped estimator.

        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a new figure.

        **style : dict
            Passed to :meth:`matplotlib.axes.Axes.plot` for the curves of the tasks.

        Returns
        -------
        TaskValidationCurveDisplay
        """
        raw = fitted_attribute(estimator, "validation_curves_")
        curves = estimator.smoothed_curves_ if smoothed else raw
        tasks = np.arange(len(curves)) if tasks is None else np.asarray(tasks)
        # Fallback tasks have no scores.
        tasks = tasks[~np.isin(tasks, estimator.fallback_tasks_)]
        display = cls(
            curves[tasks],
            estimator.summary_curve_,
            estimator.task_best_stage_[tasks],
            estimator.best_stage_,
            task_names=estimator.task_names_[tasks],
            score_name=estimator.scoring_name_,
            name=name_or_class(estimator.estimator, name),
        )
        return display.plot(ax, **style)

    def plot(
        self, ax: "Axes | None" = None, *, name: str | None = None, **style: Any
    ) -> Self:
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a new figure.

        name : str, default=None
            Name in the title; None uses `name` of the display.

        **style : dict
            Passed to :meth:`matplotlib.axes.Axes.plot` for the curves of the tasks.

        Returns
        -------
        TaskValidationCurveDisplay
        """
        self.ax_ = get_axes(ax, self)
        self.figure_ = self.ax_.figure
        curves, best = np.asarray(self.curves), np.asarray(self.task_best_stage)
        # Up to ten tasks have a colour and a legend entry each; more are drawn alike.
        few = len(curves) <= 10
        names = range(len(curves)) if self.task_names is None else self.task_names
        defaults = {"linewidth": 1.2 if few else 0.7, "alpha": 0.9 if few else 0.35}
        self.lines_ = []
        for curve, stage, task in zip(curves, best, names, strict=True):
            label = {"label": plain_text(task)} if few else {"color": "C0"}
            options = merge_style(defaults | label, style)
            (line,) = self.ax_.plot(curve, **options)
            # The dot marks the best stage of the task.
            self.ax_.plot(
                stage,
                curve[stage],
                marker="o",
                markersize=4 if few else 2,
                color=line.get_color() if few else "C1",
            )
            self.lines_.append(line)
        (self.summary_line_,) = self.ax_.plot(
            self.summary_curve, color="0.1", linewidth=2.2, label="mean of the tasks"
        )
        self.ax_.axvline(self.best_stage, color="0.15", linestyle="--", linewidth=1)
        self._set_limits(curves)
        self.ax_.set_xlabel("Stage")
        self.ax_.set_ylabel(with_unit("Validation score", self.score_name))
        self.ax_.legend(fontsize="small", ncols=2 if len(curves) > 5 and few else 1)
        name = plain_text(self.name if name is None else name)
        if name:
            self.ax_.set_title(name, loc="left", fontsize="medium")
        return self

    def _set_limits(self, curves):
        """Cut off the lowest 2% of the scores: poor first stages would flatten the curves."""
        low = np.quantile(curves, 0.02)
        high = curves.max()
        self.ax_.set_ylim(low - 0.08 * (high - low), high + 0.05 * (high - low))
