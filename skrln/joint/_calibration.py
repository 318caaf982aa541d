# SPDX-License-Identifier: BSD-3-Clause
"""Generators drawn to the shares that categories and missing values have in the data.

Adversarial training favours what is frequent; how often it makes what is rare is set right
afterwards, by what is added to the outputs.
"""

import numpy as np
from scipy.special import softmax

#: Rows that shares are measured on, and rounds.
N_ROWS, N_ROUNDS = 2000, 20
#: Share of a category that a domain does not have.
ALMOST_NEVER = 1e-12


def calibrate(outputs, blocks, shares):
    """What to add to the outputs of one-hot blocks.

    Parameters
    ----------
    outputs : ndarray of shape (n_rows, sum(blocks))
        Logits of generated rows.
    blocks : tuple of int
        Widths.
    shares : ndarray of shape (sum(blocks),)
        What each category is to have on average.

    Returns
    -------
    ndarray of shape (sum(blocks),)
    """
    added = np.zeros(len(shares))
    wanted = np.maximum(shares, ALMOST_NEVER)
    start = 0
    for width in blocks:
        block = slice(start, start + width)
        for _ in range(N_ROUNDS):
            found = softmax(outputs[:, block] + added[block], axis=1).mean(axis=0)
            added[block] += np.log(wanted[block]) - np.log(np.maximum(found, 1e-300))
        start += width
    return added
