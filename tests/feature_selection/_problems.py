# SPDX-License-Identifier: BSD-3-Clause
"""Small tables."""

import numpy as np


def make_table(n_samples=40, n_features=10, seed=0):
    """Numbers, of which the first three decide about two classes."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_samples, n_features))
    X[:, 4] = X[:, 0] + 0.1 * rng.normal(size=n_samples)  # a near copy
    return X, (X[:, 0] + X[:, 1] - X[:, 2] > 0).astype(int)
