# SPDX-License-Identifier: BSD-3-Clause
"""Tests of joint and adversarial fits."""
