# SPDX-License-Identifier: BSD-3-Clause
"""Domains in clusters."""

import numpy as np
import pytest

from skrln.datasets import make_domains


def correlations(X, y, domain):
    """Of every input with the target, per domain."""
    return np.array(
        [
            [np.corrcoef(column, y[domain == d])[0, 1] for column in X[domain == d].T]
            for d in np.unique(domain)
        ]
    )


def test_domains_of_a_cluster_are_alike(global_random_seed):
    X, y, domain, clusters = make_domains(
        3000, 6, n_hostile=1, random_state=global_random_seed, return_clusters=True
    )
    assert clusters.tolist() == [0, 1, 0, 1, 0, 2]
    found = correlations(X, y, domain)
    for i in range(5):
        for j in range(i):
            same = np.linalg.norm(found[i] - found[j]) < 0.25
            assert same == (clusters[i] == clusters[j])
    assert np.abs(found[5]).max() < 0.1  # nothing to learn in the hostile one


def test_sizes_noise_and_classes():
    X, y, domain = make_domains([5, 7, 9], 3, noise=0, random_state=0)
    assert np.bincount(domain).tolist() == [5, 7, 9]
    assert X.shape == (21, 10)
    assert np.abs(y).max() < 1
    labels = make_domains(task="classification", random_state=0)[1]
    assert set(labels) == {0, 1}
    near = make_domains(2000, 2, 1, spread=0, random_state=0)
    far = make_domains(2000, 2, 1, spread=1.0, random_state=0)
    gaps = [np.linalg.norm(np.diff(correlations(*one), axis=0)) for one in (near, far)]
    assert gaps[0] < 0.2 < gaps[1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_domains": 0}, "n_domains=0, but expected a whole number >= 1"),
        ({"n_clusters": 1.5}, "n_clusters=1.5"),
        ({"task": "rank"}, "task='rank'"),
        ({"n_domains": 3, "n_hostile": 2}, "every cluster needs a domain"),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        make_domains(**options)
