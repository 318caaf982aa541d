# SPDX-License-Identifier: BSD-3-Clause
"""The static arguments of the compiled programs: structure only, never a number to tune."""

from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise


class StopReason(IntEnum):
    """Why the epochs ended."""

    RUNNING = 0
    MAX_ITER = 1
    PATIENCE = 2
    DIVERGED = 3
    CALLBACK = 4
    INTERRUPTED = 5


@dataclass(frozen=True)
class NetworkSpec:
    """Shape of a network.

    Parameters
    ----------
    layer_sizes : tuple of int
        Units per layer, inputs and outputs included.
    activation : str
        Name in ``_network.ACTIVATIONS``.
    heads : tuple of int
        Outputs per task; they sum to the last of `layer_sizes`.
    batch_norm : {"before", "after"} or None
        Where batch normalization stands, seen from the activation.
    dropout : bool
        Whether units are dropped in training; how many is a traced number.
    n_embedded : int
        Leading inputs that the first layer also gets as a learned periodic embedding.
    n_frequencies, embedding_width : int
        Cosines per embedded input, and numbers that are made of them.
    n_plain : int
        Trailing inputs that go through a branch of their own, without a penalty, before the
        first layer takes what comes out of it.
    plain_sizes : tuple of int
        Units of each layer of that branch.
    """

    layer_sizes: tuple[int, ...]
    activation: str
    heads: tuple[int, ...]
    batch_norm: str | None = None
    dropout: bool = False
    n_embedded: int = 0
    n_frequencies: int = 16
    embedding_width: int = 3
    n_plain: int = 0
    plain_sizes: tuple[int, ...] = ()

    @property
    def n_layers(self) -> int:
        """Number of weight matrices."""
        return len(self.layer_sizes) - 1

    @property
    def weight_shapes(self) -> tuple[tuple[int, int], ...]:
        """Of each layer; the first one takes the inputs, their embedding and the branch."""
        n_inputs = self.n_read + (self.plain_sizes[-1] if self.n_plain else 0)
        return tuple(pairwise((n_inputs, *self.layer_sizes[1:])))

    @property
    def n_read(self) -> int:
        """Rows of the first weights that read inputs and their embedding; they lead."""
        n_inputs = self.layer_sizes[0] - self.n_plain
        return n_inputs + self.n_embedded * self.embedding_width

    @property
    def plain_shapes(self) -> tuple[tuple[int, int], ...]:
        """Of the weights of the branch."""
        return tuple(pairwise((self.n_plain, *self.plain_sizes)))


@dataclass(frozen=True)
class PenaltySpec:
    """Which weights are penalized, and how.

    Parameters
    ----------
    norm : {"l1", "l2"}
    rule : {"proximal", "subgradient"}
    n_layers : int
        How many layers are regularized, counted from the inputs.
    scope : {"network", "layer"}
        Over what the mean of lambda is held.
    n_groups : int
        Number of input groups with one lambda each; 0 for one lambda per weight.
    n_rows : int or None
        Leading rows of the first layer that are penalized; None for all.
    """

    norm: str = "l1"
    rule: str = "proximal"
    n_layers: int = 1
    scope: str = "network"
    n_groups: int = 0
    n_rows: int | None = None

    def penalized(self, layer: int) -> slice:
        """Rows of the weights of a layer that have a lambda."""
        return slice(self.n_rows if layer == 0 else None)


@dataclass(frozen=True)
class TrainSpec:
    """How a network is trained.

    Parameters
    ----------
    loss : str or tuple of str
        Name in ``_losses.LOSSES``, or one for each task.
    solver : str
        Name in ``_optimizers.SOLVERS``.
    schedule : str
        Name in ``_optimizers.SCHEDULES``.
    penalty : PenaltySpec or None
        None trains the plain network.
    batch_capacity : int
        Rows that a batch is padded to.
    has_validation : bool
        Whether the monitored loss is that of validation data.
    clips : tuple of str
        Which clippings of the gradient are on: "value", "norm".
    averages : bool
        Whether an average of the weights is what is judged and kept.
    freezes : bool
        Whether layers start to train at steps of their own.
    refines : bool
        Whether the validation log loss is that at its best temperature, for networks whose
        probabilities are calibrated afterwards.
    sparsest : bool
        Whether the epoch that is kept is the sparsest of those whose validation loss is within
        one standard error of the lowest.
    row_width : int
        Most stored values of a row of a sparse table; 0 for a dense one.
    records : bool
        Whether the weights after every epoch are handed out, and their outputs for the
        validation rows.
    by_task : bool
        Whether the history has the loss and the weight of each task.
    weighting : {"fixed", "uncertainty", "dynamic"}
        What tasks count against one another; all but "fixed" need `by_task`.
    """

    loss: str | tuple[str, ...]
    solver: str
    schedule: str
    penalty: PenaltySpec | None
    batch_capacity: int
    has_validation: bool = False
    clips: tuple[str, ...] = ()
    averages: bool = False
    freezes: bool = False
    refines: bool = False
    sparsest: bool = False
    row_width: int = 0
    records: bool = False
    by_task: bool = False
    weighting: str = "fixed"
