# SPDX-License-Identifier: BSD-3-Clause
"""Networks and ensembles on each kind of device: ``python -m tests.benchmarks.devices``.

Times are those of fits whose programs are compiled; the first fit, with compilation, stands
beside them. An epoch is the difference of a long and a short fit, divided by the difference of
their epochs.
"""

import argparse
import json
import warnings
from time import perf_counter

import jax
import numpy as np

import skrln
from skrln import RLNRegressor

#: An ensemble of 64 should take at most so many times as long as one network.
MOST_TIMES = 3
BATCH_SIZES = (256, 8192)


def main(arguments=None):
    """Print a line for each measurement, and write all of them as JSON lines."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.devices")
    parser.add_argument("--rows", type=int, default=1_000_000, help="of one network")
    parser.add_argument("--columns", type=int, default=50)
    parser.add_argument("--epochs", type=int, default=5, help="of a timed fit")
    parser.add_argument("--members", type=int, default=64, help="of the ensemble")
    parser.add_argument("--member-rows", type=int, default=10_000)
    parser.add_argument("--member-epochs", type=int, default=30)
    parser.add_argument("--devices", nargs="+", help="all kinds there are by default")
    parser.add_argument("--out", help="file of JSON lines")
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore")  # fits end before they converge
    skrln.show_versions()
    results = []
    for result in measure(options):
        results.append(result)
        print(json.dumps(result), flush=True)
        if options.out:  # a run that is cut off leaves what it has measured
            with open(options.out, "a", encoding="utf-8") as file:
                file.write(json.dumps(result) + "\n")
    return results


def measure(options):
    """Yield a dict for each measurement, short ones first."""
    devices = options.devices or kinds_of_devices()
    X, y = make_table(options.member_rows, options.columns)
    epochs, one = options.member_epochs, {}
    for n_members in (1, options.members):
        for device in devices:
            first, again = (seconds_of(X, y, device, epochs, n_members) for _ in "ab")
            one.setdefault(device, again)
            times = again / one[device]
            yield {
                "what": f"{n_members} networks",
                "rows": len(X),
                "device": device,
                "first_s": round(first, 2),
                "fit_s": round(again, 2),
                "times": round(times, 2),
                "is_within_aim": times <= MOST_TIMES,
            }
    X, y = make_table(options.rows, options.columns)
    for batch_size in BATCH_SIZES:
        for device in devices:
            first, short, long = (
                seconds_of(X, y, device, n_epochs, batch_size=batch_size)
                for n_epochs in (1, 1, 1 + options.epochs)
            )
            yield {
                "what": f"one network, batches of {batch_size}",
                "rows": len(X),
                "device": device,
                "first_s": round(first, 2),
                "fit_s": round(long, 2),
                "epoch_s": round((long - short) / options.epochs, 4),
            }


def kinds_of_devices():
    """The processor, the default device of JAX, and all of them where there are several."""
    kinds = ["cpu", None if jax.default_backend() == "cpu" else jax.default_backend()]
    kinds += ["all"] * (jax.local_device_count() > 1)
    return [kind for kind in kinds if kind]


def make_table(n_rows, n_columns):
    """Half of the columns matter."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_rows, n_columns)).astype(np.float32)
    y = np.sin(X[:, ::2]) @ rng.normal(size=-(-n_columns // 2)) + X[:, 0] * X[:, 1]
    return X, y + 0.5 * rng.normal(size=n_rows)


def seconds_of(X, y, device, n_epochs, n_members=1, batch_size=256):
    """Seconds of a fit."""
    network = RLNRegressor(
        (256, 256),
        theta=-7,
        n_estimators=n_members,
        numeric_embedding=None,
        input_selection=False,
        early_stopping=False,
        max_iter=n_epochs,
        batch_size=batch_size,
        dtype="float32",
        device=device,
        random_state=0,
    )
    start = perf_counter()
    network.fit(X, y)
    return perf_counter() - start


if __name__ == "__main__":
    main()
