# SPDX-License-Identifier: BSD-3-Clause
"""Names that the kernels know, without JAX: the rules of parameters are made of them.

Tests compare each with the table of functions that it names.
"""

#: Of ``_network.ACTIVATIONS``.
ACTIVATIONS = (
    "identity",
    "logistic",
    "tanh",
    "relu",
    "leaky_relu",
    "elu",
    "selu",
    "silu",
    "mish",
)
#: Of ``_losses.LOSSES``.
LOSSES = (
    "squared_error",
    "absolute_error",
    "huber",
    "quantile",
    "poisson",
    "log_loss",
)
#: Of ``_schedules``; "performance" lowers the rate at plateaus of the loss.
SCHEDULES = ("constant", "cosine", "power", "exponential", "performance")
#: Weights of the tasks, see ``_task_weights``.
WEIGHTINGS = ("fixed", "uncertainty")
#: Solvers with options of this package.
OWN_SOLVERS = ("adam", "rmsprop", "sgd")
#: Optimisers of optax that need gradients and weights alone, and whose step is proportional to
#: the learning rate: "lbfgs" needs losses, "noisy_sgd" a key, and "fromage" is not linear.
OPTAX_SOLVERS = (
    "adabelief",
    "adadelta",
    "adafactor",
    "adagrad",
    "adamax",
    "adamaxw",
    "adamw",
    "adan",
    "amsgrad",
    "lamb",
    "lars",
    "lion",
    "nadam",
    "nadamw",
    "novograd",
    "optimistic_adam_v2",
    "optimistic_gradient_descent",
    "radam",
    "rprop",
    "sign_sgd",
    "signum",
    "sm3",
    "yogi",
)
SOLVERS = (*OWN_SOLVERS, *OPTAX_SOLVERS)
