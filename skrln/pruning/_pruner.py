# SPDX-License-Identifier: BSD-3-Clause
"""Pruning of hidden units by their distinctiveness."""

from copy import deepcopy
from numbers import Integral, Real
from typing import ClassVar

import numpy as np
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

from skrln._core._settings import resolve_epochs
from skrln._core._sklearn import (
    HasMethods,
    Interval,
    StrOptions,
    fit_context,
    refuse_unrouted,
    routing_enabled,
)
from skrln._core._validation import all_or_nothing

from ._layers import describe_layers, plan_layers, resolve_layers
from ._networks import check_readable, hidden_sizes, shrink, train_epoch, train_on
from ._plan import Rule
from ._record import Record


def _inner_has(name):
    """Whether the network has a method."""

    def check(self):
        inner = vars(self).get("estimator_", self.estimator)
        getattr(inner, name)  # its own message where it has not
        return True

    return check


class DistinctivenessPruner(MetaEstimatorMixin, BaseEstimator):
    r"""Fit a network, and remove the units that duplicate or cancel each other.

    Two units of a layer whose vectors point in nearly the same direction do the same twice:
    one of them goes, and the other takes its place in what comes behind. Two whose vectors
    point in opposite directions say the same with another sign. What is left is a smaller
    network, not a masked one: it predicts faster, and can be taken apart, saved and trained
    like any other.

    Read more in the :ref:`User Guide <pruning>`.

    .. versionadded:: 0.1

    Parameters
    ----------
    estimator : estimator
        A single network of this package, :class:`~sklearn.neural_network.MLPClassifier` or
        :class:`~sklearn.neural_network.MLPRegressor`. A clone is fitted; one that is
        fitted already comes in a :class:`~sklearn.frozen.FrozenEstimator`, and is left as
        it is.

    criterion : {"weight", "activation", "random"}, default="weight"
        Vectors that are compared:

        - "weight": the incoming weights of a unit (with batch normalization before the
          activation, what it makes of them);
        - "activation": its activations over the training rows, centred as `center` says;
        - "random": units are drawn at random, as many of a layer as "weight" would remove
          or as `ratio` says. A control: if it is as good, the angles told nothing.

    similar_angle : float, default=15
        Units at less than so many degrees are similar; more prunes more. 0 prunes none.

    complementary_angle : float, default=165
        Units at more than so many degrees are complementary; less prunes more. 180 prunes
        none.

    ratio : float or None, default=None
        Share of the units of each layer to remove, in [0, 1), the nearest pairs first and
        whatever their angles; None goes by the two angles. "middle_third" gets there in
        equal steps.

    layers : "all", int or list of int, default="all"
        Hidden layers to prune, counted from 0; -1 is the last one.

    schedule : {"post", "middle_third"}, default="post"
        When to prune: once, when the network is trained; or every `prune_every` epochs in
        the middle third of the training, as long as the loss still falls. The second trains
        by `partial_fit`, for `max_iter` epochs of `estimator`, without early stopping and
        at a constant learning rate.

    prune_every : int, default=20
        Epochs from one pruning to the next, and over which the loss is averaged to see
        whether it falls. Only for "middle_third".

    compensate : {"regression", "pair", "add"} or None, default="regression"
        What the units that stay take over from one that goes:

        - "regression": least squares over the training rows says by which factors, and
          with which constant, all of them together stand for it. It leaves the least
          error that outgoing weights can leave;
        - "pair": the same with the other unit of the pair alone;
        - "add": that other unit takes its outgoing weights as they are, as published.
          Exact only for units that are the same;
        - None: nothing.

    complement : {"fold", "remove"}, default="fold"
        What happens to complementary units. "fold" removes one, for which `compensate`
        finds a replacement (of opposite sign); "remove" removes both with all that they
        did, as published. Where only one unit may still go, the pair stays.

    include_bias : bool, default=True
        Whether the intercept of a unit counts as one more incoming weight. Without it
        units that switch at other places pass for the same. Only for "weight".

    center : {"auto", "mean", "midrange", "unit"}, default="auto"
        What is subtracted from activations. "auto" is 0.5 for "logistic", 0 for "tanh" and
        else the mean of the layer; "mean" the latter always; "midrange" the middle between
        the lowest and the highest activation of the layer; "unit" the mean of each unit, so
        that angles are those of correlations. Without a centre no two activations of one
        sign are ever at more than 90 degrees. Only for "activation".

    retrain : bool or int, default=True
        Epochs of training after "post" pruning, from the weights that are left; True for
        `max_iter` of the estimator, False for none. "middle_third" trains on anyway.

    random_state : int, RandomState instance or None, default=None
        Seeds ``criterion="random"``. The network has its own.

    Attributes
    ----------
    estimator_ : estimator
        The pruned network.

    unpruned_estimator_ : estimator or None
        The network as it was trained before "post" pruning; None for "middle_third".

    masks_ : list of ndarray of bool of shape (n_units,)
        Of each hidden layer, which of its first units are left.

    pairs_ : ndarray of shape (n_pairs, 4)
        Layer, the two units, and 0 for similar or 1 for complementary ones. The second unit
        has gone, and with ``complement="remove"`` the first of complementary ones, too. The
        pairs of "random" are drawn, not similar.

    angles_ : list of ndarray of shape (n_units, n_units)
        Angles in degrees of the layers in `layers_`, at the last pruning, among the units
        that were there at that time; empty if there was none. Of "random" those of the
        weights.

    layers_ : list of int
        Hidden layers that were looked at.

    pruning_ratio_ : float
        Share of the units of these layers that is gone.

    history_ : dict of ndarray
        "loss_curve": loss of all epochs. Of each pruning: "epoch" before which it came,
        "n_removed", and the score of the training rows "score_before" and "score_after" it.

    classes_ : ndarray or list of ndarray
        Classes that the network knows; only of classifiers.

    n_features_in_ : int
        Number of columns of `X`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns; only where `X` has names that are all strings.

    See Also
    --------
    skrln.feature_selection.GeneticSelector : Fewer inputs instead of fewer units.
    skrln.inspection.PruningTradeoffDisplay : Score by the share that is pruned.
    skrln.inspection.AngleMatrixDisplay : The angles.
    skrln.inspection.PruningHistoryDisplay : The loss around each pruning.

    Notes
    -----
    With :math:`v_i` the vectors of two units, their angle is
    :math:`\arccos (v_i \cdot v_j / |v_i| |v_j|)`. Pairs are gone through from the nearest to 0
    or 180 degrees on; one of which a unit is gone is passed over. For activations
    :math:`a_i, a_j` over the training rows, "pair" finds

    .. math:: a_j \approx c\, a_i + d, \quad c = \mathrm{cov}(a_i, a_j) / \mathrm{var}(a_i),
       \quad d = \bar a_j - c\, \bar a_i,

    and with outgoing weights :math:`V` replaces :math:`V_i` by :math:`V_i + c V_j` and adds
    :math:`d V_j` to the next intercepts. For the exact complement of a sigmoid that is
    :math:`c = -1, d = 1`; for :math:`\mathrm{relu}(2z)` beside :math:`\mathrm{relu}(z)` it is
    :math:`c = 2, d = 0`. "regression" has all units that stay on the right. Of several
    layers all angles are those before any is pruned. All rows count the same in angles and
    factors, whatever their `sample_weight`.

    Ensembles are refused: a unit is one of a network. Prune the members one by one.

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
        estimator,
        *,
        criterion="weight",
        similar_angle=15,
        complementary_angle=165,
        ratio=None,
        layers="all",
        schedule="post",
        prune_every=20,
        compensate="regression",
        complement="fold",
        include_bias=True,
        center="auto",
        retrain=True,
        random_state=None,
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
    def fit(self, X, y, **params):
        """Fit the network, and prune it.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Training inputs, as the network takes them. Of a fitted network the rows over
            which its activations are compared, and which it is trained on again.

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
            For angles that cross, networks whose weights cannot be read, and ensembles.
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
        if not similar < complementary:
            raise ValueError(
                f"Got similar_angle={similar} and complementary_angle={complementary}, but "
                "expected the first to be below the second: a pair of units is one or the "
                "other."
            )
        return Rule(similar, complementary, self.complement, self.compensate)

    def _check_online(self, network, frozen):
        if frozen:
            raise ValueError(
                "Got schedule='middle_third' with a fitted network in a FrozenEstimator, "
                "whose training is over. Pass schedule='post', or the network itself."
            )
        if network.solver == "lbfgs":
            raise ValueError(
                "Got schedule='middle_third' with solver='lbfgs', which has no epochs to "
                "prune between. Pass schedule='post', or solver='adam' to the network."
            )

    def _prune_after(self, network, X, y, rng, fit_params, *, fitted):
        """Network that was trained, pruned, and trained on; and what happened."""
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
        return resolve_epochs(network) if self.retrain is True else int(self.retrain)

    def _prune_while(self, network, X, y, rng, fit_params):
        """Network that was pruned while it was trained; and what happened."""
        self.unpruned_estimator_ = None
        n_epochs, record = resolve_epochs(network), None
        due = range(-(-n_epochs // 3), 2 * n_epochs // 3, self.prune_every)
        for epoch in range(n_epochs):
            if epoch in due and record.is_falling(self.prune_every):
                share = (due.index(epoch) + 1) / len(due)
                network = self._prune(network, X, y, rng, record, share=share)
            train_epoch(network, X, y, fit_params)
            if record is None:
                layers = resolve_layers(self.layers, len(network.coefs_) - 1)
                record = Record(hidden_sizes(network), layers)
            record.add_losses(network.loss_curve_[-1:])
        return network, record

    def _prune(self, network, X, y, rng, record, *, share):
        """Smaller copy of a network; `record` learns of it.

        `share` is that of the ratio that is due by now.
        """
        found = describe_layers(
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
        plans = plan_layers(found, rule, counts, at_random=at_random, rng=rng)
        small = shrink(network, plans)
        record.add_pruning(found, plans, network.score(X, y), small.score(X, y))
        return small

    def _store(self, model, record):
        self._layers = record.found
        self.estimator_ = model
        self.masks_ = record.masks
        self.pairs_ = record.pairs()
        self.layers_ = record.layers
        self.angles_ = [layer.angles for layer in record.found.values()]
        self.pruning_ratio_ = record.ratio()
        self.history_ = record.history()
        for name in ("n_features_in_", "feature_names_in_"):
            vars(self).pop(name, None)
            if hasattr(model, name):
                setattr(self, name, getattr(model, name))

    # -- the path over thresholds --------------------------------------------------------

    def path(self, X, y, thresholds=((15, 165), (20, 160), (25, 155), (30, 150))):
        """Score by threshold, without training again: all from one set of angles.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Rows to score.

        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Their targets.

        thresholds : sequence of (float, float)
            Pairs of `similar_angle` and `complementary_angle`. `ratio` does not count.

        Returns
        -------
        dict
            Arrays with an entry for each threshold: "similar_angle",
            "complementary_angle", "pruning_ratio" and "score".

        Raises
        ------
        ValueError
            For ``schedule="middle_third"``, which has no trained network to start from.
        """
        check_is_fitted(self)
        if self.unpruned_estimator_ is None:
            raise ValueError(
                "Got schedule='middle_third', which prunes while it trains, so that there "
                "is no one network to prune at all thresholds. Fit with schedule='post'."
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
    def classes_(self):
        """Classes that the network knows."""
        return self.estimator_.classes_

    @available_if(_inner_has("predict"))
    def predict(self, X):
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
    def predict_proba(self, X):
        """Probabilities of the classes by the pruned network.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or list of them
            As the network returns them.
        """
        check_is_fitted(self)
        return self.estimator_.predict_proba(X)

    def score(self, X, y, sample_weight=None):
        """Score of the pruned network, as its own `score` has it.

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

    def __sklearn_is_fitted__(self):
        """Whether there is a pruned network."""
        return hasattr(self, "estimator_")

    def get_metadata_routing(self):
        """Where metadata goes: to `fit` of the network.

        Returns
        -------
        MetadataRouter
        """
        mapping = MethodMapping().add(caller="fit", callee="fit")
        router = MetadataRouter(owner=self)
        return router.add(estimator=self.estimator, method_mapping=mapping)

    def __sklearn_tags__(self):
        """What this estimator can do, for scikit-learn: the same as its network."""
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.estimator_type = inner.estimator_type
        tags.classifier_tags = inner.classifier_tags
        tags.regressor_tags = inner.regressor_tags
        tags.input_tags = inner.input_tags
        tags.target_tags = inner.target_tags
        return tags
