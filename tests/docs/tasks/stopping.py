# SPDX-License-Identifier: BSD-3-Clause
"""Early stopping on validation rows of the user, behind a scaler in a pipeline."""

import sklearn
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrln import RLNRegressor
from skrln.presets import READABLE

X, y = load_diabetes(return_X_y=True, as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
X_train, X_val, y_train, y_val = train_test_split(X_train, y_train, random_state=0)

with sklearn.config_context(enable_metadata_routing=True):
    network = RLNRegressor(**READABLE, random_state=0)
    network.set_fit_request(X_val=True, y_val=True)
    model = make_pipeline(StandardScaler(), network, transform_input=["X_val"])
    model.fit(X_train, y_train, X_val=X_val, y_val=y_val)

network = model[-1]
print(f"stopped after {network.n_iter_} epochs, kept epoch {network.best_iteration_}")
lowest = network.validation_loss_curve_[network.best_iteration_]
print(f"validation loss {lowest:.2f}, test R2 {model.score(X_test, y_test):.2f}")
