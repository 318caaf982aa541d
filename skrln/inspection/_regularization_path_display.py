# SPDX-License-Identifier: BSD-3-Clause
"""Edges on their way through the plane of weight and regularization coefficient."""

import numpy as np

from ._plotting import check_network, get_axes, name_of, styled


class RegularizationPathDisplay:
    r"""How single edges of the first layer become free or zero while a network trains.

    The first axes are the plane of weight :math:`w` and log coefficient
    :math:`\lambda`. Each line is an edge, from the end of the first epoch to the
    weights that were kept. All begin near `theta`. The coefficients of edges that the
    loss asks for fall, so that nothing holds their weights any more; the others are
    pressed to a weight of zero and stay there. The second axes have the share of zeros
    among all weights of the first layer.

    It is recommended to use :meth:`from_estimator`. All parameters are stored as
    attributes.

    Parameters
    ----------
    path : ndarray of shape (n_epochs, n_edges, 2)
        Weight and log coefficient of the edges after each epoch, up to that whose
        weights were kept.

    survives : ndarray of bool of shape (n_edges,)
        Whether the edge has a weight in the end.

    theta : float
        Mean of the log coefficients.

    zero_curve : ndarray of shape (n_epochs,)
        Share of the first layer's weights that are exactly zero after the same epochs.

    n_left : int
        First-layer edges that are not zero in the end, followed or not.

    name : str, default=None
        Name of the estimator in the title.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of weight and coefficient.

    zeros_ax_ : matplotlib Axes or None
        Axes of the share of zeros; None where they are not drawn.

    figure_ : matplotlib Figure
        Figure of the axes.

    survivors_, others_ : matplotlib LineCollection
        Paths of the edges that survive, and of those that do not.

    See Also
    --------
    LossCurveDisplay : The losses of the same epochs.

    References
    ----------
    .. [1] Shavitt and Segal, "Regularization Learning Networks: Deep Learning for
       Tabular Datasets", NeurIPS 2018. Figure 8 has the same numbers in another
       arrangement.

    Examples
    --------
    >>> from skrln import RLNRegressor
    >>> from skrln.presets import READABLE
    >>> from skrln.datasets import make_friedman1_noise
    >>> from skrln.inspection import RegularizationPathDisplay
    >>> X, y = make_friedman1_noise(n_samples=200, n_noise=20, random_state=0)
    >>> model = RLNRegressor(**READABLE, store_reg_path=30, random_state=0).fit(X, y)
    >>> display = RegularizationPathDisplay.from_estimator(model)
    >>> display.path.shape
    (100, 30, 2)
    """

    def __init__(self, path, *, survives, theta, zero_curve, n_left, name=None):
        self.path = path
        self.survives = survives
        self.theta = theta
        self.zero_curve = zero_curve
        self.n_left = n_left
        self.name = name

    @classmethod
    def from_estimator(cls, estimator, *, name=None, ax=None, **style):
        """Draw the paths of a fitted network.

        Parameters
        ----------
        estimator : RLNRegressor or RLNClassifier
            Network fitted with `store_reg_path`, the number of edges to follow.

        name : str, default=None
            Name in the title; by default that of the class.

        ax : matplotlib Axes or array-like of two, default=None
            Axes of the plane, and of the share of zeros; the latter is left out where
            there is one only. By default those of a new figure.

        **style : dict
            Passed on to :class:`matplotlib.collections.LineCollection` for the edges
            that survive.

        Returns
        -------
        RegularizationPathDisplay
        """
        check_network(estimator)
        if not hasattr(estimator, "reg_path_"):
            raise ValueError(
                "Got an estimator fitted with "
                f"store_reg_path={estimator.store_reg_path}, but the paths of edges "
                "are expected to have been recorded. Set store_reg_path, e.g. to 50, "
                "and call fit."
            )
        if not np.isfinite(estimator.reg_coefs_[0]).any():
            raise ValueError(
                f"Got an estimator with regularization={estimator.regularization!r}, "
                "but its edges are expected to have coefficients. Use "
                'regularization="rln".'
            )
        kept = slice(max(0, estimator.best_iteration_) + 1)
        path = estimator.reg_path_[kept]
        display = cls(
            path,
            survives=path[-1, :, 0] != 0,
            theta=estimator.theta_,
            zero_curve=estimator.sparsity_curve_[kept, 0],
            n_left=int(np.count_nonzero(estimator.coefs_[0])),
            name=name_of(estimator, name),
        )
        return display.plot(ax, **style)

    def plot(self, ax=None, *, name=None, **style):
        """Draw the paths.

        Parameters
        ----------
        ax : matplotlib Axes or array-like of two, default=None
            Axes of the plane, and of the share of zeros; the latter is left out where
            there is one only. By default those of a new figure.

        name : str, default=None
            Name in the title; by default `name` of the display.

        **style : dict
            Passed on to :class:`matplotlib.collections.LineCollection` for the edges
            that survive.

        Returns
        -------
        RegularizationPathDisplay
        """
        ax = np.ravel(get_axes(ax, self, ncols=2, width_ratios=(3, 1)))
        if len(ax) > 2:
            raise ValueError(f"Got {len(ax)} axes as ax, but expected one or two.")
        self.ax_, self.zeros_ax_ = ax[0], ax[1] if len(ax) > 1 else None
        self.figure_ = self.ax_.figure
        self._plot_plane(self.name if name is None else name, style)
        if self.zeros_ax_ is not None:
            self._plot_zeros()
        return self

    def _plot_plane(self, name, style):
        from matplotlib.collections import LineCollection

        lines = np.moveaxis(self.path, 1, 0)
        alive, dead = lines[self.survives], lines[~self.survives]
        self.others_ = LineCollection(dead, color="0.75", linewidth=0.8)
        defaults = {"color": "C0", "linewidth": 1, "alpha": 0.7}
        self.survivors_ = LineCollection(
            alive, **styled(LineCollection, defaults, style)
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
        self.ax_.set_ylabel(r"Log coefficient $\lambda$ (lower: freer)")
        left = f"{self.n_left} edges left"
        # Above the axes: the paths leave no corner that is always free.
        self.ax_.legend(
            loc="lower center",
            bbox_to_anchor=(0.5, 1),
            ncols=2,
            frameon=False,
            title=left if name is None else f"{name}: {left}",
        )

    def _plot_points(self, alive, dead):
        color = self.survivors_.get_color()[0]
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
