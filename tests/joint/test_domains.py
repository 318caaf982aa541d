# SPDX-License-Identifier: BSD-3-Clause
"""Domains of the rows to predict."""

import numpy as np
import pytest

from skrln.joint._domains import (
    UNKNOWN,
    UNKNOWN_DOMAINS,
    check_domains,
    find_domains,
)

DOMAINS = np.array(["a", "b"])


def test_known_domains():
    for rule in UNKNOWN_DOMAINS:
        assert find_domains(["b", "a"], 2, DOMAINS, rule).tolist() == [1, 0]
        assert find_domains(None, 2, DOMAINS[:1], rule).tolist() == [0, 0]


@pytest.mark.parametrize("rule", ["average", "nearest"])
def test_unknown_domains(rule):
    assert find_domains(["b", "z"], 2, DOMAINS, rule).tolist() == [1, UNKNOWN]
    assert find_domains(None, 2, DOMAINS, rule).tolist() == [UNKNOWN] * 2


def test_unknown_domains_that_are_refused():
    with pytest.raises(ValueError, match=r"Got the domain\(s\) \['z'\]"):
        find_domains(["b", "z"], 2, DOMAINS, "error")
    with pytest.raises(ValueError, match="Got sample_domain=None, but each of the 2"):
        find_domains(None, 2, DOMAINS, "error")


def test_rule_that_is_none():
    """A rule may be set after fit, when nothing else checks it."""
    with pytest.raises(ValueError, match="Got unknown_domain='other', but expected"):
        find_domains(["b"], 1, DOMAINS, "other")


def test_many_domains_need_rows():
    """Few domains may be as small as they are; many need three rows on average."""
    assert len(check_domains(np.arange(20), 20)[0]) == 20
    assert len(check_domains(np.arange(63) % 21, 63)[0]) == 21
    with pytest.raises(ValueError, match=r"21 domains in 62 rows.*at least 3 rows"):
        check_domains(np.arange(62) % 21, 62)
