# SPDX-License-Identifier: BSD-3-Clause
"""Training loss over the epochs, with the epochs at which units were pruned."""

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from ._plotting import (
    fitted_attribute,
    get_axes,
    merge_style,
    name_or_class,
    plain_text,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    from skrln.pruning import DistinctivenessPruner


class PruningHistoryDisplay:
    """Training loss over the epochs, with a vertical line at each pruning.

    Create the display with :meth:`from_estimator`. All parameters are stored as attributes.

    Parameters
    ----------
    loss_curve : ndarray of shape (n_epochs,)
        Training loss of each epoch.

    epoch : ndarray of shape (n_prunings,)
        Epoch before which each pruning took place.

    n_removed : ndarray of shape (n_prunings,)
        Number of units that each pruning removed.

    name : str, default=None
        Name in the legend.

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
    skrln.pruning.DistinctivenessPruner : Pruner that records this history.

    Examples
    --------
    >>> import numpy as np
    >>> from skrln.inspection import PruningHistoryDisplay
    >>> display = PruningHistoryDisplay([1.0, 0.5, 0.6, 0.4], [2], [3]).plot()
    >>> display.ax_.get_ylabel()
    'Training loss'
    """

    ax_: "Axes"
    figure_: "Figure"
    line_: "Line2D"

    def __init__(
        self,
        loss_curve: np.ndarray,
        epoch: np.ndarray,
        n_removed: np.ndarray,
        *,
        name: str | None = None,
    ):
        self.loss_curve = loss_curve
        self.epoch = epoch
        self.n_removed = n_removed
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        estimator: "DistinctivenessPruner",
        *,
        name: str | None = None,
        ax: "Axes | None" = None,
        **style: Any,
    ) -> Self:
        """Draw the history of a fitted pruner.

        Parameters
        ----------
        estimator : DistinctivenessPruner
            Fitted pruner.

        name : str, default=None
            Name in the legend; None uses the class name.

        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a new figure.

        **style : dict
            Passed to :meth:`matplotlib.axes.Axes.plot`.

        Returns
        -------
        PruningHistoryDisplay
        """
        history = fitted_attribute(estimator, "history_")
        if not len(history["loss_curve"]):
            raise ValueError(
                "Got a network without a loss_curve_, but expected a loss for each epoch: "
                "solver='lbfgs' records none. Use another solver."
            )
        display = cls(
            history["loss_curve"],
            history["epoch"],
            history["n_removed"],
            name=name_or_class(estimator, name),
        )
        return display.plot(ax, **style)

    def plot(
        self, ax: "Axes | None" = None, *, name: str | None = None, **style: Any
    ) -> Self:
        """Draw the loss, and a vertical line for each pruning.

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
        PruningHistoryDisplay
        """
        self.ax_ = get_axes(ax, self)
        self.figure_ = self.ax_.figure
        defaults = {"label": plain_text(self.name if name is None else name)}
        (self.line_,) = self.ax_.plot(self.loss_curve, **merge_style(defaults, style))
        for epoch, count in zip(self.epoch, self.n_removed, strict=True):
            # Between the last epoch of the larger network and the first of the smaller network.
            self.ax_.axvline(epoch - 0.5, color="0.4", linestyle=":", linewidth=1)
            self.ax_.annotate(
                f"-{count}",
                (epoch - 0.5, 0.98),
                xycoords=("data", "axes fraction"),
                xytext=(2, 0),
                textcoords="offset points",
                va="top",
                color="0.4",
            )
        self.ax_.set_xlabel("Epoch")
        self.ax_.set_ylabel("Training loss")
        if defaults["label"] is not None:
            self.ax_.legend()
        return self
