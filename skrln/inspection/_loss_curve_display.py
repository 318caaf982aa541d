# SPDX-License-Identifier: BSD-3-Clause
"""Training and validation loss over the epochs."""

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import is_classifier, is_regressor

from skrln.networks._base import BaseRLN

from ._plotting import (
    fitted_attribute,
    get_axes,
    merge_style,
    name_or_class,
    plain_text,
    with_unit,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D


class LossCurveDisplay:
    """Training and validation loss of each epoch, and the restored epoch.

    Create the display with :meth:`from_estimator`. All parameters are stored as attributes.

    Parameters
    ----------
    loss_curve : ndarray of shape (n_epochs,)
        Training loss of each epoch.

    validation_loss_curve : ndarray of shape (n_epochs,), default=None
        Validation loss of each epoch.

    best_iteration : int, default=None
        Epoch whose weights were restored, counted from 0. Neither None nor -1, the weights
        that the fit started from, is marked.

    zero_curve : ndarray of shape (n_epochs,), default=None
        Share of the first layer's weights that are exactly zero after each epoch.

    loss_name : str, default=None
        Name of the loss in the axis label.

    name : str, default=None
        Name of the estimator in the legend.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the losses.

    zeros_ax_ : matplotlib Axes or None
        Second axis for the share of zeros; None if the share is not drawn.

    figure_ : matplotlib Figure
        Figure of the axes.

    lines_ : list of matplotlib Line2D
        Curves of the validation loss (if any) and the training loss.

    See Also
    --------
    RegularizationPathDisplay : Paths of single edges over the epochs.

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

    ax_: "Axes"
    zeros_ax_: "Axes | None"
    figure_: "Figure"
    lines_: "list[Line2D]"

    def __init__(
        self,
        loss_curve: np.ndarray,
        *,
        validation_loss_curve: np.ndarray | None = None,
        best_iteration: int | None = None,
        zero_curve: np.ndarray | None = None,
        loss_name: str | None = None,
        name: str | None = None,
    ):
        self.loss_curve = loss_curve
        self.validation_loss_curve = validation_loss_curve
        self.best_iteration = best_iteration
        self.zero_curve = zero_curve
        self.loss_name = loss_name
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        name: str | None = None,
        sparsity: bool = False,
        ax: "Axes | None" = None,
        **style: Any,
    ) -> Self:
        """Draw the loss curves of a fitted estimator.

        Parameters
        ----------
        estimator : object
            Fitted estimator with `loss_curve_`: a network of this package, or
            :class:`~sklearn.neural_network.MLPRegressor`.

        name : str, default=None
            Name in the legend; None uses the class name.

        sparsity : bool, default=False
            Draw the share of zeros in the first layer on a second axis.

        ax : matplotlib Axes, default=None
            Axes to draw on, such as `ax_` of another display; None creates a new figure.

        **style : dict
            Passed to :meth:`matplotlib.axes.Axes.plot` for the losses.

        Returns
        -------
        LossCurveDisplay
        """
        loss_curve = np.asarray(fitted_attribute(estimator, "loss_curve_"))
        # RLNClassifier has no parameter `loss`: it always minimizes the log loss.
        validation = zeros = None
        loss = "log_loss" if is_classifier(estimator) else ""
        loss_name = getattr(estimator, "loss", loss).replace("_", " ")
        # Only networks of this package record these curves.
        if isinstance(estimator, BaseRLN):
            validation = estimator.validation_loss_curve_
            zeros = estimator.sparsity_curve_[:, 0]
            # The loss refers to the standardized target. RLNMultiTask is neither regressor nor
            # classifier: its tasks have losses of their own.
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
            name=name_or_class(estimator, name),
        )
        return display.plot(ax, sparsity=sparsity, **style)

    def plot(
        self,
        ax: "Axes | None" = None,
        *,
        name: str | None = None,
        sparsity: bool = False,
        **style: Any,
    ) -> Self:
        """Draw the loss curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a new figure.

        name : str, default=None
            Name in the legend; None uses `name` of the display.

        sparsity : bool, default=False
            Draw the share of zeros in the first layer on a second axis.

        **style : dict
            Passed to :meth:`matplotlib.axes.Axes.plot` for the losses.

        Returns
        -------
        LossCurveDisplay
        """
        if sparsity and self.zero_curve is None:
            raise ValueError(
                "Got sparsity=True, but this display has no zero_curve. Pass "
                "sparsity=False, or create the display from a network of this package."
            )
        self.ax_ = get_axes(ax, self)
        self.figure_ = self.ax_.figure
        self.zeros_ax_ = None
        name = plain_text(self.name if name is None else name)
        self.lines_ = self._plot_losses("" if name is None else f"{name}: ", style)
        if sparsity:
            self._plot_zeros()
        self.ax_.set_xlabel("Epoch")
        self.ax_.set_ylabel(with_unit("Loss", self.loss_name))
        if sparsity:
            # With curves on both axes no corner is free: the legend stands above the axes.
            self.ax_.legend(
                loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, frameon=False
            )
        else:
            self.ax_.legend()
        return self

    def _plot_losses(self, prefix, style):
        # The validation loss comes first: the mark of the restored epoch takes its colour.
        curves = [
            (self.validation_loss_curve, "-", "validation"),
            (self.loss_curve, "--", "training"),
        ]
        lines = []
        for values, line_style, data in curves:
            if values is None:
                continue
            defaults = {"linestyle": line_style, "label": f"{prefix}{data}"}
            # One colour per estimator, one line style per curve.
            if lines:
                defaults["color"] = lines[0].get_color()
            lines += self.ax_.plot(values, **merge_style(defaults, style))
        # An epoch of -1 stands for the weights that the fit started from: no loss was recorded.
        if self.best_iteration is not None and self.best_iteration >= 0:
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
        # Grey, because the losses of several estimators use the colours.
        self.zeros_ax_ = self.ax_.twinx()
        self.zeros_ax_.plot(self.zero_curve, color="0.4", linestyle=":")
        self.zeros_ax_.set_ylim(0, 1.05)
        self.zeros_ax_.yaxis.set_major_formatter("{x:.0%}")
        self.zeros_ax_.set_ylabel("Zeros in the first layer (dotted)")
