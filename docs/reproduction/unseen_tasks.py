# SPDX-License-Identifier: BSD-3-Clause
"""Draw the losses on the tasks that no choice had seen.

    python docs/reproduction/unseen_tasks.py

``results/unseen_tasks.json`` has the mean log of the loss of each model over that of the
default, its standard error over 91 tasks, and the mean rank. :doc:`/decisions/accuracy` says
how they were measured.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "unseen_tasks.json"
FIGURE = HERE.parent / "_static" / "unseen_tasks.png"
OURS, OTHERS = "#d55e00", "#555555"


def draw(lines):
    """Draw a dot and a bar of two standard errors for each model."""
    figure = Figure(figsize=(6.4, 2.5), layout="constrained")
    ax = figure.subplots()
    for place, line in lines.iterrows():
        ends = np.exp(line.log_ratio + 2 * line.error * np.array([-1, 1]))
        color = OURS if line.model == "skrln" else OTHERS
        ax.plot(ends, [place, place], color=color, linewidth=2)
        ax.plot(np.exp(line.log_ratio), place, "o", color=color, markersize=7)
    ax.axvline(1, color=OURS, linewidth=0.8, linestyle=":")
    ax.set_yticks(range(len(lines)), lines.model)
    ax.invert_yaxis()
    ax.set_xlabel("loss relative to skrln (lower is better)")
    ax.grid(axis="x", alpha=0.3)
    ax.spines[["top", "right"]].set_visible(False)
    return figure


def main():
    """Draw the figure."""
    draw(pd.read_json(RESULTS)).savefig(FIGURE, dpi=150)


if __name__ == "__main__":
    main()
