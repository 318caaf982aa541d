# SPDX-License-Identifier: BSD-3-Clause
"""Scores of models on several tasks, and paired differences to a reference model."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from ._plotting import MARKERS, get_panels, label_rows, plain_text, with_unit
from ._score_table import paired_differences, score_table, standard_error

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.container import ErrorbarContainer
    from matplotlib.figure import Figure


class ScoreComparisonDisplay:
    """Scores of several models on several tasks, and paired differences to a reference model.

    The left panel shows the mean score over repeated splits of each model on each task. The
    right panel shows the mean difference to the reference model *on the same splits*. Judge
    models by the right panel: hard splits are hard for all models, so that bars on the left
    can overlap although the difference is significant. Bars extend one standard error to each
    side.

    Create the display with :meth:`from_scores`. All parameters are stored as attributes.

    Parameters
    ----------
    mean, error : ndarray of shape (n_tasks, n_models)
        Mean score over the splits and its standard error; NaN if a model was not scored on a
        task. The standard error of a single split is NaN and not drawn.

    difference, difference_error : ndarray of shape (n_tasks, n_models)
        Mean difference to the score of the reference on the same split, and its standard error.

    tasks, models : list of str
        Names of the tasks and models.

    reference : str
        Name of the reference model.

    score_name : str, default=None
        Name of the score in the axis labels.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the scores.

    difference_ax_ : matplotlib Axes
        Axes of the differences.

    figure_ : matplotlib Figure
        Figure of the axes.

    errorbars_, difference_errorbars_ : dict of str to matplotlib ErrorbarContainer
        Marks and bars of each model in the two panels; the reference has no differences.

    See Also
    --------
    EnsembleGainDisplay : Gain of ensembles by the variance between their members.

    Notes
    -----
    The training rows of repeated splits overlap. Their scores are therefore not independent,
    and the plain standard error is too small. `test_fraction` selects the correction of Nadeau
    and Bengio [1]_: the squared standard error is the variance over the splits times
    ``1 / n_splits + test_fraction / (1 - test_fraction)``.

    References
    ----------
    .. [1] Nadeau and Bengio, "Inference for the generalization error", Machine Learning 52(3),
       2003.

    Examples
    --------
    >>> from sklearn.datasets import load_linnerud
    >>> from sklearn.dummy import DummyRegressor
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.model_selection import RepeatedKFold, cross_val_score
    >>> from skrln.inspection import ScoreComparisonDisplay
    >>> X, y = load_linnerud(return_X_y=True, as_frame=True)
    >>> splits = RepeatedKFold(n_splits=3, n_repeats=5, random_state=0)
    >>> models = {"mean": DummyRegressor(), "ridge": Ridge(1e3), "plain": Ridge(1e-3)}
    >>> scores = {
    ...     task: {
    ...         name: cross_val_score(model, X, y[task], cv=splits)
    ...         for name, model in models.items()
    ...     }
    ...     for task in y
    ... }
    >>> display = ScoreComparisonDisplay.from_scores(
    ...     scores, reference="ridge", score_name="R2", test_fraction=1 / 3
    ... )
    >>> display.difference.shape
    (3, 3)
    """

    ax_: "Axes"
    difference_ax_: "Axes"
    figure_: "Figure"
    errorbars_: "dict[str, ErrorbarContainer]"
    difference_errorbars_: "dict[str, ErrorbarContainer]"

    def __init__(
        self,
        mean: np.ndarray,
        error: np.ndarray,
        difference: np.ndarray,
        difference_error: np.ndarray,
        *,
        tasks: Sequence[str],
        models: Sequence[str],
        reference: str,
        score_name: str | None = None,
    ):
        self.mean = mean
        self.error = error
        self.difference = difference
        self.difference_error = difference_error
        self.tasks = tasks
        self.models = models
        self.reference = reference
        self.score_name = score_name

    @classmethod
    def from_scores(
        cls,
        scores: Any,
        *,
        reference: str | None = None,
        test_fraction: float | None = None,
        score_name: str | None = None,
        ax: "Sequence[Axes] | None" = None,
        **style: Any,
    ) -> Self:
        """Draw given scores.

        Parameters
        ----------
        scores : data frame, or dict of dicts of array-like
            A data frame has one score per row and the columns `task`, `model`, `split` and
            `score`. A dict maps each task to a dict of models and their scores in the order of
            the splits. All models of a task need the same splits; a task may lack a model.

        reference : str, default=None
            Name of the reference model; None uses the first model.

        test_fraction : float, default=None
            Share of the rows in the test set of a split, between 0 and 1: 1 / 5 for five folds.
            Larger values widen the bars, see the Notes. None treats splits as independent.

        score_name : str, default=None
            Name of the score, such as "R2".

        ax : sequence of two matplotlib Axes, default=None
            Axes to draw on; None creates a new figure.

        **style : dict
            Passed to :meth:`matplotlib.axes.Axes.errorbar`.

        Returns
        -------
        ScoreComparisonDisplay
        """
        if test_fraction is not None and not 0 < test_fraction < 1:
            raise ValueError(
                f"Got test_fraction={test_fraction!r}, but expected a number between 0 and 1, "
                "the share of the rows in the test set of a split, or None."
            )
        tasks, models, tables = score_table(scores)
        reference = models[0] if reference is None else reference
        if reference not in models:
            raise ValueError(
                f"Got reference={reference!r}, but expected one of the models {models}."
            )
        differences = paired_differences(tables, models.index(reference))
        display = cls(
            np.array([table.mean(axis=1) for table in tables]),
            np.array([standard_error(table, test_fraction) for table in tables]),
            np.array([table.mean(axis=1) for table in differences]),
            np.array([standard_error(table, test_fraction) for table in differences]),
            tasks=tasks,
            models=models,
            reference=reference,
            score_name=score_name,
        )
        return display.plot(ax, **style)

    def plot(self, ax: "Sequence[Axes] | None" = None, **style: Any) -> Self:
        """Draw both panels.

        Parameters
        ----------
        ax : sequence of two matplotlib Axes, default=None
            Axes to draw on; None creates a new figure.

        **style : dict
            Passed to :meth:`matplotlib.axes.Axes.errorbar`.

        Returns
        -------
        ScoreComparisonDisplay
        """
        n_tasks, n_models = np.shape(self.mean)
        # In inches: a fixed height for labels, and a height for each model of each task.
        height = 1.4 + n_tasks * (0.25 + 0.14 * n_models)
        panels = get_panels(ax, self, 2, figsize=(9, height))
        self.ax_, self.difference_ax_ = panels
        self.figure_ = self.ax_.figure
        rows = np.arange(n_tasks)
        # Models of one task are drawn below each other, in the order of the legend.
        offsets = np.linspace(-0.3, 0.3, n_models) if n_models > 1 else np.zeros(1)
        self.errorbars_, self.difference_errorbars_ = {}, {}
        for k, model in enumerate(self.models):
            defaults = {
                "linestyle": "none",
                "marker": MARKERS[k % len(MARKERS)],
                "markersize": 5,
                "color": f"C{k}",
                "label": plain_text(model),
            }
            options, heights = defaults | style, rows + offsets[k]
            self.errorbars_[model] = self.ax_.errorbar(
                self.mean[:, k], heights, xerr=self.error[:, k], **options
            )
            # The difference of the reference to itself is zero, which the dashed line marks.
            if model != self.reference:
                self.difference_errorbars_[model] = self.difference_ax_.errorbar(
                    self.difference[:, k],
                    heights,
                    xerr=self.difference_error[:, k],
                    **options,
                )
        label_rows(panels, self.tasks)
        self._label_panels(panels, rows)
        return self

    def _label_panels(self, panels, rows):
        self.ax_.set_xlabel(with_unit("Score", self.score_name))
        difference = with_unit(
            f"Difference to {plain_text(self.reference)}", self.score_name
        )
        self.difference_ax_.set_xlabel(f"{difference}, same splits\nbetter →")
        self.difference_ax_.axvline(0, color="0.3", linestyle="--", linewidth=1)
        for axes in panels:
            for edge in rows[1:] - 0.5:
                axes.axhline(edge, color="0.9", linewidth=1, zorder=0)
        # The handles come from the left panel, because the reference has no mark at the right.
        self.difference_ax_.legend(
            handles=list(self.errorbars_.values()),
            loc="upper left",
            bbox_to_anchor=(1, 1),
            title="± standard error",
            title_fontsize="small",
            alignment="left",
            frameon=False,
            fontsize="small",
        )
