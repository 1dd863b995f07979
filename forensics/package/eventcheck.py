"""The events of a package judged: envelopes, chains of cases, leaves, and what is disclosed of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from evidence import leaf
from evidence.canonical import JSON, canonical
from evidence.clock import from_micros, rfc3339
from evidence.digest import NO_DIGEST, DigestPair
from evidence.errors import EventInvalid
from evidence.event import SCHEMA, CaseId, EventId, EventType, LogId, TenantId
from evidence.leaf import LEAF_SIZE, Leaf
from evidence.merkle import leaf_hash
from evidence.payload import SALT_SIZE, check_disclosed
from forensics.errors import PackageInvalid
from forensics.package.disclosure import MAX_EVENTS
from forensics.package.manifest import hex_octets
from forensics.package.role import FIXED, Role
from forensics.package.strictjson import member, read_json

EVENTS, SALTS = FIXED[Role.EVENTS], FIXED[Role.SALTS]
LEAVES, PLACES = FIXED[Role.LEAVES], FIXED[Role.LEAF_PLACES]

MAX_ENVELOPE = 1024 * 1024  # octets; events have about 900, and a string in one 65,536 characters at most
_UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")  # RFC 9562 5.7


@dataclass(frozen=True, slots=True)
class HeldEvent:
    """An event of a package, whose envelope is canonical; the rest is judged by the functions below."""

    envelope: bytes
    content: Mapping[str, JSON]
    event_id: EventId
    tenant: TenantId
    case_id: CaseId
    case_seq: int
    type_name: str
    recorded_at: str
    """RFC 3339 with milliseconds."""

    @property
    def digests(self) -> DigestPair:
        """Of the envelope."""
        return DigestPair.of(self.envelope)


@dataclass(frozen=True, slots=True)
class HeldLeaf:
    """The leaf of an event, its hashes, and where in which log it is said to stand."""

    event_id: EventId
    data: bytes
    hashes: DigestPair
    log: LogId
    index: int


def read_events(data: bytes) -> tuple[HeldEvent, ...]:
    """One canonical envelope a line, none twice; raises `PackageInvalid` naming the line or the event."""
    events = tuple(
        _event(line, f"{EVENTS} line {number}") for number, line in enumerate(_lines(data, EVENTS), 1)
    )
    seen: set[EventId] = set()
    for one in events:
        if one.event_id in seen:
            raise PackageInvalid(EVENTS, f"holds event {one.event_id} twice")
        seen.add(one.event_id)
    return events


def check_chains(events: tuple[HeldEvent, ...]) -> Mapping[tuple[TenantId, CaseId], int]:
    """Every case whole from its first event, each naming the digests of the one before.

    Returns how many events each case has. Raises `PackageInvalid` naming the event.
    """
    counts: dict[tuple[TenantId, CaseId], int] = {}
    last: HeldEvent | None = None
    previous = NO_DIGEST
    for one in events:
        case = one.tenant, one.case_id
        if last is None or case != (last.tenant, last.case_id):
            if case in counts:
                raise PackageInvalid(one.event_id, f"is apart from the other events of case {one.case_id}")
            previous = NO_DIGEST
        expected = counts.get(case, 0)
        if one.case_seq != expected:
            reason = f"is number {one.case_seq} of case {one.case_id}; number {expected} belongs here"
            raise PackageInvalid(one.event_id, reason)
        stated = one.content.get("prev_case_event_hash")
        if stated != previous.as_json():
            reason = f"does not name the digests of the event before it in case {one.case_id}"
            raise PackageInvalid(one.event_id, reason)
        counts[case] = expected + 1
        last, previous = one, one.digests
    return counts


def read_leaves(data: bytes, places: bytes, events: tuple[HeldEvent, ...]) -> tuple[HeldLeaf, ...]:
    """The leaf of every event, recomputed from its envelope; raises `PackageInvalid` naming the event.

    An envelope gives the recorded time to milliseconds and the leaf to microseconds: the finer time is the
    leaf's, and must be the envelope's when cut.
    """
    lines = _lines(places, PLACES)
    if len(data) != LEAF_SIZE * len(events) or len(lines) != len(events):
        raise PackageInvalid(LEAVES, f"is not of {len(events)} events")
    found = []
    for number, (event, line) in enumerate(zip(events, lines, strict=True)):
        packed = data[number * LEAF_SIZE : (number + 1) * LEAF_SIZE]
        if packed != _recomputed(event, packed):
            raise PackageInvalid(event.event_id, "has a leaf that does not come from its envelope")
        place = read_json(line, PLACES, limit=MAX_ENVELOPE)
        log, index = member(place, "log", str, PLACES), member(place, "index", int, PLACES)
        if place.keys() != {"event_id", "index", "log"} or place["event_id"] != event.event_id or index < 0:
            raise PackageInvalid(PLACES, f"gives no place to event {event.event_id}")
        found.append(HeldLeaf(event.event_id, packed, leaf_hash(packed), LogId(log), index))
    taken = {(one.log, one.index) for one in found}
    if len(taken) != len(found):
        raise PackageInvalid(PLACES, "gives one place to two events")
    return tuple(found)


def check_commitments(events: tuple[HeldEvent, ...]) -> int:
    """Every event's `payload_commit` is of its commitments; returns how many fields are committed to."""
    count = 0
    for one in events:
        commitments = one.content.get("commitments")
        stated = one.content.get("payload_commit")
        if commitments is None and stated is None:
            continue
        if not isinstance(commitments, Mapping):
            raise PackageInvalid(one.event_id, "has a digest of commitments that it does not hold")
        if stated != DigestPair.of(canonical(commitments)).as_json():
            raise PackageInvalid(one.event_id, "has another digest of its commitments than it states")
        count += len(commitments)
    return count


def check_salts(data: bytes, events: tuple[HeldEvent, ...]) -> int:
    """Every disclosed value is the one committed to; returns how many were disclosed.

    Raises `PackageInvalid` naming the event and the field.
    """
    shown = read_json(data, SALTS)
    by_id = {one.event_id: one for one in events}
    count = 0
    for event_id, fields in shown.items():
        event = by_id.get(EventId(event_id))
        if event is None:
            raise PackageInvalid(SALTS, f"discloses fields of an event that is not here: {event_id!r}")
        if not isinstance(fields, Mapping) or not fields:
            raise PackageInvalid(SALTS, f"discloses nothing of event {event_id}")
        commitments = event.content.get("commitments")
        for name, one in fields.items():
            committed = commitments.get(name) if isinstance(commitments, Mapping) else None
            if not isinstance(committed, Mapping):
                raise PackageInvalid(event_id, f"does not commit to the disclosed field {name}")
            _check_field(event_id, name, one, committed)
            count += 1
    return count


def _check_field(event_id: str, name: str, shown: JSON, committed: Mapping[str, JSON]) -> None:
    if not isinstance(shown, Mapping) or shown.keys() != {"salt", "value"}:
        raise PackageInvalid(SALTS, f"gives no salt and value for field {name} of event {event_id}")
    salt = hex_octets(member(shown, "salt", str, SALTS), SALTS, SALT_SIZE)
    digests = {key: text for key, text in committed.items() if isinstance(text, str)}
    try:
        check_disclosed(name, shown["value"], salt, digests)
    except EventInvalid as error:
        raise PackageInvalid(event_id, str(error)) from error


def _lines(data: bytes, part: str) -> list[bytes]:
    if data and not data.endswith(b"\n"):
        raise PackageInvalid(part, "does not end with a line feed")
    if data.count(b"\n") > MAX_EVENTS:
        raise PackageInvalid(part, f"holds more than {MAX_EVENTS} lines")
    return data.split(b"\n")[:-1]


def _event(line: bytes, part: str) -> HeldEvent:
    content = read_json(line, part, limit=MAX_ENVELOPE)
    if content.get("schema") != SCHEMA:
        raise PackageInvalid(part, "is not an event of a schema that is read here")
    event_id = member(content, "event_id", str, part)
    if _UUID7.fullmatch(event_id) is None:
        raise PackageInvalid(part, "has an event_id that is no UUIDv7")
    return HeldEvent(
        envelope=line,
        content=content,
        event_id=EventId(event_id),
        tenant=TenantId(member(content, "tenant", str, part)),
        case_id=CaseId(member(content, "case_id", str, part)),
        case_seq=member(content, "case_seq", int, part),
        type_name=member(content, "type", str, part),
        recorded_at=member(content, "recorded_at", str, part),
    )


def _recomputed(event: HeldEvent, packed: bytes) -> bytes:
    """The leaf that the envelope has, with the microseconds of the one given."""
    try:
        given = Leaf.parse(packed)
        kind = EventType[event.type_name]
    except (KeyError, ValueError) as error:
        raise PackageInvalid(
            event.event_id, "has a leaf or a type that this version does not know"
        ) from error
    if _text(given.recorded_micros) != event.recorded_at:
        raise PackageInvalid(event.event_id, "was recorded at another time than its leaf says")
    return leaf.pack(
        bytes.fromhex(event.event_id.replace("-", "")),
        kind.value,
        given.recorded_micros,
        leaf.case_pseudonym(event.tenant, event.case_id),
        event.case_seq & 0xFFFF_FFFF,
        event.digests,
        _producer(event),
    )


def _text(micros: int) -> str | None:
    try:
        return rfc3339(from_micros(micros))
    except OverflowError:
        return None


def _producer(event: HeldEvent) -> bytes:
    producer = event.content.get("producer")
    if producer is None:
        return leaf.NO_PRODUCER
    if not isinstance(producer, Mapping):
        raise PackageInvalid(event.event_id, "has a producer that is none")
    return leaf.producer_mark(member(producer, "key_id", str, event.event_id))
