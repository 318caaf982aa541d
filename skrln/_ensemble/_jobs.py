# SPDX-License-Identifier: BSD-3-Clause
"""Jobs: one network to train each, with everything that its training needs."""

from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import check_random_state

from skrln._network._fitted import FittedNetwork
from skrln._network._settings import Kind, Mode, Settings, make_settings
from skrln._network._train import SILENT, train_network
from skrln._network._transfer import FRESH, Origin, Start
from skrln._table._splits import Split

LARGEST_SEED = np.iinfo(np.int32).max


class Job(NamedTuple):
    """One network to train."""

    settings: Settings
    kind: Kind
    number: int  #: of the network in its kind
    split: Split
    start: Start
    seed: int
    shared: Any  #: SharedTable of all jobs of a fit

    @property
    def held_out_key(self):
        """Key of the held-out rows: equal for networks that hold the same rows out."""
        return None if self.split.validation is None else self.number


class Trained(NamedTuple):
    """A trained network and its predictions for held-out rows."""

    job: Job
    fitted: FittedNetwork
    means: np.ndarray | None  #: None without held-out rows

    @property
    def held_out_rows(self):
        """Numbers of the held-out rows, in the table or in the user's validation rows."""
        rows = self.job.split.validation
        return np.arange(len(self.means)) if rows is None else rows


def make_jobs(shared, kinds, splits, seeds, starts):
    """Make the jobs of all kinds.

    The networks of all kinds have the same splits and seeds, so that nothing else differs.

    Parameters
    ----------
    shared : SharedTable
    kinds : list of Kind
    splits : list of Split
    seeds : list of int
        Random seed of each network of a kind.
    starts : callable
        Takes a kind and a number, and returns the Start of that network.
    """
    jobs = []
    for kind in kinds:
        settings = settings_of(shared, kind, splits)
        jobs += [
            Job(settings, kind, k, split, starts(kind, k), seed, shared)
            for k, (split, seed) in enumerate(zip(splits, seeds, strict=True))
        ]
    return jobs


def make_jobs_going_on(shared, kinds, splits, before, rng):
    """Make the jobs that continue the members of the last fit.

    Parameters
    ----------
    shared : SharedTable
    kinds : list of Kind
        Kind of each member.
    splits : list of Split
    before : list of FittedNetwork
    rng : RandomState
    """
    jobs, numbers = [], {}
    for kind, member in zip(kinds, before, strict=True):
        key = (kind.theta, kind.numeric_embedding)
        number = numbers[key] = numbers.get(key, -1) + 1
        seed, split = draw_seed(rng), splits[number % len(splits)]
        settings = settings_of(shared, kind, splits)
        start = Start(Origin.LAST_FIT, member)
        jobs.append(
            Job(settings, kind, number, split, start, kernel_seed(seed), shared)
        )
    return jobs


def settings_of(shared, kind, splits):
    """Settings of the networks of a kind."""
    parameters = shared.parameters
    is_member = parameters.n_estimators != 1
    return make_settings(
        parameters,
        kind,
        Mode.MEMBER if is_member else Mode.SINGLE,
        target=shared.target,
        n_rows=max(len(split.train) for split in splits),
        n_inputs=shared.encodings[kind.numeric_embedding].encoder.n_inputs,
    )


def pretrained_starts(parameters):
    """Return the function that gives each network of an ensemble its pretrained start."""

    def start(kind, number):
        embedding = kind.numeric_embedding
        same = [
            source
            for source in parameters.source.members
            if source.settings.numeric_embedding == embedding
        ]
        return Start(Origin.PRETRAINED, same[number % len(same)]) if same else FRESH

    return start


def train_job(job, listener=SILENT, device=None):
    """Train the network of a job, and predict its held-out rows.

    `device` replaces that of the settings, unless it is None.
    """
    problem = job.shared.problem(job.kind, job.number, job.split)
    fitted = train_network(job.settings, problem, job.start, job.seed, listener, device)
    return Trained(job, fitted, held_out_means(job, fitted))


def held_out_means(job, fitted):
    """Predictions of a network for the held-out rows of its job; None without them."""
    rows = job.shared.held_out_rows(fitted.encoder, job.split)
    return None if rows is None else fitted.means_of_rows(rows)


def draw_seed(rng):
    """Draw a random seed."""
    return int(rng.randint(LARGEST_SEED))


def kernel_seed(seed):
    """Seed of the kernel of a member whose `random_state` is `seed`."""
    return draw_seed(check_random_state(seed))
