# SPDX-License-Identifier: BSD-3-Clause
"""Epochs in which the penalty grows are never the best."""

import numpy as np

from ._problems import N_VALIDATION, fit, make_table, watched
from ._reference import Settings


def test_a_growing_penalty_removes_less():
    """Over the same epochs, and the penalty of the first step is a fraction."""
    zeros = [
        fit(Settings(theta=-4.5, warmup_epochs=epochs), make_table()).history.zeros[
            :, 0
        ]
        for epochs in (0.0, 4.0)
    ]
    assert (zeros[1] <= zeros[0]).all()
    assert zeros[1][0] < zeros[0][0]


def test_the_best_epoch_comes_after_the_growth():
    """Also where the validation loss was lower before: here it only rises."""
    table = make_table(n_rows=N_VALIDATION, seed=1)
    opposite = table._replace(targets=-table.targets).data()
    result = fit(
        Settings(max_epochs=8, warmup_epochs=6.0),
        make_table(),
        restore_best=True,
        **(watched() | {"validation": opposite}),
    )
    assert np.argmin(result.history.validation_loss) == 0
    assert result.best_epoch == 5


def test_patience_begins_after_the_growth():
    result = fit(
        Settings(max_epochs=12, theta=-3.0, warmup_epochs=6.0),
        make_table(),
        patience=1,
        tol=1e9,
        restore_best=True,
        **watched(),
    )
    assert result.n_epochs == 7
