# SPDX-License-Identifier: BSD-3-Clause
"""The service of the user guide, executed as it stands there."""

import asyncio
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


def post(app, records):
    """Send records to an app; its own test client warns of the version of httpx."""
    httpx = pytest.importorskip("httpx", reason="comes with the extra test")

    async def send():
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as own:
            return await own.post("/predict", json=records)

    return asyncio.run(send())


def test_service_predicts(mixed_ensemble, frame, tmp_path, monkeypatch):
    pytest.importorskip("fastapi", reason="comes with the extra test")
    content = to_onnx(mixed_ensemble, frame).SerializeToString()
    (tmp_path / "model.onnx").write_bytes(content)
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "service"}
    exec(compile(read_service(), str(PAGE), "exec"), names)
    rows = frame[:12].astype(object).where(frame[:12].notna(), None)
    records = rows.to_dict("records")
    del records[0]["city"]  # left out is missing
    response = post(names["app"], records)
    assert response.status_code == 200
    expected = mixed_ensemble.predict(
        frame[:12].assign(city=[None, *frame["city"][1:12]])
    )
    assert_close(np.array(response.json()["variable"]), expected)
