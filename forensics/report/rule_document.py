"""Rules of `what`, `when`, `unaltered` and `complete`: the file, its times, its revisions, its record."""

from __future__ import annotations

import json
from datetime import timedelta

from ca.indication import Indication
from evidence.digest import NO_DIGEST, DigestPair
from evidence.event import EventType
from evidence.leaf import Leaf, envelope_digests
from evidence.merkle import leaf_hash
from forensics.report.casefile import Occurrence
from forensics.report.finding import Question, code, text
from forensics.report.rule import NOBODY, Case, Finding, Rule, each, no, passed, unknown, yes
from signing.party import Party
from signing.validity.report import Proof

WHAT, WHEN, UNALTERED, COMPLETE = Question.WHAT, Question.WHEN, Question.UNALTERED, Question.COMPLETE
TOLERANCE = timedelta(minutes=5)
"""Between the log's clock and an authority's: far above their stated uncertainty, far below a session."""


def shown_is_signed(case: Case) -> Finding:
    """The octets shown to each person are a revision of this file, before the one that it signed."""
    if not case.signed:
        return NOBODY
    return each(case, case.present, _shown) or yes("what.seal-only")


def _shown(case: Case, party: Party) -> Finding:
    intents = case.of(EventType.INTENT_CONFIRMED, party=party, ok=True)
    if not intents:
        return unknown("what.no-intent", party=case.label(party))
    shown = intents[-1].inner("shown")
    number = shown.get("revision")
    if not isinstance(number, int) or number >= len(case.file.measured):
        return no("what.no-revision", party=case.label(party))
    if shown.get("digests") != case.file.measured[number].as_json():
        return no("what.other-text", party=case.label(party), revision=text(number))
    return yes("what.same", party=case.label(party), revision=text(number))


def file_is_recorded(case: Case) -> Finding:
    """The file at hand has, up to the end of each revision, the digests that the log recorded."""
    if len(case.file.measured) != len(case.file.revisions):
        return no("what.missing-revisions")
    recorded: dict[int, DigestPair] = {}
    for one in case.occurrences:
        inner = one.inner("revision")
        facts = inner or one.facts
        number, pair = facts.get("revision"), facts.get("digests")
        if isinstance(number, int) and isinstance(pair, dict) and "kind" in facts and "offset" in facts:
            recorded[number] = DigestPair(*(bytes.fromhex(str(pair[name])) for name in ("sha256", "sm3")))
    for number, measured in enumerate(case.file.measured):
        if number not in recorded:
            return unknown("what.not-recorded", revision=text(number))
        if recorded[number] != measured:
            return no("what.differs", revision=text(number))
    return yes("what.recorded", count=text(len(case.file.measured)))


def time_is_proved(case: Case) -> Finding:
    """A timestamp, not the signer's word, bounds each signature in time."""
    if not case.signatures:
        return NOBODY
    claimed = [one for one in case.signatures if one.proved_by is Proof.CLAIM or one.proved_time is None]
    if claimed:
        return unknown("when.claimed", count=text(len(claimed)))
    return yes("when.stamped", count=text(len(case.signatures)))


def time_agrees(case: Case) -> Finding:
    """The stamped time lies by the time at which the log recorded the signature."""
    if not case.signatures:
        return NOBODY
    created = {one.fact("field"): one for one in case.of(EventType.SIGNATURE_CREATED, ok=True)}
    for one in case.signatures:
        event = created.get(one.field)
        if event is None or one.proved_time is None:
            return unknown("when.not-recorded", field=text(one.field))
        if abs(one.proved_time - event.recorded_at) > TOLERANCE:
            return no("when.apart", field=text(one.field))
    return yes("when.agrees", minutes=text(TOLERANCE.seconds // 60))


def authority_is_independent(case: Case) -> Finding:
    """Whether the clock that bounds the signatures is another's than the operator's."""
    if not case.signatures:
        return NOBODY
    return unknown("when.own-authority") if case.institution.own_authority else yes("when.other-authority")


def file_holds(case: Case) -> Finding:
    """Every signature of the file holds, and every change after it is one that it allows."""
    judged = case.file.judged
    if judged is None or not judged.signatures:
        return NOBODY
    if judged.indication is Indication.TOTAL_PASSED:
        return yes("unaltered.holds", count=text(len(judged.signatures)))
    key = "unaltered.broken" if judged.indication is Indication.TOTAL_FAILED else "unaltered.open"
    bad = [one.field for one in judged.signatures if not passed(one)]
    sub = judged.sub_indication
    reason = code("sub", "none" if sub is None else sub.value)
    make = no if judged.indication is Indication.TOTAL_FAILED else unknown
    return make(key, fields=text(", ".join(bad) or "-"), reason=reason)


def chain_is_whole(case: Case) -> Finding:
    """Events are numbered from 0 without a gap, each names the digest of the one before, leaves agree."""
    if not case.occurrences:
        return unknown("complete.empty")
    before = NO_DIGEST
    for place, one in enumerate(case.occurrences):
        broken = _broken(one, place, before)
        if broken:
            return no(broken, seq=text(place))
        before = DigestPair.of(one.recorded.envelope)
    return yes("complete.chained", count=text(len(case.occurrences)))


def _broken(one: Occurrence, place: int, before: DigestPair) -> str:
    event = one.recorded
    if one.seq != place or event.case_seq != place:
        return "complete.gap"
    if json.loads(event.envelope)["prev_case_event_hash"] != before.as_json():
        return "complete.unlinked"
    if (
        envelope_digests(event.leaf) != DigestPair.of(event.envelope)
        or Leaf.parse(event.leaf).case_seq != place
    ):
        return "complete.leaf"
    return "" if leaf_hash(event.leaf) == event.leaf_hash else "complete.leaf"


def log_is_published(case: Case) -> Finding:
    """The case stands in a log whose head others countersigned: nothing can be left out later."""
    log = case.file.log
    if log is None:
        return unknown("complete.unpublished")
    if log.included < len(case.occurrences) or not log.consistent:
        return no("complete.not-included", included=text(log.included), of=text(len(case.occurrences)))
    if len(log.witnesses) < log.quorum:
        return unknown("complete.unwitnessed", witnesses=text(len(log.witnesses)), quorum=text(log.quorum))
    return yes("complete.witnessed", witnesses=text(len(log.witnesses)), size=text(log.size))


def payloads_are_there(case: Case) -> Finding:
    """Personal payloads could be opened; those that were shredded leave commitments only."""
    closed = [one for one in case.occurrences if one.closed]
    if closed:
        return unknown("complete.closed", count=text(len(closed)))
    return yes("complete.opened")


RULES = (
    Rule("WHAT-1", WHAT, "esl-5", shown_is_signed),
    Rule("WHAT-2", WHAT, "esl-8-2", file_is_recorded),
    Rule("WHEN-1", WHEN, "ic-11-2", time_is_proved),
    Rule("WHEN-2", WHEN, "ic-11-2", time_agrees),
    Rule("WHEN-3", WHEN, "ic-11", authority_is_independent, decides=False),
    Rule("SAME-1", UNALTERED, "esl-13-4", file_holds),
    Rule("SAME-2", UNALTERED, "esl-8-2", file_is_recorded),
    Rule("LOG-1", COMPLETE, "ev-93-4", chain_is_whole),
    Rule("LOG-2", COMPLETE, "ev-93-4", log_is_published),
    Rule("LOG-3", COMPLETE, "ev-93-4", payloads_are_there, decides=False),
)
