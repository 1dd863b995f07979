"""The ceremony: hierarchies out of one file, all or nothing, with a transcript that its witnesses sign."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ca.approval import check_administrator
from ca.ceremonyplan import WITNESSES, Ceremony, SuiteEntry
from ca.certify import Certifier, operator_requester
from ca.errors import Refused, RequestInvalid
from ca.hierarchy import AuthorityPlan, UnitPlan, create_authority, create_delegate, responder_subject
from ca.order import Issued
from ca.ports import CaUnit, Units
from ca.profile import parse_profile, shipped_profiles
from ca.registry import AuthorityId, AuthorityRole, authority_id
from ca.serial import serial_text
from ca.transcript import Transcript, Witness, sign_transcript
from evidence.canonical import JSON
from evidence.clock import Clock, rfc3339
from evidence.digest import DigestPair
from evidence.event import CaseId, Draft, EventType
from keys.key import KeyPurpose, KeyRecord


def run_ceremony(
    units: Units, certifier: Certifier, clock: Clock, ceremony: Ceremony, witnesses: Sequence[Witness]
) -> Transcript:
    """Make every key and certificate of `ceremony`, in one transaction, and the signed transcript.

    The witnesses are the ceremony's administrators, each with a key of their own: at least two. They
    sign before the transaction commits, so that no hierarchy exists without its transcript. Raises
    `Refused` when an authority of it exists already, `RequestInvalid` for other witnesses than the
    file names, and what making keys and certificates raises; then nothing of it was kept, but keys
    on a token, which no record names.
    """
    _check_witnesses(ceremony, witnesses)
    started = clock.now()
    operator = witnesses[0].name
    with units() as unit:
        _check_new(unit, ceremony)
        _admit(unit, witnesses, started)
        _activate_profiles(unit, started, operator)
        run = _Run(certifier, unit, ceremony, operator, started)
        for entry in ceremony.suites:
            run.suite(entry)
        document: dict[str, JSON] = {
            "administrators": [{"name": one.name, "public_key": one.public.spki.hex()} for one in witnesses],
            "certificates": run.certificates,
            "ended_at": rfc3339(clock.now()),
            "plan": ceremony.data.decode(),
            "plan_hash": ceremony.plan_hash,
            "started_at": rfc3339(started),
        }
        transcript = sign_transcript(document, witnesses)
        facts: dict[str, JSON] = {
            "administrators": [one.name for one in witnesses],
            "certificates": len(run.certificates),
            "ceremony": ceremony.name,
            "plan_hash": ceremony.plan_hash,
            "transcript": DigestPair.of(transcript.data).as_json(),
        }
        case = CaseId(f"ceremony/{ceremony.plan_hash}")
        actor = operator_requester(operator).actor
        unit.log.append([Draft(EventType.KEY_CEREMONY, case, actor, clock.now(), facts)])
    return transcript


class _Run:
    def __init__(
        self, certifier: Certifier, unit: CaUnit, ceremony: Ceremony, operator: str, at: datetime
    ) -> None:
        self._certifier = certifier
        self._unit = unit
        self._ceremony = ceremony
        self._operator = operator
        self._at = at
        self.certificates: list[JSON] = []

    def suite(self, entry: SuiteEntry) -> None:
        for one in entry.authorities:
            plan = AuthorityPlan(
                entry.suite,
                one.role,
                self._ceremony.subject_of(one.name),
                one.algorithm or entry.algorithm,
                one.custody or entry.custody,
                one.validity,
            )
            authority, issued = create_authority(self._certifier, self._unit, plan, self._operator, self._at)
            self._note(issued, self._unit.keys.get(authority.key_id), plan.authority_id)
        if (wanted := entry.responders) is not None:
            for one in entry.authorities:
                subject = responder_subject(self._ceremony.subject_of(one.name))
                custody = wanted.custody or one.custody or entry.custody
                algorithm = one.algorithm or entry.algorithm
                place = authority_id(entry.suite, one.role)
                self._delegate(UnitPlan(place, subject, algorithm, custody, wanted.validity), KeyPurpose.OCSP)
        if (stamping := entry.timestamp_unit) is not None:
            self._delegate(
                UnitPlan(
                    authority_id(entry.suite, AuthorityRole.TIMESTAMP),
                    self._ceremony.subject_of(stamping.name),
                    stamping.algorithm or entry.algorithm,
                    stamping.custody or entry.custody,
                    stamping.validity,
                ),
                KeyPurpose.TIMESTAMP,
            )

    def _delegate(self, plan: UnitPlan, purpose: KeyPurpose) -> None:
        key, issued = create_delegate(self._certifier, self._unit, plan, purpose, self._operator, self._at)
        self._note(issued, key, plan.authority_id)

    def _note(self, issued: Issued, key: KeyRecord, authority: AuthorityId) -> None:
        self.certificates.append(
            {
                "authority": authority,
                "custody": key.custody,
                "digest": DigestPair.of(issued.data).as_json(),
                "key_id": key.key_id,
                "not_after": rfc3339(issued.not_after),
                "not_before": rfc3339(issued.not_before),
                "profile": issued.profile,
                "profile_hash": issued.profile_hash,
                "public_key": key.public.fingerprint,
                "serial": serial_text(issued.serial),
            }
        )


def _check_witnesses(ceremony: Ceremony, witnesses: Sequence[Witness]) -> None:
    names = [one.name for one in witnesses]
    if len(names) < WITNESSES or sorted(names) != sorted(ceremony.administrators):
        raise RequestInvalid("administrators", f"must be {', '.join(ceremony.administrators)}, each once")
    if len({one.public.fingerprint for one in witnesses}) != len(witnesses):
        raise RequestInvalid("administrators", "must each have a key of their own")
    for one in witnesses:
        check_administrator(one.name, one.public.spki)


def _check_new(unit: CaUnit, ceremony: Ceremony) -> None:
    there = {one.authority_id for one in unit.authorities.list()}
    for entry in ceremony.suites:
        for one in entry.authorities:
            wanted = authority_id(entry.suite, one.role)
            if wanted in there:
                raise Refused("ceremony", f"{wanted} exists: this ceremony was held, or one like it")


def _admit(unit: CaUnit, witnesses: Sequence[Witness], at: datetime) -> None:
    """The first ceremony's witnesses become the administrators; later ones' must be administrators."""
    known = unit.approvals.administrators()
    for one in witnesses:
        if known and known.get(one.name) != one.public.spki:
            raise Refused("administrators", f"{one.name} is no administrator with this key")
        if not known:
            unit.approvals.add_administrator(one.name, one.public.spki, at)


def _activate_profiles(unit: CaUnit, at: datetime, operator: str) -> None:
    active = unit.profiles.active()
    new = [parse_profile(data) for name, data in shipped_profiles().items() if name not in active]
    for profile in new:
        unit.profiles.activate(profile.name, profile.profile_hash, profile.data, at)
    if new:
        facts: dict[str, JSON] = {"profiles": {one.name: one.profile_hash for one in new}}
        actor = operator_requester(operator).actor
        unit.log.append([Draft(EventType.CONFIG_CHANGED, CaseId("profiles"), actor, at, facts)])
