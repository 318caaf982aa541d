# SPDX-License-Identifier: BSD-3-Clause
"""Several networks as one value: kinds, jobs, training, combination, search."""
