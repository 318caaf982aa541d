# SPDX-License-Identifier: BSD-3-Clause
"""Confirmation of columns by the loss of held-out rows.

The contribution of a column to the prediction of a row is linearized: its encoded inputs, less
their means, times the derivative of the output. Let c be this contribution, r the residual of
the held-out row and h the curvature of the loss. Without the column the loss of the row rises
by ``r c + h c^2 / 2``. If the networks are right, r and c are uncorrelated, and the mean rise
is half of the movement ``h c^2``. If they have fitted noise, r cancels c, and the loss falls.
"""

import numpy as np
from scipy import sparse

from skrln._network._effects import backward, forward_pass
from skrln._network._forward import row_blocks
from skrln._table._targets import NUMBER_LOSSES

from ._blend import LOG_LOSS, temper
from ._jobs import held_out_means

#: Most rows, and most numbers of an array of rows and columns.
MOST_ROWS, MOST_NUMBERS, FEWEST_ROWS = 4096, 1 << 22, 64


def confirm_columns(combination, held_out, rng):
    """Return the share of the movement of each column that held-out rows confirm.

    Parameters
    ----------
    combination : Combination
    held_out : HeldOut
    rng : RandomState

    Returns
    -------
    ndarray of shape (n_features_in_,)
        Twice the rise of the held-out loss without the column, divided by its movement,
        between 0 and 1; 0 for columns that move nothing.
    """
    n_columns = combination.members[0].encoder.n_features
    most = int(np.clip(MOST_NUMBERS // n_columns, FEWEST_ROWS, MOST_ROWS))
    held_out = held_out.sample(most, rng)
    directions = _directions(combination, held_out, rng)
    n_rows = len(held_out.rows)
    contributions = np.zeros((2, n_rows, n_columns))
    for group, positions in combination.kinds():
        total, count = np.zeros_like(contributions), np.zeros(n_rows)
        for one in group:
            here, own = held_out.positions(one)
            parts = _contributions(one, own, directions[:, here])
            np.add.at(total, (slice(None), here), parts)
            np.add.at(count, here, 1)
        share = combination.weights[positions].sum()
        contributions += share * (total / count[:, None])
    agreement = contributions[0].mean(axis=0)
    movement = (contributions[1] ** 2).mean(axis=0)
    rise = movement + 2 * agreement
    return np.clip(rise / np.where(movement > 0, movement, 1), 0, 1)


def _contributions(one, rows, directions):
    """Contribution of each column along two directions, (2, n_rows, n_columns)."""
    network, encoder = one.fitted.network, one.fitted.encoder
    shared, kind = one.job.shared, one.job.kind
    encoding, n_columns = shared.encodings[kind.numeric_embedding], encoder.n_features
    inputs = shared.held_out_inputs(kind, one.job.split)[rows]
    places = (np.arange(encoder.n_inputs), encoder.groups)
    sum_inputs = sparse.csr_matrix(
        (np.ones(encoder.n_inputs), places), (encoder.n_inputs, n_columns)
    )
    parts = np.empty((2, len(rows), n_columns))
    for block in row_blocks(len(rows), encoder.n_inputs):
        dense = inputs[block]
        dense = np.asarray(dense.toarray() if sparse.issparse(dense) else dense, float)
        passed = forward_pass(network, dense)
        for k in range(2):
            gradient = backward(network, passed, directions[k, block])
            parts[k, block] = (gradient * (dense - encoding.center)) @ sum_inputs
    return parts


def _directions(combination, held_out, rng):
    """Residuals, and directions whose mean outer product is the curvature of the loss.

    Returns
    -------
    ndarray of shape (2, n_rows, n_outputs)
    """
    target = held_out.target
    means = [held_out_means(one.job, one.fitted) for one in combination.trained]
    means = combination.blend(held_out, means)
    per_task = target.split(temper(target, means, combination.temperature))
    losses = held_out.losses[0]
    names = [losses] * len(per_task) if isinstance(losses, str) else losses
    columns = []
    for task, (name, predictions) in enumerate(zip(names, per_task, strict=True)):
        truth = held_out.targets[:, task]
        if name == LOG_LOSS:
            pair = _class_directions(predictions, truth.astype(int), rng)
        else:
            pair = _number_directions(name, predictions, truth[:, None])
        weight = held_out.weights[:, [task]] / held_out.weights.sum(axis=1).mean()
        sign = rng.choice([-1.0, 1.0], size=weight.shape)  # tasks do not mix
        columns.append([pair[0] * weight, pair[1] * sign * np.sqrt(weight)])
    return np.stack([np.hstack(parts) for parts in zip(*columns, strict=True)])


def _number_directions(loss, predictions, truth):
    """Residual by the squared loss, or by the Poisson loss of a logarithm."""
    residual = truth - predictions
    curvature = predictions if NUMBER_LOSSES[loss].is_log else np.ones_like(truth)
    # A bias of all rows, as quantiles have, is no fault of a column.
    return residual - residual.mean(), np.sqrt(curvature)


def _class_directions(proba, truth, rng):
    """Residuals of the true classes, and of classes that are drawn by their probabilities."""
    rows = np.arange(len(proba))
    ends = np.cumsum(proba, axis=1)[:, :-1]
    drawn = (rng.uniform(size=(len(proba), 1)) > ends).sum(axis=1)
    pair = []
    for classes in (truth, drawn):
        residual = -proba
        residual[rows, classes] += 1
        pair.append(residual[:, 1:] if proba.shape[1] == 2 else residual)
    return pair
