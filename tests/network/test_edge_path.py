# SPDX-License-Identifier: BSD-3-Clause
"""First-layer edges that a fit records and keeps."""

import numpy as np
import pytest

from skrln._kernels import NetworkSpec
from skrln._network import _edge_path
from skrln._network._edge_path import candidate_edges, choose_edges

SPEC = NetworkSpec((5, 4, 1), "relu", (1,))


def make_path(final):
    """Path of two epochs; the weights of the second are `final`."""
    path = np.zeros((2, len(final), 2))
    path[1, :, 0] = final
    path[:, :, 1] = -8.0
    return path


def test_no_edges():
    assert candidate_edges(SPEC, 0, 0).size == 0


def test_all_edges_of_a_small_layer_are_candidates():
    np.testing.assert_array_equal(candidate_edges(SPEC, 3, 0), np.arange(20))


def test_candidates_of_a_large_layer_are_drawn(monkeypatch):
    monkeypatch.setattr(_edge_path, "N_CANDIDATES", 6)
    edges = candidate_edges(SPEC, 3, 0)
    assert len(set(edges)) == 6
    assert np.all(np.diff(edges) > 0)
    np.testing.assert_array_equal(candidate_edges(SPEC, 3, 0), edges)
    assert candidate_edges(SPEC, 3, 1).tolist() != edges.tolist()


def test_edges_of_the_plain_branch_are_no_candidates():
    spec = NetworkSpec((5, 4, 1), "relu", (1,), n_plain=2, plain_sizes=(7,))
    np.testing.assert_array_equal(candidate_edges(spec, 3, 0), np.arange(12))


def test_half_are_the_strongest_and_the_others_a_sample():
    path = make_path([0.1, -5.0, 0.2, 3.0, 0.3, 0.4])
    kept = choose_edges(path, np.arange(6), (3, 2), 4, kept_epoch=1)
    # The strongest are 1 and 3; of 0, 2, 4 and 5 the first and the last are sampled.
    np.testing.assert_array_equal(kept.edges, [[0, 0], [0, 1], [1, 1], [2, 1]])
    np.testing.assert_array_equal(kept.values, path[:, [0, 1, 3, 5]])


@pytest.mark.parametrize(("n_path_edges", "n_kept"), [(1, 1), (3, 3), (6, 6), (99, 6)])
def test_number_of_edges(n_path_edges, n_kept):
    kept = choose_edges(make_path(range(6)), np.arange(6), (3, 2), n_path_edges, 1)
    assert kept.values.shape == (2, n_kept, 2)
    assert kept.edges.shape == (n_kept, 2)


def test_strongest_edge_of_the_kept_epoch():
    path = make_path([1.0, 2.0])
    path[0, :, 0] = [9.0, 2.0]
    chosen = [choose_edges(path, np.arange(2), (2, 1), 1, k).edges for k in (0, 1)]
    np.testing.assert_array_equal(chosen[0], [[0, 0]])
    np.testing.assert_array_equal(chosen[1], [[1, 0]])


def test_fit_without_epochs():
    kept = choose_edges(np.zeros((0, 0, 2)), np.arange(6), (3, 2), 4, -1)
    assert kept.values.shape == (0, 0, 2)
    assert kept.edges.shape == (0, 2)
