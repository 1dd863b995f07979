"""Rules that decide no question but answer an item of the law: keys, environment, custody, interest."""

from __future__ import annotations

from ca.serial import SerialNumber, serial_text
from evidence.event import EventType
from forensics.report.finding import moment, text
from forensics.report.rule import NOBODY, Case, Finding, Rule, no, unknown, yes

MAX_OFFSET_MS = 1_000  # of the recording clock: a second is far below what any step of a signing takes


def key_is_exclusive(case: Case) -> Finding:
    """Keys of persons were made for the one act and certified to it alone."""
    if not case.present:
        return NOBODY
    made = case.of(EventType.CERT_ISSUED, ok=True)
    once = [one for one in made if one.fact("one_time_key")]
    if len(once) < len(case.present):
        return unknown("key.not-recorded")
    return yes("key.exclusive", count=text(len(once)))


def key_is_destroyed(case: Case) -> Finding:
    """And destroyed after it, so that nobody could sign with them again."""
    if not case.present:
        return NOBODY
    gone = case.of(EventType.KEY_DESTROYED, ok=True)
    if len(gone) < len(case.present):
        return no("key.not-destroyed", count=text(len(gone)), of=text(len(case.present)))
    return yes("key.destroyed", count=text(len(gone)))


def key_is_controlled(case: Case) -> Finding:
    """Made on the operator's side in memory: control by the signer rests on identity and code, so said."""
    return unknown("key.cloud") if case.present else NOBODY


def environment_is_known(case: Case) -> Finding:
    """Which system and build recorded the events."""
    builds = sorted({f"{one.source['system']} {one.source['build']}" for one in case.occurrences})
    return yes("env.build", builds=text(", ".join(builds))) if builds else unknown("complete.empty")


def clock_was_right(case: Case) -> Finding:
    """The recording clock was within a second of its reference."""
    offsets = [abs(int(str(one.clock["offset_ms"]))) for one in case.occurrences]
    if not offsets:
        return unknown("complete.empty")
    if max(offsets) > MAX_OFFSET_MS:
        return no("env.clock-off", offset=text(max(offsets)))
    sources = sorted({str(one.clock["source"]) for one in case.occurrences})
    if sources == ["host"]:
        return unknown("env.clock-host")
    return yes("env.clock", offset=text(max(offsets)), source=text(", ".join(sources)))


def system_was_checked(case: Case) -> Finding:
    """Self-checks recorded around the case."""
    checks = [one for one in case.system if one.type in (EventType.SELF_CHECK, EventType.CLOCK_SAMPLED)]
    failed = [one for one in checks if not one.ok]
    if failed:
        return no("env.check-failed", count=text(len(failed)))
    return yes("env.checked", count=text(len(checks))) if checks else unknown("env.not-checked")


def formed_in_business(case: Case) -> Finding:
    """Recorded as it happened: how long after each act its event stood in the log."""
    lags = [(one.recorded_at - one.occurred_at).total_seconds() for one in case.occurrences]
    if not lags:
        return unknown("complete.empty")
    return yes("custody.business", lag=text(int(max(lags) * 1_000)))


def custodian_is_neutral(case: Case) -> Finding:
    """Whether the institution is a party to the contract, or belongs to one."""
    codes = {one.particulars.id_number for one in case.contract.parties}
    interest = case.institution.party_codes | {case.institution.credit_code}
    return no("custody.interest") if codes & interest else yes("custody.neutral")


def conduct_was_agreed(case: Case) -> Finding:
    """Whether the parties agreed how data are kept and extracted."""
    given = case.of(EventType.CONSENT_GIVEN, ok=True)
    return unknown("custody.agreement", count=text(len(given)))


def notary_took_part(_: Case) -> Finding:
    """No notary took part."""
    return unknown("custody.no-notary")


def kept_as_archive(_: Case) -> Finding:
    """Kept as the product keeps records; whether that is an archive's way is the operator's to show."""
    return unknown("custody.archive")


def not_a_blockchain(_: Case) -> Finding:
    """The log is a tree of digests under signed heads, not what is usually called a blockchain."""
    return unknown("custody.no-chain")


def extraction_repeats(case: Case) -> Finding:
    """The same case file gives the same report, octet for octet."""
    return yes("custody.repeats", at=moment(case.commission.issued_at))


def fulfilment_known(_: Case) -> Finding:
    """The product records no payments."""
    return unknown("custody.no-performance")


def changes_show(case: Case) -> Finding:
    """Signatures cover the whole file up to their own end."""
    if not case.signatures:
        return NOBODY
    part = [one.field for one in case.signatures if not one.covers_whole_revision]
    if part:
        return no("key.part", fields=text(", ".join(part)))
    serials = [serial_text(SerialNumber(one.signer.serial)) for one in case.signatures if one.signer]
    return yes("key.covers", count=text(len(serials)))


RULES = (
    Rule("KEY-1", None, "esl-13-1", key_is_exclusive, decides=False),
    Rule("KEY-2", None, "esl-13-2", key_is_destroyed, decides=False),
    Rule("KEY-3", None, "esl-13-2", key_is_controlled, decides=False),
    Rule("KEY-4", None, "esl-13-3", changes_show, decides=False),
    Rule("ENV-1", None, "ev-93-1", environment_is_known, decides=False),
    Rule("ENV-2", None, "ev-93-2", clock_was_right, decides=False),
    Rule("ENV-3", None, "ev-93-3", system_was_checked, decides=False),
    Rule("CUST-1", None, "ev-93-5", formed_in_business, decides=False),
    Rule("CUST-2", None, "ev-94-2", custodian_is_neutral, decides=False),
    Rule("CUST-3", None, "ev-94-5", conduct_was_agreed, decides=False),
    Rule("CUST-4", None, "ev-94", notary_took_part, decides=False),
    Rule("CUST-5", None, "ev-94-4", kept_as_archive, decides=False),
    Rule("CUST-6", None, "ol-16", not_a_blockchain, decides=False),
    Rule("CUST-7", None, "ic-11-4", extraction_repeats, decides=False),
    Rule("CUST-8", None, "ol-18", fulfilment_known, decides=False),
)
