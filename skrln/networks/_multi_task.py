# SPDX-License-Identifier: BSD-3-Clause
"""Tasks of numbers and tasks of classes in one network."""

from typing import ClassVar

import numpy as np
from sklearn.utils.metaestimators import available_if

from skrln._core._base import BaseRLN
from skrln._core._mixed_target import (
    MixedTarget,
    check_mixed_target,
    resolve_task_types,
)
from skrln._core._params import CLASSIFICATION, COMMON, REGRESSION, TASKS
from skrln._core._scoring import mean_score
from skrln._core._sklearn import fit_context


def _tells_classes(estimator):
    """Whether a fitted estimator has a task of classes; an unfitted one may come to."""
    target = vars(estimator).get("_target")
    return target is None or target.class_tasks.any()


class RLNMultiTask(BaseRLN):
    r"""Neural network for classification and regression tasks at once.

    The tasks share all hidden layers and have output units of their own: what one of them
    learns about the inputs is there for the others. Each column of `y` is a task, of numbers
    or of classes; a label may be missing. The loss is the mean of the losses of the tasks,
    weighted by `task_weight`: the log loss of classes, and `loss` of numbers, which are scaled
    to mean zero and variance one.

    It is a Regularization Learning Network [1]_, as :class:`RLNRegressor` and
    :class:`RLNClassifier` are, which take several tasks of one kind. By its tags it is neither
    a classifier nor a regressor: there is no one metric for all of its tasks.

    Read more in the :ref:`User Guide <multi_task>`.

    Parameters
    ----------
    hidden_layer_sizes : array-like of int, int or "geometric", default=(256, 256)
        Units of each hidden layer, which all tasks share. ``()`` is a linear model of each.

    activation : str, default="relu"
        What the hidden units compute, as in :class:`RLNRegressor`.

    task_types : array-like of {"classification", "regression"} or "auto", default="auto"
        What each column of `y` is. "auto" asks scikit-learn's
        :func:`~sklearn.utils.multiclass.type_of_target` about the labels that are known:
        "continuous" is regression, "binary" and "multiclass" are classification. Whole numbers
        are classes then, also as floats: name the types where some are counts, ages or grades.

    batch_norm, dropout : str or None, float, array-like or "auto"
        As in :class:`RLNRegressor`. ``dropout="auto"`` is 0.15 where all tasks are classes
        in an ensemble without an embedding of numbers, and 0 otherwise.

    loss : str, default="squared_error"
        Of the regression tasks, on their scaled labels: "squared_error" (half of it),
        "absolute_error", "huber", "quantile" or "poisson". Classes have the log loss.

    quantile, huber_threshold : float
        Numbers of these losses, as in :class:`RLNRegressor`.

    regularization, theta, norm, reg_step, nu, max_reg_step, reg_warmup : object
        As in :class:`RLNRegressor`.

    rule, reg_layers, reg_scope, reg_group : str
        As in :class:`RLNRegressor`.

    store_reg_path : int, default=0
        As in :class:`RLNRegressor`.

    solver, momentum, learning_rate, learning_rate_params, learning_rate_init : object
        As in :class:`RLNRegressor`.

    clip_value, clip_norm, weight_decay, average_decay : float or None
        As in :class:`RLNRegressor`.

    batch_size, max_iter : int or "auto"
        As in :class:`RLNRegressor`.

    class_weight : dict, list, "balanced" or None, default=None
        Weight of each class of the classification tasks. A list has an entry for each task,
        None for one of numbers.

    task_weight : array-like of shape (n_tasks,), "uncertainty", "dynamic" or None, default=None
        How much each task counts, in proportion; None for all the same. "uncertainty" learns
        a log variance :math:`s` of each task with the network, and minimizes the mean of
        :math:`e^{-s} L + s / 2` over the tasks, where :math:`L` is the loss of a task (Eq. 10
        of [2]_): what cannot be learned well counts less. "dynamic" goes by the ratio
        :math:`r` of the losses of a task in the last two epochs, and takes
        :math:`\operatorname{softmax}(r / 2)` (Eq. 7 of [3]_): what is learned slowly counts
        more. Validation losses, and `loss_curve_`, have equal weights then, so that epochs
        compare.

    early_stopping, validation_fraction, validation_cv, n_iter_no_change, tol : object
        As in :class:`RLNRegressor`. The loss is that of all tasks together.

    categorical_features, input_clip, numeric_embedding : object
        As in :class:`RLNRegressor`.

    plain_features, plain_layer_sizes : object
        As in :class:`RLNRegressor`.

    n_estimators, bootstrap, input_selection : object
        As in :class:`RLNRegressor`. Inputs are chosen for all tasks together.

    pretrained, n_frozen_layers, reuse_head, unfreeze_every, unfreeze_factor : object
        As in :class:`RLNRegressor`. `pretrained` may be any network of this package; with
        ``reuse_head=True`` another of this class.

    warm_start : bool, default=False
        As in :class:`RLNRegressor`. Learned log variances go on, too; "dynamic" begins anew.

    random_state : int, RandomState instance or None, default=None
        As in :class:`RLNRegressor`.

    verbose : int or bool, default=False
        Whether to show a progress bar with the losses.

    dtype, device : str or None
        As in :class:`RLNRegressor`.

    Attributes
    ----------
    classes_ : list of ndarray
        Classes of each task; None of a regression task.

    task_types_ : ndarray of str of shape (n_tasks,)
        "classification" or "regression".

    task_loss_curve_ : ndarray of shape (`n_iter_`, n_tasks)
        Training loss of each task and epoch, without the weights of the tasks; NaN for a task
        of weight zero. Those of an ensemble are in its members.

    validation_task_loss_curve_ : ndarray of shape (`n_iter_`, n_tasks) or None
        The same for the validation data, in a member of an ensemble at the temperature that
        suits it best; None without any.

    task_weight_curve_ : ndarray of shape (`n_iter_`, n_tasks)
        What each task counted when an epoch began. Sums to one, but for "uncertainty".

    task_log_variance_ : ndarray of shape (n_tasks,) or None
        Learned log variances; None but for "uncertainty".

    coefs_ : list of ndarray of shape (n_units_in, n_units_out)
        Weights of each layer. The output units of the tasks are beside each other in the last
        one: one for numbers or two classes, one per class for more. All other attributes of
        a fitted :class:`RLNRegressor` are there too; of an ensemble `temperature_`, of the
        probabilities.

    See Also
    --------
    RLNRegressor : Several tasks of numbers.
    RLNClassifier : Several tasks of classes.

    References
    ----------
    .. [1] Shavitt and Segal, "Regularization Learning Networks: Deep Learning for Tabular
       Datasets", NeurIPS 2018.
    .. [2] Kendall, Gal and Cipolla, "Multi-Task Learning Using Uncertainty to Weigh Losses
       for Scene Geometry and Semantics", CVPR 2018.
    .. [3] Liu, Johns and Davison, "End-to-End Multi-Task Learning with Attention", CVPR 2019.

    Examples
    --------
    Progression of diabetes, and whether the blood pressure is above its mean, from the other
    columns.

    >>> import pandas as pd
    >>> from sklearn.datasets import load_diabetes
    >>> from skrln import RLNMultiTask
    >>> X, progression = load_diabetes(return_X_y=True, as_frame=True)
    >>> high = X.pop("bp").gt(0).map({True: "high", False: "low"})
    >>> y = pd.DataFrame({"progression": progression, "pressure": high})
    >>> model = RLNMultiTask(
    ...     (32,), task_types=("regression", "classification"), random_state=0
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
    _target_type: ClassVar[type] = MixedTarget

    def __init__(
        self,
        hidden_layer_sizes=(256, 256),
        activation="relu",
        *,
        task_types="auto",
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
        class_weight=None,
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
        self.task_types = task_types
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

    @property
    def classes_(self):
        """Classes of each task; None of a regression task."""
        return self._target.classes

    @property
    def task_types_(self):
        """What each task is: "classification" or "regression"."""
        return np.where(self._target.class_tasks, "classification", "regression")

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Take one epoch over the rows given.

        The first call learns the scaling of the inputs and of regression tasks from its rows,
        and later calls keep it; solver and coefficients go on where the last call left them.
        The learning rate is constant.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Inputs.

        y : array-like of shape (n_samples, n_tasks)
            Labels.

        classes : list, default=None
            For each task all classes that any call will have, None for one of numbers;
            ``task_types="auto"`` goes by it. By default the first call takes types and
            classes from its rows, and later ones refuse other classes.

        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row in the loss.

        Returns
        -------
        self : object
            Trained estimator.
        """
        if classes is not None and hasattr(self, "_target"):
            self._check_same_classes(classes)
        return self._partial_fit(X, y, sample_weight, classes)

    def _check_same_classes(self, classes):
        known = self.classes_
        same = len(classes) == len(known) and all(
            old is None if new is None else np.array_equal(np.unique(new), old)
            for new, old in zip(classes, known, strict=True)
        )
        if not same:
            raise ValueError(
                f"Got classes={classes!r}, but the calls before were for {known}. Leave "
                "classes out after the first call, or fit a new estimator."
            )

    def predict(self, X):
        """Predict all tasks.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        ndarray of shape (n_samples, n_tasks)
            Numbers in the units of `y`, and the most likely classes. It is an array of numbers
            where all classes are numbers or booleans, and of objects otherwise.
        """
        means = self._means(X)
        return self._target.decode(means)

    @available_if(_tells_classes)
    def predict_proba(self, X):
        """Probabilities of the classes of each task.

        There is no such method once only regression tasks have been fitted.

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
        found = self._means(X)
        pairs = zip(self._target.split(found), self._target.class_tasks, strict=True)
        return [one if of_classes else None for one, of_classes in pairs]

    def score(self, X, y, sample_weight=None):
        """Mean over the tasks of what `score_tasks` gives.

        A task of numbers adds its coefficient of determination and one of classes its
        accuracy: what :class:`RLNRegressor`, and :class:`RLNClassifier` for a single task,
        have as their score. Both are 1 at best. A constant prediction has 0 and the share of
        the most frequent class. Compare models by `score_tasks` where that matters.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Inputs.

        y : array-like of shape (n_samples, n_tasks)
            True labels; a missing one does not count, nor does a task without any.

        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row.

        Returns
        -------
        float
            At most 1.
        """
        return mean_score(self.score_tasks(X, y, sample_weight))

    def _check_target(self, y, name="y"):
        return check_mixed_target(y, name)

    def _fit_target(self, y, known, sample_weight):
        class_tasks = resolve_task_types(self.task_types, y, known)
        return MixedTarget(class_tasks, self.loss).fit(y, known, sample_weight)

    def _refit_target(self, target, y, known, weights):
        return target.refitted(y, known, weights)

    def _first_target(self, y, known, weights, classes):
        if classes is None:
            return self._fit_target(y, known, weights)
        types = ["regression" if one is None else "classification" for one in classes]
        given = types if isinstance(self.task_types, str) else list(self.task_types)
        if types != given or len(types) != y.shape[1]:
            raise ValueError(
                f"Got classes={classes!r} for y with {y.shape[1]} task(s) and task_types="
                f"{self.task_types!r}, but expected an entry for each task: its classes, "
                "or None for regression."
            )
        target = MixedTarget(np.array(types) == "classification", self.loss)
        return target.with_classes(classes, y, known, weights)

    def _encode_target(self, target, y, known, sample_weight, name):
        codes = target.encode(y, known, name)
        factors = target.class_weights(self.class_weight, codes, known, sample_weight)
        return codes, known, factors

    def _stratify_by(self, y):
        return None

    def _loss(self, target):
        names = [
            "log_loss" if of_classes else self.loss for of_classes in target.class_tasks
        ]
        parameter = {"quantile": self.quantile, "huber": self.huber_threshold}
        name = names[0] if len(set(names)) == 1 else tuple(names)
        return name, parameter.get(self.loss, 0.0)

    def __sklearn_tags__(self):
        """What this estimator can do, for scikit-learn."""
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.target_tags.single_output = False
        return tags
