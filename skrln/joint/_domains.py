# SPDX-License-Identifier: BSD-3-Clause
"""Validation of the domain labels of rows, in fit and in predict."""

import numpy as np

from skrln._table._arguments import find_missing

#: Label of the only domain of a fit without `sample_domain`.
ONLY = 0
#: Position of a domain that was not in the fit.
UNKNOWN = -1
#: Values of `unknown_domain`.
UNKNOWN_DOMAINS = ("error", "average", "nearest")


def check_domains(sample_domain, n_samples):
    """Return the sorted domains, and the position of the domain of each row.

    Parameters
    ----------
    sample_domain : array-like of shape (n_samples,) or None
        None is a single domain.
    n_samples : int
    """
    if sample_domain is None:
        return np.array([ONLY]), np.zeros(n_samples, int)
    labels = _read(sample_domain, n_samples)
    missing = find_missing(labels)
    if missing.any():
        raise ValueError(
            f"Got sample_domain with {missing.sum()} missing label(s), but expected a "
            "domain for every row of a fit. Leave out these rows, or give them a label of "
            "their own."
        )
    try:
        return np.unique(labels, return_inverse=True)
    except TypeError:
        kinds = sorted({type(label).__name__ for label in labels.tolist()})
        raise ValueError(
            f"Got sample_domain with labels of the types {kinds}, which cannot be sorted, "
            "but expected labels of a single type. Pass them as strings."
        ) from None


def find_domains(sample_domain, n_samples, domains, unknown_domain):
    """Position in `domains` of the domain of each row to predict, or UNKNOWN.

    Raises
    ------
    ValueError
        For an unknown domain with ``unknown_domain="error"``.
    """
    if unknown_domain not in UNKNOWN_DOMAINS:  # it may change after the checks of fit
        raise ValueError(
            f"Got unknown_domain={unknown_domain!r}, but expected one of "
            f"{list(UNKNOWN_DOMAINS)}."
        )
    if sample_domain is None:
        if len(domains) == 1:
            return np.zeros(n_samples, int)
        if unknown_domain == "error":
            raise ValueError(
                f"Got sample_domain=None, but each of the {len(domains)} fitted domains has "
                "its own network. Pass the domain of every row, or set "
                "unknown_domain='average' or 'nearest'."
            )
        return np.full(n_samples, UNKNOWN)
    labels = _read(sample_domain, n_samples)
    positions = {name: k for k, name in enumerate(domains.tolist())}
    # A missing label is unknown: `check_domains` admits none to a fit.
    numbers = np.array(
        [positions.get(label, UNKNOWN) for label in labels.tolist()], int
    )
    unknown = numbers == UNKNOWN
    if unknown.any() and unknown_domain == "error":
        names = list(dict.fromkeys(labels[unknown].tolist()))
        raise ValueError(
            f"Got the domain(s) {names[:5]} in sample_domain, but expected the domains of "
            f"fit: {domains.tolist()[:20]}. Add new domains with add_domain, or set "
            "unknown_domain='average' or 'nearest'."
        )
    return numbers


def _read(sample_domain, n_samples):
    """Labels as an array with one entry for each row."""
    labels = np.asarray(sample_domain)
    if labels.shape != (n_samples,):
        raise ValueError(
            f"Got sample_domain of shape {labels.shape}, but expected ({n_samples},). Pass "
            "the label of the domain of every row of X."
        )
    return labels
