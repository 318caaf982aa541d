# SPDX-License-Identifier: BSD-3-Clause
"""Validation of the arguments of `fit`: weights, missing labels, validation data."""

import contextlib
from inspect import signature

import numpy as np
from sklearn.utils.validation import check_consistent_length

from ._scaling import find_exponents
from ._sklearn import check_sample_weight, count_samples


def check_weights(sample_weight, X, *, name="sample_weight"):
    """Return finite, non-negative weights of shape (n_samples,), not all zero."""
    with about_argument("X"):
        n_samples = count_samples(X)
    if sample_weight is None:
        return np.ones(n_samples)
    if np.isscalar(sample_weight):
        sample_weight = np.full(n_samples, sample_weight)
    # The sum of the largest numbers, which the check takes, overflows.
    with about_argument(name), np.errstate(invalid="ignore", over="ignore"):
        weights = check_sample_weight(
            sample_weight, np.empty((n_samples, 0)), dtype=np.float64, **_ALLOW_ZEROS
        )
    if np.any(weights < 0):
        raise ValueError(
            f"Got {name} with a smallest value of {weights.min()}, but expected "
            "non-negative weights. Negative values in sample_weight have no meaning here."
        )
    if not np.any(weights > 0):
        raise ValueError(
            f"Got {name} that is zero everywhere, but at least one sample weight must be "
            "positive. Sample weights cannot all be zero."
        )
    # Only ratios of weights count, and sums of extreme ones overflow.
    return np.ldexp(weights, find_exponents(weights.max()))


# `check_weights` raises its own error for weights that are all zero, so that the message does
# not depend on the version of scikit-learn.
_ALLOW_ZEROS = (
    {"allow_all_zero_weights": True}
    if "allow_all_zero_weights" in signature(check_sample_weight).parameters
    else {}
)


@contextlib.contextmanager
def about_argument(name):
    """Add the name of an argument to the message of an error that lacks it."""
    try:
        yield
    except (TypeError, ValueError) as error:
        if name in str(error):
            raise
        raise type(error)(f"Got {name} that cannot be used: {error}") from error


def find_missing(array):
    """Mask of the NaN, None and pandas.NA entries of an array of any dtype."""
    if array.dtype.kind == "f":
        return np.isnan(array)
    if array.dtype.kind != "O":
        return np.zeros(array.shape, bool)
    return np.asarray(_is_missing(array), bool)


# pandas.NA needs its own test: ``NA != NA`` is NA, which has no truth value.
_is_missing = np.frompyfunc(
    lambda value: value is None or type(value).__name__ == "NAType" or value != value,
    1,
    1,
)


def check_validation_arguments(
    X_val, y_val, sample_weight_val, early_stopping, validation_cv
):
    """Raise a ValueError for validation arguments that contradict each other."""
    if (X_val is None) != (y_val is None):
        given, missing = ("X_val", "y_val") if y_val is None else ("y_val", "X_val")
        raise ValueError(
            f"{given} is provided, but {missing} was not provided. Pass both, or neither."
        )
    if sample_weight_val is not None and X_val is None:
        raise ValueError(
            "sample_weight_val is provided, but X_val and y_val were not provided. Pass "
            "all three, or choose the validation part with validation_cv."
        )
    if early_stopping is False and (X_val is not None or validation_cv is not None):
        given = "X_val and y_val" if X_val is not None else "validation_cv"
        raise ValueError(
            f"Got early_stopping=False together with {given}, which only early stopping "
            'uses. Pass early_stopping=True or "auto", or leave the validation data out.'
        )
    if X_val is not None:
        with about_argument("y_val"):
            check_consistent_length(X_val, y_val)


def resolve_task_weight(task_weight, n_tasks):
    """Return the weight of each task; they sum to one.

    Learned task weights start from equal weights.
    """
    if task_weight is None or isinstance(task_weight, str):
        return np.full(n_tasks, 1 / n_tasks)
    try:
        weights = np.asarray(task_weight, float)
    except (TypeError, ValueError):
        raise ValueError(
            f"Got task_weight={task_weight!r}, but expected one number per task. "
            "Pass a list of numbers, or None for equal weights."
        ) from None
    if weights.shape != (n_tasks,):
        raise ValueError(
            f"Got task_weight of shape {weights.shape}, but expected one number per task: "
            f"y has {n_tasks}. Pass a number for each column of y."
        )
    if not np.all(np.isfinite(weights)) or np.any(weights < 0) or not weights.any():
        raise ValueError(
            f"Got task_weight={weights.tolist()}, but expected finite, non-negative "
            "numbers, not all zero. Give at least one task a positive weight."
        )
    # The sum of the largest numbers overflows.
    weights = np.ldexp(weights, find_exponents(weights.max()))
    return weights / weights.sum()
