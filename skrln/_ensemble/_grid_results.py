# SPDX-License-Identifier: BSD-3-Clause
"""Results of a grid search, and the choice among them."""

from typing import NamedTuple

import numpy as np
from scipy.stats import rankdata

from skrln._kernels import StopReason

#: Scores beyond this size are divided by the largest before they are squared.
LARGEST_SCORE = 1e100


class Candidate(NamedTuple):
    """Point of the grid."""

    reg_step: float
    theta: float


class Attempted(NamedTuple):
    """Result of one attempt."""

    score: float
    fit_time: float
    score_time: float
    n_active: int
    reason: StopReason


def describe_grid(candidates, attempts):
    """Make the results in the form of scikit-learn's searches."""
    table = {
        name: np.array([[getattr(one, name) for one in row] for row in attempts])
        for name in ("fit_time", "score_time", "score", "n_active")
    }
    results = {}
    for name in ("fit_time", "score_time"):
        results[f"mean_{name}"] = table[name].mean(axis=1)
        results[f"std_{name}"] = table[name].std(axis=1)
    for name in Candidate._fields:
        values = np.array([getattr(one, name) for one in candidates])
        results[f"param_{name}"] = np.ma.array(values, mask=np.zeros(len(values), bool))
    results["params"] = [one._asdict() for one in candidates]
    scores = table["score"]
    for k, split in enumerate(scores.T):
        results[f"split{k}_test_score"] = split.copy()
    mean = scores.mean(axis=1)
    results["mean_test_score"] = mean
    results["std_test_score"] = _spread(scores)
    # NaN scores come last.
    filled = np.where(np.isnan(mean), -np.inf, mean)
    results["rank_test_score"] = rankdata(-filled, method="min").astype(np.int32)
    results["mean_n_active_features"] = table["n_active"].mean(axis=1)
    return results


def _spread(scores):
    """Standard deviation of each row; squares of enormous scores do not overflow."""
    sizes = np.where(np.isfinite(scores), np.abs(scores), 0).max(axis=1, keepdims=True)
    scale = np.where(sizes > LARGEST_SCORE, sizes, 1.0)
    return scale[:, 0] * (scores / scale).std(axis=1)


def choose(results, *, one_standard_error):
    """Return the position of the best candidate, or of the sparsest within one error of it."""
    best = int(np.argmin(results["rank_test_score"]))
    n_splits = sum(name.startswith("split") for name in results)
    if not one_standard_error or n_splits < 2:
        return best
    mean, thetas = results["mean_test_score"], results["param_theta"].data
    error = results["std_test_score"][best] / np.sqrt(n_splits - 1)
    near = np.flatnonzero(mean >= mean[best] - error)
    if not len(near):  # all scores are NaN
        return best
    strongest = near[thetas[near] == thetas[near].max()]
    return int(strongest[np.argmax(mean[strongest])])
