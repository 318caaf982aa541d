# SPDX-License-Identifier: BSD-3-Clause
"""Scores of models on several tasks, and what sets them apart from one of them."""

import numpy as np

from ._plotting import MARKERS, get_panels, label_rows
from ._score_table import paired_differences, score_table, standard_error


class ScoreComparisonDisplay:
    """Scores of several models on several tasks, and paired differences to one of the models.

    Left, the mean score over repeated splits of each model on each task. Right, the mean
    difference to the reference model *on the same splits*, which is what to judge by: splits
    that are hard are hard for all models, so that the bars on the left overlap where the
    difference is beyond doubt. Bars are one standard error to each side.

    It is recommended to use :meth:`from_scores`. All parameters are stored as attributes.

    Parameters
    ----------
    mean, error : ndarray of shape (n_tasks, n_models)
        Mean score over the splits and its standard error; NaN where a model was not scored on a
        task. The error of a single split is NaN, and not drawn.

    difference, difference_error : ndarray of shape (n_tasks, n_models)
        Mean of the score less that of the reference on the same split, and its standard error.

    tasks, models : list of str
        Their names.

    reference : str
        The model that the others are compared with.

    score_name : str, default=None
        What the score is, for the axes.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the scores.

    difference_ax_ : matplotlib Axes
        Axes of the differences.

    figure_ : matplotlib Figure
        Figure of the axes.

    errorbars_, difference_errorbars_ : dict of str to matplotlib ErrorbarContainer
        The marks and bars of each model in either panel; the reference has no differences.

    See Also
    --------
    EnsembleGainDisplay : Why ensembles of some kinds of models gain.

    Notes
    -----
    The training rows of repeated splits overlap, so that their scores are not independent and
    the plain standard error is too small. With `test_fraction` the errors are those of Nadeau
    and Bengio [1]_: the variance over the splits times
    `1 / n_splits + test_fraction / (1 - test_fraction)`.

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

    def __init__(
        self,
        mean,
        error,
        difference,
        difference_error,
        *,
        tasks,
        models,
        reference,
        score_name=None,
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
        scores,
        *,
        reference=None,
        test_fraction=None,
        score_name=None,
        ax=None,
        **style,
    ):
        """Draw scores that are at hand.

        Parameters
        ----------
        scores : data frame, or dict of dicts of array-like
            A data frame has the columns `task`, `model`, `split` and `score`, one score a row.
            A dict has, for each task, the scores of each model in the order of the splits. All
            models of a task are scored on the same splits; a model may be missing from a task.

        reference : str, default=None
            The model that the others are compared with; by default the first.

        test_fraction : float, default=None
            Share of the rows that a split tests on, between 0 and 1: 1 / 5 of five folds. The
            larger, the wider the bars, see the Notes. By default splits count as independent.

        score_name : str, default=None
            What the score is, such as "R2".

        ax : sequence of two matplotlib Axes, default=None
            Axes to draw on; by default those of a new figure.

        **style : dict
            Passed on to :meth:`matplotlib.axes.Axes.errorbar`.

        Returns
        -------
        ScoreComparisonDisplay
        """
        if test_fraction is not None and not 0 < test_fraction < 1:
            raise ValueError(
                f"Got test_fraction={test_fraction!r}, but expected a number between 0 and 1, "
                "the share of the rows that a split tests on, or None."
            )
        tasks, models, values = score_table(scores)
        reference = models[0] if reference is None else reference
        if reference not in models:
            raise ValueError(
                f"Got reference={reference!r}, but expected one of the models {models}."
            )
        differences = paired_differences(values, models.index(reference))
        display = cls(
            np.array([table.mean(axis=1) for table in values]),
            np.array([standard_error(table, test_fraction) for table in values]),
            np.array([table.mean(axis=1) for table in differences]),
            np.array([standard_error(table, test_fraction) for table in differences]),
            tasks=tasks,
            models=models,
            reference=reference,
            score_name=score_name,
        )
        return display.plot(ax, **style)

    def plot(self, ax=None, **style):
        """Draw both panels.

        Parameters
        ----------
        ax : sequence of two matplotlib Axes, default=None
            Axes to draw on; by default those of a new figure.

        **style : dict
            Passed on to :meth:`matplotlib.axes.Axes.errorbar`.

        Returns
        -------
        ScoreComparisonDisplay
        """
        n_tasks, n_models = np.shape(self.mean)
        height = 1.4 + n_tasks * (0.25 + 0.14 * n_models)
        panels = get_panels(ax, self, 2, figsize=(9, height))
        self.ax_, self.difference_ax_ = panels
        self.figure_ = self.ax_.figure
        rows = np.arange(n_tasks)
        # The models of a task stand below each other, in the order of the legend.
        offsets = np.linspace(-0.3, 0.3, n_models) if n_models > 1 else np.zeros(1)
        self.errorbars_, self.difference_errorbars_ = {}, {}
        for k, model in enumerate(self.models):
            defaults = {
                "linestyle": "none",
                "marker": MARKERS[k % len(MARKERS)],
                "markersize": 5,
                "color": f"C{k}",
                "label": str(model),
            }
            options, places = defaults | style, rows + offsets[k]
            self.errorbars_[model] = self.ax_.errorbar(
                self.mean[:, k], places, xerr=self.error[:, k], **options
            )
            if model != self.reference:
                self.difference_errorbars_[model] = self.difference_ax_.errorbar(
                    self.difference[:, k],
                    places,
                    xerr=self.difference_error[:, k],
                    **options,
                )
        label_rows(panels, self.tasks)
        self._describe(panels, rows)
        return self

    def _describe(self, panels, rows):
        unit = "" if self.score_name is None else f" ({self.score_name})"
        self.ax_.set_xlabel(f"Score{unit}")
        self.difference_ax_.set_xlabel(
            f"Score{unit} less that of {self.reference}, same splits\nbetter →"
        )
        self.difference_ax_.axvline(0, color="0.3", linestyle="--", linewidth=1)
        for axes in panels:
            for edge in rows[1:] - 0.5:
                axes.axhline(edge, color="0.9", linewidth=1, zorder=0)
        # Beside the panels, from top to bottom as in each row; the reference is on the left.
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
