# SPDX-License-Identifier: BSD-3-Clause
"""Loss against consistency, epoch by epoch."""

import numpy as np

from ._plotting import fitted_attribute, get_axes, name_of, next_line_style, styled


class ConsistencyCurveDisplay:
    """What networks of several domains give up for being alike, epoch by epoch.

    From left to right the consistency loss grows: networks are less alike. From top to bottom
    the loss of the domains falls. The first epoch and the one that was kept are marked.
    Curves of several estimators can share an axis.

    It is recommended to use :meth:`from_estimator`. All parameters are stored as attributes.

    Parameters
    ----------
    loss_curve : ndarray of shape (n_epochs,)
        Loss (or another score) of each epoch, the mean over the domains.

    consistency_curve : ndarray of shape (n_epochs,)
        Consistency loss after each epoch.

    best_iteration : int, default=None
        Epoch that was kept, counted from 0.

    loss_name : str, default="Training loss"
        Label of the axis.

    name : str, default=None
        Name of the estimator in the legend.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the curve.

    figure_ : matplotlib Figure
        Figure of the axes.

    line_ : matplotlib Line2D
        The curve.

    See Also
    --------
    DomainNetworkDisplay : Which domains are alike.

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

    def __init__(
        self,
        loss_curve,
        consistency_curve,
        *,
        best_iteration=None,
        loss_name="Training loss",
        name=None,
    ):
        self.loss_curve = loss_curve
        self.consistency_curve = consistency_curve
        self.best_iteration = best_iteration
        self.loss_name = loss_name
        self.name = name

    @classmethod
    def from_estimator(cls, estimator, *, name=None, ax=None, **style):
        """Draw the curve of a fitted joint estimator.

        Parameters
        ----------
        estimator : JointClassifier, JointRegressor or JointAutoencoder
            Fitted. The loss is that of the validation rows where there are any.

        name : str, default=None
            Name in the legend; by default that of the class.

        ax : matplotlib Axes, default=None
            Axes to draw on, such as `ax_` of another display; by default those of a new
            figure.

        **style : dict
            Passed on to :meth:`matplotlib.axes.Axes.plot`.

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
        ConsistencyCurveDisplay
        """
        self.ax_ = get_axes(ax, self)
        from matplotlib.lines import Line2D

        self.figure_ = self.ax_.figure
        label = self.name if name is None else name
        defaults = {"label": label, "linestyle": next_line_style(self.ax_)}
        (self.line_,) = self.ax_.plot(
            self.consistency_curve, self.loss_curve, **styled(Line2D, defaults, style)
        )
        colour = self.line_.get_color()
        self.ax_.plot(
            self.consistency_curve[0],
            self.loss_curve[0],
            "o",
            mfc="white",
            color=colour,
        )
        kept = self.best_iteration
        if kept is not None and kept >= 0:
            self.ax_.plot(
                self.consistency_curve[kept], self.loss_curve[kept], "o", color=colour
            )
        self.ax_.set_xlabel("Consistency loss")
        self.ax_.set_ylabel(self.loss_name)
        if label is not None:
            self.ax_.legend()
        return self
