# SPDX-License-Identifier: BSD-3-Clause
"""Plumbing between scikit-learn's conventions and the kernels, in NumPy."""
