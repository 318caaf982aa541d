# SPDX-License-Identifier: BSD-3-Clause
"""Autoencoder of several domains."""

from collections.abc import Callable
from os import PathLike
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_array, check_random_state
from sklearn.utils.validation import check_is_fitted

from skrln._network._forward import forward, hidden_values
from skrln._network._outcome import warn_outcome
from skrln._network._settings import resolve_hidden_layers
from skrln._table._arguments import about_argument, check_weights
from skrln._table._columns import check_columns, read_columns
from skrln._table._labels import NumberLabels
from skrln._table._sklearn import fit_context
from skrln._typing import TableLike
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

from ._base import BaseJoint
from ._domains import UNKNOWN, check_domains, find_domains
from ._heads import RegressionHeads
from ._params import AUTOENCODER, JOINT
from ._plans import COPYING
from ._results import nearest_domain


class JointAutoencoder(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, RegressionHeads, BaseJoint
):
    r"""Autoencoder for several related data sets, with a network for each of them.

    The network of a domain encodes a row in `n_components` numbers, its code, and decodes the
    row from the code. The networks are coupled as in :class:`JointRegressor`, so that each
    domain profits from the rows of similar domains. If cells are hidden in training, the
    network learns to complete rows.

    Columns are numbers. Missing numbers (NaN) in training are ignored as inputs and as targets.

    Read more in the :ref:`User Guide <joint_autoencoder>`.

    Parameters
    ----------
    n_components : int, default=8
        Number of components of a code.

    masked_fraction : float, default=0.0
        Share of the cells of a row, in [0, 1), that are hidden from the network at random in
        training; the network learns to predict hidden cells from the others. `inpaint` needs
        it, or `masks`.

    masks : array-like of bool of shape (n_masks, n_features), default=None
        Sets of cells to hide in training in place of random cells, such as blocks of an image
        or columns that are missing together. Each row draws one of the masks.

    n_masked_copies : int, default=4
        Number of copies of each row in training, each with other hidden cells, in addition to
        the row itself. Ignored if nothing is hidden.

    hidden_layer_sizes : array-like of int or int, default=(64,)
        Number of units of each hidden layer from the inputs to the code. The layers from the
        code to the outputs have the same numbers in reverse. ``()`` fits a linear model.

    activation : str, default="silu"
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
        If True, the output layer is shared like the other layers. If False, the decoded columns
        of each domain are scaled by their own mean and standard deviation. "auto" is True.

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

    n_components_ : int
        Number of components of a code.

    coefs_ : list of ndarray of shape (n_domains, n_units_in, n_units_out)
        Weights of each layer of each domain, on scaled inputs. Zeros are exact. The middle
        layer outputs the code.

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
        Training loss of each epoch, as the mean over the domains. Columns are scaled to
        variance one.

    domain_loss_curve_ : ndarray of shape (`n_iter_`, n_domains)
        Training loss of each epoch and domain. Columns are scaled to variance one.

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
    JointRegressor : The same coupling for the prediction of a target, with its formulas.
    sklearn.decomposition.PCA : The linear autoencoder of a single data set.

    Examples
    --------
    >>> from skrln.datasets import make_domains
    >>> from skrln.joint import JointAutoencoder
    >>> X, _, domain = make_domains(20, 4, random_state=0)
    >>> model = JointAutoencoder(3, hidden_layer_sizes=(8,), max_iter=10, random_state=0)
    >>> codes = model.fit_transform(X, sample_domain=domain)
    >>> codes.shape
    (80, 3)
    >>> model.inverse_transform(codes, sample_domain=domain).shape
    (80, 10)
    """

    # Codes are made by the network of each row's domain; not typed, as scikit-learn has it.
    __metadata_request__transform = {"sample_domain": True}  # noqa: RUF012 - as above
    __metadata_request__inverse_transform = {"sample_domain": True}  # noqa: RUF012 - as above
    _auto_coupling = COPYING

    # Inputs and targets of the networks are both made of X.
    _argument_names: ClassVar[tuple] = ("X", "X", "sample_weight", "sample_domain")

    _parameter_constraints: ClassVar[dict] = {
        **{
            k: v
            for k, v in JOINT.items()
            if k not in ("categorical_features", "input_clip")
        },
        **AUTOENCODER,
    }

    def __init__(
        self,
        n_components: int = 8,
        *,
        masked_fraction: float = 0.0,
        masks: ArrayLike | None = None,
        n_masked_copies: int = 4,
        hidden_layer_sizes: ArrayLike = (64,),
        activation: str = "silu",
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
        early_stopping: bool | Literal["auto"] = "auto",
        validation_fraction: float = 0.125,
        n_iter_no_change: int = 40,
        tol: float = 1e-4,
        random_state: int | np.random.RandomState | None = None,
        checkpoint: str | PathLike[str] | Checkpoint | None = None,
        dtype: Literal["auto", "float32", "float64"] = "auto",
        device: str | None = None,
    ):
        self.n_components = n_components
        self.masked_fraction = masked_fraction
        self.masks = masks
        self.n_masked_copies = n_masked_copies
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
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.random_state = random_state
        self.checkpoint = checkpoint
        self.dtype = dtype
        self.device = device

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: ArrayLike,
        y: None = None,
        sample_weight: ArrayLike | None = None,
        *,
        sample_domain: ArrayLike | None = None,
    ) -> Self:
        """Fit an autoencoder for every domain.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows of all domains; NaN is a missing number.

        y : None
            Ignored.

        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row within its domain.

        sample_domain : array-like of shape (n_samples,), default=None
            Label of the domain of each row; None is a single domain.

        Returns
        -------
        self : object
            Fitted estimator.
        """
        del y
        X, columns = self._read(X)
        weights = check_weights(sample_weight, X)
        check_domains(sample_domain, len(X))
        rows, inputs, targets = self._make_problem(X)
        domain = None if sample_domain is None else np.asarray(sample_domain)[rows]
        parameters = self._parameters(X.shape[1])
        own = {"_columns": columns, "n_components_": self.n_components}
        arguments = (inputs, targets, weights[rows], domain)
        with self._fitting(parameters, *arguments) as (fitted, outcomes):
            self._store(fitted | own)
            warn_outcome(outcomes, parameters)
        return self

    def add_domain(
        self,
        X: ArrayLike,
        y: None = None,
        domain: int | float | str | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Fit the autoencoder of a new domain.

        The other autoencoders stay bit-identical and attract the new one, as in
        :class:`JointRegressor`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows of the domain.

        y : None
            Ignored.

        domain : int, float or str
            Label of the domain, of the same type as the labels of the other domains.

        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row.

        Returns
        -------
        self : object
        """
        check_is_fitted(self, "_targets")
        X = self._check(X)
        weights = check_weights(sample_weight, X)
        rows, inputs, targets = self._make_problem(X)
        return super().add_domain(inputs, targets, domain, weights[rows])

    def fit_transform(
        self,
        X: TableLike,
        y: Any = None,
        sample_weight: ArrayLike | None = None,
        *,
        sample_domain: ArrayLike | None = None,
    ) -> np.ndarray:
        """Fit, and return the codes of the same rows.

        Parameters
        ----------
        X, y, sample_weight, sample_domain
            As in `fit`.

        Returns
        -------
        ndarray of shape (n_samples, n_components)
        """
        self.fit(X, y, sample_weight, sample_domain=sample_domain)
        return self.transform(X, sample_domain=sample_domain)

    def transform(
        self, X: ArrayLike, *, sample_domain: ArrayLike | None = None
    ) -> np.ndarray:
        """Encode rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows; NaN is a missing number.

        sample_domain : array-like of shape (n_samples,), default=None
            Label of the domain of each row. None is for a single domain. Rows of an unknown
            domain are encoded by the nearest domain if `unknown_domain` is "nearest";
            otherwise they raise an error, because codes of different networks have no mean.

        Returns
        -------
        ndarray of shape (n_samples, n_components)
            Codes.
        """
        check_is_fitted(self, "_targets")
        X = self._check(X)
        inputs = self._encoder.transform(X)
        numbers = self._find_networks(sample_domain, len(X), inputs)
        codes = np.empty((len(X), self.n_components_))
        for k in np.unique(numbers):
            rows = numbers == k
            network = self._network_of(k)
            values = inputs[rows].astype(network.coefs[0].dtype)
            codes[rows] = hidden_values(values, network, self._code_layer)
        return codes

    def inverse_transform(
        self, X: ArrayLike, *, sample_domain: ArrayLike | None = None
    ) -> np.ndarray:
        """Decode codes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_components)
            Codes.

        sample_domain : array-like of shape (n_samples,), default=None
            Label of the domain of each row, as in `transform`.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            Rows in the units of the columns.
        """
        check_is_fitted(self, "_targets")
        codes = check_array(X)
        if codes.shape[1] != self.n_components_:
            raise ValueError(
                f"Got codes with {codes.shape[1]} columns, but expected "
                f"{self.n_components_}, as transform returns."
            )
        numbers = self._find_networks(sample_domain, len(codes))
        decoded = np.empty((len(codes), self.n_features_in_))
        for k in np.unique(numbers):
            rows = numbers == k
            network = self._network_of(k)
            values = codes[rows].astype(network.coefs[0].dtype)
            outputs = forward(values, network, start=self._code_layer + 1)
            decoded[rows] = self._decode(k, outputs.astype(float))
        return decoded

    def inpaint(
        self, X: ArrayLike, *, sample_domain: ArrayLike | None = None
    ) -> np.ndarray:
        """Replace missing cells by predictions from the other cells of the row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows with NaN in the cells to replace.

        sample_domain : array-like of shape (n_samples,), default=None
            Label of the domain of each row. For None and for unknown domains
            `unknown_domain` decides.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            Completed rows; the other cells stay bit-identical.
        """
        check_is_fitted(self, "_targets")
        X = self._check(X)
        return np.where(np.isnan(X), self._predict_columns(X, sample_domain), X)

    def score(
        self,
        X: ArrayLike,
        y: None = None,
        sample_weight: ArrayLike | None = None,
        *,
        sample_domain: ArrayLike | None = None,
    ) -> float:
        """Share of the total variance of all columns that reconstructed rows explain.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows.

        y : None
            Ignored.

        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row.

        sample_domain : array-like of shape (n_samples,), default=None
            Label of the domain of each row.

        Returns
        -------
        float
            At most 1.
        """
        del y
        check_is_fitted(self, "_targets")
        X = self._check(X)
        decoded = self._predict_columns(X, sample_domain)
        weights = check_weights(sample_weight, X)[:, None] * ~np.isnan(X)
        truth = np.nan_to_num(X)
        mean = np.sum(weights * truth, axis=0) / np.maximum(weights.sum(axis=0), 1e-300)
        total = np.sum(weights * (truth - mean) ** 2)
        return float(1 - np.sum(weights * (truth - decoded) ** 2) / total)

    @property
    def _code_layer(self):
        """Number of the hidden layer whose values are the code."""
        return (len(self.coefs_) - 2) // 2

    @property
    def _n_features_out(self):
        return self.n_components_

    def _read(self, X):
        """Validate the table of `fit`; return it in double precision, and its columns."""
        self._refuse_sparse(X)
        X, columns = read_columns(X, type(self).__name__, None)
        return np.asarray(X, np.float64), columns

    def _check(self, X):
        """Validate a later table."""
        self._refuse_sparse(X)
        return np.asarray(check_columns(X, self._columns), np.float64)

    def _refuse_sparse(self, X):
        if sparse.issparse(X):
            raise TypeError(
                f"Sparse data was passed to {type(self).__name__}, but dense data is "
                "required. Pass X.toarray()."
            )

    def _check_masks(self, n_features):
        if self.masks is None:
            return None
        with about_argument("masks"):
            masks = check_array(self.masks, dtype=bool, input_name="masks")
        if masks.shape[1] != n_features or masks.all(axis=1).any():
            raise ValueError(
                f"Got masks of shape {masks.shape}, but expected (n_masks, {n_features}), "
                "with at least one visible cell in each."
            )
        return masks

    def _make_problem(self, X):
        """Rows (as positions in X), inputs with hidden cells, and targets."""
        rows, hidden = self._hide(X, self._check_masks(X.shape[1]))
        targets = X[rows].ravel() if X.shape[1] == 1 else X[rows]
        return rows, np.where(hidden, np.nan, X[rows]), targets

    def _hide(self, X, masks):
        """Rows (as positions in X, repeated for hidden cells), and the mask of hidden cells."""
        rng = check_random_state(self.random_state)
        n = len(X)
        if masks is None and self.masked_fraction == 0:
            return np.arange(n), np.zeros(X.shape, bool)
        # The first copy of each row is whole, because transform encodes whole rows.
        rows = np.tile(np.arange(n), 1 + self.n_masked_copies)
        if masks is None:
            hidden = rng.uniform(size=(len(rows), X.shape[1])) < self.masked_fraction
        else:
            hidden = masks[rng.randint(len(masks), size=len(rows))]
        hidden[:n] = False
        return rows, hidden

    def _find_networks(self, sample_domain, n_samples, inputs=None):
        """Number of the network for each row; raise an error for an unknown domain.

        With encoded `inputs` and ``unknown_domain="nearest"``, the nearest domain replaces an
        unknown one.
        """
        rule = self.unknown_domain
        if rule == "average" or inputs is None:
            rule = "error"
        numbers = find_domains(sample_domain, n_samples, self.domains_, rule)
        is_unknown = numbers == UNKNOWN
        if is_unknown.any():
            nearest = nearest_domain(inputs, self._centers)
            numbers = np.where(is_unknown, nearest, numbers)
        return numbers

    def _labels(self):
        return NumberLabels()

    def _parameters(self, n_features=None):
        """Return the parameters of the network of a domain, whose outputs are its inputs."""
        n_features = self.n_features_in_ if n_features is None else n_features
        hidden = resolve_hidden_layers(self.hidden_layer_sizes, n_features)
        return super()._parameters(
            hidden_layer_sizes=(*hidden, self.n_components, *hidden[::-1]),
            # All columns are numbers, which the decoder returns in their own units.
            categorical_features=None,
            input_clip=None,
        )

    def __sklearn_tags__(self) -> Any:
        """Capabilities for scikit-learn."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = False
        return tags
