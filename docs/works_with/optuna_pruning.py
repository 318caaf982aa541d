# SPDX-License-Identifier: BSD-3-Clause
import optuna
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split

from skrln import RLNRegressor
from skrln.presets import READABLE

optuna.logging.set_verbosity(optuna.logging.WARNING)
X, y = load_diabetes(return_X_y=True, as_frame=True)
X_train, X_val, y_train, y_val = train_test_split(X, y, random_state=0)


class Pruning:
    """Callback that reports the validation loss of each epoch to a trial."""

    max_propagation_depth = None

    def __init__(self, trial):
        self.trial = trial

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
        if context.task_name != "epoch":
            return
        loss = fitted_estimator.validation_loss_curve_[-1]
        self.trial.report(loss, step=context.task_id)
        if self.trial.should_prune():
            raise optuna.TrialPruned


def fit(trial):
    params = READABLE | {
        "theta": trial.suggest_float("theta", -9, -5),
        "learning_rate_init": trial.suggest_float("rate", 1e-3, 1e-2, log=True),
        "max_iter": 40,
    }
    model = RLNRegressor(**params, random_state=0).set_callbacks(Pruning(trial))
    model.fit(X_train, y_train, X_val=X_val, y_val=y_val)
    return model.validation_loss_curve_.min()


sampler = optuna.samplers.RandomSampler(seed=0)
pruner = optuna.pruners.MedianPruner(n_startup_trials=2, n_warmup_steps=5)
study = optuna.create_study(sampler=sampler, pruner=pruner)
study.optimize(fit, n_trials=10)
n_epochs = sum(len(trial.intermediate_values) for trial in study.trials)
print(f"{n_epochs} of {10 * 40} epochs ran")
print(f"lowest validation loss {study.best_value:.2f}")
