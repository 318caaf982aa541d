# SPDX-License-Identifier: BSD-3-Clause
"""Columns to train networks on where all of them together tell little.

With fewer rows than columns a network takes too few steps to find the few that matter. A lasso
finds them in a handful of rows: the first that enter its path are what networks get then. Each
network has those of its own training rows, so that the rows that it has not seen stay unseen.
"""

import warnings

import numpy as np
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import lasso_path

from ._elimination import key_of

#: Penalties of the path, as shares of the least one that removes all columns: the first columns
#: are wanted, not the last.
PATH = np.geomspace(1, 0.1, 50)
#: A lower share of the loss that all columns save is little. Where a few dozen rows say which
#: epochs are best, noise alone saves up to a quarter of it there.
LITTLE = 0.5
#: Fewest columns that networks get.
LEAST_COLUMNS = 3


def screens(shared, found):
    """Whether little was found in a dense table with fewer rows than columns."""
    wide = shared.table.X.shape[1] > len(shared.rows)
    return found.gain < LITTLE and wide and not sparse.issparse(shared.table.X)


def screened(shared, trained):
    """Columns that the networks of each key may use."""
    rows_of = {key_of(one): np.unique(one.job.train) for one in trained}
    encoder, inputs, _ = next(iter(shared.encoded.values()))
    return {
        key: _first_columns(shared, encoder, inputs[rows], rows)
        for key, rows in rows_of.items()
    }


def count_screened(n_rows):
    """Columns to keep: half of what sure independence screening keeps.

    References
    ----------
    Fan and Lv, "Sure independence screening for ultrahigh dimensional feature space", JRSS B
    70(5), 2008.
    """
    return max(LEAST_COLUMNS, int(n_rows / np.log(n_rows) / 2))


def _centered(values, weights):
    """Columns whose products are weighted covariances; exact zeros where nothing varies."""
    share = weights / weights.sum()
    centered = np.sqrt(share)[:, None] * (values - share @ values)
    return np.where(np.ptp(values, axis=0) > 0, centered, 0)


def _first_columns(shared, encoder, inputs, rows):
    """Columns that enter the path of a lasso first, sorted."""
    part = shared.table.rows(rows)
    told = shared.target.indicators(part.y, part.known)
    inputs, told = (
        _centered(np.asarray(values, float), part.weights) for values in (inputs, told)
    )
    top = np.linalg.norm(inputs.T @ told, axis=1).max() / len(rows)
    if top == 0:
        return np.zeros(0, int)
    with warnings.catch_warnings():
        # An order is all that is wanted; it is there long before the last digits are.
        warnings.simplefilter("ignore", ConvergenceWarning)
        _, coefs, _ = lasso_path(inputs, told, alphas=top * PATH)
    n_steps = np.zeros(shared.table.X.shape[1], int)
    np.maximum.at(n_steps, encoder.groups, (coefs != 0).any(axis=0).sum(axis=-1))
    n_steps[encoder.plain] = 0
    first = np.argsort(-n_steps, kind="stable")[: count_screened(len(rows))]
    return np.sort(first[n_steps[first] > 0])
