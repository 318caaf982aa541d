# SPDX-License-Identifier: BSD-3-Clause
"""Relevance of every column of a table: its squared correlation with the target."""

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import beta
from sklearn.utils import check_X_y

from skrln._typing import TableLike

from ._plotting import column_names, get_axes, label_once, merge_style, plain_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

#: Legend entry of the dotted curves, once for all tables.
NOISE = "noise columns, expected"


class FeatureRelevanceDisplay:
    """Squared correlation of every column with the target, in decreasing order.

    If few columns carry the information about the target, the curve starts high and drops
    steeply. If the information is spread over all columns, as over the pixels of an image, the
    curve falls slowly. The dotted curve shows the expected values for the same number of pure
    noise columns, which decrease as well. Several tables can share an axis.

    Create the display with :meth:`from_data`. All parameters are stored as attributes.

    Parameters
    ----------
    relevance : ndarray of shape (n_features,)
        Squared Pearson correlation of each column with the target, largest first; zero for a
        constant column.

    feature_names : ndarray of shape (n_features,)
        Names of the columns, in the same order.

    n_samples : int
        Number of rows of the table, which determines the noise curve.

    highlighted : ndarray of int, default=None
        Positions of the columns to mark by name, in the sorted order.

    name : str, default=None
        Name of the table in the legend.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the plot.

    figure_ : matplotlib Figure
        Figure of the axes.

    line_ : matplotlib Line2D
        Curve of the table.

    noise_line_ : matplotlib Line2D
        Expected curve of noise columns.

    See Also
    --------
    ImportanceDisplay : Importance of the columns in a fitted model.

    Notes
    -----
    The squared correlation between the target and an independent normal column of `n` rows
    follows a beta distribution with parameters 1/2 and (n - 2) / 2. The dotted curve shows its
    quantiles. The display is Figure 1 of [1]_ with a noise baseline.

    References
    ----------
    .. [1] Shavitt and Segal, "Regularization Learning Networks: Deep Learning for Tabular
       Datasets", NeurIPS 2018.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skrln.inspection import FeatureRelevanceDisplay
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> display = FeatureRelevanceDisplay.from_data(X, y, name="diabetes")
    >>> list(display.feature_names[:2])
    ['bmi', 's5']
    """

    ax_: "Axes"
    figure_: "Figure"
    line_: "Line2D"
    noise_line_: "Line2D"

    def __init__(
        self,
        relevance: np.ndarray,
        feature_names: np.ndarray,
        *,
        n_samples: int,
        highlighted: np.ndarray | None = None,
        name: str | None = None,
    ):
        self.relevance = relevance
        self.feature_names = feature_names
        self.n_samples = n_samples
        self.highlighted = highlighted
        self.name = name

    @classmethod
    def from_data(
        cls,
        X: TableLike,
        y: ArrayLike,
        *,
        feature_names: ArrayLike | None = None,
        highlight: ArrayLike | None = None,
        name: str | None = None,
        ax: "Axes | None" = None,
        **style: Any,
    ) -> Self:
        """Draw the squared correlation of each column with the target.

        Parameters
        ----------
        X : {array-like, data frame} of shape (n_samples, n_features)
            Table of numbers without missing values.

        y : array-like of shape (n_samples,)
            Target: numbers, or two classes of any type.

        feature_names : array-like of str of shape (n_features,), default=None
            Names of the columns. None uses the names of the data frame, else "x0", "x1" and so
            on.

        highlight : array-like of str, default=None
            Names of columns to mark, for example age and sex among a thousand species.

        name : str, default=None
            Name of the table in the legend.

        ax : matplotlib Axes, default=None
            Axes to draw on, such as `ax_` of another display; None creates a new figure.

        **style : dict
            Passed to :meth:`matplotlib.axes.Axes.plot` for the curve.

        Returns
        -------
        FeatureRelevanceDisplay
        """
        if feature_names is None and hasattr(X, "columns"):
            feature_names = list(X.columns)
        y = _encode_target(y)
        # With two rows every correlation is 1 or -1.
        X, y = check_X_y(X, y, dtype=float, y_numeric=True, ensure_min_samples=3)
        names = column_names(feature_names, X.shape[1])
        relevance = _squared_correlations(X, y)
        order = np.argsort(-relevance, kind="stable")
        display = cls(
            relevance[order],
            names[order],
            n_samples=len(y),
            highlighted=_find_columns(highlight, names[order]),
            name=name,
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
            Passed to :meth:`matplotlib.axes.Axes.plot` for the curve.

        Returns
        -------
        FeatureRelevanceDisplay
        """
        self.ax_ = get_axes(ax, self)
        self.figure_ = self.ax_.figure
        n_features = len(self.relevance)
        ranks = np.arange(1, n_features + 1)
        # Ranks in percent make tables of different widths comparable.
        percent = 100 * ranks / n_features
        name = plain_text(self.name if name is None else name)
        size = f"{n_features} columns, {self.n_samples} rows"
        defaults = {
            "linestyle": "-",
            "marker": "o" if n_features <= 100 else None,
            "markersize": 3,
            "label": size if name is None else f"{name} ({size})",
        }
        (self.line_,) = self.ax_.plot(
            percent, self.relevance, **merge_style(defaults, style)
        )
        # The k-th largest of n values is close to the quantile (k - 1/2) / n from the top.
        noise = beta.isf((ranks - 0.5) / n_features, 0.5, (self.n_samples - 2) / 2)
        color = self.line_.get_color()
        (self.noise_line_,) = self.ax_.plot(
            percent,
            noise,
            color=color,
            linestyle=":",
            label=label_once(self.ax_, NOISE),
        )
        self._mark_columns(percent, color)
        self.ax_.set_xlim(0, 100)
        self.ax_.xaxis.set_major_formatter("{x:.0f}%")
        self.ax_.set_ylim(bottom=0)
        self.ax_.set_xlabel("Columns, the most relevant first")
        self.ax_.set_ylabel("Squared correlation with the target")
        self.ax_.legend()
        return self

    def _mark_columns(self, percent, color):
        highlighted = [] if self.highlighted is None else self.highlighted
        for column in highlighted:
            point = percent[column], self.relevance[column]
            self.ax_.plot(*point, "D", mfc="white", color=color)
            self.ax_.annotate(
                plain_text(self.feature_names[column]),
                point,
                xytext=(6, 3),
                textcoords="offset points",
            )


def _squared_correlations(X, y):
    """Squared correlations with the target; zero if a column or the target is constant."""
    constant = np.ptp(X, axis=0) == 0
    # Centre first: sklearn's r_regression uses raw moments, which lose digits for columns far
    # from zero, and correlate the rounding errors of constant columns.
    X, y = X - X.mean(axis=0), y - y.mean()
    total = (X**2).sum(axis=0) * (y**2).sum()
    squared = (y @ X) ** 2 / np.where(constant | (total == 0), 1, total)
    return np.where(constant, 0, squared)


def _encode_target(y):
    """Target as numbers; two classes become 0 and 1."""
    y = np.asarray(y)
    if y.dtype.kind in "fiu":
        return y
    classes, codes = np.unique(y, return_inverse=True)
    if len(classes) != 2:
        raise ValueError(
            f"Got y with {len(classes)} classes, but expected numbers or two classes. "
            "Pass one class against the rest, such as y == 'b'."
        )
    return codes


def _find_columns(highlight, names):
    """Positions of the columns to mark among the sorted columns."""
    if highlight is None:
        return None
    unknown = [name for name in highlight if name not in set(names)]
    if unknown:
        raise ValueError(
            f"Got highlight with {unknown[0]!r}, but expected names of columns. Pass "
            "feature_names, or without a data frame 'x0', 'x1' and so on."
        )
    return np.flatnonzero(np.isin(names, list(highlight)))
