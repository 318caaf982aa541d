# SPDX-License-Identifier: BSD-3-Clause
"""Shapes and rows that follow from the specifications."""

from skrln._kernels import NetworkSpec, PenaltySpec, RunSpec, TrainSpec


def test_the_first_layer_reads_inputs_and_then_the_branch():
    network = NetworkSpec((7, 4, 2), "relu", (2,), n_plain=3, plain_sizes=(6, 5))
    assert network.n_layers == 2
    assert network.n_read == 4
    assert network.weight_shapes == ((4 + 5, 4), (4, 2))
    assert network.plain_shapes == ((3, 6), (6, 5))


def test_without_a_branch_the_first_layer_reads_all_inputs():
    network = NetworkSpec((7, 4, 2), "relu", (1, 1))
    assert network.weight_shapes == ((7, 4), (4, 2))


def test_some_rows_of_the_first_layer_are_penalized():
    spec = PenaltySpec(n_layers=2, n_rows=4)
    assert spec.penalized(0) == slice(4)
    assert spec.penalized(1) == slice(None)


def test_specifications_are_static_arguments():
    """Equal specifications are one key of the compiled programs."""
    for make in (
        lambda: NetworkSpec((5, 1), "relu", (1,)),
        lambda: TrainSpec("huber", "adam", "cosine", PenaltySpec()),
        lambda: RunSpec(3, 8, 0),
    ):
        assert make() == make()
        assert hash(make()) == hash(make())
