# SPDX-License-Identifier: BSD-3-Clause
"""Calibration of the shares of categories and missing values in generated rows.

Adversarial training generates frequent categories too often, and rare categories too seldom.
Offsets of the logits correct the shares after training.
"""

import numpy as np
from scipy.special import softmax

#: Number of generated rows that shares are measured on, and number of corrections.
N_ROWS, N_ROUNDS = 2000, 20
#: Target share of a category that a domain lacks; its logarithm must be finite.
ALMOST_NEVER = 1e-12


def calibrate(outputs, blocks, shares):
    """Offsets of the logits with which each block of categories has the wanted shares.

    Parameters
    ----------
    outputs : ndarray of shape (n_rows, sum(blocks))
        Logits of generated rows.
    blocks : tuple of int
        Widths of the one-hot blocks.
    shares : ndarray of shape (sum(blocks),)
        Wanted mean probability of each category.

    Returns
    -------
    ndarray of shape (sum(blocks),)
        Offsets to add to the logits.
    """
    offsets = np.zeros(len(shares))
    wanted = np.maximum(shares, ALMOST_NEVER)
    start = 0
    for width in blocks:
        block = slice(start, start + width)
        # Fixed-point iteration: a single correction would be exact if all rows had the same
        # logits. The lower bound keeps the logarithm finite after an underflow.
        for _ in range(N_ROUNDS):
            means = softmax(outputs[:, block] + offsets[block], axis=1).mean(axis=0)
            offsets[block] += np.log(wanted[block]) - np.log(np.maximum(means, 1e-300))
        start += width
    return offsets
