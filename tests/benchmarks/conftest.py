# SPDX-License-Identifier: BSD-3-Clause
"""The table of numbers at the end of a run, and the bars."""

import os

import numpy as np
import pytest

_LINES = pytest.StashKey[list]()
_LOAD = pytest.StashKey[str]()


class Report:
    """Lines of the table, collected over the run."""

    def __init__(self, title, lines):
        self._lines = lines
        lines.append("")
        lines.append(f"{title:50s} {'median':>10s} {'low':>10s} {'high':>10s}")

    def add(self, name, samples, unit="", factor=1.0):
        """Report the median and the spread of `samples`; the median is returned."""
        samples = np.atleast_1d(samples).astype(float)
        shown = [factor * f(samples) for f in (np.median, np.min, np.max)]
        numbers = " ".join(f"{number:10.3f}" for number in shown)
        self._lines.append(f"  {name:48s} {numbers} {unit}")
        return float(np.median(samples))

    def bar(self, name, samples, *, least=-np.inf, most=np.inf, unit="", factor=1.0):
        """Report `samples`, and fail where their median is on the wrong side of the bar."""
        median = self.add(name, samples, unit, factor)
        limit = (
            f">= {least * factor:g}" if np.isfinite(least) else f"<= {most * factor:g}"
        )
        held = least <= median <= most
        self._lines[-1] += f"   bar {limit}: {'held' if held else 'MISSED'}"
        assert held, f"{name}: {median * factor:.4g} {unit}, expected {limit}"


def pytest_configure(config):
    config.stash[_LINES] = []
    config.stash[_LOAD] = _load()


@pytest.fixture
def report(request):
    """Make the part of the table that a benchmark fills: ``report(title)``."""
    return lambda title: Report(title, request.config.stash[_LINES])


def pytest_terminal_summary(terminalreporter, config):
    lines = config.stash[_LINES]
    if not lines:
        return
    terminalreporter.section("benchmarks")
    terminalreporter.write_line(
        f"{os.cpu_count()} CPUs; load average of the last minute "
        f"{config.stash[_LOAD]} at the start, {_load()} at the end"
    )
    for line in lines:
        terminalreporter.write_line(line)


def _load():
    return f"{os.getloadavg()[0]:.2f}" if hasattr(os, "getloadavg") else "unknown"
