# SPDX-License-Identifier: BSD-3-Clause
import numpy as np
import pandas as pd
from sklearn.model_selection import cross_val_score
from skrub import tabular_pipeline

from skrln import RLNRegressor
from skrln.presets import QUICK

rng = np.random.default_rng(0)
n_rows = 300
trips = pd.DataFrame(
    {
        "start": [
            f"2024-{month:02}-01 {hour:02}:30"
            for month, hour in rng.integers([1, 0], [13, 24], (n_rows, 2))
        ],
        "district": rng.choice(["north", "south", "east", None], n_rows),
        "km": rng.gamma(2, 4, n_rows).round(1),
    }
)
is_night = pd.to_datetime(trips["start"]).dt.hour < 6
fare = 3 + 2 * trips["km"] * (1 + 0.5 * is_night) + 5 * (trips["district"] == "north")
trips.loc[::10, "km"] = np.nan

network = RLNRegressor(
    **QUICK | {"n_estimators": 2, "numeric_embedding": None}, random_state=0
)
model = tabular_pipeline(network)
print("steps:", list(model.named_steps))
print("R2:", cross_val_score(model, trips, fare, cv=3).mean().round(2))
