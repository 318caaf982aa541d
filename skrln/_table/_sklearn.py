# SPDX-License-Identifier: BSD-3-Clause
"""The one door to scikit-learn's private names, and to those that only some versions have."""

from sklearn.base import _fit_context as fit_context
from sklearn.utils import _safe_indexing as take
from sklearn.utils._metadata_requests import (
    _raise_for_params as refuse_unrouted,
)
from sklearn.utils._metadata_requests import (
    _routing_enabled as routing_enabled,
)
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils._param_validation import (
    validate_parameter_constraints as check_parameters,
)
from sklearn.utils.parallel import (
    _get_threadpool_controller as threadpool_controller,
)
from sklearn.utils.validation import (
    _check_feature_names as check_feature_names,
)
from sklearn.utils.validation import (
    _check_method_params as check_method_params,
)
from sklearn.utils.validation import (
    _check_n_features as check_n_features,
)
from sklearn.utils.validation import (
    _check_sample_weight as check_sample_weight,
)
from sklearn.utils.validation import (
    _num_samples as count_samples,
)

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # scikit-learn < 1.9 has no callbacks
    CallbackSupportMixin = type("CallbackSupportMixin", (), {})

    def with_callbacks(method):
        """Return `method` as it is."""
        return method


__all__ = [
    "CallbackSupportMixin",
    "HasMethods",
    "Interval",
    "StrOptions",
    "check_feature_names",
    "check_method_params",
    "check_n_features",
    "check_parameters",
    "check_sample_weight",
    "count_samples",
    "fit_context",
    "refuse_unrouted",
    "routing_enabled",
    "take",
    "threadpool_controller",
    "with_callbacks",
]
