# SPDX-License-Identifier: BSD-3-Clause
"""Seconds of a fit, of models that take turns in one process.

The seconds beside the scores are of whatever ran on the machine at that time. Here every round
fits each model once, on the first split of the task, and a ratio is that of the times of one
round.
"""

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from tests.benchmarks._measure import in_turn, seconds

from ._models import check, make
from ._run import progress_bar, reason
from ._store import write
from ._tables import load, splits


def time_fits(data, tasks, path, models, *, rounds=4, retry=False, progress=False):
    """Time fits side by side; tasks that the file has already are left alone.

    Parameters
    ----------
    data : path
        Folder of the tables.
    tasks : list of str
    path : path
        JSON file of the times.
    models : list of str
    rounds : int, default=4
        The first has what happens once, such as compilation; it is told apart.
    retry : bool, default=False
        Whether what has failed is tried again.
    progress : bool, default=False

    Returns
    -------
    dict
        ``models``, ``rounds``, and under ``tasks`` for each the seconds by model.
    """
    for model in models:
        check(model)
    times = _read(path, models, rounds)
    done = times["tasks"]
    waiting = [t for t in tasks if t not in done or (retry and "failed" in done[t])]
    with progress_bar(len(waiting), progress) as tell:
        for task in waiting:
            tell(task)
            try:
                done[task] = _rounds(load(data, task), models, rounds)
            except Exception as error:  # of this task; the others can still be timed
                done[task] = {"failed": reason(error)}
            write(path, times)
            tell(task, done=1)
    return times


def _read(path, models, rounds):
    path = Path(path)
    empty = {"models": list(models), "rounds": rounds, "tasks": {}}
    if not path.exists():
        return empty
    found = json.loads(path.read_text())
    if (found["models"], found["rounds"]) != (empty["models"], rounds):
        raise ValueError(
            f"{path} has {found['rounds']} rounds of {', '.join(found['models'])}: models "
            "that are compared take turns in one run. Name another file."
        )
    return found


def _rounds(table, models, rounds):
    train, _ = splits(table)[0]
    X, y = table.X.iloc[train], table.y[train]

    def contender(model):
        def measure():
            estimator = make(model, table.kind, table.categorical)
            return seconds(lambda: estimator.fit(X, y))

        return measure

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of other libraries, on every one of many fits
        found = in_turn({model: contender(model) for model in models}, rounds)
    return {model: samples.tolist() for model, samples in found.items()}


def ratios(times):
    """Fit seconds of every two models, over the tasks.

    Returns
    -------
    DataFrame
        A row for each pair: ``ratio`` is the median over tasks of the first's seconds over
        the second's, ``low`` and ``high`` the quartiles, from all rounds but the first;
        ``first`` is the median of the first round alone.
    """
    tasks = [task for task in times["tasks"].values() if "failed" not in task]
    rows = {}
    for a in times["models"]:
        for b in times["models"]:
            if a != b and tasks:
                pairs = [np.divide(task[a], task[b]) for task in tasks]
                rows[f"{a} / {b}"] = _summary(pairs)
    return pd.DataFrame.from_dict(rows, orient="index")


def _summary(pairs):
    """Of an array for each task, with the ratio of each round."""
    later = [np.median(rounds[1:] if len(rounds) > 1 else rounds) for rounds in pairs]
    low, middle, high = np.quantile(later, [0.25, 0.5, 0.75])
    first = np.median([rounds[0] for rounds in pairs])
    return {"ratio": middle, "low": low, "high": high, "first": first}


def median_seconds(times):
    """Median over tasks of the seconds of a fit, by model, without the first round."""
    tasks = [task for task in times["tasks"].values() if "failed" not in task]
    return pd.Series(
        {
            model: np.median(
                [np.median(task[model][1:] or task[model]) for task in tasks]
            )
            for model in times["models"]
            if tasks
        }
    )
