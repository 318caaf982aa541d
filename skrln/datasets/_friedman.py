# SPDX-License-Identifier: BSD-3-Clause
"""Friedman's first regression problem with added noise columns."""

import numbers

import numpy as np
from sklearn.datasets import make_friedman1
from sklearn.utils import check_random_state

#: Number of columns that the target depends on.
N_INFORMATIVE = 5


def make_friedman1_noise(
    n_samples: int = 400,
    n_noise: int = 200,
    *,
    noise: float = 1.0,
    random_state: int | np.random.RandomState | None = None,
    return_support: bool = False,
) -> tuple[np.ndarray, ...]:
    r"""Generate the "Friedman #1" regression problem with noise columns.

    All columns are independent and uniform on [0, 1]. The target depends on the first five
    columns only: an interaction, a quadratic term and two linear terms [1]_,

    .. math::
        y = 10 \sin(\pi x_0 x_1) + 20 (x_2 - 0.5)^2 + 10 x_3 + 5 x_4 + \varepsilon ,

    with Gaussian noise :math:`\varepsilon`.

    Parameters
    ----------
    n_samples : int, default=400
        Number of rows.

    n_noise : int, default=200
        Number of noise columns, which follow the first five columns. An int as
        `random_state` fixes the first five columns and the target for any `n_noise`.

    noise : float, default=1.0
        Standard deviation of :math:`\varepsilon`. The noise-free target has 4.9.

    random_state : int, RandomState instance or None, default=None
        Random seed of the data. Pass an int for reproducible output.

    return_support : bool, default=False
        Also return the mask of the columns that the target depends on.

    Returns
    -------
    X : ndarray of shape (n_samples, 5 + n_noise)
        Inputs.

    y : ndarray of shape (n_samples,)
        Target.

    support : ndarray of bool of shape (5 + n_noise,)
        True for the first five columns. Only with `return_support`.

    See Also
    --------
    sklearn.datasets.make_friedman1 : The same problem, all columns drawn together.

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
    # Noise columns are drawn last, so that `n_noise` does not change the problem.
    X, y = make_friedman1(n_samples, N_INFORMATIVE, noise=noise, random_state=rng)
    X = np.hstack([X, rng.uniform(size=(n_samples, n_noise))])
    if not return_support:
        return X, y
    return X, y, np.arange(X.shape[1]) < N_INFORMATIVE
