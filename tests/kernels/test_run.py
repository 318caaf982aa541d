# SPDX-License-Identifier: BSD-3-Clause
"""Fits of a network from NumPy to NumPy: callbacks and interruption."""

import numpy as np

from skrln._kernels import StopReason

from ._problems import assert_equal, fit, make_table
from ._reference import Settings


def test_callback_ends_the_fit():
    epochs = []

    def third(snapshot):
        epochs.append(snapshot.epoch)
        return snapshot.epoch == 2

    result = fit(Settings(max_epochs=10), make_table(), on_epoch=third)
    assert epochs == [0, 1, 2]
    assert result.reason == StopReason.CALLBACK
    assert result.n_epochs == len(result.history.loss) == 3
    assert_equal(result, fit(Settings(max_epochs=3), make_table()))


def test_interrupted_fit_returns_what_it_has():
    def interrupt(snapshot):
        if snapshot.epoch == 1:
            raise KeyboardInterrupt

    result = fit(Settings(max_epochs=10), make_table(), on_epoch=interrupt)
    assert result.reason == StopReason.INTERRUPTED
    assert_equal(result, fit(Settings(max_epochs=2), make_table()))


def test_no_epochs_return_the_start():
    result = fit(Settings(max_epochs=0), make_table())
    assert result.reason == StopReason.MAX_ITER
    assert result.n_epochs == len(result.history.loss) == 0
    np.testing.assert_array_equal(result.coefficients[0], Settings().theta)
