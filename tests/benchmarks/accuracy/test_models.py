# SPDX-License-Identifier: BSD-3-Clause
"""Every model by name does every kind of task; those that are not installed are left out.

What needs no peer is tested in ``tests/benchmarks_tool``, in every run.
"""

import warnings

import numpy as np
import pandas as pd
import pytest

from ._models import MODELS, make
from ._scores import score
from ._tables import Table

#: Enough to see that it runs.
SHORT = {
    "rln": "[max_iter=3]",
    "stack": "[max_iter=3]",
    "blend": "[max_iter=3]",
    "mlp": "[max_iter=3]",
    "cat": "[iterations=5]",
    "realmlp": "[n_epochs=2]",
    "realmlp_s": "[n_epochs=2]",
    "tabm": "[n_epochs=2]",
}
N_CLASSES = {"bin": 2, "multi": 3}


def table_of(kind):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(120, 3)), columns=list("abc"))
    X.iloc[::7, 0] = np.nan
    y = X["b"].to_numpy() if kind == "reg" else np.arange(120) % N_CLASSES[kind]
    X["kind"] = np.resize(["x", "y", "missing", "z"], 120)
    return Table("made", kind, X, y, ["kind"])


@pytest.mark.parametrize("kind", ["reg", "bin", "multi"])
@pytest.mark.parametrize("name", MODELS)
def test_model(name, kind):
    table, rows = table_of(kind), np.arange(120)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of other libraries
        try:
            model = make(name + SHORT.get(name, ""), kind, table.categorical)
        except ModuleNotFoundError as error:
            pytest.skip(str(error))
        model.fit(table.X.iloc[:90], table.y[:90])
        measures = score(model, table, rows[:90], rows[90:])
    assert np.isfinite(list(measures.values())).all()
