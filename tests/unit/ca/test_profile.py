"""Profiles: the shipped ones, and what no profile may say."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import rfc8785

from ca import oids, pointers
from ca.errors import NotFound, ProfileInvalid
from ca.profile import MAX_PROFILE_SIZE, parse_profile, shipped_profile, shipped_profiles
from ca.profilecheck import expand
from ca.registry import AuthorityId, AuthorityRole

Data = dict[str, Any]


def data_of(name: str) -> Data:
    found: Data = json.loads(shipped_profiles()[name])
    return found


def changed(name: str, change: Callable[[Data], object]) -> bytes:
    data = data_of(name)
    change(data)
    return json.dumps(data).encode()


def put(*way: str | int, value: object) -> Callable[[Data], object]:
    """Set the field at the end of the way."""

    def change(data: Data) -> None:
        place: Any = data
        for step in way[:-1]:
            place = place[step]
        place[way[-1]] = value

    return change


def test_what_is_shipped() -> None:
    assert set(shipped_profiles()) == {
        "root",
        *(f"intermediate-{role.value}" for role in AuthorityRole if role is not AuthorityRole.ROOT),
        "person-event",
        "organisation-seal",
        "timestamp-unit",
        "ocsp-responder",
        "service",
        "administrator",
    }
    for name in shipped_profiles():
        assert shipped_profile(name).name == name


def test_an_unknown_profile_is_not_found() -> None:
    with pytest.raises(NotFound):
        shipped_profile("nobody")


def test_the_hash_is_over_the_canonical_data() -> None:
    data = shipped_profiles()["person-event"]
    profile = parse_profile(data)
    assert profile.data == rfc8785.dumps(json.loads(data))
    assert profile.profile_hash == hashlib.sha256(profile.data).hexdigest()
    assert parse_profile(profile.data) == profile
    other = parse_profile(changed("person-event", put("description", value="another")))
    assert other.profile_hash != profile.profile_hash
    assert other != profile


def test_an_event_certificate_lives_minutes_to_hours() -> None:
    validity = shipped_profile("person-event").validity
    assert validity.default == timedelta(hours=1)
    assert validity.minimum == timedelta(minutes=5)
    assert validity.maximum == timedelta(hours=24)
    assert validity.backdate == timedelta(seconds=60)


@pytest.mark.parametrize("shard", [0, 7])
@pytest.mark.parametrize("name", sorted(set(shipped_profiles()) - {"root"}))
def test_pointers_name_what_the_interface_serves(name: str, shard: int) -> None:
    found = shipped_profile(name).pointers
    assert found is not None
    base, authority = "http://ca.test", AuthorityId("intl-person")
    assert expand(found.crl, base, authority, shard) == pointers.crl_url(base, authority, shard)
    assert expand(found.ocsp, base, authority, shard) == pointers.ocsp_url(base, authority)
    assert expand(found.issuer, base, authority, shard) == pointers.issuer_url(base, authority)


EXTRA = {"oid": f"{oids.ARC}.2.9", "critical": False, "value": {"type": "utf8", "value": "x"}}


def extra(**value: object) -> Callable[[Data], object]:
    return put("extensions", value=[{**EXTRA, "value": value}])


REFUSED = [
    ("person-event", put("surprise", value=1), "$.surprise"),
    ("person-event", lambda data: data.pop("validity"), "$.validity"),
    ("person-event", put("name", value="Person Event"), "$.name"),
    ("person-event", put("issued_by", value=["nobody"]), "$.issued_by[0]"),
    ("person-event", put("issued_by", value=[]), "$.issued_by"),
    ("person-event", put("algorithms", value=["md5-rsa"]), "$.algorithms[0]"),
    ("person-event", put("algorithms", value="p256-sha256"), "$.algorithms"),
    ("person-event", put("validity", "default", value="1 hour"), "$.validity.default"),
    ("person-event", put("validity", "default", value=3600), "$.validity.default"),
    ("person-event", put("validity", "default", value="25h"), "$.validity"),
    ("person-event", put("validity", "minimum", value="0s"), "$.validity"),
    ("person-event", put("validity", "minimum", value="60s"), "$.validity.minimum"),
    ("person-event", put("validity", "backdate", value="61s"), "$.validity.backdate"),
    ("root", put("validity", "maximum", value="9136d"), "$.validity.maximum"),
    ("ocsp-responder", put("validity", "maximum", value="31d"), "$.validity.maximum"),
    ("person-event", put("subject", "rule", value="csr"), "$.subject"),
    ("person-event", put("subject", "kind", value="robot"), "$.subject.identity.kind"),
    ("service", put("subject", "permitted", value=["C", "email"]), "$.subject.given.permitted[1]"),
    ("service", put("subject", "required", value=["serialNumber"]), "$.subject.required"),
    ("service", put("subject", "required", value=[]), "$.subject.required"),
    ("service", put("subject", value={"rule": "fixed", "attributes": [["C", "x"]]}), "$.subject.attributes"),
    (
        "intermediate-person",
        put("subject", value={"rule": "identity", "kind": "person", "assurance": "high"}),
        "$.subject.rule",
    ),
    ("person-event", put("key_usage", "critical", value=False), "$.key_usage.critical"),
    ("person-event", put("key_usage", "bits", value=[]), "$.key_usage.bits"),
    ("person-event", put("key_usage", "bits", value=["signEverything"]), "$.key_usage.bits[0]"),
    ("person-event", put("key_usage", "bits", value=["keyCertSign"]), "$.key_usage.bits"),
    ("intermediate-person", put("key_usage", "bits", value=["keyCertSign"]), "$.key_usage.bits"),
    ("person-event", put("basic_constraints", "ca", value=True), "$.authority"),
    ("person-event", put("basic_constraints", "path_length", value=0), "$.basic_constraints.path_length"),
    (
        "intermediate-person",
        put("basic_constraints", "critical", value=False),
        "$.basic_constraints.critical",
    ),
    (
        "intermediate-person",
        put("basic_constraints", "path_length", value=5),
        "$.basic_constraints.path_length",
    ),
    ("intermediate-person", put("ocsp_no_check", value=True), "$.ocsp_no_check"),
    ("root", put("issued_by", value=["person"]), "$.issued_by"),
    ("root", put("name_constraints", value={"permitted": [[["C", "CN"]]]}), "$.name_constraints"),
    ("person-event", put("name_constraints", value={"permitted": [[["C", "CN"]]]}), "$.name_constraints"),
    (
        "intermediate-person",
        put("name_constraints", "permitted", value=[[["C", "China"]]]),
        "$.name_constraints.permitted[0]",
    ),
    ("person-event", put("pointers", value=None), "$.pointers"),
    ("person-event", put("pointers", "crl", value="{base}/crl"), "$.pointers.crl"),
    ("person-event", put("pointers", "ocsp", value="{base}/{0}"), "$.pointers.ocsp"),
    ("person-event", put("pointers", "ocsp", value="{base.__class__}"), "$.pointers.ocsp"),
    ("person-event", put("pointers", "ocsp", value="ftp://x/"), "$.pointers.ocsp"),
    ("person-event", put("policies", value=None), "$.policies"),
    ("person-event", put("policies", "oids", value=["not.an.oid"]), "$.policies.oids[0]"),
    ("person-event", put("policies", "oids", value=[]), "$.policies.oids"),
    ("person-event", put("policies", "oids", value=["1.2.3", "1.2.3"]), "$.policies.oids"),
    (
        "timestamp-unit",
        put("extended_key_usage", "critical", value=False),
        "$.extended_key_usage",
    ),
    (
        "timestamp-unit",
        put("extended_key_usage", "purposes", value=["timeStamping", "clientAuth"]),
        "$.extended_key_usage",
    ),
    ("timestamp-unit", put("ocsp_no_check", value=True), "$.ocsp_no_check"),
    ("ocsp-responder", put("ocsp_no_check", value=False), "$.ocsp_no_check"),
    (
        "administrator",
        put("extended_key_usage", "purposes", value=["2.5.29.37.0"]),
        "$.extended_key_usage.purposes",
    ),
    ("service", put("alternative_names", value=None), "$.alternative_names"),
    ("person-event", put("extensions", value=[EXTRA, EXTRA]), "$.extensions[1].oid"),
    ("person-event", put("extensions", 0, "oid", value="2.5.29.15"), "$.extensions[0].oid"),
    ("person-event", extra(type="utf8"), "$.extensions[0].value"),
    ("person-event", extra(type="utf8", value="x", parameter="y"), "$.extensions[0].value"),
    ("person-event", extra(type="integer", value="x"), "$.extensions[0].value"),
    ("person-event", extra(type="integer", value=True), "$.extensions[0].value"),
    ("person-event", extra(type="boolean", value=1), "$.extensions[0].value"),
    ("person-event", extra(type="ia5", value="甲"), "$.extensions[0].value"),
    ("person-event", extra(type="oid", value="1.2.x"), "$.extensions[0].value"),
    ("person-event", extra(type="octets-hex", value="0g"), "$.extensions[0].value"),
    ("person-event", extra(type="digest", value="00", digest="sha256"), "$.extensions[0].value"),
    ("person-event", extra(type="digest", value="00"), "$.extensions[0].value"),
    ("person-event", extra(type="sequence", value="x"), "$.extensions[0].value"),
    ("person-event", extra(type="utf8", items=[]), "$.extensions[0].value"),
    ("person-event", extra(type="set", value="x"), "$.extensions[0].value.type"),
]


@pytest.mark.parametrize(("name", "change", "field"), REFUSED, ids=[f"{r[0]}{r[2]}" for r in REFUSED])
def test_a_wrong_profile_is_refused_by_field(name: str, change: Callable[[Data], object], field: str) -> None:
    with pytest.raises(ProfileInvalid) as refused:
        parse_profile(changed(name, change))
    assert refused.value.field == field
    assert refused.value.reason


def test_nesting_is_bounded() -> None:
    value: object = {"type": "utf8", "value": "x"}
    for _ in range(5):
        value = {"type": "sequence", "items": [value]}
    with pytest.raises(ProfileInvalid):
        parse_profile(changed("person-event", put("extensions", 0, "value", value=value)))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b"\xff",
        b"[" * 20_000,
        b'{"name": "a", "name": "b"}',
        b'{"name": NaN}',
        b" " * (MAX_PROFILE_SIZE + 1),
        json.dumps({**json.loads(shipped_profiles()["root"]), "x": 0.5}).encode(),
    ],
)
def test_what_is_no_profile_is_refused(data: bytes) -> None:
    with pytest.raises(ProfileInvalid):
        parse_profile(data)
