# SPDX-License-Identifier: BSD-3-Clause
"""Named sets of parameters, for ``RLNRegressor(**PAPER)`` and the like."""

#: The network published in 2018: layers of geometric widths, the rule as released (with its
#: subgradient step and its clipped coefficients), RMSprop at a constant rate, batches of ten.
#: There to compare with; theta and nu are those of its tutorial.
PAPER = {
    "hidden_layer_sizes": "geometric",
    "activation": "relu",
    "dropout": 0.0,
    "theta": -10.0,
    "nu": 1e6,
    "reg_warmup": 0.0,
    "rule": "subgradient",
    "solver": "rmsprop",
    "learning_rate": "constant",
    "learning_rate_init": 1e-3,
    "batch_size": 10,
    "max_iter": 100,
    "early_stopping": False,
    "input_clip": None,
    "numeric_embedding": None,
    "n_estimators": 1,
}

#: One network with a strong penalty and without embeddings, whose few inputs and edges can be
#: read one by one. For wide tables of which few columns matter; with few rows it takes steps of
#: small batches until edges are zero.
READABLE = {
    "hidden_layer_sizes": (256, 64),
    "dropout": 0.0,
    "batch_size": 32,
    "theta": -5.5,
    "numeric_embedding": None,
    "n_estimators": 1,
}
