# SPDX-License-Identifier: BSD-3-Clause
"""Tables from files, and the splits that every model is scored on."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from pandas.api.types import is_float_dtype, is_numeric_dtype
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split

#: Up to so many rows all are predicted once, in five folds; larger tables are drawn from twice.
SMALL, N_FOLDS, N_DRAWS = 1000, 5, 2
MAX_TRAIN = MAX_TEST = 3000
#: Numbers with more distinct values than this are a quantity, unless meta.json says otherwise.
MAX_CLASSES = 20
FILES = {".csv": pd.read_csv, ".parquet": pd.read_parquet}


@dataclass(frozen=True)
class Table:
    """What a model is to learn.

    Parameters
    ----------
    task : str
        Name of the table, and of the target where it has several.
    kind : {"reg", "bin", "multi"}
    X : DataFrame of shape (n_rows, n_columns)
    y : ndarray of shape (n_rows,)
        Numbers, or codes of classes from 0 on.
    categorical : list of str
        Columns that hold categories; they are strings, "missing" for a missing one.
    """

    task: str
    kind: str
    X: pd.DataFrame
    y: np.ndarray
    categorical: list


# -- tasks -------------------------------------------------------------------------------


def all_tasks(data):
    """Folders of `data` that hold a table: a task each, with the first of its targets."""
    return sorted(meta.parent.name for meta in Path(data).glob("*/meta.json"))


def read_tasks(names, data):
    """Tasks as named: each a task itself, or a text file with one on every line.

    Parameters
    ----------
    names : list of str
    data : path
        What is found there is a task, not a list of tasks.
    """
    tasks = []
    for name in names:
        path = Path(name)
        is_list = path.is_file() and path.suffix not in FILES
        lines = path.read_text().splitlines() if is_list else [name]
        tasks += [line.split("#")[0].strip() if is_list else line for line in lines]
    tasks = list(dict.fromkeys(task for task in tasks if task))
    for task in tasks:
        check_task(data, task)
    return tasks


def check_task(data, task):
    """Refuse what names no table, before hours are spent on the others."""
    name, target = _parts(task)
    path = Path(data) / name
    if path.suffix in FILES:
        if not path.is_file():
            raise ValueError(f"Got the task {task!r}, but there is no file {path}.")
        if not target:
            raise ValueError(
                f"Got the task {task!r}, but expected FILE:TARGET, with the name of "
                "the column to predict."
            )
    elif not (path / "meta.json").is_file() or not (path / "data.parquet").is_file():
        raise ValueError(
            f"Got the task {task!r}, but expected NAME or NAME:TARGET, with "
            f"data.parquet and meta.json in {path}, or FILE.csv:TARGET."
        )


def _parts(task):
    name, _, target = task.partition(":")
    return name, target


# -- tables ------------------------------------------------------------------------------


def load(data, task):
    """The table of a task.

    Parameters
    ----------
    data : path
        Folder of the tables.
    task : str
        ``NAME`` or ``NAME:TARGET`` of a folder with data.parquet and meta.json, or
        ``FILE:TARGET`` of a .csv or .parquet file.

    Returns
    -------
    Table
    """
    check_task(data, task)
    name, target = _parts(task)
    path = Path(data) / name
    if path.suffix in FILES:
        frame, meta = FILES[path.suffix](path), {}
    else:
        frame = pd.read_parquet(path / "data.parquet")
        meta = json.loads((path / "meta.json").read_text())
    target = target or meta["targets"][0]
    if target not in frame:
        raise ValueError(f"Got the task {task!r}, but {name} has no column {target!r}.")
    frame = frame[frame[target].notna()].reset_index(drop=True)
    X, categorical = _features(frame, target, meta)
    # Tables of the microbiome hold counts of taxa, also where their meta.json does not say so.
    if meta.get("counts", bool(meta) and name.startswith("microbiome")):
        X, categorical = _log_abundance(X), []
    kind, y = _outcome(frame[target], meta)
    return Table(task, kind, X, y, categorical)


def _features(frame, target, meta):
    """Columns to learn from, and which of them hold categories."""
    drop = {target, *meta.get("targets", [])}
    for what in ("id_columns", "group_columns", "other_non_feature_columns"):
        drop.update(meta.get(what, []))
    X = frame.drop(columns=[column for column in frame if column in drop])
    named = meta.get("categorical", [])
    categorical = [c for c in X if c in named or X[c].dtype.kind not in "biuf"]
    # By name: assign would take a column called "self" for its own argument.
    X = X.copy()
    for name in categorical:
        X[name] = _as_strings(X[name])
    return X, categorical


def _as_strings(column):
    return column.astype(object).where(column.notna(), "missing").astype(str)


def _log_abundance(counts):
    """Log10 of relative abundances, without the taxa that hardly any row has."""
    counts = counts.select_dtypes("number").fillna(0)
    counts = counts.loc[:, (counts > 0).sum() >= max(3, 0.05 * len(counts))]
    totals = counts.sum(axis=1).replace(0, 1)
    return np.log10(counts.div(totals, axis=0) + 1e-5)


def _outcome(column, meta):
    """Kind of the task, and its target as numbers."""
    if _is_quantity(column, meta):
        return "reg", column.astype(float).to_numpy()
    codes = pd.factorize(column.astype(str), sort=True)[0]
    return ("bin" if codes.max() == 1 else "multi"), codes


def _is_quantity(column, meta):
    many = column.nunique() > MAX_CLASSES
    if not meta:
        return is_numeric_dtype(column) and many
    said = meta.get("task_kinds", {}).get(column.name, meta["task"])
    return (
        (is_float_dtype(column) and many)
        or said.startswith("regression")
        or f"{column.name}: regression" in said
    )


# -- splits ------------------------------------------------------------------------------


def splits(table):
    """Rows to train on and to test on.

    The seed is made of the name of the task: the splits are the same for every model, on
    every machine, and whatever other tasks there are.

    Parameters
    ----------
    table : Table

    Returns
    -------
    list of (ndarray, ndarray)
        Five folds up to 1,000 rows, else two draws of at most 3,000 rows to train on.
    """
    seed = int(hashlib.sha256(table.task.encode()).hexdigest()[:6], 16)
    if len(table.y) <= SMALL:
        folds = KFold if table.kind == "reg" else StratifiedKFold
        cv = folds(N_FOLDS, shuffle=True, random_state=seed)
        return list(cv.split(table.X, table.y))
    return [_draw(table, seed + i) for i in range(N_DRAWS)]


def _draw(table, seed):
    train, test = train_test_split(
        np.arange(len(table.y)),
        test_size=min(MAX_TEST, len(table.y) // 4),
        random_state=seed,
        stratify=None if table.kind == "reg" else table.y,
    )
    return train[:MAX_TRAIN], test
