# SPDX-License-Identifier: BSD-3-Clause
"""Fit and score models; whatever is done already is left alone."""

import contextlib
import warnings
from time import perf_counter

from ._models import check, make
from ._scores import score
from ._store import is_complete, read_model, write_model
from ._tables import load, splits


def run(data, tasks, folder, models, *, limit=None, retry=False, progress=False):
    """Score models on tasks, one split after the other, and keep each as it is done.

    Parameters
    ----------
    data : path
        Folder of the tables.
    tasks : list of str
    folder : path
        Of the results. One process at a time may write those of a model.
    models : list of str
    limit : int, optional
        Number of splits of a task to score, the first ones; all by default.
    retry : bool, default=False
        Whether what has failed is tried again.
    progress : bool, default=False
        Whether to show a bar on standard error.

    Returns
    -------
    dict of str to dict
        Records by task, by model.
    """
    if limit is not None and limit < 1:
        raise ValueError(f"Got splits={limit}, but expected at least 1.")
    for model in models:
        check(model)
    results = {model: read_model(folder, model) for model in models}
    waiting = {
        task: [m for m in models if _is_waiting(results[m].get(task), limit, retry)]
        for task in tasks
    }

    def save(model):
        write_model(folder, model, results[model])

    with progress_bar(sum(map(len, waiting.values())), progress) as tell:
        for task, todo in waiting.items():
            if not todo:
                continue
            try:
                table = load(data, task)
                rows = splits(table)[:limit]
            except Exception as error:  # of this table; the others can still be scored
                for model in todo:
                    results[model][task] = _new_record(failed=reason(error))
                    save(model)
                    tell(task, done=1)
                continue
            for model in todo:
                record = _start(results[model], table, len(rows), limit)
                tell(f"{task} {model}")
                for n_done in _score_splits(model, table, rows, record):
                    save(model)
                    tell(f"{task} {model} {n_done}/{len(rows)}")
                save(model)
                tell(task, done=1)
    return results


def reason(error):
    """An error in one line."""
    text = f"{type(error).__name__}: {error}"
    return " ".join(text.split())[:500]


def _is_waiting(record, limit, retry):
    if record is None:
        return True
    if "failed" in record:
        return retry
    before = record.get("limit")
    more = before is not None and (limit is None or limit > before)
    return more or not is_complete(record)


def _new_record(kind="", n=0, d=0, n_splits=0, **more):
    lists = {name: [] for name in ("loss", "score", "fit_s")}
    return {"kind": kind, "n": n, "d": d, "n_splits": n_splits} | lists | more


def _start(records, table, n_splits, limit):
    """The record to be filled, with the splits that are done if there are any."""
    n, d = table.X.shape
    shape = {"kind": table.kind, "n": n, "d": d, "n_splits": n_splits}
    record = records.get(table.task)
    compared = set(shape)
    if limit is not None or "limit" in (record or {}):
        compared.remove("n_splits")
    if record is None or any(record.get(key) != shape[key] for key in compared):
        record = records[table.task] = _new_record(**shape)
    for key in ("failed", "limit"):
        record.pop(key, None)
    record["n_splits"] = max(n_splits, len(record["loss"]))
    if limit is not None:
        record["limit"] = limit
    return record


def _score_splits(model, table, rows, record):
    """Fill a record, and yield the number of splits after each; a failure ends it."""
    for i in range(len(record["loss"]), len(rows)):
        try:
            measures = _score_split(model, table, *rows[i], i)
        except Exception as error:  # a model that cannot do this is a result as well
            record["failed"] = f"split {i}: {reason(error)}"
            return
        for name, value in measures.items():
            record.setdefault(name, []).append(value)
        yield i + 1


def _score_split(model, table, train, test, seed):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of peers, on every one of many fits
        estimator = make(model, table.kind, table.categorical, seed)
        start = perf_counter()
        estimator.fit(table.X.iloc[train], table.y[train])
        fit_s = perf_counter() - start
        return score(estimator, table, train, test) | {"fit_s": fit_s}


@contextlib.contextmanager
def progress_bar(total, show):
    """Bar on standard error; yields a function to say what is on and how many are done."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}", markup=False),  # rln[theta=-6] is no markup
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not show) as bar:
        task = bar.add_task("", total=total)
        yield lambda now, done=0: bar.update(task, description=now, advance=done)
