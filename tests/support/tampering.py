"""Changes to a package, each with the step that must catch it: by outsiders, by relisting, by the operator.

An outsider changes octets or files. Who relists makes a manifest that fits and has no key. The operator signs
and stamps anew, so that only what others recorded can give the change away.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from evidence.canonical import canonical
from evidence.leaf import LEAF_SIZE
from forensics.package.container import read_container
from keys.suites import Algorithm
from tests.support.packaging import NAME, package, relisted, resealed, zipped

EVENTS, SALTS = "events/events.jsonl", "events/salts.json"
LEAVES, PLACES = "events/leaves.bin", "events/leaves.idx"
CONTRACT, ATTACHMENT = "contract/loan-signed.pdf", "contract/attachments/附件一.txt"
MANIFEST = "manifest.json"
META = "META-INF/"

Files = dict[str, bytes]
Edit = Callable[[Files], Files]


@dataclass(frozen=True, slots=True)
class Tampering:
    """A changed package, and the step that catches it."""

    name: str
    step: str
    words: str
    """Part of what the report says."""
    make: Callable[[Algorithm], bytes]


def _flip(data: bytes, place: int = 0) -> bytes:
    place %= len(data)
    return data[:place] + bytes((data[place] ^ 1,)) + data[place + 1 :]


def _put(path: str, change: Callable[[bytes], bytes]) -> Edit:
    return lambda files: {**files, path: change(files[path])}


def _drop(path: str) -> Edit:
    return lambda files: {name: data for name, data in files.items() if name != path}


def _lines(change: Callable[[list[bytes]], list[bytes]], *, fit: bool = True) -> Edit:
    """Events changed, with leaves and places in step where `fit`."""

    def edit(files: Files) -> Files:
        lines = files[EVENTS].splitlines(keepends=True)
        leaves = [
            files[LEAVES][place : place + LEAF_SIZE] for place in range(0, len(files[LEAVES]), LEAF_SIZE)
        ]
        places = files[PLACES].splitlines(keepends=True)
        made = {EVENTS: b"".join(change(lines))}
        if fit:
            made |= {LEAVES: b"".join(change(leaves)), PLACES: b"".join(change(places))}
        return {**files, **made}

    return edit


def _event(number: int, change: Callable[[dict[str, object]], object]) -> Edit:
    def edit(lines: list[bytes]) -> list[bytes]:
        event = json.loads(lines[number])
        change(event)
        return [*lines[:number], canonical(event) + b"\n", *lines[number + 1 :]]

    return _lines(edit, fit=False)


def _salts(change: Callable[[dict[str, dict[str, dict[str, str]]]], object]) -> Edit:
    def edit(data: bytes) -> bytes:
        shown = json.loads(data)
        change(shown)
        return canonical(shown)

    return _put(SALTS, edit)


def _insert(lines: list[bytes]) -> list[bytes]:
    """A copy under an identifier of its own behind the first."""
    event = json.loads(lines[0])
    event["event_id"] = "019f0000-0000-7000-8000-000000000000"
    return [lines[0], canonical(event) + b"\n", *lines[1:]]


def _first(shown: dict[str, dict[str, dict[str, str]]]) -> dict[str, dict[str, str]]:
    return shown[min(shown)]


def _rename(shown: dict[str, dict[str, dict[str, str]]]) -> None:
    shown["019f0000-0000-7000-8000-000000000000"] = shown.pop(min(shown))


def _swap_fields(shown: dict[str, dict[str, dict[str, str]]]) -> None:
    fields = _first(shown)
    fields["name"], fields["mobile"] = fields["mobile"], fields["name"]


def _later_than_signed(data: bytes) -> bytes:
    return data + b"% a line more\n"


def _forget_update(data: bytes) -> bytes:
    return data[: data.rindex(b"startxref", 0, data.rindex(b"startxref"))]


def _outside(name: str, step: str, words: str, edit: Edit) -> Tampering:
    return Tampering(f"outsider: {name}", step, words, lambda one: zipped(edit(_files(one))))


def _listed(name: str, step: str, words: str, edit: Edit) -> Tampering:
    return Tampering(f"relisted: {name}", step, words, lambda one: zipped(relisted(edit(_files(one)))))


def _inside(name: str, step: str, words: str, edit: Edit) -> Tampering:
    return Tampering(f"operator: {name}", step, words, lambda one: zipped(resealed(edit(_files(one)))))


def _raw(name: str, words: str, change: Callable[[bytes], bytes]) -> Tampering:
    return Tampering(f"octets: {name}", "container", words, lambda one: change(package(one)))


def _files(algorithm: Algorithm) -> Files:
    return read_container(package(algorithm))


def _swap(first: str, second: str) -> Edit:
    return lambda files: {**files, first: files[second], second: files[first]}


def _other(path: str) -> Edit:
    """The file of a package about a contract in the other suite."""
    return lambda files: {**files, path: _files(_across(files))[path]}


def _across(files: Files) -> Algorithm:
    mine = _files(Algorithm.P256)[CONTRACT] == files[CONTRACT]
    return Algorithm.SM2 if mine else Algorithm.P256


def _xml(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        assert old in data
        return data.replace(old, new, 1)

    return change


_DOCTYPE = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><asic:ASiCManifest'
_SIGNED, _STAMPED = f"{META}ASiCManifest001.xml", f"{META}ASiCManifest003.xml"
_SIGNATURE, _SM2_SIGNATURE = f"{META}signature001.p7s", f"{META}signature002.p7s"
_TOKEN, _SM2_TOKEN = f"{META}timestamp001.tst", f"{META}timestamp002.tst"

TAMPERINGS = (
    # octets of the zip
    _raw("a local header", "local header", lambda data: _flip(data, 10)),
    _raw("packed data", "", lambda data: _flip(data, len(data) // 3)),
    _raw("the central directory", "", lambda data: _flip(data, len(data) - 60)),
    _raw("the end record", "", lambda data: _flip(data, -6)),
    _raw("data behind the end", "does not end", lambda data: data + b"x"),
    _raw("a comment", "", lambda data: data[:-2] + b"\1\0x"),
    _raw("cut off", "does not end", lambda data: data[:-100]),
    _raw("data in front", "around", lambda data: b"MZ" + data),
    # files
    _outside("a file more", "manifest", "not listed", lambda files: {**files, "events/more": b"x"}),
    _outside("a file less", "manifest", "not in the package", _drop(ATTACHMENT)),
    _outside("an attachment", "manifest", "SHA-256", _put(ATTACHMENT, _flip)),
    _outside("a longer attachment", "manifest", "octets", _put(ATTACHMENT, lambda data: data + b"x")),
    _outside("a contract", "manifest", "SHA-256", _put(CONTRACT, lambda data: _flip(data, 2_000))),
    _outside("an event", "manifest", "SHA-256", _put(EVENTS, lambda data: _flip(data, 300))),
    _outside(
        "salts", "manifest", "", _put(SALTS, lambda data: data.replace(NAME.encode(), "欧阳婷婷".encode()))
    ),
    _outside("two files swapped", "manifest", "", _swap(EVENTS, PLACES)),
    _outside("no manifest", "manifest", "missing", _drop(MANIFEST)),
    _outside("spaces in the manifest", "manifest", "canonical", _put(MANIFEST, lambda data: data + b"\n")),
    _outside(
        "instructions", "manifest", "SHA-256", _put("README-验证说明.txt", lambda data: _flip(data, 40))
    ),
    _outside("a CRL", "manifest", "", _put("trust/crl/intl-person.crl", lambda data: _flip(data, 90))),
    # signatures
    _listed("an attachment", "signatures", "another digest", _put(ATTACHMENT, _flip)),
    _listed("a contract", "signatures", "another digest", _other(CONTRACT)),
    _listed(
        "a file more", "signatures", "is not over", lambda files: {**files, "contract/attachments/x": b""}
    ),
    _listed("a file less", "signatures", "", _drop(ATTACHMENT)),
    _outside("the signed manifest", "signatures", "", _put(_SIGNED, _xml(b"DigestValue>", b"DigestValue> "))),
    _outside(
        "an entity in it",
        "signatures",
        "neither element nor text",
        _put(_SIGNED, _xml(b"<asic:ASiCManifest", _DOCTYPE)),
    ),
    _outside("a comment in it", "signatures", "neither element", _put(_SIGNED, _xml(b"\n", b"<!-- -->"))),
    _outside("no signature", "signatures", "missing", _drop(_SIGNATURE)),
    _outside("no SM2 signature", "signatures", "missing", _drop(_SM2_SIGNATURE)),
    _outside("signatures swapped", "signatures", "", _swap(_SIGNATURE, _SM2_SIGNATURE)),
    _outside("a signature's octet", "signatures", "", _put(_SIGNATURE, lambda data: _flip(data, 60))),
    _outside("an SM2 signature's end", "signatures", "", _put(_SM2_SIGNATURE, lambda data: _flip(data, -1))),
    _outside("another package's signature", "signatures", "", _other(_SM2_SIGNATURE)),
    _outside(
        "an unsigned file in META-INF", "signatures", "nothing", lambda files: {**files, f"{META}x": b""}
    ),
    # timestamps
    _outside("no timestamp", "timestamps", "missing", _drop(_TOKEN)),
    _outside("another package's timestamp", "timestamps", "", _other(_TOKEN)),
    _outside("timestamps swapped", "timestamps", "", _swap(_TOKEN, _SM2_TOKEN)),
    _outside("a timestamp's octet", "timestamps", "", _put(_SM2_TOKEN, lambda data: _flip(data, -1))),
    _outside(
        "the stamped manifest", "timestamps", "", _put(_STAMPED, _xml(b"timestamp001", b"timestamp002"))
    ),
    _inside("a token over another file", "timestamps", "other data", _other("tst/contract.tst")),
    # contracts
    _inside("a contract's octet", "documents", "", _put(CONTRACT, lambda data: _flip(data, 1_000))),
    _inside("a line behind the contract", "documents", "", _put(CONTRACT, _later_than_signed)),
    _inside("a contract cut off", "documents", "", _put(CONTRACT, _forget_update)),
    # events
    _inside("the first event dropped", "events", "number 0 belongs here", _lines(lambda lines: lines[1:])),
    _inside(
        "an event dropped", "events", "number 1 belongs here", _lines(lambda lines: [lines[0], lines[2]])
    ),
    _inside(
        "events reordered", "events", "belongs here", _lines(lambda lines: [lines[0], lines[2], lines[1]])
    ),
    _inside("an event twice", "events", "twice", _lines(lambda lines: [*lines, lines[2]])),
    _inside("an event inserted", "events", "belongs here", _lines(_insert, fit=False)),
    _inside(
        "an event changed", "events", "before it", _event(0, lambda event: event.update(contract_id="x"))
    ),
    _inside(
        "the last event changed", "events", "leaf", _event(2, lambda event: event.update(contract_id="x"))
    ),
    _inside(
        "an event renumbered", "events", "belongs here", _event(2, lambda event: event.update(case_seq=7))
    ),
    _inside(
        "an event of another case", "events", "", _event(2, lambda event: event.update(case_id="case-8"))
    ),
    _inside(
        "an event backdated",
        "events",
        "",
        _event(2, lambda event: event.update(recorded_at="2020-01-01T00:00:00.000Z")),
    ),
    _inside(
        "spaces in an event", "events", "canonical", _put(EVENTS, lambda data: data.replace(b":", b": ", 1))
    ),
    _inside("no last line feed", "events", "line feed", _put(EVENTS, lambda data: data[:-1])),
    _inside("a leaf's time", "events", "leaf", _put(LEAVES, lambda data: _flip(data, 22))),
    _inside("a leaf's producer", "events", "leaf", _put(LEAVES, lambda data: _flip(data, -1))),
    _inside("leaves dropped", "events", "", _put(LEAVES, lambda data: data[:-LEAF_SIZE])),
    _inside(
        "one place for two events",
        "events",
        "",
        _put(PLACES, lambda data: data.replace(b'"index":1', b'"index":0')),
    ),
    _inside("no leaves", "events", "missing", _drop(LEAVES)),
    # commitments
    _inside(
        "another value",
        "commitments",
        "commitment",
        _salts(lambda shown: _first(shown)["name"].update(value="李四")),
    ),
    _inside(
        "another salt",
        "commitments",
        "commitment",
        _salts(lambda shown: _first(shown)["name"].update(salt="00" * 32)),
    ),
    _inside("values swapped", "commitments", "commitment", _salts(_swap_fields)),
    _inside(
        "another field",
        "commitments",
        "does not commit",
        _salts(lambda shown: _first(shown).update(income=_first(shown)["name"])),
    ),
    _inside("another event's values", "commitments", "not here", _salts(_rename)),
    _inside(
        "a salt of another length",
        "commitments",
        "hexadecimal",
        _salts(lambda shown: _first(shown)["name"].update(salt="00")),
    ),
    _inside("no salts", "commitments", "missing", _drop(SALTS)),
)
