# SPDX-License-Identifier: BSD-3-Clause
"""One network as a value: its settings, its training, its predictions, its reading."""
