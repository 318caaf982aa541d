# SPDX-License-Identifier: BSD-3-Clause
"""Results as files: MODEL.json with a record for every task.

A record has ``kind``, ``n`` rows, ``d`` columns, ``n_splits``, and a list with a number for
every split that is done of ``loss``, ``score``, ``fit_s`` and, of classes, ``error``. Where the
model failed, ``failed`` says how. Where only the first splits were asked for, ``limit`` is
their number.
"""

import json
import os
from pathlib import Path
from urllib.parse import quote, unquote

#: What stays readable in a file name; all else of a model's name is escaped.
SAFE = "[]()=,+ "


def path_of(folder, model):
    """File with the results of a model."""
    return Path(folder) / f"{quote(model, safe=SAFE)}.json"


def read_model(folder, model):
    """Records of a model by task; none where it has no file."""
    path = path_of(folder, model)
    return json.loads(path.read_text()) if path.exists() else {}


def write_model(folder, model, records):
    """Replace the file of a model."""
    write(path_of(folder, model), records)


def write(path, content):
    """Replace a JSON file at once: whoever interrupts this leaves the old one in place."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    part.write_text(json.dumps(content, indent=0))
    os.replace(part, path)


def read(folders):
    """Records of all models.

    Parameters
    ----------
    folders : list of path

    Returns
    -------
    dict of str to dict
        Records by task, by model. A model that several folders have is called
        ``FOLDER/MODEL``.
    """
    files = [path for folder in folders for path in sorted(Path(folder).glob("*.json"))]
    if not files:
        raise ValueError(
            f"Got {', '.join(map(str, folders))}, but expected results, MODEL.json, there."
        )
    names = [unquote(path.stem) for path in files]
    return {
        f"{path.parent.name}/{name}" if names.count(name) > 1 else name: json.loads(
            path.read_text()
        )
        for name, path in zip(names, files, strict=True)
    }


def is_complete(record):
    """Whether all splits are done; files from elsewhere have no ``n_splits``."""
    n_done = len(record["loss"])
    return n_done > 0 and n_done == record.get("n_splits", n_done)


def failures(results, tasks=None):
    """What went wrong.

    Parameters
    ----------
    results : dict of str to dict
        Records by task, by model.
    tasks : list of str, optional
        Those asked for; all of them by default.

    Returns
    -------
    list of (model, task, reason)
    """
    return [
        (model, task, record["failed"])
        for model, records in results.items()
        for task, record in records.items()
        if "failed" in record and (tasks is None or task in tasks)
    ]
