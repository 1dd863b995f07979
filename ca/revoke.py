"""Revoke certificates: the database, then the journal outside it, then the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ca.approval import Act, Plan, require_act, require_approval
from ca.certificate import Certificate
from ca.errors import AlreadyRevoked, NotFound, Refused, RequestInvalid
from ca.journal import catch_up
from ca.order import Requester, certificate_case
from ca.ports import CaUnit, RevocationJournal, Units
from ca.precheck import is_authority
from ca.registry import CertificateRecord, Revocation, RevocationReason
from ca.serial import SerialNumber, parse_serial, serial_text
from evidence.canonical import JSON
from evidence.clock import Clock, from_micros, rfc3339, to_micros
from evidence.event import ActorKind, Draft, EventType
from keys.block import block_key
from keys.public import PublicKey

MAX_MASS = 20_000  # certificates of one plan, and of one transaction
SINGLE_STEP = 1_000  # events in one append
REASON_BY_TEXT = {reason.text: reason for reason in RevocationReason}


@dataclass(frozen=True, slots=True)
class Selection:
    """Which certificate is meant: by exactly one of these."""

    serial: SerialNumber | None = None
    certificate: Certificate | None = None
    public: PublicKey | None = None
    """Every certificate of this key."""

    def __post_init__(self) -> None:
        given = (self.serial, self.certificate, self.public)
        if sum(one is not None for one in given) != 1:
            raise RequestInvalid("selection", "must be exactly one of serial, certificate and public key")


@dataclass(frozen=True, slots=True)
class Grounds:
    """Why, on whose word, and since when a key is thought to have been compromised."""

    reason: RevocationReason
    requester: Requester
    invalidity_date: datetime | None = None


def reason_named(text: str) -> RevocationReason:
    """By RFC 5280's name, as `keyCompromise`; raises `RequestInvalid`."""
    try:
        return REASON_BY_TEXT[text]
    except KeyError:
        raise RequestInvalid("reason", f"is none of {', '.join(REASON_BY_TEXT)}") from None


class Revocations:
    """Revokes, holds and releases.

    The journal is on stable storage before any of these returns. When it cannot be written the error
    says so, the certificates are revoked all the same, and whoever revokes next brings it up to date.
    """

    def __init__(self, units: Units, journal: RevocationJournal, clock: Clock) -> None:
        self._units = units
        self._journal = journal
        self._clock = clock

    def revoke(self, selection: Selection, grounds: Grounds) -> tuple[Revocation, ...]:
        """Revoke what is selected: one certificate, or every certificate of a key.

        With the reason keyCompromise the key is blocked everywhere, and every certificate of it is
        revoked, whichever was named. Reason certificateHold is lifted by removeFromCRL, or followed by
        another reason. Raises `NotFound`, `AlreadyRevoked`, `Refused`, `RequestInvalid`.
        """
        now = self._clock.now()
        _check(grounds, now)
        try:
            with self._units() as unit:
                records = _select(unit, selection)
                if grounds.reason is RevocationReason.CA_COMPROMISE:
                    _check_authorities(records)
                if grounds.reason is RevocationReason.KEY_COMPROMISE:
                    records = _compromised(unit, records, selection, grounds, now)
                made = tuple(_revoke(unit, one, grounds, now) for one in records)
                _record(unit, made, grounds, now)
        finally:
            catch_up(self._units, self._journal)
        return made

    def plan_many(self, serials: Sequence[SerialNumber], grounds: Grounds) -> Plan:
        """A mass revocation as a plan; raises `RequestInvalid`, `NotFound` for the first unknown serial."""
        _check(grounds, self._clock.now())
        unique = sorted(set(serials))
        if not 0 < len(unique) <= MAX_MASS:
            raise RequestInvalid("serials", f"must be 1 to {MAX_MASS}")
        with self._units.reading() as unit:
            for serial in unique:
                unit.certificates.get(serial)
        parameters: dict[str, JSON] = {
            "invalidity_date": _micros(grounds.invalidity_date),
            "reason": grounds.reason.text,
            "serials": [serial_text(serial) for serial in unique],
        }
        return Plan.of(Act.MASS_REVOCATION, parameters, grounds.requester.pseudonym)

    def revoke_many(self, plan: Plan) -> tuple[Revocation, ...]:
        """Carry such a plan out, whole or not at all; those revoked before stay as they are.

        Raises `ApprovalRequired`.
        """
        require_act(plan, Act.MASS_REVOCATION)
        now = self._clock.now()
        serials, grounds = _read_plan(plan)
        _check(grounds, now)
        try:
            with self._units() as unit:
                approved_by = require_approval(unit, plan, now)
                records = [unit.certificates.get(serial) for serial in serials]
                if grounds.reason is RevocationReason.KEY_COMPROMISE:
                    for one in records:
                        _block(unit, one.reservation.spki_fingerprint, grounds, now)
                made = []
                for one in records:
                    try:
                        made.append(_revoke(unit, one, grounds, now))
                    except AlreadyRevoked:
                        continue
                _record(unit, made, grounds, now, plan=plan.plan_hash, approved_by=approved_by)
        finally:
            catch_up(self._units, self._journal)
        return tuple(made)


def _check(grounds: Grounds, now: datetime) -> None:
    since = grounds.invalidity_date
    if since is None:
        return
    if since.tzinfo is None:
        raise RequestInvalid("invalidity_date", "has no time zone")
    if since > now:
        raise RequestInvalid("invalidity_date", "is in the future")


def _select(unit: CaUnit, selection: Selection) -> list[CertificateRecord]:
    if selection.serial is not None:
        return [unit.certificates.get(selection.serial)]
    if selection.certificate is not None:
        record = unit.certificates.get(selection.certificate.serial)
        if record.certificate not in (None, selection.certificate.data):
            raise NotFound("certificate", selection.certificate.fingerprint)
        return [record]
    if selection.public is None:
        raise RequestInvalid("selection", "is empty")
    return list(unit.certificates.by_key(selection.public.fingerprint))


def _compromised(
    unit: CaUnit, records: list[CertificateRecord], selection: Selection, grounds: Grounds, now: datetime
) -> list[CertificateRecord]:
    """Block the key, and find every certificate of it that is not revoked for good.

    A key reported when its certificates are revoked already is blocked all the same.
    """
    fingerprints = {one.reservation.spki_fingerprint for one in records}
    if selection.public is not None:
        fingerprints.add(selection.public.fingerprint)
    news = len(unit.keys.blocked(sorted(fingerprints))) < len(fingerprints)
    for fingerprint in fingerprints:
        _block(unit, fingerprint, grounds, now)
    everything = [
        one for fingerprint in sorted(fingerprints) for one in unit.certificates.by_key(fingerprint)
    ]
    still_open = [one for one in everything if _is_open(one)]
    return still_open if still_open or news else records


def _is_open(record: CertificateRecord) -> bool:
    return record.revocation is None or record.revocation.reason is RevocationReason.CERTIFICATE_HOLD


def _check_authorities(records: Sequence[CertificateRecord]) -> None:
    for one in records:
        if one.certificate is None or not is_authority(Certificate(one.certificate)):
            raise Refused("reason", "cACompromise is for authorities' certificates")


def _block(unit: CaUnit, fingerprint: str, grounds: Grounds, now: datetime) -> None:
    if fingerprint:
        block_key(unit, fingerprint, RevocationReason.KEY_COMPROMISE.text, grounds.requester.actor, now)


def _revoke(unit: CaUnit, record: CertificateRecord, grounds: Grounds, now: datetime) -> Revocation:
    return unit.certificates.revoke(
        record.reservation.serial, grounds.reason, now, grounds.requester.pseudonym, grounds.invalidity_date
    )


def _record(unit: CaUnit, made: Sequence[Revocation], grounds: Grounds, now: datetime, **more: JSON) -> None:
    for start in range(0, len(made), SINGLE_STEP):
        unit.log.append(
            [
                Draft(
                    EventType.CERT_REVOKED,
                    certificate_case(one.serial),
                    grounds.requester.actor,
                    now,
                    _facts(one) | more,
                )
                for one in made[start : start + SINGLE_STEP]
            ]
        )


def _facts(entry: Revocation) -> dict[str, JSON]:
    return {
        "authority": entry.authority_id,
        "invalidity_date": None if entry.invalidity_date is None else rfc3339(entry.invalidity_date),
        "reason": entry.reason.text,
        "revoked_at": rfc3339(entry.revoked_at),
        "sequence": entry.sequence,
        "serial": serial_text(entry.serial),
    }


def _read_plan(plan: Plan) -> tuple[list[SerialNumber], Grounds]:
    serials = plan.parameters["serials"]
    since = plan.parameters["invalidity_date"]
    if not isinstance(serials, list | tuple):
        raise RequestInvalid("plan", "has no list of serials")
    grounds = Grounds(
        reason_named(str(plan.parameters["reason"])),
        Requester(plan.requester, ActorKind.OPERATOR),
        from_micros(since) if isinstance(since, int) else None,
    )
    return [parse_serial(str(one)) for one in serials], grounds


def _micros(moment: datetime | None) -> int | None:
    return None if moment is None else to_micros(moment)
