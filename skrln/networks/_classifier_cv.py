# SPDX-License-Identifier: BSD-3-Clause
"""The classifier that chooses theta and reg_step by cross-validation."""

from typing import ClassVar

from skrln._core._params import CLASSIFICATION, COMMON, SEARCH, without_chosen
from skrln._core._search import SearchMixin

from ._classifier import RLNClassifier


class RLNClassifierCV(SearchMixin, RLNClassifier):
    r"""RLN classifier that chooses `theta` and `reg_step` by cross-validation.

    To :class:`RLNClassifier` what :class:`~sklearn.linear_model.LogisticRegressionCV` is to
    :class:`~sklearn.linear_model.LogisticRegression`: it trains a network for every value of
    the grid and every fold, chooses the best, fits it on all rows, and is that network from
    then on. All fits of the grid run one compiled program, in as many threads as there are
    processors.

    Read more in the :ref:`User Guide <choosing_theta>`.

    Parameters
    ----------
    hidden_layer_sizes : array-like of int or int, default=(256, 64)
        Units of each hidden layer, from the inputs on. ``()`` is a linear model.

    activation : str, default="relu"
        What the hidden units compute, as in :class:`RLNClassifier`.

    thetas : array-like of float or "auto", default="auto"
        Values of `theta` to try. "auto" tries eight: from -8.5 to -5 in halves with
        ``regularization="rln"`` and from -10 to -6.5 with "uniform". Without regularization
        `theta` means nothing, and it is one value.

    reg_steps : array-like of float, default=(0.03,)
        Values of `reg_step` to try with each of them, such as ``(0.01, 0.03, 0.1)``. Only
        "rln" without `nu` uses them.

    cv : int, splitter or iterable, default=5
        Folds: an int is stratified for labels in one dimension, and does not shuffle. An
        iterable yields training and test positions. A splitter of groups gets the `groups` of
        `fit`.

    scoring : str, callable or None, default=None
        What is best. None is the loss that the networks are trained with, on the rows that a
        fold holds out, with its sign turned: higher is better. Accuracy, which counts rows,
        is noisier. Otherwise the name of a scorer of scikit-learn, or a callable with the
        signature ``scorer(estimator, X, y)``.

    one_standard_error : bool, default=False
        Whether to choose, instead of the best, the highest `theta` whose mean score is within
        one standard error of it: a sparser network at a loss that the folds cannot tell.

    batch_norm, dropout : str or None, float or array-like
        As in :class:`RLNClassifier`.

    regularization, norm, nu, max_reg_step, reg_warmup, rule : str and float
        As in :class:`RLNClassifier`.

    reg_layers, reg_scope, reg_group : str
        As in :class:`RLNClassifier`.

    store_reg_path : int, default=0
        As in :class:`RLNClassifier`; of the fit on all rows.

    solver, momentum, learning_rate, learning_rate_params, learning_rate_init : object
        As in :class:`RLNClassifier`.

    clip_value, clip_norm, weight_decay, average_decay : float or None
        As in :class:`RLNClassifier`.

    batch_size : int or "auto", default="auto"
        As in :class:`RLNClassifier`. With up to 128 rows in a fold, "auto" takes one step an
        epoch, too few to make edges zero: pass 32, as ``presets.READABLE`` has it.

    max_iter : int or "auto", default="auto"
        As in :class:`RLNClassifier`.

    class_weight, task_weight : dict, str, array-like or None
        As in :class:`RLNClassifier`.

    early_stopping, validation_fraction, validation_cv, n_iter_no_change, tol : object
        As in :class:`RLNClassifier`, inside each fit: what it holds out is a part of the
        training rows of the fold. `validation_cv` has to be an int or a splitter here.

    categorical_features, input_clip, numeric_embedding : object
        As in :class:`RLNClassifier`. They are fitted on the training rows of each fold.
        Where that gives tables of different widths (pieces of "piecewise", categories that a
        fold lacks), each width compiles a program of its own.

    plain_features, plain_layer_sizes : object
        As in :class:`RLNClassifier`.

    n_estimators, bootstrap, input_selection : int, bool and bool
        As in :class:`RLNClassifier`, of the fit on all rows; the grid has single networks.

    pretrained, n_frozen_layers, reuse_head, unfreeze_every, unfreeze_factor : object
        As in :class:`RLNClassifier`.

    random_state : int, RandomState instance or None, default=None
        As in :class:`RLNClassifier`. All fits start from the same weights: candidates
        differ by what they are, not by their luck. The threads change nothing.

    verbose : int or bool, default=False
        Whether to show a progress bar over all epochs of the grid, and then one of the fit on
        all rows.

    dtype, device : str or None
        As in :class:`RLNClassifier`.

    Attributes
    ----------
    theta_ : float
        Chosen value of `thetas`.

    reg_step_ : float
        Chosen value of `reg_steps`.

    cv_results_ : dict of ndarray
        As that of :class:`~sklearn.model_selection.GridSearchCV`, for a data frame:
        `param_reg_step`, `param_theta`, `params`, `split0_test_score` and so on,
        `mean_test_score`, `std_test_score`, `rank_test_score`, `mean_fit_time`,
        `std_fit_time`, `mean_score_time`, `std_score_time` (in seconds; fits that run at the
        same time slow each other), and `mean_n_active_features`, the columns in use.

    best_index_ : int
        Position of what was chosen in them.

    best_score_ : float
        Its mean score.

    n_splits_ : int
        Number of folds.

    coefs_ : list of ndarray of shape (n_units_in, n_units_out)
        Weights of the network that was fitted on all rows. All other attributes of a fitted
        :class:`RLNClassifier` are there too.

    See Also
    --------
    RLNClassifier : The network itself.
    RLNRegressorCV : The same for numbers.
    sklearn.model_selection.GridSearchCV : Searches over any parameters.

    Notes
    -----
    The defaults are those of ``skrln.presets.READABLE``, a single network to look into. The
    result is that of ``RLNClassifier(theta=theta_, reg_step=reg_step_)`` with the other
    parameters as they are here, to the bit for an int as `random_state`.

    Weights of rows count in training and in the default score. A scorer gets them if it asks
    for them (``set_score_request(sample_weight=True)``, with metadata routing). Callbacks
    hear of the fit on all rows only. An interrupt during the search ends `fit` with
    ``KeyboardInterrupt`` and leaves the estimator as it was; during the fit on all rows it
    keeps the weights reached by then.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from skrln import RLNClassifierCV
    >>> X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    >>> search = RLNClassifierCV((64,), thetas=(-8, -6), cv=3, random_state=0)
    >>> search = search.fit(X[:400], y[:400])
    >>> search.theta_ in (-8, -6)
    True
    >>> search.cv_results_["mean_test_score"].shape
    (2,)
    >>> bool(search.score(X[400:], y[400:]) > 0.9)
    True
    """

    _network_type: ClassVar = RLNClassifier
    _parameter_constraints: ClassVar[dict] = {
        **without_chosen(COMMON),
        **CLASSIFICATION,
        **SEARCH,
    }

    def __init__(
        self,
        hidden_layer_sizes=(256, 64),
        activation="relu",
        *,
        thetas="auto",
        reg_steps=(0.03,),
        cv=5,
        scoring=None,
        one_standard_error=False,
        batch_norm=None,
        dropout=0.0,
        regularization="rln",
        norm="l1",
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
        numeric_embedding=None,
        plain_features=None,
        plain_layer_sizes=(64,),
        n_estimators=1,
        bootstrap=False,
        input_selection="auto",
        pretrained=None,
        n_frozen_layers=0,
        reuse_head=False,
        unfreeze_every=None,
        unfreeze_factor=0.1,
        random_state=None,
        verbose=False,
        dtype="auto",
        device=None,
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
        self.regularization = regularization
        self.norm = norm
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
        self.random_state = random_state
        self.verbose = verbose
        self.dtype = dtype
        self.device = device
