# SPDX-License-Identifier: BSD-3-Clause
"""Files from which a fit goes on that was killed: arrays and text, never code."""
