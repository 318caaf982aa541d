# SPDX-License-Identifier: BSD-3-Clause
"""A pipeline on a table with categories, missing values and a date."""

import numpy as np
import pandas as pd
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skrln import RLNClassifier
from skrln.presets import QUICK

rng = np.random.default_rng(0)
n_rows = 400
X = pd.DataFrame(
    {
        "plan": pd.Categorical(rng.choice(["free", "basic", "pro"], n_rows)),
        "country": rng.choice(["AT", "BR", "CA", None], n_rows),
        "age": rng.normal(40, 12, n_rows),
        "income": rng.lognormal(10, 1, n_rows),
        "joined": pd.Timestamp("2024-01-01")
        + pd.to_timedelta(rng.integers(0, 700, n_rows), unit="D"),
    }
)
signal = (
    2.0 * (X["plan"] == "free")
    + 1.0 * (X["country"] == "BR")
    - 0.1 * (X["age"] - 40)
    - 1.0
)
y = np.where(signal + rng.logistic(size=n_rows) / 2 > 0, "leaves", "stays")
X.loc[rng.random(n_rows) < 0.1, "age"] = np.nan
X.loc[rng.random(n_rows) < 0.1, "plan"] = None


def add_days(table):
    """Replace the date by a number, which networks need."""
    days = (table["joined"] - pd.Timestamp("2024-01-01")).dt.days
    return table.drop(columns="joined").assign(days=days)


network = RLNClassifier(
    **QUICK | {"n_estimators": 2, "numeric_embedding": None}, random_state=0
)
model = make_pipeline(FunctionTransformer(add_days), network)
scores = cross_val_score(model, X, y, cv=3, scoring="roc_auc")
print(f"ROC AUC {scores.mean():.2f}")

model.fit(X, y)
new = X.head(3).assign(country=["AT", "NZ", None])  # NZ is new
print(model.predict(new), model.predict_proba(new).round(2).tolist())
