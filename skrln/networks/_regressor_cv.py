# SPDX-License-Identifier: BSD-3-Clause
"""Regressor that chooses theta and the step by cross-validation."""

from collections.abc import Callable
from os import PathLike
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike

from skrln.options import (
    Checkpoint,
    ExponentialDecay,
    PlainBranch,
    PowerDecay,
    ReduceOnPlateau,
    RLNPenalty,
    Solver,
    UniformPenalty,
)

from ._params import COMMON, REGRESSION, SEARCH, without_chosen
from ._regressor import RLNRegressor
from ._search import SearchMixin, without_theta


class RLNRegressorCV(SearchMixin, RLNRegressor):
    r"""RLN regressor that chooses `theta` and the step by cross-validation.

    The search is to :class:`RLNRegressor` as :class:`~sklearn.linear_model.LassoCV` is to
    :class:`~sklearn.linear_model.Lasso`: it trains a Regularization Learning Network [1]_ for
    every value of the grid and every fold, chooses the best value, and fits it on all rows. The
    fitted search is that network. All fits of the search run one compiled program, in as many
    threads as there are processors.

    Read more in the :ref:`User Guide <choosing_theta>`.

    Parameters
    ----------
    hidden_layer_sizes : array-like of int, int or "geometric", default=(256, 64)
        Number of units of each hidden layer, from the inputs on. ``()`` fits a linear model.
        "geometric" takes three layers whose widths fall from the number of inputs in equal
        ratios, as published.

    activation : str, default="relu"
        Activation function of the hidden units: "relu", "leaky_relu", "elu", "selu", "silu",
        "mish", "tanh", "logistic" or "identity". "selu" also draws the initial weights that it
        needs (LeCun normal).

    thetas : array-like of float or "auto", default="auto"
        Values of `theta` to try, see :class:`RLNRegressor`. "auto" tries eight values in steps
        of 0.5: from -8.5 to -5 for the RLN penalty, and from -10 to -6.5 for a uniform penalty.
        Without a penalty, `theta` has no effect and "auto" is a single value.

    reg_steps : array-like of float or None, default=None
        Values of the option `step` of :class:`~skrln.options.RLNPenalty` to try with each
        theta, such as ``(0.01, 0.03, 0.1)``, instead of the `step` of `penalty`. None tries
        the `step` of `penalty` alone. A uniform penalty has no step.

    cv : int, splitter or iterable, default=5
        Folds of the cross-validation. Folds of an int are not shuffled, as in scikit-learn. An
        iterable yields training and test positions. A splitter of groups receives the `groups`
        of `fit`.

    scoring : str, callable or None, default=None
        Score to maximize. None is not the coefficient of determination, the default of
        :class:`~sklearn.model_selection.GridSearchCV`, which is noisier on small folds: it is
        the negative training loss on the held-out rows of each fold, for one task and the
        squared loss -1/2 of the mean squared error over the variance of the training targets.
        Otherwise, the name of a scorer of scikit-learn or a callable
        ``scorer(estimator, X, y)``. With the same scorer, both searches have the same scores.

    one_standard_error : bool, default=False
        If True, choose the highest theta whose mean score is within one standard error of the
        best mean score: a sparser network at a loss that the folds cannot tell apart from the
        lowest.

    batch_norm : {"before", "after"} or None, default=None
        Batch normalization of the hidden layers, before or after the activation. Predictions
        use running means and variances, to which each batch contributes a tenth. Batch
        normalization helps deep networks to train, but it makes a penalty on the layer before
        it inert: with a regularized first layer, prefer None or "after". It cannot be combined
        with "selu".

    dropout : float, array-like of shape (n_hidden_layers,) or "auto", default=0.0
        Share of the units of each hidden layer, in [0, 1), that a training step drops; the
        other units are scaled up. With "selu" it is alpha dropout, which preserves mean and
        variance. Predictions use all units. "auto" is 0.15 for networks of an ensemble that
        predict only classes and embed no numbers, and 0 otherwise. Draws of
        `sample_predictions` and the spread of ``return_std=True`` use random masks.

    loss : str, default="squared_error"
        Loss on the scaled target: "squared_error" (half of the square), "absolute_error",
        "huber", "quantile" or "poisson". "poisson" predicts a positive mean through its
        logarithm.

    quantile : float, default=0.5
        Level that ``loss="quantile"`` predicts, in (0, 1). Other losses ignore it.

    huber_threshold : float, default=1.0
        Residual, in standard deviations of the target, above which ``loss="huber"`` grows
        linearly. Other losses ignore it.

    penalty : {"rln", "uniform"}, RLNPenalty, UniformPenalty or None, default="rln"
        Penalty of the weights. "rln" learns one coefficient per weight. "uniform" gives every
        weight the same coefficient: proximal L1 or L2 in the same network. None trains the
        network without a penalty. The option objects :class:`~skrln.options.RLNPenalty` and
        :class:`~skrln.options.UniformPenalty` set the norm, the regularized layers, groups of
        weights, the warm-up and the speed at which coefficients are learned.

    solver : str or Solver, default="adam"
        Optimiser of optax by its name, such as "adam", "rmsprop", "sgd", "nadam" or "lion". The
        option object :class:`~skrln.options.Solver` sets the numbers of the optimiser, such as
        its momentum, and gradient clipping and weight decay.

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
        Largest number of rows in a batch; batches have nearly equal sizes. "auto" is a
        sixteenth of the rows, between 32 and 256, and for a single network up to 128 rows the
        whole table. With up to 128 rows in a fold, "auto" takes one step per epoch, too few to
        make edges zero: pass 32, as ``presets.READABLE`` does.

    max_iter : int, "auto" or "short", default="auto"
        Number of epochs. Without early stopping all epochs run. "auto" is 200 for networks
        without an embedding of numbers in an ensemble that also has "piecewise" networks, and
        100 for all other networks. "short" is 40. Both fall in an ensemble with more than 6,000
        rows: :math:`n` rows take :math:`(6000 / n)^{2/3}` times as many epochs, unless
        `early_stopping` is "sparsest".

    task_weight : array-like of shape (n_tasks,), "uncertainty" or None, default=None
        Relative weight of each task (column of `y`) in the loss; None weighs all tasks equally.
        "uncertainty" learns a log variance :math:`s` of each task with the network and
        minimizes the mean of :math:`e^{-s} L + s / 2` over the tasks, where :math:`L` is the
        loss of a task (Eq. 10 of [2]_), so that tasks that cannot be learned well weigh less.
        The validation loss and `loss_curve_` then weigh all tasks equally, so that epochs are
        comparable.

    early_stopping : bool, "auto" or "sparsest", default="auto"
        If True, hold out validation rows, stop after `n_iter_no_change` epochs without an
        improvement of their loss, and restore weights and coefficients of the best epoch. The
        initial state competes as well if the fit starts from a fitted network or has no
        penalty. "auto" does so in an ensemble, above 10,000 rows, or if validation data or
        `validation_cv` is given. "sparsest" always does so and restores, among the epochs whose
        loss exceeds the lowest by at most one standard error of the difference, the epoch with
        the most weights at zero; it suits networks that are read.

    validation_fraction : float, default=0.125
        Share of the rows that is held out as validation data. In the fits of the search, these
        are training rows of the fold.

    validation_cv : int or splitter, default=None
        Splitter that chooses the held-out rows in place of `validation_fraction`, for groups or
        time order. A single network takes the first split; of splits that go forward in time,
        such as those of :class:`~sklearn.model_selection.TimeSeriesSplit`, it takes the last
        one, which trains on most rows. Networks of an ensemble take the splits in turn; of
        splits that go forward, the last one and those before it that train on at least nine
        tenths of its rows. A split that leaves most rows unused warns.

    n_iter_no_change : int or "auto", default="auto"
        Number of epochs without an improvement before early stopping. Fewer epochs take less
        time and may miss a later, better epoch. The penalty removes edges in the first 10 to 60
        epochs, in which the validation loss may not fall. "auto" is 40 for a single
        network and with "sparsest" as `early_stopping`. In an ensemble that predicts it is 30,
        and 20 on a table with more than 150 columns; with more than 6,000 rows it falls by the
        same factor as `max_iter`.

    tol : float, default=1e-4
        Smallest decrease of the validation loss, on the scaled target, that counts as an
        improvement.

    categorical_features : "from_dtype", array-like or None, default="from_dtype"
        Columns to one-hot encode: a boolean mask, positions or names. "from_dtype" takes the
        category and string columns of a data frame, and object columns of strings; an object
        column of numbers is numeric. None treats all columns as numbers. Dates, containers and
        columns of several types are refused.

    input_clip : float or None, default=3.0
        Bound of the scaled numbers, in standard deviations: a number ``z`` becomes
        ``z / sqrt(1 + (z / input_clip) ** 2)``, which hardly changes numbers near zero. None
        sets no bound. With a bound, a few outliers that crush all other numbers of a column
        do not count in its mean and standard deviation.

    numeric_embedding : {"auto", "piecewise", "presence"} or None, default=None
        Inputs of the network for each number in addition to the number itself. "piecewise" adds
        up to 24 pieces of the range of the column (above 12,000 rows one per 500 rows, up to
        48; more than 32 columns share the pieces of 32, at least 8 each), which a small
        decision tree fits to the target; each piece grows from -1 to 1.
        Pieces help if the target jumps or bends with a number. "presence" adds an input for
        each column in which a tenth to nine tenths of the rows have the lowest value, such as
        counts with many zeros: -1 at the lowest value, 1 above. None adds nothing. On dense
        tables "auto" is "presence" above 150 columns of numbers. Below, it trains networks
        without an embedding and networks with "piecewise", and drops the kind that predicts
        held-out rows badly.
        Encodings are fitted to the training rows of each fold; each number of inputs that
        results (of pieces, or of categories that a fold lacks) compiles another program.

    plain_branch : PlainBranch, default=None
        Columns that are no table, such as pixels or an embedding of a text, as the option
        object :class:`~skrln.options.PlainBranch`. They pass through a small dense network
        without a penalty, whose units meet the other columns in the first hidden layer. None
        regularizes all columns alike.

    n_estimators : int or "auto", default=1
        Number of networks whose predictions are averaged (for classes, their probabilities).
        Each network holds out another fold for early stopping, `validation_fraction` of the
        rows or less, so that the networks together train on all rows. They train in threads. If
        `numeric_embedding` or `theta` stands for several kinds of networks, this is the number
        of networks of each kind, and their loss on held-out rows determines their weights.
        "auto" first trains one network of each kind. Kinds whose weight is then below 0.3 are
        dropped. Of the other kinds it trains 4 networks each, or 8 in small tables: up to 500
        rows, and up to 1000 rows in tables with more than 50 columns. The fits of the
        search are single networks.

    input_selection : bool or "auto", default="auto"
        If True, drop inputs after training. All networks drop their least important inputs,
        down to the number of inputs with the lowest loss on held-out rows. For this comparison
        each network drops its own least important inputs, because the other networks were
        trained on its held-out rows. Dropped inputs have weights of exactly zero. If at most
        half of the inputs are left, the networks are trained again on these inputs, which takes
        the time of a second fit, and the new networks are kept if their held-out loss is lower.
        In a dense table with fewer rows than columns and a weak signal, the columns that enter
        the path of a lasso first are tried beforehand, for each network by its own training
        rows. "auto" selects inputs in an ensemble, or if another parameter is "auto", if at
        least 25 rows are held out; True also selects in a single network and with fewer rows.
        Fits that continue fitted networks keep their inputs.

    pretrained : estimator or Transfer, default=None
        Fitted network of this package to start from: the fit takes over its encoding of the
        inputs, and the leading layers of equal shape with their coefficients. The columns and
        `activation` have to be the same. The last layer is drawn anew. ``clone`` keeps the
        estimator fitted. The option object :class:`~skrln.options.Transfer` freezes layers or
        takes over the last layer as well.

    random_state : int, RandomState instance or None, default=None
        Seed of the initial weights, the order of the rows and the validation split. With an
        int, two fits on a CPU are identical to the bit. All fits of the search start from the
        same random seed, so that candidates differ by their parameters only. The number of
        threads changes nothing.

    verbose : int or bool, default=False
        If True, show the epochs with their losses, and at the end the time that the fit took.
        A terminal, and a notebook with ipywidgets, shows a progress bar; all else shows lines
        of text. The epochs of the search come first, then those of the fit on all rows.

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
    theta_ : float
        Chosen value of `thetas`.

    reg_step_ : float
        Chosen value of `reg_steps`.

    cv_results_ : dict of ndarray
        Results of the search in the form of :class:`~sklearn.model_selection.GridSearchCV`,
        ready for a data frame: `param_reg_step`, `param_theta`, `params`, `split0_test_score`
        and so on, `mean_test_score`, `std_test_score`, `rank_test_score`, `mean_fit_time`,
        `std_fit_time`, `mean_score_time`, `std_score_time` (in seconds; fits that run at the
        same time slow each other down), and `mean_n_active_features`, the mean number of active
        columns.

    best_index_ : int
        Position of the chosen candidate in `cv_results_`.

    best_score_ : float
        Mean score of the chosen candidate.

    n_splits_ : int
        Number of folds.

    estimators_ : list of estimators
        Networks of the fit, each as a fitted estimator; a single network is the estimator
        itself. Attributes of one network, such as `coefs_` and `loss_curve_`, raise an
        AttributeError if there are several networks: read ``estimators_[k].coefs_``.

    estimator_weights_ : ndarray of shape (n_networks,)
        Weight of each network in the prediction; the weights sum to one. A single network has
        weight one.

    temperature_ : float
        Always 1.0 for a regressor.

    coefs_ : list of ndarray of shape (n_units_in, n_units_out)
        Weights of each layer, on scaled inputs. Zeros are exact.

    intercepts_ : list of ndarray of shape (n_units_out,)
        Biases of each layer.

    plain_coefs_, plain_intercepts_ : list of ndarray
        Weights and biases of each layer of the `plain_branch`; empty without a branch. The last
        rows of ``coefs_[0]`` multiply the units of the branch.

    batch_norms_ : list of ndarray of shape (4, n_units)
        Gain, shift, running mean and running variance of each hidden layer; empty without
        `batch_norm`.

    reg_coefs_ : list of ndarray, shaped as `coefs_`
        Learned log coefficient of every weight, natural log; minus infinity if a weight is not
        regularized.

    feature_importances_ : ndarray of shape (`n_features_in_`,)
        Share of each input column in the variance of the predictions. A column varies as in the
        training rows, so that numbers and categories have one scale. Movement of categories
        that noise explains is left out. The shares sum to one, or are all zero if no column
        moves a prediction.

    active_features_ : ndarray
        Names, or positions, of the columns with an edge that is not exactly zero. No other
        column can change a prediction.

    n_active_features_ : int
        Number of active columns.

    sparsity_ : ndarray of shape (n_layers,)
        Share of the weights of each layer that are exactly zero.

    sparsity_curve_ : ndarray of shape (`n_iter_`, n_layers)
        Share of zero weights after each epoch.

    loss_curve_ : ndarray of shape (`n_iter_`,)
        Mean training loss of each epoch on the scaled target, without the penalty.

    validation_loss_curve_ : ndarray of shape (`n_iter_`,) or None
        Validation loss of each epoch; None without validation data.

    task_loss_curve_ : ndarray of shape (`n_iter_`, n_tasks)
        Training loss of each task and epoch, before task weights; NaN for a task of weight
        zero. Only for a `y` of two dimensions, like the other attributes of tasks.

    validation_task_loss_curve_ : ndarray of shape (`n_iter_`, n_tasks) or None
        Validation loss of each task and epoch; None without validation data.

    task_weight_curve_ : ndarray of shape (`n_iter_`, n_tasks)
        Weight of each task at the start of each epoch. The weights of an epoch sum to one,
        except with ``task_weight="uncertainty"``.

    task_log_variance_ : ndarray of shape (n_tasks,) or None
        Learned log variances; None unless ``task_weight="uncertainty"``.

    n_iter_ : int
        Number of epochs that ran; the largest number of several networks.

    best_iteration_ : int
        Epoch whose weights were kept, counted from 0; -1 if early stopping kept the initial
        weights.

    reg_path_ : ndarray of shape (`n_iter_`, n_edges, 2)
        Weight and coefficient of recorded edges after each epoch. Only if the penalty object
        has ``n_path_edges > 0``.

    reg_path_edges_ : ndarray of shape (n_edges, 2)
        Encoded input and unit of each recorded edge.

    n_layers_ : int
        Number of layers of units, including inputs and outputs.

    n_outputs_ : int
        Number of units of the last layer.

    n_features_in_ : int
        Number of columns of `X`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns; only if all names are strings.

    See Also
    --------
    RLNRegressor : The network itself.
    RLNClassifierCV : The same for class labels.
    sklearn.model_selection.GridSearchCV : Search over any parameters.

    Notes
    -----
    Apart from `batch_size`, the defaults are those of ``skrln.presets.READABLE``: a single
    network that can be read. The result is that of
    ``RLNRegressor(theta=theta_, penalty=RLNPenalty(step=reg_step_))`` with the other parameters
    of the search, to the bit if `random_state` is an int.

    The weights of rows count in training and in the default score. A scorer receives them if it
    requests them (``set_score_request(sample_weight=True)``, with metadata routing). Callbacks
    are called for the fit on all rows only. An interrupt during the search ends `fit` with
    ``KeyboardInterrupt`` and leaves the estimator unchanged; an interrupt during the fit on all
    rows keeps the weights of the last epoch.

    References
    ----------
    .. [1] Shavitt and Segal, "Regularization Learning Networks: Deep Learning for Tabular
       Datasets", NeurIPS 2018.
    .. [2] Kendall, Gal and Cipolla, "Multi-Task Learning Using Uncertainty to Weigh Losses
       for Scene Geometry and Semantics", CVPR 2018.

    Examples
    --------
    >>> from sklearn.datasets import make_friedman1
    >>> from skrln import RLNRegressorCV
    >>> X, y = make_friedman1(n_samples=160, n_features=20, random_state=0)
    >>> search = RLNRegressorCV((16,), thetas=(-8, -6), cv=3, batch_size=32, random_state=0)
    >>> search = search.fit(X[:120], y[:120])
    >>> search.theta_ in (-8, -6)
    True
    >>> search.cv_results_["mean_test_score"].shape
    (2,)
    >>> bool(search.score(X[120:], y[120:]) > 0.7)
    True
    """

    _member_type: ClassVar = RLNRegressor
    _parameter_constraints: ClassVar[dict] = {
        **without_chosen(COMMON),
        **REGRESSION,
        **SEARCH,
    }

    @without_theta
    def __init__(
        self,
        hidden_layer_sizes: ArrayLike = (256, 64),
        activation: str = "relu",
        *,
        thetas: ArrayLike = "auto",
        reg_steps: ArrayLike | None = None,
        cv: Any = 5,
        scoring: str | Callable[..., Any] | None = None,
        one_standard_error: bool = False,
        batch_norm: Literal["before", "after"] | None = None,
        dropout: float | ArrayLike = 0.0,
        loss: str = "squared_error",
        quantile: float = 0.5,
        huber_threshold: float = 1.0,
        penalty: Literal["rln", "uniform"] | RLNPenalty | UniformPenalty | None = "rln",
        solver: str | Solver = "adam",
        learning_rate: str
        | PowerDecay
        | ExponentialDecay
        | ReduceOnPlateau
        | Callable[..., Any] = "cosine",
        learning_rate_init: float = 0.003,
        batch_size: int | Literal["auto"] = "auto",
        max_iter: int | Literal["auto", "short"] = "auto",
        task_weight: ArrayLike | None = None,
        early_stopping: bool | Literal["auto", "sparsest"] = "auto",
        validation_fraction: float = 0.125,
        validation_cv: Any = None,
        n_iter_no_change: int | Literal["auto"] = "auto",
        tol: float = 1e-4,
        categorical_features: ArrayLike | None = "from_dtype",
        input_clip: float | None = 3.0,
        numeric_embedding: Literal["auto", "piecewise", "presence"] | None = None,
        plain_branch: PlainBranch | None = None,
        n_estimators: int | Literal["auto"] = 1,
        input_selection: bool | Literal["auto"] = "auto",
        pretrained: Any = None,
        random_state: int | np.random.RandomState | None = None,
        verbose: int | bool = False,
        checkpoint: str | PathLike[str] | Checkpoint | None = None,
        dtype: Literal["auto", "float32", "float64"] = "auto",
        device: str | None = None,
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.thetas = thetas
        self.reg_steps = reg_steps
        self.cv = cv
        self.scoring = scoring
        self.one_standard_error = one_standard_error
        self.batch_norm = batch_norm
        self.dropout = dropout
        self.loss = loss
        self.quantile = quantile
        self.huber_threshold = huber_threshold
        self.penalty = penalty
        self.solver = solver
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
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
        self.plain_branch = plain_branch
        self.n_estimators = n_estimators
        self.input_selection = input_selection
        self.pretrained = pretrained
        self.random_state = random_state
        self.verbose = verbose
        self.checkpoint = checkpoint
        self.dtype = dtype
        self.device = device
