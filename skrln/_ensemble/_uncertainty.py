# SPDX-License-Identifier: BSD-3-Clause
"""Spread of predictions over ensemble members and dropout masks.

A draw is one network, the same for all rows: a member of the ensemble, drawn by its weight,
with one dropout mask. The spread at a single row is the same as with a mask per row, but the
draws of several rows belong together and do not depend on the other rows that are predicted.
"""

from numbers import Integral

import numpy as np
from sklearn.utils import check_random_state

from skrln._network._fitted import dense_inputs
from skrln._network._forward import forward, hidden_values, thinned

#: Draws behind a standard deviation over dropout masks.
N_DRAWS = 100


def draw_means(ensemble, X, n_draws, random_state):
    """Predictions of `n_draws` networks, in the space in which networks are averaged.

    Parameters
    ----------
    ensemble : FittedEnsemble
    X : array-like or sparse matrix of shape (n_samples, n_features)
        Validated rows.
    n_draws : int
    random_state : int, RandomState instance or None

    Returns
    -------
    ndarray of shape (n_samples, n_columns, n_draws)
    """
    _check_random(ensemble)
    if not isinstance(n_draws, Integral) or n_draws < 1:
        raise ValueError(
            f"Got n_samples={n_draws!r}, but expected the number of draws, at least 1."
        )
    plan = _plan(ensemble.weights, n_draws, check_random_state(random_state))
    return np.concatenate(list(_blocks(ensemble, X, plan, n_draws)))


def spread(ensemble, X, random_state):
    """Standard deviation over the draws, in the space in which networks are averaged.

    Without dropout the draws are the members, and nothing is random.

    Parameters
    ----------
    ensemble : FittedEnsemble
    X : array-like or sparse matrix of shape (n_samples, n_features)
        Validated rows.
    random_state : int, RandomState instance or None

    Returns
    -------
    ndarray of shape (n_samples, n_columns)
    """
    _check_random(ensemble)
    weights = ensemble.weights
    if any(any(member.settings.dropout) for member in ensemble.members):
        plan = _plan(weights, N_DRAWS, check_random_state(random_state))
        weights = np.full(N_DRAWS, 1 / N_DRAWS)
    else:
        plan = [[(k, None)] for k in range(len(weights))]
    blocks = _blocks(ensemble, X, plan, len(weights))
    return np.concatenate([_deviation(draws, weights) for draws in blocks])


def _deviation(draws, weights):
    """Weighted standard deviation over the last axis."""
    center = draws @ weights
    return np.sqrt((draws - center[..., None]) ** 2 @ weights)


def _check_random(ensemble):
    """Raise a ValueError for a single network without dropout."""
    rates = ensemble.members[0].settings.dropout
    if ensemble.is_single and not any(rates):
        raise ValueError(
            f"Got a single network without dropout (dropout={rates}, {len(rates)} hidden "
            "layer(s)), which has no randomness to sample. Fit with dropout, such as "
            "dropout=0.1 (Monte Carlo dropout, which needs a hidden layer), or with several "
            "networks, such as n_estimators=10."
        )


def _plan(weights, n_draws, rng):
    """For each member the positions of its draws and the seed of each mask.

    Draws are spread evenly over the members: each gets its share to within one draw. The
    order is random.
    """
    seed = rng.randint(np.iinfo(np.int32).max)
    ends = np.cumsum(weights)
    points = (rng.uniform() + np.arange(n_draws)) / n_draws * ends[-1]
    drawn = np.searchsorted(ends, points, side="right").clip(max=len(weights) - 1)
    drawn = rng.permutation(drawn)
    return [
        [(slot, (seed, slot)) for slot in np.flatnonzero(drawn == member)]
        for member in range(len(weights))
    ]


def _blocks(ensemble, X, plan, n_draws):
    """Yield the draws of one block of rows after the other, (n_rows, n_columns, n_draws)."""
    first = ensemble.members[0]
    n_columns = first.target.means(np.zeros((1, first.n_outputs))).shape[1]
    for inputs in ensemble.encoded_blocks(X, n_columns * n_draws):
        draws = np.empty((inputs[0].shape[0], n_columns, n_draws))
        for member, member_inputs, slots in zip(
            ensemble.members, inputs, plan, strict=True
        ):
            if slots:
                _fill(draws, member, member_inputs, slots)
        yield ensemble.tempered(draws)


def _fill(draws, member, inputs, slots):
    """Set the draws of one member."""
    rates, network = member.settings.dropout, member.network
    if not any(rates):
        positions = [slot for slot, _ in slots]
        draws[:, :, positions] = member.means(inputs)[:, :, None]
        return
    first = next(k for k, rate in enumerate(rates) if rate)
    values = hidden_values(dense_inputs(network, inputs), network, first)
    for slot, seed in slots:
        masked = thinned(network, rates, np.random.default_rng(seed))
        outputs = forward(values, masked, start=first + 1)
        means = member.target.means(outputs.astype(np.float64, copy=False))
        draws[:, :, slot] = means
