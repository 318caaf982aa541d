# SPDX-License-Identifier: BSD-3-Clause
import tempfile
from pathlib import Path

import mlflow
import skops.io
from sklearn.datasets import load_diabetes

from skrln import RLNRegressor
from skrln.presets import READABLE

X, y = load_diabetes(return_X_y=True, as_frame=True)
model = RLNRegressor(**READABLE, random_state=0).fit(X[:342], y[:342])

# mlflow stores models by skops, which wants the types that it may load.
types = skops.io.get_untrusted_types(data=skops.io.dumps(model))
print("packages of the types:", {name.split(".")[0] for name in types})

folder = Path(tempfile.mkdtemp())
mlflow.set_tracking_uri(f"sqlite:///{folder}/runs.db")
mlflow.create_experiment("diabetes", artifact_location=folder.as_uri())
mlflow.set_experiment("diabetes")
with mlflow.start_run():
    mlflow.log_params({"theta": model.theta_, "max_iter": model.n_iter_})
    mlflow.log_metric("R2", model.score(X[342:], y[342:]))
    info = mlflow.sklearn.log_model(
        model, name="network", skops_trusted_types=types, pip_requirements=["skrln"]
    )

run = mlflow.get_run(info.run_id).data
print("logged:", run.params, f"R2 {run.metrics['R2']:.2f}")
loaded = mlflow.pyfunc.load_model(info.model_uri)
print("fitted:", model.predict(X[342:345]).round(1).tolist())
print("loaded:", loaded.predict(X[342:345]).round(1).tolist())
