# SPDX-License-Identifier: BSD-3-Clause
"""The generator of several domains."""

from dataclasses import replace
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from skrln._core import _settings
from skrln._core._forward import Network, forward
from skrln._core._outcome import warn_outcome
from skrln._core._params import GENERATOR
from skrln._core._sklearn import fit_context, take
from skrln._core._validation import all_or_nothing, resolve_hidden_layers
from skrln._kernels import (
    AdversarialHyper,
    AdversarialSpec,
    NetworkSpec,
    fit_adversarial,
)

from ._calibration import N_ROWS, calibrate
from ._domains import check_domains
from ._graph import GraphMixin
from ._plans import make_plan
from ._rows import RowEncoder, check_rows

#: Most rows of a batch with ``batch_size="auto"``.
AUTO_BATCH = 64


class JointGenerator(GraphMixin, BaseEstimator):
    r"""Generator of rows for several related data sets, with networks for each of them.

    Each domain has a *generator*, which makes rows out of noise, and a *discriminator*, an
    autoencoder that learns to copy rows of the data well and those of the generator badly,
    while the generator learns to make rows that are copied well. Generators and
    discriminators of the domains are coupled as in :class:`JointRegressor`: what the domains
    have in common they learn from each other. `sample` makes rows in the form of the table of
    `fit`: arrays or data frames, numbers, categories and missing values.

    Read more in the :ref:`User Guide <joint_generator>`.

    .. versionadded:: 0.1

    Parameters
    ----------
    n_components : int, default=8
        Numbers of noise that a row is made of, and numbers of the discriminator's code. Few
        rows do not fill a space of many.

    hidden_layer_sizes : array-like of int or int, default=(128,)
        Units of each hidden layer of the discriminator from the row to the code. From the
        code to the copy, and in the generator, they are the same in reverse.

    activation : str, default="silu"
        As in :class:`~skrln.RLNRegressor`.

    gamma : float, default=1.0
        Ratio of the losses of generated rows and of rows of the data that training aims for.
        Rows that the discriminator has seen are copied better than others, so that a ratio
        below one is out of reach where there are few. Lower asks for rows that are more
        typical.

    equilibrium_rate : float, default=0.01
        How fast the balance between both losses moves, per step and unit of the loss. 0 keeps
        it at zero: the discriminator does not mind what is generated.

    code_weight : float, default=1.0
        Weight of the terms that tie codes to the noise: codes of the data have mean and
        covariance of it, and the code of a generated row is the noise that it was made of. 0
        is the published method, which makes the same row of all noise where rows are few.

    input_noise : float, default=0.3
        Standard deviation of the noise on what the discriminator copies, in the units of
        `domain_loss_curve_`. With 0 it knows few rows by heart. Higher gives samples that vary
        like other rows, too, and show less detail.

    average_decay : float, default=0.99
        Rows are sampled with an exponential average of the generator's weights over the steps,
        which is steadier than the last ones; this is the share of the past, in [0, 1), that
        a step leaves in it. 0 takes the last weights.

    scaling : {"quantile", "range"}, default="quantile"
        What networks see of numbers. "quantile" is for tables: normal scores of the ranks of
        each column, so that samples have its distribution whatever it is, and stay within what
        was seen. "range" is for images: all columns have one scale, from the lowest to the
        highest number of the table, to which samples are clipped.

    categorical_features : array-like, "from_dtype" or None, default="from_dtype"
        Columns of categories: positions, a mask or names. "from_dtype" takes the columns of a
        data frame that are categories, strings, objects or booleans. A number of few values,
        such as a grade, is better a category.

    strategy : {"joint", "l2", "shared", "finetune", "isolated"}, default="joint"
        What the domains share. All strategies start from the same weights and take the same
        number of steps. "joint" finds it: a robust norm draws similar layers together and
        lets go of strangers. "l2" draws all of them together, all the time. "shared" is one
        generator and one discriminator for all, but for the output layers where
        `share_output` is False. "finetune" begins as "shared" and ends, after
        `first_stage`, as "isolated". "isolated" is a pair of networks for each domain, alone.

    coupling : float, default=0.3
        Strength with which two networks are drawn together, of "joint" and "l2", in units of
        the loss of a domain per squared distance of weights. 0 is "isolated". Useful from about
        0.03 to 1, on a log scale.

    robust_norm, irls_weight, sigma, sigma_factor, pair_layers : object
        As in :class:`JointRegressor`. Pairs of layers are pairs within the generator, or
        within the discriminator.

    share_output : bool, default=False
        Whether the last layers of the generator and of the discriminator are shared like the
        others. They say what a domain's rows look like on average.

    first_stage, max_irls_iter, inner_max_iter, irls_tol : float, int, int and float
        As in :class:`JointRegressor`.

    solver, momentum : str and float
        As in :class:`~skrln.RLNRegressor`.

    learning_rate : {"constant", "cosine"}, default="cosine"
        Whether the learning rate stays as it is, or falls to zero along a cosine.

    learning_rate_init : float, default=0.003
        Learning rate of both networks, at the start.

    batch_size : int or "auto", default="auto"
        Most rows of a batch of each domain; "auto" is 64. At least 32 rows are generated for
        each. All domains take the same number of steps: small ones begin again.

    max_iter : int, default=1000
        Passes over the largest domain. There is no loss that tells when to stop, but see
        `convergence_curve_`.

    random_state : int, RandomState instance or None, default=None
        Seeds the initial weights, the order of the rows and the noise of training.

    dtype, device : str or None
        As in :class:`~skrln.RLNRegressor`.

    Attributes
    ----------
    domains_ : ndarray of shape (n_domains,)
        Labels of the domains, sorted.

    domain_counts_ : ndarray of shape (n_domains,)
        Rows of each in `fit`.

    coefs_, intercepts_ : list of ndarray
        Of the generators, one array a layer, with a leading axis of domains: the average over
        the steps, as samples are made with.

    discriminator_coefs_, discriminator_intercepts_ : list of ndarray
        Of the discriminators.

    domain_loss_curve_ : ndarray of shape (`n_iter_`, n_domains)
        :math:`L(x)`: how far the discriminator's copies are from the rows of the data, in the
        mean over columns, by epoch. Numbers have unit variance ("quantile") or a range of
        two; a category that is copied wrongly counts one.

    generated_loss_curve_ : ndarray of shape (`n_iter_`, n_domains)
        :math:`L(G(z))`: the same of generated rows.

    equilibrium_curve_ : ndarray of shape (`n_iter_`, n_domains)
        :math:`k`: in [0, 1], how much the discriminator minds copying generated rows well.

    convergence_curve_ : ndarray of shape (`n_iter_`, n_domains)
        :math:`L(x) + |\gamma L(x) - L(G(z))|`: falls while both networks learn.

    consistency_curve_ : ndarray of shape (`n_iter_`,)
        Sum of the norm over all pairs of domains and of layers.

    pair_weights_, pair_distances_ : ndarray of shape (n_terms, n_domains, n_domains)
        As in :class:`JointRegressor`; terms of the generator come first. Distances are those
        of the weights of the last step.

    sigma_ : ndarray of shape (n_terms,)
        Scale of each term; NaN where nothing was reweighted.

    weight_history_ : ndarray of shape (n_rounds, n_terms, n_domains, n_domains)
        Weights of each reweighting.

    irls_converged_ : bool
        Whether the weights came to rest within `irls_tol`.

    affinity_graph_ : list of sparse array
        As in :class:`JointRegressor`.

    n_iter_ : int
        Epochs that ran.

    n_features_in_ : int
        Columns of `X`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, where all are strings.

    See Also
    --------
    JointAutoencoder : Codes of rows, and completion of missing cells.
    sklearn.neighbors.KernelDensity : Samples near the rows it has seen; hard to beat with few.

    Notes
    -----
    With rows :math:`x` of a domain, noise :math:`z`, its generator :math:`G` and its
    discriminator :math:`D`, and :math:`L(v)` the mean over the columns of
    :math:`|v - D(v + e)|` with `input_noise` :math:`e`, a step lowers :math:`L(x) - k L(G(z))`
    in the weights of :math:`D`, and :math:`L(G(z))` in those of :math:`G` (boundary equilibrium
    [1]_). Then the balance moves, :math:`k \leftarrow k + r (\gamma L(x) - L(G(z)))` with
    `equilibrium_rate` :math:`r`, and is clipped to [0, 1].

    With :math:`C` the first half of the discriminator, which makes codes, both networks lower
    `code_weight` times the mean of :math:`(C(G(z)) - z)^2` too (as [2]_ does for one of them),
    and the discriminator the squared distance of mean and covariance of :math:`C(x)` from
    those of the noise.

    The coupling is the exact proximal step of :class:`JointRegressor` on the layers of both
    networks. All domains are trained on the same noise. Categories are drawn from the softmax
    of the generator's outputs; in training Gumbel noise makes that draw one that has a
    gradient. A missing number is a category of its own. At the end biases of the
    generator are set so that categories and missing values are as frequent, one by one, as
    among the rows of the domain (with one generator for all, of all domains).

    References
    ----------
    .. [1] D. Berthelot, T. Schumm and L. Metz, "BEGAN: Boundary Equilibrium Generative
       Adversarial Networks", arXiv:1703.10717, 2017.
    .. [2] C.-C. Chang, C. H. Lin, C.-R. Lee, D.-C. Juan, W. Wei and H.-T. Chen, "Escaping from
       Collapsing Modes in a Constrained Space", ECCV 2018.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skrln.joint import JointGenerator
    >>> iris = load_iris(as_frame=True)
    >>> species = iris.target_names[iris.target]
    >>> model = JointGenerator(4, hidden_layer_sizes=(16,), max_iter=20, random_state=0)
    >>> model = model.fit(iris.data, sample_domain=species)
    >>> rows, domain = model.sample(3, "virginica", random_state=0)
    >>> rows.shape
    (3, 4)
    >>> domain.tolist()
    ['virginica', 'virginica', 'virginica']
    """

    __metadata_request__fit = {"sample_domain": True}  # noqa: RUF012 - as scikit-learn has it

    _parameter_constraints: ClassVar[dict] = GENERATOR

    def __init__(
        self,
        n_components=8,
        *,
        hidden_layer_sizes=(128,),
        activation="silu",
        gamma=1.0,
        equilibrium_rate=0.01,
        average_decay=0.99,
        code_weight=1.0,
        input_noise=0.3,
        scaling="quantile",
        categorical_features="from_dtype",
        strategy="joint",
        coupling=0.3,
        robust_norm="geman_mcclure",
        irls_weight="majorizer",
        sigma="mean",
        sigma_factor=2.0,
        pair_layers=True,
        share_output=False,
        first_stage=0.25,
        max_irls_iter=8,
        inner_max_iter=None,
        irls_tol=0.01,
        solver="adam",
        momentum=0.9,
        learning_rate="cosine",
        learning_rate_init=0.003,
        batch_size="auto",
        max_iter=1000,
        random_state=None,
        dtype="auto",
        device=None,
    ):
        self.n_components = n_components
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.gamma = gamma
        self.equilibrium_rate = equilibrium_rate
        self.average_decay = average_decay
        self.code_weight = code_weight
        self.input_noise = input_noise
        self.scaling = scaling
        self.categorical_features = categorical_features
        self.strategy = strategy
        self.coupling = coupling
        self.robust_norm = robust_norm
        self.irls_weight = irls_weight
        self.sigma = sigma
        self.sigma_factor = sigma_factor
        self.pair_layers = pair_layers
        self.share_output = share_output
        self.first_stage = first_stage
        self.max_irls_iter = max_irls_iter
        self.inner_max_iter = inner_max_iter
        self.irls_tol = irls_tol
        self.solver = solver
        self.momentum = momentum
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.random_state = random_state
        self.dtype = dtype
        self.device = device

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None, *, sample_domain=None):
        """Fit a generator and a discriminator for every domain.

        Parameters
        ----------
        X : array-like or pandas DataFrame of shape (n_samples, n_features)
            Rows of all domains, with the same columns; missing values are allowed.

        y : None
            Ignored.

        sample_domain : array-like of shape (n_samples,), default=None
            Label of the domain of each row: numbers or strings. None is a single domain.

        Returns
        -------
        self : object
            Fitted estimator.

        Raises
        ------
        ValueError
            For arguments that cannot be trained on; the estimator stays as it was.
        """
        del y
        with all_or_nothing(self):
            fitted, outcomes = self._fit(X, sample_domain)
            vars(self).update(fitted)
        warn_outcome(self, outcomes)
        return self

    def _fit(self, X, sample_domain):
        """Fitted attributes, and what there is to say of each domain."""
        X, categorical = check_rows(self, X)
        names, numbers = check_domains(sample_domain, len(X))
        encoder = RowEncoder(categorical, self.scaling).fit(X)
        order = np.argsort(numbers, kind="stable")
        rows = encoder.transform(take(X, order, axis=0))
        counts = np.bincount(numbers)
        spec = self._spec(encoder, rows.shape[1])
        own_heads = not self.share_output
        plan = make_plan(self, spec.n_layers, stacks=spec.stacks, own_heads=own_heads)
        if len(names) == 1:  # nobody to be coupled to
            plan = replace(plan, strategy="isolated")
        rng = check_random_state(self.random_state)
        batch_size = AUTO_BATCH if self.batch_size == "auto" else self.batch_size
        result = fit_adversarial(
            rows,
            counts,
            spec,
            self._hyper(),
            plan,
            max_epochs=self.max_iter,
            batch_size=batch_size,
            seed=rng.randint(np.iinfo(np.int32).max),
            precision=_settings.resolve_precision(self, *rows.shape),
            device=self.device,
        )
        fitted = self._describe(plan, result)
        if len(names) == 1:  # no pairs
            of_pairs = ("sigma_", "pair_weights_", "pair_distances_", "weight_history_")
            fitted |= {name: fitted[name][:0] for name in of_pairs}
            fitted["irls_converged_"] = True
        fitted |= {"domains_": names, "domain_counts_": counts, "_encoder": encoder}
        self._calibrate(fitted, rows, rng)
        return fitted, self._outcomes(result)

    def _spec(self, encoder, width):
        """Structure of both networks of a domain."""
        hidden = resolve_hidden_layers(self.hidden_layer_sizes, self.n_features_in_)
        code = (self.n_components,)
        makes = (*code, *hidden[::-1], width)
        codes = (width, *hidden, *code)
        return AdversarialSpec(
            NetworkSpec(makes, self.activation, (width,)),
            NetworkSpec(codes, self.activation, code),
            n_numbers=int(encoder.numeric.size),
            blocks=encoder.blocks,
            masked=tuple(encoder.masked.tolist()),
            bounded=self.scaling == "range",
            solver=self.solver,
            schedule=self.learning_rate,
        )

    def _hyper(self):
        """Numbers of the fit."""
        return AdversarialHyper(
            learning_rate=self.learning_rate_init,
            momentum=self.momentum,
            total_steps=0,  # the kernel counts them
            gamma=self.gamma,
            balance_rate=self.equilibrium_rate,
            average_decay=self.average_decay,
            code_weight=self.code_weight,
            input_noise=self.input_noise,
        )

    def _describe(self, plan, result):
        """Fitted attributes: NumPy arrays, lists of them and plain numbers."""
        history = result.history
        real, generated = (np.asarray(history[k], float) for k in range(2))
        weights, distances = self._pair_weights(plan, result)
        discriminator = result.params[plan.stacks[0] :]
        return {
            "coefs_": [layer.weight for layer in result.average],
            "intercepts_": [layer.bias for layer in result.average],
            "discriminator_coefs_": [layer.weight for layer in discriminator],
            "discriminator_intercepts_": [layer.bias for layer in discriminator],
            "n_iter_": result.n_epochs,
            "domain_loss_curve_": real,
            "generated_loss_curve_": generated,
            "equilibrium_curve_": np.asarray(history.balance, float),
            "convergence_curve_": real + np.abs(self.gamma * real - generated),
            "consistency_curve_": result.consistency,
            "sigma_": result.sigma,
            "pair_weights_": weights,
            "pair_distances_": distances,
            "weight_history_": result.weights,
            "irls_converged_": result.converged,
        }

    def _calibrate(self, fitted, rows, rng):
        """Set right how often each category is drawn, by the last biases of the generators."""
        encoder, counts = fitted["_encoder"], fitted["domain_counts_"]
        if not encoder.blocks:
            return
        start = encoder.numeric.size
        latent = rng.normal(size=(N_ROWS, self.n_components))
        shares = [
            part[:, start:].mean(axis=0)
            for part in np.split(rows, np.cumsum(counts)[:-1])
        ]
        if (
            self.strategy == "shared" and self.share_output
        ):  # one generator has one set of shares
            shares = [rows[:, start:].mean(axis=0)] * len(counts)
        biases = fitted["intercepts_"][-1].copy()
        for k, wanted in enumerate(shares):
            network = self._network_of(k, fitted["coefs_"], fitted["intercepts_"])
            outputs = forward(latent, network)[:, start:].astype(np.float64)
            biases[k, start:] += calibrate(outputs, encoder.blocks, wanted)
        fitted["intercepts_"][-1] = biases

    def _network_of(self, k, coefs, intercepts):
        """Generator of domain `k` in NumPy."""
        parts = [w[k] for w in coefs], [b[k] for b in intercepts]
        return Network(*parts, self.activation)

    @staticmethod
    def _outcomes(result):
        """What `warn_outcome` looks at, for the generator of each domain."""
        return [
            SimpleNamespace(
                reason=result.reason,
                best_epoch=result.n_epochs - 2,  # a diverging epoch is undone
                n_epochs=result.n_epochs,
                params=[
                    SimpleNamespace(weight=layer.weight[k]) for layer in result.params
                ],
            )
            for k in range(len(result.params[0].weight))
        ]

    def sample(self, n_samples=1, domain=None, random_state=None):
        """Generate rows.

        Parameters
        ----------
        n_samples : int, default=1
            How many.

        domain : object, default=None
            Label of the domain whose rows to generate. None is all of them, each as often as
            among the rows of `fit`.

        random_state : int, RandomState instance or None, default=None
            Seeds the noise that rows are made of. Pass an int for the same rows in every call.

        Returns
        -------
        X : ndarray or DataFrame of shape (n_samples, n_features)
            Rows in the form of the table of `fit`: names and types of the columns,
            categories, whole numbers where there were only such, and missing values.

        sample_domain : ndarray of shape (n_samples,)
            Label of the domain of each row; they follow each other.
        """
        check_is_fitted(self, "domains_")
        if n_samples < 1:
            raise ValueError(
                f"Got n_samples={n_samples!r}, but expected a whole number of at least 1."
            )
        rng = check_random_state(random_state)
        if domain is None:
            shares = self.domain_counts_ / self.domain_counts_.sum()
            counts = rng.multinomial(n_samples, shares)
        else:
            counts = np.where(self.domains_ == domain, n_samples, 0)
        if not counts.any():
            raise ValueError(
                f"Got domain={domain!r}, but expected None or one of those of fit: "
                f"{self.domains_.tolist()[:20]}."
            )
        rows = [self._generate(k, n, rng) for k, n in enumerate(counts) if n]
        X = self._encoder.inverse_transform(np.concatenate(rows))
        return X, np.repeat(self.domains_, counts)

    def _generate(self, k, n_samples, rng):
        """Encoded rows of domain `k`."""
        network = self._network_of(k, self.coefs_, self.intercepts_)
        latent = rng.normal(size=(n_samples, len(network.coefs[0])))
        outputs = forward(latent.astype(network.coefs[0].dtype), network)
        rows = outputs.astype(np.float64)
        start = self._encoder.numeric.size
        if self.scaling == "range":
            rows[:, :start] = np.tanh(rows[:, :start])
        for width in self._encoder.blocks:
            logits = rows[:, start : start + width]
            # The largest sum is drawn with the probability of the softmax.
            drawn = np.argmax(logits + rng.gumbel(size=logits.shape), axis=1)
            rows[:, start : start + width] = np.eye(width)[drawn]
            start += width
        return rows

    def __sklearn_tags__(self):
        """What this estimator can do, for scikit-learn."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = self.categorical_features is not None
        return tags
