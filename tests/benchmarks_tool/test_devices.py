# SPDX-License-Identifier: BSD-3-Clause
"""The script that compares devices, on tables of a moment."""

import json
import warnings

from tests.benchmarks import devices

SMALL = (
    "--rows 60 --columns 4 --epochs 2 --members 3 --member-rows 40 --member-epochs 2"
)


def test_every_measurement_is_a_line(tmp_path, capsys):
    path = tmp_path / "times.jsonl"
    with warnings.catch_warnings():
        results = devices.main([*SMALL.split(), "--out", str(path)])
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert lines == results
    printed = capsys.readouterr().out
    assert all(json.dumps(line) in printed for line in lines)
    kinds = devices.kinds_of_devices()
    assert [line["device"] for line in lines] == kinds * 4
    assert [line["what"] for line in lines[:: len(kinds)]] == [
        "1 networks",
        "3 networks",
        "one network, batches of 256",
        "one network, batches of 8192",
    ]
    assert lines[0]["times"] == 1
    assert all(line["first_s"] > 0 for line in lines)
