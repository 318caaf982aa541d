# SPDX-License-Identifier: BSD-3-Clause
"""Validation of the domain labels of rows, in fit and in predict."""

import numpy as np

from skrln._table._arguments import find_missing

#: Label of the only domain of a fit without `sample_domain`.
ONLY = 0
#: Position of a domain that was not in the fit.
UNKNOWN = -1
#: A fit of more domains than `MANY_DOMAINS` needs `LEAST_MEAN_ROWS` rows per domain on average:
#: fewer are a sign of an identifier in place of a domain, and every domain gets a network.
MANY_DOMAINS, LEAST_MEAN_ROWS = 20, 3
#: Way out where scikit-learn calls `score` or `predict`.
_IN_CROSS_VALIDATION = (
    "In a cross-validation or a search, call sklearn.set_config(enable_metadata_routing=True) "
    "and pass params={'sample_domain': ...}; the estimator then has to request the domains, as "
    "it does by default or after set_score_request(sample_domain=True) and "
    "set_predict_request(sample_domain=True). Leave scoring at None: scorers by name and of "
    "make_scorer call predict without domains, and the estimator's own score passes them on."
)
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
        names, numbers = np.unique(labels, return_inverse=True)
    except TypeError:
        kinds = sorted({type(label).__name__ for label in labels.tolist()})
        raise ValueError(
            f"Got sample_domain with labels of the types {kinds}, which cannot be sorted, "
            "but expected labels of a single type. Pass them as strings."
        ) from None
    if len(names) > MANY_DOMAINS and n_samples < LEAST_MEAN_ROWS * len(names):
        raise ValueError(
            f"Got sample_domain with {len(names)} domains in {n_samples} rows, such as "
            f"{names[:3].tolist()}, but expected at least {LEAST_MEAN_ROWS} rows per domain on "
            f"average if there are more than {MANY_DOMAINS} domains: every domain gets its own "
            "network. If the labels are an identifier of the rows, pass the data set, hospital "
            "or group of each row instead, or merge small domains into one."
        )
    return names, numbers


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
                f"its own network. Pass the domain of every row, or set "
                f"unknown_domain='average' or 'nearest'. {_IN_CROSS_VALIDATION}"
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
