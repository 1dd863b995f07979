"""The ceremony: one file makes everything, once, with a transcript that two administrators sign."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml

from ca.adapters.pkilint import Pkilint
from ca.ceremony import run_ceremony
from ca.ceremonyplan import parse_ceremony, shipped_ceremony
from ca.certificate import Certificate
from ca.certify import Certifier
from ca.deeplint import DeepFinding, Severity
from ca.errors import EncodingInvalid, LintFailed, Refused, RequestInvalid
from ca.issue import event_order
from ca.ports import CertificateFilter
from ca.registry import AuthorityRole, CertificateStatus
from ca.transcript import verify_transcript
from evidence.canonical import canonical
from evidence.digest import sha256
from evidence.event import EventType
from keys.errors import CustodyUnavailable, SignatureInvalid
from keys.key import KeyState
from keys.onetime import OneTimeKey
from keys.suites import Algorithm, Suite
from tests.support.authority import (
    BANK,
    BASE_URL,
    PERSON_AUTHORITY,
    Administrator,
    AuthorityFixture,
    default_ceremony,
    found_authority,
    person,
    prepared_custody,
)
from tests.support.clock import FixedClock
from tests.support.units import open_units


@pytest.fixture
def authority(engine: sa.Engine, tmp_path: Path) -> AuthorityFixture:
    return found_authority(engine, tmp_path)


def plain() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(shipped_ceremony())
    return loaded


def hold(authority: AuthorityFixture, wanted: dict[str, Any], witnesses: Sequence[Administrator]) -> None:
    run_ceremony(authority.units, authority.certifier, authority.clock, parse_ceremony(wanted), witnesses)


def made(authority: AuthorityFixture) -> list[Certificate]:
    with authority.units.reading() as unit:
        records = list(unit.certificates.scan(CertificateFilter()))
    assert all(one.status is CertificateStatus.ISSUED for one in records)
    return [Certificate(one.certificate) for one in records if one.certificate is not None]


def test_both_hierarchies_stand_with_their_delegates(
    authority: AuthorityFixture,
) -> None:
    with authority.units.reading() as unit:
        authorities = unit.authorities.list()
        profiles = unit.profiles.active()
        keys = unit.keys.list()
        administrators = unit.approvals.administrators()
        (ceremony,) = [
            event
            for log, head in unit.events.heads().items()
            for event in unit.events.read(log, 0, head.size)
            if event.type is EventType.KEY_CEREMONY
        ]
    assert len(authorities) == 12
    assert len(made(authority)) == 12 + 12 + 2
    assert {key.state for key in keys} == {KeyState.ACTIVE}
    assert set(profiles) >= {"root", "person-event", "ocsp-responder", "timestamp-unit"}
    assert administrators == {one.name: one.public.spki for one in authority.administrators}
    roots = {one.suite: Certificate(one.certificate) for one in authorities if one.role is AuthorityRole.ROOT}
    for one in authorities:
        certificate = Certificate(one.certificate)
        certificate.check_signed_by(roots[one.suite].public)
        assert certificate.suite is one.suite
    digest = json.loads(ceremony.envelope)["facts"]["transcript"]["sha256"]
    assert digest == sha256(authority.transcript.data).hex()


def test_the_transcript_holds_every_certificate_and_both_signatures(authority: AuthorityFixture) -> None:
    known = {one.name: one.public for one in authority.administrators}
    found = verify_transcript(authority.transcript.data, administrators=known, certificates=made(authority))
    assert len(found.digests) == 26
    assert found.ceremony.plan_hash == default_ceremony().plan_hash


def test_an_altered_transcript_does_not_verify(authority: AuthorityFixture) -> None:
    good = authority.transcript.data
    for bad in (
        b"",
        b"{}",
        b"[1]\n",
        good[:-1],
        good + b"\n",
        good.replace(b'"software"', b'"elsewhere"', 1),
    ):
        with pytest.raises((EncodingInvalid, SignatureInvalid)):
            verify_transcript(bad)
    read = json.loads(good)
    del read["signatures"][1]
    with pytest.raises(SignatureInvalid):
        verify_transcript(canonical(read) + b"\n")
    stranger = {"first": authority.administrators[0].public, "second": Administrator.of("second").public}
    with pytest.raises(EncodingInvalid):
        verify_transcript(good, administrators=stranger)
    other = found_certificate(authority)
    with pytest.raises(EncodingInvalid):
        verify_transcript(good, certificates=[other])


def found_certificate(authority: AuthorityFixture) -> Certificate:
    """One that was made after the ceremony."""
    key = OneTimeKey(Algorithm.P256, authority.clock)
    order = event_order(person(), bytes(32), key, PERSON_AUTHORITY[Suite.INTL], BANK)
    return authority.issuance.issue(order).certificate


def test_it_is_held_once(authority: AuthorityFixture) -> None:
    with pytest.raises(Refused) as caught:
        hold(authority, plain(), authority.administrators)
    assert caught.value.field == "ceremony"
    assert "intl-root exists" in caught.value.reason
    assert len(made(authority)) == 26


def test_the_suites_can_come_one_after_the_other(engine: sa.Engine, tmp_path: Path) -> None:
    first, second = plain(), plain()
    first["suites"], second["suites"] = first["suites"][:1], second["suites"][1:]
    authority = found_authority(engine, tmp_path, parse_ceremony(first))
    with pytest.raises(Refused):
        hold(authority, second, [Administrator.of("first"), Administrator.of("second")])
    hold(authority, second, authority.administrators)
    assert len(made(authority)) == 26


def test_the_witnesses_are_those_of_the_file(engine: sa.Engine, tmp_path: Path) -> None:
    clock = FixedClock()
    units = open_units(engine, clock, tmp_path)
    _, certifier = prepared_custody(clock)
    one = Administrator.of("first")
    for witnesses in (
        [one],
        [one, Administrator.of("third")],
        [one, Administrator("second", one.private)],
        [one, one],
        [one, Administrator.of("second", Algorithm.RSA3072)],
    ):
        with pytest.raises(RequestInvalid):
            run_ceremony(units, certifier, clock, default_ceremony(), witnesses)
    with units.reading() as unit:
        assert unit.authorities.list() == []


class Objector:
    """A linter that finds a fault in the n-th certificate."""

    def __init__(self, place: int) -> None:
        self.left = place

    def certificate(self, data: bytes) -> tuple[DeepFinding, ...]:
        self.left -= 1
        return (DeepFinding(Severity.ERROR, "test.fault", "certificate", "found"),) if self.left == 0 else ()

    def crl(self, data: bytes) -> tuple[DeepFinding, ...]:
        return ()

    def ocsp_response(self, data: bytes) -> tuple[DeepFinding, ...]:
        return ()


@pytest.mark.parametrize("place", [1, 5, 13])
def test_all_or_nothing(engine: sa.Engine, tmp_path: Path, place: int) -> None:
    clock = FixedClock()
    units = open_units(engine, clock, tmp_path)
    signers, certifier = prepared_custody(clock)
    objecting = Certifier(signers, certifier.custodies, BASE_URL, Objector(place))
    administrators = [Administrator.of("first"), Administrator.of("second")]
    with pytest.raises(LintFailed):
        run_ceremony(units, objecting, clock, default_ceremony(), administrators)
    with units.reading() as unit:
        assert unit.authorities.list() == []
        assert unit.keys.list() == []
        assert list(unit.certificates.find(CertificateFilter())) == []
        assert unit.approvals.administrators() == {}
    run_ceremony(units, certifier, clock, default_ceremony(), administrators)


def test_pkilint_has_nothing_to_say(engine: sa.Engine, tmp_path: Path) -> None:
    clock = FixedClock()
    units = open_units(engine, clock, tmp_path)
    signers, certifier = prepared_custody(clock)
    judged = Certifier(signers, certifier.custodies, BASE_URL, Pkilint())
    administrators = [Administrator.of("first"), Administrator.of("second")]
    assert len(run_ceremony(units, judged, clock, default_ceremony(), administrators).digests) == 26


def test_a_key_can_be_of_another_algorithm_or_custody(engine: sa.Engine, tmp_path: Path) -> None:
    wanted = plain()
    wanted["suites"] = wanted["suites"][:1]
    wanted["suites"][0]["authorities"][2]["algorithm"] = "rsa3072-sha256"
    authority = found_authority(engine, tmp_path, parse_ceremony(wanted))
    with authority.units.reading() as unit:
        seal = next(one for one in unit.authorities.list() if one.role is AuthorityRole.SEAL)
    assert seal.algorithm is Algorithm.RSA3072
    other = deepcopy(wanted)
    other["suites"][0]["custody"] = "pkcs11"
    other["suites"][0]["suite"], other["suites"][0]["algorithm"] = "guomi", "sm2-sm3"
    del other["suites"][0]["authorities"][2]
    with pytest.raises(CustodyUnavailable):
        hold(authority, other, authority.administrators)


def without(name: str) -> Callable[[dict[str, Any]], object]:
    return lambda c: c.pop(name)


WRONG: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "no name": (without("name"), "ceremony.name"),
    "no suites": (lambda c: c.update(suites=[]), "ceremony.suites"),
    "one administrator": (lambda c: c.update(administrators=["one"]), "ceremony.administrators"),
    "an administrator twice": (lambda c: c.update(administrators=["a", "a"]), "ceremony.administrators"),
    "an unknown field": (lambda c: c.update(extra=1), "ceremony.extra"),
    "a float": (lambda c: c.update(name=1.5), "ceremony.name"),
    "a suite twice": (lambda c: c["suites"].append(c["suites"][0]), "ceremony.suites"),
    "no root": (lambda c: c["suites"][0]["authorities"].pop(0), "ceremony.suites[0].authorities[0].role"),
    "a role twice": (
        lambda c: c["suites"][1]["authorities"].append(c["suites"][1]["authorities"][1]),
        "ceremony.suites[1].authorities",
    ),
    "an unknown role": (
        lambda c: c["suites"][0]["authorities"][1].update(role="king"),
        "ceremony.suites[0].authorities[1].role",
    ),
    "an unknown algorithm": (
        lambda c: c["suites"][0].update(algorithm="md5"),
        "ceremony.suites[0].algorithm",
    ),
    "the other suite's algorithm": (
        lambda c: c["suites"][0]["authorities"][1].update(algorithm="sm2-sm3"),
        "ceremony.suites[0].authorities[1].algorithm",
    ),
    "a validity that is none": (
        lambda c: c["suites"][0]["authorities"][1].update(validity="long"),
        "ceremony.suites[0].authorities[1].validity",
    ),
    "an unknown custody": (
        lambda c: c["suites"][0].update(custody="drawer"),
        "ceremony.suites[0].custody",
    ),
    "a name that cannot be": (
        lambda c: c["suites"][0]["authorities"][1].update(name="a\u200bb"),
        "ceremony.suites[0].authorities[1].name",
    ),
    "a timestamp unit without its authority": (
        lambda c: c["suites"][0]["authorities"].pop(3),
        "ceremony.suites[0].timestamp_unit",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_file_is_refused_by_the_path_of_its_field(case: str) -> None:
    change, path = WRONG[case]
    wanted = plain()
    change(wanted)
    with pytest.raises(RequestInvalid) as caught:
        parse_ceremony(wanted)
    assert caught.value.field == path


@pytest.mark.parametrize("nonsense", [None, 1, "text", [], {1: 2}])
def test_what_is_no_ceremony_is_refused(nonsense: object) -> None:
    with pytest.raises(RequestInvalid):
        parse_ceremony(nonsense)
