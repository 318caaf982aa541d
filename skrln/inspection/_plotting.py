# SPDX-License-Identifier: BSD-3-Clause
"""Helpers of the displays: checks of estimators, names of columns, axes and styles."""

from collections.abc import Mapping

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skrln._table._optional import load_optional
from skrln.networks._base import BaseRLN

#: Line styles of successive curves on one axis, readable in grey and by colour-blind people.
LINE_STYLES = ("-", "--", "-.", ":")
#: Markers of successive models.
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")

UNWRAP_HINT = (
    "Pass the last step of a pipeline, best_estimator_ of a search, or one of the "
    "estimators_ of a stack."
)


def check_network(estimator):
    """Raise ValueError unless the estimator is a single fitted network of this package."""
    if not isinstance(estimator, BaseRLN):
        raise ValueError(
            f"Got {type(estimator).__name__}, but expected a fitted RLNRegressor or "
            f"RLNClassifier. {UNWRAP_HINT}"
        )
    check_is_fitted(estimator)
    refuse_ensemble(estimator)


def refuse_ensemble(estimator):
    """Raise ValueError if the estimator is an ensemble of networks."""
    members = getattr(estimator, "estimators_", [])
    # A stack or a forest has estimators_, too: its message comes from the caller.
    if isinstance(estimator, BaseRLN) and len(members) > 1:
        raise ValueError(
            f"Got an ensemble of {len(members)} networks, but expected a single one. Pass "
            "one of its estimators_, or fit with the parameters skrln.presets.READABLE."
        )


def fitted_attribute(estimator, attribute):
    """Value of a fitted attribute; ValueError if the estimator has no such attribute."""
    check_is_fitted(estimator)
    if not hasattr(estimator, attribute):
        refuse_ensemble(estimator)
        raise ValueError(
            f"Got {type(estimator).__name__}, but expected an estimator with "
            f"{attribute}. {UNWRAP_HINT}"
        )
    return getattr(estimator, attribute)


def name_or_class(estimator, name):
    """`name`, or the class name of the estimator if `name` is None."""
    return type(estimator).__name__ if name is None else name


def column_names(feature_names, n_features, estimator=None):
    """Names of the input columns: as passed, as fitted, or "x0", "x1" and so on."""
    if feature_names is None:
        feature_names = getattr(estimator, "feature_names_in_", None)
    if feature_names is None:
        feature_names = [f"x{i}" for i in range(n_features)]
    if len(feature_names) != n_features:
        raise ValueError(
            f"Got {len(feature_names)} feature_names, but expected {n_features}, one "
            "for each input column."
        )
    # Object dtype keeps names that are not strings.
    return np.asarray(feature_names, dtype=object)


def check_option(name, value, options):
    """Raise ValueError if the value is not one of the options."""
    if value not in options:
        expected = ", ".join(map(repr, options))
        raise ValueError(f"Got {name}={value!r}, but expected one of {expected}.")


def get_axes(ax, display, **layout):
    """`ax`, or the axes of a new figure if `ax` is None."""
    if ax is not None:
        return ax
    # Imported here, because matplotlib is an optional dependency and slow to import.
    plt = load_optional("matplotlib.pyplot", f"{type(display).__name__}.plot")
    return plt.subplots(layout="constrained", **layout)[1]


def get_panels(ax, display, n_panels, **layout):
    """Axes of `n_panels` panels: `ax`, or side by side in a new figure with shared rows."""
    if ax is None:
        ax = get_axes(None, display, ncols=n_panels, sharey=True, **layout)
    panels = np.ravel(np.asarray(ax, dtype=object))
    if len(panels) != n_panels:
        raise ValueError(
            f"Got ax with {len(panels)} axes, but expected {n_panels}, one for each panel: "
            f"plt.subplots(ncols={n_panels}, sharey=True)[1]."
        )
    return panels


def label_rows(panels, names):
    """Label the rows of the panels from top to bottom; only the first panel shows names."""
    rows = np.arange(len(names))
    # Axes passed by the user may not share their rows: every panel needs the ticks.
    for panel in panels[:0:-1]:
        panel.set_yticks(rows)
        panel.tick_params(labelleft=False)
    panels[0].set_yticks(
        rows, ["models" if n is None else plain_text(n) for n in names]
    )
    for panel in panels:
        panel.set_ylim(len(rows) - 0.5, -0.5)


def merge_style(defaults, style, artist=None):
    """Keyword arguments of a matplotlib artist (a line if None): defaults, then `style`."""
    from matplotlib.cbook import normalize_kwargs
    from matplotlib.lines import Line2D

    # Aliases such as "c" and "lw" are expanded, so that they override "color", "linewidth".
    return {**defaults, **normalize_kwargs(style, artist or Line2D)}


def next_line_style(ax):
    """Line style for the next curve on `ax`."""
    return LINE_STYLES[len(ax.lines) % len(LINE_STYLES)]


def label_once(ax, label):
    """`label`, or a label that hides the artist if the legend already contains `label`."""
    return "_nolegend_" if label in ax.get_legend_handles_labels()[1] else label


def with_unit(label, unit):
    """Axis label with its unit in parentheses; without them if `unit` is None."""
    return label if unit is None else f"{label} ({plain_text(unit)})"


def plain_text(name):
    """Text of a name that matplotlib draws as it is; None stays None.

    Between two dollar signs, matplotlib would read a formula, and fail where it is none.
    """
    return None if name is None else str(name).replace("$", r"\$")


def values_by_kind(values, name):
    """Values by kind of model: a dict unchanged, anything else as a single kind `name`."""
    values = dict(values) if isinstance(values, Mapping) else {name: values}
    if not values:
        raise ValueError("Got an empty dict, but expected at least one kind of model.")
    return values
