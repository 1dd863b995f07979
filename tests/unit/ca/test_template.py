"""Preparing certificates: what is in them, what is refused, and that nothing else can be signed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from cryptography import x509

from ca import oids
from ca.certificate import Certificate
from ca.errors import EncodingInvalid, LintFailed, Refused, RequestInvalid, ValidityBeyondIssuer
from ca.extension import DigestInfo, Value
from ca.issuer import IssuerContext
from ca.lint import lint_certificate
from ca.name import Name
from ca.profile import Profile, parse_profile, shipped_profile, shipped_profiles
from ca.registry import Authority, AuthorityId, AuthorityRole
from ca.serial import SerialNumber, new_serial
from ca.template import CertificateRequest, Prepared, encode_time, prepare
from keys.key import KeyId
from keys.private import PrivateKey
from keys.suites import Algorithm, Digest
from tests.support import chains
from tests.support.chains import BASE_URL, FIRM, INTENT, PERSON, operator_name
from tests.support.clock import NOON

P256, SM2 = Algorithm.P256, Algorithm.SM2
KEYS = {algorithm: PrivateKey.generate(algorithm) for algorithm in Algorithm}
EVENT = shipped_profile("person-event")


def issuer(profile: str = "person-event", algorithm: Algorithm = P256) -> IssuerContext:
    return chains.intermediate(algorithm, chains.LEAVES[profile]).context


def prepared(
    request: CertificateRequest,
    *,
    profile: Profile = EVENT,
    by: IssuerContext | None = None,
    at: datetime = NOON,
) -> Prepared:
    return prepare(profile, by or issuer(), request, serial=new_serial(), at=at)


def event(**changes: object) -> CertificateRequest:
    request = CertificateRequest(KEYS[P256].public, PERSON, parameters={"intent": INTENT})
    return replace(request, **changes)  # type: ignore[arg-type]


def certificate(one: Prepared, algorithm: Algorithm = P256) -> Certificate:
    """With a signature of some key: what it says is the same under any."""
    return Certificate(one.finish(KEYS[algorithm].sign(one.tbs)))


def test_an_event_certificate_says_whose_act_it_serves() -> None:
    made = prepared(event())
    found = certificate(made)
    assert found.subject_der == made.subject.der
    assert found.subject.rfc4514_string().endswith("CN=欧阳娜娜,C=CN")
    assert found.issuer_der == issuer().subject_der
    assert found.spki == KEYS[P256].public.spki
    assert made.identity_record == PERSON.record_id
    assert PERSON.record_id.encode() not in found.data
    intent = found.extensions.get_extension_for_oid(x509.ObjectIdentifier(oids.EXTENSION_INTENT_DIGEST))
    assert isinstance(intent.value, x509.UnrecognizedExtension)
    assert intent.value.value == INTENT.der
    assert not intent.critical


def test_what_is_prepared_is_what_is_signed() -> None:
    made = prepared(event())
    found = certificate(made)
    assert found.tbs == made.tbs
    assert found.serial == made.serial
    assert (found.not_before, found.not_after) == (made.not_before, made.not_after)
    assert found.public.fingerprint == made.spki_fingerprint
    assert made.profile_hash == EVENT.profile_hash
    assert made.authority_id == "intl-person"


def test_the_certificate_begins_a_minute_before_and_lasts_the_hour_both_ends_counted() -> None:
    made = prepared(event(), at=datetime(2026, 11, 23, 20, 0, 0, 999_999, timezone(timedelta(hours=8))))
    assert made.not_before == datetime(2026, 11, 23, 11, 59, tzinfo=UTC)
    assert made.not_after == datetime(2026, 11, 23, 12, 58, 59, tzinfo=UTC)


@pytest.mark.parametrize("asked", [timedelta(minutes=5), timedelta(hours=24)])
def test_a_lifetime_within_the_limits_is_given(asked: timedelta) -> None:
    made = prepared(event(validity=asked))
    assert made.not_after - made.not_before + timedelta(seconds=1) == asked


@pytest.mark.parametrize(
    "asked", [timedelta(seconds=299), timedelta(hours=24, seconds=1), timedelta(minutes=5, microseconds=1)]
)
def test_a_lifetime_beyond_the_limits_is_refused(asked: timedelta) -> None:
    with pytest.raises(RequestInvalid) as refused:
        prepared(event(validity=asked))
    assert refused.value.field == "validity"


def test_a_lifetime_past_the_issuers_is_refused_and_not_cut() -> None:
    by = issuer()
    assert by.not_after is not None
    at = by.not_after - timedelta(minutes=58)
    person = replace(PERSON, valid_until=by.not_after)
    with pytest.raises(ValidityBeyondIssuer) as refused:
        prepared(event(subject=person), at=at)
    assert refused.value.issuer_not_after == by.not_after
    assert refused.value.not_after == by.not_after + timedelta(seconds=59)
    exact = prepared(event(subject=person), at=at - timedelta(seconds=59))
    assert exact.not_after == by.not_after


def test_before_the_issuer_there_is_nothing() -> None:
    by = issuer()
    assert by.not_before is not None
    old = replace(PERSON, verified_at=NOON - timedelta(days=9))
    with pytest.raises(Refused) as refused:
        prepared(event(subject=old), at=by.not_before)
    assert refused.value.field == "validity"
    prepared(event(subject=old), at=by.not_before + timedelta(seconds=60))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"assurance": "low"}, "identity.assurance"),
        ({"valid_until": NOON - timedelta(seconds=1)}, "identity.valid_until"),
        ({"verified_at": NOON + timedelta(seconds=2)}, "identity.valid_until"),
    ],
)
def test_an_identity_that_does_not_carry_the_certificate_is_refused(
    change: Mapping[str, Any], field: str
) -> None:
    with pytest.raises(Refused) as refused:
        prepared(event(subject=replace(PERSON, **change)))
    assert refused.value.field == field


@pytest.mark.parametrize("subject", [FIRM, operator_name("李四"), None])
def test_a_persons_certificate_is_for_an_identified_person(subject: object) -> None:
    with pytest.raises(RequestInvalid) as refused:
        prepared(event(subject=subject))
    assert refused.value.field == "subject"


def test_a_name_that_does_not_fit_is_refused_by_attribute() -> None:
    with pytest.raises(RequestInvalid) as refused:
        prepared(event(subject=replace(PERSON, name="长" * 65)))
    assert refused.value.field == "subject.CN"


def policies(found: Certificate) -> list[str]:
    value = found.extensions.get_extension_for_class(x509.CertificatePolicies).value
    return [one.policy_identifier.dotted_string for one in value]


def test_a_simulated_identity_shows() -> None:
    real, simulated = prepared(event()), prepared(event(subject=replace(PERSON, simulated=True)))
    assert policies(certificate(real)) == [oids.POLICY_PERSON_EVENT]
    assert policies(certificate(simulated)) == [oids.POLICY_PERSON_EVENT_TEST]


def test_a_profile_may_refuse_simulated_identities() -> None:
    data = json.loads(shipped_profiles()["person-event"])
    data["policies"]["simulated"] = None
    strict = parse_profile(json.dumps(data).encode())
    prepared(event(), profile=strict)
    with pytest.raises(Refused) as refused:
        prepared(event(subject=replace(PERSON, simulated=True)), profile=strict)
    assert refused.value.field == "identity.simulated"


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({}, "intent"),
        ({"intent": "00"}, "intent"),
        ({"intent": INTENT, "serial": "1"}, "serial"),
    ],
)
def test_parameters_are_those_of_the_profile(parameters: Mapping[str, Value], field: str) -> None:
    with pytest.raises(RequestInvalid) as refused:
        prepared(event(parameters=parameters))
    assert refused.value.field == field


def test_a_digest_has_its_size() -> None:
    with pytest.raises(ValueError, match="32 octets"):
        DigestInfo(Digest.SM3, b"short")


def test_a_key_of_another_suite_is_refused() -> None:
    with pytest.raises(RequestInvalid) as refused:
        prepared(event(public=KEYS[SM2].public))
    assert refused.value.field == "public_key"


def test_an_rsa_key_may_have_an_ecdsa_issuer() -> None:
    assert certificate(prepared(event(public=KEYS[Algorithm.RSA3072].public))).public.algorithm is (
        Algorithm.RSA3072
    )


def test_the_issuers_own_key_is_refused() -> None:
    with pytest.raises(RequestInvalid):
        prepared(event(public=issuer().public))


def test_a_profile_is_issued_by_its_role_alone() -> None:
    with pytest.raises(Refused) as refused:
        prepared(event(), by=issuer("organisation-seal"))
    assert refused.value.field == "profile"


def test_no_authority_stands_below_an_intermediate() -> None:
    request = CertificateRequest(KEYS[P256].public, operator_name("下级"))
    with pytest.raises(Refused):
        prepared(request, profile=shipped_profile("intermediate-person"), by=issuer())


def test_a_subject_outside_the_issuers_constraints_fails_lint() -> None:
    name = Name.of([("C", "US"), ("O", "a"), ("CN", "b")])
    request = CertificateRequest(KEYS[P256].public, name)
    for _ in range(2):  # the first of a template is linted whole, the next ones by what varies
        with pytest.raises(LintFailed) as failed:
            prepared(request, profile=shipped_profile("timestamp-unit"), by=issuer("timestamp-unit"))
        assert "name-constraints-hold" in {rule for rule, _ in failed.value.findings}
        chains.leaf(P256, "timestamp-unit")


@pytest.mark.parametrize("serial", [0, 2**62, 2**160])
def test_a_poor_serial_fails_lint(serial: int) -> None:
    prepared(event())
    with pytest.raises(LintFailed) as failed:
        prepare(EVENT, issuer(), event(), serial=SerialNumber(serial), at=NOON)
    assert failed.value.findings[0][0].startswith("serial-")


@pytest.mark.parametrize(
    ("names", "field"),
    [
        ((), "dns_names"),
        (("A.test",), "dns_names[0]"),
        (("a.test", "-b.test"), "dns_names[1]"),
        (("*.test",), "dns_names[0]"),
        (("a.test\n",), "dns_names[0]"),
        (("a.test", "a.test"), "dns_names"),
        (tuple(f"h{number}.test" for number in range(51)), "dns_names"),
    ],
)
def test_host_names_are_checked(names: tuple[str, ...], field: str) -> None:
    request = CertificateRequest(KEYS[P256].public, operator_name("api"), dns_names=names)
    with pytest.raises(RequestInvalid) as refused:
        prepared(request, profile=shipped_profile("service"), by=issuer("service"))
    assert refused.value.field == field


def test_host_names_go_where_the_profile_lets_them() -> None:
    with pytest.raises(RequestInvalid):
        prepared(event(dns_names=("a.test",)))


@pytest.mark.parametrize(
    ("pairs", "field"),
    [
        ([("C", "CN"), ("O", "a")], "subject.CN"),
        ([("C", "CN"), ("O", "a"), ("CN", "b"), ("serialNumber", "1")], "subject.serialNumber"),
    ],
)
def test_an_operator_gives_the_attributes_of_the_profile(pairs: list[tuple[str, str]], field: str) -> None:
    request = CertificateRequest(KEYS[P256].public, Name.of(pairs))
    with pytest.raises(RequestInvalid) as refused:
        prepared(request, profile=shipped_profile("timestamp-unit"), by=issuer("timestamp-unit"))
    assert refused.value.field == field


def test_the_shard_is_in_the_distribution_point() -> None:
    for shard, end in ((0, "intl-person"), (7, "intl-person/7")):
        found = certificate(prepared(event(crl_shard=shard)))
        points = found.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
        assert points[0].full_name is not None
        assert [name.value for name in points[0].full_name] == [f"{BASE_URL}/v1/crl/{end}"]
    with pytest.raises(RequestInvalid):
        prepared(event(crl_shard=-1))


def test_a_prepared_certificate_is_made_by_prepare_alone() -> None:
    made = prepared(event())
    values = {name: getattr(made, name) for name in Prepared.__slots__}
    with pytest.raises(TypeError):
        Prepared(**{**values, "seal": None})
    with pytest.raises(FrozenInstanceError):
        made.tbs = b""  # type: ignore[misc]


@pytest.mark.parametrize(
    ("moment", "encoded"),
    [
        (datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC), b"\x17\x0d491231235959Z"),
        (datetime(2050, 1, 1, tzinfo=UTC), b"\x18\x0f20500101000000Z"),
    ],
)
def test_times_change_their_type_in_2050(moment: datetime, encoded: bytes) -> None:
    assert encode_time(moment) == encoded


def test_a_root_of_2030_outlives_2049() -> None:
    key = KEYS[P256]
    name = operator_name("根")
    context = IssuerContext.self_signed(AuthorityId("intl-root"), name, key.public, BASE_URL)
    request = CertificateRequest(key.public, name)
    made = prepared(request, profile=shipped_profile("root"), by=context, at=NOON.replace(year=2030))
    found = certificate(made)
    found.check_signed_by(key.public)
    assert found.not_after.year == 2050
    assert lint_certificate(found.data, found) == ()
    other = replace(request, subject=operator_name("别的"))
    with pytest.raises(RequestInvalid):
        prepared(other, profile=shipped_profile("root"), by=context)


def test_extensions_of_a_profiles_own() -> None:
    data = shipped_profiles()["administrator"].replace(
        b'"extensions": []',
        b""""extensions": [{"oid": "1.2.156.10197.9.1", "critical": false, "value": {"type": "sequence",
        "items": [{"type": "utf8", "value": "\xe7\xbb\x84"}, {"type": "ia5", "value": "a"},
        {"type": "integer", "value": -129}, {"type": "boolean", "value": true},
        {"type": "oid", "value": "1.2.156"}, {"type": "octets-hex", "value": "00ff"},
        {"type": "integer", "parameter": "level"},
        {"type": "digest", "digest": "sm3", "value": "%s"}]}}]"""
        % (b"ab" * 32),
    )
    request = replace(chains.leaf_request("administrator", KEYS[P256]), parameters={"level": 127})
    made = prepared(request, profile=parse_profile(data), by=issuer("administrator"))
    oid = x509.ObjectIdentifier("1.2.156.10197.9.1")
    value = certificate(made).extensions.get_extension_for_oid(oid).value
    assert isinstance(value, x509.UnrecognizedExtension)
    assert value.value.hex() == (
        "304b" + "0c03e7bb84" + "160161" + "0202ff7f" + "0101ff" + "06032a811c" + "040200ff" + "02017f"
        "302e" + "300a06082a811ccf55018311" + "0420" + "ab" * 32
    )


def test_an_issuer_is_an_authority() -> None:
    leaf = chains.leaf(P256, "person-event").certificate
    authority = Authority(
        AuthorityId("x"), P256.suite, AuthorityRole.PERSON, 1, KeyId("k"), P256, leaf.data, None, active=True
    )
    with pytest.raises(EncodingInvalid):
        IssuerContext.of(authority, BASE_URL)
    good = replace(authority, certificate=chains.root(P256).party.certificate.data)
    with pytest.raises(RequestInvalid):
        IssuerContext.of(good, "ldap://x")
