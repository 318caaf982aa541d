# SPDX-License-Identifier: BSD-3-Clause
"""Domains of a joint estimator, drawn as a network of their pair weights."""

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse.csgraph import connected_components

from ._plotting import fitted_attribute, get_axes, name_or_class, plain_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import LineCollection
    from matplotlib.figure import Figure

    from skrln.joint import (
        JointAutoencoder,
        JointClassifier,
        JointGenerator,
        JointRegressor,
    )

#: Maximum number of domains with written names; more names would overlap.
MOST_NAMES = 40


class DomainNetworkDisplay:
    """Domains of a joint estimator as a network: similar domains lie close together.

    Each circle is a domain. Each line is the robust weight of a pair of domains: the higher
    the weight, the wider and darker the line. Circles of one colour form a group, connected by
    a chain of weights of at least the `threshold` of :meth:`from_estimator`. Classical scaling
    of one minus the weights determines the positions.

    Create the display with :meth:`from_estimator`. All parameters are stored as attributes.

    Parameters
    ----------
    weights : ndarray of shape (n_domains, n_domains)
        Weight of each pair of domains, in [0, 1].

    domain_names : array-like of shape (n_domains,)
        Names drawn beside the circles.

    groups : ndarray of int of shape (n_domains,)
        Group of each domain, which determines its colour.

    name : str, default=None
        Title of the axes.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the network.

    figure_ : matplotlib Figure
        Figure of the axes.

    positions_ : ndarray of shape (n_domains, 2)
        Positions of the circles.

    lines_ : matplotlib LineCollection
        Lines between the domains.

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

    ax_: "Axes"
    figure_: "Figure"
    positions_: np.ndarray
    lines_: "LineCollection"

    def __init__(
        self,
        weights: np.ndarray,
        domain_names: ArrayLike,
        *,
        groups: np.ndarray,
        name: str | None = None,
    ):
        self.weights = weights
        self.domain_names = domain_names
        self.groups = groups
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        estimator: "JointClassifier | JointRegressor | JointAutoencoder | JointGenerator",
        *,
        term: int | None = None,
        threshold: float = 0.5,
        name: str | None = None,
        ax: "Axes | None" = None,
        **style: Any,
    ) -> Self:
        """Draw the domains of a fitted joint estimator.

        Parameters
        ----------
        estimator : JointClassifier, JointRegressor, JointAutoencoder or JointGenerator
            Estimator fitted on several domains.

        term : int, default=None
            Index of the coupling term: a pair of adjacent layers (or, with
            ``pair_layers=False``, a layer), counted from the inputs. None draws the
            smallest weight over all terms.

        threshold : float, default=0.5
            Minimum weight that connects two domains of a group.

        name : str, default=None
            Title; None uses the class name and the layers.

        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a new figure.

        **style : dict
            Passed to :meth:`matplotlib.axes.Axes.scatter` for the circles.

        Returns
        -------
        DomainNetworkDisplay
        """
        term_weights = fitted_attribute(estimator, "pair_weights_")
        n_terms = len(term_weights)
        if n_terms == 0:
            raise ValueError(
                f"Got {type(estimator).__name__} of a single domain, but a network needs at "
                "least two. Pass sample_domain to fit."
            )
        if term is None:
            weights, layers = term_weights.min(axis=0), "all layers"
        else:
            if not 0 <= term < n_terms:
                raise ValueError(
                    f"Got term={term!r}, but expected None or a number from 0 to "
                    f"{n_terms - 1}: the fit has {n_terms} term(s)."
                )
            weights = term_weights[term]
            # The terms of a JointGenerator belong to several networks: no layer to name.
            layers = f"term {term}"
            if hasattr(estimator, "n_shared_layers_"):
                # Pairs of adjacent layers have one term less than single layers.
                is_pair = n_terms < estimator.n_shared_layers_
                layers = f"layer {term + 1}"
                if is_pair:
                    layers = f"layers {term + 1} and {term + 2}"
        title = name_or_class(estimator, name)
        display = cls(
            weights,
            estimator.domains_.astype(str),
            groups=find_groups(weights, threshold),
            name=title if name is not None else f"{title}: {layers}",
        )
        return display.plot(ax, **style)

    def plot(
        self, ax: "Axes | None" = None, *, name: str | None = None, **style: Any
    ) -> Self:
        """Draw the network.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a new figure.

        name : str, default=None
            Title; None uses `name` of the display.

        **style : dict
            Passed to :meth:`matplotlib.axes.Axes.scatter` for the circles.

        Returns
        -------
        DomainNetworkDisplay
        """
        self.ax_ = get_axes(ax, self)
        self.figure_ = self.ax_.figure
        self.positions_ = self._scale_positions()
        self.lines_ = self._draw_lines()
        defaults = {"s": 90, "edgecolors": "white", "zorder": 2}
        # A colour of the user replaces the group colours. The palette has ten colours, which
        # repeat for further groups.
        if "c" not in style and "color" not in style:
            defaults |= {"c": self.groups % 10, "cmap": "tab10", "vmin": 0, "vmax": 9}
        self.ax_.scatter(*self.positions_.T, **defaults | style)
        if len(self.domain_names) <= MOST_NAMES:
            for position, label in zip(self.positions_, self.domain_names, strict=True):
                self.ax_.annotate(
                    plain_text(label),
                    position,
                    xytext=(7, 5),
                    textcoords="offset points",
                    fontsize=9,
                )
        # Only distances have a meaning: equal scales, no ticks, room for the names.
        self.ax_.margins(0.15)
        self.ax_.set_aspect("equal", adjustable="datalim")
        self.ax_.set_axis_off()
        title = plain_text(self.name if name is None else name)
        if title:
            self.ax_.set_title(title)
        return self

    def _scale_positions(self):
        """Positions in the plane by classical scaling of one minus the weights."""
        distances = 1 - np.asarray(self.weights, float)
        np.fill_diagonal(distances, 0)
        # Double centring turns squared distances into scalar products, whose two largest
        # eigenvectors (eigh sorts them last) are the coordinates.
        center = np.eye(len(distances)) - 1 / len(distances)
        values, vectors = np.linalg.eigh(-0.5 * center @ distances**2 @ center)
        positions = vectors[:, -2:] * np.sqrt(np.maximum(values[-2:], 0))
        positions = positions[:, ::-1] / max(np.ptp(positions), 1e-12)
        # Domains at the same position would hide each other: spread all on a small circle.
        angle = 2 * np.pi * np.arange(len(positions)) / len(positions)
        return positions + 0.1 * np.c_[np.cos(angle), np.sin(angle)]

    def _draw_lines(self):
        from matplotlib.collections import LineCollection

        first, second = np.triu_indices(len(self.positions_), 1)
        weights = np.asarray(self.weights)[first, second]
        # Pairs with a weight near zero share nothing: their lines would hide the others.
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


def find_groups(weights, threshold):
    """Group of each domain: chains of weights of at least `threshold` connect a group."""
    return connected_components(weights >= threshold, directed=False)[1]
