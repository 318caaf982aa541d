# SPDX-License-Identifier: BSD-3-Clause
"""Picture of a comparison: a row of dots for every task, and the mean ranks."""

import numpy as np

from ._compare import (
    LIMIT,
    groups,
    kinds_of,
    mean_of,
    mean_ranks,
    ratios,
    reference,
)

#: Models differ in colour and in shape: for print in grey, and for the colour-blind.
COLOURS = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#e69f00",
    "#56b4e9",
    "#7f5539",
    "#000000",
)
MARKERS = "osD^vPX*<>"
TICKS = (0.5, 0.7, 0.85, 1, 1.2, 1.5, 2)


def plot(results, path):
    """Draw a comparison of models into a file.

    Parameters
    ----------
    results : dict of str to dict
        Records by task, by model; tasks that all models have are drawn.
    path : path
        Picture to write, in the format that its name says.
    """
    from matplotlib.figure import Figure

    loss = mean_of(results).dropna()
    if loss.empty:
        raise ValueError(f"There is no task that all of {', '.join(loss)} have.")
    rank = mean_ranks(results)
    # The best first: in the legend that the ranks are, and in the height of its dots.
    models = list(rank["all"]["rank"].sort_values().index)
    styles = _styles(models)
    height = 1.6 + max(0.27 * len(loss), len(rank) * (0.5 + 0.2 * len(models)))
    figure = Figure(figsize=(11, height), layout="constrained")
    parts = figure.subfigures(1, 2, width_ratios=(3, 1.25))
    _draw_tasks(parts[0].subplots(), loss[models], kinds_of(results), styles)
    _draw_ranks(parts[1], rank, models, styles)
    figure.savefig(path, dpi=130)


def _styles(models):
    return {
        model: {
            "color": COLOURS[i % len(COLOURS)],
            "marker": MARKERS[i % len(MARKERS)],
            "linestyle": "",
            "markersize": 5.5,
            "markeredgecolor": "white",
            "markeredgewidth": 0.4,
        }
        for i, model in enumerate(models)
    }


# -- tasks ---------------------------------------------------------------------------------


def _draw_tasks(ax, loss, kinds, styles):
    """A row for each task, under the name of its kind."""
    ratio = ratios(loss)
    rows, headings = _rows(ratio, kinds.loc[loss.index])
    _draw_stripes(ax, ratio, rows)
    # Equal ratios would hide each other: each model has a height of its own in the row.
    shifts = np.linspace(-0.28, 0.28, len(styles)) if len(styles) > 1 else [0]
    for (model, style), shift in zip(styles.items(), shifts, strict=True):
        heights = [rows[task] + shift for task in ratio.index]
        ax.plot(ratio[model], heights, **style, zorder=3, clip_on=False)
    _label_tasks(ax, ratio, rows, headings)


def _rows(ratio, kinds):
    """Heights of the tasks, sorted by the ratio of the model that ranks first.

    Returns
    -------
    rows : dict of str to int
        Height of each task.
    headings : dict of str to int
        Height of the name of each kind, above its tasks.
    """
    # Where that is the reference itself, its ratio is 1 on many tasks.
    keys = ratio.iloc[:, [0]].assign(others=ratio.median(axis=1))
    order = keys.sort_values(list(keys)).index
    rows, headings, height = {}, {}, 0
    for name, tasks in groups(kinds).items():
        if name != "all":
            headings[name] = height
            for task in order[order.isin(tasks)]:
                height += 1
                rows[task] = height
            height += 1
    return rows, headings


def _draw_stripes(ax, ratio, rows):
    for i, (task, row) in enumerate(rows.items()):
        if i % 2:
            ax.axhspan(row - 0.5, row + 0.5, color="0.955", linewidth=0, zorder=0)
        values = ratio.loc[task]
        ax.plot([values.min(), values.max()], [row, row], color="0.8", lw=0.8, zorder=1)


def _label_tasks(ax, ratio, rows, headings):
    ax.axvline(1, color="0.4", linewidth=0.9, zorder=2)
    ax.set_xscale("log")
    ax.set_xlim(min(0.9, 0.97 * ratio.min(axis=None)), LIMIT * 1.03)
    low, high = ax.get_xlim()
    ticks = [tick for tick in TICKS if low <= tick <= high]
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.set_xticks([], minor=True)
    ax.set_xlabel(_what_is_drawn(ratio))
    ax.set_ylim(max(rows.values()) + 0.6, -0.6)
    ax.set_yticks(list(rows.values()), list(rows), fontsize=8)
    ax.tick_params(axis="y", length=0)
    ax.spines[["top", "right", "left"]].set_visible(False)
    for name, height in headings.items():
        place = {"transform": ax.get_yaxis_transform(), "va": "center"}
        ax.text(0, height, name, fontsize=10, **place)


def _what_is_drawn(ratio):
    names = ", ".join(sorted(reference(ratio)))
    best = f"the best of {names}" if len(reference(ratio)) > 1 else names
    limits = f"kept within {1 / LIMIT:g} and {LIMIT:g}"
    return f"loss over that of {best}\n(lower is better; {limits})"


# -- ranks ---------------------------------------------------------------------------------


def _draw_ranks(figure, rank, models, styles):
    """Mean ranks of each group of tasks; the names of the models are the legend."""
    axes = figure.subplots(len(rank), sharex=True, squeeze=False)[:, 0]
    for ax, (group, table) in zip(axes, rank.items(), strict=True):
        for row, model in enumerate(models):
            mean, se = table.loc[model, ["rank", "se"]]
            ax.plot([mean - se, mean + se], [row, row], color=styles[model]["color"])
            ax.plot(mean, row, **styles[model] | {"markersize": 7})
        ax.set_yticks(range(len(models)), models, fontsize=9)
        ax.set_ylim(len(models) - 0.4, -0.6)
        ax.set_title(group, fontsize=10, loc="left")
        ax.grid(axis="x", color="0.9")
        ax.spines[["top", "right"]].set_visible(False)
    axes[-1].set_xlim(0.8, len(models) + 0.2)
    axes[-1].set_xticks(range(1, len(models) + 1))
    axes[-1].set_xlabel("mean rank ± standard error", fontsize=9)
