# SPDX-License-Identifier: BSD-3-Clause
"""Scripts that tests run are no modules with doctests."""

collect_ignore_glob = ["tasks/*"]
