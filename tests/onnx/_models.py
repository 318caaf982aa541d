# SPDX-License-Identifier: BSD-3-Clause
"""Parameters of a small network, and a table with all kinds of columns."""

import numpy as np
import pandas as pd

#: A network that is fitted in a moment.
TINY = {
    "hidden_layer_sizes": (8,),
    "n_estimators": 1,
    "numeric_embedding": None,
    "theta": -6.0,
    "max_iter": 3,
    "random_state": 0,
}


def make_frame(n_rows=120, seed=0):
    """Numbers with an offset and holes, and categories with missing values."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "year of birth": 1e6 + rng.normal(size=n_rows),
            "count": rng.integers(0, 5, n_rows),
            "rate": rng.lognormal(size=n_rows),
            "city": pd.Categorical(rng.choice(["Oslo", "Rome", "Bonn"], n_rows)),
            "word": rng.choice(["a", "b"], n_rows).astype(object),
            "grade": pd.Categorical(rng.choice([1, 2, 7], n_rows)),
        }
    )
    frame.loc[::7, "year of birth"] = np.nan
    frame.loc[::5, "city"] = np.nan
    frame.loc[::6, "word"] = None
    return frame


def make_target(frame, seed=1):
    noise = np.random.default_rng(seed).normal(size=len(frame))
    return frame["rate"].to_numpy() + 2 * (frame["word"] == "a").to_numpy() + noise
