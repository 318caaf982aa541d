# SPDX-License-Identifier: BSD-3-Clause
"""Gain of ensembles by the variance between their members."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import is_classifier
from sklearn.utils.validation import check_is_fitted

from skrln._typing import TableLike

from ._ensemble_gain import predict_values, variance_and_gain
from ._plotting import (
    MARKERS,
    check_option,
    get_axes,
    label_once,
    merge_style,
    name_or_class,
    plain_text,
    values_by_kind,
    with_unit,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D


class EnsembleGainDisplay:
    """Gain of an ensemble over a single model by the variance between the models.

    Each mark is one kind of model, fitted several times. The x axis is the variance between
    the fits, the y axis the gain of their averaged prediction over a single fit. Neural
    networks typically have a high variance and gain, linear models values near zero. Several
    tasks can share an axis; each kind keeps its colour and marker.

    Create the display with :meth:`from_estimators` or :meth:`from_predictions`. All parameters
    are stored as attributes.

    Parameters
    ----------
    variance : ndarray of shape (n_kinds,)
        Variance of the predictions over the fits, averaged over rows, as a share of the
        variance of the target.

    gain : ndarray of shape (n_kinds,)
        Score of the averaged predictions minus the score of a single fit.

    kinds : sequence of str of length n_kinds
        Names of the kinds.

    score_name : str, default=None
        Name of the score. None is R2, whose gain over the mean single fit follows from the
        variance, see the Notes.

    single : {"mean", "first"}, default="mean"
        Baseline of `gain`: the mean score of the fits, or the score of the first fit.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the plot.

    figure_ : matplotlib Figure
        Figure of the axes.

    lines_ : list of matplotlib Line2D
        Mark of each kind.

    See Also
    --------
    ScoreComparisonDisplay : Scores of several models with standard errors.

    Notes
    -----
    The mean squared error of single fits exceeds the error of their averaged prediction by
    exactly the variance between the fits [1]_. With ``single="mean"`` and R2 as the score, the
    gain is therefore always the variance times (n_models - 1) / n_models: marks on that line
    are an identity, not evidence. The gain can differ with ``single="first"``, for example with
    the best model by validation score first (as in Figure 3 of [2]_), and with other scores.
    The dotted line marks equal gain and variance.

    References
    ----------
    .. [1] Krogh and Vedelsby, "Neural network ensembles, cross validation, and active
       learning", NeurIPS 1994.

    .. [2] Shavitt and Segal, "Regularization Learning Networks: Deep Learning for Tabular
       Datasets", NeurIPS 2018.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.ensemble import ExtraTreesRegressor
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skrln.inspection import EnsembleGainDisplay
    >>> X, y = load_diabetes(return_X_y=True)
    >>> kinds = {
    ...     kind.__name__: [
    ...         kind(min_samples_leaf=5, max_features=3, random_state=seed)
    ...         .fit(X[::2], y[::2]) for seed in range(3)
    ...     ]
    ...     for kind in (DecisionTreeRegressor, ExtraTreesRegressor)
    ... }
    >>> display = EnsembleGainDisplay.from_estimators(kinds, X[1::2], y[1::2])
    >>> bool(display.gain[0] > display.gain[1] > 0)
    True
    """

    ax_: "Axes"
    figure_: "Figure"
    lines_: "list[Line2D]"

    def __init__(
        self,
        variance: np.ndarray,
        gain: np.ndarray,
        kinds: Sequence[str],
        *,
        score_name: str | None = None,
        single: Literal["mean", "first"] = "mean",
    ):
        self.variance = variance
        self.gain = gain
        self.kinds = kinds
        self.score_name = score_name
        self.single = single

    @classmethod
    def from_estimators(
        cls,
        estimators: Sequence[Any] | Mapping[Any, Sequence[Any]],
        X: TableLike,
        y: ArrayLike,
        *,
        score_func: Callable[..., Any] | None = None,
        single: Literal["mean", "first"] = "mean",
        name: str | None = None,
        ax: "Axes | None" = None,
        **style: Any,
    ) -> Self:
        """Draw the gain of averaging fitted estimators.

        Parameters
        ----------
        estimators : list of estimators, or dict of such lists
            Several fits of one kind of model, for example with different random seeds; a dict
            maps names of kinds to such lists. Regressors, or classifiers with `predict_proba`.

        X : {array-like, data frame} of shape (n_samples, n_features)
            Held-out rows.

        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets of the held-out rows.

        score_func : callable, default=None
            See :meth:`from_predictions`.

        single : {"mean", "first"}, default="mean"
            See :meth:`from_predictions`.

        name : str, default=None
            Name of the kind if `estimators` is a list; None uses the class name.

        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a new figure.

        **style : dict
            Passed to :meth:`matplotlib.axes.Axes.plot`.

        Returns
        -------
        EnsembleGainDisplay
        """
        predictions, classes = {}, None
        for kind, models in values_by_kind(estimators, name).items():
            models = list(models)
            for model in models:
                check_is_fitted(model)
                # Classifiers of one comparison share their classes.
                if is_classifier(model):
                    classes = model.classes_
            kind = name_or_class(models[0], kind) if models else kind
            predictions[kind] = [predict_values(model, X) for model in models]
        return cls.from_predictions(
            y,
            predictions,
            classes=classes,
            score_func=score_func,
            single=single,
            ax=ax,
            **style,
        )

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        predictions: ArrayLike | Mapping[Any, ArrayLike],
        *,
        classes: ArrayLike | None = None,
        score_func: Callable[..., Any] | None = None,
        single: Literal["mean", "first"] = "mean",
        name: str | None = None,
        ax: "Axes | None" = None,
        **style: Any,
    ) -> Self:
        """Draw the gain of averaging given predictions.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets of held-out rows.

        predictions : array-like, or dict of array-likes
            Predictions of at least two models, (n_models, n_samples) or (n_models, n_samples,
            n_outputs), or probabilities of shape (n_models, n_samples, n_classes). A dict maps
            names of kinds to such arrays.

        classes : array-like of shape (n_classes,), default=None
            Class of each column of probabilities; None uses the sorted classes of `y_true`.

        score_func : callable, default=None
            Function of `y_true` and the predictions of a model, such as
            :func:`~sklearn.metrics.roc_auc_score`; higher is better. For two classes it
            receives the probabilities of the second class. None is R2; for probabilities R2 of
            the class indicators, which is the Brier skill score.

        single : {"mean", "first"}, default="mean"
            Baseline of the gain: the mean score of the models, or the score of the first model,
            for models sorted by validation score.

        name : str, default=None
            Name of the kind if `predictions` is an array.

        ax : matplotlib Axes, default=None
            Axes to draw on, such as `ax_` of another task's display; None creates a new figure.

        **style : dict
            Passed to :meth:`matplotlib.axes.Axes.plot`.

        Returns
        -------
        EnsembleGainDisplay
        """
        check_option("single", single, ("mean", "first"))
        y_true = np.asarray(y_true)
        kinds = values_by_kind(predictions, name)
        pairs = [
            variance_and_gain(y_true, values, classes, score_func, single)
            for values in kinds.values()
        ]
        variance, gain = np.transpose(pairs)
        # For example "roc auc score".
        score_name = None
        if score_func is not None:
            score_name = getattr(score_func, "__name__", "score").replace("_", " ")
        display = cls(variance, gain, list(kinds), score_name=score_name, single=single)
        return display.plot(ax, **style)

    def plot(self, ax: "Axes | None" = None, **style: Any) -> Self:
        """Draw one mark for each kind.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a new figure.

        **style : dict
            Passed to :meth:`matplotlib.axes.Axes.plot`.

        Returns
        -------
        EnsembleGainDisplay
        """
        self.ax_ = get_axes(ax, self)
        self.figure_ = self.ax_.figure
        # A kind that another display has drawn on these axes keeps its look and legend entry.
        shown = {line.get_label(): line for line in self.ax_.lines}
        self.lines_ = []
        for kind, x, y in zip(self.kinds, self.variance, self.gain, strict=True):
            label = "models" if kind is None else plain_text(kind)
            defaults = self._choose_look(label, shown)
            options = merge_style({"linestyle": "none"} | defaults, style)
            self.lines_ += self.ax_.plot(x, y, **options)
            shown.setdefault(label, self.lines_[-1])
        # Other scores than R2 are on another scale than the variance.
        if self.score_name is None:
            label = label_once(self.ax_, "gain = variance")
            self.ax_.axline(
                (0, 0), slope=1, color="0.5", linestyle=":", label=label, zorder=0
            )
        for axis in (self.ax_.xaxis, self.ax_.yaxis):
            axis.set_major_formatter("{x:.3g}")
        self.ax_.axhline(0, color="0.85", linewidth=1, zorder=0)
        self.ax_.set_xlabel("Variance between fits (share of target variance)")
        baselines = {"mean": "the mean single fit", "first": "the first fit"}
        gain = f"Gain over {baselines[self.single]}"
        self.ax_.set_ylabel(with_unit(gain, self.score_name or "R2"))
        self.ax_.legend()
        return self

    @staticmethod
    def _choose_look(label, shown):
        """Label, colour and marker of a kind: the look of its earlier mark, or a new look."""
        if label in shown:
            line = shown[label]
            return {
                "color": line.get_color(),
                "marker": line.get_marker(),
                "label": "_nolegend_",
            }
        # Only marks of kinds count, not the reference lines.
        n_kinds = sum(
            line.get_linestyle() == "None" and not name.startswith("_")
            for name, line in shown.items()
        )
        return {"marker": MARKERS[n_kinds % len(MARKERS)], "label": label}
