# SPDX-License-Identifier: BSD-3-Clause
"""Any models on any folder of tables: ``python -m tests.benchmarks.accuracy --help``."""
