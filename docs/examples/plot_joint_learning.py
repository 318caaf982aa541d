# SPDX-License-Identifier: BSD-3-Clause
"""
Several data sets, one network each
===================================

Ten hospitals or four shops have the same columns, but not the same distribution. Pooling their
rows mixes up what differs; a model for each has few rows. :class:`~skrln.joint.JointClassifier`
trains one network per data set, a *domain*, and finds out which of them belong together.

scikit-learn's handwritten digits serve as data sets here. Every domain has to tell 3, 5, 8 and
9 apart, and has seen six images of each. Four domains have the images as they are and three
have them upside down; in the last one the labels were mixed up: nothing can be learned there,
and the others had better not listen.
"""

# %%
# The domains
# -----------

import numpy as np
from sklearn.datasets import load_digits

images, labels = load_digits(return_X_y=True)
kept = np.isin(labels, [3, 5, 8, 9])
images, labels = images[kept], labels[kept]
names = (
    [f"upright {k}" for k in range(4)]
    + [f"turned {k}" for k in range(3)]
    + ["mixed up"]
)
N_EACH = 6

rng = np.random.default_rng(0)
order = rng.permutation(len(labels))
train_inputs, train_y, train_domain = [], [], []
used = np.zeros(len(labels), bool)
for name in names:
    free = order[~used[order]]
    rows = np.concatenate([free[labels[free] == c][:N_EACH] for c in (3, 5, 8, 9)])
    used[rows] = True
    turn = -1 if name.startswith("turned") else 1
    target = rng.permutation(labels[rows]) if name == "mixed up" else labels[rows]
    train_inputs.append(images[rows][:, ::turn])
    train_y.append(target)
    train_domain.append(np.full(len(rows), name))
train_inputs, train_y = np.concatenate(train_inputs), np.concatenate(train_y)
train_domain = np.concatenate(train_domain)
test_inputs, test_y = images[~used], labels[~used]
print(
    f"{len(train_y)} images in {len(names)} domains to learn from, {len(test_y)} to test"
)

# %%
# Strategies
# ----------
# All of them start from the same weights and take the same steps. The label of the domain of
# every row is ``sample_domain``. With plain gradient descent a weak coupling is enough.

from skrln.joint import JointClassifier


def accuracy(model):
    """Mean over the domains in which something can be learned."""
    scores = []
    for name in names[:-1]:
        turn = -1 if name.startswith("turned") else 1
        domain = np.full(len(test_y), name)
        scores.append(model.score(test_inputs[:, ::turn], test_y, sample_domain=domain))
    return np.mean(scores)


models = {}
for strategy in ("isolated", "shared", "l2", "joint"):
    model = JointClassifier(
        hidden_layer_sizes=(32,),
        strategy=strategy,
        solver="sgd",
        learning_rate_init=0.1,
        coupling=0.05,
        sigma_factor=1.5,
        regularization=None,
        max_iter=200,
        random_state=0,
    )
    models[strategy] = model.fit(train_inputs, train_y, sample_domain=train_domain)
    print(f"{strategy:9s} accuracy {accuracy(model):.3f}")

# %%
# The network of the domains
# --------------------------
# Turned images have found turned ones and upright found upright ones, with thinner lines
# between the two kinds; the domain that has learned nonsense stands alone.

import matplotlib.pyplot as plt

from skrln.inspection import ConsistencyCurveDisplay, DomainNetworkDisplay

figure, axes = plt.subplots(1, 2, figsize=(10, 4.5), layout="constrained")
DomainNetworkDisplay.from_estimator(models["joint"], ax=axes[0])
for strategy in ("isolated", "l2", "joint"):
    ConsistencyCurveDisplay.from_estimator(models[strategy], name=strategy, ax=axes[1])
axes[1].set_xscale("symlog", linthresh=1e-2)

# %%
# On the right the way of training: the consistency loss of "joint" is that of the robust norm,
# which does not grow with strangers that were let go.
#
# A domain that comes later
# -------------------------
# A new domain is fitted against the others, which stay as they are.

later = order[used[order]][:8]
model = models["joint"].add_domain(images[later], labels[later], "upright, late")
late = np.full(len(test_y), "upright, late")
print(
    f"eight images of a new domain: {model.score(test_inputs, test_y, sample_domain=late):.3f}"
)
print(np.round(model.pair_weights_[0, -1], 2))
