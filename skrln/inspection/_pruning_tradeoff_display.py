# SPDX-License-Identifier: BSD-3-Clause
"""Score of a network by the share of its units that is pruned."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike

from skrln._typing import TableLike

from ._plotting import (
    fitted_attribute,
    get_axes,
    merge_style,
    next_line_style,
    plain_text,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    from skrln.pruning import DistinctivenessPruner

#: Default values of `similar_angle` in degrees; `complementary_angle` is 180 minus the angle.
ANGLES = (0, 5, 10, 15, 20, 25, 30, 40, 50, 60, 70, 80)


class PruningTradeoffDisplay:
    """Score of a pruned network by the share of pruned units.

    Create the display with :meth:`from_estimator`. All parameters are stored as attributes.

    Parameters
    ----------
    pruning_ratio : ndarray of shape (n_points,)
        Share of the units that is pruned.

    score : ndarray of shape (n_points,)
        Score of the pruned network.

    error : ndarray of shape (n_points,), default=None
        Half the width of the error band, in units of the score.

    name : str, default=None
        Name of the curve in the legend.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the curve.

    figure_ : matplotlib Figure
        Figure of the axes.

    line_ : matplotlib Line2D
        Curve of the score.

    See Also
    --------
    skrln.pruning.DistinctivenessPruner : Pruner with `path`, which computes the scores.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.neural_network import MLPClassifier
    >>> from skrln.inspection import PruningTradeoffDisplay
    >>> from skrln.pruning import DistinctivenessPruner
    >>> X, y = load_iris(return_X_y=True)
    >>> network = MLPClassifier((20,), solver="lbfgs", random_state=0)
    >>> pruner = DistinctivenessPruner(network, retrain=False).fit(X, y)
    >>> display = PruningTradeoffDisplay.from_estimator(pruner, X, y)
    >>> display.ax_.get_xlabel()
    'Units pruned'
    """

    ax_: "Axes"
    figure_: "Figure"
    line_: "Line2D"

    def __init__(
        self,
        pruning_ratio: np.ndarray,
        score: np.ndarray,
        *,
        error: np.ndarray | None = None,
        name: str | None = None,
    ):
        self.pruning_ratio = pruning_ratio
        self.score = score
        self.error = error
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        estimator: "DistinctivenessPruner",
        X: TableLike,
        y: ArrayLike,
        *,
        thresholds: Sequence[tuple[float, float]] | None = None,
        name: str | None = None,
        ax: "Axes | None" = None,
        **style: Any,
    ) -> Self:
        """Prune at many thresholds without retraining, and draw the scores.

        Parameters
        ----------
        estimator : DistinctivenessPruner
            Fitted pruner with ``schedule="post"``.

        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Rows to score.

        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Targets of the rows.

        thresholds : sequence of (float, float), default=None
            Pairs of angles as in :meth:`~skrln.pruning.DistinctivenessPruner.path`; None uses
            pairs from (0, 180) to (80, 100).

        name : str, default=None
            Name in the legend; None uses the criterion.

        ax : matplotlib Axes, default=None
            Axes to draw on, such as `ax_` of another display; None creates a new figure.

        **style : dict
            Passed to :meth:`matplotlib.axes.Axes.plot`.

        Returns
        -------
        PruningTradeoffDisplay
        """
        # Any fitted attribute of a pruner: other estimators get the message of the displays.
        fitted_attribute(estimator, "pruning_ratio_")
        if thresholds is None:
            thresholds = [(angle, 180 - angle) for angle in ANGLES]
        path = estimator.path(X, y, thresholds)
        display = cls(
            path["pruning_ratio"],
            path["score"],
            name=estimator.criterion if name is None else name,
        )
        return display.plot(ax, **style)

    def plot(
        self, ax: "Axes | None" = None, *, name: str | None = None, **style: Any
    ) -> Self:
        """Draw the curve.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a new figure.

        name : str, default=None
            Name in the legend; None uses `name` of the display.

        **style : dict
            Passed to :meth:`matplotlib.axes.Axes.plot`.

        Returns
        -------
        PruningTradeoffDisplay
        """
        self.ax_ = get_axes(ax, self)
        self.figure_ = self.ax_.figure
        defaults = {
            "marker": "o",
            "markersize": 4,
            "linestyle": next_line_style(self.ax_),
            "label": plain_text(self.name if name is None else name),
        }
        ratio, score = np.asarray(self.pruning_ratio), np.asarray(self.score)
        (self.line_,) = self.ax_.plot(ratio, score, **merge_style(defaults, style))
        if self.error is not None:
            error = np.asarray(self.error)
            color = self.line_.get_color()
            limits = (score - error, score + error)
            self.ax_.fill_between(ratio, *limits, color=color, alpha=0.15, linewidth=0)
        self.ax_.set_xlabel("Units pruned")
        self.ax_.xaxis.set_major_formatter("{x:.0%}")
        self.ax_.set_ylabel("Score")
        if defaults["label"] is not None:
            self.ax_.legend()
        return self
