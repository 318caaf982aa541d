# SPDX-License-Identifier: BSD-3-Clause
"""Scores by task, model and split, and their standard errors."""

import numpy as np

#: Required columns of a data frame of scores.
COLUMNS = ("task", "model", "split", "score")


def score_table(scores):
    """Names of the tasks and models, and a table (n_models, n_splits) for each task.

    A table is NaN for models that were not scored on the task.
    """
    is_frame = hasattr(scores, "columns")
    by_task = _read_frame(scores) if is_frame else _read_dicts(scores)
    # A dict instead of a set keeps the order of the models.
    models = list(
        dict.fromkeys(name for by_model in by_task.values() for name in by_model)
    )
    if not models:
        raise ValueError(
            "Got no scores, but expected scores of at least one model. Pass a dict of tasks "
            "or a data frame with one score per row."
        )
    tables = [_task_table(task, by_task[task], models) for task in by_task]
    return list(by_task), models, tables


def _read_frame(frame):
    """Scores of a data frame as nested dicts: task, model, split."""
    missing = [column for column in COLUMNS if column not in frame.columns]
    if missing:
        raise ValueError(
            f"Got scores without the column {missing[0]!r}, but expected {COLUMNS}. Rename "
            "or melt the data frame."
        )
    by_task = {}
    for task, model, split, score in zip(*(frame[c] for c in COLUMNS), strict=True):
        by_split = by_task.setdefault(task, {}).setdefault(model, {})
        if split in by_split:
            raise ValueError(
                f"Got two scores of model {model!r} on split {split!r} of task {task!r}, but "
                "expected one. Number repeated splits consecutively."
            )
        by_split[split] = score
    return by_task


def _read_dicts(scores):
    """Scores of dicts as nested dicts: task, model, position of the split."""
    return {
        task: {
            model: dict(enumerate(np.atleast_1d(np.asarray(values, float))))
            for model, values in by_model.items()
        }
        for task, by_model in dict(scores).items()
    }


def _task_table(task, by_model, models):
    """Scores of one task, (n_models, n_splits); NaN for models without scores."""
    first, splits = next(iter(by_model.items()))
    for model, by_split in by_model.items():
        if by_split.keys() != splits.keys():
            raise ValueError(
                f"Got scores of models {first!r} and {model!r} on different splits of task "
                f"{task!r}, but expected the same splits, because differences are paired. "
                "Remove splits that lack a model."
            )
    missing = dict.fromkeys(splits, np.nan)
    rows = [by_model.get(model, missing) for model in models]
    table = np.array([[row[split] for split in splits] for row in rows], float)
    # Only models without any score of the task may be NaN.
    finite = dict(zip(models, np.isfinite(table).all(axis=1), strict=True))
    bad = [model for model in models if model in by_model and not finite[model]]
    if bad:
        raise ValueError(
            f"Got a score of model {bad[0]!r} on task {task!r} that is not finite, but "
            "expected numbers. Remove the split for all models, or the model from the task."
        )
    return table


def paired_differences(tables, reference):
    """Differences to the scores of the reference on the same splits, a table per task."""
    return [table - table[reference] for table in tables]


def standard_error(table, test_fraction=None):
    """Standard error of the mean of each row; NaN for a single split.

    `test_fraction` corrects for training rows that splits share (Nadeau and Bengio, 2003).
    """
    n_splits = table.shape[1]
    if n_splits < 2:
        return np.full(len(table), np.nan)
    overlap = 0 if test_fraction is None else test_fraction / (1 - test_fraction)
    return table.std(axis=1, ddof=1) * np.sqrt(1 / n_splits + overlap)
