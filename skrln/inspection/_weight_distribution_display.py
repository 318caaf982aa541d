# SPDX-License-Identifier: BSD-3-Clause
"""Cumulative distribution of the non-zero first-layer weights."""

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from scipy.stats import ks_2samp

from ._plotting import (
    fitted_attribute,
    get_axes,
    merge_style,
    name_or_class,
    next_line_style,
    plain_text,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D


class WeightDistributionDisplay:
    """Cumulative distribution of the non-zero weights of the first layer.

    The curve shows the share of non-zero weights up to a given absolute value. A penalty that
    also shrinks the weights that it keeps moves the curve far to the left of the curve of a
    plain network; a penalty that spares these weights does not. The legend shows the share of
    zeros. Several networks can share an axis.

    Create the display with :meth:`from_estimator`. All parameters are stored as attributes.

    Parameters
    ----------
    weights : ndarray of shape (n_weights,)
        Sorted absolute values of the weights that are not exactly zero, for standardized
        inputs.

    zero_share : float
        Share of the weights of the layer that is exactly zero.

    distance : float, default=None
        Kolmogorov-Smirnov distance to a reference network, which is the largest vertical
        distance between the two curves: from 0 (same distribution) to 1 (no overlap).

    reference_name : str, default=None
        Name of the reference network.

    name : str, default=None
        Name of the network in the legend.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the plot.

    figure_ : matplotlib Figure
        Figure of the axes.

    line_ : matplotlib Line2D
        Curve of the network.

    See Also
    --------
    OutgoingWeightsDisplay : First-layer weights of each input.

    Examples
    --------
    >>> from skrln import RLNRegressor
    >>> from skrln.presets import READABLE
    >>> from skrln.datasets import make_friedman1_noise
    >>> from skrln.inspection import WeightDistributionDisplay
    >>> X, y = make_friedman1_noise(n_samples=200, n_noise=20, random_state=0)
    >>> rln = RLNRegressor(**READABLE, random_state=0).fit(X, y)
    >>> plain = RLNRegressor(**READABLE | {"penalty": None}, random_state=0)
    >>> plain = plain.fit(X, y)
    >>> first = WeightDistributionDisplay.from_estimator(plain, name="plain")
    >>> second = WeightDistributionDisplay.from_estimator(
    ...     rln, name="RLN", reference=first, ax=first.ax_
    ... )
    >>> second.zero_share > first.zero_share == 0
    True
    """

    ax_: "Axes"
    figure_: "Figure"
    line_: "Line2D"

    def __init__(
        self,
        weights: np.ndarray,
        zero_share: float,
        *,
        distance: float | None = None,
        reference_name: str | None = None,
        name: str | None = None,
    ):
        self.weights = weights
        self.zero_share = zero_share
        self.distance = distance
        self.reference_name = reference_name
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        reference: "WeightDistributionDisplay | None" = None,
        name: str | None = None,
        ax: "Axes | None" = None,
        **style: Any,
    ) -> Self:
        """Draw the weights of the first layer of a fitted network.

        Parameters
        ----------
        estimator : object
            Fitted estimator with `coefs_`: a network of this package, or
            :class:`~sklearn.neural_network.MLPRegressor`.

        reference : WeightDistributionDisplay, default=None
            Display of a reference network, whose distance is shown in the legend.

        name : str, default=None
            Name in the legend; None uses the class name.

        ax : matplotlib Axes, default=None
            Axes to draw on, such as `ax_` of another display; None creates a new figure.

        **style : dict
            Passed to :meth:`matplotlib.axes.Axes.plot`.

        Returns
        -------
        WeightDistributionDisplay
        """
        layer = np.asarray(fitted_attribute(estimator, "coefs_")[0], float)
        weights = np.sort(np.abs(layer[layer != 0]))
        distance = reference_name = None
        if reference is not None:
            reference_name = reference.name
            # The distance needs at least one weight on both sides.
            if len(weights) and len(reference.weights):
                distance = float(ks_2samp(weights, reference.weights).statistic)
        display = cls(
            weights,
            float(np.mean(layer == 0)),
            distance=distance,
            reference_name=reference_name,
            name=name_or_class(estimator, name),
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
        WeightDistributionDisplay
        """
        self.ax_ = get_axes(ax, self)
        self.figure_ = self.ax_.figure
        # The curve steps up at each weight and reaches one at the largest weight.
        shares = np.arange(1, len(self.weights) + 1) / max(len(self.weights), 1)
        defaults = {
            "linestyle": next_line_style(self.ax_),
            "drawstyle": "steps-post",
            "label": self._label(plain_text(self.name if name is None else name)),
        }
        # Weights of penalized networks span several orders of magnitude.
        self.ax_.set_xscale("log")
        (self.line_,) = self.ax_.plot(
            self.weights, shares, **merge_style(defaults, style)
        )
        self.ax_.set_ylim(0, 1)
        self.ax_.yaxis.set_major_formatter("{x:.0%}")
        self.ax_.set_xlabel("Absolute non-zero weight in the first layer")
        self.ax_.set_ylabel("Cumulative share of the weights")
        # The legend stands above the axes, where rising curves cannot cross it.
        self.ax_.legend(
            loc="lower center", bbox_to_anchor=(0.5, 1), frameon=False, fontsize="small"
        )
        return self

    def _label(self, name):
        n_weights = len(self.weights)
        label = f"{100 * self.zero_share:.4g}% exactly zero, {n_weights} left"
        if self.distance is not None:
            other = plain_text(self.reference_name or "the reference")
            label += f"; distance to {other} {self.distance:.2f}"
        return label if name is None else f"{name} ({label})"
