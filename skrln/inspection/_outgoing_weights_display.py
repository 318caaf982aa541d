# SPDX-License-Identifier: BSD-3-Clause
"""The weights that leave each input."""

import numpy as np

from ._plotting import check_network, column_names, get_axes, name_of, styled


class OutgoingWeightsDisplay:
    """Weights of the edges that leave each input, of the inputs that have any.

    One dot is one edge of the first layer that is not exactly zero, on the scale of
    standardized inputs. Dots left and right of zero in one row are edges that raise and
    lower different units.

    It is recommended to use :meth:`from_estimator`. All parameters are stored as
    attributes.

    Parameters
    ----------
    weights : list of ndarray
        Non-zero outgoing weights of each input that has any, the most important input
        first. An input of several encoded columns, such as a category, has those of all
        of them.

    feature_names : ndarray of shape (n_used,)
        Names of these inputs.

    n_features : int
        Number of inputs, used or not.

    name : str, default=None
        Name of the estimator in the title.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes that were drawn on.

    figure_ : matplotlib Figure
        Figure of the axes.

    lines_ : list of matplotlib Line2D
        The dots of each input drawn.

    See Also
    --------
    ImportanceDisplay : What the inputs amount to at the outputs.

    Examples
    --------
    >>> from skrln import RLNRegressor
    >>> from skrln.presets import READABLE
    >>> from skrln.datasets import make_friedman1_noise
    >>> from skrln.inspection import OutgoingWeightsDisplay
    >>> X, y = make_friedman1_noise(n_samples=200, n_noise=20, random_state=0)
    >>> model = RLNRegressor(**READABLE, random_state=0).fit(X, y)
    >>> display = OutgoingWeightsDisplay.from_estimator(model)
    >>> len(display.weights) == model.n_active_features_
    True
    """

    def __init__(self, weights, feature_names, *, n_features, name=None):
        self.weights = weights
        self.feature_names = feature_names
        self.n_features = n_features
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        estimator,
        *,
        feature_names=None,
        max_features=15,
        name=None,
        ax=None,
        **style,
    ):
        """Draw the outgoing weights of a fitted network.

        Parameters
        ----------
        estimator : RLNRegressor or RLNClassifier
            Fitted network.

        feature_names : array-like of str of shape (n_features,), default=None
            Names of the inputs. By default those of the data frame that the estimator
            was fitted on, else "x0", "x1" and so on.

        max_features : int, default=15
            Inputs to draw, the most important ones.

        name : str, default=None
            Name in the title; by default that of the class.

        ax : matplotlib Axes, default=None
            Axes to draw on; by default those of a new figure.

        **style : dict
            Passed on to :meth:`matplotlib.axes.Axes.plot`.

        Returns
        -------
        OutgoingWeightsDisplay
        """
        check_network(estimator)
        groups = estimator._groups
        n_features = estimator.n_features_in_
        names = column_names(feature_names, n_features, estimator)
        importances = estimator.feature_importances_
        weights = [estimator.coefs_[0][groups == i] for i in range(n_features)]
        weights = [block[block != 0] for block in weights]
        order = np.argsort(-importances, kind="stable")
        used = [i for i in order if len(weights[i])]
        display = cls(
            [weights[i] for i in used],
            names[used],
            n_features=n_features,
            name=name_of(estimator, name),
        )
        return display.plot(ax, max_features=max_features, **style)

    def plot(self, ax=None, *, name=None, max_features=15, **style):
        """Draw the outgoing weights.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; by default those of a new figure.

        name : str, default=None
            Name in the title; by default `name` of the display.

        max_features : int, default=15
            Inputs to draw, the most important ones.

        **style : dict
            Passed on to :meth:`matplotlib.axes.Axes.plot`.

        Returns
        -------
        OutgoingWeightsDisplay
        """
        self.ax_ = get_axes(ax, self)
        self.figure_ = self.ax_.figure
        from matplotlib.lines import Line2D

        name = self.name if name is None else name
        shown = self.weights[:max_features]
        defaults = {"linestyle": "none", "marker": "o", "color": "C0", "alpha": 0.6}
        self.ax_.axvline(0, color="0.5", linewidth=1)
        self.lines_ = []
        for row, weights in enumerate(shown):
            self.lines_ += self.ax_.plot(
                weights, np.full(len(weights), row), **styled(Line2D, defaults, style)
            )
        self.ax_.set_yticks(np.arange(len(shown)), self.feature_names[:max_features])
        self.ax_.set_ylim(max(len(shown), 1) - 0.4, -0.6)
        self.ax_.grid(axis="y", color="0.9")
        self.ax_.set_axisbelow(True)
        self.ax_.set_xlabel("Weights (standardized inputs)")
        title = f"{len(self.weights)} of {self.n_features} inputs used"
        if len(shown) < len(self.weights):
            title += f", top {len(shown)} shown"
        self.ax_.set_title(title if name is None else f"{name}: {title}")
        return self
