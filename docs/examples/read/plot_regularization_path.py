# SPDX-License-Identifier: BSD-3-Clause
r"""
===================================
A network becomes sparse, by epochs
===================================

In a Regularization Learning Network each weight :math:`w` has its own regularization
coefficient :math:`e^\lambda`, which is learned during training. This example records single
edges during training and shows the edges that survive.
"""

# %%
# A fit that records edges
# ------------------------
# The breast cancer table has 30 measurements of cell nuclei. We add 70 noise columns. With
# ``RLNPenalty(n_path_edges=60)`` the fit records the weight and the coefficient of 60
# first-layer edges after every epoch: the 30 strongest edges of the fitted network, and a
# sample of the others.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer

from skrln import RLNClassifier
from skrln.inspection import (
    LossCurveDisplay,
    OutgoingWeightsDisplay,
    RegularizationPathDisplay,
)
from skrln.options import RLNPenalty
from skrln.presets import READABLE

data = load_breast_cancer()
noise = np.random.RandomState(0).normal(size=(len(data.data), 70))
X = np.hstack([data.data, noise])
names = [*data.feature_names, *(f"noise {i}" for i in range(70))]

common = READABLE | {
    "hidden_layer_sizes": (64, 32),
    "early_stopping": True,
    "validation_fraction": 0.25,
    "random_state": 0,
}
rln = RLNClassifier(penalty=RLNPenalty(n_path_edges=60), **common)
rln.fit(X, data.target)
print(
    f"{rln.n_active_features_} of {X.shape[1]} inputs are used; "
    f"{rln.sparsity_[0]:.1%} of the first layer's weights are exactly zero."
)

# %%
# Surviving and vanishing edges
# -----------------------------
# In the left figure, each line is the path of an edge in the plane of its weight and its
# coefficient. In each step, the rule lowers the coefficient of an edge if a weaker penalty
# would have lowered the loss of the next batch. If this happens repeatedly, the penalty of the
# edge vanishes and its weight follows the data. The mean of all coefficients stays at ``theta``
# (dashed line), so the coefficients of the other edges rise, and their weights shrink to zero
# (crosses). The right figure shows the share of zeros among all 6,400 edges of the first layer.
# Most edges are zero before the penalty reaches its full strength.

RegularizationPathDisplay.from_estimator(rln, name="RLN")
plt.show()

# %%
# The final coefficients of the surviving edges are far below ``theta``. A coefficient that is
# lower by 1 is a penalty that is weaker by a factor of 2.7.

alive = rln.coefs_[0] != 0
print(f"theta, the mean of all coefficients:  {rln.theta_:.1f}")
print(f"mean coefficient of surviving edges:  {rln.reg_coefs_[0][alive].mean():.1f}")

# %%
# Training and validation losses
# ------------------------------
# The figure compares the losses of this fit with the losses of the same network without a
# penalty. The plain network overfits within a few epochs, and early stopping restores one of
# its first epochs. The sparse network overfits less, and early stopping restores an epoch after
# the penalty reached its full strength.

plain = RLNClassifier(penalty=None, **common).fit(X, data.target)
display = LossCurveDisplay.from_estimator(rln, name="RLN")
LossCurveDisplay.from_estimator(plain, name="plain", ax=display.ax_)
display.ax_.set_ylim(0, 0.4)
plt.show()

# %%
# With ``sparsity=True`` the second axis shows the share of zeros. Early stopping ignores the
# epochs in which the penalty still grows.

LossCurveDisplay.from_estimator(rln, name="RLN", sparsity=True)
plt.show()

# %%
# The surviving edges
# -------------------
# Each dot is a surviving edge, placed at its input. Inputs without a dot are not used.

n_noise = np.count_nonzero(rln.active_features_ >= data.data.shape[1])
print(f"{n_noise} of the 70 noise columns are used.")
OutgoingWeightsDisplay.from_estimator(rln, feature_names=names, name="RLN")
plt.show()
