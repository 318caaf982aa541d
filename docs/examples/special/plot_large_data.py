# SPDX-License-Identifier: BSD-3-Clause
r"""
====================================
Tables that are larger than memory
====================================

A Parquet data set of two million rows is written, and a network learns from it batch by batch.
At no time are more than a few batches in memory. Predictions are written in the same way.
"""

# %%
# A data set of many files
# ------------------------
# Each file has 100,000 rows. The target depends on three of ten columns.

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from skrln import RLNRegressor

folder = tempfile.TemporaryDirectory()
table_folder = Path(folder.name, "rows")
table_folder.mkdir()
names = [f"x{k}" for k in range(10)]


def make_rows(seed, n_rows=100_000):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, len(names))).astype(np.float32)
    y = np.sin(2 * X[:, 0]) + X[:, 1] * X[:, 2] + 0.1 * rng.normal(size=n_rows)
    columns = dict(zip(names, X.T, strict=True))
    return pa.table(columns | {"y": y.astype(np.float32)})


for k in range(20):
    pq.write_table(make_rows(k), table_folder / f"{k:03d}.parquet")

files = sorted(table_folder.iterdir())
n_rows = sum(pq.read_metadata(file).num_rows for file in files)
size = sum(file.stat().st_size for file in files)
print(f"{n_rows:,} rows in {len(files)} files, {size / 1e6:.0f} MB")

# %%
# Training on batches
# -------------------
# ``partial_fit`` trains one epoch on the rows that it gets. The first call fixes the scale of
# each column, so the first batch has to be typical of the table: shuffle the rows before they
# are written.


def batches(files):
    for file in files:
        for batch in pq.ParquetFile(file).iter_batches(50_000):
            frame = batch.to_pandas()
            yield frame[names], frame["y"].to_numpy()


def r2(target, predicted):
    return 1 - np.mean((target - predicted) ** 2) / np.var(target)


model = RLNRegressor(
    (64, 32), n_estimators=1, numeric_embedding=None, theta=-9, random_state=0
)
test = make_rows(1000).to_pandas()
n_seen, seen, scores = 0, [], []
for number, (X, y) in enumerate(batches(files)):
    model.partial_fit(X, y)
    n_seen += len(X)
    if number % 5 == 0:
        seen.append(n_seen)
        scores.append(r2(test["y"], model.predict(test[names])))

figure, axes = plt.subplots(layout="constrained")
axes.plot(np.array(seen) / 1e6, scores, marker="o")
axes.set(xlabel="million rows seen", ylabel="R2 on new rows")
plt.show()

# %%
# Predictions of all rows
# -----------------------
# A fitted network is NumPy. Predictions are written batch by batch; nothing is kept.

schema = pa.schema([("prediction", pa.float32())])
path = Path(folder.name, "predictions.parquet")
error = n_rows = 0.0
with pq.ParquetWriter(path, schema) as writer:
    for X, y in batches(files):
        predicted = np.asarray(model.predict(X), np.float32)
        writer.write_table(pa.table({"prediction": predicted}, schema=schema))
        error += np.sum((y - predicted) ** 2)
        n_rows += len(y)
print(f"{n_rows:,.0f} predictions, mean squared error {error / n_rows:.3f}")

folder.cleanup()
