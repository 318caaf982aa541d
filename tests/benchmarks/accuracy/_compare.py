# SPDX-License-Identifier: BSD-3-Clause
"""Models against each other, over the tasks that all of them have."""

import numpy as np
import pandas as pd

from ._store import is_complete

#: Defaults of gradient-boosted trees: the best of them on a task is what losses are put over.
GBT = ("xgb", "lgbm", "cat", "hgb")
#: A ratio counts as no more than this, or its inverse: no task decides alone.
LIMIT = 2.0
#: Within this of the best is as good as the best.
NEAR = 1.02
#: A loss of zero has no logarithm.
LEAST = 1e-9


# -- tables of losses ----------------------------------------------------------------------


def select(results, models=None):
    """Results of the models named, in that order; of all of them by default."""
    missing = [model for model in models or [] if model not in results]
    if missing:
        raise ValueError(
            f"Got the models {', '.join(missing)}, but there are results of "
            f"{', '.join(results)}."
        )
    return {model: results[model] for model in models or results}


def mean_of(results, what="loss"):
    """Mean over the splits, for tasks with all splits done.

    Parameters
    ----------
    results : dict of str to dict
        Records by task, by model.
    what : {"loss", "score", "fit_s"}, default="loss"

    Returns
    -------
    DataFrame
        Tasks in rows, models in columns; NaN where a model lacks a task.
    """
    columns = {
        model: {t: np.mean(r[what]) for t, r in records.items() if is_complete(r)}
        for model, records in results.items()
    }
    return pd.DataFrame(columns)


def kinds_of(results):
    """Kind of each task that any model has done."""
    return pd.Series(
        {
            task: record["kind"]
            for records in results.values()
            for task, record in records.items()
            if is_complete(record)
        }
    )


def groups(kinds):
    """Tasks by what is summed up: all, regression, classification; none of them empty."""
    parts = {
        "all": kinds.index,
        "regression": kinds.index[kinds == "reg"],
        "classification": kinds.index[kinds != "reg"],
    }
    return {name: tasks for name, tasks in parts.items() if len(tasks)}


def is_gbt(model):
    """Whether the name is that of a default; ``FOLDER/xgb`` is as well."""
    return model.rsplit("/", 1)[-1] in GBT


def reference(loss):
    """Models whose best is the reference; all of them where no GBT is there."""
    return [model for model in loss if is_gbt(model)] or list(loss)


def ratios(loss):
    """Losses over the best of the reference, clipped."""
    best = loss[reference(loss)].min(axis=1).clip(lower=LEAST)
    return loss.div(best, axis=0).clip(1 / LIMIT, LIMIT)


# -- summaries -----------------------------------------------------------------------------


def summary(results):
    """One line for each model, over all tasks and by kind of task.

    Returns
    -------
    dict of str to DataFrame
        For each group of `groups`, sorted by rank: ``geo`` and ``median``, geometric mean
        and median of the ratios; ``near``, share of tasks within 2% of the best; ``rank``,
        the mean; ``best``, tasks won; ``fit_s``, median seconds of a fit, on whatever
        machine did it. Only tasks that all models have.
    """
    loss = mean_of(results).dropna()
    fit_s = mean_of(results, "fit_s").loc[loss.index]
    kinds = kinds_of(results).loc[loss.index]
    return {
        f"{name} ({len(tasks)})": _lines(loss, fit_s, tasks)
        for name, tasks in groups(kinds).items()
    }


def _lines(loss, fit_s, tasks):
    # Of the whole table: the best of a task does not depend on the group it is in.
    ratio, rank = ratios(loss).loc[tasks], ranks(loss).loc[tasks]
    near = loss.le(NEAR * loss.min(axis=1), axis=0).loc[tasks]
    lines = {
        "geo": np.exp(np.log(ratio).mean()),
        "median": ratio.median(),
        "near": near.mean(),
        "rank": rank.mean(),
        "best": (rank == 1).sum(),
        "fit_s": fit_s.loc[tasks].median(),
    }
    return pd.DataFrame(lines).sort_values("rank")


def ranks(loss):
    """Rank of each model on each task, 1 for the best."""
    return loss.rank(axis=1)


def mean_ranks(results):
    """Mean rank and its standard error, as `summary` groups them.

    Returns
    -------
    dict of str to DataFrame
        ``rank`` and ``se`` by model.
    """
    loss = mean_of(results).dropna()
    rank = ranks(loss)
    return {
        name: pd.DataFrame(
            {"rank": rank.loc[tasks].mean(), "se": rank.loc[tasks].sem()}
        )
        for name, tasks in groups(kinds_of(results).loc[loss.index]).items()
    }


# -- two models ----------------------------------------------------------------------------


def paired(results, a, b):
    """Log of the loss of `a` less that of `b`, task by task; below zero `a` is better.

    Parameters
    ----------
    results : dict of str to dict
    a, b : str

    Returns
    -------
    DataFrame
        A row for each task that both have: ``kind``; ``difference``, of the mean losses;
        ``by_split``, the mean of the differences of each split, with ``se``, its standard
        error, and the differences themselves as ``split 0`` and so on. Folds share rows
        to train on, which makes that standard error too small.
    """
    ours, theirs = (select(results, [model])[model] for model in (a, b))
    rows = {}
    for task in [t for t in ours if t in theirs]:
        if is_complete(ours[task]) and is_complete(theirs[task]):
            rows[task] = {"kind": ours[task]["kind"]} | _differences(
                ours[task]["loss"], theirs[task]["loss"]
            )
    return pd.DataFrame.from_dict(rows, orient="index")


def _differences(ours, theirs):
    if len(ours) != len(theirs):
        raise ValueError(
            f"Got losses of {len(ours)} and of {len(theirs)} splits, but expected the "
            "same splits."
        )
    each = _log_ratio(ours, theirs)
    many = len(each) > 1
    return {
        "difference": _log_ratio(np.mean(ours), np.mean(theirs)),
        "by_split": np.mean(each),
        "se": np.std(each, ddof=1) / np.sqrt(len(each)) if many else np.nan,
    } | {f"split {i}": value for i, value in enumerate(each)}


def _log_ratio(a, b):
    return np.log(np.maximum(a, LEAST)) - np.log(np.maximum(b, LEAST))


def against(results, model):
    """Every other model against one: means over tasks, with their standard errors.

    Differences count as no more than the logarithm of `LIMIT`, as ratios do.

    Returns
    -------
    DataFrame
        A row for each other model: ``tasks``; ``difference`` and ``se``, of the mean
        losses; ``by_split`` and ``se_by_split``, of the mean of the differences of the
        splits; ``ratio``, what ``difference`` says as a ratio; ``won``, the share of tasks.
    """
    rows = {other: mean_difference(results, other, model) for other in results}
    rows.pop(model)
    return pd.DataFrame.from_dict(rows, orient="index").sort_values("difference")


def mean_difference(results, a, b):
    """What `against` says of `a` against `b`."""
    pairs = paired(results, a, b)
    if pairs.empty:
        raise ValueError(f"{a} and {b} have no task in common.")
    most = np.log(LIMIT)
    task = pairs["difference"].clip(-most, most)
    splits = pairs.filter(like="split ").clip(-most, most).mean(axis=1)
    return {
        "tasks": len(pairs),
        "difference": task.mean(),
        "se": task.sem(),
        "by_split": splits.mean(),
        "se_by_split": splits.sem(),
        "ratio": np.exp(task.mean()),
        "won": (pairs["difference"] < 0).mean(),
    }
