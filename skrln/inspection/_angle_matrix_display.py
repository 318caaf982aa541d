# SPDX-License-Identifier: BSD-3-Clause
"""Why pruning took the units it took: the angles between them."""

from ._plotting import fitted_attribute, get_axes


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
