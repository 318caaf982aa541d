# SPDX-License-Identifier: BSD-3-Clause
"""Fitness over the generations of a genetic search."""

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from ._plotting import (
    fitted_attribute,
    get_axes,
    merge_style,
    name_or_class,
    plain_text,
    with_unit,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    from skrln.feature_selection import GeneticSelector


class FitnessCurveDisplay:
    """Best, mean and worst fitness of each generation, and the fitness after greedy exchanges.

    Create the display with :meth:`from_estimator`. All parameters are stored as attributes.

    Parameters
    ----------
    fitness_curve : ndarray of shape (n_generations + 1, 3)
        Best, mean and worst fitness of each generation.

    swap_fitness : float, default=None
        Fitness that greedy exchanges of columns reach from the fittest subset.

    fitness_name : str, default=None
        Name of the criterion in the axis label.

    name : str, default=None
        Name of the selector in the legend.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the curves.

    figure_ : matplotlib Figure
        Figure of the axes.

    lines_ : list of matplotlib Line2D
        Curves of the best and the mean fitness.

    See Also
    --------
    skrln.feature_selection.GeneticSelector : Selector with the genetic search.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from skrln.feature_selection import GeneticSelector
    >>> from skrln.inspection import FitnessCurveDisplay
    >>> X, y = load_wine(return_X_y=True)
    >>> selector = GeneticSelector(fitness="mrmr", random_state=0).fit(X, y)
    >>> display = FitnessCurveDisplay.from_estimator(selector)
    >>> display.ax_.get_xlabel()
    'Generation'
    """

    ax_: "Axes"
    figure_: "Figure"
    lines_: "list[Line2D]"

    def __init__(
        self,
        fitness_curve: np.ndarray,
        *,
        swap_fitness: float | None = None,
        fitness_name: str | None = None,
        name: str | None = None,
    ):
        self.fitness_curve = fitness_curve
        self.swap_fitness = swap_fitness
        self.fitness_name = fitness_name
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        estimator: "GeneticSelector",
        *,
        name: str | None = None,
        ax: "Axes | None" = None,
        **style: Any,
    ) -> Self:
        """Draw the curves of a fitted selector.

        Parameters
        ----------
        estimator : GeneticSelector
            Fitted selector.

        name : str, default=None
            Name in the legend; None uses the class name.

        ax : matplotlib Axes, default=None
            Axes to draw on, such as `ax_` of another display; None creates a new figure.

        **style : dict
            Passed to :meth:`matplotlib.axes.Axes.plot` for both curves.

        Returns
        -------
        FitnessCurveDisplay
        """
        curve = np.asarray(fitted_attribute(estimator, "fitness_curve_"))
        display = cls(
            curve,
            swap_fitness=estimator.swap_fitness_,
            fitness_name=estimator.fitness,
            name=name_or_class(estimator, name),
        )
        return display.plot(ax, **style)

    def plot(
        self, ax: "Axes | None" = None, *, name: str | None = None, **style: Any
    ) -> Self:
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a new figure.

        name : str, default=None
            Name in the legend; None uses `name` of the display.

        **style : dict
            Passed to :meth:`matplotlib.axes.Axes.plot` for both curves.

        Returns
        -------
        FitnessCurveDisplay
        """
        self.ax_ = get_axes(ax, self)
        self.figure_ = self.ax_.figure
        name = plain_text(self.name if name is None else name)
        prefix = f"{name}: " if name else ""
        best, mean, worst = np.asarray(self.fitness_curve).T
        defaults = {"linestyle": "-", "label": f"{prefix}best"}
        self.lines_ = self.ax_.plot(best, **merge_style(defaults, style))
        color = self.lines_[0].get_color()
        defaults = {"linestyle": "--", "color": color, "label": f"{prefix}mean"}
        self.lines_ += self.ax_.plot(mean, **merge_style(defaults, style))
        # The band shows the spread of a generation, which shrinks as the search converges.
        generations = np.arange(len(worst))
        self.ax_.fill_between(
            generations,
            worst,
            best,
            color=color,
            alpha=0.1,
            linewidth=0,
            label=f"{prefix}worst to best",
        )
        # Above the best curve, this line shows that the search ended below a local optimum.
        if self.swap_fitness is not None:
            self.ax_.axhline(
                self.swap_fitness,
                color=color,
                linestyle=":",
                label=f"{prefix}after greedy exchanges",
            )
        self.ax_.set_xlabel("Generation")
        self.ax_.set_ylabel(with_unit("Fitness", self.fitness_name))
        self.ax_.legend()
        return self
