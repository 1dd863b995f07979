"""Acts of the product, each telling what it let out: what a process does before it is killed."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

from api.wiring import Centre
from ca.identity import IdentityRecord, SubjectKind
from ca.order import Requester
from ca.registry import AuthorityRole, RevocationReason, authority_id
from ca.revoke import Grounds, Selection
from ca.serial import SerialNumber, parse_serial, serial_text
from ca.start import reconcile, start
from ca.timestamp import Imprint, TimestampRequest
from ca.timestamp_response import parse_response
from ca.token import verify_token
from keys.suites import Algorithm, Suite
from tests.support.boundaries import Boundaries
from tests.support.crash import say
from tests.support.installation import Installation

REQUESTER = Requester("app-1")
ALGORITHMS = {Suite.INTL: Algorithm.P256, Suite.GUOMI: Algorithm.SM2}
DATA = b"data"

Tell = Callable[[dict[str, Any]], None]


class Acts:
    """What a process of the product does, over one centre."""

    def __init__(self, centre: Centre, suite: Suite, serials: list[SerialNumber], tell: Tell) -> None:
        self.centre = centre
        self.suite = suite
        self._serials = serials
        self._tell = tell

    def start(self) -> None:
        """The product's start, as the only process on its database."""
        begin(self.centre)
        self._tell({"act": "start"})

    def issue(self) -> None:
        """An event certificate; its one-time key is destroyed after it."""
        serial, digest, key = issue_event(self.centre, self.suite)
        self._serials.append(serial)
        self._tell({"act": "issue", "serial": serial_text(serial), "digest": digest})
        self.centre.issuance.record_destroyed([key])

    def revoke(self) -> None:
        """The last certificate that was issued, its key compromised."""
        grounds = Grounds(RevocationReason.KEY_COMPROMISE, REQUESTER)
        (made,) = self.centre.revocations.revoke(Selection(self._serials.pop()), grounds)
        self._tell({"act": "revoke", "serial": serial_text(made.serial), "sequence": made.sequence})

    def stamp(self) -> None:
        """A timestamp token over `DATA`, verified as a stranger would."""
        imprint = Imprint.of(ALGORITHMS[self.suite].digest, DATA)
        request = TimestampRequest(imprint, None, secrets.randbits(64), cert_req=False)
        (answer,) = self.centre.timestamping.authority(self.suite).stamp([request.encoded()], "app-1")
        response = parse_response(answer)
        if response.token is None:
            raise AssertionError(f"no token: {response.text}")
        authority = self.centre.timestamping.authority(self.suite)
        info = verify_token(response.token, data=DATA, certificates=[authority.unit.certificate.data]).info
        self._tell({"act": "stamp", "serial": serial_text(info.serial), "digest": digest_of(response.token)})

    def publish(self) -> None:
        """A complete CRL of the persons' authority."""
        crl = self.centre.publisher.publish(persons(self.suite))
        answer = {"authority": crl.authority_id, "number": crl.number, "digest": digest_of(crl.data)}
        self._tell({"act": "publish", **answer})

    def ceremony(self) -> None:
        """The hierarchy of the suite."""
        transcript = Installation.hold_ceremony(self.centre, (self.suite.value,))
        self._tell({"act": "ceremony", "digest": digest_of(transcript)})

    def reconcile(self) -> None:
        """Mend a database that was restored from a backup."""
        centre = self.centre
        done = reconcile(centre.database, centre.journal, centre.watermark, centre.clock, "op-1")
        self._tell({"act": "reconcile", "replayed": done.replayed})


def begin(centre: Centre) -> None:
    """The product's start checks and what they put right, as the only process on its database."""
    start(
        centre.database,
        centre.journal,
        centre.watermark,
        centre.signers,
        centre.issuance,
        centre.clock,
        lost_after=timedelta(),
    )


def issue_event(centre: Centre, suite: Suite) -> tuple[SerialNumber, str, Any]:
    """Serial, digest and one-time key of a new event certificate."""
    now = centre.clock.now()
    identity = IdentityRecord(
        record_id="rec-1",
        kind=SubjectKind.PERSON,
        name="张伟",
        pseudonym=secrets.token_hex(8),
        organisation_id=None,
        assurance="high",
        methods=("face",),
        provider="test",
        transaction="1",
        verified_at=now,
        valid_until=now + timedelta(days=1),
        simulated=False,
    )
    issued, key = centre.issuance.issue_event(
        identity, secrets.token_bytes(32), persons(suite), REQUESTER, algorithm=ALGORITHMS[suite]
    )
    return issued.serial, digest_of(issued.data), key


def persons(suite: Suite) -> Any:  # noqa: ANN401
    return authority_id(suite, AuthorityRole.PERSON)


def digest_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class Worker:
    """Does what orders say; keeps installations open and warm, so that a forked child begins at once."""

    def __init__(self) -> None:
        self._centres: dict[str, Centre] = {}
        self._open = ExitStack()

    def warm(self, order: dict[str, Any]) -> None:
        """Open the installation, do each act once, and let go of every connection."""
        name = _name(order)
        if name in self._centres or not order["warm"]:
            return
        centre = self._open.enter_context(_installation(order).open())
        self._centres[name] = centre
        acts = Acts(centre, Suite(order["suite"]), [], lambda _: None)
        for act in (acts.issue, acts.issue, acts.revoke, acts.stamp, acts.publish):
            act()
        # A child that inherits a connection would share its locks and its socket with all others.
        centre.database.engine.dispose()

    def perform(self, order: dict[str, Any]) -> None:
        """In a child: the acts in order, `rounds` times; each answer is said as it leaves."""
        pid = os.getpid()
        boundaries = Boundaries(order["point"], lambda name: say({"pid": pid, "boundary": name}))
        serials = [parse_serial(text) for text in order["serials"]]
        watched = order["rounds"] == 1
        with ExitStack() as stack:
            warm = self._centres.get(_name(order)) if order["warm"] else None
            if warm is None:
                centre = stack.enter_context(_installation(order).bare())
            else:
                centre = Centre(warm.settings, warm.clock, warm.database, warm.ring)
            acts = Acts(centre, Suite(order["suite"]), serials, lambda answer: say({"pid": pid, **answer}))
            if watched:
                boundaries.watch()
            try:
                for _ in range(order["rounds"]):
                    for name in order["acts"]:
                        getattr(acts, name)()
            finally:
                boundaries.stop()
        say({"pid": pid, "boundaries": boundaries.passed})


def _installation(order: dict[str, Any]) -> Installation:
    return Installation(Path(order["settings"]["state_dir"]), order["settings"]["database_url"])


def _name(order: dict[str, Any]) -> str:
    return f"{order['settings']['database_url']} {order['suite']}"
