"""Disclosure by choice: the events of a case as they were recorded, and salts for the fields that are shown.

Every personal field stands in its event as a salted commitment. Whoever is given the salt and the value can
recompute it; the fields beside it stay closed, and the event the same in every variant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from evidence import payload
from evidence.canonical import JSON, canonical, quoted
from evidence.errors import EventInvalid
from evidence.event import EventId, Recorded
from evidence.leaf import LEAF_SIZE
from evidence.payload import Opened
from forensics.errors import ContentsInvalid
from forensics.package.role import FIXED, Role

MAX_EVENTS = 50_000  # of one package; a contract has about 25, a case with a long dispute some hundred


@dataclass(frozen=True, slots=True)
class Choice:
    """Which personal fields are shown: of every event those named, and more of single events."""

    fields: frozenset[str] | None = frozenset()
    """None for all."""
    of_event: Mapping[EventId, frozenset[str]] = field(default_factory=dict)

    def shows(self, event: EventId, name: str) -> bool:
        """Whether this field of this event is shown."""
        return self.fields is None or name in self.fields or name in self.of_event.get(event, ())


EVERYTHING = Choice(None)
NOTHING = Choice()


@dataclass(frozen=True, slots=True)
class Disclosed:
    """One field's value with the salt that proves it against its commitment."""

    salt: bytes
    value: JSON


@dataclass(frozen=True, slots=True)
class DisclosedEvents:
    """Events in the order of their cases, each case from its first, and what is shown of them."""

    events: tuple[Recorded, ...]
    shown: Mapping[EventId, Mapping[str, Disclosed]]

    def files(self) -> dict[Role, bytes]:
        """The four files of the folder `events/`."""
        shown: dict[str, JSON] = {
            event: {name: {"salt": one.salt.hex(), "value": one.value} for name, one in fields.items()}
            for event, fields in self.shown.items()
        }
        places = [
            canonical({"event_id": one.event_id, "index": one.index, "log": one.log}) for one in self.events
        ]
        return {
            Role.EVENTS: b"".join(one.envelope + b"\n" for one in self.events),
            Role.SALTS: canonical(shown, field=FIXED[Role.SALTS]),
            Role.LEAVES: b"".join(one.leaf for one in self.events),
            Role.LEAF_PLACES: b"".join(one + b"\n" for one in places),
        }


def disclose(events: Sequence[Recorded], opened: Mapping[EventId, Opened], choice: Choice) -> DisclosedEvents:
    """The events with those fields of `opened` payloads that the choice shows.

    `events` are whole cases, each in order. Raises `ContentsInvalid` for a case with a gap, for a payload
    that its event does not commit to, and for more events than a package may hold.
    """
    if len(events) > MAX_EVENTS:
        raise ContentsInvalid(FIXED[Role.EVENTS], f"would hold more than {MAX_EVENTS} events")
    ordered = sorted(events, key=lambda one: (one.tenant, one.case_id, one.case_seq))
    expected: dict[tuple[str, str], int] = {}
    for one in ordered:
        case = one.tenant, one.case_id
        if one.case_seq != expected.get(case, 0) or len(one.leaf) != LEAF_SIZE or b"\n" in one.envelope:
            raise ContentsInvalid(one.event_id, f"is not event {expected.get(case, 0)} of its case")
        expected[case] = one.case_seq + 1
    shown = {}
    for one in ordered:
        held = opened.get(one.event_id)
        if held is not None and (fields := _shown(one, held, choice)):
            shown[one.event_id] = fields
    return DisclosedEvents(tuple(ordered), shown)


def _shown(event: Recorded, held: Opened, choice: Choice) -> dict[str, Disclosed]:
    fields = {}
    for name, value in held.fields.items():
        if not choice.shows(event.event_id, name):
            continue
        salt = held.field_salt(name)
        try:
            committed = canonical(payload.commitment(salt, name, value).as_json())
        except EventInvalid as error:
            raise ContentsInvalid(event.event_id, str(error)) from error
        if b"%b:%b" % (quoted(name).encode(), committed) not in event.envelope:
            raise ContentsInvalid(event.event_id, f"does not commit to its field {name}")
        fields[name] = Disclosed(salt, value)
    return fields
