# SPDX-License-Identifier: BSD-3-Clause
"""Two rounds of training: one network of each kind, then the others of the kinds that help.

On most tables one kind of networks has nearly all of the weight. The networks of the other
kind would take as long to train.
"""

from typing import NamedTuple

from skrln._interrupts import current_scope

from ._combine import by_kind, combine, held_out_rows
from ._engine import interrupted

#: Kinds with a smaller weight after the first round are dropped.
LEAST_SHARE = 0.3


class Rounds(NamedTuple):
    """Networks of both rounds."""

    kept: list  #: Trained of the kinds that help
    dropped: list  #: Trained of the others


def train_in_rounds(jobs, engine):
    """Train networks, and no further ones of kinds that predict held-out rows badly.

    Parameters
    ----------
    jobs : list of Job
        Of fresh networks. The networks of all kinds have the same numbers.
    engine : Engine

    Returns
    -------
    Rounds
    """
    first = [job for job in jobs if job.number == 0]
    if not _compete(jobs, first):
        return Rounds(engine.run(jobs), [])
    trained = engine.run(first)
    if len(trained) < len(first) or any(one.fitted.was_stopped for one in trained):
        return Rounds(trained, [])
    kept = _helpful(jobs[0].shared, trained)
    kinds = [one.job.kind for one in kept]
    rest = [job for job in jobs if job.number > 0 and job.kind in kinds]
    try:
        others = engine.run(rest)
    except KeyboardInterrupt:
        if current_scope().whole:
            raise
        return Rounds(interrupted(trained), [])
    return Rounds(kept + others, [one for one in trained if one.job.kind not in kinds])


def _compete(jobs, first):
    """Return True if kinds that were chosen automatically have further networks to train."""
    if jobs[0].shared.parameters.n_estimators != "auto":
        return False
    holds_out = jobs[0].held_out_key is not None or jobs[0].shared.held_out is not None
    return holds_out and 1 < len(first) < len(jobs)


def _helpful(shared, trained):
    """Networks of the kinds with enough weight in the blend of the first round."""
    combination = combine(shared, trained, held_out_rows(shared, trained))
    shares = {
        id(group[0]): combination.weights[positions].sum()
        for group, positions in combination.kinds()
    }
    groups = by_kind(trained)
    return [
        one for (one,) in groups if shares.get(id(one), 0.0) >= LEAST_SHARE
    ] or trained
