# SPDX-License-Identifier: BSD-3-Clause
"""Numbers to read a network by."""

from itertools import combinations

import numpy as np
from scipy.spatial.distance import jensenshannon

from ._forward import norm_scale


def garson_importance(coefs, groups=None):
    r"""Share of each input in the outputs, by the weights on the paths between them.

    Garson's measure carried through any depth: every weight is divided by the sum of the
    absolute weights into its unit, and the shares are multiplied along the paths and summed.
    With one hidden layer it is the measure of [1]_. It knows sizes only, neither signs nor
    the data, and inputs are best on one scale.

    Parameters
    ----------
    coefs : list of ndarray of shape (n_units_in, n_units_out)
        Weights of each layer, as in the `coefs_` of a fitted network.

    groups : array-like of int of shape (n_inputs,), default=None
        Group of each input, such as the column that a one-hot input belongs to. Importances
        are summed over a group. By default every input stands for itself.

    Returns
    -------
    ndarray of shape (n_inputs,) or (n_groups,)
        Non-negative; sums to one, or is all zeros where no path reaches an output. Each
        output counts the same.

    References
    ----------
    .. [1] Garson, "Interpreting neural-network connection weights", AI Expert 6(4), 1991.

    Examples
    --------
    >>> import numpy as np
    >>> from skrln.inspection import garson_importance
    >>> garson_importance([np.array([[1.0, 0.0], [3.0, 0.0]]), np.array([[2.0], [1.0]])])
    array([0.25, 0.75])
    """
    shares = _path_shares(coefs)
    reached = shares.sum(axis=0)
    shares = shares / np.where(reached > 0, reached, 1)
    importance = shares.mean(axis=1)
    if groups is not None:
        importance = np.bincount(np.asarray(groups), weights=importance)
    total = importance.sum()
    return importance / total if total > 0 else importance


def _path_shares(coefs):
    """Share of each input in each unit of the last layer, (n_inputs, n_units)."""
    shares = None
    for weight in coefs:
        size = np.abs(np.asarray(weight, float))
        total = size.sum(axis=0)
        step = size / np.where(total > 0, total, 1)
        shares = step if shares is None else shares @ step
    return shares


def importance_entropy(importance):
    """Entropy of importances in bits: 2 to its power is how many inputs matter.

    Parameters
    ----------
    importance : array-like of shape (n_features,)
        Non-negative; scaled to sum to one.

    Returns
    -------
    float
        From 0 (one input has it all) to log2(n_features) (all have the same); NaN where all
        importances are zero.

    Examples
    --------
    >>> from skrln.inspection import importance_entropy
    >>> importance_entropy([0.5, 0.5, 0.0])
    1.0
    """
    importance = _check_importances(importance, ndim=1)
    total = importance.sum()
    if total == 0:
        return float("nan")
    share = importance[importance > 0] / total
    return float(-(share * np.log2(share)).sum()) + 0.0


def importance_divergence(importances):
    """Mean Jensen-Shannon divergence, in bits, between the importances of several fits.

    Parameters
    ----------
    importances : array-like of shape (n_fits, n_features)
        One fit a row; each is scaled to sum to one.

    Returns
    -------
    float
        From 0 (all fits agree) to 1 (no two share an input), over all pairs of fits. Dense
        networks spread importance evenly and so agree without telling anything; look at the
        entropy and at :func:`selection_stability` beside it.

    Examples
    --------
    >>> from skrln.inspection import importance_divergence
    >>> importance_divergence([[1.0, 0.0], [0.0, 1.0]])
    1.0
    """
    return float(np.mean(pairwise_divergences(importances)))


def pairwise_divergences(importances):
    """Divergence of each pair of fits, a list of n_fits * (n_fits - 1) / 2 numbers."""
    importances = _check_importances(importances, ndim=2)
    if len(importances) < 2:
        raise ValueError(
            f"Got importances of {len(importances)} fit, but a divergence needs at least 2."
        )
    if np.any(importances.sum(axis=1) == 0):
        raise ValueError(
            "Got importances that are all zero for a fit, but expected at least one "
            "positive importance in each. Leave out fits in which no input survived."
        )
    return [
        float(jensenshannon(one, other, base=2) ** 2)
        for one, other in combinations(importances, 2)
    ]


def selection_stability(selected):
    r"""How much several fits agree on which inputs they select, corrected for chance.

    Unlike :func:`importance_divergence` it gives no credit for importances that are flat: fits
    that select at random score zero, however many inputs they select.

    Parameters
    ----------
    selected : array-like of shape (n_fits, n_features)
        One fit a row, at least two; what is not zero is selected. Booleans, or importances of
        which those of unused inputs are exactly zero.

    Returns
    -------
    float
        1 where all fits select the same inputs, around 0 where they agree as much as by chance,
        down to -1 / (n_fits - 1). NaN where every fit selects all inputs, or none: then there
        is no choice to agree on.

    Notes
    -----
    With :math:`\hat p_f` the share of the :math:`M` fits that select input :math:`f` of
    :math:`d`, and :math:`\bar k` the mean number that a fit selects, Definition 4 of [1]_ is

    .. math::

        1 - \frac{\frac1d \sum_f \frac{M}{M - 1} \hat p_f (1 - \hat p_f)}
                 {\frac{\bar k}{d} \left(1 - \frac{\bar k}{d}\right)}.

    References
    ----------
    .. [1] Nogueira, Sechidis and Brown, "On the stability of feature selection algorithms",
       Journal of Machine Learning Research 18(174), 2018.

    Examples
    --------
    >>> from skrln.inspection import selection_stability
    >>> selection_stability([[1, 1, 0, 0], [1, 1, 0, 0]])
    1.0
    >>> selection_stability([[1, 1, 0, 0], [0, 0, 1, 1]])
    -1.0
    """
    selected = np.asarray(selected)
    if selected.ndim != 2 or len(selected) < 2:
        raise ValueError(
            f"Got selected of shape {selected.shape}, but expected (n_fits, n_features) with "
            "at least 2 fits."
        )
    selected = selected != 0
    share = selected.mean()
    if share in (0, 1):
        return float("nan")
    spread = selected.var(axis=0, ddof=1).mean()
    return float(1 - spread / (share * (1 - share)))


def _check_importances(importances, ndim):
    array = np.asarray(importances, float)
    if array.ndim != ndim or not np.all(np.isfinite(array)) or np.any(array < 0):
        raise ValueError(
            f"Got importances of shape {array.shape}, but expected {ndim} dimension(s) of "
            "finite, non-negative numbers, as in feature_importances_."
        )
    return array


def active_columns(network):
    """Whether each column of the table has an edge that is not exactly zero.

    Parameters
    ----------
    network : BaseRLN
        Fitted, and no ensemble.

    Returns
    -------
    ndarray of bool of shape (n_features_in_,)
    """
    alive = (network.coefs_[0] != 0).any(axis=1)
    return _sums(alive.astype(float), network) > 0


def column_importance(network):
    """Garson importance of each column of the table, (n_features_in_,)."""
    return _sums(garson_importance(_folded_coefs(network._network)), network)


def _sums(values, network):
    """Sum over the inputs of each column; those that are not encoded have none.

    What a unit of the plain branch has is shared by the columns that the branch reads.
    """
    groups, plain = network._groups, network._network.plain
    read = groups >= 0
    found = np.bincount(
        groups[read], weights=values[read], minlength=network.n_features_in_
    )
    if plain:
        shares = _path_shares([weight for weight, _ in plain])
        found[network._encoder.plain] += shares @ values[~read]
    return found


def _folded_coefs(network):
    """Weights on the values before batch normalization, as far as their size matters.

    What is normalized before the activation keeps the shares of the inputs of a unit.
    """
    coefs = list(network.coefs)
    if network.batch_norm == "after":
        for k, norm in enumerate(network.batch_norms):
            coefs[k + 1] = coefs[k + 1] * norm_scale(norm)[:, None]
    return coefs


def zero_shares(coefs):
    """Share of the weights of each layer that are exactly zero, (n_layers,)."""
    return np.array([np.mean(np.asarray(weight) == 0) for weight in coefs])
