# SPDX-License-Identifier: BSD-3-Clause
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import make_pipeline
from sklearn.datasets import make_classification
from sklearn.metrics import recall_score
from sklearn.model_selection import cross_val_predict

from skrln import RLNClassifier
from skrln.presets import READABLE

X, y = make_classification(
    600, 10, weights=[0.93], class_sep=0.8, flip_y=0.05, random_state=0
)
params = READABLE | {"hidden_layer_sizes": (32,), "max_iter": 40, "theta": -6.5}
network = RLNClassifier(**params, random_state=0)
models = {
    "as it is": network,
    "class_weight": RLNClassifier(**params, class_weight="balanced", random_state=0),
    "oversampled": make_pipeline(RandomOverSampler(random_state=0), network),
}
print(f"{y.mean():.0%} of the rows are in class 1")
for name, model in models.items():
    predicted = cross_val_predict(model, X, y, cv=3)
    found, of_others = recall_score(y, predicted, average=None)[::-1]
    print(f"{name:12}  recall of class 1 {found:.2f}, of class 0 {of_others:.2f}")
