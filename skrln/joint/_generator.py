# SPDX-License-Identifier: BSD-3-Clause
"""Generator of rows of several domains."""

from dataclasses import replace
from numbers import Integral
from os import PathLike
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from skrln import _kernels
from skrln._interrupts import awaited_at_exit
from skrln._kernels import NetworkSpec, RunSpec
from skrln._network._forward import Network, forward
from skrln._network._outcome import Outcome, warn_outcome
from skrln._network._parameters import Optimizer, Parameters
from skrln._network._settings import (
    check_solver,
    resolve_dtype,
    resolve_hidden_layers,
    split_flags,
)
from skrln._table._memory import check_memory, training_bytes
from skrln._table._sklearn import fit_context, take
from skrln._typing import TableLike
from skrln.networks._checkpoints import open_checkpoints, was_interrupted
from skrln.networks._open_options import OptionParameters, open_solver
from skrln.networks._whole import restored_on_error
from skrln.options import Checkpoint, Coupling, Solver

from ._attributes import ColumnAttributes
from ._calibration import N_ROWS, calibrate
from ._domains import check_domains
from ._graph import GraphMixin
from ._params import GENERATOR
from ._plans import GENERATING, make_plan, open_coupling
from ._rows import RowEncoder, check_rows

#: Largest batch with ``batch_size="auto"``.
AUTO_BATCH = 64


class JointGenerator(OptionParameters, ColumnAttributes, GraphMixin, BaseEstimator):
    r"""Generator of rows for several related data sets, with networks for each of them.

    Each domain has a *generator*, which makes rows from noise, and a *discriminator*, an
    autoencoder that learns to copy rows of the data well and generated rows badly, while the
    generator learns to make rows that are copied well. The generators and the discriminators of
    the domains are coupled as in :class:`JointRegressor`, so that each domain profits from the
    rows of similar domains. `sample` makes rows in the form of the table of `fit`: arrays or
    data frames, numbers, categories and missing values.

    Read more in the :ref:`User Guide <joint_generator>`.

    .. versionadded:: 0.1

    Parameters
    ----------
    n_components : int, default=8
        Number of components of the noise from which a row is generated, and of the code of the
        discriminator. A few hundred rows do not fill a space of many components.

    hidden_layer_sizes : array-like of int or int, default=(128,)
        Number of units of each hidden layer of the discriminator from the row to the code. The
        layers from the code to the copy, and the layers of the generator, have the same numbers
        in reverse.

    activation : str, default="silu"
        Activation function of the hidden units: "relu", "leaky_relu", "elu", "selu", "silu",
        "mish", "tanh", "logistic" or "identity". "selu" also draws the initial weights that it
        needs (LeCun normal).

    gamma : float, default=1.0
        Target of the ratio of the loss of generated rows to the loss of rows of the data. The
        discriminator copies rows that it was trained on better than other rows, so that a ratio
        below one is out of reach for small data sets. A lower target asks for more typical
        rows.

    equilibrium_rate : float, default=0.01
        Speed at which the balance of both losses moves, per step and unit of the loss. 0 keeps
        the balance at zero: the discriminator then ignores generated rows.

    average_decay : float, default=0.99
        Weight of the past, in [0, 1), in the exponential average of the weights of the
        generator over the steps. Rows are sampled with this average, which is steadier than the
        last weights. 0 takes the last weights.

    code_weight : float, default=1.0
        Weight of the terms that tie codes to the noise: codes of the data have the mean and the
        covariance of the noise, and the code of a generated row equals its noise. 0 is the
        published method, which generates the same row for all noise if there are few rows.

    input_noise : float, default=0.3
        Standard deviation of the noise on the inputs of the discriminator, in the units of
        `domain_loss_curve_`. With 0 the discriminator overfits small data sets. Higher values
        make samples vary more like unseen rows, and show less detail.

    scaling : {"quantile", "range"}, default="quantile"
        Scaling of numbers. "quantile" is for tables: normal scores of the ranks of each column,
        so that samples have the distribution of the column and stay within its range. "range"
        is for images: all columns have one scale, from the lowest to the highest number of the
        table, to which samples are clipped.

    categorical_features : "from_dtype", array-like or None, default="from_dtype"
        Categorical columns: a boolean mask, positions or names. "from_dtype" takes the
        category, string and boolean columns of a data frame, and object columns of strings.
        None treats all columns as numbers. A number with few values, such as a grade, is best
        passed as a category.

    coupling : {"joint", "l2", "shared", "finetune", "isolated"} or Coupling, default="joint"
        Coupling of the networks of the domains. All strategies start from the same weights and
        take the same number of steps. "joint" learns which domains share: a robust norm draws
        similar layers together and releases dissimilar layers. "l2" draws all domains together
        all the time. "shared" is one generator and one discriminator for all domains, apart
        from output layers that are not shared. "finetune" begins as "shared" and ends as
        "isolated". "isolated" trains each network alone. The option object
        :class:`~skrln.options.Coupling` sets the strength of the coupling, the robust norm, its
        scale, and its reweighting; its strength "auto" is 0.3 for generators, and useful from
        about 0.03 to 1. Pairs of layers are pairs within the generator or within the
        discriminator.

    share_output : bool, default=False
        If True, the last layers of the generator and of the discriminator are shared like the
        other layers. The last layers determine the mean row of a domain.

    solver : str or Solver, default="adam"
        Optimiser of optax by its name, such as "adam", "rmsprop", "sgd", "nadam" or "lion". The
        option object :class:`~skrln.options.Solver` sets the numbers of the optimiser, such as
        its momentum. Generators admit neither gradient clipping nor weight decay.

    learning_rate : {"constant", "cosine"}, default="cosine"
        Schedule of the learning rate over the steps of the fit. "constant" keeps the initial
        rate. "cosine" lowers the rate to zero along half a cosine.

    learning_rate_init : float, default=0.003
        Initial learning rate of both networks.

    batch_size : int or "auto", default="auto"
        Largest number of rows of each domain in a batch; "auto" is 64. At least 32 rows are
        generated for each batch. All domains take the same number of steps: small domains start
        again from their first batch.

    max_iter : int, default=1000
        Number of passes over the largest domain. No loss indicates when to stop, but see
        `convergence_curve_`.

    random_state : int, RandomState instance or None, default=None
        Seed of the initial weights, the order of the rows and the noise of training. With an
        int, two fits on a CPU are identical to the bit.

    checkpoint : str, PathLike, Checkpoint or None, default=None
        Folder in which `fit` keeps its state every minute. After its process was killed, the
        same call goes on from there, and its result is the same to the bit; the folder is
        removed at the end. It needs an int as `random_state`. The option object
        :class:`~skrln.options.Checkpoint` sets the time between two writes.

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
        Labels of the domains, sorted.

    domain_counts_ : ndarray of shape (n_domains,)
        Number of rows of each domain in `fit`.

    coefs_, intercepts_ : list of ndarray
        Weights and biases of each layer of the generators, with a leading axis of domains: the
        average over the steps, from which rows are sampled.

    discriminator_coefs_, discriminator_intercepts_ : list of ndarray
        Weights and biases of each layer of the discriminators.

    domain_loss_curve_ : ndarray of shape (`n_iter_`, n_domains)
        :math:`L(x)`: mean distance, over the columns, of rows of the data from their copies by
        the discriminator, after each epoch. Numbers have unit variance ("quantile") or a range
        of two; a category that is copied wrongly counts one.

    generated_loss_curve_ : ndarray of shape (`n_iter_`, n_domains)
        :math:`L(G(z))`: the same distance for generated rows.

    equilibrium_curve_ : ndarray of shape (`n_iter_`, n_domains)
        :math:`k`, in [0, 1]: weight of the loss of generated rows for the discriminator.

    convergence_curve_ : ndarray of shape (`n_iter_`, n_domains)
        :math:`L(x) + |\gamma L(x) - L(G(z))|`, which falls while both networks learn.

    consistency_curve_ : ndarray of shape (`n_iter_`,)
        Sum of the norm over all pairs of domains and of layers.

    pair_weights_ : ndarray of shape (n_terms, n_domains, n_domains)
        Robust weight, in [0, 1], of each pair of domains in each term of the coupling (two
        adjacent layers, or one layer). It multiplies the strength of the coupling. The terms of
        the generator come first.

    pair_distances_ : ndarray of shape (n_terms, n_domains, n_domains)
        Squared distances between the networks, at the weights of the last step.

    sigma_ : ndarray of shape (n_terms,)
        Scale of the robust norm in each term; NaN without reweighting.

    weight_history_ : ndarray of shape (n_rounds, n_terms, n_domains, n_domains)
        Pair weights of each round of reweighting.

    irls_converged_ : bool
        True if the pair weights converged within `max_irls_iter` rounds.

    affinity_graph_ : list of sparse array of shape (n_domains, n_domains)
        For each term, the pair weights of domains that are among the three nearest domains of
        each other.

    n_iter_ : int
        Number of epochs that ran.

    n_features_in_ : int
        Number of columns of `X`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns; only if all names are strings.

    See Also
    --------
    JointAutoencoder : Codes of rows, and completion of missing cells.
    sklearn.neighbors.KernelDensity : Samples near the training rows; hard to beat with few.

    Notes
    -----
    Let :math:`x` be rows of a domain, :math:`z` noise, :math:`G` the generator, :math:`D` the
    discriminator, and :math:`L(v)` the mean over the columns of :math:`|v - D(v + e)|` with
    `input_noise` :math:`e`. A step lowers :math:`L(x) - k L(G(z))` in the weights of :math:`D`,
    and :math:`L(G(z))` in the weights of :math:`G` (boundary equilibrium [1]_). Then the
    balance moves by :math:`k \leftarrow k + r (\gamma L(x) - L(G(z)))` with `equilibrium_rate`
    :math:`r`, and is clipped to [0, 1].

    Let :math:`C` be the first half of the discriminator, which makes codes. Both networks also
    lower `code_weight` times the mean of :math:`(C(G(z)) - z)^2` (as [2]_ does for one of
    them), and the discriminator also lowers the squared distance of the mean and the covariance
    of :math:`C(x)` from those of the noise.

    The coupling is the exact proximal step of :class:`JointRegressor` on the layers of both
    networks. All domains are trained on the same noise. Categories are drawn from the softmax
    of the outputs of the generator; in training, Gumbel noise gives this draw a gradient. A
    missing number is an additional category. After training, the biases of the generator are
    set so that each category, and each missing value, is as frequent as among the rows of the
    domain (with one generator for all domains, of all domains).

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
    >>> model = JointGenerator(4, hidden_layer_sizes=(16,), max_iter=10, random_state=0)
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
        n_components: int = 8,
        *,
        hidden_layer_sizes: ArrayLike = (128,),
        activation: str = "silu",
        gamma: float = 1.0,
        equilibrium_rate: float = 0.01,
        average_decay: float = 0.99,
        code_weight: float = 1.0,
        input_noise: float = 0.3,
        scaling: Literal["quantile", "range"] = "quantile",
        categorical_features: ArrayLike | None = "from_dtype",
        coupling: Literal["joint", "l2", "shared", "finetune", "isolated"]
        | Coupling = "joint",
        share_output: bool = False,
        solver: str | Solver = "adam",
        learning_rate: Literal["constant", "cosine"] = "cosine",
        learning_rate_init: float = 0.003,
        batch_size: int | Literal["auto"] = "auto",
        max_iter: int = 1000,
        random_state: int | np.random.RandomState | None = None,
        checkpoint: str | PathLike[str] | Checkpoint | None = None,
        dtype: Literal["auto", "float32", "float64"] = "auto",
        device: str | None = None,
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
        self.coupling = coupling
        self.share_output = share_output
        self.solver = solver
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.random_state = random_state
        self.checkpoint = checkpoint
        self.dtype = dtype
        self.device = device

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: TableLike, y: None = None, *, sample_domain: ArrayLike | None = None
    ) -> Self:
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
        named = {"X": X, "sample_domain": sample_domain}
        with (
            awaited_at_exit(),
            restored_on_error(self),
            open_checkpoints(self, named) as checkpoints,
        ):
            fitted, result = self._fit(X, sample_domain, *checkpoints.slots(1))
            self._store(fitted)
            warn_outcome(_outcomes_of(result), self._for_warnings())
            if not was_interrupted([result.reason]):
                checkpoints.finish()
        return self

    def _for_warnings(self):
        """Parameters that the warnings repeat."""
        return Parameters(
            type(self).__name__,
            None,
            penalty=None,
            learning_rate_init=self.learning_rate_init,
        )

    def _fit(self, X, sample_domain, slot):
        """Fitted attributes, and the result of the kernel."""
        X, columns = check_rows(X, type(self).__name__, self.categorical_features)
        names, numbers = check_domains(sample_domain, len(X))
        coupling = self._open_coupling(len(names))
        encoder = RowEncoder(columns.categorical, self.scaling).fit(X)
        width = encoder.numeric.size + sum(encoder.blocks)
        itemsize = 8 if self.dtype == "float64" else 4
        needed = training_bytes(len(X), width, itemsize)
        check_memory(needed, (len(X), width), ["fewer categories"])
        order = np.argsort(numbers, kind="stable")
        rows = encoder.transform(take(X, order, axis=0))
        counts = np.bincount(numbers)
        solver = self._open_solver()
        spec = self._spec(encoder, columns.n_features, rows.shape[1], solver)
        plan = make_plan(
            coupling,
            int(self.max_iter),
            spec.n_layers,
            stacks=spec.stacks,
            own_heads=not self.share_output,
        )
        if len(names) == 1:  # a single domain has no pairs to couple
            plan = replace(plan, strategy="isolated")
        rng = check_random_state(self.random_state)
        run = RunSpec(
            int(self.max_iter),
            AUTO_BATCH if self.batch_size == "auto" else int(self.batch_size),
            rng.randint(np.iinfo(np.int32).max),
            precision=resolve_dtype(self.dtype, self.device, rows.size),
            device=self.device,
        )
        hyper = self._hyper(solver)
        result = _kernels.fit_adversarial(
            rows, counts, spec, hyper, plan, run, slot=slot
        )
        fitted = self._describe(plan, result)
        if len(names) == 1:
            of_pairs = ("sigma_", "pair_weights_", "pair_distances_", "weight_history_")
            fitted |= {name: fitted[name][:0] for name in of_pairs}
            fitted["irls_converged_"] = True
        fitted |= {
            "domains_": names,
            "domain_counts_": counts,
            "_columns": columns,
            "_encoder": encoder,
            "_activation": self.activation,
            "_is_bounded": self.scaling == "range",
        }
        is_shared = coupling.strategy == "shared" and self.share_output
        fitted["intercepts_"][-1] = self._calibrate(fitted, rows, rng, is_shared)
        return fitted, result

    def _open_coupling(self, n_domains):
        """Return the Coupling without "auto"."""
        coupling = open_coupling(self.coupling, GENERATING, n_domains)
        if coupling.distance == "outputs":
            raise ValueError(
                "Got coupling distance='outputs' for a generator, whose networks have no "
                "common rows to compare. Pass distance='weights' or 'auto'."
            )
        if coupling.n_shared_layers is not None:
            raise ValueError(
                f"Got coupling n_shared_layers={coupling.n_shared_layers} for a generator, "
                "whose two networks share all layers, the last ones if share_output is True. "
                "Pass n_shared_layers=None."
            )
        return coupling

    def _open_solver(self):
        """Return the Optimizer; raise a ValueError for options that have no effect here."""
        solver = open_solver(self.solver)
        if solver != Optimizer(solver.name, solver.options):
            raise ValueError(
                f"Got solver={self.solver!r} for a generator, whose training neither clips "
                "gradients nor decays weights. Leave these options out."
            )
        check_solver(solver)
        return solver

    def _spec(self, encoder, n_features, width, solver):
        """Make the structure of both networks of a domain."""
        hidden = resolve_hidden_layers(self.hidden_layer_sizes, n_features)
        code = (int(self.n_components),)
        generator_sizes = (*code, *hidden[::-1], width)
        encoder_sizes = (width, *hidden, *code)
        return _kernels.AdversarialSpec(
            NetworkSpec(generator_sizes, self.activation, (width,)),
            NetworkSpec(encoder_sizes, self.activation, code),
            n_numbers=int(encoder.numeric.size),
            blocks=encoder.blocks,
            masked=tuple(encoder.masked.tolist()),
            bounded=self.scaling == "range",
            solver=solver.name,
            solver_flags=split_flags(solver.options)[0],
            schedule=str(self.learning_rate),
        )

    def _hyper(self, solver):
        """Collect the numbers of the fit."""
        return _kernels.AdversarialHyper(
            learning_rate=self.learning_rate_init,
            solver_numbers=split_flags(solver.options)[1],
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

    def _calibrate(self, fitted, rows, rng, is_shared):
        """Last biases with which the generators draw categories as often as the data."""
        encoder, counts = fitted["_encoder"], fitted["domain_counts_"]
        if not encoder.blocks:
            return fitted["intercepts_"][-1]
        start = encoder.numeric.size
        latent = rng.normal(size=(N_ROWS, self.n_components))
        shares = [
            part[:, start:].mean(axis=0)
            for part in np.split(rows, np.cumsum(counts)[:-1])
        ]
        if is_shared:  # a single generator has a single set of shares
            shares = [rows[:, start:].mean(axis=0)] * len(counts)
        biases = fitted["intercepts_"][-1].copy()
        for k, wanted in enumerate(shares):
            network = _make_generator(
                k, fitted["coefs_"], fitted["intercepts_"], self.activation
            )
            outputs = forward(latent, network)[:, start:].astype(np.float64)
            biases[k, start:] += calibrate(outputs, encoder.blocks, wanted)
        return biases

    def sample(
        self,
        n_samples: int = 1,
        domain: Any = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> tuple[Any, np.ndarray]:
        """Generate rows.

        Parameters
        ----------
        n_samples : int, default=1
            Number of rows.

        domain : object, default=None
            Label of the domain whose rows to generate. None draws domains in proportion to
            their rows in `fit`.

        random_state : int, RandomState instance or None, default=None
            Seed of the noise that the generators transform. Pass an int for the same rows in
            every call.

        Returns
        -------
        X : ndarray or DataFrame of shape (n_samples, n_features)
            Rows in the form of the table of `fit`: with its column names and types,
            categories and missing values, and whole numbers in columns of whole numbers.

        sample_domain : ndarray of shape (n_samples,)
            Label of the domain of each row. Rows are ordered by domain.
        """
        check_is_fitted(self, "domains_")
        if not isinstance(n_samples, Integral) or n_samples < 1:
            raise ValueError(
                f"Got n_samples={n_samples!r}, but expected a whole number of at least 1. "
                "Pass an int, such as n_samples=100."
            )
        rng = check_random_state(random_state)
        if domain is None:
            shares = self.domain_counts_ / self.domain_counts_.sum()
            counts = rng.multinomial(n_samples, shares)
        else:
            counts = np.where(self.domains_ == domain, n_samples, 0)
        if not counts.any():
            raise ValueError(
                f"Got domain={domain!r}, but expected None or one of the domains of fit: "
                f"{self.domains_.tolist()[:20]}."
            )
        rows = [self._generate(k, n, rng) for k, n in enumerate(counts) if n]
        X = self._encoder.inverse_transform(np.concatenate(rows))
        return X, np.repeat(self.domains_, counts)

    def _generate(self, k, n_samples, rng):
        """Encoded rows of domain `k`."""
        network = _make_generator(k, self.coefs_, self.intercepts_, self._activation)
        latent = rng.normal(size=(n_samples, len(network.coefs[0])))
        outputs = forward(latent.astype(network.coefs[0].dtype), network)
        rows = outputs.astype(np.float64)
        start = self._encoder.numeric.size
        if self._is_bounded:
            rows[:, :start] = np.tanh(rows[:, :start])
        for width in self._encoder.blocks:
            logits = rows[:, start : start + width]
            # Gumbel trick: the argmax of logits plus Gumbel noise has softmax probabilities.
            drawn = np.argmax(logits + rng.gumbel(size=logits.shape), axis=1)
            rows[:, start : start + width] = np.eye(width)[drawn]
            start += width
        return rows

    def __sklearn_tags__(self) -> Any:
        """Capabilities for scikit-learn."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = self.categorical_features is not None
        return tags


def _make_generator(k, coefs, intercepts, activation):
    """Generator of domain `k` in NumPy."""
    return Network([w[k] for w in coefs], [b[k] for b in intercepts], activation)


def _outcomes_of(result):
    """Outcome of the networks of each domain."""
    return [
        Outcome(
            result.reason,
            result.n_epochs - 2,  # the kernel undoes the epoch that diverges
            result.n_epochs,
            [layer.weight[k] for layer in result.params],
        )
        for k in range(len(result.params[0].weight))
    ]
