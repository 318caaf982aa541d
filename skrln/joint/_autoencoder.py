# SPDX-License-Identifier: BSD-3-Clause
"""The autoencoder of several domains."""

from typing import ClassVar

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_array, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from skrln._core._forward import forward, hidden_values
from skrln._core._outcome import warn_outcome
from skrln._core._params import AUTOENCODER, JOINT, JOINT_SUPERVISED
from skrln._core._sklearn import fit_context
from skrln._core._validation import all_or_nothing, check_weights, resolve_hidden_layers
from skrln.networks import RLNRegressor

from ._base import BaseJoint, nearest_domain
from ._domains import UNKNOWN, check_domains, find_domains
from ._heads import RegressionHeads


class JointAutoencoder(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, RegressionHeads, BaseJoint
):
    r"""Autoencoder for several related data sets, with a network for each of them.

    The network of a domain makes `n_components` numbers of a row, its code, and the row again
    out of these. The networks are coupled as in :class:`JointRegressor`: what the domains
    have in common they learn from each other. With hidden cells in training it learns to
    complete rows.

    Columns are numbers. Missing ones (NaN) in training count neither as inputs nor as targets.

    Read more in the :ref:`User Guide <joint_autoencoder>`.

    Parameters
    ----------
    n_components : int, default=8
        Numbers of a code.

    masked_fraction : float, default=0.0
        Share of the cells of a row, in [0, 1), that are hidden from the network in training,
        drawn at random; it has to tell them from the others. Needed for `inpaint`.

    masks : array-like of bool of shape (n_masks, n_features), default=None
        What is hidden in training instead, one of them at random in each row: blocks of
        images, or groups of columns that are missing together.

    n_masked_copies : int, default=4
        How often each row is there with other cells hidden; unused where nothing is hidden.

    strategy : {"joint", "l2", "shared", "finetune", "isolated"}, default="joint"
        What the domains share. All strategies start from the same weights and take the same
        number of steps. "joint" finds it: a robust norm draws similar layers together and
        lets go of strangers. "l2" draws all of them together, all the time. "shared" is one
        network for all, as far as `n_shared_layers` and `share_output` go, and with an output
        layer for each domain otherwise. "finetune" begins as "shared" and ends, after
        `first_stage`, as "isolated". "isolated" is a network for each domain, alone.

    coupling : float, default=3.0
        Strength with which two networks are drawn together, of "joint" and "l2", in units of
        the mean loss of a domain per squared distance of weights. 0 is "isolated". Useful
        from about 0.01 to 10, on a log scale.

    robust_norm : {"geman_mcclure", "cauchy", "huber"}, default="geman_mcclure"
        Norm of the distance of two networks: as the square of it up to `sigma_`, then
        bounded, like a logarithm, or straight. The first lets go of strangers entirely.

    irls_weight : {"majorizer", "paper"}, default="majorizer"
        Weights of the reweighting. "majorizer" are those with which the objective cannot rise.
        "paper" are those published for "geman_mcclure", which are the majorizer of "cauchy"
        and let go more slowly; not for "huber".

    sigma : {"mean", "median"}, default="mean"
        Scale of the norm, before `sigma_factor`: mean or median over the domains of the
        distance to the nearest other one, after the first stage.

    sigma_factor : float, default=2.0
        What that distance is multiplied by. Higher keeps more domains together. Networks that
        the coupling holds move apart as their weight falls, and the weight falls as they move:
        in the limit of a strong coupling a pair stays together if `sigma_` is at least
        3.08 times its distance after the first stage (twice with the weights of "paper"). So
        a strong coupling wants about 4, which keeps pairs up to one and a third times as far
        as the nearest ones; with a weak one 1, the paper's scale, is enough.

    pair_layers : bool, default=True
        Whether a weight is that of two adjacent layers, so that what is shared changes little
        from layer to layer, or of each layer by itself.

    share_output : bool or "auto", default="auto"
        Whether the output layer is shared like the others. With False the columns that a
        domain is to make again are scaled by its own mean and standard deviation. "auto" is
        True.

    n_shared_layers : int, default=None
        Layers of weights, counted from the inputs, that may be shared; None is all of them,
        the last one only as `share_output` says.

    first_stage : float, default=0.25
        Share of the epochs in which "joint" couples all domains with full weight, before
        scales and weights are found, and "finetune" is shared.

    max_irls_iter : int, default=8
        Most rounds of reweighting. After them, weights stay as they are.

    inner_max_iter : int, default=None
        Epochs between two reweightings; None spreads the rounds over what the first stage
        leaves of the epochs.

    irls_tol : float, default=0.01
        Largest change of a weight, in [0, 1], with which they have come to rest.

    unknown_domain : {"error", "average", "nearest"}, default="error"
        What to predict for rows of a domain that was not fitted, or without a label: refuse;
        the mean of the predictions of all domains; or that of the domain whose mean input is
        nearest to the row.

    hidden_layer_sizes : array-like of int or int, default=(64,)
        Units of each hidden layer from the inputs to the code; those from the code to the
        outputs are the same in reverse. ``()`` is a linear model.

    activation : str, default="silu"
        As in :class:`~skrln.RLNRegressor`.

    dropout : float or array-like of shape (n_hidden_layers,), default=0.0
        As in :class:`~skrln.RLNRegressor`.

    regularization : {"rln", "uniform"} or None, default="rln"
        As in :class:`~skrln.RLNRegressor`, for each network by itself: a weight can be
        zero in one domain and not in another.

    theta : float, default=-7.0
        Mean of the log coefficients, natural log. Higher is stronger: more zeros.

    norm, reg_step, reg_warmup, reg_layers, reg_scope, reg_group : str and float
        As in :class:`~skrln.RLNRegressor`.

    solver, momentum, learning_rate, learning_rate_params, learning_rate_init : object
        As in :class:`~skrln.RLNRegressor`. The coupling is a step in plain Euclidean
        distance, of the length of the learning rate, whatever the solver does to the
        gradient.

    clip_value, clip_norm, weight_decay : float or None
        As in :class:`~skrln.RLNRegressor`.

    batch_size : int or "auto", default="auto"
        Most rows of a batch of each domain; "auto" is a sixteenth of the largest domain,
        between 32 and 256. All domains take the same number of steps: small ones begin
        again.

    max_iter : int, default=200
        Passes over the largest domain.

    early_stopping : bool or "auto", default="auto"
        As in :class:`~skrln.RLNRegressor`. Rows are held out in every domain that has
        at least four; the loss that is watched is the mean over the domains, and there is one
        best epoch for all, after the first stage. "auto" does so above 10,000 rows.

    validation_fraction, n_iter_no_change, tol : float, int and float
        As in :class:`~skrln.RLNRegressor`.

    random_state : int, RandomState instance or None, default=None
        Seeds the initial weights, the order of the rows and what is held out.

    dtype, device : str or None
        As in :class:`~skrln.RLNRegressor`.

    Attributes
    ----------
    domains_ : ndarray of shape (n_domains,)
        Labels of the domains, sorted.

    n_components_ : int
        Numbers of a code.

    coefs_, intercepts_, reg_coefs_ : list of ndarray
        As in :class:`JointRegressor`; the code is what the middle layer passes on.

    pair_weights_, pair_distances_, sigma_, affinity_graph_, weight_history_ : object
        As in :class:`JointRegressor`.

    objective_curve_, loss_curve_, domain_loss_curve_, consistency_curve_ : ndarray
        As in :class:`JointRegressor`, of the columns scaled to variance one.

    n_features_in_ : int
        Columns of `X`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, where all are strings.

    See Also
    --------
    JointRegressor : Predicts a target; the coupling is explained there.
    sklearn.decomposition.PCA : The linear autoencoder of a single data set.

    Examples
    --------
    >>> import numpy as np
    >>> from skrln.joint import JointAutoencoder
    >>> from skrln.datasets import make_domains
    >>> X, _, domain = make_domains(random_state=0)
    >>> model = JointAutoencoder(n_components=3, max_iter=20, random_state=0)
    >>> codes = model.fit_transform(X, sample_domain=domain)
    >>> codes.shape
    (480, 3)
    >>> model.inverse_transform(codes, sample_domain=domain).shape
    (480, 10)
    """

    # Codes are made by the network of each row's domain; not typed, as scikit-learn has it.
    __metadata_request__transform = {"sample_domain": True}  # noqa: RUF012 - as above
    __metadata_request__inverse_transform = {"sample_domain": True}  # noqa: RUF012 - as above

    #: All columns are numbers, and are decoded to what they were.
    categorical_features = None
    input_clip = None

    _parameter_constraints: ClassVar[dict] = {
        **{
            k: v
            for k, v in JOINT.items()
            if k not in ("categorical_features", "input_clip")
        },
        **JOINT_SUPERVISED,
        **AUTOENCODER,
    }

    def __init__(
        self,
        n_components=8,
        *,
        masked_fraction=0.0,
        masks=None,
        n_masked_copies=4,
        hidden_layer_sizes=(64,),
        activation="silu",
        strategy="joint",
        coupling=3.0,
        robust_norm="geman_mcclure",
        irls_weight="majorizer",
        sigma="mean",
        sigma_factor=2.0,
        pair_layers=True,
        share_output="auto",
        n_shared_layers=None,
        first_stage=0.25,
        max_irls_iter=8,
        inner_max_iter=None,
        irls_tol=0.01,
        unknown_domain="error",
        dropout=0.0,
        regularization="rln",
        theta=-7.0,
        norm="l1",
        reg_step=0.03,
        reg_warmup=0.2,
        reg_layers="first",
        reg_scope="network",
        reg_group="weight",
        solver="adam",
        momentum=0.9,
        learning_rate="cosine",
        learning_rate_params=None,
        learning_rate_init=0.003,
        clip_value=None,
        clip_norm=None,
        weight_decay=0.0,
        batch_size="auto",
        max_iter=200,
        early_stopping="auto",
        validation_fraction=0.125,
        n_iter_no_change=40,
        tol=1e-4,
        random_state=None,
        dtype="auto",
        device=None,
    ):
        self.n_components = n_components
        self.masked_fraction = masked_fraction
        self.masks = masks
        self.n_masked_copies = n_masked_copies
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.strategy = strategy
        self.coupling = coupling
        self.robust_norm = robust_norm
        self.irls_weight = irls_weight
        self.sigma = sigma
        self.sigma_factor = sigma_factor
        self.pair_layers = pair_layers
        self.share_output = share_output
        self.n_shared_layers = n_shared_layers
        self.first_stage = first_stage
        self.max_irls_iter = max_irls_iter
        self.inner_max_iter = inner_max_iter
        self.irls_tol = irls_tol
        self.unknown_domain = unknown_domain
        self.dropout = dropout
        self.regularization = regularization
        self.theta = theta
        self.norm = norm
        self.reg_step = reg_step
        self.reg_warmup = reg_warmup
        self.reg_layers = reg_layers
        self.reg_scope = reg_scope
        self.reg_group = reg_group
        self.solver = solver
        self.momentum = momentum
        self.learning_rate = learning_rate
        self.learning_rate_params = learning_rate_params
        self.learning_rate_init = learning_rate_init
        self.clip_value = clip_value
        self.clip_norm = clip_norm
        self.weight_decay = weight_decay
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.random_state = random_state
        self.dtype = dtype
        self.device = device

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None, sample_weight=None, *, sample_domain=None):
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
        with all_or_nothing(self):
            X = self._check(X, reset=True)
            weights = check_weights(sample_weight, X)
            check_domains(sample_domain, len(X))
            rows, inputs, targets = self._make_problem(X)
            domain = None if sample_domain is None else np.asarray(sample_domain)[rows]
            fitted, results = self._fit(inputs, targets, weights[rows], domain)
            vars(self).update(fitted)
            self.n_components_ = self.n_components
        if results:  # a plain network has said it itself
            warn_outcome(self, results)
        return self

    def add_domain(self, X, y=None, domain=None, sample_weight=None):
        """Fit one more autoencoder, for a domain that `fit` has not seen.

        The others stay as they are, to the bit, and draw it, as in :class:`JointRegressor`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows of the domain.

        y : None
            Ignored.

        domain : int, float or str
            Label of the domain, of the type of the others.

        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row.

        Returns
        -------
        self : object
        """
        check_is_fitted(self, "_targets")
        X = self._check(X, reset=False)
        weights = check_weights(sample_weight, X)
        rows, inputs, targets = self._make_problem(X)
        return super().add_domain(inputs, targets, domain, weights[rows])

    def fit_transform(self, X, y=None, sample_weight=None, *, sample_domain=None):
        """Fit, and give the codes of the same rows.

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

    def transform(self, X, *, sample_domain=None):
        """Codes of rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows; NaN is a missing number.

        sample_domain : array-like of shape (n_samples,), default=None
            Label of the domain of each row. None is for a single domain. Codes of different
            networks have no mean: a domain that is unknown is that of the nearest, or an
            error.

        Returns
        -------
        ndarray of shape (n_samples, n_components)
        """
        check_is_fitted(self, "_targets")
        X = self._check(X, reset=False)
        inputs = self._encoder.transform(X)
        numbers = self._numbers_of(sample_domain, len(X), inputs)
        found = np.empty((len(X), self.n_components_))
        for k in np.unique(numbers):
            rows = numbers == k
            network = self._network_of(k)
            values = inputs[rows].astype(network.coefs[0].dtype)
            found[rows] = hidden_values(values, network, self._code_layer)
        return found

    def inverse_transform(self, X, *, sample_domain=None):
        """Rows of codes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_components)
            Codes.

        sample_domain : array-like of shape (n_samples,), default=None
            Label of the domain of each row, as in `transform`.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            In the units of the columns.
        """
        check_is_fitted(self, "_targets")
        codes = check_array(X)
        if codes.shape[1] != self.n_components_:
            raise ValueError(
                f"Got codes with {codes.shape[1]} columns, but expected "
                f"{self.n_components_}, as many as transform makes."
            )
        numbers = self._numbers_of(sample_domain, len(codes))
        found = np.empty((len(codes), self.n_features_in_))
        for k in np.unique(numbers):
            rows = numbers == k
            network = self._network_of(k)
            values = codes[rows].astype(network.coefs[0].dtype)
            outputs = forward(values, network, start=self._code_layer + 1)
            found[rows] = self._decode(k, outputs.astype(float))
        return found

    def inpaint(self, X, *, sample_domain=None):
        """Complete rows: missing cells become what the network makes of the others.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows with NaN where cells are to be filled.

        sample_domain : array-like of shape (n_samples,), default=None
            Label of the domain of each row, or as `unknown_domain` has it.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            Cells that were there are as they were, to the bit.
        """
        check_is_fitted(self, "_targets")
        X = self._check(X, reset=False)
        missing = np.isnan(X)
        found = self._columns(X, sample_domain)
        return np.where(missing, found, X)

    def score(self, X, y=None, sample_weight=None, *, sample_domain=None):
        """Share of the variance of all columns together that the codes keep.

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
        X = self._check(X, reset=False)
        found = self._columns(X, sample_domain)
        weights = check_weights(sample_weight, X)[:, None] * ~np.isnan(X)
        truth = np.nan_to_num(X)
        mean = np.sum(weights * truth, axis=0) / np.maximum(weights.sum(axis=0), 1e-300)
        total = np.sum(weights * (truth - mean) ** 2)
        return float(1 - np.sum(weights * (truth - found) ** 2) / total)

    @property
    def _code_layer(self):
        """Number of the hidden layer whose values are the code."""
        return (len(self.coefs_) - 2) // 2

    @property
    def _n_features_out(self):
        return self.n_components_

    def _check(self, X, *, reset):
        return validate_data(
            self,
            X,
            dtype=np.float64,
            ensure_all_finite="allow-nan",
            ensure_min_samples=2 if reset else 1,
            reset=reset,
        )

    def _check_masks(self, n_features):
        if self.masks is None:
            return None
        masks = check_array(self.masks, dtype=bool)
        if masks.shape[1] != n_features or masks.all(axis=1).any():
            raise ValueError(
                f"Got masks of shape {masks.shape}, but expected (n_masks, {n_features}), "
                "with cells left to see in each."
            )
        return masks

    def _make_problem(self, X):
        """Rows, inputs with hidden cells, and what the network is to make of them."""
        rows, hidden = self._hide(X, self._check_masks(X.shape[1]))
        targets = X[rows].ravel() if X.shape[1] == 1 else X[rows]
        return rows, np.where(hidden, np.nan, X[rows]), targets

    def _hide(self, X, masks):
        """Rows, repeated where cells are hidden, and which cells those are."""
        rng = check_random_state(self.random_state)
        n = len(X)
        if masks is None and self.masked_fraction == 0:
            return np.arange(n), np.zeros(X.shape, bool)
        # Whole rows first: their codes are what transform gives.
        rows = np.tile(np.arange(n), 1 + self.n_masked_copies)
        if masks is None:
            hidden = rng.uniform(size=(len(rows), X.shape[1])) < self.masked_fraction
        else:
            hidden = masks[rng.randint(len(masks), size=len(rows))]
        hidden[:n] = False
        return rows, hidden

    def _numbers_of(self, sample_domain, n_samples, inputs=None):
        """Number of the domain of each row; an unknown one is the nearest, or refused."""
        rule = self.unknown_domain
        if rule == "average" or inputs is None:
            rule = "error"
        numbers = find_domains(sample_domain, n_samples, self.domains_, rule)
        strange = numbers == UNKNOWN
        if strange.any():
            numbers = np.where(strange, nearest_domain(inputs, self._centers), numbers)
        return numbers

    def _network(self):
        hidden = resolve_hidden_layers(self.hidden_layer_sizes, self.n_features_in_)
        layers = (*hidden, self.n_components, *hidden[::-1])
        return self._network_with(RLNRegressor, hidden_layer_sizes=layers)

    def __sklearn_tags__(self):
        """What this estimator can do, for scikit-learn."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = False
        return tags
