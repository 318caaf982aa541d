# SPDX-License-Identifier: BSD-3-Clause
"""Matrix of the angles between hidden units, by which a pruner selects units."""

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from ._plotting import fitted_attribute, get_axes, plain_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

    from skrln.pruning import DistinctivenessPruner


class AngleMatrixDisplay:
    """Angles between the hidden units of one layer.

    Units at nearly 0 degrees duplicate each other; units at nearly 180 degrees cancel each
    other. Lines on the colour bar mark the thresholds of the pruner.

    Create the display with :meth:`from_estimator`. All parameters are stored as attributes.

    Parameters
    ----------
    angles : ndarray of shape (n_units, n_units)
        Angles in degrees.

    similar_angle, complementary_angle : float, default=None
        Thresholds in degrees, drawn as lines on the colour bar.

    name : str, default=None
        Title of the axes.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the matrix.

    figure_ : matplotlib Figure
        Figure of the axes.

    im_ : matplotlib AxesImage
        Image of the matrix.

    See Also
    --------
    skrln.pruning.DistinctivenessPruner : Prunes units by these angles.

    Examples
    --------
    >>> import numpy as np
    >>> from skrln.inspection import AngleMatrixDisplay
    >>> display = AngleMatrixDisplay(np.array([[0.0, 170.0], [170.0, 0.0]])).plot()
    >>> display.im_.get_clim()
    (0.0, 180.0)
    """

    ax_: "Axes"
    figure_: "Figure"
    im_: "AxesImage"

    def __init__(
        self,
        angles: np.ndarray,
        *,
        similar_angle: float | None = None,
        complementary_angle: float | None = None,
        name: str | None = None,
    ):
        self.angles = angles
        self.similar_angle = similar_angle
        self.complementary_angle = complementary_angle
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        estimator: "DistinctivenessPruner",
        *,
        layer: int | None = None,
        name: str | None = None,
        ax: "Axes | None" = None,
        **style: Any,
    ) -> Self:
        """Draw the angles of a layer as they were before its last pruning.

        Parameters
        ----------
        estimator : DistinctivenessPruner
            Fitted pruner.

        layer : int, default=None
            One of the `layers_` of the pruner; None uses the last of them.

        name : str, default=None
            Title; None uses the layer and the kind of vectors.

        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a new figure.

        **style : dict
            Passed to :meth:`matplotlib.axes.Axes.imshow`.

        Returns
        -------
        AngleMatrixDisplay
        """
        layers = fitted_attribute(estimator, "layers_")
        layer = layers[-1] if layer is None else layer
        if layer not in layers or not estimator.angles_:
            # `angles_` is empty if no pruning took place.
            layers_with_angles = layers if estimator.angles_ else []
            raise ValueError(
                f"Got layer={layer!r}, but expected a layer with angles, one of "
                f"{layers_with_angles}. Fit the pruner with that layer among `layers`."
            )
        # The criterion "random" draws units at random; its angles compare the weights.
        vectors = "activation" if estimator.criterion == "activation" else "weight"
        display = cls(
            estimator.angles_[layers.index(layer)],
            similar_angle=estimator.similar_angle,
            complementary_angle=estimator.complementary_angle,
            name=f"Layer {layer}, {vectors} angles" if name is None else name,
        )
        return display.plot(ax, **style)

    def plot(
        self, ax: "Axes | None" = None, *, name: str | None = None, **style: Any
    ) -> Self:
        """Draw the matrix.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a new figure.

        name : str, default=None
            Title; None uses `name` of the display.

        **style : dict
            Passed to :meth:`matplotlib.axes.Axes.imshow`.

        Returns
        -------
        AngleMatrixDisplay
        """
        self.ax_ = get_axes(ax, self)
        self.figure_ = self.ax_.figure
        # White is 90 degrees: duplicates are red, opposites blue.
        defaults = {"cmap": "RdBu", "vmin": 0, "vmax": 180}
        self.im_ = self.ax_.imshow(self.angles, **{**defaults, **style})
        bar = self.figure_.colorbar(self.im_, ax=self.ax_, label="Angle (degrees)")
        bar.set_ticks(range(0, 181, 30))
        for angle in (self.similar_angle, self.complementary_angle):
            if angle is not None:
                bar.ax.axhline(angle, color="black", linewidth=1)
        self.ax_.set(xlabel="Unit", ylabel="Unit")
        title = plain_text(self.name if name is None else name)
        if title is not None:
            self.ax_.set_title(title)
        return self
