# SPDX-License-Identifier: BSD-3-Clause
"""The regressor."""

from typing import ClassVar

import numpy as np
from sklearn.base import RegressorMixin

from skrln._core._base import BaseRLN
from skrln._core._params import COMMON, REGRESSION
from skrln._core._scoring import mean_r2
from skrln._core._sklearn import fit_context
from skrln._core._targets import RegressionTarget, check_regression_target
from skrln._core._uncertainty import draws_of, spread_of


class RLNRegressor(RegressorMixin, BaseRLN):
    r"""Neural network regressor whose every weight learns its own penalty.

    A Regularization Learning Network [1]_ tunes one regularization coefficient per weight
    while it trains. The weights that the loss needs are set free, the others become exact
    zeros, and what is left names the few inputs that it uses. It suits tables with many
    columns of which few matter; where all of a few columns matter, lower `theta`.

    Read more in the :ref:`User Guide <rln>`.

    Parameters
    ----------
    hidden_layer_sizes : array-like of int, int or "geometric", default=(256, 256)
        Units of each hidden layer, from the inputs on. ``()`` is a linear model. "geometric":
        three layers whose widths fall from the inputs in equal ratios, as published.

    activation : str, default="relu"
        What the hidden units compute: "relu", "leaky_relu", "elu", "selu", "silu", "mish",
        "tanh", "logistic" or "identity". "selu" draws its weights for it (LeCun normal).

    batch_norm : {"before", "after"} or None, default=None
        Batch normalization of the hidden layers, before or after the activation. It
        predicts with running means and variances, to which each batch adds a tenth. It helps
        deep networks to train and makes a penalty on the layer before it inert, so it is best
        left out or "after" with a regularized first layer. Not with "selu".

    dropout : float, array-like of shape (n_hidden_layers,) or "auto", default="auto"
        Share of the units of each hidden layer, in [0, 1), that a training step leaves out;
        the others are scaled up. With "selu" it is alpha dropout, which keeps mean and
        variance. Predictions use all units; draws of `sample_predictions`, and what
        ``return_std=True`` returns, do not. "auto" is 0.15 in networks of an ensemble that
        tell classes without an embedding of numbers, and 0 in all others.

    loss : str, default="squared_error"
        What is minimized, on the scaled target: "squared_error", "absolute_error", "huber",
        "quantile" or "poisson". "poisson" predicts a positive mean through
        its logarithm.

    quantile : float, default=0.5
        Level that ``loss="quantile"`` predicts, in (0, 1); unused by the others.

    huber_threshold : float, default=1.0
        Residual, in standard deviations of the target, from which ``loss="huber"`` grows
        linearly; unused by the others.

    regularization : {"rln", "uniform"} or None, default="rln"
        "rln" learns one coefficient per weight. "uniform" gives every weight the same
        (`reg_step` is taken as 0): proximal L1 or L2 in the same network. None is the plain
        network, without a penalty.

    theta : float or "auto", default="auto"
        Mean of the log coefficients, natural log, held constant while they are learned.
        Higher is stronger: more zeros. At a learning rate of 1e-3 a penalty step at
        ``lambda = theta`` is ``exp(theta)`` long, in units of scaled inputs and targets; at
        other rates it grows in proportion. Useful from about -9 to -5. "auto" is -7
        (with "uniform" -8), one less for networks with pieces of numbers, and less above
        3,000 rows by half the logarithm of their number over that; a single network takes the
        best of that, one more and one less, by the loss on rows that are held out.

    norm : {"l1", "l2"}, default="l1"
        Penalty of a weight. Only "l1" makes exact zeros.

    reg_step : float, default=0.03
        How fast coefficients are learned: the change of a coefficient, natural log, for a
        solver's step as long as the learning rate. 0 keeps them all at `theta`.

    nu : float, default=None
        Step size of the coefficients as the paper defines it; overrides `reg_step`. It is
        ``reg_step / (learning_rate_init * exp(theta))`` at a learning rate of 1e-3.

    max_reg_step : float, default=1.0
        Largest change of a coefficient in one step.

    reg_warmup : float, default=0.2
        Share of the `max_iter` epochs, in [0, 1), in which the penalty grows linearly to its
        full strength, over at least 200 steps; a shorter fit never meets all of it. It gives
        inputs that act through several units, without a slope of their own, the time to be
        found. Early stopping chooses among the epochs after that share. 0 is the published
        rule. Calls of `partial_fit`, and fits that go on by `warm_start`, have none.

    rule : {"proximal", "subgradient"}, default="proximal"
        How the penalty moves a weight. "proximal" solves for it and makes exact zeros.
        "subgradient" is the rule released in 2018: the penalty's gradient, with the
        coefficient lowered where a step would pass zero. It is there to compare with.

    reg_layers : {"first", "all"}, default="first"
        Which layers are regularized. Biases never are.

    reg_scope : {"network", "layer"}, default="network"
        Over which weights the mean of the coefficients is `theta`: all regularized ones
        together, or each layer for itself. Per layer, one with fewer inputs than the first
        gets a weaker mean, in proportion to its inputs.

    reg_group : {"weight", "input"}, default="weight"
        One coefficient per weight, or per input column. With "input" all weights of a column
        (of all its one-hot columns) reach zero together: a feature selector. It wants a
        weaker `theta`, by about one half to one: a column is dropped as a whole.

    store_reg_path : int, default=0
        Number of first-layer edges whose weight and coefficient are recorded each epoch, in
        `reg_path_`. Half of them are the strongest survivors.

    solver : {"adam", "rmsprop", "sgd"}, default="adam"
        Optimiser, of optax.

    momentum : float, default=0.9
        Of "sgd", in [0, 1); unused by the others.

    learning_rate : str or callable, default="cosine"
        Schedule over the steps of the fit. "constant"; "cosine", half a cosine down to zero;
        "multi_cycle", four cosine cycles, each twice as long as the one before; "power",
        ``(1 + t / decay_steps) ** -power``; "exponential", a tenth every `decay_steps`;
        "performance", `factor` times less whenever the validation loss (without validation
        data, the training loss) has not improved by `tol` for `patience` epochs. A callable,
        such as a schedule of optax, gives the learning rate itself for a step counted from
        0. Calls of `partial_fit` use the initial rate.

    learning_rate_params : dict, default=None
        Numbers of the schedule. "power": ``decay_steps`` (a tenth of all steps) and ``power``
        (1.0); "exponential": ``decay_steps`` (half of all steps); "performance": ``factor``
        (0.5), ``patience`` (5), ``cooldown`` (0, epochs that do not count after a drop) and
        ``smallest`` (1e-3, of the initial rate).

    learning_rate_init : float, default=0.003
        Initial learning rate; the highest of the schedule. Unused with a callable.

    clip_value : float, default=None
        Bound on every entry of the gradient: its direction changes. None for no bound.

    clip_norm : float, default=None
        Bound on the length of the gradient over all layers together: its direction stays.

    weight_decay : float, default=0.0
        Decoupled decay: a step at learning rate ``r`` takes away the share ``r *
        weight_decay`` of every weight, not of biases. The rule does not see it.

    average_decay : float, default=None
        Weight of the past, in [0, 1), in an exponential average of the weights over the
        steps, such as 0.99. The average is what is validated, kept and predicts; what is
        exactly zero at the end is zero in it. None keeps the weights of the last step.

    batch_size : int or "auto", default="auto"
        Most rows of a batch; batches are as equal as can be. "auto" is a sixteenth of the
        table, between 32 and 256, and for a single network up to 128 rows the whole table.

    max_iter : int or "auto", default="auto"
        Epochs. Without early stopping all of them run. "auto" is 200 for networks of an
        ensemble that get numbers alone where others get "piecewise", and 100 for all others.

    task_weight : array-like of shape (n_tasks,), "uncertainty", "dynamic" or None, default=None
        How much each column of `y` counts, in proportion; None for all the same. "uncertainty"
        learns a log variance of each task with the network, and "dynamic" goes by how fast the
        loss of each task falls; see :class:`RLNMultiTask` for both. Validation losses, and
        `loss_curve_`, have equal weights then, so that epochs compare.

    early_stopping : bool or "auto", default="auto"
        Whether to hold out validation data, stop after `n_iter_no_change` epochs without
        improvement of its loss, and restore the best epoch: weights and coefficients. Where a
        fit goes on from a fitted network, or has no penalty, the start competes too. "auto"
        does so in an ensemble, above 10,000 rows, or where validation data or a
        `validation_cv` is given. "sparsest" does so always, and keeps, of the epochs whose
        loss exceeds the lowest by no more than one standard error of the difference, the one
        with most weights at zero: for networks that are read.

    validation_fraction : float, default=0.125
        Share of the rows held out.

    validation_cv : int, splitter or iterable, default=None
        Chooses the rows held out instead: its first split is used. For groups or time order,
        such as :class:`~sklearn.model_selection.GroupShuffleSplit`.

    n_iter_no_change : int or "auto", default="auto"
        Epochs without improvement before early stopping. Fewer take less time, and may miss a
        later and better epoch. Dropping edges takes the first 10 to 60 epochs, in which the
        validation loss need not fall: allow for them. "auto" is 20 for networks of an ensemble
        that get more than 150 columns and are not the "sparsest", and 40 for all others.

    tol : float, default=1e-4
        Improvement of the validation loss that counts, in units of the scaled target.

    categorical_features : "from_dtype", array-like or None, default="from_dtype"
        Columns to one-hot encode: by mask, positions or names. "from_dtype" takes the
        category, string and object columns of a data frame. None has numbers only.

    input_clip : float or None, default=3.0
        Scaled numbers ``z`` become ``z / sqrt(1 + (z / input_clip) ** 2)``: nearly what they
        were near zero, and never beyond this many standard deviations. None leaves them.

    numeric_embedding : {"auto", "periodic", "piecewise"} or None, default="auto"
        What the network gets of each number beside the number itself. "periodic": three
        learned mixtures of sixteen learned cosines of it. "piecewise": up to 24 pieces of
        its range (beyond 12,000 rows one for 500 rows, up to 48), found by a small tree that
        knows the target, each growing from -1 to 1.
        They help where a target jumps or turns with a number. None gives it the number alone.
        "auto" trains networks without an embedding and, in dense tables with at most 150
        columns of numbers, as many with "piecewise".

    plain_features : array-like, str or slice, default=None
        Columns that are no table, such as pixels or an embedding of a text: names or
        positions, a boolean mask, or a slice of positions or (with both ends) of names. They
        are scaled and go through a branch of their own, a small dense network without a
        penalty, and what comes out of it meets the other columns in the first hidden layer.
        All of it is trained together; `theta` holds for the other columns alone, and inputs
        are selected among those. None regularizes all columns alike.

    plain_layer_sizes : array-like of int or int, default=(64,)
        Units of each layer of that branch. They have the `activation` of the network, and
        neither batch normalization nor dropout. Only with `plain_features`.

    n_estimators : int or "auto", default="auto"
        Networks whose predictions are averaged (of classes, their probabilities). Each holds
        out another fold for early stopping, `validation_fraction` of the rows or less, so
        that together they see all rows; they train in threads. Where `numeric_embedding`
        stands for two kinds of networks, this is the number of each kind, and they are
        weighed by their loss on the rows that they have not seen. "auto" is 8 up to 1,000
        rows and 4 beyond.

    bootstrap : bool, default=False
        Whether the rows of each network of an ensemble are drawn with replacement.

    input_selection : bool or "auto", default="auto"
        Whether to drop inputs after the networks are trained. The least important ones go,
        from all networks alike, down to the number with the lowest loss on rows that are held
        out; each network loses its own least important ones there, because the others have
        seen its rows. Dropped inputs have exact zeros. Where at most half of the inputs are
        left, the networks are trained once more on those alone, which takes the time of a
        second fit, and kept if they predict the rows held out better. In a dense table with
        fewer rows than columns that tells little, the columns that enter the path of a lasso
        first are tried before, each network's on its own rows. "auto" does so in an
        ensemble or wherever something else is "auto", if at least 25 rows are held out; True
        also in a single network and with fewer rows. Fits that go on from fitted networks
        keep their inputs.

    pretrained : estimator, default=None
        Fitted network of this package to start from: its encoding of the inputs, and the
        leading layers that have the same shape as here, with their coefficients. The columns
        and `activation` have to be the same. The last layer is drawn anew. ``clone`` keeps it
        fitted.

    n_frozen_layers : int, default=0
        Layers, counted from the inputs, that stay as they are to the bit; needs `pretrained`
        or `warm_start`.

    reuse_head : bool, default=False
        Whether the last layer of `pretrained` is taken too, with its target: classes, or
        scale, are those that it knows.

    unfreeze_every : int, default=None
        Epochs after which one more of the frozen layers trains, the last of them first. None
        keeps them frozen.

    unfreeze_factor : float, default=0.1
        Factor of the learning rate of layers that were frozen.

    warm_start : bool, default=False
        Whether `fit` goes on from the weights, coefficients and scaling of the last fit, with
        a fresh solver.

    random_state : int, RandomState instance or None, default=None
        Seeds the initial weights, the order of the rows and the validation split. With an int
        two fits on a CPU are identical to the bit.

    verbose : int or bool, default=False
        Whether to show a progress bar with the losses.

    dtype : {"auto", "float32", "float64"}, default="auto"
        Precision of training. "auto" is double on a CPU for tables of at most 2,000 numbers,
        where it costs nothing to speak of, and single otherwise.

    device : str, default=None
        Where to train: "cpu", "gpu", "gpu:1"; None is JAX's default. Fitted attributes are
        NumPy arrays, and predictions are computed in NumPy.

    Attributes
    ----------
    estimators_ : list of estimators
        The networks that predict: those of an ensemble, each a fitted estimator, or the
        estimator itself. What follows of weights, curves and paths is that of one network, and
        an ensemble has it in its members only.

    estimator_weights_ : ndarray of shape (n_networks,)
        What each network of an ensemble counts; they sum to one. Not of a plain single network.

    coefs_ : list of ndarray of shape (n_units_in, n_units_out)
        Weights of each layer, on scaled inputs. Zeros are exact.

    intercepts_ : list of ndarray of shape (n_units_out,)
        Biases of each layer.

    embedding_ : dict of ndarray or None
        Frequencies and phases (n_numbers, 16), weights (n_numbers, 16, 3) and biases of the
        periodic embedding. Its rows of the first weights follow those of the inputs.

    plain_coefs_, plain_intercepts_ : list of ndarray
        Weights and biases of the branch of the `plain_features`; empty without. The last
        rows of the first weights multiply what comes out of it.

    batch_norms_ : list of ndarray of shape (4, n_units)
        Gain, shift, running mean and variance of each hidden layer; empty without
        `batch_norm`.

    reg_coefs_ : list of ndarray, shaped as `coefs_`
        Learned log coefficient of every weight, natural log; minus infinity where a weight is
        not regularized.

    theta_ : float
        Mean of the coefficients of the regularized weights.

    feature_importances_ : ndarray of shape (`n_features_in_`,)
        Garson importance of each input column. Sums to one; all zeros where no path is left.

    active_features_ : ndarray
        Names, or positions, of the columns with an edge that is not zero.

    n_active_features_ : int
        How many those are.

    sparsity_ : ndarray of shape (n_layers,)
        Share of the weights of each layer that are exactly zero.

    sparsity_curve_ : ndarray of shape (`n_iter_`, n_layers)
        The same after every epoch.

    loss_curve_ : ndarray of shape (`n_iter_`,)
        Mean training loss of each epoch without the penalty, on the scaled target.

    validation_loss_curve_ : ndarray of shape (`n_iter_`,) or None
        Validation loss of each epoch; None without validation data.

    task_loss_curve_ : ndarray of shape (`n_iter_`, n_tasks)
        Training loss of each task and epoch, without the weights of the tasks; NaN for a task
        of weight zero. This and the next three are there for `y` in two dimensions only.

    validation_task_loss_curve_ : ndarray of shape (`n_iter_`, n_tasks) or None
        The same for the validation data; None without any.

    task_weight_curve_ : ndarray of shape (`n_iter_`, n_tasks)
        What each task counted when an epoch began. Sums to one, but for "uncertainty".

    task_log_variance_ : ndarray of shape (n_tasks,) or None
        Learned log variances; None but for ``task_weight="uncertainty"``.

    n_iter_ : int
        Epochs that ran.

    best_iteration_ : int
        Epoch whose weights were kept, counted from 0; -1 where early stopping kept those
        that the fit started from.

    reg_path_ : ndarray of shape (`n_iter_`, n_edges, 2)
        Weight and coefficient of the edges followed; only with `store_reg_path`.

    reg_path_edges_ : ndarray of shape (n_edges, 2)
        Encoded input and unit of those edges.

    n_layers_ : int
        Layers of units, inputs and outputs included.

    n_outputs_ : int
        Units of the last layer.

    n_features_in_ : int
        Columns of `X`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, where all are strings.

    See Also
    --------
    RLNMultiTask : Tasks of numbers and tasks of classes in one network.
    RLNClassifier : The same network for class labels.
    sklearn.neural_network.MLPRegressor : Plain network with one penalty for all weights.

    Notes
    -----
    A step :math:`u_t` of the solver on the loss :math:`L` alone is followed by the proximal
    step of the penalty,

    .. math:: w_{t+1} = \operatorname{prox}_{s_t \|\cdot\|}(w_t + u_t), \qquad
        s_t = \frac{\eta_t}{10^{-3}} e^{\lambda_t},

    where :math:`\eta_t` is the learning rate. At the next batch the loss at the new weights
    tells how it would have changed with another :math:`\lambda` (the counterfactual gradient,
    Theorem 1 of [1]_). Every coefficient moves along that and all are shifted so that their
    mean stays `theta` (Eqs. 5 and 6 of [1]_): weights that the loss asks for are set free at
    the expense of those that it does not. A weight in the dead zone of the proximal step does
    not depend on its coefficient, and moves it only by the shift.

    The rule costs no gradient of its own.

    References
    ----------
    .. [1] Shavitt and Segal, "Regularization Learning Networks: Deep Learning for Tabular
       Datasets", NeurIPS 2018.

    Examples
    --------
    >>> from sklearn.datasets import make_friedman1
    >>> from skrln import RLNRegressor
    >>> X, y = make_friedman1(n_samples=300, n_features=50, random_state=0)
    >>> model = RLNRegressor(random_state=0).fit(X[:200], y[:200])
    >>> bool(model.score(X[200:], y[200:]) > 0.7)
    True
    >>> set(range(5)) <= set(model.active_features_)
    True
    """

    _parameter_constraints: ClassVar[dict] = {**COMMON, **REGRESSION}
    _target_type: ClassVar[type] = RegressionTarget

    def __init__(
        self,
        hidden_layer_sizes=(256, 256),
        activation="relu",
        *,
        batch_norm=None,
        dropout="auto",
        loss="squared_error",
        quantile=0.5,
        huber_threshold=1.0,
        regularization="rln",
        theta="auto",
        norm="l1",
        reg_step=0.03,
        nu=None,
        max_reg_step=1.0,
        reg_warmup=0.2,
        rule="proximal",
        reg_layers="first",
        reg_scope="network",
        reg_group="weight",
        store_reg_path=0,
        solver="adam",
        momentum=0.9,
        learning_rate="cosine",
        learning_rate_params=None,
        learning_rate_init=0.003,
        clip_value=None,
        clip_norm=None,
        weight_decay=0.0,
        average_decay=None,
        batch_size="auto",
        max_iter="auto",
        task_weight=None,
        early_stopping="auto",
        validation_fraction=0.125,
        validation_cv=None,
        n_iter_no_change="auto",
        tol=1e-4,
        categorical_features="from_dtype",
        input_clip=3.0,
        numeric_embedding="auto",
        plain_features=None,
        plain_layer_sizes=(64,),
        n_estimators="auto",
        bootstrap=False,
        input_selection="auto",
        pretrained=None,
        n_frozen_layers=0,
        reuse_head=False,
        unfreeze_every=None,
        unfreeze_factor=0.1,
        warm_start=False,
        random_state=None,
        verbose=False,
        dtype="auto",
        device=None,
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.batch_norm = batch_norm
        self.dropout = dropout
        self.loss = loss
        self.quantile = quantile
        self.huber_threshold = huber_threshold
        self.regularization = regularization
        self.theta = theta
        self.norm = norm
        self.reg_step = reg_step
        self.nu = nu
        self.max_reg_step = max_reg_step
        self.reg_warmup = reg_warmup
        self.rule = rule
        self.reg_layers = reg_layers
        self.reg_scope = reg_scope
        self.reg_group = reg_group
        self.store_reg_path = store_reg_path
        self.solver = solver
        self.momentum = momentum
        self.learning_rate = learning_rate
        self.learning_rate_params = learning_rate_params
        self.learning_rate_init = learning_rate_init
        self.clip_value = clip_value
        self.clip_norm = clip_norm
        self.weight_decay = weight_decay
        self.average_decay = average_decay
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.task_weight = task_weight
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.validation_cv = validation_cv
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.categorical_features = categorical_features
        self.input_clip = input_clip
        self.numeric_embedding = numeric_embedding
        self.plain_features = plain_features
        self.plain_layer_sizes = plain_layer_sizes
        self.n_estimators = n_estimators
        self.bootstrap = bootstrap
        self.input_selection = input_selection
        self.pretrained = pretrained
        self.n_frozen_layers = n_frozen_layers
        self.reuse_head = reuse_head
        self.unfreeze_every = unfreeze_every
        self.unfreeze_factor = unfreeze_factor
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose
        self.dtype = dtype
        self.device = device

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, sample_weight=None):
        """Take one epoch over the rows given.

        The first call learns the scaling of inputs and targets from its rows, and later calls
        keep it; solver and coefficients go on where the last call left them. The learning
        rate is constant.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Inputs.

        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Targets.

        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row in the loss.

        Returns
        -------
        self : object
            Trained estimator.
        """
        return self._partial_fit(X, y, sample_weight)

    def predict(self, X, return_std=False):
        """Predict the targets.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Inputs.

        return_std : bool, default=False
            Whether to return how far the networks that the fit stands for differ, too. That
            takes `dropout` (Monte Carlo dropout: 100 draws, with the seed `random_state` of
            the estimator), or an ensemble (the spread of its members by their weight), or
            both. It says how well the data determine the prediction, and has no part of the
            noise of `y`.

        Returns
        -------
        y_mean : ndarray of shape (n_samples,) or (n_samples, n_tasks)
            In the units of `y`. The same with and without `return_std`: of all units of
            all networks, not the mean of the draws.

        y_std : ndarray, shaped as `y_mean`
            Standard deviation, in the units of `y`. Only with `return_std`.

        Raises
        ------
        ValueError
            With `return_std`, for a single network without dropout.

        Examples
        --------
        >>> from sklearn.datasets import make_friedman1
        >>> from skrln import RLNRegressor
        >>> X, y = make_friedman1(n_samples=200, random_state=0)
        >>> model = RLNRegressor(dropout=0.1, max_iter=20, random_state=0).fit(X, y)
        >>> mean, std = model.predict(X, return_std=True)
        >>> mean.shape, std.shape
        ((200,), (200,))
        """
        means = self._means(X)
        mean = self._target.decode(means)
        if not return_std:
            return mean
        std = spread_of(self, X) * self._target.scale
        return mean, std.reshape(mean.shape)

    def sample_predictions(self, X, n_samples=100, random_state=None):
        """Draw predictions: what each of the networks that the fit stands for says.

        With `dropout` each draw is a random mask of dropout through one network; of an
        ensemble through one of its members, each of them as often as its weight has it.
        Without dropout the draws are the members. A draw is the same network for all rows:
        what is computed from several predictions, such as their difference or sum, can be
        computed from each draw.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Inputs.

        n_samples : int, default=100
            Number of draws.

        random_state : int, RandomState instance or None, default=None
            Seeds the draws; with None they differ from call to call.

        Returns
        -------
        ndarray of shape (n_samples_X, n_samples) or (n_samples_X, n_tasks, n_samples)
            In the units of `y`, without its noise.

        Raises
        ------
        ValueError
            For a single network without dropout.

        Examples
        --------
        >>> from sklearn.datasets import make_friedman1
        >>> from skrln import RLNRegressor
        >>> X, y = make_friedman1(n_samples=200, random_state=0)
        >>> model = RLNRegressor(dropout=0.1, max_iter=20, random_state=0).fit(X, y)
        >>> model.sample_predictions(X[:3], n_samples=50, random_state=0).shape
        (3, 50)
        """
        draws = draws_of(self, X, n_samples, random_state)
        target = self._target
        draws = draws * target.scale[:, None] + target.center[:, None]
        return draws[:, 0] if target.one_dimensional else draws

    def score(self, X, y, sample_weight=None):
        """Coefficient of determination, the mean over the tasks.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Inputs.

        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            True targets; in two dimensions a missing one (NaN) does not count.

        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row.

        Returns
        -------
        float
            At most 1; 0 for a constant prediction of the mean.
        """
        return mean_r2(y, self.predict(X), sample_weight)

    def _check_target(self, y, name="y"):
        y = check_regression_target(y, name)
        return y, ~np.isnan(y.reshape(len(y), -1))

    def _fit_target(self, y, known, sample_weight):
        return RegressionTarget(self.loss).fit(y, sample_weight)

    def _refit_target(self, target, y, known, weights):
        return self._fit_target(y, known, weights)

    def _encode_target(self, target, y, known, sample_weight, name):
        n_tasks = 1 if y.ndim == 1 else y.shape[1]
        if n_tasks != len(target.scale):
            raise ValueError(
                f"Got {name} with {n_tasks} task(s), but expected {len(target.scale)}."
            )
        targets, known = target.encode(y)
        return targets, known, None

    def _stratify_by(self, y):
        return None

    def _loss(self, target=None):
        parameter = {"quantile": self.quantile, "huber": self.huber_threshold}
        return self.loss, parameter.get(self.loss, 0.0)
