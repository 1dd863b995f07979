"""The parts of a package one by one: JSON, manifests, XML of strangers, what is disclosed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from evidence.canonical import canonical
from evidence.event import CaseId
from evidence.leaf import LEAF_SIZE
from forensics.errors import ContentsInvalid, PackageInvalid
from forensics.package import asicmanifest, eventcheck, strictjson
from forensics.package.asicmanifest import AsicManifest, Reference, parse, render
from forensics.package.container import read_container
from forensics.package.disclosure import EVERYTHING, MAX_EVENTS, NOTHING, disclose
from forensics.package.entryname import uri_of
from forensics.package.manifest import MANIFEST, read_manifest
from forensics.package.role import FIXED, FOLDERS, Role, is_in_place
from forensics.package.strictjson import read_json
from tests.support.packaging import case, masked_package, package
from tests.support.tampering import EVENTS, LEAVES, PLACES

XML = read_container(package())["META-INF/ASiCManifest002.xml"]


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"x", b"[]", b'"a"', b"null", b"{} ", b" {}", b'{"a":1.0}', b'{"a":1e3}', b'{"a":NaN}'),
        *(b'{"a":1,"a":1}', b'{"b":1,"a":1}', b'{"a":"\\u0041"}', b'{"a":"\\ud800"}', b'{"\xc3\xa9":1}'),
        *(b'{"a":9007199254740993}', b'{"a":' + b"1" * 5_000 + b"}", b"\xff", b"\xef\xbb\xbf{}"),
        *(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", b'{"a":' * 20 + b"1" + b"}" * 20),
    ],
)
def test_only_canonical_objects_are_read(data: bytes) -> None:
    with pytest.raises(PackageInvalid) as refused:
        read_json(data, "x")
    assert refused.value.part == "x"


def test_large_json_is_not_read() -> None:
    with pytest.raises(PackageInvalid, match="more than 10"):
        read_json(b'{"a":"0123456789"}', "x", limit=10)
    assert strictjson.MAX_JSON > 1_000_000


BOMB = b'<!DOCTYPE a [<!ENTITY x "y"><!ENTITY z "&x;&x;&x;">]>'
EXTERNAL = b'<!DOCTYPE a SYSTEM "http://a.test/a.dtd">'


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<a></a>",
        b"\xff\xfe<",
        BOMB + XML,
        EXTERNAL + XML,
        b'<?xml version="1.0"?>' + XML,
        b'<?xml version="1.0" encoding="UTF-16"?>' + XML,
        XML + b"\n",
        XML + XML,
        XML.replace(b"<asic:Sig", b"<!-- x --><asic:Sig"),
        XML.replace(b"<asic:Sig", b"<?x y?><asic:Sig"),
        XML.replace(b"<asic:Sig", b"<![CDATA[x]]><asic:Sig"),
        XML.replace(b'Critical="false"', b'Critical="true"'),
        XML.replace(b"xmlenc#sha256", b"xmlenc#sha512"),
        XML.replace(b"#sha256", b"#sha256&#x20;"),
        XML.replace(b"></asic:SigReference>", b"/>"),
        XML.replace(b"<ds:DigestValue>", b"<ds:DigestValue>AA"),
        XML.replace(b"xmlns:ds=", b"xmlns:dt="),
        XML.replace(b"text/plain", b"text/html"),
        b"<a>" * 100_000,
    ],
)
def test_only_canonical_manifests_are_read(data: bytes) -> None:
    with pytest.raises(PackageInvalid):
        parse(data, "x")


def test_large_xml_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asicmanifest, "MAX_XML", len(XML) - 1)
    with pytest.raises(PackageInvalid, match="more than"):
        parse(XML, "x")


@pytest.mark.parametrize("uri", ["a", uri_of("合同 1.pdf"), "a&b", 'a"b', "a<b", "&amp;"])
def test_what_is_rendered_is_parsed(uri: str) -> None:
    made = AsicManifest(uri, (Reference(uri, bytes(32), None), Reference("b", bytes(32), bytes(32))))
    assert parse(render(made), "x") == made


def test_names_are_percent_encoded_as_utf_8() -> None:
    """RFC 3986 2.5."""
    assert uri_of("a/A-_.~0") == "a/A-_.~0"
    assert uri_of("é +") == "%C3%A9%20%2B"


def test_every_role_has_its_place() -> None:
    for role in Role:
        assert (role in FOLDERS) + (role in FIXED) + (role is Role.INSTRUCTIONS) == 1
    assert is_in_place(Role.CONTRACT, "contract/x.pdf")
    assert not is_in_place(Role.CONTRACT, "contract/attachments/x.pdf")
    assert not is_in_place(Role.CONTRACT, "contract/")
    assert not is_in_place(Role.EVENTS, "events/other.jsonl")


Document = dict[str, Any]


@pytest.mark.parametrize(
    "change",
    [
        lambda one: one.update(version=2),
        lambda one: one.update(format="other"),
        lambda one: one.update(more=1),
        lambda one: one.pop("withheld"),
        lambda one: one.update(package_id=""),
        lambda one: one.update(package_id="x" * 201),
        lambda one: one.update(package_id=7),
        lambda one: one.update(files={}),
        lambda one: one.update(files=[1]),
        lambda one: one["files"].reverse(),
        lambda one: one["files"].append(one["files"][-1]),
        lambda one: one["withheld"].append(one["files"][0]),
        lambda one: one["files"][0].update(size=-1),
        lambda one: one["files"][0].update(size=True),
        lambda one: one["files"][0].update(role="other"),
        lambda one: one["files"][0].update(role="contract"),
        lambda one: one["files"][0].update(over="mimetype"),
        lambda one: one["files"][0].update(sha256="00"),
        lambda one: one["files"][0].update(sm3="AB" * 32),
        lambda one: one["files"][0].update(sm3=" " * 64),
        lambda one: one["files"][0].update(media_type="text/x"),
        lambda one: one["files"][0].update(more=1),
        lambda one: one["files"][0].pop("sm3"),
    ],
)
def test_a_manifest_is_read_strictly(change: Callable[[Document], object]) -> None:
    document = json.loads(read_container(masked_package())[MANIFEST])
    change(document)
    with pytest.raises(PackageInvalid) as refused:
        read_manifest(canonical(document))
    assert refused.value.part == MANIFEST


def test_cases_lie_side_by_side_and_must_each_be_whole() -> None:
    files = read_container(package())
    events = eventcheck.read_events(files[EVENTS])
    assert dict(eventcheck.check_chains(events)) == {("bank", "case-7"): 3}
    other = replace(events[0], case_id=CaseId("case-8"))
    assert eventcheck.check_chains((*events, other))[other.tenant, other.case_id] == 1
    with pytest.raises(PackageInvalid, match="apart"):
        eventcheck.check_chains((*events[:2], other, events[2]))
    with pytest.raises(PackageInvalid, match="number 0"):
        eventcheck.check_chains(events[1:])


def test_leaves_give_hashes_and_places() -> None:
    recorded, _ = case(3)
    files = read_container(package())
    events = eventcheck.read_events(files[EVENTS])
    found = eventcheck.read_leaves(files[LEAVES], files[PLACES], events)
    assert [(one.log, one.index, one.hashes, one.data) for one in found] == [
        (one.log, one.index, one.leaf_hash, one.leaf) for one in recorded
    ]


def judged(events: bytes, leaves: bytes, places: bytes) -> None:
    """As step 6 does."""
    found = eventcheck.read_events(events)
    eventcheck.check_chains(found)
    eventcheck.read_leaves(leaves, places, found)


@pytest.mark.parametrize(
    "member", ["event_id", "tenant", "case_id", "case_seq", "type", "recorded_at", "schema"]
)
@pytest.mark.parametrize("value", [None, 7.5, [], True, "x", -1, 2**40])
def test_an_envelope_of_other_types_is_refused(member: str, value: object) -> None:
    files = read_container(package())
    (first, _, _) = files[EVENTS].splitlines()
    event = json.loads(first)
    if event[member] == value or isinstance(value, float):
        value = {}
    event[member] = value
    place = files[PLACES].splitlines(keepends=True)[0]
    with pytest.raises(PackageInvalid):
        judged(canonical(event) + b"\n", files[LEAVES][:LEAF_SIZE], place)


def test_more_events_than_allowed_are_not_read() -> None:
    with pytest.raises(PackageInvalid, match="more than"):
        eventcheck.read_events(b"\n" * (MAX_EVENTS + 1))


def test_only_whole_cases_are_disclosed() -> None:
    events, opened = case(3)
    assert disclose(events[::-1], opened, NOTHING).events == events
    with pytest.raises(ContentsInvalid, match="is not event 1"):
        disclose([events[0], events[2]], opened, NOTHING)


def test_only_what_was_committed_to_is_disclosed() -> None:
    events, opened = case(3)
    event, held = next(iter(opened.items()))
    forged = {event: replace(held, fields={**held.fields, "name": "李四"})}
    with pytest.raises(ContentsInvalid, match="name"):
        disclose(events, forged, EVERYTHING)
    assert disclose(events, forged, NOTHING).shown == {}
