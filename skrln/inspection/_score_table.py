# SPDX-License-Identifier: BSD-3-Clause
"""Scores by task, model and split, and their standard errors."""

import numpy as np

#: Columns of a data frame of scores.
COLUMNS = ("task", "model", "split", "score")


def score_table(scores):
    """Names of the tasks and models, and a table (n_models, n_splits) for each task.

    A model that was not scored on a task has NaN there.
    """
    found = _of_frame(scores) if hasattr(scores, "columns") else _of_dicts(scores)
    tasks = list(found)
    models = list(dict.fromkeys(model for task in tasks for model in found[task]))
    if not models:
        raise ValueError("Got no scores, but expected those of at least one model.")
    return tasks, models, [_task_table(task, found[task], models) for task in tasks]


def _of_frame(frame):
    """Scores by split, model and task of a data frame of one score a row."""
    missing = [column for column in COLUMNS if column not in frame.columns]
    if missing:
        raise ValueError(
            f"Got scores without the column {missing[0]!r}, but expected {COLUMNS}. Rename "
            "or melt the data frame."
        )
    found = {}
    for task, model, split, score in zip(*(frame[c] for c in COLUMNS), strict=True):
        by_split = found.setdefault(task, {}).setdefault(model, {})
        if split in by_split:
            raise ValueError(
                f"Got two scores of model {model!r} on split {split!r} of task {task!r}, but "
                "expected one. Number repeated splits throughout."
            )
        by_split[split] = score
    return found


def _of_dicts(scores):
    """Scores by split, model and task, splits being positions."""
    return {
        task: {
            model: dict(enumerate(np.atleast_1d(np.asarray(values, float))))
            for model, values in by_model.items()
        }
        for task, by_model in dict(scores).items()
    }


def _task_table(task, by_model, models):
    first, splits = next(iter(by_model.items()))
    for model, by_split in by_model.items():
        if by_split.keys() != splits.keys():
            raise ValueError(
                f"Got scores of models {first!r} and {model!r} on different splits of task "
                f"{task!r}, but expected the same ones: differences are paired. Leave out "
                "splits that were not run for all models."
            )
    nothing = dict.fromkeys(splits, np.nan)
    rows = [by_model.get(model, nothing) for model in models]
    table = np.array([[row[split] for split in splits] for row in rows], float)
    finite = np.isfinite(table).all(axis=1)
    bad = [
        m for m, good in zip(models, finite, strict=True) if m in by_model and not good
    ]
    if bad:
        raise ValueError(
            f"Got a score of model {bad[0]!r} on task {task!r} that is not finite, but "
            "expected numbers. Leave out the split for all models, or the model."
        )
    return table


def paired_differences(tables, reference):
    """Score less that of the reference on the same split, a table for each task."""
    return [table - table[reference] for table in tables]


def standard_error(table, test_fraction=None):
    """Standard error of the mean of each row; NaN of a single split.

    With `test_fraction` corrected for training rows that splits share, as Nadeau and Bengio
    (2003) do.
    """
    n_splits = table.shape[1]
    if n_splits < 2:
        return np.full(len(table), np.nan)
    overlap = 0 if test_fraction is None else test_fraction / (1 - test_fraction)
    return table.std(axis=1, ddof=1) * np.sqrt(1 / n_splits + overlap)
