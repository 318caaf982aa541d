# SPDX-License-Identifier: BSD-3-Clause
"""
Joint learning: several data sets, one network for each
=======================================================

Ten hospitals or four shops record the same columns, but with different distributions. A model
of the pooled rows ignores the differences, and a model for each data set has few rows.
:class:`~skrln.joint.JointClassifier` trains one network for each data set, called a *domain*,
and learns which domains to couple.

The domains of this example are made of scikit-learn's handwritten digits. In each domain, the
classes are 3, 5, 8 and 9, with six training images of each. Four domains have upright images
and three domains have upside-down images. In the last domain the labels are shuffled: it
contains nothing to learn, and the other domains should not be coupled with it.
"""

# %%
# The domains
# -----------

import numpy as np
from sklearn.datasets import load_digits

images, labels = load_digits(return_X_y=True)
is_used_class = np.isin(labels, [3, 5, 8, 9])
images, labels = images[is_used_class], labels[is_used_class]
names = (
    [f"upright {k}" for k in range(4)]
    + [f"turned {k}" for k in range(3)]
    + ["shuffled"]
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
    step = -1 if name.startswith("turned") else 1
    target = rng.permutation(labels[rows]) if name == "shuffled" else labels[rows]
    train_inputs.append(images[rows][:, ::step])
    train_y.append(target)
    train_domain.append(np.full(len(rows), name))
train_inputs, train_y = np.concatenate(train_inputs), np.concatenate(train_y)
train_domain = np.concatenate(train_domain)
test_inputs, test_y = images[~used], labels[~used]
print(
    f"{len(train_y)} training images in {len(names)} domains, {len(test_y)} test images"
)

# %%
# Strategies
# ----------
# All strategies start from the same weights and take the same number of steps.
# ``sample_domain`` is the domain of each row. A domain has a single batch, so that an epoch is
# one step: the fits take more epochs than the default.

from skrln.joint import JointClassifier


def accuracy(model):
    """Mean accuracy over the domains with correct labels."""
    scores = []
    for name in names[:-1]:
        step = -1 if name.startswith("turned") else 1
        domain = np.full(len(test_y), name)
        scores.append(model.score(test_inputs[:, ::step], test_y, sample_domain=domain))
    return np.mean(scores)


models = {}
for strategy in ("isolated", "shared", "l2", "joint"):
    model = JointClassifier(
        hidden_layer_sizes=(32,),
        coupling=strategy,
        max_iter=1000,
        random_state=0,
    )
    models[strategy] = model.fit(train_inputs, train_y, sample_domain=train_domain)
    print(f"{strategy:9s} accuracy {accuracy(model):.3f}")

# %%
# The network of the domains
# --------------------------
# Left: the learned coupling of each pair of domains. Upright domains are coupled with upright
# ones and turned domains with turned ones. Thinner lines connect the two groups, and the domain
# with shuffled labels has thin lines only.

import matplotlib.pyplot as plt

from skrln.inspection import ConsistencyCurveDisplay, DomainNetworkDisplay

figure, axes = plt.subplots(1, 2, figsize=(10, 4.5), layout="constrained")
DomainNetworkDisplay.from_estimator(models["joint"], ax=axes[0])
for strategy in ("isolated", "l2", "joint"):
    ConsistencyCurveDisplay.from_estimator(models[strategy], name=strategy, ax=axes[1])
axes[1].set_xscale("symlog", linthresh=1e-2)

# %%
# Right: the training loss and the consistency loss during training. In the consistency loss of
# "joint", the distances between the networks are weighted by the coupling of each pair.
#
# A new domain
# ------------
# ``add_domain`` fits the network of a new domain. The networks of the other domains stay
# unchanged.

rows = order[used[order]][:8]
model = models["joint"].add_domain(images[rows], labels[rows], "upright, new")
new_domain = np.full(len(test_y), "upright, new")
new_score = model.score(test_inputs, test_y, sample_domain=new_domain)
print(f"accuracy with eight images of a new domain: {new_score:.3f}")
print(np.round(model.pair_weights_[0, -1], 2))
