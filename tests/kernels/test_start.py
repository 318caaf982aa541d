# SPDX-License-Identifier: BSD-3-Clause
"""Starts of a fit: resumed states, given coefficients, tabulated rates."""

from dataclasses import replace

import numpy as np
import pytest

from skrln._kernels import Hyper, NetworkSpec, Schedule, Start
from skrln._kernels._start import complete_start, scale_table

from ._problems import fit, make_table
from ._reference import Settings

FULL_BATCH = Settings(batch_size=24)


def test_going_on_from_a_state_is_one_long_fit():
    """With the slope and the solver's memory; in full batches, which draw no orders."""
    table = make_table()
    long = fit(replace(FULL_BATCH, max_epochs=6), table)
    half = fit(replace(FULL_BATCH, max_epochs=3), table)
    rest = fit(replace(FULL_BATCH, max_epochs=3), table, start=Start(state=half.state))
    for leaf, expected in zip(rest.state, long.state, strict=True):
        np.testing.assert_array_equal(leaf, expected)
    losses = np.concatenate([half.history.loss, rest.history.loss])
    np.testing.assert_array_equal(losses, long.history.loss)


@pytest.mark.parametrize("columns", [None, (0, 0, 1, 2, 2)])
def test_starting_from_coefficients_keeps_them(columns):
    settings = Settings(columns=columns, solver="rmsprop", reg_step=0.0)
    if columns is None:
        settings = replace(settings, solver="adam")
    learned = fit(replace(settings, reg_step=1.0), make_table())
    assert np.ptp(learned.coefficients[0]) > 0.5
    start = Start(learned.params, learned.coefficients)
    result = fit(settings, make_table(), start=start)
    # The mean is projected in every step: rounding of 1e-15 in lambda of -6.
    np.testing.assert_allclose(
        result.coefficients[0], learned.coefficients[0], rtol=1e-13
    )


def test_open_layers_are_drawn_and_dead_inputs_have_no_weights():
    network = NetworkSpec((5, 4, 1), "tanh", (1,), n_plain=2, plain_sizes=(3,))
    dead = np.array([False, True, False, False, True])
    rng, dtype = np.random.default_rng(0), np.dtype("float32")
    first, last = complete_start(Start(), network, rng, dtype, dead).params
    assert (first.weight[1] == 0).all()
    assert (first.plain[0].weight[1] == 0).all()
    assert (first.weight[[0, 2, 3]] != 0).all()
    assert (first.plain[0].weight[0] != 0).all()
    again = complete_start(Start((first, None)), network, rng, dtype, None)
    assert again.params[0] is first
    assert (again.params[1].weight != last.weight).all()


def test_rates_of_a_table_are_relative_to_the_highest():
    hyper = Hyper(0.1, (), 0.0, 0.0, 0.0, 1, schedule=Schedule(table=[0.2, 0.8, 0.4]))
    scaled = scale_table(hyper)
    assert scaled.learning_rate == 0.8
    assert len(scaled.schedule.table) == 64
    np.testing.assert_array_equal(scaled.schedule.table[:4], [0.25, 1, 0.5, 0.5])


@pytest.mark.parametrize("table", [[0.1, -0.1], [np.nan], [0.0, 0.0]])
def test_rates_of_a_table_are_finite_and_not_negative(table):
    hyper = Hyper(0.1, (), 0.0, 0.0, 0.0, 1, schedule=Schedule(table=table))
    with pytest.raises(ValueError, match="finite, non-negative rates, not all zero"):
        scale_table(hyper)
