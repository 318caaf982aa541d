# SPDX-License-Identifier: BSD-3-Clause
"""Paths of edges through the plane of weight and log regularization coefficient."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from ._plotting import check_network, get_axes, merge_style, name_or_class, plain_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import LineCollection
    from matplotlib.figure import Figure

    from skrln.networks import RLNClassifier, RLNRegressor


class RegularizationPathDisplay:
    r"""Paths of single first-layer edges during training, by weight and log coefficient.

    The first axes show the plane of weight :math:`w` and log coefficient :math:`\lambda`. Each
    line is an edge, from the end of the first epoch to the epoch whose weights were kept. All
    edges start near `theta`. The coefficients of edges that lower the loss fall, so that their
    weights are hardly penalized. The weights of the other edges shrink to zero and stay zero.
    The second axes show the share of zeros among all first-layer weights.

    Create the display with :meth:`from_estimator`. All parameters are stored as attributes.

    Parameters
    ----------
    path : ndarray of shape (n_epochs, n_edges, 2)
        Weight and log coefficient of the edges after each epoch, up to the epoch whose weights
        were kept.

    survives : ndarray of bool of shape (n_edges,)
        True for edges with a final weight that is not zero.

    theta : float
        Mean of the log coefficients.

    zero_curve : ndarray of shape (n_epochs,)
        Share of the first-layer weights that are exactly zero after the same epochs.

    n_left : int
        Number of first-layer edges with a final weight that is not zero, recorded or not.

    name : str, default=None
        Name of the estimator in the title.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of weight and coefficient.

    zeros_ax_ : matplotlib Axes or None
        Axes of the share of zeros; None if the share is not drawn.

    figure_ : matplotlib Figure
        Figure of the axes.

    survivors_, others_ : matplotlib LineCollection
        Paths of the edges that survive, and of the edges that become zero.

    See Also
    --------
    LossCurveDisplay : Losses of the same epochs.

    References
    ----------
    .. [1] Shavitt and Segal, "Regularization Learning Networks: Deep Learning for
       Tabular Datasets", NeurIPS 2018. Figure 8 shows the same quantities.

    Examples
    --------
    >>> from skrln import RLNRegressor
    >>> from skrln.options import RLNPenalty
    >>> from skrln.presets import READABLE
    >>> from skrln.datasets import make_friedman1_noise
    >>> from skrln.inspection import RegularizationPathDisplay
    >>> X, y = make_friedman1_noise(n_samples=200, n_noise=20, random_state=0)
    >>> penalty = RLNPenalty(n_path_edges=30)
    >>> model = RLNRegressor(**READABLE, penalty=penalty, random_state=0).fit(X, y)
    >>> display = RegularizationPathDisplay.from_estimator(model)
    >>> display.path.shape
    (100, 30, 2)
    """

    ax_: "Axes"
    zeros_ax_: "Axes | None"
    figure_: "Figure"
    survivors_: "LineCollection"
    others_: "LineCollection"

    def __init__(
        self,
        path: np.ndarray,
        *,
        survives: np.ndarray,
        theta: float,
        zero_curve: np.ndarray,
        n_left: int,
        name: str | None = None,
    ):
        self.path = path
        self.survives = survives
        self.theta = theta
        self.zero_curve = zero_curve
        self.n_left = n_left
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        estimator: "RLNRegressor | RLNClassifier",
        *,
        name: str | None = None,
        ax: "Axes | Sequence[Axes] | None" = None,
        **style: Any,
    ) -> Self:
        """Draw the paths of a fitted network.

        Parameters
        ----------
        estimator : RLNRegressor or RLNClassifier
            Network fitted with a penalty whose `n_path_edges` is the number of edges to record.

        name : str, default=None
            Name in the title; None uses the class name.

        ax : matplotlib Axes or array-like of two, default=None
            Axes of the plane and of the share of zeros. Single axes show the plane only; None
            creates a new figure.

        **style : dict
            Passed to :class:`matplotlib.collections.LineCollection` for the edges
            that survive.

        Returns
        -------
        RegularizationPathDisplay
        """
        check_network(estimator)
        # The log coefficient is minus infinity for weights without a penalty.
        if not np.isfinite(estimator.reg_coefs_[0]).any():
            raise ValueError(
                "Got an estimator fitted with penalty=None, but expected learned "
                "coefficients. Fit with penalty=RLNPenalty(n_path_edges=50)."
            )
        if not hasattr(estimator, "reg_path_"):
            raise ValueError(
                "Got an estimator fitted with n_path_edges=0 in its penalty, but expected "
                "recorded paths. Fit with penalty=RLNPenalty(n_path_edges=50)."
            )
        # An epoch of -1 stands for the weights that the fit started from: draw one epoch.
        kept = slice(max(0, estimator.best_iteration_) + 1)
        path = estimator.reg_path_[kept]
        display = cls(
            path,
            survives=path[-1, :, 0] != 0,
            theta=estimator.theta_,
            zero_curve=estimator.sparsity_curve_[kept, 0],
            n_left=int(np.count_nonzero(estimator.coefs_[0])),
            name=name_or_class(estimator, name),
        )
        return display.plot(ax, **style)

    def plot(
        self,
        ax: "Axes | Sequence[Axes] | None" = None,
        *,
        name: str | None = None,
        **style: Any,
    ) -> Self:
        """Draw the paths.

        Parameters
        ----------
        ax : matplotlib Axes or array-like of two, default=None
            Axes of the plane and of the share of zeros. Single axes show the plane only; None
            creates a new figure.

        name : str, default=None
            Name in the title; None uses `name` of the display.

        **style : dict
            Passed to :class:`matplotlib.collections.LineCollection` for the edges
            that survive.

        Returns
        -------
        RegularizationPathDisplay
        """
        panels = np.ravel(get_axes(ax, self, ncols=2, width_ratios=(3, 1)))
        if len(panels) > 2:
            raise ValueError(
                f"Got {len(panels)} axes as ax, but expected one or two: "
                "plt.subplots(ncols=2)[1]."
            )
        self.ax_ = panels[0]
        self.zeros_ax_ = panels[1] if len(panels) > 1 else None
        self.figure_ = self.ax_.figure
        self._plot_plane(plain_text(self.name if name is None else name), style)
        if self.zeros_ax_ is not None:
            self._plot_zeros()
        return self

    def _plot_plane(self, name, style):
        from matplotlib.collections import LineCollection

        paths = np.moveaxis(self.path, 1, 0)
        alive, dead = paths[self.survives], paths[~self.survives]
        self.others_ = LineCollection(dead, color="0.75", linewidth=0.8)
        defaults = {"color": "C0", "linewidth": 1, "alpha": 0.7}
        self.survivors_ = LineCollection(
            alive, **merge_style(defaults, style, LineCollection)
        )
        self.ax_.add_collection(self.others_)
        self.ax_.add_collection(self.survivors_)
        self._plot_points(alive, dead)
        self.ax_.axhline(
            self.theta,
            color="black",
            linestyle="--",
            linewidth=1,
            label=rf"mean, $\theta$ = {self.theta:g}",
        )
        self.ax_.set_xlabel("Weight $w$")
        self.ax_.set_ylabel(r"Log coefficient $\lambda$ (lower: weaker penalty)")
        title = f"{self.n_left} edges left"
        # The legend stands above the axes, because paths can reach any corner.
        self.ax_.legend(
            loc="lower center",
            bbox_to_anchor=(0.5, 1),
            ncols=2,
            frameon=False,
            title=title if name is None else f"{name}: {title}",
        )

    def _plot_points(self, alive, dead):
        color = self.survivors_.get_color()[0]
        # Open circles mark the start of a path, filled circles and crosses the end. Only one
        # kind of start enters the legend.
        point = {"linestyle": "none", "marker": "o", "markersize": 4}
        start = {**point, "markerfacecolor": "white"}
        self.ax_.plot(*dead[:, 0].T, **start, markeredgecolor="0.6")
        start.update(markeredgecolor=color, label="start (after epoch 1)")
        self.ax_.plot(*alive[:, 0].T, **start)
        self.ax_.plot(*alive[:, -1].T, **point, color=color, label="end: survives")
        point.update(marker="x", color="0.4", label="end: zero")
        self.ax_.plot(*dead[:, -1].T, **point)

    def _plot_zeros(self):
        self.zeros_ax_.plot(self.zero_curve, color="black")
        self.zeros_ax_.set_title(f"ends at {self.zero_curve[-1]:.1%}", size="medium")
        self.zeros_ax_.yaxis.tick_right()
        self.zeros_ax_.yaxis.set_label_position("right")
        self.zeros_ax_.set_ylim(0, 1.05)
        self.zeros_ax_.yaxis.set_major_formatter("{x:.0%}")
        self.zeros_ax_.set_xlabel("Epoch")
        self.zeros_ax_.set_ylabel("Zeros in the first layer")
