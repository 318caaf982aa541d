# SPDX-License-Identifier: BSD-3-Clause
import numpy as np
from mapie.metrics.regression import regression_coverage_score
from mapie.regression import SplitConformalRegressor
from sklearn.model_selection import train_test_split

from skrln import RLNRegressor
from skrln.datasets import make_friedman1_noise
from skrln.presets import QUICK

X, y = make_friedman1_noise(n_samples=1000, n_noise=5, random_state=0)
X_train, X_rest, y_train, y_rest = train_test_split(
    X, y, train_size=500, random_state=0
)
X_held, X_test, y_held, y_test = train_test_split(
    X_rest, y_rest, train_size=200, random_state=0
)
params = QUICK | {"n_estimators": 2, "numeric_embedding": None}
network = RLNRegressor(**params, random_state=0).fit(X_train, y_train)

model = SplitConformalRegressor(network, confidence_level=0.9, prefit=True)
model.conformalize(X_held, y_held)
points, intervals = model.predict_interval(X_test)
coverage = regression_coverage_score(y_test, intervals)[0]
print(f"{coverage:.0%} of {len(y_test)} test rows lie in their interval of 90%")
print(f"half width {np.diff(intervals[:, :, 0]).mean() / 2:.1f}")
for point, (low, high) in zip(points[:2], intervals[:2, :, 0], strict=True):
    print(f"prediction {point:.1f}, interval {low:.1f} to {high:.1f}")
