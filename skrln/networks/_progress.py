# SPDX-License-Identifier: BSD-3-Clause
"""Progress of a fit: a bar where the screen can show one, else lines of text."""

import contextlib
import sys
from importlib import import_module
from threading import Lock
from time import perf_counter

from skrln._table._optional import load_optional

#: Seconds before the first line of text within a fit.
FIRST_LINE = 2.0
#: Time between two lines, as a share of the time so far: a long fit prints few lines.
LINE_SHARE = 0.1


@contextlib.contextmanager
def show_progress(name, unit, total, start_text=""):
    """Show the steps of a fit, and the time that they took.

    Parameters
    ----------
    name : str
        Name of the estimator.
    unit : str
        Name of a step, such as "epoch".
    total : int
        Largest number of steps.
    start_text : str, default=""
        What the fit does before the first step has ended.

    Yields
    ------
    callable
        Takes a text after every step, from any thread.
    """
    console = _make_console()
    has_bar = has_widgets() if console.is_jupyter else console.is_terminal
    if has_bar:
        shown = _bar(console, name, unit, total, start_text)
    else:
        shown = _lines(_text_stream(console), name, unit, total, start_text)
    with shown as advance:
        yield advance


def write_line(line):
    """Write a line of text where `show_progress` writes."""
    _write(_text_stream(_make_console()), line)


def has_widgets():
    """Return True if a notebook can show the bar of rich.

    rich warns in every fit where ipywidgets is missing.
    """
    try:
        import_module("ipywidgets")
    except ImportError:
        return False
    return True


def format_seconds(seconds):
    """Text of a duration, such as "3.1 s" or "2 min 5 s"."""
    if round(seconds, 1) < 60:
        return f"{seconds:.1f} s"
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"


def _make_console():
    return load_optional("rich.console", "verbose=True").Console(stderr=True)


def _text_stream(console):
    # A notebook shows standard error as if it were a warning.
    return sys.stdout if console.is_jupyter else sys.stderr


def _write(stream, line):
    stream.write(line + "\n")
    stream.flush()


@contextlib.contextmanager
def _bar(console, name, unit, total, start_text):
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    start = perf_counter()
    with Progress(
        # Names are text: neither a format nor markup.
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn(unit + " {task.completed:.0f}/{task.total:.0f} {task.fields[text]}"),
        TimeRemainingColumn(),
        console=console,
    ) as bar:
        task = bar.add_task(name, total=total, text=start_text)
        last = start_text

        def advance(text):
            nonlocal last
            last = text
            bar.update(task, advance=1, text=text)

        yield advance
        seconds = format_seconds(perf_counter() - start)
        bar.update(task, text=f"{last}, {seconds}" if last else seconds)


@contextlib.contextmanager
def _lines(stream, name, unit, total, start_text):
    start, n_done, lock = perf_counter(), 0, Lock()
    next_line, last = FIRST_LINE, start_text
    if start_text:
        _write(stream, f"{name}: {start_text}, up to {total} {unit}s")

    def write_state(seconds):
        state = [f"{unit} {n_done}/{total}", last, format_seconds(seconds)]
        _write(stream, f"{name}: " + ", ".join(filter(None, state)))

    def advance(text):
        nonlocal n_done, next_line, last
        with lock:
            n_done, last, seconds = n_done + 1, text, perf_counter() - start
            if seconds >= next_line:
                next_line = seconds + max(FIRST_LINE, LINE_SHARE * seconds)
                write_state(seconds)

    yield advance
    if n_done:
        write_state(perf_counter() - start)
