# SPDX-License-Identifier: BSD-3-Clause
"""The service of the user guide, executed as it stands there."""

import re
import textwrap
from pathlib import Path

import numpy as np
import pytest

from skrln.onnx import to_onnx

from ._graphs import assert_close

PAGE = Path(__file__).parents[2] / "docs" / "user_guide" / "saving.rst"


def read_service():
    """The first block of Python code of the page."""
    block = re.search(
        r"\.\. code-block:: python\n\n((?: {4}.*\n|\n)+)", PAGE.read_text()
    )
    return textwrap.dedent(block.group(1)).strip()


def test_service_has_fifteen_lines():
    lines = [line for line in read_service().splitlines() if line]
    assert 15 <= len(lines) <= 18  # with its imports


# The test client prefers the successor of httpx, which few have installed.
@pytest.mark.filterwarnings("ignore:Using .httpx. with:Warning")
def test_service_predicts(mixed_ensemble, frame, tmp_path, monkeypatch):
    reason = "FastAPI and httpx come with the extra dev"
    pytest.importorskip("fastapi", reason=reason)
    pytest.importorskip("httpx", reason=reason)
    from fastapi.testclient import TestClient

    content = to_onnx(mixed_ensemble, frame).SerializeToString()
    (tmp_path / "model.onnx").write_bytes(content)
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "service"}
    exec(compile(read_service(), str(PAGE), "exec"), names)
    rows = frame[:12].astype(object).where(frame[:12].notna(), None)
    records = rows.to_dict("records")
    del records[0]["city"]  # left out is missing
    response = TestClient(names["app"]).post("/predict", json=records)
    assert response.status_code == 200
    expected = mixed_ensemble.predict(
        frame[:12].assign(city=[None, *frame["city"][1:12]])
    )
    assert_close(np.array(response.json()["variable"]), expected)
