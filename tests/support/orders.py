"""Orders that tests place with an authority, and what the log says of them."""

from __future__ import annotations

import json
from dataclasses import replace

from ca.issue import event_order
from ca.name import Name
from ca.order import Order
from ca.registry import (
    AuthorityRole,
    authority_id,
)
from ca.template import CertificateRequest
from evidence.event import EventType, Recorded
from keys.onetime import OneTimeKey
from keys.private import PrivateKey
from keys.suites import Algorithm, Suite
from tests.support.authority import (
    BANK,
    OPERATOR,
    PERSON_AUTHORITY,
    AuthorityFixture,
    person,
)

INTENT = bytes(range(32))
SERVICE = authority_id(Suite.INTL, AuthorityRole.SERVICE)
PERSON = PERSON_AUTHORITY[Suite.INTL]
SERVER = Name.of([("C", "CN"), ("O", "Bank"), ("CN", "api")])


def events(authority: AuthorityFixture, *kinds: EventType) -> list[Recorded]:
    with authority.units.reading() as unit:
        return [
            event
            for log, head in unit.events.heads().items()
            for event in unit.events.read(log, 0, head.size)
            if event.type in kinds
        ]


def facts(event: Recorded) -> dict[str, object]:
    envelope = json.loads(event.envelope)
    found: dict[str, object] = envelope["facts"]
    return found


def outcome(event: Recorded) -> tuple[str, str]:
    result = json.loads(event.envelope)["result"]
    return result["code"], result["reason"]


def order(authority: AuthorityFixture, **changes: object) -> Order:
    key = OneTimeKey(Algorithm.P256, authority.clock)
    made = event_order(person(authority.clock.now()), INTENT, key, PERSON, BANK)
    return replace(made, **changes)  # type: ignore[arg-type]


def server_order(private: PrivateKey | None = None, **changes: object) -> Order:
    public = (private or PrivateKey.generate(Algorithm.P256)).public
    request = CertificateRequest(public, SERVER, dns_names=("api.bank.test",))
    made = Order("service", SERVICE, request, OPERATOR)
    return replace(made, **changes)  # type: ignore[arg-type]


def identity_order(authority: AuthorityFixture, **changes: object) -> Order:
    key = OneTimeKey(Algorithm.P256, authority.clock)
    return event_order(person(**changes), INTENT, key, PERSON, BANK)  # type: ignore[arg-type]
