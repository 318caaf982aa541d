# SPDX-License-Identifier: BSD-3-Clause
"""A search over theta, by GridSearchCV and by RLNClassifierCV."""

from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import GridSearchCV, train_test_split

from skrln import RLNClassifier, RLNClassifierCV
from skrln.presets import READABLE

X, y = load_breast_cancer(return_X_y=True, as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
thetas = [-8, -7, -6]
params = READABLE | {"hidden_layer_sizes": (32,), "max_iter": 30}

grid = GridSearchCV(
    RLNClassifier(**params, random_state=0),
    {"theta": thetas},
    cv=3,
    scoring="neg_log_loss",
).fit(X_train, y_train)
print(grid.best_params_, f"{grid.best_score_:.3f}", f"{grid.score(X_test, y_test):.3f}")

# The search has `thetas` instead of `theta`.
del params["theta"]
search = RLNClassifierCV(**params, thetas=thetas, cv=3, random_state=0)
search.fit(X_train, y_train)
print(search.theta_, search.cv_results_["mean_test_score"].round(3).tolist())
print(f"accuracy {search.score(X_test, y_test):.3f}, {search.n_active_features_} used")
