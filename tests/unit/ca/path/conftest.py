"""A root, an authority below it and a leaf, in either suite."""

from __future__ import annotations

import pytest

from keys.suites import Algorithm
from tests.support.minting import Minted, mint


@pytest.fixture(params=(Algorithm.P256, Algorithm.SM2), scope="module", ids=lambda one: one.suite.value)
def algorithm(request: pytest.FixtureRequest) -> Algorithm:
    found: Algorithm = request.param
    return found


@pytest.fixture(scope="module")
def root(algorithm: Algorithm) -> Minted:
    return mint("root", algorithm, authority=True)


@pytest.fixture(scope="module")
def issuing(algorithm: Algorithm, root: Minted) -> Minted:
    return mint("issuing", algorithm, root, authority=True, path_length=0)


@pytest.fixture(scope="module")
def leaf(algorithm: Algorithm, issuing: Minted) -> Minted:
    return mint("leaf", algorithm, issuing)
