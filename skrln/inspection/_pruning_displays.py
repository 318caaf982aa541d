# SPDX-License-Identifier: BSD-3-Clause
"""What pruning costs, why it took the units it took, and how the loss went on."""

import numpy as np

from ._plotting import (
    fitted_attribute,
    get_axes,
    name_of,
    next_line_style,
    styled,
)

#: Thresholds of a trade-off that are drawn where none are given.
ANGLES = (0, 5, 10, 15, 20, 25, 30, 40, 50, 60, 70, 80)


class PruningTradeoffDisplay:
    """Score by the share of units that is pruned.

    It is recommended to use :meth:`from_estimator`. All parameters are stored as
    attributes.

    Parameters
    ----------
    pruning_ratio : ndarray of shape (n_points,)
        Share of the units that is gone.

    score : ndarray of shape (n_points,)
        Score of what is left.

    error : ndarray of shape (n_points,), default=None
        Half the length of an error bar, in units of the score.

    name : str, default=None
        Name of the curve in the legend.

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
    skrln.pruning.DistinctivenessPruner : The pruning.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.neural_network import MLPClassifier
    >>> from skrln.inspection import PruningTradeoffDisplay
    >>> from skrln.pruning import DistinctivenessPruner
    >>> X, y = load_iris(return_X_y=True)
    >>> network = MLPClassifier((20,), solver="lbfgs", random_state=0)
    >>> pruner = DistinctivenessPruner(network, retrain=False).fit(X, y)
    >>> display = PruningTradeoffDisplay.from_estimator(pruner, X, y)
    >>> display.ax_.get_xlabel()
    'Units pruned'
    """

    def __init__(self, pruning_ratio, score, *, error=None, name=None):
        self.pruning_ratio = pruning_ratio
        self.score = score
        self.error = error
        self.name = name

    @classmethod
    def from_estimator(
        cls, estimator, X, y, *, thresholds=None, name=None, ax=None, **style
    ):
        """Prune at many thresholds, without training again, and draw the scores.

        Parameters
        ----------
        estimator : DistinctivenessPruner
            Fitted pruner with ``schedule="post"``.

        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Rows to score.

        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Their targets.

        thresholds : sequence of (float, float), default=None
            Pairs of angles as in
            :meth:`~skrln.pruning.DistinctivenessPruner.path`; by default from
            (0, 180) to (80, 100).

        name : str, default=None
            Name in the legend; by default the criterion.

        ax : matplotlib Axes, default=None
            Axes to draw on, such as `ax_` of another display; by default those of a new
            figure.

        **style : dict
            Passed on to :meth:`matplotlib.axes.Axes.plot`.

        Returns
        -------
        PruningTradeoffDisplay
        """
        fitted_attribute(estimator, "pruning_ratio_")
        if thresholds is None:
            thresholds = [(angle, 180 - angle) for angle in ANGLES]
        path = estimator.path(X, y, thresholds)
        display = cls(
            path["pruning_ratio"],
            path["score"],
            name=estimator.criterion if name is None else name,
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
        PruningTradeoffDisplay
        """
        from matplotlib.lines import Line2D

        self.ax_ = get_axes(ax, self)
        self.figure_ = self.ax_.figure
        defaults = {
            "marker": "o",
            "markersize": 4,
            "linestyle": next_line_style(self.ax_),
            "label": self.name if name is None else name,
        }
        ratio, score = np.asarray(self.pruning_ratio), np.asarray(self.score)
        (self.line_,) = self.ax_.plot(ratio, score, **styled(Line2D, defaults, style))
        if self.error is not None:
            error = np.asarray(self.error)
            color = self.line_.get_color()
            limits = (score - error, score + error)
            self.ax_.fill_between(ratio, *limits, color=color, alpha=0.15, linewidth=0)
        self.ax_.set_xlabel("Units pruned")
        self.ax_.xaxis.set_major_formatter("{x:.0%}")
        self.ax_.set_ylabel("Score")
        if defaults["label"] is not None:
            self.ax_.legend()
        return self


class AngleMatrixDisplay:
    """Angles between the units of a layer.

    It is recommended to use :meth:`from_estimator`. All parameters are stored as
    attributes.

    Parameters
    ----------
    angles : ndarray of shape (n_units, n_units)
        Angles in degrees.

    similar_angle, complementary_angle : float, default=None
        Thresholds, drawn on the scale of colours.

    name : str, default=None
        Title.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the matrix.

    figure_ : matplotlib Figure
        Figure of the axes.

    im_ : matplotlib AxesImage
        The matrix.

    See Also
    --------
    skrln.pruning.DistinctivenessPruner : The pruning.

    Examples
    --------
    >>> import numpy as np
    >>> from skrln.inspection import AngleMatrixDisplay
    >>> display = AngleMatrixDisplay(np.array([[0.0, 170.0], [170.0, 0.0]])).plot()
    >>> display.im_.get_clim()
    (0.0, 180.0)
    """

    def __init__(
        self, angles, *, similar_angle=None, complementary_angle=None, name=None
    ):
        self.angles = angles
        self.similar_angle = similar_angle
        self.complementary_angle = complementary_angle
        self.name = name

    @classmethod
    def from_estimator(cls, estimator, *, layer=None, name=None, ax=None, **style):
        """Draw the angles of a layer, as they were before it was pruned.

        Parameters
        ----------
        estimator : DistinctivenessPruner
            Fitted pruner.

        layer : int, default=None
            One of its `layers_`; by default the last one.

        name : str, default=None
            Title; by default the layer and the vectors that are compared.

        ax : matplotlib Axes, default=None
            Axes to draw on; by default those of a new figure.

        **style : dict
            Passed on to :meth:`matplotlib.axes.Axes.imshow`.

        Returns
        -------
        AngleMatrixDisplay
        """
        layers = fitted_attribute(estimator, "layers_")
        layer = layers[-1] if layer is None else layer
        if layer not in layers or not estimator.angles_:
            there = layers if estimator.angles_ else []
            raise ValueError(
                f"Got layer={layer!r}, but expected one whose angles are known: {there}. "
                "Fit the pruner with that layer among `layers`."
            )
        vectors = "activation" if estimator.criterion == "activation" else "weight"
        display = cls(
            estimator.angles_[layers.index(layer)],
            similar_angle=estimator.similar_angle,
            complementary_angle=estimator.complementary_angle,
            name=f"Layer {layer}, {vectors} angles" if name is None else name,
        )
        return display.plot(ax, **style)

    def plot(self, ax=None, *, name=None, **style):
        """Draw the matrix.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; by default those of a new figure.

        name : str, default=None
            Title; by default `name` of the display.

        **style : dict
            Passed on to :meth:`matplotlib.axes.Axes.imshow`.

        Returns
        -------
        AngleMatrixDisplay
        """
        self.ax_ = get_axes(ax, self)
        self.figure_ = self.ax_.figure
        defaults = {"cmap": "RdBu", "vmin": 0, "vmax": 180}
        self.im_ = self.ax_.imshow(self.angles, **{**defaults, **style})
        bar = self.figure_.colorbar(self.im_, ax=self.ax_, label="Angle (degrees)")
        bar.set_ticks(range(0, 181, 30))
        for angle in (self.similar_angle, self.complementary_angle):
            if angle is not None:
                bar.ax.axhline(angle, color="black", linewidth=1)
        self.ax_.set(xlabel="Unit", ylabel="Unit")
        title = self.name if name is None else name
        if title is not None:
            self.ax_.set_title(title)
        return self


class PruningHistoryDisplay:
    """Loss over the epochs, and where units went.

    It is recommended to use :meth:`from_estimator`. All parameters are stored as
    attributes.

    Parameters
    ----------
    loss_curve : ndarray of shape (n_epochs,)
        Training loss of each epoch.

    epoch : ndarray of shape (n_prunings,)
        Epoch before which units went.

    n_removed : ndarray of shape (n_prunings,)
        How many.

    name : str, default=None
        Name in the legend.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the curve.

    figure_ : matplotlib Figure
        Figure of the axes.

    line_ : matplotlib Line2D
        The loss.

    See Also
    --------
    skrln.pruning.DistinctivenessPruner : The pruning.

    Examples
    --------
    >>> import numpy as np
    >>> from skrln.inspection import PruningHistoryDisplay
    >>> display = PruningHistoryDisplay([1.0, 0.5, 0.6, 0.4], [2], [3]).plot()
    >>> display.ax_.get_ylabel()
    'Training loss'
    """

    def __init__(self, loss_curve, epoch, n_removed, *, name=None):
        self.loss_curve = loss_curve
        self.epoch = epoch
        self.n_removed = n_removed
        self.name = name

    @classmethod
    def from_estimator(cls, estimator, *, name=None, ax=None, **style):
        """Draw the history of a fitted pruner.

        Parameters
        ----------
        estimator : DistinctivenessPruner
            Fitted pruner.

        name : str, default=None
            Name in the legend; by default that of the class.

        ax : matplotlib Axes, default=None
            Axes to draw on; by default those of a new figure.

        **style : dict
            Passed on to :meth:`matplotlib.axes.Axes.plot`.

        Returns
        -------
        PruningHistoryDisplay
        """
        history = fitted_attribute(estimator, "history_")
        if not len(history["loss_curve"]):
            raise ValueError(
                "Got a network without a loss_curve_, whose history is not known: "
                "solver='lbfgs' keeps none. Use another solver."
            )
        display = cls(
            history["loss_curve"],
            history["epoch"],
            history["n_removed"],
            name=name_of(estimator, name),
        )
        return display.plot(ax, **style)

    def plot(self, ax=None, *, name=None, **style):
        """Draw the loss, and a vertical line for each pruning.

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
        PruningHistoryDisplay
        """
        from matplotlib.lines import Line2D

        self.ax_ = get_axes(ax, self)
        self.figure_ = self.ax_.figure
        defaults = {"label": self.name if name is None else name}
        (self.line_,) = self.ax_.plot(
            self.loss_curve, **styled(Line2D, defaults, style)
        )
        for epoch, count in zip(self.epoch, self.n_removed, strict=True):
            # Between the last epoch of the larger network and the first of the smaller.
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
