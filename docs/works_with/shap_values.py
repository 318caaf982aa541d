# SPDX-License-Identifier: BSD-3-Clause
import pandas as pd
import shap
from sklearn.datasets import load_diabetes

from skrln import RLNRegressor
from skrln.presets import READABLE

X, y = load_diabetes(return_X_y=True, as_frame=True)
model = RLNRegressor(**READABLE, random_state=0).fit(X[:342], y[:342])

background = shap.maskers.Independent(X[:342], max_samples=20)
explainer = shap.Explainer(model.predict, background, algorithm="permutation", seed=0)
explanation = explainer(X[342:352], silent=True)
mean_size = pd.Series(abs(explanation.values).mean(axis=0), X.columns)
print(mean_size.sort_values(ascending=False).head(4).round(1).to_string())

unused = X.columns.difference(model.active_features_)
print(f"largest value of the columns without an edge: {mean_size[unused].max():.1f}")
row = explanation[0]
print(f"prediction {row.base_values + row.values.sum():.1f}, as the sum of the values")
print(f"prediction {model.predict(X[342:343])[0]:.1f}, by the network")
