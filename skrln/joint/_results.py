# SPDX-License-Identifier: BSD-3-Clause
"""Values that are computed from the result and the data of a joint fit."""

import numpy as np
from scipy import sparse

from skrln._network._outcome import Outcome


def outcomes_of(result):
    """Outcome of the network of each domain."""
    return [
        Outcome(
            result.reason,
            result.best_epoch,
            result.n_epochs,
            [layer.weight[k] for layer in result.params],
        )
        for k in range(len(result.params[0].weight))
    ]


def domain_centers(problem):
    """Mean of the encoded inputs of each domain, (n_domains, n_inputs)."""
    data, inputs = problem.data, problem.data.inputs
    if not isinstance(inputs, np.ndarray):
        shape = (len(inputs.starts) - 1, problem.encoder.n_inputs)
        stored = (inputs.values, inputs.columns, inputs.starts)
        inputs = sparse.csr_array(stored, shape)
    ends = np.cumsum(data.n_rows)
    return np.stack(
        [
            np.asarray(inputs[last - n : last].mean(axis=0)).ravel()
            for last, n in zip(ends, data.n_rows, strict=True)
        ]
    )


def nearest_domain(inputs, centers):
    """Number of the domain whose mean is nearest to each row."""
    lengths = np.sum(centers**2, axis=1)
    return np.argmin(lengths - 2 * inputs @ centers.T, axis=1)
