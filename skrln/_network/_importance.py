# SPDX-License-Identifier: BSD-3-Clause
"""Importance of inputs, and stability of selected inputs over several fits."""

from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial.distance import jensenshannon


def garson_importance(
    coefs: list[np.ndarray], groups: ArrayLike | None = None
) -> np.ndarray:
    r"""Share of each input in the outputs, by the weights on the paths between them.

    Garson's measure for any depth: the absolute value of every weight is divided by the sum of
    the absolute weights into its unit, and these shares are multiplied along paths and summed
    over paths. With one hidden layer it is the measure of [1]_. The measure uses neither the
    signs of weights nor the data. Inputs should have the same scale.

    Parameters
    ----------
    coefs : list of ndarray of shape (n_units_in, n_units_out)
        Weights of each layer, as in the `coefs_` of a fitted network.

    groups : array-like of int of shape (n_inputs,), default=None
        Group of each input, such as the column that a one-hot input belongs to. Importances
        are summed over each group. By default every input is its own group.

    Returns
    -------
    ndarray of shape (n_inputs,) or (n_groups,)
        Importances. They are non-negative and sum to one, or are all zero if no path reaches an
        output. All outputs have the same weight.

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
    """Return the share of each input in each unit of the last layer, (n_inputs, n_units)."""
    shares = None
    for weight in coefs:
        size = np.abs(np.asarray(weight, float))
        total = size.sum(axis=0)
        # A unit without edges has no shares.
        layer = size / np.where(total > 0, total, 1)
        shares = layer if shares is None else shares @ layer
    return shares


def importance_entropy(importance: ArrayLike) -> float:
    """Entropy of importances in bits; 2 to the power of it is the effective number of inputs.

    Parameters
    ----------
    importance : array-like of shape (n_features,)
        Non-negative importances; they are scaled to sum to one.

    Returns
    -------
    float
        Entropy, from 0 (a single input is important) to log2(n_features) (all inputs are
        equally important); NaN if all importances are zero.

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
    return float(-(share * np.log2(share)).sum()) + 0.0  # turns -0.0 into 0.0


def importance_divergence(importances: ArrayLike) -> float:
    """Mean Jensen-Shannon divergence, in bits, between the importances of several fits.

    Parameters
    ----------
    importances : array-like of shape (n_fits, n_features)
        Importances of a fit per row; each row is scaled to sum to one.

    Returns
    -------
    float
        Mean over all pairs of fits, from 0 (all fits agree) to 1 (no two fits share an input).
        Dense networks spread importance evenly and agree for this reason alone: compare the
        entropy and :func:`selection_stability` as well.

    Examples
    --------
    >>> from skrln.inspection import importance_divergence
    >>> importance_divergence([[1.0, 0.0], [0.0, 1.0]])
    1.0
    """
    return float(np.mean(pairwise_divergences(importances)))


def pairwise_divergences(importances):
    """Return the divergence of each pair of fits, n_fits * (n_fits - 1) / 2 numbers."""
    importances = _check_importances(importances, ndim=2)
    if len(importances) < 2:
        raise ValueError(
            f"Got importances of {len(importances)} fit, but a divergence needs at least 2. "
            "Fit with several random seeds."
        )
    if np.any(importances.sum(axis=1) == 0):
        raise ValueError(
            "Got importances that are all zero for a fit, but expected at least one "
            "positive importance in each. Leave out fits in which no input survived."
        )
    pairs = combinations(importances, 2)
    # SciPy returns the square root, which is NaN where rounding makes the divergence of nearly
    # equal importances negative.
    with np.errstate(invalid="ignore"):
        roots = [jensenshannon(first, second, base=2) for first, second in pairs]
    return [float(root**2) for root in np.nan_to_num(roots)]


def selection_stability(selected: ArrayLike) -> float:
    r"""Agreement of several fits on the inputs that they select, corrected for chance.

    Unlike :func:`importance_divergence`, it does not reward flat importances: fits that select
    at random have a stability of about 0, however many inputs they select.

    Parameters
    ----------
    selected : array-like of shape (n_fits, n_features)
        Selection of a fit per row, at least two rows: booleans, or importances that are exactly
        zero for unused inputs. Inputs that are not zero are selected.

    Returns
    -------
    float
        Stability: 1 if all fits select the same inputs, about 0 if they agree as much as by
        chance, and at least -1 / (n_fits - 1). NaN if every fit selects all inputs, or none.

    Notes
    -----
    Let :math:`\hat p_f` be the share of the :math:`M` fits that select input :math:`f` of
    :math:`d`, and :math:`\bar k` the mean number of selected inputs. Definition 4 of [1]_ is

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
    if array.ndim != ndim:
        raise ValueError(
            f"Got importances of shape {array.shape}, but expected {ndim} dimension(s). Pass "
            "feature_importances_ of a fit, or a list of them for several fits."
        )
    refused = array[~(np.isfinite(array) & (array >= 0))]
    if refused.size:
        raise ValueError(
            f"Got importances with {refused[0]}, but expected finite, non-negative numbers. "
            "Pass feature_importances_, or absolute values."
        )
    return array


def active_columns(fitted):
    """Return the mask of the columns of the table with an edge that is not exactly zero.

    Parameters
    ----------
    fitted : FittedNetwork

    Returns
    -------
    ndarray of bool of shape (n_features_in_,)
    """
    is_alive = (fitted.network.coefs[0] != 0).any(axis=1)
    return _sum_per_column(is_alive.astype(float), fitted) > 0


def _sum_per_column(values, fitted):
    """Sum values over the inputs of each column; columns without inputs have the sum 0.

    The value of a unit of the plain branch is divided among the columns that the branch reads.
    """
    groups, plain = fitted.input_groups, fitted.network.plain
    is_read = groups >= 0
    n_features = fitted.encoder.n_features
    sums = np.bincount(groups[is_read], weights=values[is_read], minlength=n_features)
    if plain:
        shares = _path_shares([weight for weight, _ in plain])
        sums[fitted.encoder.plain] += shares @ values[~is_read]
    return sums


def zero_shares(coefs):
    """Return the share of the weights of each layer that are exactly zero, (n_layers,)."""
    return np.array([np.mean(np.asarray(weight) == 0) for weight in coefs])
