# SPDX-License-Identifier: BSD-3-Clause
"""What the displays share: estimators, names of columns, axes and styles."""

from collections.abc import Mapping

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skrln._core._base import BaseRLN

#: Curves on one axis differ in these too, for print in grey and for the colour-blind.
LINE_STYLES = ("-", "--", "-.", ":")
#: Models differ in these beside their colour.
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")

WAY_OUT = (
    "Of a pipeline pass the last step, of a search its best_estimator_, of a stack one "
    "of its estimators."
)


def check_network(estimator):
    """Refuse what is not a single fitted network of this package."""
    if not isinstance(estimator, BaseRLN):
        raise ValueError(
            f"Got {type(estimator).__name__}, but expected a fitted RLNRegressor or "
            f"RLNClassifier. {WAY_OUT}"
        )
    check_is_fitted(estimator)
    refuse_ensemble(estimator)


def refuse_ensemble(estimator):
    """Say how to look at a network of an ensemble."""
    members = getattr(estimator, "estimators_", [])
    if isinstance(estimator, BaseRLN) and len(members) > 1:
        raise ValueError(
            f"Got an ensemble of {len(members)} networks, but expected a single one. Pass "
            "one of its estimators_, or fit with the parameters skrln.presets.READABLE."
        )


def fitted_attribute(estimator, attribute):
    """Value of a fitted attribute that the display needs."""
    check_is_fitted(estimator)
    if not hasattr(estimator, attribute):
        refuse_ensemble(estimator)
        raise ValueError(
            f"Got {type(estimator).__name__}, but expected an estimator with "
            f"{attribute}. {WAY_OUT}"
        )
    return getattr(estimator, attribute)


def name_of(estimator, name):
    """`name`, or that of the estimator's class."""
    return type(estimator).__name__ if name is None else name


def column_names(feature_names, n_features, estimator=None):
    """Names of the input columns: as given, as fitted, or "x0", "x1" and so on."""
    if feature_names is None:
        feature_names = getattr(estimator, "feature_names_in_", None)
    if feature_names is None:
        feature_names = [f"x{i}" for i in range(n_features)]
    if len(feature_names) != n_features:
        raise ValueError(
            f"Got {len(feature_names)} feature_names, but expected {n_features}, one "
            "for each input column."
        )
    return np.asarray(feature_names, dtype=object)


def check_option(name, value, options):
    """Refuse a value that is not among the options."""
    if value not in options:
        expected = ", ".join(map(repr, options))
        raise ValueError(f"Got {name}={value!r}, but expected one of {expected}.")


def get_axes(ax, display, **layout):
    """`ax`, or the axes of a new figure."""
    if ax is not None:
        return ax
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            f"{type(display).__name__}.plot requires matplotlib. Install it with "
            '`pip install "skrln[plot]"`.'
        ) from error
    return plt.subplots(layout="constrained", **layout)[1]


def get_panels(ax, display, n_panels, **layout):
    """The axes given, or those of a new figure side by side; rows are shared."""
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
    """Name the rows that the panels share, first at the top, at the left of the first."""
    rows = np.arange(len(names))
    for panel in panels[:0:-1]:
        panel.set_yticks(rows)
        panel.tick_params(labelleft=False)
    panels[0].set_yticks(rows, ["models" if n is None else str(n) for n in names])
    for panel in panels:
        panel.set_ylim(len(rows) - 0.5, -0.5)


def styled(artist, defaults, style):
    """Keyword arguments of a matplotlib artist: the defaults, overridden by `style`."""
    from matplotlib.cbook import normalize_kwargs

    return {**defaults, **normalize_kwargs(style, artist)}


def next_line_style(ax):
    """Line style that the last curves of `ax` do not have."""
    return LINE_STYLES[len(ax.lines) % len(LINE_STYLES)]


def new_label(ax, label):
    """`label`, or one that the legend leaves out where it is there already."""
    return "_nolegend_" if label in ax.get_legend_handles_labels()[1] else label


def by_kind(values, name):
    """Values of each kind of model: a dict as it is, or one kind of that name."""
    values = dict(values) if isinstance(values, Mapping) else {name: values}
    if not values:
        raise ValueError("Got an empty dict, but expected at least one kind of model.")
    return values
