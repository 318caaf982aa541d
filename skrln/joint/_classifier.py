# SPDX-License-Identifier: BSD-3-Clause
"""Classifier of several domains."""

from collections.abc import Callable, Mapping
from os import PathLike
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from skrln._table._labels import ClassLabels
from skrln._table._problem import fit_target
from skrln._table._scoring import exact_match
from skrln._typing import TableLike
from skrln.networks._params import CLASSIFICATION
from skrln.options import (
    Checkpoint,
    Coupling,
    ExponentialDecay,
    PowerDecay,
    ReduceOnPlateau,
    RLNPenalty,
    Solver,
    UniformPenalty,
)

from ._base import BaseJoint, Heads
from ._params import JOINT

#: Bias of a class that a domain lacks. The probability of the class is exactly zero, and so are
#: all gradients through its logit.
ABSENT = -1e4


class JointClassifier(ClassifierMixin, BaseJoint):
    r"""Classifier for several related data sets, with a network for each of them.

    Pooling data sets that differ lowers accuracy, and training on each data set alone ignores
    the others. This estimator trains one network per data set (a *domain*) and couples the
    layers of the networks by a robust norm: similar networks are drawn together, dissimilar
    networks are released, and the fit learns which networks are similar [1]_. A fit of a single
    domain is identical to :class:`~skrln.RLNClassifier`, to the bit.

    `sample_domain` is the label of the domain of every row. In pipelines and searches it is
    metadata; see the example, and the :ref:`User Guide <joint>`.

    Parameters
    ----------
    hidden_layer_sizes : array-like of int, int or "geometric", default=(64, 64)
        Number of units of each hidden layer, from the inputs on. ``()`` fits a linear model.
        "geometric" takes three layers whose widths fall from the number of inputs in equal
        ratios, as published.

    activation : str, default="relu"
        Activation function of the hidden units: "relu", "leaky_relu", "elu", "selu", "silu",
        "mish", "tanh", "logistic" or "identity". "selu" also draws the initial weights that it
        needs (LeCun normal).

    coupling : {"joint", "l2", "shared", "finetune", "isolated"} or Coupling, default="joint"
        Coupling of the networks of the domains. All strategies start from the same weights and
        take the same number of steps. "joint" learns which domains share: a robust norm draws
        similar layers together and releases dissimilar layers. "l2" draws all domains together
        all the time. "shared" is one network for all domains, apart from output layers that are
        not shared. "finetune" begins as "shared" and ends as "isolated". "isolated" trains each
        network alone. The option object :class:`~skrln.options.Coupling` sets the strength of
        the coupling, the robust norm, its scale, its reweighting, and the layers that may be
        shared.

    share_output : bool or "auto", default="auto"
        If True, all domains have the same classes, and the output layer is shared like the
        other layers. If False, each domain has its own output layer and predicts the classes of
        its own rows; a domain with a single class always predicts this class. "auto" is True if
        some domain has all classes.

    unknown_domain : {"error", "average", "nearest"}, default="error"
        Prediction for rows of a domain without a network, or without a label: "error" raises a
        ValueError, "average" averages the predictions of all domains, and "nearest" takes the
        domain whose mean input is nearest to the row.

    dropout : float or array-like of shape (n_hidden_layers,), default=0.0
        Share of the units of each hidden layer, in [0, 1), that a training step drops; the
        other units are scaled up. With "selu" it is alpha dropout, which preserves mean and
        variance. Predictions use all units.

    penalty : {"rln", "uniform"}, RLNPenalty, UniformPenalty or None, default="rln"
        Penalty of the weights. "rln" learns one coefficient per weight. "uniform" gives every
        weight the same coefficient: proximal L1 or L2 in the same network. None trains the
        network without a penalty. The option objects :class:`~skrln.options.RLNPenalty` and
        :class:`~skrln.options.UniformPenalty` set the norm, the regularized layers, groups of
        weights, the warm-up and the speed at which coefficients are learned. The penalty acts
        on each network separately: a weight can be zero in one domain and not in another.

    theta : float, default=-7.0
        Mean of the log coefficients, natural log, held constant while the coefficients are
        learned. A higher theta is a stronger penalty and makes more zeros. At a learning rate
        of 1e-3 the penalty moves a weight whose coefficient is `theta` by ``exp(theta)`` per
        step, in units of scaled inputs and targets; at other learning rates, in proportion to
        the rate. Useful from about -9 to -5.

    solver : str or Solver, default="adam"
        Optimiser of optax by its name, such as "adam", "rmsprop", "sgd", "nadam" or "lion". The
        option object :class:`~skrln.options.Solver` sets the numbers of the optimiser, such as
        its momentum, and gradient clipping and weight decay. The coupling takes a step in plain
        Euclidean distance, of the length of the learning rate, whatever the solver does to the
        gradient.

    learning_rate : str, option object or callable, default="cosine"
        Schedule of the learning rate over the steps of the fit. "constant" keeps the initial
        rate. "cosine" lowers the rate to zero along half a cosine. "power" divides the initial
        rate by ``1 + t / decay_steps`` at step ``t``; "exponential" lowers the rate to a tenth
        every `decay_steps` steps; "performance" halves the rate whenever the validation loss
        (without validation data, the training loss) stops improving. The option objects
        :class:`~skrln.options.PowerDecay`, :class:`~skrln.options.ExponentialDecay` and
        :class:`~skrln.options.ReduceOnPlateau` set the numbers of these three. A callable, such
        as a schedule of optax, returns the learning rate for a step counted from 0.

    learning_rate_init : float, default=0.003
        Initial learning rate, the highest of the schedule. A callable `learning_rate` ignores
        it.

    batch_size : int or "auto", default="auto"
        Largest number of rows of each domain in a batch. "auto" is a sixteenth of the largest
        domain, between 32 and 256. All domains take the same number of steps: small domains
        start again from their first batch.

    max_iter : int, default=200
        Number of passes over the largest domain.

    class_weight : dict, "balanced" or None, default=None
        Weight of each class. "balanced" gives all classes of a domain the same total weight.
        Classes that a dict does not name have weight one.

    early_stopping : bool or "auto", default="auto"
        If True, hold out validation rows in every domain of at least four rows, stop after
        `n_iter_no_change` epochs without an improvement of the mean validation loss of the
        domains, and restore the best epoch after the first stage, the same for all domains.
        "auto" does so above 10,000 rows.

    validation_fraction : float, default=0.125
        Share of the rows of each domain that is held out as validation data.

    n_iter_no_change : int, default=40
        Number of epochs without an improvement before early stopping.

    tol : float, default=1e-4
        Smallest decrease of the validation loss, on the scaled target, that counts as an
        improvement.

    categorical_features : "from_dtype", array-like or None, default="from_dtype"
        Columns to one-hot encode: a boolean mask, positions or names. "from_dtype" takes the
        category and string columns of a data frame, and object columns of strings; an object
        column of numbers is numeric. None treats all columns as numbers. Dates, containers and
        columns of several types are refused.
        Categories are those of all domains together.

    input_clip : float or None, default=3.0
        Bound of the scaled numbers, in standard deviations: a number ``z`` becomes
        ``z / sqrt(1 + (z / input_clip) ** 2)``, which hardly changes numbers near zero. None
        sets no bound. With a bound, a few outliers that crush all other numbers of a column
        do not count in its mean and standard deviation. All domains have the same scale.

    random_state : int, RandomState instance or None, default=None
        Seed of the initial weights, the order of the rows and the validation split. With an
        int, two fits on a CPU are identical to the bit.

    checkpoint : str, PathLike, Checkpoint or None, default=None
        Folder in which `fit` keeps its state every minute. After its process was killed, the
        same call goes on from there, and its result is the same to the bit; the folder is
        removed at the end. It needs an int as `random_state`. The option object
        :class:`~skrln.options.Checkpoint` sets the time between two writes. `add_domain`
        ignores it.

    dtype : {"auto", "float32", "float64"}, default="auto"
        Precision of training. "auto" is double on a CPU for tables of at most 2000 encoded
        numbers, where it costs next to no time, and single otherwise.

    device : str, default=None
        Device of training, such as "cpu", "gpu" or "gpu:1"; None is the default device of JAX.
        "all" is the default device and all others of its kind: they share each batch, or train
        a network each where there are enough networks (:ref:`all_devices`). With a single
        device, "all" is None. Fitted attributes are NumPy arrays, and predictions are computed
        in NumPy.

    Attributes
    ----------
    domains_ : ndarray of shape (n_domains,)
        Labels of the domains: the domains of `fit` in sorted order, then domains that
        `add_domain` added.

    classes_ : ndarray of shape (n_classes,)
        Classes of all domains together.

    domain_classes_ : list of ndarray
        Classes that each domain predicts.

    coefs_ : list of ndarray of shape (n_domains, n_units_in, n_units_out)
        Weights of each layer of each domain, on scaled inputs. Zeros are exact.

    intercepts_ : list of ndarray of shape (n_domains, n_units_out)
        Biases of each layer of each domain.

    reg_coefs_ : list of ndarray, shaped as `coefs_`
        Learned log coefficient of every weight, natural log; minus infinity if a weight is not
        regularized.

    pair_weights_ : ndarray of shape (n_terms, n_domains, n_domains)
        Robust weight, in [0, 1], of each pair of domains in each term of the coupling (two
        adjacent layers, or one layer). It multiplies the strength of the coupling.

    pair_distances_ : ndarray of shape (n_terms, n_domains, n_domains)
        Squared distances between the parameters of the fitted networks.

    sigma_ : ndarray of shape (n_terms,)
        Scale of the robust norm in each term, in the units of the outputs (or of the
        parameters, as `Coupling.distance` says); NaN without reweighting.

    affinity_graph_ : list of sparse array of shape (n_domains, n_domains)
        For each term, the pair weights of domains that are among the three nearest domains of
        each other.

    weight_history_ : ndarray of shape (`n_irls_iter_`, n_terms, n_domains, n_domains)
        Pair weights of each round of reweighting.

    n_irls_iter_ : int
        Number of rounds of reweighting.

    irls_converged_ : bool
        True if the pair weights converged within `max_irls_iter` rounds.

    n_shared_layers_ : int
        Number of layers that may be shared.

    objective_curve_ : ndarray of shape (`n_iter_`,)
        Objective after each epoch without the penalty of the weights: the sum of the mean
        losses of the domains plus the strength of the coupling times `consistency_curve_`.

    loss_curve_ : ndarray of shape (`n_iter_`,)
        Training loss of each epoch, as the mean over the domains.

    domain_loss_curve_ : ndarray of shape (`n_iter_`, n_domains)
        Training loss of each epoch and domain.

    consistency_curve_ : ndarray of shape (`n_iter_`,)
        What the coupling adds to the objective after each epoch, over its strength: the sum of
        the squared distances between the parameters, over all pairs and terms. With "joint",
        times `pair_weights_`; with the distance of weights, the robust norm of the distances.

    validation_loss_curve_ : ndarray of shape (`n_iter_`,) or None
        Mean validation loss over the domains; None without validation data.

    n_iter_ : int
        Number of epochs that ran.

    best_iteration_ : int
        Epoch whose weights were kept, counted from 0.

    sparsity_ : ndarray of shape (n_domains, n_layers)
        Share of the weights of each layer that are exactly zero, by domain.

    n_features_in_ : int
        Number of columns of `X`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns; only if all names are strings.

    See Also
    --------
    JointRegressor : The same for numbers.
    skrln.RLNClassifier : The network of a single domain.
    skrln.inspection.DomainNetworkDisplay : Plot of the similarity of the domains.

    Notes
    -----
    Let :math:`f_i` be the mean loss of domain :math:`i`, :math:`\theta_i^l` layer :math:`l` of
    its network, and :math:`c` the strength of the coupling. With sums over pairs of domains and
    over adjacent layers, the objective is [1]_

    .. math:: \sum_i f_i(\theta_i) + c \sum_{i<j} \sum_l \rho\left(\left\|
        (\theta_i^l, \theta_i^{l+1}) - (\theta_j^l, \theta_j^{l+1})\right\|, \sigma_l
        \right), \qquad \rho(d, \sigma) = \frac{\sigma^2 d^2}{\sigma^2 + d^2} .

    The first stage uses the squared distance in place of :math:`\rho`. Then :math:`\sigma_l` is
    set to the mean distance to the nearest other domain times `sigma_factor`, and the fit
    alternates between computing the weights :math:`w = \rho'(d^2)` and training with
    :math:`w d^2`. By default, :math:`w` is computed from another distance: how differently the
    layers of two domains act on the same rows (`Coupling.distance`). Then all terms have the
    largest scale of a term, and layers with little effect on the outputs stay together. The
    objective may rise when these weights change.

    A step of the solver on the losses is followed by the exact minimizer of the coupling plus
    the squared distance to the end of the step (a linear system with the graph Laplacian of
    each layer, stable for any strength), and then by the proximal step of the penalty, so that
    zeros are exact.

    There are four differences from the paper. The paper computes the weights from the distance
    of the parameters (``distance="weights"``). It uses the square root of the weights of the
    majorizer. The scale has a lower bound here. The domains take their steps side by side
    here, and in turns in the paper.

    A step costs a step of each network and, for every layer, two products of an (n_domains,
    n_domains) matrix with the parameters. Memory is about six numbers for each parameter of
    each domain, and with the RLN penalty eight for parameters of regularized layers.

    References
    ----------
    .. [1] Joint learning of feed-forward networks across data sets by a robust norm between
       their layers, of which this is the form for tables; see :ref:`User Guide <joint>`.

    Examples
    --------
    >>> from skrln.datasets import make_domains
    >>> from skrln.joint import JointClassifier
    >>> X, y, domain = make_domains(20, 4, task="classification", random_state=0)
    >>> model = JointClassifier((8, 4), max_iter=10, random_state=0)
    >>> model = model.fit(X[::2], y[::2], sample_domain=domain[::2])
    >>> model.predict_proba(X[1::2], sample_domain=domain[1::2]).shape
    (40, 2)


    With metadata routing, a cross-validation passes the domains to `fit` and `score`. The
    training rows of every fold have to contain all domains:

    >>> import sklearn
    >>> from sklearn.model_selection import StratifiedKFold, cross_validate
    >>> with sklearn.config_context(enable_metadata_routing=True):
    ...     results = cross_validate(
    ...         model,
    ...         X,
    ...         y,
    ...         params={"sample_domain": domain},
    ...         cv=StratifiedKFold(2).split(X, domain),
    ...     )
    >>> results["test_score"].shape
    (2,)
    """

    # Scores and predictions are made for the domain of each row.
    __metadata_request__predict_proba = {"sample_domain": True}  # noqa: RUF012 - as above
    __metadata_request__predict_log_proba = {"sample_domain": True}  # noqa: RUF012 - as above

    _parameter_constraints: ClassVar[dict] = {
        **JOINT,
        **CLASSIFICATION,
    }

    def __init__(
        self,
        hidden_layer_sizes: ArrayLike = (64, 64),
        activation: str = "relu",
        *,
        coupling: Literal["joint", "l2", "shared", "finetune", "isolated"]
        | Coupling = "joint",
        share_output: bool | Literal["auto"] = "auto",
        unknown_domain: Literal["error", "average", "nearest"] = "error",
        dropout: float | ArrayLike = 0.0,
        penalty: Literal["rln", "uniform"] | RLNPenalty | UniformPenalty | None = "rln",
        theta: float = -7.0,
        solver: str | Solver = "adam",
        learning_rate: str
        | PowerDecay
        | ExponentialDecay
        | ReduceOnPlateau
        | Callable[..., Any] = "cosine",
        learning_rate_init: float = 0.003,
        batch_size: int | Literal["auto"] = "auto",
        max_iter: int = 200,
        class_weight: Mapping[Any, float] | Literal["balanced"] | None = None,
        early_stopping: bool | Literal["auto"] = "auto",
        validation_fraction: float = 0.125,
        n_iter_no_change: int = 40,
        tol: float = 1e-4,
        categorical_features: ArrayLike | None = "from_dtype",
        input_clip: float | None = 3.0,
        random_state: int | np.random.RandomState | None = None,
        checkpoint: str | PathLike[str] | Checkpoint | None = None,
        dtype: Literal["auto", "float32", "float64"] = "auto",
        device: str | None = None,
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.coupling = coupling
        self.share_output = share_output
        self.unknown_domain = unknown_domain
        self.dropout = dropout
        self.penalty = penalty
        self.theta = theta
        self.solver = solver
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.class_weight = class_weight
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.categorical_features = categorical_features
        self.input_clip = input_clip
        self.random_state = random_state
        self.checkpoint = checkpoint
        self.dtype = dtype
        self.device = device

    @property
    def classes_(self) -> np.ndarray:
        """Union of the classes of all domains."""
        return self._targets[0].classes

    @property
    def _trained_classes(self):
        """Classes that the networks have an output for."""
        return self._targets[0].task_classes[0]

    @property
    def domain_classes_(self) -> list[np.ndarray]:
        """Classes that each domain predicts."""
        masks = self._masks
        return [self._trained_classes[is_present] for is_present in masks]

    @property
    def _masks(self):
        """Mask of the trained classes of each domain, (n_domains, n_classes)."""
        check_is_fitted(self, "_targets")
        if self._present is None:
            return np.ones((len(self.domains_), len(self._trained_classes)), bool)
        return self._present

    def predict_proba(
        self, X: TableLike, *, sample_domain: ArrayLike | None = None
    ) -> np.ndarray:
        """Probabilities of the classes.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Inputs.

        sample_domain : array-like of shape (n_samples,), default=None
            Label of the domain of each row. None is for a single domain; otherwise
            `unknown_domain` decides.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Probabilities in the order of `classes_`; zero for classes that the domain lacks.
        """
        columns = self._predict_columns(X, sample_domain)
        return self._targets[0].predictions(columns)

    def predict_log_proba(
        self, X: TableLike, *, sample_domain: ArrayLike | None = None
    ) -> np.ndarray:
        """Logarithms of the probabilities of the classes.

        Parameters
        ----------
        X, sample_domain
            As in `predict_proba`.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
        """
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X, sample_domain=sample_domain))

    def predict(
        self, X: TableLike, *, sample_domain: ArrayLike | None = None
    ) -> np.ndarray:
        """Predict the most likely classes.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Inputs.

        sample_domain : array-like of shape (n_samples,), default=None
            Label of the domain of each row. None is for a single domain; otherwise
            `unknown_domain` decides.

        Returns
        -------
        ndarray of shape (n_samples,)
            Labels.
        """
        columns = self._predict_columns(X, sample_domain)
        return self._trained_classes[np.argmax(columns, axis=1)]

    def score(
        self,
        X: TableLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        sample_domain: ArrayLike | None = None,
    ) -> float:
        """Share of the rows with the correct class.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Inputs.

        y : array-like of shape (n_samples,)
            True labels.

        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row.

        sample_domain : array-like of shape (n_samples,), default=None
            Label of the domain of each row.

        Returns
        -------
        float
            Between 0 and 1.
        """
        guess = self.predict(X, sample_domain=sample_domain)
        return exact_match(y, guess, sample_weight)

    def _labels(self):
        return ClassLabels(self.class_weight)

    def _check_tasks(self, y):
        if y.ndim == 2:
            raise ValueError(
                f"Got y of shape {y.shape}, but expected labels of a single task, of shape "
                "(n_samples,). Fit an estimator for each column."
            )

    def _fit_heads(self, labels, domains, train):
        del train  # the classes of held-out rows count, too
        table = domains.table
        target = fit_target(labels, table, np.concatenate(domains.rows))
        (classes,) = target.task_classes
        present = np.stack([np.isin(classes, table.y[rows]) for rows in domains.rows])
        same = self.share_output
        if same == "auto":
            same = bool(present.all(axis=1).any())
        targets = [target] * len(domains.rows)
        return Heads(targets, same, None if same else present)

    def _make_added_heads(self, labels, domains, train):
        del labels, train
        target = self._targets[0]
        own_labels = domains.table.y[domains.rows[0]]
        present = np.isin(target.task_classes[0], own_labels)[None]
        same = self._same_output
        return Heads([target], same, None if same else present)

    def _head_bias(self, heads):
        if heads.present is None or heads.present.shape[1] == 2:
            return None  # two classes have a single logit
        return np.where(heads.present, 0.0, ABSENT)

    def _decode(self, k, outputs):
        proba = self._targets[k].means(outputs) * self._masks[k]
        return proba / proba.sum(axis=1, keepdims=True)
