# SPDX-License-Identifier: BSD-3-Clause
"""Files from which a killed fit resumes. They hold arrays and text, never code."""
