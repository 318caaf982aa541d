# SPDX-License-Identifier: BSD-3-Clause
r"""
=========================================
How a network becomes sparse as it trains
=========================================

In a Regularization Learning Network every weight :math:`w` has a regularization
coefficient of its own, :math:`e^\lambda`, and learns it while it is trained. This
example follows single edges through the training, and looks at what is left in the end.
"""

# %%
# A fit that keeps a diary
# ------------------------
# The breast cancer table has 30 measurements of cell nuclei. We add 70 columns of
# noise, so that there is something to leave out. With ``store_reg_path=60`` the fit
# records weight and coefficient of 60 edges of the first layer after every epoch: the
# 30 that are strongest in the end, and a sample of the others.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer

from skrln import RLNClassifier
from skrln.inspection import (
    LossCurveDisplay,
    OutgoingWeightsDisplay,
    RegularizationPathDisplay,
)
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
rln = RLNClassifier(store_reg_path=60, **common)
rln.fit(X, data.target)
print(
    f"{rln.n_active_features_} of {X.shape[1]} inputs are in use; "
    f"{rln.sparsity_[0]:.1%} of the first layer's weights are exactly zero."
)

# %%
# Two fates of an edge
# --------------------
# Each line is an edge on its way through the plane of its weight and its coefficient.
# Once per step the rule asks: would the loss on the next batch have been lower with
# less regularization of this edge? Where the answer is yes again and again, the edge
# sinks: its coefficient falls, the penalty lets go, and the weight goes where the
# data want it. As the mean of all coefficients is held at ``theta`` (dashed), the
# others pay for it and are pressed to a weight of zero (crosses). The right-hand side
# has the share of zeros in the whole first layer, all 6,400 edges of it: most of them
# are gone by the time that the penalty has grown to its full strength.

RegularizationPathDisplay.from_estimator(rln, name="RLN")
plt.show()

# %%
# The coefficients of the surviving edges ended far below ``theta``. A difference of 1
# is a penalty weaker by a factor of 2.7.

alive = rln.coefs_[0] != 0
print(f"theta, the mean of all coefficients:  {rln.theta_:.1f}")
print(f"mean coefficient of surviving edges:  {rln.reg_coefs_[0][alive].mean():.1f}")

# %%
# The losses meanwhile
# --------------------
# Validation and training loss of the same fit, and of the same network without a
# penalty. The plain network learns the training rows by heart within a few epochs,
# noise columns and all, and early stopping takes it back to where it had hardly
# begun. The sparse network has little to learn them by heart with; the epoch
# that is restored is one after the penalty has grown.

plain = RLNClassifier(regularization=None, **common).fit(X, data.target)
display = LossCurveDisplay.from_estimator(rln, name="RLN")
LossCurveDisplay.from_estimator(plain, name="plain", ax=display.ax_)
display.ax_.set_ylim(0, 0.4)
plt.show()

# %%
# With ``sparsity=True`` the share of zeros is on the second axis. Epochs in
# which the penalty still grows are not candidates for the best one.

LossCurveDisplay.from_estimator(rln, name="RLN", sparsity=True)
plt.show()

# %%
# What is left
# ------------
# The surviving edges, one dot each, by the input that they leave; inputs without a
# dot are not used at all.

n_noise = np.count_nonzero(rln.active_features_ >= data.data.shape[1])
print(f"{n_noise} of the 70 columns of noise are in use.")
OutgoingWeightsDisplay.from_estimator(rln, feature_names=names, name="RLN")
plt.show()
