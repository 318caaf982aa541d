# SPDX-License-Identifier: BSD-3-Clause
"""The progress of a fit: bars where the screen can show them, else lines of text."""

import builtins
import io
import re
import sys
from types import ModuleType, SimpleNamespace

import pytest
from rich.console import Console

from skrln.networks import _progress
from skrln.networks._progress import format_seconds, show_progress

from ._tables import make_table, regressor

X, Y = make_table()


@pytest.fixture
def kernel(monkeypatch):
    """What rich takes for the kernel of a notebook; without ipywidgets."""
    shell = type("ZMQInteractiveShell", (), {})()
    monkeypatch.setattr(builtins, "get_ipython", lambda: shell, raising=False)
    monkeypatch.setitem(sys.modules, "ipywidgets", None)


@pytest.fixture
def clock(monkeypatch):
    """Seconds that the progress reads; a test moves them."""
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(_progress, "perf_counter", lambda: clock.now)
    return clock


def test_notebook_without_widgets_shows_text(kernel, capsys):
    """rich would warn in every fit; warnings are errors here."""
    for _ in range(2):
        model = regressor(verbose=True, max_iter=3).fit(X, Y)
    shown = capsys.readouterr()
    assert shown.err == ""  # which a notebook shows as if it were a warning
    lines = shown.out.splitlines()
    assert len(lines) == 6
    first, last, end = lines[3:]
    assert first == "RLNRegressor: compiling unless an earlier fit did, up to 3 epochs"
    losses = f"epoch 3/3, loss {model.loss_curve_[-1]:.4g}"
    assert re.fullmatch(rf"RLNRegressor: {losses}, \d+\.\d s", last)
    assert re.fullmatch(r"RLNRegressor: fitted in \d+\.\d s", end)


def test_notebook_with_widgets_shows_a_bar(kernel, monkeypatch, capsys):
    class Output:
        n_shown = 0

        def clear_output(self, wait):
            Output.n_shown += 1

        def __enter__(self):
            return self

        def __exit__(self, *error):
            return None

    display = ModuleType("IPython.display")
    display.display = lambda *shown: None
    modules = {
        "ipywidgets": SimpleNamespace(Output=Output),
        "IPython": ModuleType("IPython"),
        "IPython.display": display,
    }
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    with show_progress("Network", "epoch", 2) as advance:
        advance("loss 1")
    assert Output.n_shown
    assert "epoch" not in capsys.readouterr().out


def test_terminal_shows_a_bar_that_ends_with_the_time(monkeypatch, clock):
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=100)
    monkeypatch.setattr("rich.console.Console", lambda **_: console)
    with show_progress("Network", "epoch", 2, "compiling") as advance:
        advance("loss 1")
        clock.now += 3
    shown = stream.getvalue()
    assert "━" in shown
    assert "epoch 0/2 compiling" in shown
    assert "epoch 1/2 loss 1, 3.0 s" in shown


def test_lines_become_rarer_in_a_long_fit(clock, capsys):
    with show_progress("Network", "epoch", 1000, "compiling") as advance:
        for _ in range(1000):
            clock.now += 1
            advance("loss 1")
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "Network: compiling, up to 1000 epochs"
    assert lines[1] == "Network: epoch 2/1000, loss 1, 2.0 s"
    assert lines[-1] == "Network: epoch 1000/1000, loss 1, 16 min 40 s"
    assert 20 < len(lines) < 80


def test_fit_without_a_step_has_no_last_line(capsys):
    with show_progress("Network", "epoch", 5):
        pass
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (59.9, "59.9 s"),
        (59.96, "1 min 0 s"),
        (125, "2 min 5 s"),
        (3599.9, "1 h 0 min"),
        (7300, "2 h 1 min"),
    ],
)
def test_text_of_a_duration(seconds, text):
    assert format_seconds(seconds) == text
