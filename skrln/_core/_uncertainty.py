# SPDX-License-Identifier: BSD-3-Clause
"""How far the networks differ that a fit stands for: Monte Carlo dropout, and ensembles.

A draw is one network, the same for all rows: a member of the ensemble, chosen by its weight,
with one mask of dropout. A single row has the same spread as with a mask per row, but draws
of several rows belong together, and do not depend on what else is predicted.
"""

from numbers import Integral

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from ._blend import temper
from ._forward import forward, hidden_values, thinned
from ._predicting import dense_inputs, encoded_blocks, means_of
from ._preprocessing import check_inputs
from ._settings import resolve_dropout

#: Draws behind a standard deviation that dropout makes.
N_DRAWS = 100


def draws_of(estimator, X, n_draws, random_state):
    """Predictions of `n_draws` networks, in the space that members are averaged in.

    Parameters
    ----------
    estimator : BaseRLN
    X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
    n_draws : int
    random_state : int, RandomState instance or None

    Returns
    -------
    ndarray of shape (n_samples, n_columns, n_draws)
    """
    members, weights, rates = _networks(estimator)
    if not isinstance(n_draws, Integral) or n_draws < 1:
        raise ValueError(
            f"Got n_samples={n_draws!r}, but expected the number of draws, at least 1."
        )
    rng = check_random_state(random_state)
    plan = _plan(weights, n_draws, rng)
    return np.concatenate(list(_blocks(estimator, X, members, rates, plan, n_draws)))


def spread_of(estimator, X):
    """Standard deviation over the draws, in the space that members are averaged in.

    Without dropout the draws are the members, and nothing is random.

    Returns
    -------
    ndarray of shape (n_samples, n_columns)
    """
    members, weights, rates = _networks(estimator)
    if np.any(rates):
        rng = check_random_state(estimator.random_state)
        n_draws, plan = N_DRAWS, _plan(weights, N_DRAWS, rng)
        weights = np.full(n_draws, 1 / n_draws)
    else:
        n_draws, plan = len(members), [[(k, None)] for k in range(len(members))]
    blocks = _blocks(estimator, X, members, rates, plan, n_draws)
    return np.concatenate([_deviation(found, weights) for found in blocks])


def _deviation(draws, weights):
    """Weighted standard deviation over the last axis."""
    center = draws @ weights
    return np.sqrt((draws - center[..., None]) ** 2 @ weights)


def _networks(estimator):
    """Members, their weights, and the dropout of each hidden layer of each."""
    check_is_fitted(estimator, "_target")
    members = estimator.estimators_
    weights = np.ones(1) if len(members) == 1 else estimator.estimator_weights_
    dropout = members[0].dropout
    n_hidden = len(members[0].coefs_) - 1
    rates = [resolve_dropout(member.dropout, n_hidden) for member in members]
    if len(members) == 1 and not np.any(rates):
        raise ValueError(
            f"Got a single network with dropout={dropout!r} and {n_hidden} hidden layer(s), "
            "so that nothing is left to chance: all draws would be equal, and their spread "
            "zero. Fit with dropout, such as dropout=0.1 (Monte Carlo dropout, which needs a "
            "hidden layer), or with several networks, such as n_estimators=10."
        )
    return members, weights, rates


def _plan(weights, n_draws, rng):
    """Of each member, its draws: where they belong, and the seed of their mask.

    Draws are spread over the members evenly, so that each has its share but for less than
    one draw; the order is random.
    """
    seed = rng.randint(np.iinfo(np.int32).max)
    ends = np.cumsum(weights)
    points = (rng.uniform() + np.arange(n_draws)) / n_draws * ends[-1]
    chosen = np.searchsorted(ends, points, side="right").clip(max=len(weights) - 1)
    chosen = rng.permutation(chosen)
    return [
        [(slot, (seed, slot)) for slot in np.flatnonzero(chosen == member)]
        for member in range(len(weights))
    ]


def _blocks(estimator, X, members, rates, plan, n_draws):
    """Block after block of rows, (n_rows, n_columns, n_draws)."""
    X = check_inputs(estimator, X, reset=False)
    target = estimator._target
    n_columns = target.means(np.zeros((1, members[0].n_outputs_))).shape[1]
    temperature = vars(estimator).get("temperature_", 1.0)
    for inputs in encoded_blocks(members, X, n_columns * n_draws):
        n_rows = next(iter(inputs.values())).shape[0]
        found = np.empty((n_rows, n_columns, n_draws))
        for member, own, slots in zip(members, rates, plan, strict=True):
            if slots:
                _fill(found, member, inputs[id(member._encoder)], own, slots)
        yield found if temperature == 1.0 else temper(target, found, temperature)


def _fill(found, member, inputs, rates, slots):
    """Set the draws of one member."""
    if not any(rates):
        found[:, :, [slot for slot, _ in slots]] = means_of(member, inputs)[:, :, None]
        return
    network = member._network
    first = next(k for k, rate in enumerate(rates) if rate)
    values = hidden_values(dense_inputs(network, inputs), network, first)
    for slot, seed in slots:
        one = thinned(network, rates, np.random.default_rng(seed))
        outputs = forward(values, one, start=first + 1)
        found[:, :, slot] = member._target.means(outputs.astype(np.float64, copy=False))
