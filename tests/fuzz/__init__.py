# SPDX-License-Identifier: BSD-3-Clause
"""Random tables, targets, weights and parameters for every estimator.

``pytest tests/fuzz`` runs a few cases with a fixed seed. ``python -m tests.fuzz`` runs many,
goes on after failures, and writes them to a file.
"""
