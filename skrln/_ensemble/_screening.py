# SPDX-License-Identifier: BSD-3-Clause
"""Columns to train networks on where all columns together explain little.

With fewer rows than columns a network takes too few steps to find the few columns that matter.
A lasso finds them in a handful of rows: networks are trained on the columns that enter its path
first. Each network gets the columns of its own training rows, so that its held-out rows stay
unseen.
"""

import warnings

import numpy as np
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import lasso_path

#: Penalties of the path, as shares of the smallest penalty that drops every column. Small
#: shares are left out: only the order of the first columns is used.
PATH = np.geomspace(1, 0.1, 50)
#: A smaller saved share of the loss counts as little. If a few dozen rows choose the best
#: epochs, noise alone saves up to a quarter of the loss of those rows.
LITTLE = 0.5
#: Fewest columns that networks get.
LEAST_COLUMNS = 3


def screens(shared, elimination):
    """Return True for a dense table with fewer rows than columns and a weak signal."""
    X = shared.table.X
    is_wide = X.shape[1] > len(shared.rows)
    return elimination.gain < LITTLE and is_wide and not sparse.issparse(X)


def screened(shared, trained):
    """Columns that the networks of each key may use."""
    rows_of = {one.job.held_out_key: np.unique(one.job.split.train) for one in trained}
    encoding = next(iter(shared.encodings.values()))
    return {
        key: _first_columns(
            shared, encoding.encoder, shared.inputs(encoding.encoder, rows), rows
        )
        for key, rows in rows_of.items()
    }


def count_screened(n_rows):
    """Number of columns to keep: half of those that sure independence screening keeps.

    References
    ----------
    Fan and Lv, "Sure independence screening for ultrahigh dimensional feature space", JRSS B
    70(5), 2008.
    """
    return max(LEAST_COLUMNS, int(n_rows / np.log(n_rows) / 2))


def _centered(values, weights):
    """Centre columns so that their products are weighted covariances; constants become 0."""
    share = weights / weights.sum()
    centered = np.sqrt(share)[:, None] * (values - share @ values)
    return np.where(np.ptp(values, axis=0) > 0, centered, 0)


def _first_columns(shared, encoder, inputs, rows):
    """Columns that enter the path of a lasso first, sorted."""
    part = shared.table.rows(rows)
    indicators = shared.target.indicators(part.y, part.known)
    inputs, indicators = (
        _centered(np.asarray(values, float), part.weights)
        for values in (inputs, indicators)
    )
    top = np.linalg.norm(inputs.T @ indicators, axis=1).max() / len(rows)
    if top == 0:
        return np.zeros(0, int)
    with warnings.catch_warnings():
        # The order of the columns is right long before the coefficients converge.
        warnings.simplefilter("ignore", ConvergenceWarning)
        _, coefs, _ = lasso_path(inputs, indicators, alphas=top * PATH)
    n_steps = np.zeros(shared.table.X.shape[1], int)
    np.maximum.at(n_steps, encoder.groups, (coefs != 0).any(axis=0).sum(axis=-1))
    n_steps[encoder.plain] = 0
    first = np.argsort(-n_steps, kind="stable")[: count_screened(len(rows))]
    return np.sort(first[n_steps[first] > 0])
