# SPDX-License-Identifier: BSD-3-Clause
"""Command line: score, compare, draw and time models on a folder of tables."""

import argparse
import os
import sys

from ._compare import against, mean_difference, mean_of, paired, select, summary
from ._models import MODELS
from ._plot import plot
from ._run import run
from ._store import failures, read
from ._tables import all_tasks, read_tasks
from ._time import median_seconds, ratios, time_fits

MODEL_HELP = (
    f"one of {', '.join(MODELS)}, or module:object; with parameters in brackets, such as "
    "'rln[theta=-6]'"
)


def main(arguments=None):
    """Do what the command line says; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        options.command(options)
    except (ImportError, ValueError) as error:  # what the user can put right
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Interrupted; the same command goes on from here.", file=sys.stderr)
        return 130
    return 0


# -- commands ------------------------------------------------------------------------------


def _run(options):
    tasks = _tasks(options)
    results = run(
        options.data,
        tasks,
        options.out,
        options.models,
        limit=options.splits,
        retry=options.retry,
        progress=True,
    )
    _print_failures(failures(results, tasks))


def _time(options):
    times = time_fits(
        options.data,
        _tasks(options),
        options.out,
        options.models,
        rounds=options.rounds,
        retry=options.retry,
        progress=True,
    )
    found = times["tasks"]
    failed = [("", t, found[t]["failed"]) for t in found if "failed" in found[t]]
    print(f"{len(found) - len(failed)} tasks, {times['rounds']} rounds")
    print("\nmedian seconds of a fit")
    print(median_seconds(times).round(3).to_string())
    print("\nseconds over seconds, side by side")
    print(ratios(times).round(3).to_string())
    _print_failures(failed)


def _table(options):
    results = select(read(options.folders), options.models)
    loss = mean_of(results)
    print(
        f"{len(loss.dropna())} tasks that all of {', '.join(loss)} have, of {len(loss)}"
    )
    for group, lines in summary(results).items():
        print(f"\n{group}\n{lines.round(3).to_string()}")
    print(f"\nmean loss\n{loss.round(4).to_string(na_rep='')}")
    if options.against:
        _print_against(results, options.against)
    for a, b in options.pair:
        _print_pair(results, a, b)
    _print_failures(failures(results))


def _plot(options):
    plot(select(read(options.folders), options.models), options.output)


# -- what they print -----------------------------------------------------------------------


def _print_against(results, model):
    print(f"\nlog of the loss less that of {model}; below zero is better than {model}")
    print(against(results, model).round(3).to_string())


def _print_pair(results, a, b):
    mean = mean_difference(results, a, b)
    print(f"\nlog of the loss of {a} less that of {b}, by task")
    print(paired(results, a, b).round(3).to_string(na_rep=""))
    print(
        f"over {mean['tasks']} tasks: {mean['difference']:+.3f} ± {mean['se']:.3f}; "
        f"by split: {mean['by_split']:+.3f} ± {mean['se_by_split']:.3f}; "
        f"{a} wins {mean['won']:.0%}"
    )


def _print_failures(failed):
    if failed:
        print("\nfailed, tried again with run --retry")
    for model, task, reason in failed:
        print(f"  {' '.join(filter(None, (model, task)))}: {reason}")


# -- options -------------------------------------------------------------------------------


def _tasks(options):
    if not options.data:
        raise ValueError("Name the folder of the tables by --data or SKRLN_DATA.")
    names = options.tasks or all_tasks(options.data)
    tasks = read_tasks(names, options.data)
    if not tasks:
        raise ValueError(f"Got no tasks: there are no tables in {options.data}.")
    return tasks


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.accuracy", description=__doc__
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser(
        "run", help="score models; goes on where it was stopped"
    )
    _add_what(command)
    command.add_argument("--out", required=True, metavar="DIR", help="of the results")
    command.add_argument(
        "--splits", type=int, help="the first splits of a task (default: all)"
    )
    command.set_defaults(command=_run)

    command = commands.add_parser("time", help="time fits of models that take turns")
    _add_what(command)
    command.add_argument(
        "--out", required=True, metavar="FILE", help="JSON of the times"
    )
    command.add_argument(
        "--rounds", type=int, default=4, help="fits of each (default: 4)"
    )
    command.set_defaults(command=_time)

    command = commands.add_parser("table", help="compare models")
    _add_results(command)
    command.add_argument(
        "--against", metavar="MODEL", help="all others paired with this"
    )
    command.add_argument(
        "--pair",
        nargs=2,
        action="append",
        default=[],
        metavar=("A", "B"),
        help="two models by task and split",
    )
    command.set_defaults(command=_table)

    command = commands.add_parser("plot", help="draw a comparison")
    _add_results(command)
    command.add_argument("-o", "--output", required=True, metavar="FILE")
    command.set_defaults(command=_plot)
    return parser


def _add_what(command):
    command.add_argument(
        "--data",
        metavar="DIR",
        default=os.environ.get("SKRLN_DATA"),
        help="folder of the tables (default: SKRLN_DATA)",
    )
    command.add_argument(
        "--tasks",
        nargs="+",
        metavar="TASK",
        help="NAME, NAME:TARGET, FILE.csv:TARGET, or a text file with one on every line "
        "(default: all folders, the first target of each)",
    )
    command.add_argument(
        "--retry", action="store_true", help="try again what has failed"
    )
    command.add_argument("models", nargs="+", metavar="MODEL", help=MODEL_HELP)


def _add_results(command):
    command.add_argument(
        "folders", nargs="+", metavar="DIR", help="results of run, or of other runs"
    )
    command.add_argument(
        "--models", nargs="+", metavar="MODEL", help="these only (default: all)"
    )


if __name__ == "__main__":
    sys.exit(main())
