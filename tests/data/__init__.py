# SPDX-License-Identifier: BSD-3-Clause
"""Files of fitted models by each version of the package, which every later version reads.

``python -m tests.data`` writes the folder of the present version. It is named by the version,
and is written again only before that version is released: afterwards it shows what users have
on their disks.
"""
