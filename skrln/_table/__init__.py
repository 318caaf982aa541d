# SPDX-License-Identifier: BSD-3-Clause
"""Tables: from the user's arguments to arrays, and from predictions back to labels."""
