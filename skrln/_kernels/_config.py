# SPDX-License-Identifier: BSD-3-Clause
"""Structure of a fit, static for the compiled programs, and its numbers on the host."""

from dataclasses import dataclass, field
from enum import IntEnum
from itertools import pairwise
from typing import NamedTuple


class StopReason(IntEnum):
    """Reason why the epochs ended."""

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
        Name in ``ACTIVATIONS``.
    heads : tuple of int
        Outputs per task; they sum to the last of `layer_sizes`.
    batch_norm : {"before", "after"} or None
        Place of batch normalization relative to the activation.
    dropout : bool
        Training drops units; their share is a traced number.
    n_plain : int
        Trailing inputs of a branch without penalty; the first layer reads the outputs of the
        branch instead of these inputs.
    plain_sizes : tuple of int
        Units of each layer of that branch.
    """

    layer_sizes: tuple[int, ...]
    activation: str
    heads: tuple[int, ...]
    batch_norm: str | None = None
    dropout: bool = False
    n_plain: int = 0
    plain_sizes: tuple[int, ...] = ()

    @property
    def n_layers(self) -> int:
        """Number of weight matrices."""
        return len(self.layer_sizes) - 1

    @property
    def weight_shapes(self) -> tuple[tuple[int, int], ...]:
        """Shapes of the weights; the first layer reads inputs, then the branch."""
        n_inputs = self.n_read + (self.plain_sizes[-1] if self.n_plain else 0)
        return tuple(pairwise((n_inputs, *self.layer_sizes[1:])))

    @property
    def n_read(self) -> int:
        """Leading rows of the first weights, which read inputs."""
        return self.layer_sizes[0] - self.n_plain

    @property
    def plain_shapes(self) -> tuple[tuple[int, int], ...]:
        """Shapes of the weights of the branch."""
        return tuple(pairwise((self.n_plain, *self.plain_sizes)))


@dataclass(frozen=True)
class PenaltySpec:
    """Penalized weights and the form of their penalty.

    Parameters
    ----------
    norm : {"l1", "l2"}
    rule : {"proximal", "subgradient"}
    n_layers : int
        Regularized layers, counted from the inputs.
    scope : {"network", "layer"}
        Weights whose mean of lambda is kept.
    n_groups : int
        Input groups with one lambda each; 0 for one lambda per weight.
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
    """Structure of the training.

    Parameters
    ----------
    loss : str or tuple of str
        Name in ``LOSSES``, or one name per task.
    solver : str
        Name in ``SOLVERS``.
    schedule : str
        Name in ``SCHEDULES``, or "table".
    penalty : PenaltySpec or None
        None trains the plain network.
    batch_capacity : int
        Rows that a batch is padded to, a multiple of `n_devices`.
    clips : tuple of {"value", "norm"}
        Clippings of the gradient.
    freezes : bool
        Layers start to train at steps of their own.
    refines : bool
        The validation log loss is that at its best temperature, for networks whose
        probabilities are calibrated afterwards.
    sparsest : bool
        Keep the sparsest of the epochs whose validation loss is within one standard error of
        the lowest.
    row_width : int
        Most stored values of a row of a sparse table; 0 for a dense table.
    records : bool
        Hand out the weights after every epoch and their outputs for the validation rows.
    by_task : bool
        Report the loss and the weight of each task.
    weighting : {"fixed", "uncertainty"}
        Weights of the tasks; "uncertainty" needs `by_task`.
    solver_flags : tuple of (str, bool or str)
        Static options of the solver, see ``solver_options``.
    n_devices : int
        Devices that share each batch.

    Notes
    -----
    The text of a specification names the fit in a checkpoint, which goes on with any number of
    devices.
    """

    loss: str | tuple[str, ...]
    solver: str
    schedule: str
    penalty: PenaltySpec | None
    batch_capacity: int = field(default=0, repr=False)
    clips: tuple[str, ...] = ()
    freezes: bool = False
    refines: bool = False
    sparsest: bool = False
    row_width: int = 0
    records: bool = False
    by_task: bool = False
    weighting: str = "fixed"
    solver_flags: tuple[tuple[str, bool | str], ...] = ()
    n_devices: int = field(default=1, repr=False)


class RunSpec(NamedTuple):
    """Length, seed and place of a fit; plain numbers that stay on the host."""

    max_epochs: int
    batch_size: int
    seed: int  #: of the initial weights, the order of the rows, dropout and noise
    restore_best: bool = False  #: return the best epoch instead of the last
    judge_start: bool = False  #: the start competes with the epochs
    precision: str = "float32"  #: "float32" or "float64"
    #: "cpu", "gpu", "gpu:1"; None for the default of JAX, "all" for all devices beside it
    device: str | None = None
