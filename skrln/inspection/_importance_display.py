# SPDX-License-Identifier: BSD-3-Clause
"""Importances of the inputs as a sorted curve or as bars."""

from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike

from skrln._network._importance import importance_entropy

from ._plotting import (
    check_option,
    column_names,
    fitted_attribute,
    get_axes,
    merge_style,
    name_or_class,
    next_line_style,
    plain_text,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.container import BarContainer
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D


class ImportanceDisplay:
    """Importances of the inputs, in decreasing order.

    The curve shows the number of inputs that an estimator depends on: it is flat if all inputs
    matter a little, and drops to the bottom after the last used input. Curves of several
    estimators can share an axis. The bars name the most important inputs.

    Create the display with :meth:`from_estimator`. All parameters are stored as attributes.

    Parameters
    ----------
    importances : ndarray of shape (n_features,)
        Importance of each input as a share of the total, largest first.

    feature_names : ndarray of shape (n_features,)
        Names of the inputs, in the same order.

    entropy : float
        Entropy of the importances in bits; NaN if all importances are zero.

    n_used : int
        Number of inputs with an importance above zero.

    name : str, default=None
        Name of the estimator in the legend.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the plot.

    figure_ : matplotlib Figure
        Figure of the axes.

    line_ : matplotlib Line2D or None
        Curve of ``kind="curve"``.

    bars_ : matplotlib BarContainer or None
        Bars of ``kind="bar"``.

    See Also
    --------
    OutgoingWeightsDisplay : First-layer weights of each input.
    importance_entropy : Entropy shown in the legend.

    Examples
    --------
    >>> from skrln import RLNRegressor
    >>> from skrln.presets import READABLE
    >>> from skrln.datasets import make_friedman1_noise
    >>> from skrln.inspection import ImportanceDisplay
    >>> X, y = make_friedman1_noise(n_samples=200, n_noise=20, random_state=0)
    >>> rln = RLNRegressor(**READABLE | {"theta": -7}, random_state=0).fit(X, y)
    >>> l1 = RLNRegressor(**READABLE | {"theta": -8, "penalty": "uniform"})
    >>> l1 = l1.set_params(random_state=0).fit(X, y)
    >>> display = ImportanceDisplay.from_estimator(rln, name="RLN")
    >>> other = ImportanceDisplay.from_estimator(l1, name="L1", ax=display.ax_)
    >>> [text.get_text().split()[0] for text in display.ax_.get_legend().get_texts()]
    ['RLN', 'L1']
    """

    ax_: "Axes"
    figure_: "Figure"
    line_: "Line2D | None"
    bars_: "BarContainer | None"

    def __init__(
        self,
        importances: np.ndarray,
        feature_names: np.ndarray,
        *,
        entropy: float,
        n_used: int,
        name: str | None = None,
    ):
        self.importances = importances
        self.feature_names = feature_names
        self.entropy = entropy
        self.n_used = n_used
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        feature_names: ArrayLike | None = None,
        kind: Literal["curve", "bar"] = "curve",
        max_features: int = 10,
        name: str | None = None,
        ax: "Axes | None" = None,
        **style: Any,
    ) -> Self:
        """Draw the importances of a fitted estimator.

        Parameters
        ----------
        estimator : object
            Fitted estimator with `feature_importances_`, such as a network of this package, a
            random forest or gradient boosted trees.

        feature_names : array-like of str of shape (n_features,), default=None
            Names of the inputs. None uses the names of the training data frame, else "x0",
            "x1" and so on.

        kind : {"curve", "bar"}, default="curve"
            See :meth:`plot`.

        max_features : int, default=10
            Number of bars; the curve shows all inputs.

        name : str, default=None
            Name in the legend; None uses the class name.

        ax : matplotlib Axes, default=None
            Axes to draw on, such as `ax_` of another display; None creates a new figure.

        **style : dict
            Passed to matplotlib, see :meth:`plot`.

        Returns
        -------
        ImportanceDisplay
        """
        importances = fitted_attribute(estimator, "feature_importances_")
        return cls.from_importances(
            importances,
            feature_names=column_names(feature_names, len(importances), estimator),
            kind=kind,
            max_features=max_features,
            name=name_or_class(estimator, name),
            ax=ax,
            **style,
        )

    @classmethod
    def from_importances(
        cls,
        importances: ArrayLike,
        *,
        feature_names: ArrayLike | None = None,
        kind: Literal["curve", "bar"] = "curve",
        max_features: int = 10,
        name: str | None = None,
        ax: "Axes | None" = None,
        **style: Any,
    ) -> Self:
        """Draw given importances, such as the mean over several fits.

        Parameters
        ----------
        importances : array-like of shape (n_features,)
            Non-negative importances in the order of the inputs. The display scales them to sum
            to one.

        feature_names : array-like of str of shape (n_features,), default=None
            Names of the inputs; None uses "x0", "x1" and so on.

        kind : {"curve", "bar"}, default="curve"
            See :meth:`plot`.

        max_features : int, default=10
            Number of bars; the curve shows all inputs.

        name : str, default=None
            Name in the legend.

        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a new figure.

        **style : dict
            Passed to matplotlib, see :meth:`plot`.

        Returns
        -------
        ImportanceDisplay
        """
        importances = np.asarray(importances, float)
        entropy = importance_entropy(importances)
        names = column_names(feature_names, len(importances))
        order = np.argsort(-importances, kind="stable")
        total = importances.sum()
        display = cls(
            importances[order] / (total if total > 0 else 1),
            names[order],
            entropy=entropy,
            n_used=int(np.count_nonzero(importances)),
            name=name,
        )
        return display.plot(ax, kind=kind, max_features=max_features, **style)

    def plot(
        self,
        ax: "Axes | None" = None,
        *,
        name: str | None = None,
        kind: Literal["curve", "bar"] = "curve",
        max_features: int = 10,
        **style: Any,
    ) -> Self:
        """Draw the importances.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a new figure.

        name : str, default=None
            Name in the legend; None uses `name` of the display.

        kind : {"curve", "bar"}, default="curve"
            "curve" draws the importance of all inputs by rank, on logarithmic scales. "bar"
            draws one bar for each of the most important inputs.

        max_features : int, default=10
            Number of bars; the curve shows all inputs.

        **style : dict
            Passed to :meth:`matplotlib.axes.Axes.plot` for a curve, to
            :meth:`matplotlib.axes.Axes.barh` for bars.

        Returns
        -------
        ImportanceDisplay
        """
        check_option("kind", kind, ("curve", "bar"))
        self.ax_ = get_axes(ax, self)
        self.figure_ = self.ax_.figure
        self.line_ = self.bars_ = None
        name = plain_text(self.name if name is None else name)
        if kind == "curve":
            self._plot_curve(name, style)
        else:
            self._plot_bars(name, max_features, style)
        return self

    def _plot_curve(self, name, style):
        n_features = len(self.importances)
        # A logarithmic axis cannot show zero: "clip" lets the curve drop to the bottom, which
        # lies at a thousandth of an even share. The top of one leaves the upper right corner
        # free for the legend, because the k-th largest importance is at most 1 / k.
        self.ax_.set_ylim(1e-3 / n_features, 1)
        self.ax_.set_xscale("log")
        self.ax_.set_yscale("log", nonpositive="clip")
        defaults = {
            "linestyle": next_line_style(self.ax_),
            "marker": "o",
            "markersize": 3,
            "label": self._label(name),
        }
        (self.line_,) = self.ax_.plot(
            np.arange(1, n_features + 1),
            self.importances,
            **merge_style(defaults, style),
        )
        self.ax_.xaxis.set_major_formatter("{x:g}")
        self.ax_.set_xlabel("Rank of the input")
        self.ax_.set_ylabel("Importance (share of the total)")
        self.ax_.legend()

    def _plot_bars(self, name, max_features, style):
        from matplotlib.patches import Patch

        names = list(map(plain_text, self.feature_names[:max_features]))
        defaults = {"label": self._label(name)}
        self.bars_ = self.ax_.barh(
            np.arange(len(names)),
            self.importances[:max_features],
            **merge_style(defaults, style, Patch),
        )
        self.ax_.set_yticks(np.arange(len(names)), names)
        # Reversed limits put the most important input at the top.
        self.ax_.set_ylim(len(names) - 0.4, -0.6)
        self.ax_.set_xlabel("Importance (share of the total)")
        self.ax_.legend(loc="lower right")

    def _label(self, name):
        n_features = len(self.importances)
        # Without any importance the entropy is NaN.
        bits = f"{self.entropy:.1f} bits, " if self.n_used else ""
        label = f"{bits}{self.n_used} of {n_features} inputs"
        return label if name is None else f"{name} ({label})"
