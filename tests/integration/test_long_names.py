"""Names as long as RFC 5280 allows, in Chinese: three octets a character, and nobody counts octets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ca.certificate import Certificate
from ca.errors import RequestInvalid
from ca.path import validate
from ca.template import CertificateRequest
from keys.private import PrivateKey
from keys.suites import Algorithm
from tests.support import chains
from tests.support.clock import NOON
from tests.support.judge import BouncyCastle

NAME = "新疆维吾尔自治区伊犁哈萨克自治州农村商业银行股份有限公司信用卡中心"
LONGEST = (NAME + NAME)[:64]


def issue(algorithm: Algorithm, name: str) -> Certificate:
    key = PrivateKey.generate(algorithm)
    request = CertificateRequest(key.public, replace(chains.FIRM, name=name))
    issuing = chains.intermediate(algorithm, chains.LEAVES["organisation-seal"])
    return chains.issue(issuing, "organisation-seal", request, key=key).certificate


@pytest.mark.parametrize("name", [NAME, LONGEST], ids=["long", "longest"])
@pytest.mark.parametrize("algorithm", chains.DEFAULTS)
def test_a_firm_with_a_long_name(algorithm: Algorithm, name: str, bouncycastle: BouncyCastle) -> None:
    certificate = issue(algorithm, name)
    assert certificate.subject.rfc4514_string().startswith(f"CN={name}")
    above = chains.intermediate(algorithm, chains.LEAVES["organisation-seal"]).party.certificate
    root = chains.root(algorithm).party.certificate
    validate(certificate, anchors=[root], intermediates=[above], at=NOON).require_passed()
    bouncycastle.chain(certificate.data, anchors=[root.data], certs=[above.data], at=NOON)


def test_one_character_more_is_refused_by_field() -> None:
    with pytest.raises(RequestInvalid, match="64") as refused:
        issue(Algorithm.P256, LONGEST + "行")
    assert refused.value.field == "subject.O"
