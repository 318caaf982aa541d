# SPDX-License-Identifier: BSD-3-Clause
"""What regressor and classifier share: validate, encode, train, store."""

from abc import ABC, abstractmethod
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from skrln._kernels import (
    Data,
    Hyper,
    Layer,
    NetworkSpec,
    PenaltySpec,
    SparseRows,
    Start,
    StopReason,
    TrainSpec,
    default_platform,
    fit_network,
)

from ._forward import forward, row_blocks
from ._importance import active_inputs, garson_importance, zero_shares
from ._outcome import Watch, warn_outcome
from ._preprocessing import InputEncoder, check_inputs, find_categorical
from ._sklearn import CallbackSupportMixin, fit_context, take, with_callbacks
from ._splits import split_rows, take_rows, wants_validation
from ._targets import check_labelled, effective_weights
from ._validation import (
    all_or_nothing,
    check_validation_arguments,
    check_weights,
    resolve_hidden_layers,
    resolve_task_weight,
)

#: "auto" trains in double precision on a CPU up to this many numbers in the encoded table.
DOUBLE_CELLS = 2_000
#: "auto" takes the whole table as one batch up to this many rows.
FULL_BATCH_ROWS = 128
#: The penalty grows over at least so many steps: coefficients need them to part.
MIN_WARMUP_STEPS = 200
#: Edges that are recorded while training, of which store_reg_path are kept.
PATH_CANDIDATES = 20_000
#: Attributes that not every fit sets, and that are gone after one which does not.
LEFT_OVER = (
    "_train_state",
    "_train_structure",
    "_n_partial_fits",
    "reg_path_",
    "reg_path_edges_",
)
#: Parameters that shape the state of solver and rule, which partial_fit goes on with.
STRUCTURE = ("solver", "regularization", "rule", "reg_layers", "reg_group")


class Problem(NamedTuple):
    """A fit, ready for the kernel."""

    encoder: InputEncoder
    target: Any
    data: Data
    validation: Data | None
    n_rows: int


class BaseRLN(CallbackSupportMixin, BaseEstimator, ABC):
    """Common part of the networks."""

    @abstractmethod
    def _check_target(self, y, name="y") -> Any:
        """Validated labels and which of them are known, (n_samples, n_tasks)."""

    @abstractmethod
    def _fit_target(self, y, known, sample_weight) -> Any:
        """Target encoder learned from the training rows."""

    @abstractmethod
    def _encode_target(self, target, y, known, sample_weight, name) -> Any:
        """Encoded labels, which are known, and the factors of the class weights."""

    @abstractmethod
    def _stratify_by(self, y) -> Any:
        """Classes to hold out in equal shares, or None."""

    @abstractmethod
    def _loss(self) -> Any:
        """Name of the loss, and its number."""

    @with_callbacks
    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X,
        y,
        sample_weight=None,
        *,
        X_val=None,
        y_val=None,
        sample_weight_val=None,
        groups=None,
    ):
        """Fit the network.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Training inputs. Columns need no scaling; missing values (NaN) and, in a data
            frame, categories are taken as they are.

        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Targets. In two dimensions a missing label is NaN (or None) and does not count.

        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row in the loss. A row of weight zero is as good as not there.

        X_val, y_val : array-like, default=None
            Validation data for early stopping, in the form of `X` and `y`. In a
            :class:`~sklearn.pipeline.Pipeline`, pass ``transform_input=["X_val"]``.

        sample_weight_val : array-like of shape (n_val,), default=None
            Weight of each validation row.

        groups : array-like of shape (n_samples,), default=None
            Groups for a `validation_cv` that needs them.

        Returns
        -------
        self : object
            Fitted estimator.

        Raises
        ------
        ValueError
            For arguments that cannot be trained on; the estimator stays as it was.
        """
        context = None
        if hasattr(self, "_init_callback_context"):
            context = self._init_callback_context(max_subtasks=self.max_iter)
            context.call_on_fit_task_begin(estimator=self, X=X, y=y)
        metadata = {} if sample_weight is None else {"sample_weight": sample_weight}
        with all_or_nothing(self):
            rng = check_random_state(self.random_state)
            problem = self._prepare(
                X, y, sample_weight, (X_val, y_val, sample_weight_val), groups, rng
            )
            watch = Watch(
                self,
                context,
                X,
                y,
                metadata,
                lambda result: self._describe(problem, result),
            )
            with watch.epochs(self.max_iter) as on_epoch:
                result, edges = self._train(problem, rng, self.max_iter, on_epoch)
            for left_over in LEFT_OVER:
                vars(self).pop(left_over, None)
            vars(self).update(self._describe(problem, result, edges))
        warn_outcome(self, result)
        if context is not None:
            context.call_on_fit_task_end(
                estimator=self, X=X, y=y, metadata=metadata or None
            )
        return self

    def _partial_fit(self, X, y, sample_weight, classes=None):
        """One epoch over the rows given, from where the last call left off."""
        with all_or_nothing(self):
            rng = check_random_state(self.random_state)
            problem = self._prepare_batch(X, y, sample_weight, classes)
            before = vars(self)
            start = None
            structure = [getattr(self, name) for name in STRUCTURE]
            if hasattr(self, "coefs_"):
                start = self._start()
                if before.get("_train_structure") == structure:
                    start = start._replace(state=before["_train_state"])
            n_calls = before.get("_n_partial_fits", 0)
            result, _ = self._train(problem, rng, 1, None, start, epoch=n_calls)
            described = self._describe(problem, result)
            if start is not None:
                described["loss_curve_"] = np.concatenate(
                    [self.loss_curve_, described["loss_curve_"]]
                )
                described["sparsity_curve_"] = np.concatenate(
                    [self.sparsity_curve_, described["sparsity_curve_"]]
                )
            described["n_iter_"] = len(described["loss_curve_"])
            described["best_iteration_"] = described["n_iter_"] - 1
            described["_train_state"] = result.state
            described["_train_structure"] = structure
            described["_n_partial_fits"] = n_calls + 1
            vars(self).update(described)
        warn_outcome(self, result)
        return self

    # -- before the kernel ---------------------------------------------------------------

    def _prepare(self, X, y, sample_weight, validation, groups, rng):
        X_val, y_val, weight_val = validation
        check_validation_arguments(
            X_val, y_val, weight_val, self.early_stopping, self.validation_cv
        )
        going_on = self.warm_start and hasattr(self, "coefs_")
        X = check_inputs(self, X, reset=not going_on)
        y, known = self._check_target(y)
        check_labelled(known)
        check_consistent_length(X, y)
        weights = check_weights(sample_weight, X)
        rows = np.flatnonzero((weights > 0) & known.any(axis=1))
        if len(rows) < 2:
            raise ValueError(
                f"Got {len(rows)} sample with a positive weight and a label, but "
                "at least 2 samples are needed to fit a network."
            )
        check_labelled(known[rows], "the rows of y with a positive weight")
        target = self._target if going_on else None
        # Classes are those of all rows: the validation part may hold some that train lacks.
        target = target or self._fit_target(*take_rows(rows, y, known, weights))
        seed = rng.randint(np.iinfo(np.int32).max)
        train, held_out = rows, None
        if X_val is not None:
            if not going_on:
                self._encoder = self._new_encoder(X)
            X_val = check_inputs(self, X_val, reset=False)
            y_val, known_val = self._check_target(y_val, "y_val")
            check_labelled(known_val, "y_val")
            weights_val = check_weights(weight_val, X_val, name="sample_weight_val")
            held_out = (X_val, y_val, known_val, weights_val)
        elif wants_validation(self.early_stopping, len(rows), self.validation_cv):
            train, val = split_rows(
                X,
                y,
                rows,
                fraction=self.validation_fraction,
                validation_cv=self.validation_cv,
                groups=groups,
                stratify=self._stratify_by(y),
                random_state=seed,
            )
            held_out = take_rows(val, X, y, known, weights)
            check_labelled(known[train], "the training part of y")
            if not going_on:
                labels = take_rows(train, y, known, weights)
                target = self._refit_target(target, *labels)
        if len(train) < len(weights):
            X, y, known, weights = take_rows(train, X, y, known, weights)
        encoder = self._encoder if going_on else self._new_encoder(X).fit(X, weights)
        data = self._to_data(encoder, target, X, y, known, weights, "y")
        val = None
        if held_out is not None:
            val = self._to_data(encoder, target, *held_out, "y_val")
            if isinstance(data.inputs, SparseRows):
                val = val._replace(inputs=_sparse_rows(val.inputs))
        return Problem(encoder, target, data, val, len(y))

    def _new_encoder(self, X):
        return InputEncoder(
            find_categorical(X, self.categorical_features), self.input_clip
        )

    def _refit_target(self, target, y, known, weights):
        """Target encoder once the training rows are split off."""
        return target

    def _prepare_batch(self, X, y, sample_weight, classes):
        first = not hasattr(self, "coefs_")
        X = check_inputs(self, X, reset=first)
        y, known = self._check_target(y)
        check_consistent_length(X, y)
        weights = check_weights(sample_weight, X)
        rows = np.flatnonzero((weights > 0) & known.any(axis=1))
        if not len(rows):
            raise ValueError(
                "Got no sample with a positive weight and a label, but a call of "
                "partial_fit needs at least 1. Leave the call out."
            )
        X, y, known, weights = take_rows(rows, X, y, known, weights)
        if first:
            check_labelled(known)
            target = self._first_target(y, known, weights, classes)
            encoder = self._new_encoder(X).fit(X, weights)
        else:
            target, encoder = self._target, self._encoder
        data = self._to_data(encoder, target, X, y, known, weights, "y")
        return Problem(encoder, target, data, None, len(y))

    def _first_target(self, y, known, weights, classes):
        """Target encoder of the first call of partial_fit."""
        del classes
        return self._fit_target(y, known, weights)

    def _to_data(self, encoder, target, X, y, known, weights, name):
        inputs = encoder.transform(X)
        if sparse.issparse(inputs):
            inputs = _sparse_rows(inputs)
        targets, known, factor = self._encode_target(target, y, known, weights, name)
        task_weight = resolve_task_weight(self.task_weight, targets.shape[1])
        weights = effective_weights(known, weights, factor, task_weight)
        if not np.any(weights > 0):
            raise ValueError(
                f"Got weights that leave no label of {name} to count: those of samples, "
                "classes and tasks are multiplied. Make one of each positive."
            )
        return Data(inputs, targets, weights, len(targets))

    # -- the kernel ----------------------------------------------------------------------

    def _train(self, problem, rng, max_epochs, on_epoch, start=None, epoch=None):
        going_on = epoch is not None  # a call of partial_fit: the end is not known
        loss, loss_parameter = self._loss()
        network = NetworkSpec(
            (
                len(problem.encoder.groups),
                *resolve_hidden_layers(self.hidden_layer_sizes),
                sum(problem.target.heads),
            ),
            self.activation,
            problem.target.heads,
        )
        if start is None and self.warm_start and hasattr(self, "coefs_"):
            start = self._start()
        if start is not None:
            self._check_same_shape(network)
        penalty = self._penalty_spec(problem, network)
        theta = self._thetas(network, penalty)
        batch_size = self._resolved_batch_size(problem.n_rows)
        n_batches = -(-problem.n_rows // batch_size)
        burn_in = 0.0 if going_on else self._warmup_epochs(start)
        hyper = Hyper(
            learning_rate=self.learning_rate_init,
            momentum=self.momentum,
            theta=theta,
            reg_step=self._resolved_reg_step(),
            max_reg_step=self.max_reg_step,
            loss_parameter=loss_parameter,
            tol=self.tol,
            patience=np.inf if problem.validation is None else self.n_iter_no_change,
            total_steps=1,
            warmup_steps=max(burn_in, MIN_WARMUP_STEPS / n_batches) if burn_in else 0.0,
            burn_in_steps=burn_in,
        )
        schedule = "constant" if going_on else self.learning_rate
        seed = rng.randint(np.iinfo(np.int32).max)
        edges = self._candidate_edges(network, seed)
        result = fit_network(
            problem.data,
            network,
            TrainSpec(loss, self.solver, schedule, penalty, batch_capacity=0),
            hyper,
            max_epochs=max_epochs,
            batch_size=batch_size,
            seed=seed + (epoch or 0),
            validation=problem.validation,
            groups=_dense_groups(problem.encoder.groups),
            edges=edges,
            dead_inputs=_constant_inputs(problem.data, network.layer_sizes[0]),
            start=start,
            restore_best=problem.validation is not None,
            precision=self._resolved_precision(problem, network),
            device=self.device,
            on_epoch=on_epoch,
        )
        return result, edges

    def _penalty_spec(self, problem, network):
        if self.regularization is None:
            return None
        if self.regularization == "uniform" and self.rule == "subgradient":
            raise ValueError(
                "Got regularization='uniform' with rule='subgradient', but that rule moves "
                "coefficients by itself where it reaches zero: they would not stay the "
                "same. Pass rule='proximal'."
            )
        if self.reg_group == "input" and self.rule == "subgradient":
            raise ValueError(
                "Got reg_group='input' with rule='subgradient', but groups of weights "
                "are expected to use rule='proximal': the subgradient rule of 2018 knows "
                "single weights only."
            )
        groups = problem.encoder.groups
        return PenaltySpec(
            norm=self.norm,
            rule=self.rule,
            n_layers=1 if self.reg_layers == "first" else network.n_layers,
            scope=self.reg_scope,
            n_groups=len(np.unique(groups)) if self.reg_group == "input" else 0,
        )

    def _thetas(self, network, penalty):
        """Mean of lambda of each regularized layer.

        One number for all, but where the mean is held per layer: a layer with fewer inputs
        than the first has fewer weights to lose, and a weaker penalty in proportion.
        """
        n_layers = 0 if penalty is None else penalty.n_layers
        thetas = np.full(n_layers, float(self.theta))
        if self.reg_scope == "layer":
            fan_in = np.array(network.layer_sizes[:n_layers], float)
            thetas += np.minimum(0, np.log(fan_in / max(1, network.layer_sizes[0])))
        return tuple(thetas)

    def _resolved_reg_step(self):
        if self.regularization == "uniform":
            return 0.0
        if self.nu is None:
            return self.reg_step
        # nu multiplies update and penalty step; reg_step is in units of both at theta.
        return self.nu * self.learning_rate_init**2 / 1e-3 * np.exp(self.theta)

    def _warmup_epochs(self, start):
        """Epochs in which the penalty grows; none for weights that have met it already."""
        if self.regularization is None or start is not None:
            return 0.0
        return self.reg_warmup * self.max_iter

    def _resolved_batch_size(self, n_rows):
        if self.batch_size != "auto":
            return min(self.batch_size, n_rows)
        if n_rows <= FULL_BATCH_ROWS:
            return n_rows
        return int(np.clip(2 ** np.round(np.log2(n_rows / 16)), 32, 256))

    def _resolved_precision(self, problem, network):
        if self.dtype != "auto":
            return self.dtype
        small = problem.n_rows * network.layer_sizes[0] <= DOUBLE_CELLS
        on_cpu = default_platform(self.device) == "cpu"
        return "float64" if small and on_cpu else "float32"

    def _candidate_edges(self, network, seed):
        """Edges of the first layer to record, from which those to keep are chosen."""
        if not self.store_reg_path:
            return np.zeros(0, int)
        n_edges = network.layer_sizes[0] * network.layer_sizes[1]
        chosen = np.random.default_rng(seed).permutation(n_edges)
        return np.sort(chosen[:PATH_CANDIDATES])

    def _start(self):
        params = tuple(
            Layer(w, b) for w, b in zip(self.coefs_, self.intercepts_, strict=True)
        )
        learned = np.isfinite(self.reg_coefs_[0]).all()
        return Start(params, tuple(self.reg_coefs_) if learned else None)

    def _check_same_shape(self, network):
        there = (len(self.coefs_[0]), *(w.shape[1] for w in self.coefs_))
        if there != network.layer_sizes:
            raise ValueError(
                f"Got hidden_layer_sizes={self.hidden_layer_sizes!r}, which makes layers "
                f"of {network.layer_sizes} units, but the fit to go on from has {there}. "
                "Set warm_start=False, or restore the sizes."
            )

    # -- after the kernel ----------------------------------------------------------------

    def _describe(self, problem, result, edges=None):
        """Fitted attributes: NumPy arrays, lists of them and plain numbers."""
        history = result.history
        sizes = np.array([layer.weight.size for layer in result.params])
        fitted = {
            "_encoder": problem.encoder,
            "_target": problem.target,
            "coefs_": [layer.weight for layer in result.params],
            "intercepts_": [layer.bias for layer in result.params],
            "reg_coefs_": list(result.coefficients),
            "theta_": float(self.theta),
            "loss_curve_": history.loss,
            "validation_loss_curve_": (
                None if problem.validation is None else history.validation_loss
            ),
            "sparsity_curve_": history.zeros.reshape(-1, len(sizes)) / sizes,
            "n_iter_": result.n_epochs,
            "best_iteration_": (
                result.best_epoch
                if problem.validation is not None
                or result.reason == StopReason.DIVERGED
                else result.n_epochs - 1
            ),
            "n_layers_": len(sizes) + 1,
            "n_outputs_": result.params[-1].weight.shape[1],
        }
        if self.store_reg_path and edges is not None:
            kept = self._kept_edges(history, fitted["best_iteration_"])
            shape = result.params[0].weight.shape
            fitted["reg_path_"] = history.path[:, kept]
            fitted["reg_path_edges_"] = np.column_stack(
                np.unravel_index(edges[kept], shape)
            )
        return fitted

    def _kept_edges(self, history, kept_epoch):
        """Half of the edges asked for are the strongest survivors, the others a sample."""
        ran = len(history.path) > 0
        final = np.abs(history.path[kept_epoch, :, 0]) if ran else np.zeros(0)
        strongest = np.argsort(-final, kind="stable")[: -(-self.store_reg_path // 2)]
        others = np.setdiff1d(np.arange(len(final)), strongest)
        n_more = min(len(others), self.store_reg_path - len(strongest))
        sample = others[np.linspace(0, len(others) - 1, n_more).astype(int)]
        return np.sort(np.concatenate([strongest, sample]).astype(int))

    # -- predicting ----------------------------------------------------------------------

    def _outputs(self, X):
        """Outputs of the network, (n_samples, n_outputs), in double precision."""
        check_is_fitted(self, "coefs_")
        X = check_inputs(self, X, reset=False)
        n_rows = X.shape[0]
        width = max(X.shape[1], *(w.shape[1] for w in self.coefs_))
        blocks = row_blocks(n_rows, width)
        found = [
            self._outputs_of(X if len(blocks) == 1 else take(X, rows, axis=0))
            for rows in blocks
        ]
        return np.concatenate(found) if len(found) > 1 else found[0]

    def _outputs_of(self, X):
        if sparse.issparse(X):
            X = X.toarray()
        inputs = self._encoder.transform(X).astype(self.coefs_[0].dtype, copy=False)
        found = forward(inputs, self.coefs_, self.intercepts_, self.activation)
        return found.astype(np.float64, copy=False)

    # -- reading the network -------------------------------------------------------------

    @property
    def feature_importances_(self):
        """Garson importance of each input column; sums to one, or zeros without survivors."""
        check_is_fitted(self, "coefs_")
        return garson_importance(self.coefs_, self._encoder.groups)

    @property
    def active_features_(self):
        """Names (or positions) of the input columns with an edge that is not zero."""
        check_is_fitted(self, "coefs_")
        active = np.flatnonzero(active_inputs(self.coefs_, self._encoder.groups))
        names = getattr(self, "feature_names_in_", None)
        return active if names is None else names[active]

    @property
    def n_active_features_(self):
        """Number of input columns with an edge that is not exactly zero."""
        return len(self.active_features_)

    @property
    def sparsity_(self):
        """Share of the weights of each layer that are exactly zero, (n_layers,)."""
        check_is_fitted(self, "coefs_")
        return zero_shares(self.coefs_)

    def __sklearn_tags__(self):
        """What this estimator can do, for scikit-learn."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.sparse = True
        tags.input_tags.categorical = self.categorical_features is not None
        tags.target_tags.multi_output = True
        return tags


def _sparse_rows(table):
    if isinstance(table, SparseRows):
        return table
    table = sparse.csr_matrix(table)
    return SparseRows(table.data, table.indices, table.indptr)


def _dense_groups(groups):
    """Groups numbered without gaps, in the order of the columns."""
    return np.unique(groups, return_inverse=True)[1]


def _constant_inputs(data, n_inputs):
    """Encoded columns that never change: no gradient would ever move their weights.

    A sparse column is not centred, and so has to be zero throughout.
    """
    if isinstance(data.inputs, SparseRows):
        stored = data.inputs.columns[data.inputs.values != 0]
        return np.bincount(stored, minlength=n_inputs) == 0
    return np.ptp(data.inputs, axis=0) == 0
