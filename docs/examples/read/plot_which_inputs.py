"""
Which columns matter, and how many of the names are false?
==========================================================

A network, a lasso and a forest all rank columns, but no ranking says where chance begins.
:class:`~skrln.ErrorRateSelector` selects columns with a bound on the share of false ones among
them. Here the truth is known for most columns: the ten columns of the diabetes table stand
beside forty shuffled copies, which know nothing.
"""

# %%
# The table
# ---------
import pandas as pd
from sklearn.datasets import load_diabetes

from skrln import ErrorRateSelector, RLNRegressor
from skrln.inspection import SelectionDisplay
from skrln.presets import QUICK

X, y = load_diabetes(return_X_y=True, as_frame=True)
copies = [
    X.sample(frac=1, random_state=k).reset_index(drop=True).add_prefix(f"shuffled_{k}_")
    for k in range(4)
]
table = pd.concat([X, *copies], axis=1)
table.shape

# %%
# The selection
# -------------
# At most a tenth of the selected columns may be false, in the mean.
params = QUICK | {"input_selection": "auto", "n_estimators": 4}
model = RLNRegressor(**params, random_state=0)
selector = ErrorRateSelector(model, fdr=0.1, random_state=0).fit(table, y)
list(selector.get_feature_names_out())

# %%
# Full bars are selected. Columns that no network uses have a score of zero.
display = SelectionDisplay.from_estimator(selector, max_features=15)

# %%
# A network alone is no test
# --------------------------
# The network uses columns that may help a little. Some of them are shuffled copies.
active = model.fit(table, y).active_features_
print(f"{len(active)} columns in use,", end=" ")
print(f"{sum(name.startswith('shuffled') for name in active)} of them shuffled")
