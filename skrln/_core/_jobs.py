# SPDX-License-Identifier: BSD-3-Clause
"""The networks of one fit: what each is trained on, and what they have in common."""

from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from sklearn.utils import check_random_state

from skrln._kernels import StopReason

from ._forward import embedded, row_blocks
from ._outcome import listener
from ._predicting import dense_inputs, means_of
from ._preparation import Problem, encode, fit_encoder, read_validation
from ._preprocessing import InputEncoder, find_categorical, plain_columns

#: dropout="auto" of networks for classes that get numbers without an embedding.
AUTO_DROPOUT = 0.15


class Cell(NamedTuple):
    """What distinguishes one kind of networks from another."""

    theta: float
    numeric_embedding: str | None


class Job(NamedTuple):
    """One network to train."""

    cell: Cell
    number: int  #: of the member in its cell
    max_iter: int  #: epochs
    patience: int  #: epochs without a better one
    seed: int
    train: np.ndarray  #: rows
    validation: np.ndarray | None  #: rows; None where all members share what was passed
    going_on: Any = None  #: member of the last fit, with a warm start


class Shared:
    """What the members of an ensemble have in common while they are trained.

    Parameters
    ----------
    estimator : BaseRLN
    table : Table
        All rows that were passed.
    target : RegressionTarget or ClassTarget
    sources : list of BaseRLN
        Fitted networks to go on from.
    rows : ndarray of int
        Rows that can teach anything.
    supports : dict, default=None
        Columns that networks may use: by the number of the network, or None for all of
        them. By default all columns.
    """

    def __init__(self, estimator, table, target, sources, rows, supports=None):
        self.estimator, self.table, self.target = estimator, table, target
        self.sources, self.rows, self.supports = sources, rows, supports
        self.held_out = self.columns = None
        if supports is not None:
            plain = plain_columns(estimator, table.X)
            self.columns = np.unique(np.concatenate([plain, *supports.values()]))
        self.encoded, self._centers = {}, {}

    def narrowed(self, supports):
        """The same with fewer columns, and nothing to go on from."""
        twin = Shared(self.estimator, self.table, self.target, [], self.rows, supports)
        twin.held_out = self.held_out
        return twin

    def hold_out(self, validation):
        """Take validation data that were passed."""
        reader = make_member(self.estimator)
        vars(reader).update(inputs_of(self.estimator))
        categorical = find_categorical(self.table.X, reader.categorical_features)
        reader._encoder = InputEncoder(categorical)
        self.held_out = read_validation(reader, *validation)

    def encode_inputs(self, jobs):
        """Encode the inputs for these networks."""
        for embedding in dict.fromkeys(job.cell.numeric_embedding for job in jobs):
            self._encode_inputs(embedding)

    def _encode_inputs(self, embedding):
        """Encode the inputs, once for all members with this embedding."""
        member = make_member(self.estimator, numeric_embedding=embedding)
        vars(member).update(inputs_of(self.estimator))
        same = [one for one in self.sources if one.numeric_embedding == embedding]
        source, part = (same or [None])[0], self.table.rows(self.rows)
        encoder = fit_encoder(member, source, self.target, part, self.columns)
        told = None if self.held_out is None else encoder.transform(self.held_out.X)
        self.encoded[embedding] = (encoder, encoder.transform(self.table.X), told)

    def _dropout(self, embedding):
        """Pieces of numbers already keep a network from learning rows by heart."""
        if self.estimator.dropout != "auto":
            return self.estimator.dropout
        classes = self.target.class_tasks.all()
        return AUTO_DROPOUT if classes and embedding is None else 0.0

    def _source_of(self, job):
        """Network that a member starts from; an ensemble has one for each."""
        if job.going_on is not None:
            return {"pretrained": job.going_on, "reuse_head": True}
        embedding = job.cell.numeric_embedding
        same = [one for one in self.sources if one.numeric_embedding == embedding]
        return {"pretrained": same[job.number % len(same)] if same else None}

    def train(self, job, on_epoch=None, cancelled=None):
        """Job, trained member, its FitResult, and its predictions for rows it has not seen."""
        embedding = job.cell.numeric_embedding
        member = make_member(
            self.estimator,
            theta=job.cell.theta,
            numeric_embedding=embedding,
            dropout=self._dropout(embedding),
            max_iter=job.max_iter,
            n_iter_no_change=job.patience,
            random_state=job.seed,
            **self._source_of(job),
        )
        vars(member).update(inputs_of(self.estimator))
        problem = self._problem(job)
        rng = check_random_state(job.seed)
        listen = listener(on_epoch, lambda result: member._describe(problem, result))
        several = self.estimator.n_estimators != 1
        result, edges = member._train(
            problem, rng, member.max_iter, listen, cancelled=cancelled, member=several
        )
        if cancelled is not None and cancelled():  # at its end, but others were not
            result = result._replace(reason=int(StopReason.INTERRUPTED))
        vars(member).update(member._describe(problem, result, edges))
        member.set_params(pretrained=None, n_frozen_layers=0, reuse_head=False)
        return job, member, result, self.unseen_means(job, member), problem.validation

    def _problem(self, job):
        estimator, target = self.estimator, self.target
        encoder, inputs, _ = self.encoded[job.cell.numeric_embedding]
        part, own = self.table.rows(job.train), inputs[job.train]
        data = encode(
            estimator, encoder, target, part, "y", self._own(own, encoder, job)
        )
        val, unseen = None, self.unseen_inputs(job)
        if unseen is not None:
            val = self.held_out
            if job.validation is not None:
                val = self.table.rows(job.validation)
            val = encode(estimator, encoder, target, val, "y_val", unseen)
        return Problem(encoder, target, data, val, len(part.y))

    def _own(self, inputs, encoder, job):
        """Inputs with zeros where the network may not look: such columns stay unused."""
        if self.supports is None:
            return inputs
        number = None if job.validation is None else job.number
        allowed = np.isin(encoder.groups, [*self.supports[number], *encoder.plain])
        if sparse.issparse(inputs):
            return sparse.csr_matrix(
                inputs @ sparse.diags(allowed.astype(inputs.dtype))
            )
        return np.where(allowed, inputs, 0)

    def unseen_inputs(self, job):
        """Encoded inputs of the rows that a network was not trained on, or None."""
        _, inputs, told = self.encoded[job.cell.numeric_embedding]
        return told if job.validation is None else inputs[job.validation]

    def unseen_means(self, job, member):
        """Predictions for those rows, or None."""
        inputs = self.unseen_inputs(job)
        return None if inputs is None else means_of(member, inputs)

    def center(self, member):
        """Mean of each of the values that the first weights of a network multiply."""
        embedding = member.numeric_embedding
        _, inputs, _ = self.encoded[embedding]
        share = self.table.weights / self.table.weights.sum()
        network = member._network
        if network.embedding is not None or network.plain:  # learned by each network
            n_waves = network.embedding["frequency"].size if network.embedding else 0
            width = max(n_waves, len(member._groups))
            return sum(
                share[rows] @ embedded(dense_inputs(network, inputs[rows]), network)
                for rows in row_blocks(len(share), width)
            )
        if embedding not in self._centers:
            self._centers[embedding] = np.asarray(share @ inputs).ravel()
        return self._centers[embedding].astype(member.coefs_[0].dtype)


def make_member(estimator, **changes):
    """Estimator of a single network with the parameters of `estimator`."""
    params = estimator.get_params(deep=False) | {
        "n_estimators": 1,
        "bootstrap": False,
        "input_selection": False,
        "warm_start": False,
        "verbose": False,
    }
    return type(estimator)(**(params | changes))


def inputs_of(estimator):
    """What an estimator knows of the columns of its inputs."""
    names = ("n_features_in_", "feature_names_in_")
    return {name: vars(estimator)[name] for name in names if name in vars(estimator)}
