# SPDX-License-Identifier: BSD-3-Clause
"""Network for regression tasks and classification tasks together."""

from collections.abc import Callable, Mapping
from os import PathLike
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.metaestimators import available_if

from skrln._table._labels import MixedLabels
from skrln._table._scoring import mean_score
from skrln._table._sklearn import fit_context
from skrln._typing import TableLike
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

from ._base import BaseRLN
from ._params import CLASSIFICATION, COMMON, REGRESSION, TASKS


def _predicts_classes(estimator):
    """Return True for a fit with a class task, and before `fit`."""
    ensemble = estimator._get_fitted()
    return ensemble is None or ensemble.target.class_tasks.any()


class RLNMultiTask(BaseRLN):
    r"""Neural network for classification and regression tasks at once.

    All tasks share the hidden layers and have output units of their own, so that a task profits
    from the inputs that the other tasks have found. Each column of `y` is a task, of numbers or
    of classes; labels may be missing. The loss is the mean of the losses of the tasks, weighted
    by `task_weight`: the log loss for classes, and `loss` for numbers, which are scaled to mean
    zero and variance one.

    The network is a Regularization Learning Network [1]_ like :class:`RLNRegressor` and
    :class:`RLNClassifier`, which take several tasks of one type. By its tags the estimator is
    neither a classifier nor a regressor, because no single metric fits all of its tasks.

    Read more in the :ref:`User Guide <multi_task>`.

    Parameters
    ----------
    hidden_layer_sizes : array-like of int, int or "geometric", default=(256, 256)
        Number of units of each hidden layer, from the inputs on. ``()`` fits a linear model.
        "geometric" takes three layers whose widths fall from the number of inputs in equal
        ratios, as published.

    activation : str, default="relu"
        Activation function of the hidden units: "relu", "leaky_relu", "elu", "selu", "silu",
        "mish", "tanh", "logistic" or "identity". "selu" also draws the initial weights that it
        needs (LeCun normal).

    task_types : array-like of {"classification", "regression"} or "auto", default="auto"
        Type of each column of `y`. "auto" asks :func:`~sklearn.utils.multiclass.type_of_target`
        about the labels that are not missing: "continuous" is regression, "binary" and
        "multiclass" are classification. Whole numbers are then classes, also as floats: name
        the types if a task is a count, an age or a grade.

    batch_norm : {"before", "after"} or None, default=None
        Batch normalization of the hidden layers, before or after the activation. Predictions
        use running means and variances, to which each batch contributes a tenth. Batch
        normalization helps deep networks to train, but it makes a penalty on the layer before
        it inert: with a regularized first layer, prefer None or "after". It cannot be combined
        with "selu".

    dropout : float, array-like of shape (n_hidden_layers,) or "auto", default="auto"
        Share of the units of each hidden layer, in [0, 1), that a training step drops; the
        other units are scaled up. With "selu" it is alpha dropout, which preserves mean and
        variance. Predictions use all units. "auto" is 0.15 for networks of an ensemble that
        predict only classes and embed no numbers, and 0 otherwise. A single network counts as
        an ensemble if its `theta` or `numeric_embedding` is "auto".

    loss : str, default="squared_error"
        Loss on the scaled target: "squared_error" (half of the square), "absolute_error",
        "huber", "quantile" or "poisson". "poisson" predicts a positive mean through its
        logarithm. Classes have the log loss.

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

    theta : float or "auto", default="auto"
        Mean of the log coefficients, natural log, held constant while the coefficients are
        learned. A higher theta is a stronger penalty and makes more zeros. At a learning rate
        of 1e-3 the penalty moves a weight whose coefficient is `theta` by ``exp(theta)`` per
        step, in units of scaled inputs and targets; at other learning rates, in proportion to
        the rate. Useful from about -9 to -5. "auto" is -7 (-8 with a uniform penalty), 1 less
        for networks with "piecewise" embeddings, and above 3000 rows lower by
        ``log(n_rows / 3000) / 2``. If `numeric_embedding` is "auto" too and the table has more
        than 150 columns, an equal number of networks is trained with a theta that is 1.25
        higher. A single network takes the best of this value, 1 less and 1 more, by the loss on
        held-out rows.

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
        `partial_fit` uses the initial rate.

    learning_rate_init : float, default=0.003
        Initial learning rate, the highest of the schedule. A callable `learning_rate` ignores
        it.

    batch_size : int or "auto", default="auto"
        Largest number of rows in a batch; batches have nearly equal sizes. "auto" is a
        sixteenth of the rows, between 32 and 256, and for a single network up to 128 rows the
        whole table.

    max_iter : int, "auto" or "short", default="auto"
        Number of epochs. Without early stopping all epochs run. "auto" is 200 for networks
        without an embedding of numbers in an ensemble that also has "piecewise" networks, and
        100 for all other networks. "short" is 40. Both fall in an ensemble with more than 6,000
        rows: :math:`n` rows take :math:`(6000 / n)^{2/3}` times as many epochs, unless
        `early_stopping` is "sparsest".

    class_weight : dict, list of dict, "balanced" or None, default=None
        Weight of each class; for several tasks, a list with one entry per task. "balanced"
        gives all classes the same total weight. Classes that a dict does not name have weight
        one. A regression task has None.

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
        Share of the rows that is held out as validation data.

    validation_cv : int, splitter or iterable, default=None
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

    numeric_embedding : {"auto", "piecewise", "presence"} or None, default="auto"
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

    plain_branch : PlainBranch, default=None
        Columns that are no table, such as pixels or an embedding of a text, as the option
        object :class:`~skrln.options.PlainBranch`. They pass through a small dense network
        without a penalty, whose units meet the other columns in the first hidden layer. None
        regularizes all columns alike.

    n_estimators : int or "auto", default="auto"
        Number of networks whose predictions are averaged (for classes, their probabilities).
        Each network holds out another fold for early stopping, `validation_fraction` of the
        rows or less, so that the networks together train on all rows. They train in threads. If
        `numeric_embedding` or `theta` stands for several kinds of networks, this is the number
        of networks of each kind, and their loss on held-out rows determines their weights.
        "auto" first trains one network of each kind. Kinds whose weight is then below 0.3 are
        dropped. Of the other kinds it trains 4 networks each, or 8 in small tables: up to 500
        rows, and up to 1000 rows in tables with more than 50 columns.

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

    warm_start : bool, default=False
        If True, `fit` continues from the weights, coefficients and scaling of the last fit,
        with a new state of the solver.

    random_state : int, RandomState instance or None, default=None
        Seed of the initial weights, the order of the rows and the validation split. With an
        int, two fits on a CPU are identical to the bit.

    verbose : int or bool, default=False
        If True, show the epochs with their losses, and at the end the time that the fit took.
        A terminal, and a notebook with ipywidgets, shows a progress bar; all else shows lines
        of text.

    checkpoint : str, PathLike, Checkpoint or None, default=None
        Folder in which `fit` keeps its state every minute. After its process was killed, the
        same call goes on from there, and its result is the same to the bit; the folder is
        removed at the end. It needs an int as `random_state`. The option object
        :class:`~skrln.options.Checkpoint` sets the time between two writes. `partial_fit`
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
    estimators_ : list of estimators
        Networks of the fit, each as a fitted estimator; a single network is the estimator
        itself. Attributes of one network, such as `coefs_` and `loss_curve_`, raise an
        AttributeError if there are several networks: read ``estimators_[k].coefs_``.

    estimator_weights_ : ndarray of shape (n_networks,)
        Weight of each network in the prediction; the weights sum to one. A single network has
        weight one.

    temperature_ : float
        Divisor of the logarithms of the averaged probabilities, estimated on held-out rows;
        above one it makes probabilities more even. A single network has temperature one.

    classes_ : list of ndarray
        Classes of each task; None for a regression task.

    task_types_ : ndarray of str of shape (n_tasks,)
        "classification" or "regression" for each task.

    coefs_ : list of ndarray of shape (n_units_in, n_units_out)
        Weights of each layer, on scaled inputs. Zeros are exact. The output units of the tasks
        are beside each other in the last layer: one unit for numbers or two classes, and one
        per class for more.

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

    theta_ : float
        Mean log coefficient of the fit, the value that "auto" stands for; the weighted mean
        over several networks.

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
        zero.

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
    RLNRegressor : Several tasks of numbers.
    RLNClassifier : Several tasks of classes.

    Notes
    -----
    A step :math:`u_t` of the solver on the loss :math:`L` alone is followed by the proximal
    step of the penalty,

    .. math:: w_{t+1} = \operatorname{prox}_{s_t \|\cdot\|}(w_t + u_t), \qquad
        s_t = \frac{\eta_t}{10^{-3}} e^{\lambda_t},

    where :math:`\eta_t` is the learning rate and :math:`\lambda_t` the log coefficient of the
    weight :math:`w_t`. The gradient of the loss at the new weights, on the next batch, yields
    the derivative of the loss with respect to :math:`\lambda_t` (the counterfactual gradient,
    Theorem 1 of [1]_). Every coefficient moves along this derivative, and all coefficients are
    then shifted so that their mean stays `theta` (Eqs. 5 and 6 of [1]_): coefficients of
    weights that reduce the loss fall at the expense of the others. A weight in the dead zone of
    the proximal step does not depend on its coefficient, and only the shift moves this
    coefficient.

    The rule needs no gradient of its own.

    References
    ----------
    .. [1] Shavitt and Segal, "Regularization Learning Networks: Deep Learning for Tabular
       Datasets", NeurIPS 2018.
    .. [2] Kendall, Gal and Cipolla, "Multi-Task Learning Using Uncertainty to Weigh Losses
       for Scene Geometry and Semantics", CVPR 2018.

    Examples
    --------
    The tasks are the progression of diabetes, and whether the blood pressure exceeds its mean.

    >>> import pandas as pd
    >>> from sklearn.datasets import load_diabetes
    >>> from skrln import RLNMultiTask
    >>> X, progression = load_diabetes(return_X_y=True, as_frame=True)
    >>> high = X.pop("bp").gt(0).map({True: "high", False: "low"})
    >>> y = pd.DataFrame({"progression": progression, "pressure": high})
    >>> model = RLNMultiTask(
    ...     (16,),
    ...     task_types=("regression", "classification"),
    ...     numeric_embedding=None,
    ...     n_estimators=1,
    ...     theta=-6.0,
    ...     max_iter=40,
    ...     random_state=0,
    ... )
    >>> model = model.fit(X[:300], y[:300])
    >>> model.predict(X[300:]).shape
    (142, 2)
    >>> probabilities = model.predict_proba(X[300:])
    >>> probabilities[0] is None, probabilities[1].shape
    (True, (142, 2))
    >>> bool((model.score_tasks(X[300:], y[300:]) > (0.3, 0.6)).all())
    True
    """

    _parameter_constraints: ClassVar[dict] = {
        **COMMON,
        **REGRESSION,
        **CLASSIFICATION,
        **TASKS,
    }

    def __init__(
        self,
        hidden_layer_sizes: ArrayLike = (256, 256),
        activation: str = "relu",
        *,
        task_types: ArrayLike = "auto",
        batch_norm: Literal["before", "after"] | None = None,
        dropout: float | ArrayLike = "auto",
        loss: str = "squared_error",
        quantile: float = 0.5,
        huber_threshold: float = 1.0,
        penalty: Literal["rln", "uniform"] | RLNPenalty | UniformPenalty | None = "rln",
        theta: float | Literal["auto"] = "auto",
        solver: str | Solver = "adam",
        learning_rate: str
        | PowerDecay
        | ExponentialDecay
        | ReduceOnPlateau
        | Callable[..., Any] = "cosine",
        learning_rate_init: float = 0.003,
        batch_size: int | Literal["auto"] = "auto",
        max_iter: int | Literal["auto", "short"] = "auto",
        class_weight: Mapping[Any, float]
        | list[Mapping[Any, float]]
        | Literal["balanced"]
        | None = None,
        task_weight: ArrayLike | None = None,
        early_stopping: bool | Literal["auto", "sparsest"] = "auto",
        validation_fraction: float = 0.125,
        validation_cv: Any = None,
        n_iter_no_change: int | Literal["auto"] = "auto",
        tol: float = 1e-4,
        categorical_features: ArrayLike | None = "from_dtype",
        input_clip: float | None = 3.0,
        numeric_embedding: Literal["auto", "piecewise", "presence"] | None = "auto",
        plain_branch: PlainBranch | None = None,
        n_estimators: int | Literal["auto"] = "auto",
        input_selection: bool | Literal["auto"] = "auto",
        pretrained: Any = None,
        warm_start: bool = False,
        random_state: int | np.random.RandomState | None = None,
        verbose: int | bool = False,
        checkpoint: str | PathLike[str] | Checkpoint | None = None,
        dtype: Literal["auto", "float32", "float64"] = "auto",
        device: str | None = None,
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.task_types = task_types
        self.batch_norm = batch_norm
        self.dropout = dropout
        self.loss = loss
        self.quantile = quantile
        self.huber_threshold = huber_threshold
        self.penalty = penalty
        self.theta = theta
        self.solver = solver
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.class_weight = class_weight
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
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose
        self.checkpoint = checkpoint
        self.dtype = dtype
        self.device = device

    @property
    def classes_(self) -> list[np.ndarray]:
        """Classes of each task; None of a regression task."""
        return self._ensemble("classes_").target.classes

    @property
    def task_types_(self) -> np.ndarray:
        """Type of each task: "classification" or "regression"."""
        class_tasks = self._ensemble("task_types_").target.class_tasks
        return np.where(class_tasks, "classification", "regression")

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self,
        X: TableLike,
        y: ArrayLike,
        classes: list[Any] | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Train one epoch on the given rows.

        The first call fits the scaling of inputs and of regression tasks to its rows, and later
        calls keep this scaling. Each call continues with the solver and the coefficients of the
        last call. The learning rate is constant.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Inputs.

        y : array-like of shape (n_samples, n_tasks)
            Labels.

        classes : list, default=None
            For each class task all classes of all calls; None for a regression task.
            ``task_types="auto"`` takes the types from this list. By default the first call
            takes types and classes from its rows, and later calls refuse other classes.

        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row in the loss.

        Returns
        -------
        self : object
            Trained estimator.
        """
        if classes is not None and self._get_fitted() is not None:
            self._check_same_classes(classes)
        return self._partial_fit(X, y, sample_weight, classes)

    def _check_same_classes(self, classes):
        earlier = self.classes_
        is_same = len(classes) == len(earlier) and all(
            old is None if new is None else np.array_equal(np.unique(new), old)
            for new, old in zip(classes, earlier, strict=True)
        )
        if not is_same:
            raise ValueError(
                f"Got classes={classes!r}, but the calls before were for {earlier}. Leave "
                "classes out after the first call, or fit a new estimator."
            )

    def predict(self, X: TableLike) -> np.ndarray:
        """Predict all tasks.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        ndarray of shape (n_samples, n_tasks)
            Numbers in the units of `y`, and the most likely classes. The array holds numbers if
            all classes are numbers or booleans, and objects otherwise.
        """
        means = self._means(X)
        return self._fitted.target.decode(means)

    @available_if(_predicts_classes)
    def predict_proba(self, X: TableLike) -> list[np.ndarray]:
        """Probabilities of the classes of each task.

        A fit of regression tasks only has no such method.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        list
            For each task an ndarray of shape (n_samples, n_classes), in the order of
            `classes_`; None for a regression task.
        """
        means = self._means(X)
        return self._fitted.target.predictions(means)

    def score(
        self, X: TableLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """Mean of the scores of all tasks.

        The score of a regression task is its coefficient of determination, and the score of a
        class task its accuracy, as in :class:`RLNRegressor` and :class:`RLNClassifier`. Both
        are at most 1. A constant prediction scores 0 in a regression task, and the share of the
        most frequent class in a class task. To compare models task by task, use
        `score_tasks`.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Inputs.

        y : array-like of shape (n_samples, n_tasks)
            True labels; missing labels, and tasks without any label, are ignored.

        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row.

        Returns
        -------
        float
            Mean score, at most 1.
        """
        return mean_score(self.score_tasks(X, y, sample_weight))

    def _labels(self):
        return MixedLabels(
            self.loss,
            self.quantile,
            self.huber_threshold,
            self.task_types,
            self.class_weight,
        )

    def __sklearn_tags__(self) -> Any:
        """Return the tags of this estimator, for scikit-learn."""
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.target_tags.single_output = False
        return tags
