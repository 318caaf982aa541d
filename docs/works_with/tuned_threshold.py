# SPDX-License-Identifier: BSD-3-Clause
from sklearn.datasets import make_classification
from sklearn.metrics import f1_score
from sklearn.model_selection import TunedThresholdClassifierCV, train_test_split

from skrln import RLNClassifier
from skrln.presets import READABLE

X, y = make_classification(
    1200, 10, weights=[0.9], class_sep=0.8, flip_y=0.05, random_state=0
)
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
params = READABLE | {"hidden_layer_sizes": (32,), "max_iter": 40, "theta": -6.5}
network = RLNClassifier(**params, random_state=0)

tuned = TunedThresholdClassifierCV(network, scoring="f1", cv=3).fit(X_train, y_train)
print(f"threshold {tuned.best_threshold_:.2f}")
print(f"F1 {f1_score(y_test, tuned.predict(X_test)):.2f} on test rows")
at_half = tuned.estimator_.predict(X_test)
print(f"F1 {f1_score(y_test, at_half):.2f} at a threshold of 0.5")
