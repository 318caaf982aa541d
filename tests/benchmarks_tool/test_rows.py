# SPDX-License-Identifier: BSD-3-Clause
"""The script that compares models by rows, on tables of a moment."""

import json

import numpy as np
import pytest

from tests.benchmarks import rows

FEW = "--rows 60 80 --columns 12 --models hgb --targets smooth rough"


@pytest.mark.parametrize("target", list(rows.TARGETS))
def test_target_has_the_noise_that_it_says(target):
    X, y = rows.draw_table(20_000, 13, target)
    assert X.shape == (20_000, 13)
    assert X.dtype == np.float32
    assert np.var(y) == pytest.approx(1.09, rel=0.03)
    signal = rows.TARGETS[target](X)
    explained = np.corrcoef(signal, y)[0, 1] ** 2
    assert 1 - explained == pytest.approx(rows.NOISE, rel=0.03)


def test_fit_is_measured(monkeypatch, capsys):
    monkeypatch.setattr(rows, "N_TEST", 50)
    rows.measure("hgb", 100, 12, "rough")
    result = json.loads(capsys.readouterr().out)
    assert result["seconds"] > 0
    assert result["peak"] > 1 << 20
    assert result["R2"] < 1


def test_same_command_goes_on(tmp_path, monkeypatch, capsys):
    scripts = []

    def run(script, bytecode):
        del bytecode
        scripts.append(script.splitlines()[-1])
        if len(scripts) == 3:
            raise KeyboardInterrupt
        return {"seconds": 1.25, "peak": 2e9, "R2": 0.5}

    monkeypatch.setattr(rows, "in_new_process", run)
    arguments = [*FEW.split(), "--out", str(tmp_path / "rows.json")]
    with pytest.raises(KeyboardInterrupt):
        rows.main(arguments)
    rows.main(arguments)
    assert scripts == [
        "measure('hgb', 60, 12, 'smooth')",
        "measure('hgb', 80, 12, 'smooth')",
        "measure('hgb', 60, 12, 'rough')",
        "measure('hgb', 60, 12, 'rough')",
        "measure('hgb', 80, 12, 'rough')",
    ]
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 6
    assert "1.2 s   2.00 GB  R2 0.5000, 54.5% of the most possible" in lines[-1]
