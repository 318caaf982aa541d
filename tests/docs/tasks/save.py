# SPDX-License-Identifier: BSD-3-Clause
"""Files of a fitted model, by skops and by pickle, that another process loads."""

import json
import pickle
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd
import skops.io
from sklearn.datasets import load_wine

from skrln import RLNClassifier
from skrln.presets import QUICK

LOAD_AND_PREDICT = """
import json, pickle, sys
import pandas as pd
import skops.io

folder = sys.argv[1]
X = pd.read_json(folder + "/rows.json")
untrusted = skops.io.get_untrusted_types(file=folder + "/model.skops")
assert all(name.startswith("skrln.") for name in untrusted), untrusted
of_skops = skops.io.load(folder + "/model.skops", trusted=untrusted)
with open(folder + "/model.pickle", "rb") as file:
    of_pickle = pickle.load(file)
print(json.dumps({
    "skops": of_skops.predict_proba(X).tolist(),
    "pickle": of_pickle.predict_proba(X).tolist(),
    "jax": "jax" in sys.modules,
}))
"""

X, y = load_wine(return_X_y=True, as_frame=True)
params = QUICK | {"n_estimators": 2, "numeric_embedding": None, "max_iter": 10}
model = RLNClassifier(**params, random_state=0).fit(X, y)
rows = X.iloc[::50]
expected = model.predict_proba(rows)

with tempfile.TemporaryDirectory() as folder:
    rows.to_json(Path(folder, "rows.json"))
    skops.io.dump(model, Path(folder, "model.skops"))
    Path(folder, "model.pickle").write_bytes(pickle.dumps(model))
    sizes = {path.name: path.stat().st_size for path in Path(folder).iterdir()}
    command = [sys.executable, "-c", LOAD_AND_PREDICT, folder]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)

loaded = json.loads(answer.stdout)
table = pd.DataFrame(expected.round(3))
print(table.to_string(), sizes, f"JAX was loaded: {loaded['jax']}", sep="\n")
