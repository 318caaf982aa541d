# SPDX-License-Identifier: BSD-3-Clause
"""Scores of the columns of a selector with an error rate, as bars."""

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike

from ._plotting import column_names, fitted_attribute, get_axes, merge_style, plain_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.container import BarContainer
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    from skrln.feature_selection import ErrorRateSelector


class SelectionDisplay:
    """Evidence for the columns that were tested, with the bound of the selection.

    Each bar is the score of a column: about a standard normal number if the column tells
    nothing that the others do not tell. Full bars are selected columns. The dashed line is the
    smallest selected score.

    Create the display with :meth:`from_estimator`. All parameters are stored as attributes.

    Parameters
    ----------
    scores : ndarray of shape (n_features,)
        Score of each column in standard errors, largest first.

    feature_names : ndarray of shape (n_features,)
        Names of the columns, in the same order.

    support : ndarray of bool of shape (n_features,)
        Mask of the selected columns.

    expected_false_positives : float
        Number of false columns that the tests let pass in the mean.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the plot.

    figure_ : matplotlib Figure
        Figure of the axes.

    bars_ : matplotlib BarContainer
        Bars of the columns.

    line_ : matplotlib Line2D or None
        Smallest selected score; None if no column is selected.

    See Also
    --------
    skrln.ErrorRateSelector : The selector.
    ImportanceDisplay : Importances of a single fit, without a bound.

    Examples
    --------
    >>> from sklearn.linear_model import LassoCV
    >>> from skrln import ErrorRateSelector
    >>> from skrln.datasets import make_friedman1_noise
    >>> from skrln.inspection import SelectionDisplay
    >>> X, y = make_friedman1_noise(n_samples=200, n_noise=20, random_state=0)
    >>> selector = ErrorRateSelector(LassoCV(), random_state=0).fit(X, y)
    >>> display = SelectionDisplay.from_estimator(selector)
    >>> display.feature_names[:2].tolist()
    ['x3', 'x4']
    """

    ax_: "Axes"
    figure_: "Figure"
    bars_: "BarContainer"
    line_: "Line2D | None"

    def __init__(
        self,
        scores: np.ndarray,
        feature_names: np.ndarray,
        support: np.ndarray,
        *,
        expected_false_positives: float,
    ):
        self.scores = scores
        self.feature_names = feature_names
        self.support = support
        self.expected_false_positives = expected_false_positives

    @classmethod
    def from_estimator(
        cls,
        estimator: "ErrorRateSelector",
        *,
        feature_names: ArrayLike | None = None,
        max_features: int = 20,
        ax: "Axes | None" = None,
        **style: Any,
    ) -> Self:
        """Draw the scores of a fitted selector.

        Parameters
        ----------
        estimator : ErrorRateSelector
            Fitted selector.

        feature_names : array-like of str of shape (n_features,), default=None
            Names of the columns. None uses the names of the training data frame, else "x0",
            "x1" and so on.

        max_features : int, default=20
            Number of bars.

        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a new figure.

        **style : dict
            Passed to :meth:`matplotlib.axes.Axes.barh`.

        Returns
        -------
        SelectionDisplay
        """
        expected = fitted_attribute(estimator, "expected_false_positives_")
        scores = estimator.scores_
        names = column_names(feature_names, len(scores), estimator)
        order = np.argsort(-scores, kind="stable")
        display = cls(
            scores[order],
            names[order],
            estimator.support_[order],
            expected_false_positives=expected,
        )
        return display.plot(ax, max_features=max_features, **style)

    def plot(
        self, ax: "Axes | None" = None, *, max_features: int = 20, **style: Any
    ) -> Self:
        """Draw the scores.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a new figure.

        max_features : int, default=20
            Number of bars.

        **style : dict
            Passed to :meth:`matplotlib.axes.Axes.barh`.

        Returns
        -------
        SelectionDisplay
        """
        shown = slice(0, max_features)
        scores, support = self.scores[shown], self.support[shown]
        rows = np.arange(len(scores))
        layout = {} if len(rows) <= 20 else {"figsize": (6.4, 0.24 * len(rows))}
        self.ax_ = get_axes(ax, self, **layout)
        from matplotlib.patches import Rectangle

        self.figure_ = self.ax_.figure
        defaults = {
            "color": ["C0" if own else "none" for own in support],
            "edgecolor": "C0",
        }
        self.bars_ = self.ax_.barh(
            rows, scores, **merge_style(defaults, style, Rectangle)
        )
        self.ax_.set_yticks(rows, [plain_text(n) for n in self.feature_names[shown]])
        self.ax_.set_ylim(len(rows) - 0.5, -0.5)
        self.ax_.set_xlabel("Evidence (standard errors)")
        self.line_ = None
        n_selected = int(self.support.sum())
        if n_selected:
            least = self.scores[self.support].min()
            self.line_ = self.ax_.axvline(least, color="0.4", linestyle="--")
        self.ax_.set_title(
            f"{n_selected} of {len(self.scores)} columns selected, "
            f"{self.expected_false_positives:.2g} false ones expected"
        )
        return self
