"""Sections 6 to 10: identity, notice and consent, intent, the timeline, devices and networks."""

from __future__ import annotations

import json
from collections.abc import Sequence

from evidence.event import EventType
from forensics.report.casefile import Occurrence
from forensics.report.finding import (
    Block,
    Facts,
    Figure,
    Item,
    Note,
    Section,
    Table,
    absent,
    code,
    digits,
    lines,
    moment,
    said,
    text,
)
from forensics.report.rule import Case
from forensics.report.veil import Veil
from signing.party import Party

NOTICES = (EventType.NOTICE_RENDERED, EventType.CONSENT_GIVEN, EventType.CONSENT_WITHDRAWN)
VIEWS = (EventType.DOC_SENT_TO_SIGNER, EventType.DOC_VIEW_STARTED, EventType.DOC_VIEW_ENDED)
CODES = (
    EventType.OTP_ISSUED,
    EventType.OTP_SENT,
    EventType.OTP_VERIFIED,
    EventType.OTP_FAILED,
    EventType.OTP_EXPIRED,
    EventType.OTP_LOCKED,
)
NET = ("ip", "port", "device")


def identities(case: Case, veil: Veil) -> Section:
    """6: who the parties are, and what was asked of whom about it."""
    blocks: list[Block] = []
    for party in case.contract.parties:
        own, signer = party.particulars, party.signer
        rows: list[tuple[str, Item]] = [
            ("party", case.label(party)),
            ("name", veil.name(own, party.kind)),
            ("id-number", veil.number(own, party.kind)),
            ("mobile", veil.mobile(signer)),
            ("pseudonym", digits(party.pseudonym)),
            ("party-state", code("party-state", party.state.value)),
            ("demanded", _demanded(party)),
        ]
        if party.agent is not None:
            rows.insert(3, ("agent", veil.words(signer.name)))
            rows.insert(4, ("power", text(party.agent.power.reference)))
        blocks.append(Facts(tuple(rows)))
    kinds = (EventType.IDV_REQUEST, EventType.IDV_RESPONSE, EventType.IDV_CONCLUDED)
    asked = tuple(_enquiry(case, one) for one in case.of(*kinds))
    columns = ("event-seq", "party", "event", "provider", "transaction", "result", "digest")
    blocks.append(_or(Table("enquiries", columns, asked, (1, 3, 2, 2, 4, 3, 4)), "no-enquiry"))
    blocks.append(Note(said("identity-how")))
    return Section(6, tuple(blocks))


def _demanded(party: Party) -> Item:
    if not party.profile.identity:
        return said("demanded-seal")
    return lines(*(_way(sorted(method.value for method in way)) for way in party.profile.identity))


def _way(methods: Sequence[str]) -> Item:
    """Methods that are asked for together."""
    first, *others = (code("method", one) for one in methods)
    return first if not others else said("together", first=first, second=lines(*others))


def _enquiry(case: Case, one: Occurrence) -> tuple[Item, ...]:
    response = one.inner("response").get("sha256")
    provider = one.fact("provider")
    simulated = one.facts.get("simulated") is True
    made = said("simulated-by", provider=text(provider)) if simulated and provider else text(provider)
    return (
        text(one.seq),
        _whose(case, one),
        code("event", one.type.name),
        made if provider else absent("see-above"),
        text(one.fact("transaction")) if one.fact("transaction") else absent("see-above"),
        _result(one),
        digits(str(response)) if response else absent("none-here"),
    )


def _result(one: Occurrence) -> Item:
    if one.fact("verdict"):
        return code("verdict", one.fact("verdict"))
    if one.fact("assurance"):
        return code("assurance", one.fact("assurance"))
    return code("result", one.code)


def _whose(case: Case, one: Occurrence) -> Item:
    for party in case.contract.parties:
        if party.party_id == one.party:
            return case.label(party)
    return code("actor", one.actor["kind"])


def notices(case: Case) -> Section:
    """7: what was put before whom, how long, and what was consented to."""
    texts = tuple(
        (
            text(one.seq),
            _whose(case, one),
            code("event", one.type.name),
            text(one.fact("text")),
            code("scope-of", one.fact("scope")) if one.fact("scope") == "e-signature" else _scope(one),
            moment(one.occurred_at),
            digits(one.fact("text_sha256")),
        )
        for one in case.of(*NOTICES)
    )
    views = tuple(
        (
            text(one.seq),
            _whose(case, one),
            code("event", one.type.name),
            text(one.fact("revision")),
            text(f"{one.fact('dwell_ms')} ms") if one.fact("dwell_ms") else absent("none-here"),
            _scrolled(one),
            moment(one.occurred_at),
        )
        for one in case.of(*VIEWS)
    )
    first = ("event-seq", "party", "event", "text", "consent-scope", "time", "sha256")
    second = ("event-seq", "party", "event", "revision", "dwell", "scrolled", "time")
    return Section(
        7,
        (
            _or(Table("texts", first, texts, (1, 3, 2, 3, 2, 3, 4)), "no-notice"),
            _or(Table("views", second, views, (1, 3, 3, 1, 2, 2, 3)), "no-view"),
            Note(said("notice-how")),
        ),
    )


def _scope(one: Occurrence) -> Item:
    return text(one.fact("scope")) if one.fact("scope") else absent("none-here")


def _scrolled(one: Occurrence) -> Item:
    value = one.facts.get("scrolled_to_end")
    return absent("none-here") if value is None else code("bool", str(value).lower())


def intents(case: Case, veil: Veil) -> Section:
    """8: the statements that were confirmed, word by word, and the codes that confirmed them."""
    blocks: list[Block] = []
    for one in case.of(EventType.INTENT_CONFIRMED):
        shown = one.inner("shown").get("digests")
        statement = one.inner("statement")
        rows: list[tuple[str, Item]] = [
            ("party", _whose(case, one)),
            ("event-seq", text(one.seq)),
            ("confirmed-at", moment(one.occurred_at)),
            ("factors", lines(*(code("factor", str(n)) for n in _list(one.facts.get("factors"))))),
            ("statement-sha256", digits(str(statement.get("sha256", "")))),
            ("statement-sm3", digits(str(statement.get("sm3", "")))),
            (
                "shown-sha256",
                digits(str(shown["sha256"])) if isinstance(shown, dict) else absent("none-here"),
            ),
            ("statement", _statement(one, veil, "zh_cn")),
            ("statement-english", _statement(one, veil, "en")),
        ]
        blocks.append(Facts(tuple(rows)))
    if not blocks:
        blocks.append(Note(absent("no-intent")))
    codes = tuple(_code(case, one) for one in case.of(*CODES))
    columns = ("event-seq", "party", "event", "time", "target", "gateway", "result")
    blocks.append(_or(Table("codes", columns, codes, (1, 3, 3, 3, 2, 3, 3)), "no-code"))
    blocks.append(Note(said("intent-how")))
    return Section(8, tuple(blocks))


def _statement(one: Occurrence, veil: Veil, language: str) -> Item:
    if one.closed:
        return absent("payload-closed")
    try:
        told = json.loads(str(one.personal.get("statement", "")))["text"][language]
    except (ValueError, KeyError, TypeError):
        return absent("not-recorded")
    return veil.words(str(told))


def _code(case: Case, one: Occurrence) -> tuple[Item, ...]:
    gateway = one.fact("gateway")
    simulated = one.facts.get("simulated") is True
    target = one.personal.get("target")
    return (
        text(one.seq),
        _whose(case, one),
        code("event", one.type.name),
        moment(one.occurred_at),
        text(target) if isinstance(target, str) else absent("none-here"),
        (said("simulated-by", provider=text(gateway)) if simulated else text(gateway))
        if gateway
        else absent("none-here"),
        code("result", one.code),
    )


def timeline(case: Case) -> Section:
    """9: every event of the case, failures among them."""
    rows = tuple(
        (
            text(one.seq),
            moment(one.occurred_at),
            code("event", one.type.name),
            _whose(case, one),
            code("result", one.code),
            text(f"{one.recorded.log} #{one.recorded.index}"),
            digits(one.recorded.leaf_hash.sha256.hex()),
        )
        for one in case.occurrences
    )
    drawn = tuple(
        (text(one.seq), moment(one.occurred_at), code("event", one.type.name), _whose(case, one))
        for one in case.occurrences
        if one.type in MILESTONES or not one.ok
    )
    columns = ("event-seq", "time", "event", "party", "result", "log-index", "leaf")
    return Section(
        9,
        (
            Figure("timeline", drawn) if drawn else Note(absent("no-events")),
            _or(Table("events", columns, rows, (1, 3, 3, 3, 2, 2, 4)), "no-events"),
            Note(said("timeline-how")),
        ),
    )


MILESTONES = frozenset(
    {
        EventType.CONTRACT_GENERATED,
        EventType.SESSION_STARTED,
        EventType.DOC_VIEW_ENDED,
        EventType.CONSENT_GIVEN,
        EventType.IDV_CONCLUDED,
        EventType.OTP_VERIFIED,
        EventType.INTENT_CONFIRMED,
        EventType.CERT_ISSUED,
        EventType.SEAL_APPLIED,
        EventType.SIGNATURE_CREATED,
        EventType.KEY_DESTROYED,
        EventType.LTA_EXTENDED,
        EventType.CONTRACT_COMPLETED,
        EventType.CONTRACT_EXPIRED,
        EventType.CONTRACT_CANCELLED,
        EventType.SIGN_REJECTED,
        EventType.PARTY_REPLACED,
    }
)
"""What the drawing shows; the table has all."""


def devices(case: Case, veil: Veil) -> Section:
    """10: whence acts came, as far as it was recorded."""
    found = []
    for one in case.occurrences:
        net = one.personal.get("net")
        if isinstance(net, dict) or one.channel:
            where = net if isinstance(net, dict) else {}
            app = ", ".join(f"{name}={value}" for name, value in sorted(one.channel.items()))
            found.append(
                (
                    text(one.seq),
                    _whose(case, one),
                    code("event", one.type.name),
                    text(app) if app else absent("not-recorded"),
                    *(veil.net(where, name) for name in NET),
                )
            )
    columns = ("event-seq", "party", "event", "app", "ip", "port", "device")
    return Section(
        10,
        (
            _or(Table("devices", columns, tuple(found), (1, 3, 3, 4, 3, 2, 3)), "no-device"),
            Note(said("device-how")),
        ),
    )


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()


def _or(table: Table, otherwise: str) -> Block:
    return table if table.rows else Note(absent(otherwise))
