# SPDX-License-Identifier: BSD-3-Clause
"""Agreement of repeated fits on the important inputs."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike

from skrln._network._importance import pairwise_divergences, selection_stability

from ._plotting import (
    fitted_attribute,
    get_panels,
    label_rows,
    merge_style,
    name_or_class,
    values_by_kind,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D


class ImportanceDivergenceDisplay:
    """Agreement of the importances of repeated fits, by two measures side by side.

    The left panel shows the Jensen-Shannon divergence of each pair of fits and the mean: 0 for
    equal importances, 1 for fits without a common input. This measure alone favours models
    that spread importance evenly over all inputs, because such fits agree although they select
    nothing. The right panel therefore shows the agreement on the set of important inputs,
    corrected for chance: 1 if all fits name the same inputs, 0 for random agreement. A
    reliable model lies at the left of the left panel *and* at the right of the right panel.

    Create the display with :meth:`from_estimators`. All parameters are stored as attributes.

    Parameters
    ----------
    divergences : list of ndarray of shape (n_pairs,)
        Divergence of each pair of fits in bits, for each kind of model.

    top_stability : ndarray of shape (n_kinds,)
        Stability of the `n_top` most important inputs.

    used_stability : ndarray of shape (n_kinds,)
        Stability of the inputs with an importance above zero; NaN if every fit of a kind uses
        all inputs.

    kinds : sequence of str of length n_kinds
        Names of the kinds.

    n_top : int
        Number of most important inputs of a fit.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the divergences.

    stability_ax_ : matplotlib Axes
        Axes of the stability.

    figure_ : matplotlib Figure
        Figure of the axes.

    lines_ : list of matplotlib Line2D
        Divergences of the pairs of each kind.

    See Also
    --------
    importance_divergence : Mean divergence over the pairs.
    selection_stability : Stability index of the right panel.
    ImportanceDisplay : Importances of a single fit.

    Examples
    --------
    >>> import numpy as np
    >>> from skrln.inspection import ImportanceDivergenceDisplay
    >>> flat = 1 + 0.01 * np.random.default_rng(0).normal(size=(5, 100))
    >>> sparse = np.zeros((5, 100))
    >>> sparse[:, :4] = np.random.default_rng(1).uniform(size=(5, 4))
    >>> display = ImportanceDivergenceDisplay.from_importances(
    ...     {"flat": flat, "sparse": sparse}, n_top=4
    ... )
    >>> bool(display.divergences[0].mean() < display.divergences[1].mean())
    True
    >>> bool(display.top_stability[0] < 0.2 < display.top_stability[1])
    True
    """

    ax_: "Axes"
    stability_ax_: "Axes"
    figure_: "Figure"
    lines_: "list[Line2D]"

    def __init__(
        self,
        divergences: list[np.ndarray],
        top_stability: np.ndarray,
        used_stability: np.ndarray,
        kinds: Sequence[str],
        *,
        n_top: int,
    ):
        self.divergences = divergences
        self.top_stability = top_stability
        self.used_stability = used_stability
        self.kinds = kinds
        self.n_top = n_top

    @classmethod
    def from_estimators(
        cls,
        estimators: Sequence[Any] | Mapping[Any, Sequence[Any]],
        *,
        n_top: int = 10,
        name: str | None = None,
        ax: "Sequence[Axes] | None" = None,
        **style: Any,
    ) -> Self:
        """Draw the agreement of fitted estimators.

        Parameters
        ----------
        estimators : list of estimators, or dict of such lists
            Several fits of one kind of model, with different random seeds or training rows,
            each with `feature_importances_`. A dict maps names of kinds to such lists.

        n_top : int, default=10
            See :meth:`from_importances`.

        name : str, default=None
            Name of the kind if `estimators` is a list; None uses the class name.

        ax : sequence of two matplotlib Axes, default=None
            Axes to draw on; None creates a new figure.

        **style : dict
            Passed to :meth:`matplotlib.axes.Axes.plot` for the pairs.

        Returns
        -------
        ImportanceDivergenceDisplay
        """
        importances = {}
        for kind, models in values_by_kind(estimators, name).items():
            models = list(models)
            kind = name_or_class(models[0], kind) if models else kind
            importances[kind] = [
                fitted_attribute(model, "feature_importances_") for model in models
            ]
        return cls.from_importances(importances, n_top=n_top, ax=ax, **style)

    @classmethod
    def from_importances(
        cls,
        importances: ArrayLike | Mapping[Any, ArrayLike],
        *,
        n_top: int = 10,
        name: str | None = None,
        ax: "Sequence[Axes] | None" = None,
        **style: Any,
    ) -> Self:
        """Draw the agreement of given importances.

        Parameters
        ----------
        importances : array-like of shape (n_fits, n_features), or dict of such
            Non-negative importances of at least two fits, one row per fit. Zero means that a
            fit does not use the input. A dict maps names of kinds to such arrays.

        n_top : int, default=10
            Number of most important inputs of a fit, below the number of inputs. A larger
            number includes less important inputs in the stability.

        name : str, default=None
            Name of the kind if `importances` is an array.

        ax : sequence of two matplotlib Axes, default=None
            Axes to draw on; None creates a new figure.

        **style : dict
            Passed to :meth:`matplotlib.axes.Axes.plot` for the pairs.

        Returns
        -------
        ImportanceDivergenceDisplay
        """
        kinds = values_by_kind(importances, name)
        tables = [np.asarray(table, float) for table in kinds.values()]
        divergences = [np.array(pairwise_divergences(table)) for table in tables]
        display = cls(
            divergences,
            np.array(
                [selection_stability(_top_inputs(table, n_top)) for table in tables]
            ),
            np.array([selection_stability(table) for table in tables]),
            list(kinds),
            n_top=n_top,
        )
        return display.plot(ax, **style)

    def plot(self, ax: "Sequence[Axes] | None" = None, **style: Any) -> Self:
        """Draw both panels.

        Parameters
        ----------
        ax : sequence of two matplotlib Axes, default=None
            Axes to draw on; None creates a new figure.

        **style : dict
            Passed to :meth:`matplotlib.axes.Axes.plot` for the pairs.

        Returns
        -------
        ImportanceDivergenceDisplay
        """
        # In inches: a fixed height for labels and legend, and a height for each kind.
        height = 1.8 + 0.45 * len(self.kinds)
        panels = get_panels(ax, self, 2, figsize=(8, height))
        self.ax_, self.stability_ax_ = panels
        self.figure_ = self.ax_.figure
        rows = np.arange(len(self.kinds))
        self._plot_divergences(rows, style)
        self._plot_stability(rows)
        label_rows(panels, self.kinds)
        # The legends stand above the panels, because marks can lie anywhere inside.
        for axes in panels:
            axes.grid(axis="y", color="0.92")
            axes.set_axisbelow(True)
            axes.legend(
                loc="lower center",
                bbox_to_anchor=(0.5, 1),
                ncols=2,
                frameon=False,
                fontsize="small",
            )
        return self

    def _plot_divergences(self, rows, style):
        # All pairs share one colour, transparent so that dense pairs look darker.
        self.lines_ = []
        for row, pairs in zip(rows, self.divergences, strict=True):
            defaults = {
                "linestyle": "none",
                "marker": "o",
                "markersize": 4,
                "color": "C0",
                "alpha": 0.35,
                "markeredgecolor": "none",
                "label": "_nolegend_" if row else "pair of fits",
            }
            self.lines_ += self.ax_.plot(
                pairs, np.full(len(pairs), row), **merge_style(defaults, style)
            )
        means = [pairs.mean() for pairs in self.divergences]
        self.ax_.plot(means, rows, "|", color="0.1", ms=16, mew=2, label="mean")
        self.ax_.set_xlim(left=0)
        self.ax_.set_xlabel("Divergence of importances (bits)\n← more alike")

    def _plot_stability(self, rows):
        axes = self.stability_ax_
        label = f"top {self.n_top} inputs"
        axes.plot(self.top_stability, rows, "D", color="C1", label=label)
        # A larger open circle, so that the mark of the top inputs shows inside.
        axes.plot(
            self.used_stability,
            rows,
            "o",
            color="C2",
            markersize=10,
            fillstyle="none",
            markeredgewidth=1.8,
            label="all used inputs",
        )
        for row in rows[np.isnan(self.used_stability)]:
            # On the side away from the other mark, which may be NaN as well.
            right = not self.top_stability[row] > 0.5
            axes.annotate(
                "uses every input",
                (0.97 if right else 0.13, row),
                xycoords=("axes fraction", "data"),
                ha="right" if right else "left",
                va="bottom",
                fontsize="small",
                color="0.4",
            )
        axes.axvline(0, color="0.5", linestyle=":", linewidth=1)
        # Fits that agree less than by chance have a negative index.
        lowest = np.nanmin([*self.top_stability, *self.used_stability, 0])
        axes.set_xlim(min(-0.1, lowest - 0.05), 1.05)
        axes.set_xlabel("Agreement on the inputs (0 = chance)\nmore alike →")


def _top_inputs(importances, n_top):
    """Mask of the `n_top` most important inputs of each fit, (n_fits, n_features)."""
    n_features = importances.shape[1]
    if not 0 < n_top < n_features:
        raise ValueError(
            f"Got n_top={n_top!r}, but expected at least 1 and fewer than the {n_features} "
            "inputs, because fits always agree on all inputs. Lower n_top."
        )
    # The importance must exceed the next largest one. Unused inputs are then never on the
    # list, and inputs of equal importance are not ranked by their position.
    next_largest = -np.partition(-importances, n_top, axis=1)[:, n_top]
    return importances > next_largest[:, None]
