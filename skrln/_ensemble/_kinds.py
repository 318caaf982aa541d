# SPDX-License-Identifier: BSD-3-Clause
"""Kinds of networks of an ensemble: the values that "auto" stands for."""

from typing import NamedTuple

import numpy as np
from scipy import sparse

from skrln._network._settings import (
    Kind,
    resolve_epochs,
    resolve_patience,
    single_kind,
)

#: theta="auto" up to AUTO_THETA_ROWS rows. Above, theta falls by half the logarithm of the
#: rows, as the strength of a lasso does that keeps noise out. A uniform penalty spares no
#: weight and has to be weaker.
AUTO_THETA, AUTO_THETA_ROWS = {"rln": -7.0, "uniform": -8.0, None: -7.0}, 3_000
#: A single network cannot weigh several thetas: it takes the best of AUTO_THETA plus these.
AUTO_THETA_STEPS = (-1.0, 0.0, 1.0)
#: n_estimators="auto": members of each kind. Each member holds out other rows, and these rows
#: choose the inputs: there are many members up to so many rows of tables with few columns and
#: with more than FEW_COLUMNS columns.
MEMBERS, MANY_MEMBERS, MANY_MEMBERS_ROWS, FEW_COLUMNS = 4, 8, (500, 1_000), 50
#: numeric_embedding="auto" embeds no numbers in tables with more columns.
EMBEDDED_COLUMNS = 150
#: Difference of the second theta of wide tables to the first.
STRONGER = 1.25
#: theta="auto" is weaker by this for networks with pieces of numbers: a piece takes part in
#: fewer rows than a number does.
WEAKER_PIECES = 1.0
#: max_iter="auto" of networks on plain numbers beside networks with pieces: they take more
#: steps to model a jump.
AUTO_EPOCHS_NUMBERS = 200
#: n_iter_no_change="auto" of ensembles that predict, and of those on wide tables, whose best
#: epochs come early.
AUTO_PATIENCE_MEMBERS, AUTO_PATIENCE_WIDE = 30, 20
#: max_iter="auto" and n_iter_no_change="auto" of ensembles that predict: up to so many rows.
#: With more rows there are fewer epochs: the steps grow with the cube root of the rows.
MANY_EPOCHS_ROWS = 6_000
#: dropout="auto" of networks on plain numbers that predict classes.
AUTO_DROPOUT = 0.15


class TableFacts(NamedTuple):
    """Properties of a table that "auto" depends on."""

    n_rows: int
    n_columns: int  #: without the columns of the plain branch
    n_numeric: int
    is_sparse: bool


def read_facts(X, columns, n_rows, subset=None):
    """Read the facts of a table.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_samples, n_features)
    columns : Columns
    n_rows : int
        Rows that count.
    subset : ndarray of int, default=None
        Columns that networks get; by default all.
    """
    positions = np.arange(X.shape[1]) if subset is None else subset
    positions = np.setdiff1d(positions, columns.plain)
    n_numeric = len(np.setdiff1d(positions, columns.categorical))
    return TableFacts(n_rows, len(positions), n_numeric, sparse.issparse(X))


def is_single(parameters):
    """Return True for a fit of one network without a parameter to choose."""
    return (
        parameters.n_estimators == 1
        and parameters.theta != "auto"
        and parameters.numeric_embedding != "auto"
        and not must_select(parameters)
    )


def must_select(parameters):
    """Return True for ``input_selection=True``, which "auto" is not."""
    return bool(parameters.input_selection) and not isinstance(
        parameters.input_selection, str
    )


def make_kinds(parameters, facts, target, sources=()):
    """Resolve "auto" into kinds of networks.

    A dense table with few numbers gets a kind with pieces of them beside the plain kind. A
    wide table, in which few columns may matter, gets a kind with a strong penalty.

    Parameters
    ----------
    parameters : Parameters
    facts : TableFacts
    target : RegressionTarget, ClassTarget or MixedTarget
    sources : sequence of FittedNetwork
        Pretrained networks, whose embeddings are kept.
    """
    if is_single(parameters):
        return [single_kind(parameters)]
    pretrained = tuple(
        dict.fromkeys(source.settings.numeric_embedding for source in sources)
    )
    has_stronger = False
    if parameters.numeric_embedding != "auto":
        embeddings = (parameters.numeric_embedding,)
    else:
        embeddings = pretrained or _auto_embeddings(facts)
        is_wide = facts.n_columns > EMBEDDED_COLUMNS and not pretrained
        is_chosen = parameters.penalty is not None and parameters.theta == "auto"
        has_stronger = is_wide and is_chosen
    pairs = []
    for embedding in embeddings:
        thetas = auto_thetas(parameters, facts.n_rows, embedding)
        if has_stronger:
            thetas = (*thetas, thetas[-1] + STRONGER)
        pairs += [(theta, embedding) for theta in thetas]
    return complete_kinds(parameters, facts, target, pairs)


def complete_kinds(parameters, facts, target, pairs):
    """Make a kind of each pair of theta and embedding."""
    has_pieces = any(embedding == "piecewise" for _, embedding in pairs)
    patience = _auto_patience(parameters, facts)
    return [
        Kind(
            theta,
            embedding,
            _auto_epochs(parameters, facts, embedding, has_pieces),
            patience,
            _auto_dropout(parameters, embedding, target),
        )
        for theta, embedding in pairs
    ]


def _auto_embeddings(facts):
    if facts.is_sparse or not facts.n_numeric:
        return (None,)
    is_wide = facts.n_numeric > EMBEDDED_COLUMNS
    return ("presence",) if is_wide else (None, "piecewise")


def auto_thetas(parameters, n_rows, embedding=None):
    """Thetas to train networks with this embedding of numbers at."""
    if parameters.theta != "auto":
        return (parameters.theta,)
    middle = AUTO_THETA[parameters.penalty_kind]
    if embedding == "piecewise":
        middle -= WEAKER_PIECES
    middle -= max(0.0, np.log(n_rows / AUTO_THETA_ROWS) / 2)
    is_alone = parameters.n_estimators == 1 and parameters.penalty is not None
    steps = AUTO_THETA_STEPS if is_alone else (0.0,)
    return tuple(float(middle + step) for step in steps)


def _auto_epochs(parameters, facts, embedding, has_pieces):
    """Epochs of the networks of a kind, beside the other kinds of an ensemble."""
    n_epochs = resolve_epochs(parameters.max_iter)
    is_member = parameters.n_estimators != 1
    if parameters.max_iter == "auto" and is_member and has_pieces and embedding is None:
        n_epochs = AUTO_EPOCHS_NUMBERS
    falls = isinstance(parameters.max_iter, str) and _only_predicts(parameters)
    return _fewer(n_epochs, facts) if falls else n_epochs


def _auto_patience(parameters, facts):
    if parameters.n_iter_no_change != "auto" or not _only_predicts(parameters):
        return resolve_patience(parameters)
    is_wide = facts.n_columns > EMBEDDED_COLUMNS
    return _fewer(AUTO_PATIENCE_WIDE if is_wide else AUTO_PATIENCE_MEMBERS, facts)


def _only_predicts(parameters):
    """Return False for networks that are read: they lose edges in late epochs."""
    return parameters.n_estimators != 1 and parameters.early_stopping != "sparsest"


def _fewer(n_epochs, facts):
    """Return the epochs for the rows of a table, from those for a table with few rows."""
    share = (MANY_EPOCHS_ROWS / facts.n_rows) ** (2 / 3)
    return max(1, round(n_epochs * min(1.0, share)))


def _auto_dropout(parameters, embedding, target):
    """Dropout of a kind.

    Pieces of numbers already keep a network from overfitting. Wide tables, whose embedding is
    "presence", mostly lose by dropout: see docs/decisions/presence.rst.
    """
    if not isinstance(parameters.dropout, str):
        return parameters.dropout
    return AUTO_DROPOUT if target.class_tasks.all() and embedding is None else 0.0


def count_members(parameters, n_rows, n_columns):
    """Networks of each kind."""
    if parameters.n_estimators != "auto":
        return parameters.n_estimators
    most_rows = MANY_MEMBERS_ROWS[n_columns > FEW_COLUMNS]
    return MEMBERS if n_rows > most_rows else MANY_MEMBERS
