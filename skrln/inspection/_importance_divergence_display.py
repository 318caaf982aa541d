# SPDX-License-Identifier: BSD-3-Clause
"""Whether repeated fits name the same inputs."""

import numpy as np

from skrln._core._importance import pairwise_divergences, selection_stability

from ._plotting import (
    by_kind,
    fitted_attribute,
    get_panels,
    label_rows,
    name_of,
    styled,
)


class ImportanceDivergenceDisplay:
    """Whether the importances of repeated fits agree, by two measures side by side.

    Left, the Jensen-Shannon divergence of each pair of fits and its mean: 0 where two fits
    share importance out alike, 1 where they have no input in common. It favours models that
    give every input the same importance: these agree with one another and say nothing. Right,
    therefore, how far the fits agree on *which* inputs matter, corrected for chance: 1 where
    all name the same, 0 where they agree no more than lots drawn. A model to be trusted is at
    the left of the left panel *and* at the right of the right one.

    It is recommended to use :meth:`from_estimators`. All parameters are stored as attributes.

    Parameters
    ----------
    divergences : list of ndarray of shape (n_pairs,)
        Divergence, in bits, of each pair of fits, for each kind of model.

    top_stability : ndarray of shape (n_kinds,)
        Stability of the `n_top` most important inputs.

    used_stability : ndarray of shape (n_kinds,)
        Stability of the inputs whose importance is not zero; NaN for a kind of which every fit
        uses all.

    kinds : sequence of str of length n_kinds
        Names of the kinds.

    n_top : int
        Inputs that count as the most important ones.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the divergences.

    stability_ax_ : matplotlib Axes
        Axes of the stability.

    figure_ : matplotlib Figure
        Figure of the axes.

    lines_ : list of matplotlib Line2D
        The pairs of each kind.

    See Also
    --------
    importance_divergence : Mean of the pairs.
    selection_stability : The index in the right panel.
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

    def __init__(self, divergences, top_stability, used_stability, kinds, *, n_top):
        self.divergences = divergences
        self.top_stability = top_stability
        self.used_stability = used_stability
        self.kinds = kinds
        self.n_top = n_top

    @classmethod
    def from_estimators(cls, estimators, *, n_top=10, name=None, ax=None, **style):
        """Draw how far fitted estimators agree.

        Parameters
        ----------
        estimators : list of estimators, or dict of such lists
            Several fits of a kind of model, with other seeds or on other rows; as a dict, by
            the name of the kind. Each has `feature_importances_`.

        n_top : int, default=10
            See :meth:`from_importances`.

        name : str, default=None
            Name of the kind where `estimators` is a list; by default that of the class.

        ax : sequence of two matplotlib Axes, default=None
            Axes to draw on; by default those of a new figure.

        **style : dict
            Passed on to :meth:`matplotlib.axes.Axes.plot` for the pairs.

        Returns
        -------
        ImportanceDivergenceDisplay
        """
        importances = {}
        for kind, models in by_kind(estimators, name).items():
            models = list(models)
            found = [
                fitted_attribute(model, "feature_importances_") for model in models
            ]
            importances[name_of(models[0], kind) if models else kind] = found
        return cls.from_importances(importances, n_top=n_top, ax=ax, **style)

    @classmethod
    def from_importances(cls, importances, *, n_top=10, name=None, ax=None, **style):
        """Draw how far importances agree that are at hand.

        Parameters
        ----------
        importances : array-like of shape (n_fits, n_features), or dict of such
            Importances, non-negative, one fit a row, at least two; as a dict, by the name of
            the kind of model. Zero stands for an input that is not used.

        n_top : int, default=10
            Inputs that count as the most important ones of a fit, fewer than there are. With
            more of them, the stability is asked of less important inputs.

        name : str, default=None
            Name of the kind where `importances` is an array.

        ax : sequence of two matplotlib Axes, default=None
            Axes to draw on; by default those of a new figure.

        **style : dict
            Passed on to :meth:`matplotlib.axes.Axes.plot` for the pairs.

        Returns
        -------
        ImportanceDivergenceDisplay
        """
        kinds = by_kind(importances, name)
        tables = [np.asarray(table, float) for table in kinds.values()]
        divergences = [np.array(pairwise_divergences(table)) for table in tables]
        display = cls(
            divergences,
            np.array([selection_stability(_top(table, n_top)) for table in tables]),
            np.array([selection_stability(table) for table in tables]),
            list(kinds),
            n_top=n_top,
        )
        return display.plot(ax, **style)

    def plot(self, ax=None, **style):
        """Draw both panels.

        Parameters
        ----------
        ax : sequence of two matplotlib Axes, default=None
            Axes to draw on; by default those of a new figure.

        **style : dict
            Passed on to :meth:`matplotlib.axes.Axes.plot` for the pairs.

        Returns
        -------
        ImportanceDivergenceDisplay
        """
        height = 1.8 + 0.45 * len(self.kinds)
        panels = get_panels(ax, self, 2, figsize=(8, height))
        self.ax_, self.stability_ax_ = panels
        self.figure_ = self.ax_.figure
        rows = np.arange(len(self.kinds))
        self._plot_divergences(rows, style)
        self._plot_stability(rows)
        label_rows(panels, self.kinds)
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
        from matplotlib.lines import Line2D

        self.lines_ = []
        for row, pairs in zip(rows, self.divergences, strict=True):
            defaults = {
                "linestyle": "none",
                "marker": "o",
                "markersize": 4,
                "color": "C0",
                "alpha": 0.35,
                "markeredgecolor": "none",
                "label": "_nolegend_" if row else "a pair of fits",
            }
            self.lines_ += self.ax_.plot(
                pairs, np.full(len(pairs), row), **styled(Line2D, defaults, style)
            )
        means = [pairs.mean() for pairs in self.divergences]
        self.ax_.plot(means, rows, "|", color="0.1", ms=16, mew=2, label="mean")
        self.ax_.set_xlim(left=0)
        self.ax_.set_xlabel("Divergence of importances (bits)\n← more alike")

    def _plot_stability(self, rows):
        axes = self.stability_ax_
        label = f"the top {self.n_top} inputs"
        axes.plot(self.top_stability, rows, "D", color="C1", label=label)
        axes.plot(
            self.used_stability,
            rows,
            "o",
            color="C2",
            markersize=10,
            fillstyle="none",
            markeredgewidth=1.8,
            label="inputs used at all",
        )
        for row in rows[np.isnan(self.used_stability)]:
            right = not self.top_stability[row] > 0.5  # away from the other mark
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
        lowest = np.nanmin([*self.top_stability, *self.used_stability, 0])
        axes.set_xlim(min(-0.1, lowest - 0.05), 1.05)
        axes.set_xlabel("Agreement on the inputs (0 = chance)\nmore alike →")


def _top(importances, n_top):
    """Which inputs are among the most important ones of each fit."""
    n_features = importances.shape[1]
    if not 0 < n_top < n_features:
        raise ValueError(
            f"Got n_top={n_top!r}, but expected at least 1 and fewer than the {n_features} "
            "inputs: all of them agree by construction."
        )
    # More than the next one: fits with fewer inputs than that have no more on their list, and
    # those that are equal are not told apart by their position.
    following = -np.partition(-importances, n_top, axis=1)[:, n_top]
    return importances > following[:, None]
