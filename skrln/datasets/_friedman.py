# SPDX-License-Identifier: BSD-3-Clause
"""Friedman's first problem among columns of noise."""

import numbers

import numpy as np
from sklearn.datasets import make_friedman1
from sklearn.utils import check_random_state

N_TRUE = 5


def make_friedman1_noise(
    n_samples=400, n_noise=200, *, noise=1.0, random_state=None, return_support=False
):
    r"""Generate the "Friedman #1" regression problem with columns that tell nothing.

    All inputs are independent and uniform on [0, 1]. The target depends on the first
    five alone, in three ways: an interaction, a bowl and two straight lines [1]_,

    .. math::
        y = 10 \sin(\pi x_0 x_1) + 20 (x_2 - 0.5)^2 + 10 x_3 + 5 x_4 + \varepsilon ,

    where :math:`\varepsilon` is Gaussian.

    Parameters
    ----------
    n_samples : int, default=400
        Rows.

    n_noise : int, default=200
        Columns after the first five, which the target does not depend on. With an int
        as `random_state` the first five columns and the target are the same for any
        number.

    noise : float, default=1.0
        Standard deviation of :math:`\varepsilon`; that of the target without it is 4.9.

    random_state : int, RandomState instance or None, default=None
        Seeds the data. Pass an int for reproducible output.

    return_support : bool, default=False
        Whether to return which columns the target depends on.

    Returns
    -------
    X : ndarray of shape (n_samples, 5 + n_noise)
        Inputs.

    y : ndarray of shape (n_samples,)
        Target.

    support : ndarray of bool of shape (5 + n_noise,)
        True for the columns that `y` depends on, the first five; only with
        `return_support`.

    See Also
    --------
    sklearn.datasets.make_friedman1 : The same problem; it draws all columns together.

    References
    ----------
    .. [1] Friedman, "Multivariate adaptive regression splines", Annals of Statistics
       19(1), 1991.

    Examples
    --------
    >>> from skrln.datasets import make_friedman1_noise
    >>> X, y, support = make_friedman1_noise(
    ...     n_samples=100, n_noise=20, random_state=0, return_support=True
    ... )
    >>> X.shape, y.shape
    ((100, 25), (100,))
    >>> support.nonzero()[0]
    array([0, 1, 2, 3, 4])
    """
    if not isinstance(n_noise, numbers.Integral) or n_noise < 0:
        raise ValueError(
            f"Got n_noise={n_noise!r}, but expected a whole number of columns >= 0."
        )
    rng = check_random_state(random_state)
    X, y = make_friedman1(n_samples, N_TRUE, noise=noise, random_state=rng)
    X = np.hstack([X, rng.uniform(size=(n_samples, n_noise))])
    if not return_support:
        return X, y
    return X, y, np.arange(X.shape[1]) < N_TRUE
