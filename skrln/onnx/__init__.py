# SPDX-License-Identifier: BSD-3-Clause
"""Export of fitted models to ONNX; needs the extra: ``pip install "skrln[onnx]"``."""

from ._conversion import to_onnx
from ._converters import register_converters

__all__ = ["register_converters", "to_onnx"]
