# SPDX-License-Identifier: BSD-3-Clause
"""Results of small fits, which a change of structure must not change."""
