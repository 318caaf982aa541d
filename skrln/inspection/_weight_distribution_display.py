# SPDX-License-Identifier: BSD-3-Clause
"""How large the weights are that survive."""

import numpy as np
from scipy.stats import ks_2samp

from ._plotting import (
    fitted_attribute,
    get_axes,
    name_of,
    next_line_style,
    styled,
)


class WeightDistributionDisplay:
    """Cumulative distribution of the weights of the first layer that are not zero.

    A curve says which share of the weights that are left is at most so large. The further
    to the right, the larger they are: a penalty that shrinks what it leaves has its curve far
    to the left of that of a plain network, one that leaves alone what it does not remove does
    not. How much was removed is in the legend. Several networks go on one axis.

    It is recommended to use :meth:`from_estimator`. All parameters are stored as attributes.

    Parameters
    ----------
    weights : ndarray of shape (n_weights,)
        Absolute values of the weights that are not exactly zero, ascending, on the scale of
        standardized inputs.

    zero_share : float
        Share of the weights of the layer that is exactly zero.

    distance : float, default=None
        Kolmogorov-Smirnov distance to another network, the largest vertical distance of the two
        curves: from 0 (one distribution) to 1 (no overlap).

    reference_name : str, default=None
        Name of the other network.

    name : str, default=None
        Name of the network in the legend.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes that were drawn on.

    figure_ : matplotlib Figure
        Figure of the axes.

    line_ : matplotlib Line2D
        The curve.

    See Also
    --------
    OutgoingWeightsDisplay : Which inputs the weights belong to.

    Examples
    --------
    >>> from skrln import RLNRegressor
    >>> from skrln.presets import READABLE
    >>> from skrln.datasets import make_friedman1_noise
    >>> from skrln.inspection import WeightDistributionDisplay
    >>> X, y = make_friedman1_noise(n_samples=200, n_noise=20, random_state=0)
    >>> rln = RLNRegressor(**READABLE, random_state=0).fit(X, y)
    >>> plain = RLNRegressor(**READABLE | {"regularization": None}, random_state=0)
    >>> plain = plain.fit(X, y)
    >>> first = WeightDistributionDisplay.from_estimator(plain, name="plain")
    >>> second = WeightDistributionDisplay.from_estimator(
    ...     rln, name="RLN", reference=first, ax=first.ax_
    ... )
    >>> second.zero_share > first.zero_share == 0
    True
    """

    def __init__(
        self, weights, zero_share, *, distance=None, reference_name=None, name=None
    ):
        self.weights = weights
        self.zero_share = zero_share
        self.distance = distance
        self.reference_name = reference_name
        self.name = name

    @classmethod
    def from_estimator(cls, estimator, *, reference=None, name=None, ax=None, **style):
        """Draw the weights of the first layer of a fitted network.

        Parameters
        ----------
        estimator : object
            Fitted estimator with `coefs_`: a network of this package, or
            :class:`~sklearn.neural_network.MLPRegressor`.

        reference : WeightDistributionDisplay, default=None
            Display of another network; its distance to this one goes into the legend.

        name : str, default=None
            Name in the legend; by default that of the class.

        ax : matplotlib Axes, default=None
            Axes to draw on, such as `ax_` of another display; by default those of a new
            figure.

        **style : dict
            Passed on to :meth:`matplotlib.axes.Axes.plot`.

        Returns
        -------
        WeightDistributionDisplay
        """
        first = np.asarray(fitted_attribute(estimator, "coefs_")[0], float)
        weights = np.sort(np.abs(first[first != 0]))
        distance = reference_name = None
        if reference is not None:
            reference_name = reference.name
            if len(weights) and len(reference.weights):
                distance = float(ks_2samp(weights, reference.weights).statistic)
        display = cls(
            weights,
            float(np.mean(first == 0)),
            distance=distance,
            reference_name=reference_name,
            name=name_of(estimator, name),
        )
        return display.plot(ax, **style)

    def plot(self, ax=None, *, name=None, **style):
        """Draw the curve.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; by default those of a new figure.

        name : str, default=None
            Name in the legend; by default `name` of the display.

        **style : dict
            Passed on to :meth:`matplotlib.axes.Axes.plot`.

        Returns
        -------
        WeightDistributionDisplay
        """
        self.ax_ = get_axes(ax, self)
        self.figure_ = self.ax_.figure
        from matplotlib.lines import Line2D

        # A step up at each weight, from nothing: the last point carries to the full share.
        shares = np.arange(1, len(self.weights) + 1) / max(len(self.weights), 1)
        defaults = {
            "linestyle": next_line_style(self.ax_),
            "drawstyle": "steps-post",
            "label": self._label(self.name if name is None else name),
        }
        self.ax_.set_xscale("log")
        (self.line_,) = self.ax_.plot(
            self.weights, shares, **styled(Line2D, defaults, style)
        )
        self.ax_.set_ylim(0, 1)
        self.ax_.yaxis.set_major_formatter("{x:.0%}")
        self.ax_.set_xlabel("Absolute weight in the first layer, zeros left out")
        self.ax_.set_ylabel("Share of the weights that are at most so large")
        # The curves rise to the right: above them no corner is taken.
        self.ax_.legend(
            loc="lower center", bbox_to_anchor=(0.5, 1), frameon=False, fontsize="small"
        )
        return self

    def _label(self, name):
        n_weights = len(self.weights)
        label = f"{100 * self.zero_share:.4g}% exactly zero, {n_weights} left"
        if self.distance is not None:
            other = self.reference_name or "the reference"
            label += f"; distance to {other} {self.distance:.2f}"
        return label if name is None else f"{name} ({label})"
