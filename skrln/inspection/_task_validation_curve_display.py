# SPDX-License-Identifier: BSD-3-Clause
"""Validation score of every task over the stages, and of their mean."""

import numpy as np

from ._plotting import fitted_attribute, get_axes, name_of, styled


class TaskValidationCurveDisplay:
    """Validation curve of each task with its best stage, and the curve of their mean.

    It is recommended to use :meth:`from_estimator`. All parameters are stored as
    attributes.

    Parameters
    ----------
    curves : ndarray of shape (n_tasks, n_stages)
        Score of each task after each stage, the higher the better.

    summary_curve : ndarray of shape (n_stages,)
        Their mean.

    task_best_stage : ndarray of shape (n_tasks,)
        Best stage of each task.

    best_stage : int
        Best stage of the mean.

    task_names : sequence of length n_tasks, default=None
        Names of the tasks; numbers by default.

    score_name : str, default=None
        What the score is, for the label of the axis.

    name : str, default=None
        Name of the estimator, for the title.

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
    IntervalPlotDisplay : Where the tasks are nearly at their best.

    Examples
    --------
    >>> import numpy as np
    >>> from skrln.inspection import TaskValidationCurveDisplay
    >>> curves = np.array([[0.1, 0.5, 0.2], [0.1, 0.2, 0.4]])
    >>> display = TaskValidationCurveDisplay(curves, curves.mean(axis=0), [1, 2], 1)
    >>> display.plot().ax_.get_ylabel()
    'Validation score'
    """

    def __init__(
        self,
        curves,
        summary_curve,
        task_best_stage,
        best_stage,
        *,
        task_names=None,
        score_name=None,
        name=None,
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
        cls, estimator, *, tasks=None, smoothed=True, name=None, ax=None, **style
    ):
        """Draw the curves of a fitted :class:`~skrln.PerTaskEarlyStopping`.

        Parameters
        ----------
        estimator : PerTaskEarlyStopping
            Fitted. Tasks that could not be scored are left out.

        tasks : sequence of int, default=None
            Tasks to draw; by default all.

        smoothed : bool, default=True
            Whether the curves are those that stages were chosen by, or as measured.

        name : str, default=None
            Name in the title; by default that of the wrapped estimator.

        ax : matplotlib Axes, default=None
            Axes to draw on; by default those of a new figure.

        **style : dict
            Passed on to :meth:`matplotlib.axes.Axes.plot` for the curves of the tasks.

        Returns
        -------
        TaskValidationCurveDisplay
        """
        raw = fitted_attribute(estimator, "validation_curves_")
        curves = estimator.smoothed_curves_ if smoothed else raw
        tasks = np.arange(len(curves)) if tasks is None else np.asarray(tasks)
        tasks = tasks[~np.isin(tasks, estimator.fallback_tasks_)]
        display = cls(
            curves[tasks],
            estimator.summary_curve_,
            estimator.task_best_stage_[tasks],
            estimator.best_stage_,
            task_names=estimator.task_names_[tasks],
            score_name=estimator.scoring_name_,
            name=name_of(estimator.estimator, name),
        )
        return display.plot(ax, **style)

    def plot(self, ax=None, *, name=None, **style):
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; by default those of a new figure.

        name : str, default=None
            Name in the title; by default `name` of the display.

        **style : dict
            Passed on to :meth:`matplotlib.axes.Axes.plot` for the curves of the tasks.

        Returns
        -------
        TaskValidationCurveDisplay
        """
        from matplotlib.lines import Line2D

        self.ax_ = get_axes(ax, self)
        self.figure_ = self.ax_.figure
        curves, best = np.asarray(self.curves), np.asarray(self.task_best_stage)
        few = len(curves) <= 10
        names = range(len(curves)) if self.task_names is None else self.task_names
        defaults = {"linewidth": 1.2 if few else 0.7, "alpha": 0.9 if few else 0.35}
        self.lines_ = []
        for curve, stage, task in zip(curves, best, names, strict=True):
            label = {"label": str(task)} if few else {"color": "C0"}
            options = styled(Line2D, defaults | label, style)
            (line,) = self.ax_.plot(curve, **options)
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
        self._limit(curves)
        self.ax_.set_xlabel("Stage")
        unit = "" if self.score_name is None else f" ({self.score_name})"
        self.ax_.set_ylabel(f"Validation score{unit}")
        self.ax_.legend(fontsize="small", ncols=2 if len(curves) > 5 and few else 1)
        name = self.name if name is None else name
        if name:
            self.ax_.set_title(name, loc="left", fontsize="medium")
        return self

    def _limit(self, curves):
        """Leave out the fall of the worst first stages, which would flatten all else."""
        low = np.quantile(curves, 0.02)
        high = curves.max()
        self.ax_.set_ylim(low - 0.08 * (high - low), high + 0.05 * (high - low))
