"""What was out of the ordinary in a case: listed whole, whoever it speaks for or against."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from ca.indication import Indication
from evidence.event import EventType
from forensics.report.casefile import Occurrence
from forensics.report.finding import Anomaly, code, said, text
from forensics.report.rule import Case, passed
from forensics.report.rule_custody import MAX_OFFSET_MS

MAX_LAG = timedelta(seconds=60)  # between an act and its record, in one process or over one message
_PAIRS = (
    (EventType.IDV_REQUEST, EventType.IDV_RESPONSE, "transaction"),
    (EventType.OTP_ISSUED, EventType.OTP_SENT, "challenge"),
    (EventType.SIGN_REQUESTED, EventType.SIGNATURE_CREATED, "field"),
)
"""What is asked and what answers it, by the fact that both carry."""


def anomalies(case: Case) -> tuple[Anomaly, ...]:
    """All of them: of the events in their order, then of the file, then of the whole."""
    found = [*_failures(case), *_gaps(case), *_clocks(case), *_simulated(case), *_file(case)]
    if case.institution.own_authority and case.signatures:
        found.append(Anomaly("own-authority", said("anomaly.own-authority")))
    return tuple(found)


def _failures(case: Case) -> Iterator[Anomaly]:
    for one in case.occurrences:
        if not one.ok:
            yield Anomaly(
                "failed",
                said("anomaly.failed", event=code("event", one.type.name), result=code("result", one.code)),
                one.seq,
            )


def _gaps(case: Case) -> Iterator[Anomaly]:
    for place, one in enumerate(case.occurrences):
        if one.seq != place:
            yield Anomaly("gap", said("anomaly.gap", seq=text(place)), place)
            break
    for asked, answered, name in _PAIRS:
        answers = {one.fact(name) for one in case.of(answered)}
        for one in case.of(asked):
            if one.fact(name) not in answers:
                yield Anomaly(
                    "unanswered", said("anomaly.unanswered", event=code("event", asked.name)), one.seq
                )
    for one in case.occurrences:
        if one.closed:
            yield Anomaly("closed", said("anomaly.closed", event=code("event", one.type.name)), one.seq)


def _clocks(case: Case) -> Iterator[Anomaly]:
    for one in case.occurrences:
        offset = int(str(one.clock["offset_ms"]))
        if abs(offset) > MAX_OFFSET_MS:
            yield Anomaly("clock", said("anomaly.clock", offset=text(offset)), one.seq)
        lag = one.recorded_at - one.occurred_at
        if abs(lag) > MAX_LAG:
            yield Anomaly("lag", said("anomaly.lag", seconds=text(int(lag.total_seconds()))), one.seq)
        claimed, dwell = one.facts.get("claimed_ms"), one.facts.get("dwell_ms")
        if isinstance(claimed, int) and isinstance(dwell, int) and claimed > dwell:
            yield Anomaly("dwell", said("anomaly.dwell", claimed=text(claimed), seen=text(dwell)), one.seq)


def _simulated(case: Case) -> Iterator[Anomaly]:
    named: dict[str, Occurrence] = {}
    for one in case.occurrences:
        if one.facts.get("simulated") is True:
            who = one.fact("provider") or one.fact("gateway")
            if who:
                named.setdefault(who, one)
    for who, one in named.items():
        yield Anomaly("simulated", said("anomaly.simulated", provider=text(who)), one.seq)


def _file(case: Case) -> Iterator[Anomaly]:
    judged = case.file.judged
    for note in case.contract.notes:
        yield Anomaly("note", said("anomaly.note", note=text(note)))
    if judged is None:
        return
    for one in judged.signatures:
        if not passed(one):
            sub = "none" if one.sub_indication is None else one.sub_indication.value
            yield Anomaly(
                "signature", said("anomaly.signature", field=text(one.field), reason=code("sub", sub))
            )
    for attack in judged.attacks:
        yield Anomaly("attack", said("anomaly.attack", attack=code("attack", attack.attack.value)))
    if judged.indication is not Indication.TOTAL_PASSED and judged.signatures:
        yield Anomaly("file", said("anomaly.file", result=code("indication", judged.indication.value)))
