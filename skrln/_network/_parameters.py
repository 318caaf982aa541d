# SPDX-License-Identifier: BSD-3-Clause
"""The user's parameters as one value, with option objects opened.

`Parameters` may still hold "auto". `_settings.make_settings` resolves it for one kind of
networks; values of option objects, such as `Penalty`, pass through unchanged.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from skrln._kernels import ACTIVATIONS, SCHEDULES, SOLVERS, WEIGHTINGS
from skrln._table._inputs import EMBEDDINGS
from skrln._table._problem import InputOptions

#: Names that each parameter admits, besides values of other types.
NAMES = {
    "activation": ACTIVATIONS,
    "batch_norm": ("before", "after"),
    "numeric_embedding": ("auto", *EMBEDDINGS),
    "penalty": ("rln", "uniform"),
    "norm": ("l1", "l2"),
    "rule": ("proximal", "subgradient"),
    "layers": ("first", "all"),
    "scope": ("network", "layer"),
    "group": ("weight", "input"),
    "solver": SOLVERS,
    "learning_rate": SCHEDULES,
    "task_weight": tuple(name for name in WEIGHTINGS if name != "fixed"),
    "dtype": ("auto", "float32", "float64"),
    "early_stopping": ("auto", "sparsest"),
}


class Penalty(NamedTuple):
    """Options of a penalty; see `skrln.options.RLNPenalty`."""

    kind: str = "rln"  #: "rln" or "uniform"
    step: float = 0.03  #: 0 for a uniform penalty
    norm: str = "l1"
    layers: str = "first"
    scope: str = "network"
    group: str = "weight"
    warmup: float = 0.2
    rule: str = "proximal"
    n_path_edges: int = 0


class Optimizer(NamedTuple):
    """Options of a solver; see `skrln.options.Solver`."""

    name: str = "adam"
    options: dict[str, Any] = {}  # noqa: RUF012 - never written to
    clip_norm: float | None = None
    clip_value: float | None = None
    weight_decay: float = 0.0


class Schedule(NamedTuple):
    """Learning rate schedule; see `skrln.options.PowerDecay` and its like."""

    name: str = "cosine"  #: "table" for a callable
    options: dict[str, Any] = {}  # noqa: RUF012 - never written to
    rate: Callable[..., Any] | None = None  #: learning rate by step


class Freezing(NamedTuple):
    """Layers that keep their initial weights; see `skrln.options.Transfer`."""

    n_frozen_layers: int = 0
    reuse_head: bool = False
    unfreeze_every: int | None = None
    unfreeze_factor: float = 0.1


class Source(NamedTuple):
    """Fitted networks to start from."""

    members: tuple = ()  #: FittedNetworks
    weights: tuple = ()  #: their weights in their ensemble
    columns: Any = None  #: Columns of their table


@dataclass(frozen=True, eq=False)
class Parameters:
    """Parameters of one estimator, by the names of the estimators."""

    owner: str  #: class name of the estimator, for messages
    labels: Any  #: NumberLabels, ClassLabels or MixedLabels
    # The network.
    hidden_layer_sizes: Any = (256, 256)
    activation: str = "relu"
    batch_norm: str | None = None
    dropout: Any = 0.0
    # The penalty.
    penalty: Penalty | None = field(default_factory=Penalty)
    theta: Any = "auto"
    # The training.
    solver: Optimizer = field(default_factory=Optimizer)
    learning_rate: Schedule = field(default_factory=Schedule)
    learning_rate_init: float = 0.003
    batch_size: Any = "auto"
    max_iter: Any = "auto"
    task_weight: Any = None
    dtype: str = "auto"
    device: str | None = None
    # Early stopping.
    early_stopping: Any = "auto"
    validation_fraction: float = 0.125
    validation_cv: Any = None
    n_iter_no_change: Any = "auto"
    tol: float = 1e-4
    # The inputs.
    categorical_features: Any = "from_dtype"
    input_clip: float | None = 3.0
    numeric_embedding: str | None = None
    plain_features: Any = None
    plain_layer_sizes: Any = (64,)
    # The ensemble.
    n_estimators: Any = 1
    input_selection: Any = False
    # The start.
    source: Source = field(default_factory=Source)
    freezing: Freezing = field(default_factory=Freezing)
    warm_start: bool = False

    def __post_init__(self):
        """Raise a ValueError for a name that is not in the table of its parameter."""
        values = vars(self) | {
            "solver": self.solver.name,
            "learning_rate": None
            if self.learning_rate.rate
            else self.learning_rate.name,
        }
        if self.penalty is not None:
            values |= {**self.penalty._asdict(), "penalty": self.penalty.kind}
        for parameter, names in NAMES.items():
            value = values.get(parameter)
            if isinstance(value, str) and value not in names:
                raise ValueError(
                    f"Got {parameter}={value!r}, but expected one of {list(names)}."
                )

    @property
    def input_options(self):
        """The parameters that concern inputs."""
        return InputOptions(
            self.owner, self.categorical_features, self.plain_features, self.input_clip
        )

    @property
    def penalty_kind(self):
        """Name of the penalty, or None."""
        return None if self.penalty is None else self.penalty.kind
