# SPDX-License-Identifier: BSD-3-Clause
"""Labels of domains: who belongs where, in fit and in predict."""

import numpy as np

from skrln._core._validation import find_missing

#: Label of the only domain of a fit that names none.
ONLY = 0
#: Number of a domain that the fit does not know.
UNKNOWN = -1


def check_domains(sample_domain, n_samples):
    """Domains, sorted, and the number of the domain of each row.

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
            f"Got sample_domain with {missing.sum()} missing label(s), but every row of a "
            "fit belongs to a domain. Leave those rows out, or give them a label of their "
            "own."
        )
    try:
        return np.unique(labels, return_inverse=True)
    except TypeError:
        kinds = sorted({type(label).__name__ for label in labels.tolist()})
        raise ValueError(
            f"Got sample_domain with labels of the types {kinds}, which cannot be sorted, "
            "but expected all of one type. Pass them as strings."
        ) from None


def find_domains(sample_domain, n_samples, domains, unknown_domain):
    """Number of the domain of each row to predict; `UNKNOWN` where the fit has none.

    Raises
    ------
    ValueError
        For an unknown domain with ``unknown_domain="error"``.
    """
    if sample_domain is None:
        if len(domains) == 1:
            return np.zeros(n_samples, int)
        if unknown_domain == "error":
            raise ValueError(
                f"Got sample_domain=None, but {len(domains)} domains were fitted and each "
                "has a network of its own. Pass the domain of every row, or set "
                "unknown_domain='average' or 'nearest'."
            )
        return np.full(n_samples, UNKNOWN)
    labels = _read(sample_domain, n_samples)
    number = {name: k for k, name in enumerate(domains.tolist())}
    missing = find_missing(labels)
    found = np.array(
        [
            UNKNOWN if gone else number.get(label, UNKNOWN)
            for label, gone in zip(labels.tolist(), missing, strict=True)
        ],
        int,
    )
    strange = found == UNKNOWN
    if strange.any() and unknown_domain == "error":
        names = list(dict.fromkeys(labels[strange].tolist()))
        raise ValueError(
            f"Got the domain(s) {names[:5]} in sample_domain, but expected those of fit: "
            f"{domains.tolist()[:20]}. Teach them with add_domain, or set "
            "unknown_domain='average' or 'nearest'."
        )
    return found


def _read(sample_domain, n_samples):
    """Labels in one dimension, one for each row."""
    labels = np.asarray(sample_domain)
    if labels.shape != (n_samples,):
        raise ValueError(
            f"Got sample_domain of shape {labels.shape}, but expected ({n_samples},): the "
            "label of the domain of every row of X."
        )
    return labels
