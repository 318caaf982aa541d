# SPDX-License-Identifier: BSD-3-Clause
"""Meta-estimator that prunes hidden units which are not distinctive."""

from collections.abc import Sequence
from copy import deepcopy
from numbers import Integral, Real
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils import check_random_state, get_tags
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skrln._network._settings import resolve_epochs
from skrln._table._sklearn import (
    HasMethods,
    Interval,
    StrOptions,
    fit_context,
    refuse_unrouted,
    routing_enabled,
)
from skrln._typing import TableLike
from skrln.networks._whole import all_or_nothing

from ._layers import describe_layers, plan_layers, resolve_layers
from ._networks import check_readable, hidden_sizes, shrink, train_epoch, train_on
from ._plan import Rule
from ._record import Record


def _inner_has(name):
    """Check for `available_if` that the network has a method."""

    def check(self):
        inner = getattr(self, "estimator_", self.estimator)
        getattr(inner, name)  # raises the network's own AttributeError
        return True

    return check


class DistinctivenessPruner(MetaEstimatorMixin, BaseEstimator):
    r"""Fit a network, and remove the units that duplicate or cancel each other.

    Two units of a layer whose vectors point in nearly the same direction are redundant: the
    pruner removes one of them, and the remaining units compensate for it. Two units whose
    vectors point in opposite directions are redundant up to the sign. The result is a smaller
    network, not a masked one. It predicts faster, and can be inspected, saved and trained like
    any other network.

    Read more in the :ref:`User Guide <pruning>`.

    .. versionadded:: 0.1

    Parameters
    ----------
    estimator : estimator
        A single network of this package, :class:`~sklearn.neural_network.MLPClassifier` or
        :class:`~sklearn.neural_network.MLPRegressor`. The pruner fits a clone. To prune a
        network that is fitted already, wrap it in a
        :class:`~sklearn.frozen.FrozenEstimator`; the network itself does not change.

    criterion : {"weight", "activation", "random"}, default="weight"
        Vectors to compare:

        - "weight": the incoming weights of a unit, with batch normalization before the
          activation folded in.
        - "activation": the activations of a unit over the training rows, minus `center`.
        - "random": no vectors. Removes random units, as many of each layer as "weight" or
          `ratio` would remove. A control: if "random" scores as well, the angles carry no
          information.

    similar_angle : float, default=15
        Units at less than this angle, in degrees, are similar. A larger angle prunes more; 0
        prunes no similar units.

    complementary_angle : float, default=165
        Units at more than this angle, in degrees, are complementary. A smaller angle prunes
        more; 180 prunes no complementary units.

    ratio : float or None, default=None
        Share of the units of each layer to remove, in [0, 1), nearest pairs first. With a
        `ratio` the two angles do not count; None prunes by the two angles. "middle_third"
        reaches the share in equal steps.

    layers : "all", int or list of int, default="all"
        Hidden layers to prune, counted from 0; -1 is the last hidden layer.

    schedule : {"post", "middle_third"}, default="post"
        Time of the pruning. "post" prunes once, after training. "middle_third" prunes every
        `prune_every` epochs in the middle third of the training, as long as the loss falls.
        It trains by `partial_fit`, for `max_iter` epochs of `estimator`, without early
        stopping and at a constant learning rate.

    prune_every : int, default=20
        Number of epochs between two prunings. The loss falls if its mean over this many epochs
        is below its mean over as many epochs before. Only for "middle_third".

    compensate : {"regression", "pair", "add"} or None, default="regression"
        Replacement of a removed unit in the next layer:

        - "regression": all kept units together, with the factors and the constant of least
          squares over the training rows. This leaves the least error in the inputs of the next
          layer that a change of the outgoing weights can leave.
        - "pair": the kept unit of the pair, with the factor and the constant of least squares.
        - "add": the kept unit of the pair, with the unchanged outgoing weights of the removed
          unit, as published. Exact for identical units only.
        - None: no replacement.

    complement : {"fold", "remove"}, default="fold"
        Treatment of complementary units. "fold" removes one unit of the pair, and `compensate`
        replaces it with the opposite sign. "remove" removes both units without replacement, as
        published; if only one more unit may be removed, both stay.

    include_bias : bool, default=True
        If True, the intercept of a unit is one more incoming weight. If False, units that
        differ in the intercept only, and so switch at different inputs, count as identical.
        Only for "weight".

    center : {"auto", "mean", "midrange", "unit"}, default="auto"
        Centre to subtract from the activations: "mean" is the mean of the layer; "midrange" is
        the middle between the lowest and the highest activation of the layer; "unit" is the
        mean of each unit, which turns the cosines of the angles into correlations; "auto" is
        0.5 for "logistic", 0 for "tanh", and the mean of the layer otherwise. Without a centre,
        the angle between activations of one sign never exceeds 90 degrees. Only for
        "activation".

    retrain : bool or int, default=True
        Number of epochs of training after "post" pruning, from the remaining weights. True is
        `max_iter` of the estimator, False is 0. "middle_third" always continues its training.

    random_state : int, RandomState instance or None, default=None
        Seeds ``criterion="random"``. The network has its own `random_state`.

    Attributes
    ----------
    estimator_ : estimator
        The pruned network.

    unpruned_estimator_ : estimator or None
        The trained network before "post" pruning; None for "middle_third".

    masks_ : list of ndarray of bool of shape (n_units,)
        For each hidden layer, True for the original units that are kept.

    pairs_ : ndarray of shape (n_pairs, 4)
        Layer, two units, and kind: 0 for similar, 1 for complementary units. The second unit
        is removed; with ``complement="remove"``, the first unit of a complementary pair is
        removed, too. The pairs of "random" are drawn at random, and their kind is 0.

    angles_ : list of ndarray of shape (n_units, n_units)
        Angles in degrees between the units of each layer in `layers_`, just before the last
        pruning; empty without a pruning. For "random", the angles of the incoming weights.

    layers_ : list of int
        Hidden layers to which the pruning applies.

    pruning_ratio_ : float
        Removed share of the units of `layers_`.

    history_ : dict of ndarray
        "loss_curve" has the loss of every epoch. The other arrays have an entry for each
        pruning: "epoch" (number of epochs before the pruning), "n_removed", and the scores on
        the training rows, "score_before" and "score_after".

    classes_ : ndarray or list of ndarray
        Classes of the network; only for a classifier.

    n_features_in_ : int
        Number of columns of `X`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns; only if all names of `X` are strings.

    See Also
    --------
    skrln.feature_selection.GeneticSelector : Selection of inputs instead of units.
    skrln.inspection.PruningTradeoffDisplay : Plot of the score against the pruned share.
    skrln.inspection.AngleMatrixDisplay : Plot of the angles.
    skrln.inspection.PruningHistoryDisplay : Plot of the loss around each pruning.

    Notes
    -----
    The angle of two units with vectors :math:`v_i, v_j` is
    :math:`\arccos (v_i \cdot v_j / |v_i| |v_j|)`. The pruner considers the pairs in the order
    of their distance from 0 or 180 degrees, and skips a pair if either unit is already removed.
    For activations :math:`a_i, a_j` over the training rows, "pair" fits

    .. math:: a_j \approx c\, a_i + d, \quad c = \mathrm{cov}(a_i, a_j) / \mathrm{var}(a_i),
       \quad d = \bar a_j - c\, \bar a_i,

    replaces the outgoing weights :math:`V_i` by :math:`V_i + c V_j`, and adds :math:`d V_j` to
    the next intercepts. For exact complements of a sigmoid, :math:`c = -1` and :math:`d = 1`.
    For :math:`a_j = \mathrm{relu}(2z)` and :math:`a_i = \mathrm{relu}(z)`, :math:`c = 2` and
    :math:`d = 0`. "regression" fits :math:`a_j` by all kept units. With several layers, all
    angles and activations are those before any layer is pruned. All rows count the same in
    angles and factors: `sample_weight` does not apply.

    Ensembles are refused, because a unit belongs to one network. Prune the members one by one.

    References
    ----------
    .. [1] Gedeon and Harris, "Network reduction techniques", Proceedings of the
       International Conference on Neural Networks Methodologies and Applications, 1991.

    .. [2] Gedeon, "Indicators of hidden neuron functionality: the weight matrix versus neuron
       behaviour", Proceedings of ANNES, 1995.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.neural_network import MLPClassifier
    >>> from skrln.pruning import DistinctivenessPruner
    >>> X, y = load_digits(return_X_y=True)
    >>> network = MLPClassifier((64,), early_stopping=True, random_state=0)
    >>> pruner = DistinctivenessPruner(network, ratio=0.5).fit(X / 16, y)
    >>> pruner.estimator_.coefs_[0].shape
    (64, 32)
    >>> pruner.score(X / 16, y) > 0.9
    True
    """

    estimator_: Any
    unpruned_estimator_: Any
    masks_: list[np.ndarray]
    pairs_: np.ndarray
    angles_: list[np.ndarray]
    layers_: list[int]
    pruning_ratio_: float
    history_: dict[str, np.ndarray]

    _parameter_constraints: ClassVar[dict] = {
        "estimator": [HasMethods(["fit", "predict"])],
        "criterion": [StrOptions({"weight", "activation", "random"})],
        "similar_angle": [Interval(Real, 0, 180, closed="both")],
        "complementary_angle": [Interval(Real, 0, 180, closed="both")],
        "ratio": [Interval(Real, 0, 1, closed="left"), None],
        "layers": [StrOptions({"all"}), Integral, "array-like"],
        "schedule": [StrOptions({"post", "middle_third"})],
        "prune_every": [Interval(Integral, 1, None, closed="left")],
        "compensate": [StrOptions({"regression", "pair", "add"}), None],
        "complement": [StrOptions({"fold", "remove"})],
        "include_bias": ["boolean"],
        "center": [StrOptions({"auto", "mean", "midrange", "unit"})],
        "retrain": ["boolean", Interval(Integral, 0, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimator: Any,
        *,
        criterion: Literal["weight", "activation", "random"] = "weight",
        similar_angle: float = 15,
        complementary_angle: float = 165,
        ratio: float | None = None,
        layers: Literal["all"] | int | list[int] = "all",
        schedule: Literal["post", "middle_third"] = "post",
        prune_every: int = 20,
        compensate: Literal["regression", "pair", "add"] | None = "regression",
        complement: Literal["fold", "remove"] = "fold",
        include_bias: bool = True,
        center: Literal["auto", "mean", "midrange", "unit"] = "auto",
        retrain: bool | int = True,
        random_state: int | np.random.RandomState | None = None,
    ):
        self.estimator = estimator
        self.criterion = criterion
        self.similar_angle = similar_angle
        self.complementary_angle = complementary_angle
        self.ratio = ratio
        self.layers = layers
        self.schedule = schedule
        self.prune_every = prune_every
        self.compensate = compensate
        self.complement = complement
        self.include_bias = include_bias
        self.center = center
        self.retrain = retrain
        self.random_state = random_state

    # -- fitting -------------------------------------------------------------------------

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: TableLike, y: ArrayLike, **params: Any) -> Self:
        """Fit the network, and prune it.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Training inputs, in any form that the network accepts. A network that is already
            fitted uses these rows for its activations and for `retrain`.

        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Targets.

        **params : dict
            Metadata for `fit` of the network, such as `sample_weight`; only with
            ``sklearn.set_config(enable_metadata_routing=True)``.

        Returns
        -------
        self : object
            Fitted pruner.

        Raises
        ------
        ValueError
            If `similar_angle` is not below `complementary_angle`, or if the estimator is not
            a single network with readable weights.
        """
        refuse_unrouted(params, self, "fit")
        fit_params = {}
        if routing_enabled():
            fit_params = process_routing(self, "fit", **params).estimator.fit
        self._rule(self.similar_angle, self.complementary_angle)
        with all_or_nothing(self):
            rng = np.random.default_rng(
                check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
            )
            frozen = isinstance(self.estimator, FrozenEstimator)
            network = self.estimator.estimator if frozen else clone(self.estimator)
            check_readable(network)
            if self.schedule == "post":
                model, record = self._prune_after(
                    network, X, y, rng, fit_params, fitted=frozen
                )
            else:
                self._check_online(network, frozen)
                model, record = self._prune_while(network, X, y, rng, fit_params)
            self._store(model, record)
        return self

    def _rule(self, similar, complementary):
        """Rule with the two angles."""
        if not similar < complementary:
            raise ValueError(
                f"Got similar_angle={similar} and complementary_angle={complementary}, but "
                "expected similar_angle to be below complementary_angle. Lower "
                "similar_angle, or raise complementary_angle."
            )
        return Rule(similar, complementary, self.complement, self.compensate)

    def _check_online(self, network, frozen):
        """Refuse networks that cannot be pruned during training."""
        if frozen:
            raise ValueError(
                "Got schedule='middle_third' with a fitted network in a FrozenEstimator, "
                "but expected a network to train. Pass schedule='post', or the network "
                "itself."
            )
        if network.solver == "lbfgs":
            raise ValueError(
                "Got schedule='middle_third' with solver='lbfgs', but expected a solver "
                "with epochs. Pass schedule='post', or solver='adam' to the network."
            )

    def _prune_after(self, network, X, y, rng, fit_params, *, fitted):
        """Train, prune and retrain; return the network and the record."""
        if fitted:
            check_is_fitted(network)
        else:
            network.fit(X, y, **fit_params)
        layers = resolve_layers(self.layers, len(network.coefs_) - 1)
        record = Record(hidden_sizes(network), layers)
        record.add_losses(getattr(network, "loss_curve_", ()))
        self.unpruned_estimator_ = deepcopy(network) if fitted else network
        small = self._prune(network, X, y, rng, record, share=1.0)
        n_epochs = self._retraining_epochs(network)
        if n_epochs:
            small, losses = train_on(small, X, y, n_epochs, fit_params)
            record.add_losses(losses)
        return small, record

    def _retraining_epochs(self, network):
        # By the type: the number of epochs may be 1, which equals True.
        if isinstance(self.retrain, bool | np.bool_) and self.retrain:
            return resolve_epochs(network.max_iter)
        return int(self.retrain)

    def _prune_while(self, network, X, y, rng, fit_params):
        """Train and prune in turn; return the network and the record."""
        self.unpruned_estimator_ = None
        n_epochs, record = resolve_epochs(network.max_iter), None
        # A pruning is due before each of these epochs, in the middle third.
        due = range(-(-n_epochs // 3), 2 * n_epochs // 3, self.prune_every)
        for epoch in range(n_epochs):
            if epoch in due and record.is_falling(self.prune_every):
                share = (due.index(epoch) + 1) / len(due)
                network = self._prune(network, X, y, rng, record, share=share)
            train_epoch(network, X, y, fit_params)
            if record is None:  # layer sizes are known after the first epoch
                layers = resolve_layers(self.layers, len(network.coefs_) - 1)
                record = Record(hidden_sizes(network), layers)
            record.add_losses(network.loss_curve_[-1:])
        return network, record

    def _prune(self, network, X, y, rng, record, *, share):
        """Return a smaller copy of a network, and add the pruning to `record`.

        `share` is the share of `ratio` to reach with this pruning.
        """
        descriptions = describe_layers(
            network,
            X,
            record.layers,
            criterion=self.criterion,
            include_bias=self.include_bias,
            center=self.center,
        )
        rule, counts = self._rule(self.similar_angle, self.complementary_angle), {}
        if self.ratio is not None:
            rule = rule._replace(any_angle=True)
            counts = record.counts(share * self.ratio)
        at_random = self.criterion == "random"
        plans = plan_layers(descriptions, rule, counts, at_random=at_random, rng=rng)
        small = shrink(network, plans)
        scores = network.score(X, y), small.score(X, y)
        record.add_pruning(descriptions, plans, *scores)
        return small

    def _store(self, model, record):
        """Set the fitted attributes."""
        self._layers = record.descriptions
        self.estimator_ = model
        self.masks_ = record.masks
        self.pairs_ = record.pairs()
        self.layers_ = record.layers
        self.angles_ = [layer.angles for layer in record.descriptions.values()]
        self.pruning_ratio_ = record.ratio()
        self.history_ = record.history()
        for name in ("n_features_in_", "feature_names_in_"):
            # A second fit may be on columns without names.
            if hasattr(self, name):
                delattr(self, name)
            if hasattr(model, name):
                setattr(self, name, getattr(model, name))

    # -- the path over thresholds --------------------------------------------------------

    def path(
        self,
        X: TableLike,
        y: ArrayLike,
        thresholds: Sequence[tuple[float, float]] = (
            (15, 165),
            (20, 160),
            (25, 155),
            (30, 150),
        ),
    ) -> dict[str, Any]:
        """Score the unpruned network at several thresholds, without retraining.

        All thresholds use the angles of `fit`.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Rows to score.

        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Targets of the rows.

        thresholds : sequence of (float, float)
            Pairs of `similar_angle` and `complementary_angle`. `ratio` is ignored.

        Returns
        -------
        dict
            Arrays with an entry for each threshold: "similar_angle",
            "complementary_angle", "pruning_ratio" and "score".

        Raises
        ------
        ValueError
            For ``schedule="middle_third"``, which has no unpruned network.
        """
        check_is_fitted(self)
        if self.unpruned_estimator_ is None:
            raise ValueError(
                "Got schedule='middle_third', which prunes during training, but expected "
                "an unpruned network for all thresholds. Fit with schedule='post'."
            )
        rng = np.random.default_rng(
            check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        )
        rows = []
        for similar, complementary in thresholds:
            rule = self._rule(similar, complementary)
            at_random = self.criterion == "random"
            plans = plan_layers(self._layers, rule, {}, at_random=at_random, rng=rng)
            kept = np.concatenate([plan.kept for plan in plans.values()])
            score = shrink(self.unpruned_estimator_, plans).score(X, y)
            rows.append((similar, complementary, 1 - kept.mean(), score))
        names = ("similar_angle", "complementary_angle", "pruning_ratio", "score")
        return dict(zip(names, np.array(rows, float).T, strict=True))

    # -- predicting ----------------------------------------------------------------------

    @property
    def classes_(self) -> np.ndarray | list[np.ndarray]:
        """Classes of the network."""
        return self.estimator_.classes_

    @available_if(_inner_has("predict"))
    def predict(self, X: TableLike) -> np.ndarray:
        """Predict with the pruned network.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_tasks)
            Predictions.
        """
        check_is_fitted(self)
        return self.estimator_.predict(X)

    @available_if(_inner_has("predict_proba"))
    def predict_proba(self, X: TableLike) -> np.ndarray | list[np.ndarray]:
        """Predict class probabilities with the pruned network.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or list of them
            Probabilities in the form of the network's `predict_proba`.
        """
        check_is_fitted(self)
        return self.estimator_.predict_proba(X)

    def score(
        self, X: TableLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """Score of the pruned network, by the `score` of the network.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Inputs.

        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            True targets.

        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row.

        Returns
        -------
        float
        """
        check_is_fitted(self)
        return self.estimator_.score(X, y, sample_weight)

    def __sklearn_is_fitted__(self) -> bool:
        """Return True after `fit`."""
        return hasattr(self, "estimator_")

    def get_metadata_routing(self) -> MetadataRouter:
        """Router that passes metadata of `fit` to `fit` of the network.

        Returns
        -------
        MetadataRouter
        """
        mapping = MethodMapping().add(caller="fit", callee="fit")
        router = MetadataRouter(owner=self)
        return router.add(estimator=self.estimator, method_mapping=mapping)

    def __sklearn_tags__(self) -> Any:
        """Tags of the network, for scikit-learn."""
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.estimator_type = inner.estimator_type
        tags.classifier_tags = inner.classifier_tags
        tags.regressor_tags = inner.regressor_tags
        tags.input_tags = inner.input_tags
        tags.target_tags = inner.target_tags
        return tags
