# SPDX-License-Identifier: BSD-3-Clause
"""Option objects: parameters that belong together and that few fits change.

An estimator takes a string for the usual choice, such as ``penalty="rln"``, and an option
object for anything else, such as ``penalty=RLNPenalty(step=0.1)``. Option objects are
estimators to scikit-learn: ``clone`` copies them, and ``GridSearchCV`` searches over
``penalty__step``.
"""

from collections.abc import Mapping
from os import PathLike
from typing import Any, Literal, Self

from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.frozen import FrozenEstimator

__all__ = [
    "Checkpoint",
    "Coupling",
    "ExponentialDecay",
    "PlainBranch",
    "PowerDecay",
    "RLNPenalty",
    "ReduceOnPlateau",
    "Solver",
    "Transfer",
    "UniformPenalty",
]


class _Option(BaseEstimator):
    """Base of the option objects."""

    def __new__(cls, *args: Any, **options: Any) -> Self:
        """Refuse options that this kind of object does not have."""
        del args
        admitted = cls._get_param_names()
        unknown = sorted(set(options) - set(admitted))
        if unknown:
            raise TypeError(
                f"Got {cls.__name__} with the option(s) {unknown}, but it takes {admitted}."
            )
        return super().__new__(cls)


class RLNPenalty(_Option):
    r"""Penalty with a learned coefficient for every weight: the rule of the RLN.

    Parameters
    ----------
    step : float, default=0.03
        Speed at which coefficients are learned: the change of a coefficient, natural log, for
        an update of the solver that is as long as the learning rate. 0 keeps all coefficients
        at `theta`. The paper's :math:`\nu` is ``step / (learning_rate_init * exp(theta))`` at
        a learning rate of 1e-3.

    norm : {"l1", "l2"}, default="l1"
        Penalty of a weight. Only "l1" makes exact zeros.

    layers : {"first", "all"}, default="first"
        Regularized layers. Biases are never regularized.

    scope : {"network", "layer"}, default="network"
        Weights over which the mean of the coefficients is `theta`: all regularized weights
        together, or those of each layer. Per layer, a layer with fewer inputs than the first
        has a weaker mean, in proportion to its inputs.

    group : {"weight", "input"}, default="weight"
        One coefficient per weight, or per input column. With "input" all weights of a column
        (of all its one-hot columns) reach zero together, which selects features. It needs a
        weaker `theta`, by about 0.5 to 1, because a column is dropped as a whole.

    warmup : float, default=0.2
        Share of the epochs, in [0, 1), in which the penalty grows linearly to its full
        strength, over at least 200 steps; a shorter fit never reaches full strength. The
        warm-up gives inputs that act through several units time to be found. Early stopping
        chooses among the epochs after the warm-up. 0 is the published rule. Calls of
        `partial_fit`, and fits that continue fitted weights, have no warm-up.

    rule : {"proximal", "subgradient"}, default="proximal"
        Step of the penalty. "proximal" solves for the weight and makes exact zeros.
        "subgradient" is the rule released in 2018, for comparison: it follows the gradient of
        the penalty and lowers the coefficient where a step would pass zero.

    n_path_edges : int, default=0
        Number of first-layer edges whose weight and coefficient are recorded in every epoch,
        in `reg_path_`. Half of them are the strongest survivors.

    See Also
    --------
    UniformPenalty : The same coefficient for every weight.

    References
    ----------
    .. [1] Shavitt and Segal, "Regularization Learning Networks: Deep Learning for Tabular
       Datasets", NeurIPS 2018, Eqs. 4 to 6.

    Examples
    --------
    >>> from skrln import RLNRegressor
    >>> from skrln.options import RLNPenalty
    >>> RLNRegressor(penalty=RLNPenalty(step=0.1)).get_params()["penalty__step"]
    0.1
    """

    def __init__(
        self,
        step: float = 0.03,
        *,
        norm: Literal["l1", "l2"] = "l1",
        layers: Literal["first", "all"] = "first",
        scope: Literal["network", "layer"] = "network",
        group: Literal["weight", "input"] = "weight",
        warmup: float = 0.2,
        rule: Literal["proximal", "subgradient"] = "proximal",
        n_path_edges: int = 0,
    ):
        self.step = step
        self.norm = norm
        self.layers = layers
        self.scope = scope
        self.group = group
        self.warmup = warmup
        self.rule = rule
        self.n_path_edges = n_path_edges


class UniformPenalty(_Option):
    """Penalty with the same coefficient for every weight: proximal L1 or L2.

    It is the program of :class:`RLNPenalty` with ``step=0``, so that a comparison of the two
    compares the rule and nothing else.

    Parameters
    ----------
    norm : {"l1", "l2"}, default="l1"
        Penalty of a weight. Only "l1" makes exact zeros.

    layers : {"first", "all"}, default="first"
        Regularized layers. Biases are never regularized.

    scope : {"network", "layer"}, default="network"
        Weights that share a coefficient: all regularized weights, or those of each layer. Per
        layer, a layer with fewer inputs than the first has a weaker coefficient, in proportion
        to its inputs.

    group : {"weight", "input"}, default="weight"
        Norm of single weights, or of all weights of an input column together.

    warmup : float, default=0.2
        Share of the epochs in which the penalty grows; see :class:`RLNPenalty`.

    n_path_edges : int, default=0
        Number of first-layer edges to record; see :class:`RLNPenalty`.

    See Also
    --------
    RLNPenalty : A learned coefficient for every weight.

    Examples
    --------
    >>> from skrln import RLNRegressor
    >>> from skrln.options import UniformPenalty
    >>> model = RLNRegressor(penalty=UniformPenalty(norm="l2"))
    """

    def __init__(
        self,
        norm: Literal["l1", "l2"] = "l1",
        *,
        layers: Literal["first", "all"] = "first",
        scope: Literal["network", "layer"] = "network",
        group: Literal["weight", "input"] = "weight",
        warmup: float = 0.2,
        n_path_edges: int = 0,
    ):
        self.norm = norm
        self.layers = layers
        self.scope = scope
        self.group = group
        self.warmup = warmup
        self.n_path_edges = n_path_edges


class Solver(_Option):
    """Optimiser of optax, bounds on its gradient, and decay of the weights.

    Parameters
    ----------
    name : str, default="adam"
        Name of an optimiser of optax, such as "adam", "rmsprop", "sgd", "nadam" or "lion".

    options : dict, default=None
        Numbers and flags of the optimiser by the names of optax, such as ``{"b2": 0.95}`` for
        "adam" or ``{"momentum": 0.5}`` for "sgd". Others keep their defaults; the momentum of
        "sgd" is 0.9.

    clip_norm : float, default=None
        Bound on the length of the gradient over all layers together, which keeps its
        direction. None sets no bound.

    clip_value : float, default=None
        Bound on every entry of the gradient, which changes its direction. None sets no bound.

    weight_decay : float, default=0.0
        Decoupled decay: a step at learning rate ``r`` removes the share ``r * weight_decay``
        of every weight, but of no bias. The rule of the RLN does not see the decay.

    Examples
    --------
    >>> from skrln import RLNRegressor
    >>> from skrln.options import Solver
    >>> model = RLNRegressor(solver=Solver("adam", options={"b2": 0.95}, clip_norm=1.0))
    """

    def __init__(
        self,
        name: str = "adam",
        *,
        options: Mapping[str, Any] | None = None,
        clip_norm: float | None = None,
        clip_value: float | None = None,
        weight_decay: float = 0.0,
    ):
        self.name = name
        self.options = options
        self.clip_norm = clip_norm
        self.clip_value = clip_value
        self.weight_decay = weight_decay


class PowerDecay(_Option):
    """Learning rate ``learning_rate_init * (1 + t / decay_steps) ** -power`` at step ``t``.

    Parameters
    ----------
    decay_steps : float, default=None
        Steps until the first drop; more is slower. None is a tenth of the steps of the fit.

    power : float, default=1.0
        Exponent; higher falls faster.

    Examples
    --------
    >>> from skrln import RLNRegressor
    >>> from skrln.options import PowerDecay
    >>> model = RLNRegressor(learning_rate=PowerDecay(power=0.5))
    """

    def __init__(self, decay_steps: float | None = None, *, power: float = 1.0):
        self.decay_steps = decay_steps
        self.power = power


class ExponentialDecay(_Option):
    """Learning rate that falls to a tenth every `decay_steps` steps.

    Parameters
    ----------
    decay_steps : float, default=None
        Steps in which the rate falls to a tenth. None is half of the steps of the fit.

    Examples
    --------
    >>> from skrln import RLNRegressor
    >>> from skrln.options import ExponentialDecay
    >>> model = RLNRegressor(learning_rate=ExponentialDecay(2000))
    """

    def __init__(self, decay_steps: float | None = None):
        self.decay_steps = decay_steps


class ReduceOnPlateau(_Option):
    """Learning rate that falls whenever the validation loss stops improving.

    Without validation data the training loss takes its place.

    Parameters
    ----------
    factor : float, default=0.5
        Factor of the rate at each drop, in (0, 1).

    patience : int, default=5
        Epochs without an improvement by `tol` before a drop.

    cooldown : int, default=0
        Epochs after a drop that do not count.

    smallest : float, default=1e-3
        Smallest rate, as a share of the initial one.

    Examples
    --------
    >>> from skrln import RLNRegressor
    >>> from skrln.options import ReduceOnPlateau
    >>> model = RLNRegressor(learning_rate=ReduceOnPlateau(patience=10))
    """

    def __init__(
        self,
        factor: float = 0.5,
        *,
        patience: int = 5,
        cooldown: int = 0,
        smallest: float = 1e-3,
    ):
        self.factor = factor
        self.patience = patience
        self.cooldown = cooldown
        self.smallest = smallest


class Transfer(_Option):
    """Start from a fitted network, with layers that stay frozen.

    Parameters
    ----------
    estimator : estimator
        Fitted network of this package: its encoding of the inputs, and the leading layers of
        equal shape with their coefficients, are taken over. The columns and the activation
        have to be the same. `clone` keeps the estimator fitted. None freezes layers of a warm
        start.

    n_frozen_layers : int, default=0
        Layers, counted from the inputs, that stay the same to the bit.

    reuse_head : bool, default=False
        If True, take over the last layer as well, with its target: the classes, or the scale
        of the target, are those of `estimator`. If False, draw a new last layer.

    unfreeze_every : int, default=None
        Epochs after which one more of the frozen layers trains, the last of them first. None
        keeps them frozen.

    unfreeze_factor : float, default=0.1
        Factor of the learning rate of layers that were frozen.

    Examples
    --------
    >>> from sklearn.datasets import make_friedman1
    >>> from skrln import RLNRegressor
    >>> from skrln.options import Transfer
    >>> from skrln.presets import READABLE
    >>> X, y = make_friedman1(n_samples=160, n_features=20, random_state=0)
    >>> params = READABLE | {"hidden_layer_sizes": (16,), "random_state": 0}
    >>> source = RLNRegressor(**params).fit(X[:120], y[:120])
    >>> start = Transfer(source, n_frozen_layers=1)
    >>> model = RLNRegressor(**params, pretrained=start).fit(X[40:], y[40:])
    >>> bool((model.coefs_[0] == source.coefs_[0]).all())
    True
    """

    def __init__(
        self,
        estimator: Any = None,
        *,
        n_frozen_layers: int = 0,
        reuse_head: bool = False,
        unfreeze_every: int | None = None,
        unfreeze_factor: float = 0.1,
    ):
        self.estimator = estimator
        self.n_frozen_layers = n_frozen_layers
        self.reuse_head = reuse_head
        self.unfreeze_every = unfreeze_every
        self.unfreeze_factor = unfreeze_factor

    def __sklearn_clone__(self) -> Any:
        """Copy the options; the estimator is shared and stays fitted."""
        twin = super().__sklearn_clone__()
        twin.estimator = self.estimator
        return twin

    @property
    def fitted(self) -> Any:
        """The fitted estimator, out of its FrozenEstimator if it is in one."""
        is_frozen = isinstance(self.estimator, FrozenEstimator)
        return self.estimator.estimator if is_frozen else self.estimator


class Checkpoint(_Option):
    """Folder in which a fit keeps its state, so that it goes on after its process was killed.

    Call `fit` again with the same parameters and the same arguments: the networks go on from
    the last write, and the result is that of a fit that was not killed, to the bit. The folder
    is removed when the fit has ended. Read more in the :ref:`User Guide <checkpoints>`.

    Parameters
    ----------
    path : str or PathLike
        Folder of one fit, which `fit` makes. A folder with other files is refused.

    every : float, default=60
        Seconds between two writes of the state of a network. 0 writes after every epoch.

    Examples
    --------
    >>> from skrln import RLNRegressor
    >>> from skrln.options import Checkpoint
    >>> model = RLNRegressor(checkpoint=Checkpoint("fit-1", every=300), random_state=0)
    """

    def __init__(self, path: str | PathLike[str], *, every: float = 60):
        self.path = path
        self.every = every


class PlainBranch(_Option):
    """Columns that are no table, such as pixels or an embedding of a text.

    The columns are scaled and go through a branch of their own, a small dense network without a
    penalty. Its units meet the other columns in the first hidden layer. Both parts train
    together; `theta` concerns the other columns only, and inputs are selected among those.

    Parameters
    ----------
    columns : array-like, str or slice
        Names, positions, a boolean mask, a slice of positions, or a slice between two names.

    layer_sizes : array-like of int or int, default=(64,)
        Units of each layer of the branch. The layers have the `activation` of the network, and
        neither batch normalization nor dropout.

    Examples
    --------
    >>> from skrln import RLNClassifier
    >>> from skrln.options import PlainBranch
    >>> model = RLNClassifier(plain_branch=PlainBranch(slice(10, 74), layer_sizes=(32,)))
    """

    def __init__(self, columns: ArrayLike | slice, *, layer_sizes: ArrayLike = (64,)):
        self.columns = columns
        self.layer_sizes = layer_sizes


class Coupling(_Option):
    r"""Coupling of the networks of several domains.

    Parameters
    ----------
    strategy : {"joint", "l2", "shared", "finetune", "isolated"}, default="joint"
        Layers that the domains share. All strategies start from the same weights and take the
        same number of steps. "joint" learns which domains share: a robust norm draws similar
        layers together and releases dissimilar ones [1]_. "l2" draws all domains together all
        the time. "shared" is one network for all domains, as far as `n_shared_layers` and
        `share_output` admit. "finetune" begins as "shared" and ends, after `first_stage`, as
        "isolated". "isolated" trains each network alone.

    strength : float or "auto", default="auto"
        Strength of the coupling of "joint" and "l2", in units of the mean loss of a domain per
        squared distance of weights. 0 is "isolated". Useful from about 0.01 to 20, on a log
        scale. "auto" is 10.0, 3.0 for autoencoders and 0.3 for generators, and at most 600 over
        the number of other domains, each of which pulls.

    robust_norm : {"geman_mcclure", "cauchy", "huber"}, default="geman_mcclure"
        Norm of the distance of two networks: quadratic up to `sigma_`, then bounded, growing
        like a logarithm, or linear. "geman_mcclure" releases dissimilar domains entirely.

    irls_weight : {"majorizer", "paper"}, default="majorizer"
        Weights of the reweighting. With "majorizer" and the distance of weights the objective
        cannot rise. "paper" are the weights published for "geman_mcclure", which are the
        majorizer of "cauchy" and release domains more slowly; not for "huber".

    sigma : {"mean", "median"}, default="mean"
        Scale of the norm, before `sigma_factor`: mean or median over the domains of the
        distance to the nearest other domain, after the first stage. For the distance of
        outputs, to the nearest eighth of all domains: the nearest of many is near by chance.

    sigma_factor : float or "auto", default="auto"
        Factor of that distance. Higher keeps more domains together. "auto" is 4.5 for the
        distance of outputs and 2.0 for the distance of weights. With the distance of weights,
        a strong coupling keeps a pair together if `sigma_` is at least 3.08 times its distance
        after the first stage (twice with the weights of "paper"): coupled networks move apart
        as their weight falls, and the weight falls as they move. For a weak coupling the
        paper's scale, 1, suffices.

    distance : {"outputs", "weights", "auto"}, default="auto"
        Distance of two networks that the robust norm judges. "outputs": how differently their
        layers act on the same rows of all domains, with all other layers at their mean; root
        mean square of the difference of the outputs, before the link function. "weights": the
        distance of the parameters, as published. With few rows, or with Adam, most differences
        of parameters have no effect on any output, and hide which domains are alike. The
        coupling draws parameters together in either case. "auto" is "outputs" for regressors
        and classifiers, and "weights" for autoencoders and generators; generators admit no
        other.

    pair_layers : bool, default=True
        If True, one weight belongs to two adjacent layers, so that sharing changes little from
        layer to layer. If False, each layer has its own weight.

    n_shared_layers : int, default=None
        Layers of weights, counted from the inputs, that may be shared. None is all of them,
        the last one as `share_output` says. Not for generators.

    first_stage : float, default=0.25
        Share of the epochs in which "joint" couples all domains with full weight, before
        scales and weights are estimated, and in which "finetune" is shared.

    max_irls_iter : int, default=8
        Most rounds of reweighting. The weights stay the same after the last round.

    inner_max_iter : int, default=None
        Epochs between two reweightings. None spreads the rounds over the epochs that the first
        stage leaves.

    irls_tol : float, default=0.01
        Largest change of a weight, in [0, 1], at which the reweighting has converged.

    References
    ----------
    .. [1] Joint learning of feed-forward networks across data sets by a robust norm between
       their layers, of which this is the form for tables; see :ref:`User Guide <joint>`.

    Examples
    --------
    >>> from skrln import JointRegressor
    >>> from skrln.options import Coupling
    >>> model = JointRegressor(coupling=Coupling(strength=1.0, sigma_factor=1.0))
    """

    def __init__(
        self,
        strategy: Literal["joint", "l2", "shared", "finetune", "isolated"] = "joint",
        *,
        strength: float | Literal["auto"] = "auto",
        robust_norm: Literal["geman_mcclure", "cauchy", "huber"] = "geman_mcclure",
        irls_weight: Literal["majorizer", "paper"] = "majorizer",
        sigma: Literal["mean", "median"] = "mean",
        sigma_factor: float | Literal["auto"] = "auto",
        distance: Literal["outputs", "weights", "auto"] = "auto",
        pair_layers: bool = True,
        n_shared_layers: int | None = None,
        first_stage: float = 0.25,
        max_irls_iter: int = 8,
        inner_max_iter: int | None = None,
        irls_tol: float = 0.01,
    ):
        self.strategy = strategy
        self.strength = strength
        self.robust_norm = robust_norm
        self.irls_weight = irls_weight
        self.sigma = sigma
        self.sigma_factor = sigma_factor
        self.distance = distance
        self.pair_layers = pair_layers
        self.n_shared_layers = n_shared_layers
        self.first_stage = first_stage
        self.max_irls_iter = max_irls_iter
        self.inner_max_iter = inner_max_iter
        self.irls_tol = irls_tol
