# SPDX-License-Identifier: BSD-3-Clause
"""Fits that happen whole or not at all."""

import contextlib

from skrln._interrupts import deferred, whole_fits

#: Attributes of scikit-learn's callback machinery, which a failed fit keeps.
_CALLBACK_STATE = ("_callback_fit_ctx", "_skl_callbacks", "_parent_callback_ctx")


@contextlib.contextmanager
def restored_on_error(estimator):
    """Restore the estimator as it was if the body raises."""
    state = vars(estimator)
    before = dict(state)
    try:
        yield
    except BaseException:
        with deferred():
            kept = {k: v for k, v in state.items() if k.startswith(_CALLBACK_STATE)}
            state.clear()
            state.update(before | kept)
        raise


@contextlib.contextmanager
def all_or_nothing(estimator):
    """Restore the estimator as it was if the body raises, also at Ctrl-C.

    An interrupt of a fit in the body ends the body: half a fit would pass for a whole one.
    """
    with restored_on_error(estimator), whole_fits():
        yield
