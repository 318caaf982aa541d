# SPDX-License-Identifier: BSD-3-Clause
"""Training and validation loss over the epochs."""

import numpy as np
from sklearn.base import is_classifier, is_regressor

from skrln._core._base import BaseRLN

from ._plotting import fitted_attribute, get_axes, name_of, styled


class LossCurveDisplay:
    """Training and validation loss of each epoch, and the epoch that was restored.

    It is recommended to use :meth:`from_estimator`. All parameters are stored as
    attributes.

    Parameters
    ----------
    loss_curve : ndarray of shape (n_epochs,)
        Training loss of each epoch.

    validation_loss_curve : ndarray of shape (n_epochs,), default=None
        Validation loss of each epoch.

    best_iteration : int, default=None
        Epoch that was restored, counted from 0.

    zero_curve : ndarray of shape (n_epochs,), default=None
        Share of the first layer's weights that are exactly zero after each epoch.

    loss_name : str, default=None
        What the loss is, for the label of the axis.

    name : str, default=None
        Name of the estimator in the legend.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the losses.

    zeros_ax_ : matplotlib Axes or None
        Second axis, of the share of zeros; None where it is not drawn.

    figure_ : matplotlib Figure
        Figure of the axes.

    lines_ : list of matplotlib Line2D
        Validation loss, where there is one, and training loss.

    See Also
    --------
    RegularizationPathDisplay : What happens to single edges meanwhile.

    Examples
    --------
    >>> from skrln import RLNRegressor
    >>> from skrln.presets import READABLE
    >>> from skrln.datasets import make_friedman1_noise
    >>> from skrln.inspection import LossCurveDisplay
    >>> X, y = make_friedman1_noise(n_samples=200, n_noise=20, random_state=0)
    >>> model = RLNRegressor(**READABLE, early_stopping=True, random_state=0).fit(X, y)
    >>> display = LossCurveDisplay.from_estimator(model)
    >>> display.ax_.get_xlabel()
    'Epoch'
    >>> display.best_iteration == model.best_iteration_
    True
    """

    def __init__(
        self,
        loss_curve,
        *,
        validation_loss_curve=None,
        best_iteration=None,
        zero_curve=None,
        loss_name=None,
        name=None,
    ):
        self.loss_curve = loss_curve
        self.validation_loss_curve = validation_loss_curve
        self.best_iteration = best_iteration
        self.zero_curve = zero_curve
        self.loss_name = loss_name
        self.name = name

    @classmethod
    def from_estimator(cls, estimator, *, name=None, sparsity=False, ax=None, **style):
        """Draw the loss curves of a fitted estimator.

        Parameters
        ----------
        estimator : object
            Fitted estimator with `loss_curve_`: a network of this package, or
            :class:`~sklearn.neural_network.MLPRegressor`.

        name : str, default=None
            Name in the legend; by default that of the class.

        sparsity : bool, default=False
            Whether to draw the share of zeros in the first layer on a second axis.

        ax : matplotlib Axes, default=None
            Axes to draw on, such as `ax_` of another display; by default those of a new
            figure.

        **style : dict
            Passed on to :meth:`matplotlib.axes.Axes.plot` for the losses.

        Returns
        -------
        LossCurveDisplay
        """
        loss_curve = np.asarray(fitted_attribute(estimator, "loss_curve_"))
        validation = zeros = None
        loss = "log_loss" if is_classifier(estimator) else ""
        loss_name = getattr(estimator, "loss", loss).replace("_", " ")
        if isinstance(estimator, BaseRLN):
            validation = estimator.validation_loss_curve_
            zeros = estimator.sparsity_curve_[:, 0]
            if is_regressor(estimator):
                loss_name += ", scaled target"
            elif not is_classifier(estimator):
                loss_name = "mean of the tasks"
        display = cls(
            loss_curve,
            validation_loss_curve=validation,
            best_iteration=None if validation is None else estimator.best_iteration_,
            zero_curve=zeros,
            loss_name=loss_name or None,
            name=name_of(estimator, name),
        )
        return display.plot(ax, sparsity=sparsity, **style)

    def plot(self, ax=None, *, name=None, sparsity=False, **style):
        """Draw the loss curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; by default those of a new figure.

        name : str, default=None
            Name in the legend; by default `name` of the display.

        sparsity : bool, default=False
            Whether to draw the share of zeros in the first layer on a second axis.

        **style : dict
            Passed on to :meth:`matplotlib.axes.Axes.plot` for the losses.

        Returns
        -------
        LossCurveDisplay
        """
        if sparsity and self.zero_curve is None:
            raise ValueError(
                "Got sparsity=True, but this display has no zero_curve. Pass "
                "sparsity=False, or a network of this package to from_estimator."
            )
        self.ax_ = get_axes(ax, self)
        self.figure_ = self.ax_.figure
        self.zeros_ax_ = None
        name = self.name if name is None else name
        self.lines_ = self._plot_losses("" if name is None else f"{name}: ", style)
        if sparsity:
            self._plot_zeros()
        self.ax_.set_xlabel("Epoch")
        unit = "" if self.loss_name is None else f" ({self.loss_name})"
        self.ax_.set_ylabel(f"Loss{unit}")
        # With curves on both axes no corner is free: the legend goes above them.
        above = {"loc": "lower center", "bbox_to_anchor": (0.5, 1), "frameon": False}
        self.ax_.legend(**(above | {"ncols": 2} if sparsity else {}))
        return self

    def _plot_losses(self, prefix, style):
        from matplotlib.lines import Line2D

        curves = [(self.validation_loss_curve, "-", "validation")]
        curves.append((self.loss_curve, "--", "training"))
        lines = []
        for values, line_style, what in curves:
            if values is None:
                continue
            defaults = {"linestyle": line_style, "label": f"{prefix}{what}"}
            if lines:
                defaults["color"] = lines[0].get_color()
            lines += self.ax_.plot(values, **styled(Line2D, defaults, style))
        if self.best_iteration is not None:
            self.ax_.plot(
                self.best_iteration,
                self.validation_loss_curve[self.best_iteration],
                linestyle="none",
                marker="o",
                color=lines[0].get_color(),
                label=f"{prefix}restored, epoch {self.best_iteration}",
            )
        return lines

    def _plot_zeros(self):
        self.zeros_ax_ = self.ax_.twinx()
        self.zeros_ax_.plot(self.zero_curve, color="0.4", linestyle=":")
        self.zeros_ax_.set_ylim(0, 1.05)
        self.zeros_ax_.yaxis.set_major_formatter("{x:.0%}")
        self.zeros_ax_.set_ylabel("Zeros in the first layer (dotted)")
