# SPDX-License-Identifier: BSD-3-Clause
"""Which domains have found each other, drawn as a network."""

import numpy as np
from scipy.sparse.csgraph import connected_components

from ._plotting import fitted_attribute, get_axes, name_of

#: Domains whose names are written beside their circle; more of them hide each other.
MOST_NAMES = 40


class DomainNetworkDisplay:
    """Domains of a joint estimator as a network: the closer, the more is shared.

    A circle is a domain, a line the robust weight of two of them: the wider and darker, the
    higher. Circles of a colour are a group: a chain of weights of at least 0.5 connects them.
    They lie where classical scaling of one minus the weights puts them: groups lie together,
    and strangers apart.

    It is recommended to use :meth:`from_estimator`. All parameters are stored as attributes.

    Parameters
    ----------
    weights : ndarray of shape (n_domains, n_domains)
        Weight, in [0, 1], of each pair.

    domain_names : array-like of shape (n_domains,)
        Names beside the circles.

    groups : ndarray of int of shape (n_domains,)
        Group of each domain, for the colour.

    name : str, default=None
        Title.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the network.

    figure_ : matplotlib Figure
        Figure of the axes.

    positions_ : ndarray of shape (n_domains, 2)
        Where the circles lie.

    lines_ : matplotlib LineCollection
        Lines between domains.

    See Also
    --------
    ConsistencyCurveDisplay : Loss and consistency over the epochs.

    Examples
    --------
    >>> from skrln.datasets import make_domains
    >>> from skrln.inspection import DomainNetworkDisplay
    >>> from skrln.joint import JointRegressor
    >>> X, y, domain = make_domains(random_state=0)
    >>> model = JointRegressor(max_iter=20, random_state=0)
    >>> model = model.fit(X, y, sample_domain=domain)
    >>> display = DomainNetworkDisplay.from_estimator(model)
    >>> display.positions_.shape
    (8, 2)
    """

    def __init__(self, weights, domain_names, *, groups, name=None):
        self.weights = weights
        self.domain_names = domain_names
        self.groups = groups
        self.name = name

    @classmethod
    def from_estimator(
        cls, estimator, *, term=None, threshold=0.5, name=None, ax=None, **style
    ):
        """Draw the domains of a fitted joint estimator.

        Parameters
        ----------
        estimator : JointClassifier, JointRegressor, JointAutoencoder or JointGenerator
            Fitted on several domains.

        term : int, default=None
            Which two adjacent layers (or, with ``pair_layers=False``, which layer), counted
            from the inputs; None takes the mean over all.

        threshold : float, default=0.5
            Least weight within a group.

        name : str, default=None
            Title; by default the name of the class and the layers.

        ax : matplotlib Axes, default=None
            Axes to draw on; by default those of a new figure.

        **style : dict
            Passed on to :meth:`matplotlib.axes.Axes.scatter` for the circles.

        Returns
        -------
        DomainNetworkDisplay
        """
        all_weights = fitted_attribute(estimator, "pair_weights_")
        n_terms = len(all_weights)
        if n_terms == 0:
            raise ValueError(
                f"Got {type(estimator).__name__} of a single domain, but a network needs at "
                "least two. Pass sample_domain to fit."
            )
        if term is None:
            weights, layers = all_weights.mean(axis=0), "all layers"
        else:
            if not 0 <= term < n_terms:
                raise ValueError(
                    f"Got term={term!r}, but expected None or a number from 0 to "
                    f"{n_terms - 1}: the fit has {n_terms} term(s)."
                )
            weights = all_weights[term]
            layers = f"term {term}"  # of several networks
            if hasattr(estimator, "n_shared_layers_"):
                pair = estimator.pair_layers and estimator.n_shared_layers_ > 1
                layers = (
                    f"layers {term + 1} and {term + 2}" if pair else f"layer {term + 1}"
                )
        title = name_of(estimator, name)
        display = cls(
            weights,
            estimator.domains_.astype(str),
            groups=groups_of(weights, threshold),
            name=title if name is not None else f"{title}: {layers}",
        )
        return display.plot(ax, **style)

    def plot(self, ax=None, *, name=None, **style):
        """Draw the network.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; by default those of a new figure.

        name : str, default=None
            Title; by default `name` of the display.

        **style : dict
            Passed on to :meth:`matplotlib.axes.Axes.scatter` for the circles.

        Returns
        -------
        DomainNetworkDisplay
        """
        self.ax_ = get_axes(ax, self)
        self.figure_ = self.ax_.figure
        self.positions_ = self._place()
        self.lines_ = self._draw_lines()
        defaults = {"s": 90, "cmap": "tab10", "edgecolors": "white", "zorder": 2}
        # Ten colours in turn: a group alone is no reason for a colour of its own.
        colours = {} if "c" in style or "color" in style else {"c": self.groups % 10}
        limits = {"vmin": 0, "vmax": 9} if colours else {}
        if not colours:
            defaults.pop("cmap")
        self.ax_.scatter(
            *self.positions_.T, **{**defaults, **colours, **limits, **style}
        )
        if len(self.domain_names) <= MOST_NAMES:
            for position, label in zip(self.positions_, self.domain_names, strict=True):
                self.ax_.annotate(
                    label,
                    position,
                    xytext=(7, 5),
                    textcoords="offset points",
                    fontsize=9,
                )
        self.ax_.margins(0.15)
        self.ax_.set_aspect("equal", adjustable="datalim")
        self.ax_.set_axis_off()
        title = self.name if name is None else name
        if title:
            self.ax_.set_title(title)
        return self

    def _place(self):
        """Two coordinates whose distances are those of one minus the weights."""
        apart = 1 - np.asarray(self.weights, float)
        np.fill_diagonal(apart, 0)
        center = np.eye(len(apart)) - 1 / len(apart)
        values, vectors = np.linalg.eigh(-0.5 * center @ apart**2 @ center)
        found = vectors[:, -2:] * np.sqrt(np.maximum(values[-2:], 0))
        found = found[:, ::-1] / max(np.ptp(found), 1e-12)
        # Domains at one place would hide each other: a small circle around it.
        angle = 2 * np.pi * np.arange(len(found)) / len(found)
        return found + 0.1 * np.c_[np.cos(angle), np.sin(angle)]

    def _draw_lines(self):
        from matplotlib.collections import LineCollection

        first, second = np.triu_indices(len(self.positions_), 1)
        weights = np.asarray(self.weights)[first, second]
        shown = weights > 0.01
        ends = np.stack(
            [self.positions_[first[shown]], self.positions_[second[shown]]], axis=1
        )
        lines = LineCollection(
            list(ends),
            linewidths=0.2 + 2.5 * weights[shown],
            colors=[(0.3, 0.3, 0.3, 0.1 + 0.6 * w) for w in weights[shown]],
            zorder=1,
        )
        self.ax_.add_collection(lines)
        return lines


def groups_of(weights, threshold):
    """Number of the group of each domain, those with a chain of weights of `threshold`."""
    return connected_components(weights >= threshold, directed=False)[1]
