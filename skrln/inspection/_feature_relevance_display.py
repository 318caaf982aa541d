# SPDX-License-Identifier: BSD-3-Clause
"""How unequal the columns of a table are."""

import numpy as np
from scipy.stats import beta
from sklearn.utils import check_X_y

from ._plotting import column_names, get_axes, new_label, styled

#: The dotted curves in the legend, once for all tables.
NOISE = "as many columns of noise"


class FeatureRelevanceDisplay:
    """Squared correlation of every column with the target, in falling order.

    Where a few columns tell much and the others nearly nothing, the curve starts high and
    drops at once; where the target is spread over all columns, as over the pixels of an
    image, it falls slowly. The dotted curve is what as many columns of pure noise would show:
    sorted noise falls, too. Several tables go on one axis.

    It is recommended to use :meth:`from_data`. All parameters are stored as attributes.

    Parameters
    ----------
    relevance : ndarray of shape (n_features,)
        Squared Pearson correlation of each column with the target, largest first. A constant
        column has zero.

    feature_names : ndarray of shape (n_features,)
        Names of the columns, in the same order.

    n_samples : int
        Rows that the correlations are of, for the curve of noise.

    highlighted : ndarray of int, default=None
        Positions, in the sorted order, of columns to mark by name.

    name : str, default=None
        Name of the table in the legend.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes that were drawn on.

    figure_ : matplotlib Figure
        Figure of the axes.

    line_ : matplotlib Line2D
        The curve.

    noise_line_ : matplotlib Line2D
        What noise would show.

    See Also
    --------
    ImportanceDisplay : What a fitted model makes of the columns.

    Notes
    -----
    The squared correlation of `n` rows of a normal column that has nothing to do with the
    target has a beta distribution with parameters 1/2 and (n - 2) / 2; the dotted curve has its
    quantiles. This is Figure 1 of [1]_ with a control.

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

    def __init__(
        self, relevance, feature_names, *, n_samples, highlighted=None, name=None
    ):
        self.relevance = relevance
        self.feature_names = feature_names
        self.n_samples = n_samples
        self.highlighted = highlighted
        self.name = name

    @classmethod
    def from_data(
        cls,
        X,
        y,
        *,
        feature_names=None,
        highlight=None,
        name=None,
        ax=None,
        **style,
    ):
        """Draw how closely each column goes with the target.

        Parameters
        ----------
        X : {array-like, data frame} of shape (n_samples, n_features)
            Numbers, none missing.

        y : array-like of shape (n_samples,)
            Numbers, or two classes of any kind.

        feature_names : array-like of str of shape (n_features,), default=None
            Names of the columns. By default those of the data frame, else "x0", "x1" and so
            on.

        highlight : array-like of str, default=None
            Names of columns to mark, such as age and sex beside a thousand species.

        name : str, default=None
            Name of the table in the legend.

        ax : matplotlib Axes, default=None
            Axes to draw on, such as `ax_` of another display; by default those of a new
            figure.

        **style : dict
            Passed on to :meth:`matplotlib.axes.Axes.plot` for the curve.

        Returns
        -------
        FeatureRelevanceDisplay
        """
        if feature_names is None and hasattr(X, "columns"):
            feature_names = list(X.columns)
        y = _as_numbers(y)
        X, y = check_X_y(X, y, dtype=float, y_numeric=True, ensure_min_samples=3)
        names = column_names(feature_names, X.shape[1])
        relevance = _squared_correlations(X, y)
        order = np.argsort(-relevance, kind="stable")
        display = cls(
            relevance[order],
            names[order],
            n_samples=len(y),
            highlighted=_positions(highlight, names[order]),
            name=name,
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
            Passed on to :meth:`matplotlib.axes.Axes.plot` for the curve.

        Returns
        -------
        FeatureRelevanceDisplay
        """
        self.ax_ = get_axes(ax, self)
        self.figure_ = self.ax_.figure
        from matplotlib.lines import Line2D

        n_features = len(self.relevance)
        ranks = np.arange(1, n_features + 1)
        percent = 100 * ranks / n_features
        name = self.name if name is None else name
        size = f"{n_features} columns, {self.n_samples} rows"
        defaults = {
            "linestyle": "-",
            "marker": "o" if n_features <= 100 else None,
            "markersize": 3,
            "label": size if name is None else f"{name} ({size})",
        }
        (self.line_,) = self.ax_.plot(
            percent, self.relevance, **styled(Line2D, defaults, style)
        )
        noise = beta.isf((ranks - 0.5) / n_features, 0.5, (self.n_samples - 2) / 2)
        color = self.line_.get_color()
        (self.noise_line_,) = self.ax_.plot(
            percent, noise, color=color, linestyle=":", label=new_label(self.ax_, NOISE)
        )
        self._mark(percent, color)
        self.ax_.set_xlim(0, 100)
        self.ax_.xaxis.set_major_formatter("{x:.0f}%")
        self.ax_.set_ylim(bottom=0)
        self.ax_.set_xlabel("Columns, the most relevant first")
        self.ax_.set_ylabel("Squared correlation with the target")
        self.ax_.legend()
        return self

    def _mark(self, percent, color):
        places = [] if self.highlighted is None else self.highlighted
        for place in places:
            spot = percent[place], self.relevance[place]
            self.ax_.plot(*spot, "D", mfc="white", color=color)
            self.ax_.annotate(
                self.feature_names[place],
                spot,
                xytext=(6, 3),
                textcoords="offset points",
            )


def _squared_correlations(X, y):
    """Of each column with the target; zero where a column or the target is constant."""
    constant = np.ptp(X, axis=0) == 0
    # Centred first: r_regression works with raw moments, which leave columns far from zero
    # few digits, and constant ones rounding errors to correlate.
    X, y = X - X.mean(axis=0), y - y.mean()
    total = (X**2).sum(axis=0) * (y**2).sum()
    found = (y @ X) ** 2 / np.where(constant | (total == 0), 1, total)
    return np.where(constant, 0, found)


def _as_numbers(y):
    """Targets as numbers, two classes as 0 and 1."""
    y = np.asarray(y)
    if y.dtype.kind in "fiu":
        return y
    classes, codes = np.unique(y, return_inverse=True)
    if len(classes) != 2:
        raise ValueError(
            f"Got y with {len(classes)} classes, but expected numbers or two classes. "
            "Pass one class against the others, such as y == 'b'."
        )
    return codes


def _positions(highlight, names):
    """Where the columns to mark are among the sorted ones."""
    if highlight is None:
        return None
    unknown = [name for name in highlight if name not in set(names)]
    if unknown:
        raise ValueError(
            f"Got highlight with {unknown[0]!r}, but expected names of columns. Without a "
            "data frame they are feature_names, or 'x0', 'x1' and so on."
        )
    return np.flatnonzero(np.isin(names, list(highlight)))
