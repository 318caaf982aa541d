# SPDX-License-Identifier: BSD-3-Clause
import polars as pl
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_diabetes
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrln import RLNRegressor
from skrln.presets import READABLE

X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
table = pl.from_pandas(X).with_columns(
    pl.col("sex").replace_strict({1.0: "one", 2.0: "two"}).cast(pl.Categorical)
)
target = pl.Series("progression", y.to_numpy())

# A polars table goes in as it is, with its categories.
network = RLNRegressor(**READABLE, random_state=0).fit(table[:342], target[:342])
print("R2:", round(network.score(table[342:], target[342:]), 2))

# Predictions are NumPy arrays, which polars takes as columns.
rows = table[342:345]
print(rows.select("sex", "bmi", prediction=network.predict(rows).round(0)))

# Steps before the network return polars tables too.
scale = make_column_transformer(
    (StandardScaler(), ["age", "bmi", "bp"]),
    remainder="passthrough",
    verbose_feature_names_out=False,
).set_output(transform="polars")
model = make_pipeline(scale, network).fit(table[:342], target[:342])
print("R2 behind a scaler:", round(model.score(table[342:], target[342:]), 2))
