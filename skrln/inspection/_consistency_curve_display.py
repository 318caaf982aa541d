# SPDX-License-Identifier: BSD-3-Clause
"""Loss by consistency loss over the epochs of a joint fit."""

from typing import TYPE_CHECKING, Any, Self

import numpy as np

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

    from skrln.joint import JointAutoencoder, JointClassifier, JointRegressor


class ConsistencyCurveDisplay:
    """Trade-off between the loss of the domains and the consistency of their networks.

    Each point of the curve is an epoch. A higher consistency loss means that the networks of
    the domains differ more. An open circle marks the first epoch, a filled circle the epoch
    whose weights were kept. Curves of several estimators can share an axis.

    Create the display with :meth:`from_estimator`. All parameters are stored as attributes.

    Parameters
    ----------
    loss_curve : ndarray of shape (n_epochs,)
        Loss (or another score) of each epoch, averaged over the domains.

    consistency_curve : ndarray of shape (n_epochs,)
        Consistency loss after each epoch.

    best_iteration : int, default=None
        Epoch whose weights were kept, counted from 0.

    loss_name : str, default="Training loss"
        Label of the loss axis.

    name : str, default=None
        Name of the estimator in the legend.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the curve.

    figure_ : matplotlib Figure
        Figure of the axes.

    line_ : matplotlib Line2D
        Curve of the loss.

    See Also
    --------
    DomainNetworkDisplay : Groups of similar domains.

    Examples
    --------
    >>> from skrln.datasets import make_domains
    >>> from skrln.inspection import ConsistencyCurveDisplay
    >>> from skrln.joint import JointRegressor
    >>> X, y, domain = make_domains(random_state=0)
    >>> model = JointRegressor(max_iter=20, random_state=0)
    >>> model = model.fit(X, y, sample_domain=domain)
    >>> display = ConsistencyCurveDisplay.from_estimator(model)
    >>> display.ax_.get_xlabel()
    'Consistency loss'
    """

    ax_: "Axes"
    figure_: "Figure"
    line_: "Line2D"

    def __init__(
        self,
        loss_curve: np.ndarray,
        consistency_curve: np.ndarray,
        *,
        best_iteration: int | None = None,
        loss_name: str = "Training loss",
        name: str | None = None,
    ):
        self.loss_curve = loss_curve
        self.consistency_curve = consistency_curve
        self.best_iteration = best_iteration
        self.loss_name = loss_name
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        estimator: "JointClassifier | JointRegressor | JointAutoencoder",
        *,
        name: str | None = None,
        ax: "Axes | None" = None,
        **style: Any,
    ) -> Self:
        """Draw the curve of a fitted joint estimator.

        Parameters
        ----------
        estimator : JointClassifier, JointRegressor or JointAutoencoder
            Fitted estimator. The validation loss is drawn if the fit had validation rows,
            else the training loss.

        name : str, default=None
            Name in the legend; None uses the class name.

        ax : matplotlib Axes, default=None
            Axes to draw on, such as `ax_` of another display; None creates a new figure.

        **style : dict
            Passed to :meth:`matplotlib.axes.Axes.plot`.

        Returns
        -------
        ConsistencyCurveDisplay
        """
        consistency = fitted_attribute(estimator, "consistency_curve_")
        validation = estimator.validation_loss_curve_
        display = cls(
            np.asarray(estimator.loss_curve_ if validation is None else validation),
            np.asarray(consistency),
            best_iteration=estimator.best_iteration_,
            loss_name="Training loss" if validation is None else "Validation loss",
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
        ConsistencyCurveDisplay
        """
        self.ax_ = get_axes(ax, self)
        self.figure_ = self.ax_.figure
        # Line styles distinguish several estimators in grey print.
        label = plain_text(self.name if name is None else name)
        defaults = {"label": label, "linestyle": next_line_style(self.ax_)}
        (self.line_,) = self.ax_.plot(
            self.consistency_curve,
            self.loss_curve,
            **merge_style(defaults, style),
        )
        colour = self.line_.get_color()
        self.ax_.plot(
            self.consistency_curve[0],
            self.loss_curve[0],
            "o",
            mfc="white",
            color=colour,
        )
        best = self.best_iteration
        # -1 stands for the initial weights, which no point of the curve shows.
        if best is not None and best >= 0:
            self.ax_.plot(
                self.consistency_curve[best], self.loss_curve[best], "o", color=colour
            )
        self.ax_.set_xlabel("Consistency loss")
        self.ax_.set_ylabel(plain_text(self.loss_name))
        if label is not None:
            self.ax_.legend()
        return self
