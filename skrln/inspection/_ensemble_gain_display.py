# SPDX-License-Identifier: BSD-3-Clause
"""Why some kinds of models gain from ensembles."""

import numpy as np
from sklearn.base import is_classifier
from sklearn.utils.validation import check_is_fitted

from ._ensemble_gain import predicted, variance_and_gain
from ._plotting import (
    MARKERS,
    by_kind,
    check_option,
    get_axes,
    name_of,
    new_label,
    styled,
)


class EnsembleGainDisplay:
    """What an ensemble gains over a single model, by how far the models disagree.

    A mark is a kind of model, fitted several times. To the right are kinds whose fits differ
    much from one another; upwards, kinds whose averaged predictions are better than those of
    one fit. Neural networks lie far out, linear models near zero. Several tasks go on one
    axis, and a kind keeps its colour there.

    It is recommended to use :meth:`from_estimators` or :meth:`from_predictions`. All parameters
    are stored as attributes.

    Parameters
    ----------
    variance : ndarray of shape (n_kinds,)
        Variance of the predictions over the fits, mean of the rows, as a share of the variance
        of the target.

    gain : ndarray of shape (n_kinds,)
        Score of the averaged predictions less that of a single fit.

    kinds : sequence of str of length n_kinds
        Names of the kinds.

    score_name : str, default=None
        What the score is; None stands for explained variance (R2), of which the gain over the
        mean single fit is known beforehand, see the Notes.

    single : {"mean", "first"}, default="mean"
        What `gain` is a gain over.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes that were drawn on.

    figure_ : matplotlib Figure
        Figure of the axes.

    lines_ : list of matplotlib Line2D
        The mark of each kind.

    See Also
    --------
    ScoreComparisonDisplay : Scores of kinds and of ensembles, with their errors.

    Notes
    -----
    The mean squared error of single fits exceeds that of their averaged prediction by exactly
    the variance between them [1]_. With `single="mean"` and explained variance as the score,
    the gain is therefore the variance times (n_models - 1) / n_models, for any data: marks on
    that line are arithmetic, not a finding. Where the single fit is the first one, such as the
    best by validation (Figure 3 of [2]_ compares with single models so chosen), or the score
    another one, the gain can differ from it: the dotted line is where gain equals variance.

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

    def __init__(self, variance, gain, kinds, *, score_name=None, single="mean"):
        self.variance = variance
        self.gain = gain
        self.kinds = kinds
        self.score_name = score_name
        self.single = single

    @classmethod
    def from_estimators(
        cls,
        estimators,
        X,
        y,
        *,
        score_func=None,
        single="mean",
        name=None,
        ax=None,
        **style,
    ):
        """Draw the gain of averaging fitted estimators.

        Parameters
        ----------
        estimators : list of estimators, or dict of such lists
            Several fits of a kind of model, such as with other seeds; as a dict, by the name of
            the kind. Regressors, or classifiers with `predict_proba`.

        X : {array-like, data frame} of shape (n_samples, n_features)
            Rows that no model was fitted on.

        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Their targets.

        score_func : callable, default=None
            See :meth:`from_predictions`.

        single : {"mean", "first"}, default="mean"
            See :meth:`from_predictions`.

        name : str, default=None
            Name of the kind where `estimators` is a list; by default that of the class.

        ax : matplotlib Axes, default=None
            Axes to draw on; by default those of a new figure.

        **style : dict
            Passed on to :meth:`matplotlib.axes.Axes.plot`.

        Returns
        -------
        EnsembleGainDisplay
        """
        predictions, classes = {}, None
        for kind, models in by_kind(estimators, name).items():
            models = list(models)
            for model in models:
                check_is_fitted(model)
                if is_classifier(model):
                    classes = model.classes_
            kind = name_of(models[0], kind) if models else kind
            predictions[kind] = [predicted(model, X) for model in models]
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
        y_true,
        predictions,
        *,
        classes=None,
        score_func=None,
        single="mean",
        name=None,
        ax=None,
        **style,
    ):
        """Draw the gain of averaging predictions that are at hand.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets of rows that no model was fitted on.

        predictions : array-like, or dict of array-likes
            Predictions of each model, (n_models, n_samples) or (n_models, n_samples,
            n_outputs), or probabilities of shape (n_models, n_samples, n_classes); as a dict,
            by the name of the kind of model. At least two models a kind.

        classes : array-like of shape (n_classes,), default=None
            Class of each column of probabilities; by default the sorted classes of `y_true`.

        score_func : callable, default=None
            Called with `y_true` and the predictions of a model, higher is better; it gets the
            probabilities of the second of two classes. For example
            :func:`~sklearn.metrics.roc_auc_score`. By default explained variance (R2), of
            probabilities that of the indicators of the classes: the Brier skill score.

        single : {"mean", "first"}, default="mean"
            What an ensemble is compared with: the mean score of the single models, or the score
            of the first, where models come in the order of their validation scores.

        name : str, default=None
            Name of the kind where `predictions` is an array.

        ax : matplotlib Axes, default=None
            Axes to draw on, such as `ax_` of the display of another task; by default those of
            a new figure.

        **style : dict
            Passed on to :meth:`matplotlib.axes.Axes.plot`.

        Returns
        -------
        EnsembleGainDisplay
        """
        check_option("single", single, ("mean", "first"))
        y_true = np.asarray(y_true)
        kinds = by_kind(predictions, name)
        found = [
            variance_and_gain(y_true, values, classes, score_func, single)
            for values in kinds.values()
        ]
        variance, gain = np.transpose(found)
        score_name = None
        if score_func is not None:
            score_name = getattr(score_func, "__name__", "score").replace("_", " ")
        display = cls(variance, gain, list(kinds), score_name=score_name, single=single)
        return display.plot(ax, **style)

    def plot(self, ax=None, **style):
        """Draw one mark for each kind.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; by default those of a new figure.

        **style : dict
            Passed on to :meth:`matplotlib.axes.Axes.plot`.

        Returns
        -------
        EnsembleGainDisplay
        """
        self.ax_ = get_axes(ax, self)
        self.figure_ = self.ax_.figure
        from matplotlib.lines import Line2D

        shown = {line.get_label(): line for line in self.ax_.lines}
        self.lines_ = []
        for kind, x, y in zip(self.kinds, self.variance, self.gain, strict=True):
            label = "models" if kind is None else str(kind)
            defaults = self._look(label, shown)
            options = styled(Line2D, {"linestyle": "none"} | defaults, style)
            self.lines_ += self.ax_.plot(x, y, **options)
            shown.setdefault(label, self.lines_[-1])
        if self.score_name is None:
            label = new_label(self.ax_, "gain = variance")
            self.ax_.axline(
                (0, 0), slope=1, color="0.5", linestyle=":", label=label, zorder=0
            )
        for axis in (self.ax_.xaxis, self.ax_.yaxis):
            axis.set_major_formatter("{x:.3g}")
        self.ax_.axhline(0, color="0.85", linewidth=1, zorder=0)
        self.ax_.set_xlabel("Variance between fits (share of the target's)")
        single = {"mean": "the mean single fit", "first": "the first fit"}[self.single]
        self.ax_.set_ylabel(f"Gain over {single} ({self.score_name or 'R2'})")
        self.ax_.legend()
        return self

    def _look(self, label, shown):
        """Colour and marker of a kind: those it has on the axis, or new ones."""
        if label in shown:
            old = shown[label]
            look = {"color": old.get_color(), "marker": old.get_marker()}
            return look | {"label": "_nolegend_"}
        n_kinds = sum(
            line.get_linestyle() == "None" and not known.startswith("_")
            for known, line in shown.items()
        )
        return {"marker": MARKERS[n_kinds % len(MARKERS)], "label": label}
