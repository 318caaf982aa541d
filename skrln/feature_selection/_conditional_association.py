# SPDX-License-Identifier: BSD-3-Clause
"""Evidence that a column tells something about the target that all other columns do not."""

import numpy as np
from scipy.stats import t as student

from skrln._table._frames import is_frame, with_columns
from skrln._table._sklearn import take

#: Draws of a column, in two halves: the residual and the gain of a row must not share the noise
#: of their draws.
N_DRAWS = 4
#: Further draws of columns whose evidence is larger than so many standard errors. A false
#: column that is there by chance loses by them: the test is a little stricter for it.
MORE_DRAWS, PROMISING = 8, 0.5
#: Lower bound of probabilities, whose logarithms are compared.
LEAST_PROBABILITY = 1e-4


def row_evidence(predict, X, truth, places, groups, draws, rng):
    r"""Evidence of held-out rows for each group of columns.

    Let :math:`f` be the prediction, and :math:`\bar f` its mean over draws of the group given
    all other columns, which predicts without the group. The evidence of a row is
    :math:`(y - \bar f)(f - \bar f)`: positive where the group moves the prediction towards the
    target. If the group is independent of the target given the other columns, its expectation
    is zero: exactly if the draws are right or :math:`\bar f` is the conditional mean, and to
    the product of both errors otherwise [1]_. For classes it is the sum over the classes of
    :math:`(1[y = c] - \bar p_c)(\log p_c - \overline{\log p_c})`, with means over the draws.

    Parameters
    ----------
    predict : callable
        Takes rows of the table; returns predictions, (n_rows, n_outputs).
    X : table of shape (n_rows, n_features)
    truth : ndarray of shape (n_places, n_outputs)
        Targets; indicators of classes.
    places : ndarray of int of shape (n_places,)
        Held-out rows: the model behind `predict` has not seen their targets.
    groups : list of (list of int, list of int)
        Columns of each group, as positions in `X` and as columns of `draws`.
    draws : ConditionalDraws
    rng : Generator

    Returns
    -------
    ndarray of shape (n_places, n_groups)
        Zero for groups that do not change the prediction of any row.

    References
    ----------
    .. [1] Lundborg, Kim, Shah and Samworth, "The projected covariance measure for assumption-
       lean variable significance testing", Annals of Statistics 52(6), 2024. There, a
       regression estimates what the draws give here.
    """
    evidence = np.zeros((len(places), len(groups)))
    full = predict(take(X, places))
    for k, group in enumerate(groups):
        without = _predict_without(predict, X, places, group, draws, 1, rng)
        if np.array_equal(without[0], full):
            continue
        for n_draws in (N_DRAWS, N_DRAWS + MORE_DRAWS):
            n_more = n_draws - len(without)
            more = _predict_without(predict, X, places, group, draws, n_more, rng)
            without = np.concatenate([without, more])
            evidence[:, k] = _compare(truth, full, without)
            if evidence_test(evidence[:, [k]])[0] <= PROMISING:
                break
    return evidence


def _predict_without(predict, X, places, group, draws, n_draws, rng):
    """Predictions with drawn values of a group, (n_draws, n_places, n_outputs)."""
    positions, columns = group
    rows = draws.rows(columns, places, n_draws, rng)
    drawn = {j: rows[c].ravel() for j, c in zip(positions, columns, strict=True)}
    table = take(X, np.tile(places, n_draws))
    if is_frame(X):
        table = with_columns(table, {j: _cells(X, j, own) for j, own in drawn.items()})
    else:
        for j, own in drawn.items():
            table[:, j] = X[own, j]
    return predict(table).reshape(n_draws, len(places), -1)


def _cells(X, position, rows):
    """Cells of a column of a frame in some rows, in the type of the column."""
    cells = take(take(X, position, axis=1), rows)
    return getattr(cells, "array", cells)  # of pandas, without the index


def _compare(truth, full, without):
    """Evidence of rows by two halves of the draws, each in both roles; see `row_evidence`."""
    halves = np.array_split(without, 2)
    return sum(
        _products(truth, full, one, other) / 2 for one, other in (halves, halves[::-1])
    )


def _products(truth, full, one, other):
    """Residuals by one half of the draws, times gains by the other, of each row."""
    residuals = truth - one.mean(axis=0)
    if full.shape[1] > 1:
        full, other = (np.log(np.maximum(p, LEAST_PROBABILITY)) for p in (full, other))
    # The mean of logarithms: that of a false column is the expectation of `full`.
    return (residuals * (full - other.mean(axis=0))).sum(axis=1)


def evidence_test(evidence, clusters=None):
    """Test that the expected evidence of each group is zero, against a positive one.

    Parameters
    ----------
    evidence : ndarray of shape (n_rows, n_groups)
    clusters : ndarray of int of shape (n_rows,), default=None
        Rows of one cluster depend on each other: their evidence is added up.

    Returns
    -------
    scores : ndarray of shape (n_groups,)
        Mean evidence in standard errors; 0 without any evidence.
    pvalues : ndarray of shape (n_groups,)
        1 without any evidence.
    """
    if clusters is not None:
        sums = np.zeros((clusters.max() + 1, evidence.shape[1]))
        np.add.at(sums, clusters, evidence)
        evidence = sums
    n_units = len(evidence)
    error = evidence.std(axis=0, ddof=1) / np.sqrt(n_units)
    has_evidence = error > 0
    scores = np.zeros(evidence.shape[1])
    np.divide(evidence.mean(axis=0), error, out=scores, where=has_evidence)
    pvalues = np.where(has_evidence, student.sf(scores, n_units - 1), 1.0)
    return scores, pvalues
