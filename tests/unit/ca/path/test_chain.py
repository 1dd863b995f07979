"""Chains: every defect is found, under its own name (RFC 5280 6.1, EN 319 102-1)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from ca import extension as ext
from ca import oids
from ca.certificate import Certificate, certificate_der
from ca.errors import PathInvalid
from ca.indication import Indication, SubIndication
from ca.pathsearch import MAX_CANDIDATES, Search
from ca.statusextension import encode_time
from keys import der
from keys.private import PrivateKey
from keys.suites import Algorithm
from tests.support.clock import NOON
from tests.support.minting import BEGIN, END, Minted, Recipe, common, mint, mint_bytes, name
from tests.support.paths import DAY, assert_sub, judge


def test_good_chain_passes(leaf: Minted, issuing: Minted, root: Minted) -> None:
    report = judge(leaf, issuing, root=root)
    assert report.indication is Indication.TOTAL_PASSED
    assert report.require_passed() == (leaf.certificate, issuing.certificate, root.certificate)
    assert [step.step_id for step in report.steps] == [
        *("path", "cryptography", "validity", "authority", "name-constraints", "purpose"),
        *("policies", "revocation"),
    ]


def test_anchor_itself_is_a_path(root: Minted) -> None:
    assert judge(root, root=root).path == (root.certificate,)


def test_raising_form_names_the_failure(leaf: Minted, root: Minted) -> None:
    with pytest.raises(PathInvalid) as caught:
        judge(leaf, root=root).require_passed()
    assert caught.value.sub_indication == "NO_CERTIFICATE_CHAIN_FOUND"


def test_intermediate_is_never_an_anchor(leaf: Minted, issuing: Minted, algorithm: Algorithm) -> None:
    other = mint("other root", algorithm, authority=True)
    assert_sub(judge(leaf, issuing, root=other), SubIndication.NO_CERTIFICATE_CHAIN_FOUND)


@pytest.mark.parametrize("offset", [END + DAY, BEGIN - DAY, END + timedelta(seconds=1)])
def test_time_outside_validity(leaf: Minted, issuing: Minted, root: Minted, offset: object) -> None:
    assert_sub(judge(leaf, issuing, root=root, at=offset), SubIndication.OUT_OF_BOUNDS_NO_POE)


@pytest.mark.parametrize("moment", [BEGIN, END])
def test_both_ends_of_validity_are_inside(
    leaf: Minted, issuing: Minted, root: Minted, moment: object
) -> None:
    assert judge(leaf, issuing, root=root, at=moment).sub_indication is None


Defect = Callable[[Algorithm, Minted, Minted], tuple[Minted | bytes, list[Minted]]]
"""From algorithm, issuing authority and root to the certificate judged and the intermediates."""


def _wrong_key(algorithm: Algorithm, issuing: Minted, root: Minted) -> tuple[Minted | bytes, list[Minted]]:
    return mint("leaf", algorithm, issuing, signing_key=PrivateKey.generate(algorithm)), [issuing]


def _altered(algorithm: Algorithm, issuing: Minted, root: Minted) -> tuple[Minted | bytes, list[Minted]]:
    good = mint("leafA", algorithm, issuing).data
    return good.replace(b"leafA", b"leafB"), [issuing]


def _expired_issuer(
    algorithm: Algorithm, issuing: Minted, root: Minted
) -> tuple[Minted | bytes, list[Minted]]:
    old = mint("old", algorithm, root, authority=True, not_after=NOON - DAY)
    return mint("leaf", algorithm, old), [old]


def _early_issuer(algorithm: Algorithm, issuing: Minted, root: Minted) -> tuple[Minted | bytes, list[Minted]]:
    new = mint("new", algorithm, root, authority=True, not_before=NOON + DAY)
    return mint("leaf", algorithm, new), [new]


def _below_path_length(
    algorithm: Algorithm, issuing: Minted, root: Minted
) -> tuple[Minted | bytes, list[Minted]]:
    below = mint("below", algorithm, issuing, authority=True)
    return mint("leaf", algorithm, below), [issuing, below]


def _no_cert_sign(algorithm: Algorithm, issuing: Minted, root: Minted) -> tuple[Minted | bytes, list[Minted]]:
    other = mint("other", algorithm, root, authority=True, usage=["cRLSign"])
    return mint("leaf", algorithm, other), [other]


def _no_authority(algorithm: Algorithm, issuing: Minted, root: Minted) -> tuple[Minted | bytes, list[Minted]]:
    person = mint("person", algorithm, issuing)
    return mint("leaf", algorithm, person), [issuing, person]


def _no_constraints(
    algorithm: Algorithm, issuing: Minted, root: Minted
) -> tuple[Minted | bytes, list[Minted]]:
    without = frozenset({oids.BASIC_CONSTRAINTS})
    other = mint("other", algorithm, root, authority=True, without=without)
    return mint("leaf", algorithm, other), [other]


def _leaf_signs(algorithm: Algorithm, issuing: Minted, root: Minted) -> tuple[Minted | bytes, list[Minted]]:
    return mint("leaf", algorithm, issuing, usage=["digitalSignature", "keyCertSign"]), [issuing]


def _critical_unknown(
    algorithm: Algorithm, issuing: Minted, root: Minted
) -> tuple[Minted | bytes, list[Minted]]:
    extra = [ext.extension("1.2.3.4.5", der.NULL, critical=True)]
    return mint("leaf", algorithm, issuing, extra=extra), [issuing]


def _critical_unknown_above(
    algorithm: Algorithm, issuing: Minted, root: Minted
) -> tuple[Minted | bytes, list[Minted]]:
    extra = [ext.extension("1.2.3.4.5", der.NULL, critical=True)]
    other = mint("other", algorithm, root, authority=True, extra=extra)
    return mint("leaf", algorithm, other), [other]


def _twice(algorithm: Algorithm, issuing: Minted, root: Minted) -> tuple[Minted | bytes, list[Minted]]:
    extra = [ext.extension(oids.KEY_USAGE, ext.key_usage(["digitalSignature"]), critical=True)]
    return mint_bytes(Recipe(common("leaf"), algorithm, issuing, extra=extra))[0], [issuing]


def _zero_serial(algorithm: Algorithm, issuing: Minted, root: Minted) -> tuple[Minted | bytes, list[Minted]]:
    return mint_bytes(Recipe(common("leaf"), algorithm, issuing, serial=0))[0], [issuing]


def _negative_serial(
    algorithm: Algorithm, issuing: Minted, root: Minted
) -> tuple[Minted | bytes, list[Minted]]:
    return mint_bytes(Recipe(common("leaf"), algorithm, issuing, serial=-5))[0], [issuing]


def _long_serial(algorithm: Algorithm, issuing: Minted, root: Minted) -> tuple[Minted | bytes, list[Minted]]:
    return mint_bytes(Recipe(common("leaf"), algorithm, issuing, serial=1 << 160))[0], [issuing]


def _no_issuer_key(
    algorithm: Algorithm, issuing: Minted, root: Minted
) -> tuple[Minted | bytes, list[Minted]]:
    without = frozenset({oids.AUTHORITY_KEY_IDENTIFIER})
    return mint("leaf", algorithm, issuing, without=without), [issuing]


def _empty_subject(
    algorithm: Algorithm, issuing: Minted, root: Minted
) -> tuple[Minted | bytes, list[Minted]]:
    return mint_bytes(Recipe(name(), algorithm, issuing))[0], [issuing]


def _critical_pointer(
    algorithm: Algorithm, issuing: Minted, root: Minted
) -> tuple[Minted | bytes, list[Minted]]:
    value = ext.authority_info_access(ocsp="http://a", issuer="http://b")
    extra = [ext.extension(oids.AUTHORITY_INFO_ACCESS, value, critical=True)]
    return mint("leaf", algorithm, issuing, extra=extra), [issuing]


def _other_suite(algorithm: Algorithm, issuing: Minted, root: Minted) -> tuple[Minted | bytes, list[Minted]]:
    other = Algorithm.SM2 if algorithm is Algorithm.P256 else Algorithm.P256
    return mint("leaf", other, issuing), [issuing]


def _other_suite_above(
    algorithm: Algorithm, issuing: Minted, root: Minted
) -> tuple[Minted | bytes, list[Minted]]:
    other = Algorithm.SM2 if algorithm is Algorithm.P256 else Algorithm.P256
    crossed = mint("crossed", other, root, authority=True)
    return mint("leaf", other, crossed), [crossed]


def _trailing(algorithm: Algorithm, issuing: Minted, root: Minted) -> tuple[Minted | bytes, list[Minted]]:
    return mint("leaf", algorithm, issuing).data + b"\x00", [issuing]


def _loop(algorithm: Algorithm, issuing: Minted, root: Minted) -> tuple[Minted | bytes, list[Minted]]:
    a = mint("loop a", algorithm, authority=True)
    b = mint("loop b", algorithm, a, authority=True)
    again = mint("loop a", algorithm, b, authority=True, key=a.key)
    return mint("leaf", algorithm, b), [a, b, again]


@pytest.mark.parametrize(
    ("defect", "expected"),
    [
        (_wrong_key, SubIndication.SIG_CRYPTO_FAILURE),
        (_altered, SubIndication.SIG_CRYPTO_FAILURE),
        (_expired_issuer, SubIndication.OUT_OF_BOUNDS_NO_POE),
        (_early_issuer, SubIndication.OUT_OF_BOUNDS_NO_POE),
        (_below_path_length, SubIndication.CHAIN_CONSTRAINTS_FAILURE),
        (_no_cert_sign, SubIndication.CHAIN_CONSTRAINTS_FAILURE),
        (_no_authority, SubIndication.CHAIN_CONSTRAINTS_FAILURE),
        (_no_constraints, SubIndication.CHAIN_CONSTRAINTS_FAILURE),
        (_leaf_signs, SubIndication.CHAIN_CONSTRAINTS_FAILURE),
        (_critical_unknown, SubIndication.CHAIN_CONSTRAINTS_FAILURE),
        (_critical_unknown_above, SubIndication.CHAIN_CONSTRAINTS_FAILURE),
        (_twice, SubIndication.FORMAT_FAILURE),
        (_zero_serial, SubIndication.FORMAT_FAILURE),
        (_negative_serial, SubIndication.FORMAT_FAILURE),
        (_long_serial, SubIndication.FORMAT_FAILURE),
        (_no_issuer_key, SubIndication.FORMAT_FAILURE),
        (_empty_subject, SubIndication.FORMAT_FAILURE),
        (_critical_pointer, SubIndication.FORMAT_FAILURE),
        (_other_suite, SubIndication.CRYPTO_CONSTRAINTS_FAILURE),
        (_other_suite_above, SubIndication.CRYPTO_CONSTRAINTS_FAILURE),
        (_trailing, SubIndication.FORMAT_FAILURE),
        (_loop, SubIndication.NO_CERTIFICATE_CHAIN_FOUND),
    ],
    ids=lambda one: one.__name__.strip("_") if callable(one) else "",
)
def test_defect(
    algorithm: Algorithm, issuing: Minted, root: Minted, defect: Defect, expected: SubIndication
) -> None:
    judged, between = defect(algorithm, issuing, root)
    assert_sub(judge(judged, *between, root=root), expected)


def test_search_takes_the_path_that_holds(
    algorithm: Algorithm, root: Minted, leaf: Minted, issuing: Minted
) -> None:
    old = mint("issuing", algorithm, root, authority=True, key=issuing.key, not_after=NOON - DAY)
    report = judge(leaf, old, issuing, root=root)
    assert report.path == (leaf.certificate, issuing.certificate, root.certificate)


def test_a_farm_of_certificates_is_left_after_its_bound(algorithm: Algorithm) -> None:
    """Many authorities that all certify each other give paths without end."""
    keys = [PrivateKey.generate(algorithm) for _ in range(6)]
    tops = [mint(f"farm {place}", algorithm, authority=True, key=key) for place, key in enumerate(keys)]
    farm = [
        mint(f"farm {place}", algorithm, top, authority=True, key=keys[place])
        for place in range(6)
        for top in tops
    ]
    leaf = mint("leaf", algorithm, tops[0])
    search = Search([mint("root", algorithm, authority=True).certificate], [one.certificate for one in farm])
    assert list(search.paths(leaf.certificate)) == []
    assert search.exhausted
    assert search.tried == MAX_CANDIDATES


def test_names_and_key_of_version_1_are_found_in_their_places(algorithm: Algorithm, root: Minted) -> None:
    key = PrivateKey.generate(algorithm)
    validity = der.sequence(encode_time(BEGIN), encode_time(END))
    identifier = algorithm.info.signature_identifier
    subject = common("old")
    parts = (der.encode(7), identifier, root.certificate.subject_der, validity, subject, key.public.spki)
    tbs = der.sequence(*parts)
    old = Certificate(certificate_der(tbs, algorithm, root.key.sign(tbs)))
    assert (old.issuer_der, old.subject_der, old.spki) == (parts[2], subject, key.public.spki)
    assert_sub(judge(Minted(old, key), root=root), SubIndication.FORMAT_FAILURE)
