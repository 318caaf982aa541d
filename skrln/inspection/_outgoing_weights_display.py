# SPDX-License-Identifier: BSD-3-Clause
"""First-layer weights of each input."""

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike

from ._plotting import (
    check_network,
    column_names,
    get_axes,
    merge_style,
    name_or_class,
    plain_text,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    from skrln.networks import RLNClassifier, RLNRegressor


class OutgoingWeightsDisplay:
    """Weights of the first-layer edges of each input that the network uses.

    Each dot is an edge with a weight that is not exactly zero, for standardized inputs. Dots
    at the left and right of zero in one row are edges that lower and raise different units.

    Create the display with :meth:`from_estimator`. All parameters are stored as attributes.

    Parameters
    ----------
    weights : list of ndarray
        Non-zero first-layer weights of each used input, the most important input first. An
        input with several encoded columns, such as a category, has the weights of all of them.

    feature_names : ndarray of shape (n_used,)
        Names of the used inputs.

    n_features : int
        Number of inputs, including unused inputs.

    name : str, default=None
        Name of the estimator in the title.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the plot.

    figure_ : matplotlib Figure
        Figure of the axes.

    lines_ : list of matplotlib Line2D
        Dots of each drawn input.

    See Also
    --------
    ImportanceDisplay : Importance of the inputs for the outputs.

    Examples
    --------
    >>> from skrln import RLNRegressor
    >>> from skrln.presets import READABLE
    >>> from skrln.datasets import make_friedman1_noise
    >>> from skrln.inspection import OutgoingWeightsDisplay
    >>> X, y = make_friedman1_noise(n_samples=200, n_noise=20, random_state=0)
    >>> model = RLNRegressor(**READABLE, random_state=0).fit(X, y)
    >>> display = OutgoingWeightsDisplay.from_estimator(model)
    >>> len(display.weights) == model.n_active_features_
    True
    """

    ax_: "Axes"
    figure_: "Figure"
    lines_: "list[Line2D]"

    def __init__(
        self,
        weights: list[np.ndarray],
        feature_names: np.ndarray,
        *,
        n_features: int,
        name: str | None = None,
    ):
        self.weights = weights
        self.feature_names = feature_names
        self.n_features = n_features
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        estimator: "RLNRegressor | RLNClassifier",
        *,
        feature_names: ArrayLike | None = None,
        max_features: int = 15,
        name: str | None = None,
        ax: "Axes | None" = None,
        **style: Any,
    ) -> Self:
        """Draw the outgoing weights of a fitted network.

        Parameters
        ----------
        estimator : RLNRegressor or RLNClassifier
            Fitted network.

        feature_names : array-like of str of shape (n_features,), default=None
            Names of the inputs. None uses the names of the training data frame, else "x0",
            "x1" and so on.

        max_features : int, default=15
            Number of most important inputs to draw.

        name : str, default=None
            Name in the title; None uses the class name.

        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a new figure.

        **style : dict
            Passed to :meth:`matplotlib.axes.Axes.plot`.

        Returns
        -------
        OutgoingWeightsDisplay
        """
        check_network(estimator)
        groups = estimator._fitted.members[0].input_groups
        n_features = estimator.n_features_in_
        names = column_names(feature_names, n_features, estimator)
        importances = estimator.feature_importances_
        # Rows of the first layer are encoded columns; `groups` maps them to input columns.
        weights = [estimator.coefs_[0][groups == i] for i in range(n_features)]
        weights = [block[block != 0] for block in weights]
        # Sort by importance, and omit inputs whose edges are all zero.
        order = np.argsort(-importances, kind="stable")
        used = [i for i in order if len(weights[i])]
        display = cls(
            [weights[i] for i in used],
            names[used],
            n_features=n_features,
            name=name_or_class(estimator, name),
        )
        return display.plot(ax, max_features=max_features, **style)

    def plot(
        self,
        ax: "Axes | None" = None,
        *,
        name: str | None = None,
        max_features: int = 15,
        **style: Any,
    ) -> Self:
        """Draw the outgoing weights.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a new figure.

        name : str, default=None
            Name in the title; None uses `name` of the display.

        max_features : int, default=15
            Number of most important inputs to draw.

        **style : dict
            Passed to :meth:`matplotlib.axes.Axes.plot`.

        Returns
        -------
        OutgoingWeightsDisplay
        """
        self.ax_ = get_axes(ax, self)
        self.figure_ = self.ax_.figure
        name = plain_text(self.name if name is None else name)
        shown = self.weights[:max_features]
        defaults = {"linestyle": "none", "marker": "o", "color": "C0", "alpha": 0.6}
        self.ax_.axvline(0, color="0.5", linewidth=1)
        self.lines_ = []
        for row, weights in enumerate(shown):
            self.lines_ += self.ax_.plot(
                weights,
                np.full(len(weights), row),
                **merge_style(defaults, style),
            )
        names = list(map(plain_text, self.feature_names[:max_features]))
        self.ax_.set_yticks(np.arange(len(shown)), names)
        # Reversed limits put the most important input at the top.
        self.ax_.set_ylim(max(len(shown), 1) - 0.4, -0.6)
        # Lines guide the eye from the names of the inputs to the dots.
        self.ax_.grid(axis="y", color="0.9")
        self.ax_.set_axisbelow(True)
        self.ax_.set_xlabel("Weights (standardized inputs)")
        title = f"{len(self.weights)} of {self.n_features} inputs used"
        if len(shown) < len(self.weights):
            title += f", top {len(shown)} shown"
        self.ax_.set_title(title if name is None else f"{name}: {title}")
        return self
