# SPDX-License-Identifier: BSD-3-Clause
"""Gain in score by the number of early stopping stages."""

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from ._plotting import fitted_attribute, get_axes, name_or_class, plain_text, with_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.container import ErrorbarContainer
    from matplotlib.figure import Figure

    from skrln.multitask import PerTaskEarlyStopping


class ClusterTradeoffDisplay:
    """Gain over a single common stage by the number of stages, on held-out rows.

    Create the display with :meth:`from_estimator`. All parameters are stored as attributes.

    Parameters
    ----------
    n_clusters : ndarray of shape (n,)
        Numbers of stages.

    mean_gain : ndarray of shape (n,)
        Mean validation score over the tasks minus the score with a single stage. Each part of
        the validation rows is scored with stages selected on the other parts.

    std_error : ndarray of shape (n,)
        Standard error of the mean gain over the parts.

    chosen : int, default=None
        Number of stages of the estimator.

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

    errorbar_ : matplotlib ErrorbarContainer
        Gains with their standard errors.

    See Also
    --------
    IntervalPlotDisplay : Stages at which each task is close to its best score.

    Examples
    --------
    >>> from skrln.inspection import ClusterTradeoffDisplay
    >>> display = ClusterTradeoffDisplay([1, 2, 3], [0, 0.02, 0.01], [0, 0.01, 0.01])
    >>> display.plot().ax_.get_xlabel()
    'Number of stages'
    """

    ax_: "Axes"
    figure_: "Figure"
    errorbar_: "ErrorbarContainer"

    def __init__(
        self,
        n_clusters: np.ndarray,
        mean_gain: np.ndarray,
        std_error: np.ndarray,
        *,
        chosen: int | None = None,
        score_name: str | None = None,
        name: str | None = None,
    ):
        self.n_clusters = n_clusters
        self.mean_gain = mean_gain
        self.std_error = std_error
        self.chosen = chosen
        self.score_name = score_name
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        estimator: "PerTaskEarlyStopping",
        *,
        name: str | None = None,
        ax: "Axes | None" = None,
        **style: Any,
    ) -> Self:
        """Draw the trade-off of a fitted :class:`~skrln.PerTaskEarlyStopping`.

        Parameters
        ----------
        estimator : PerTaskEarlyStopping
            Fitted estimator with `tradeoff_`.

        name : str, default=None
            Name in the title; None uses the class name of the wrapped estimator.

        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a new figure.

        **style : dict
            Passed to :meth:`matplotlib.axes.Axes.errorbar`.

        Returns
        -------
        ClusterTradeoffDisplay
        """
        tradeoff = fitted_attribute(estimator, "tradeoff_")
        if tradeoff is None:
            raise ValueError(
                "Got tradeoff_=None, but expected scores by number of stages: fewer than 10 "
                "validation rows, or a fixed n_clusters with this scoring, skip them. Fit "
                "with n_clusters='auto', or with cv."
            )
        display = cls(
            tradeoff["n_clusters"],
            tradeoff["mean_gain"],
            tradeoff["std_error"],
            chosen=len(estimator.stage_of_cluster_),
            score_name=estimator.scoring_name_,
            name=name_or_class(estimator.estimator, name),
        )
        return display.plot(ax, **style)

    def plot(
        self, ax: "Axes | None" = None, *, name: str | None = None, **style: Any
    ) -> Self:
        """Draw the trade-off.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a new figure.

        name : str, default=None
            Name in the title; None uses `name` of the display.

        **style : dict
            Passed to :meth:`matplotlib.axes.Axes.errorbar`.

        Returns
        -------
        ClusterTradeoffDisplay
        """
        self.ax_ = get_axes(ax, self)
        self.figure_ = self.ax_.figure
        defaults = {"marker": "o", "capsize": 3, "label": "gain ± standard error"}
        self.errorbar_ = self.ax_.errorbar(
            self.n_clusters, self.mean_gain, yerr=self.std_error, **(defaults | style)
        )
        self.ax_.axhline(0, color="0.15", linestyle="--", linewidth=1)
        numbers = np.asarray(self.n_clusters)
        if self.chosen is not None:
            self.ax_.axvline(
                self.chosen, color="C1", linewidth=1, label=f"chosen, {self.chosen}"
            )
        # Large numbers of stages are spaced geometrically, as the estimator tries them.
        if numbers.max() > 20:
            self.ax_.set_xscale("log")
            self.ax_.xaxis.set_major_formatter("{x:.0f}")
        else:
            self.ax_.xaxis.get_major_locator().set_params(integer=True)
        self.ax_.set_xlabel("Number of stages")
        self.ax_.set_ylabel(with_unit("Gain over a single stage", self.score_name))
        self.ax_.legend(fontsize="small")
        name = plain_text(self.name if name is None else name)
        if name:
            self.ax_.set_title(name, loc="left", fontsize="medium")
        return self
