# SPDX-License-Identifier: BSD-3-Clause
"""The classifier of several domains."""

from typing import ClassVar

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from skrln._core._params import CLASSIFICATION, JOINT, JOINT_SUPERVISED
from skrln._core._scoring import exact_match
from skrln.networks import RLNClassifier

from ._base import BaseJoint, Heads

#: Bias of a class that a domain does not have: its probability is exactly zero, and so are
#: all gradients on the way to it.
ABSENT = -1e4


class JointClassifier(ClassifierMixin, BaseJoint):
    r"""Classifier for several related data sets, with a network for each of them.

    Pooling data sets that differ hurts, and training on each alone wastes the others. This
    trains one network per data set, a *domain*, and couples their layers by a robust norm:
    networks that are alike pull together, strangers let go, and which is which is found in
    training [1]_. A single domain is the plain :class:`~skrln.RLNClassifier`, to the bit.

    `sample_domain` is the label of the domain of every row. In pipelines and searches it is
    metadata; see the example, and the :ref:`User Guide <joint>`.

    Parameters
    ----------
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
        Whether all domains have one set of classes, and the output layer is shared like the
        others. With False each domain has an output of its own and predicts the classes that
        its rows have had, one that has had a single class always that. "auto" is True where
        some domain has all classes that there are.

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

    hidden_layer_sizes : array-like of int, int or "geometric", default=(64, 64)
        Units of each hidden layer, from the inputs on. ``()`` is a linear model.

    activation : str, default="relu"
        As in :class:`~skrln.RLNClassifier`.

    dropout : float or array-like of shape (n_hidden_layers,), default=0.0
        As in :class:`~skrln.RLNClassifier`.

    regularization : {"rln", "uniform"} or None, default="rln"
        As in :class:`~skrln.RLNClassifier`, for each network by itself: a weight can be
        zero in one domain and not in another.

    theta : float, default=-7.0
        Mean of the log coefficients, natural log. Higher is stronger: more zeros.

    norm, reg_step, reg_warmup, reg_layers, reg_scope, reg_group : str and float
        As in :class:`~skrln.RLNClassifier`.

    solver, momentum, learning_rate, learning_rate_params, learning_rate_init : object
        As in :class:`~skrln.RLNClassifier`. The coupling is a step in plain Euclidean
        distance, of the length of the learning rate, whatever the solver does to the
        gradient.

    clip_value, clip_norm, weight_decay : float or None
        As in :class:`~skrln.RLNClassifier`.

    batch_size : int or "auto", default="auto"
        Most rows of a batch of each domain; "auto" is a sixteenth of the largest domain,
        between 32 and 256. All domains take the same number of steps: small ones begin
        again.

    max_iter : int, default=200
        Passes over the largest domain.

    class_weight : dict, "balanced" or None, default=None
        Weight of each class; "balanced" makes all classes of a domain count the same.

    early_stopping : bool or "auto", default="auto"
        As in :class:`~skrln.RLNClassifier`. Rows are held out in every domain that has
        at least four; the loss that is watched is the mean over the domains, and there is one
        best epoch for all, after the first stage. "auto" does so above 10,000 rows.

    validation_fraction, n_iter_no_change, tol : float, int and float
        As in :class:`~skrln.RLNClassifier`.

    categorical_features, input_clip : object
        As in :class:`~skrln.RLNClassifier`. Scaling and categories are learned from the
        rows of all domains together.

    random_state : int, RandomState instance or None, default=None
        Seeds the initial weights, the order of the rows and what is held out.

    dtype, device : str or None
        As in :class:`~skrln.RLNClassifier`.

    Attributes
    ----------
    domains_ : ndarray of shape (n_domains,)
        Labels of the domains, sorted, then those that were added.

    classes_ : ndarray of shape (n_classes,)
        Classes of all domains together.

    domain_classes_ : list of ndarray
        Classes that each domain predicts.

    coefs_ : list of ndarray of shape (n_domains, n_units_in, n_units_out)
        Weights of each layer of each domain, on scaled inputs.

    intercepts_ : list of ndarray of shape (n_domains, n_units_out)
        Biases.

    reg_coefs_ : list of ndarray, shaped as `coefs_`
        Log coefficient of every weight; minus infinity where a layer is not regularized.

    pair_weights_ : ndarray of shape (n_terms, n_domains, n_domains)
        Robust weight, in [0, 1], of each pair of domains in each term (two adjacent layers,
        or one): what multiplies `coupling`.

    pair_distances_ : ndarray of shape (n_terms, n_domains, n_domains)
        Squared distances of the networks that were kept.

    sigma_ : ndarray of shape (n_terms,)
        Scale of each term; NaN where nothing was reweighted.

    affinity_graph_ : list of sparse array of shape (n_domains, n_domains)
        Of each term, the weights of domains that are among the three nearest of each other.

    weight_history_ : ndarray of shape (`n_irls_iter_`, n_terms, n_domains, n_domains)
        Weights of each round.

    n_irls_iter_ : int
        Rounds of reweighting.

    irls_converged_ : bool
        Whether the weights came to rest within `max_irls_iter` rounds.

    n_shared_layers_ : int
        Layers that could be shared.

    objective_curve_ : ndarray of shape (`n_iter_`,)
        Sum of the domains' mean losses and of `coupling` times the consistency, the penalty
        of weights apart.

    loss_curve_ : ndarray of shape (`n_iter_`,)
        Mean training loss of each epoch over the domains.

    domain_loss_curve_ : ndarray of shape (`n_iter_`, n_domains)
        That of each.

    consistency_curve_ : ndarray of shape (`n_iter_`,)
        Sum of the norm over all pairs and terms after each epoch, by the scales found: the
        robust norm of "joint", the square of the distance otherwise.

    validation_loss_curve_ : ndarray of shape (`n_iter_`,) or None
        Mean validation loss over the domains.

    n_iter_, best_iteration_ : int
        Epochs that ran, and the one whose weights were kept, counted from 0.

    sparsity_ : ndarray of shape (n_domains, n_layers)
        Share of the weights that are exactly zero.

    n_features_in_ : int
        Columns of `X`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, where all are strings.

    See Also
    --------
    JointRegressor : The same for numbers.
    skrln.RLNClassifier : The network of a single domain.
    skrln.inspection.DomainNetworkDisplay : Draws which domains have found each other.

    Notes
    -----
    With :math:`f_i` the mean loss of domain :math:`i`, :math:`\theta_i^l` layer :math:`l` of
    its network, and sums over pairs of domains and of adjacent layers, the objective is [1]_

    .. math:: \sum_i f_i(\theta_i) + c \sum_{i<j} \sum_l \rho\left(\left\|
        (\theta_i^l, \theta_i^{l+1}) - (\theta_j^l, \theta_j^{l+1})\right\|, \sigma_l
        \right), \qquad \rho(d, \sigma) = \frac{\sigma^2 d^2}{\sigma^2 + d^2} .

    After a first stage with the plain square in place of :math:`\rho`, :math:`\sigma_l` is
    how far the nearest other domain is on average. Then weights :math:`w = \rho'(d^2)` and
    training with :math:`w d^2` take turns. A step of the solver on the losses is followed by
    the exact minimizer of the coupling plus the squared distance to where the step ended (a
    linear system with the graph Laplacian of each layer, stable for any `coupling`), then by
    the proximal step of the penalty, so that zeros are exact.

    Differences from the paper: its weights are the root of the majorizer's; its distances are
    those after the first stage here as there, with a floor under the scale; its domains take
    turns where these step side by side.

    Cost of a step: that of a step of each network, and for every layer two products of a
    (n_domains, n_domains) matrix with the parameters. Memory: about six numbers for each
    parameter of each domain, with "rln" eight for those of regularized layers.

    References
    ----------
    .. [1] Joint learning of feed-forward networks across data sets by a robust norm between
       their layers, of which this is the form for tables; see :ref:`User Guide <joint>`.

    Examples
    --------
    >>> from skrln.datasets import make_domains
    >>> from skrln.joint import JointClassifier
    >>> X, y, domain = make_domains(n_clusters=2, task="classification", random_state=0)
    >>> model = JointClassifier(max_iter=60, random_state=0)
    >>> model = model.fit(X, y, sample_domain=domain)
    >>> model.predict_proba(X[:5], sample_domain=domain[:5]).shape
    (5, 2)

    With metadata routing a cross-validation passes the domains on; every fold has to train on
    all of them:

    >>> import sklearn
    >>> from sklearn.model_selection import KFold, cross_validate
    >>> with sklearn.config_context(enable_metadata_routing=True):
    ...     found = cross_validate(
    ...         model,
    ...         X,
    ...         y,
    ...         params={"sample_domain": domain},
    ...         cv=KFold(2, shuffle=True, random_state=0),
    ...     )
    >>> found["test_score"].shape
    (2,)
    """

    # Scores and predictions are made for the domain of each row.
    __metadata_request__predict_proba = {"sample_domain": True}  # noqa: RUF012 - as above
    __metadata_request__predict_log_proba = {"sample_domain": True}  # noqa: RUF012 - as above

    _parameter_constraints: ClassVar[dict] = {
        **JOINT,
        **JOINT_SUPERVISED,
        **CLASSIFICATION,
    }

    def __init__(
        self,
        hidden_layer_sizes=(64, 64),
        activation="relu",
        *,
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
        class_weight=None,
        early_stopping="auto",
        validation_fraction=0.125,
        n_iter_no_change=40,
        tol=1e-4,
        categorical_features="from_dtype",
        input_clip=3.0,
        random_state=None,
        dtype="auto",
        device=None,
    ):
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
        self.class_weight = class_weight
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.categorical_features = categorical_features
        self.input_clip = input_clip
        self.random_state = random_state
        self.dtype = dtype
        self.device = device

    @property
    def classes_(self):
        """Classes of all domains together."""
        return self._targets[0].classes

    @property
    def domain_classes_(self):
        """Classes that each domain predicts."""
        return [self.classes_[there] for there in self._masks]

    @property
    def _masks(self):
        """Classes of each domain, (n_domains, n_classes)."""
        check_is_fitted(self, "_targets")
        if self._present is None:
            return np.ones((len(self.domains_), len(self.classes_)), bool)
        return self._present

    def predict_proba(self, X, *, sample_domain=None):
        """Probabilities of the classes.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Inputs.

        sample_domain : array-like of shape (n_samples,), default=None
            Label of the domain of each row. None is for a single domain, or goes by
            `unknown_domain`.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In the order of `classes_`; zero for classes that the domain does not have.
        """
        return self._columns(X, sample_domain)

    def predict_log_proba(self, X, *, sample_domain=None):
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

    def predict(self, X, *, sample_domain=None):
        """Predict the most likely classes.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Inputs.

        sample_domain : array-like of shape (n_samples,), default=None
            Label of the domain of each row. None is for a single domain, or goes by
            `unknown_domain`.

        Returns
        -------
        ndarray of shape (n_samples,)
            Labels.
        """
        columns = self._columns(X, sample_domain)
        return self.classes_[np.argmax(columns, axis=1)]

    def score(self, X, y, sample_weight=None, *, sample_domain=None):
        """Share of the rows whose class is right.

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

    def _network(self):
        return self._network_with(RLNClassifier, class_weight=self.class_weight)

    def _fit_heads(self, network, domains, train):
        del train  # classes are those of all rows
        table = domains.table
        if table.y.ndim == 2:
            raise ValueError(
                f"Got y of shape {table.y.shape}, but expected labels of a single task, of "
                "shape (n_samples,). Fit an estimator for each column."
            )
        target = network._fit_target(*table.rows(np.concatenate(domains.rows))[1:])
        present = np.stack(
            [np.isin(target.classes, table.y[rows]) for rows in domains.rows]
        )
        same = self.share_output
        if same == "auto":
            same = bool(present.all(axis=1).any())
        targets = [target] * len(domains.rows)
        return Heads(targets, same, None if same else present)

    def _more_heads(self, network, domains, train):
        del network, train
        target = self._targets[0]
        labels = domains.table.y[domains.rows[0]]
        present = np.isin(target.classes, labels)[None]
        same = self._same_output
        return Heads([target], same, None if same else present)

    def _head_bias(self, heads):
        if heads.present is None or heads.present.shape[1] == 2:
            return None  # two classes are a single logit
        return np.where(heads.present, 0.0, ABSENT)

    def _decode(self, k, outputs):
        found = self._targets[k].means(outputs) * self._masks[k]
        return found / found.sum(axis=1, keepdims=True)
