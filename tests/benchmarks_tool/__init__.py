# SPDX-License-Identifier: BSD-3-Clause
"""Fast tests of the benchmarks' own code, part of the default run."""
