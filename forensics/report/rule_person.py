"""Rules of `who` and `willing`: identity, certificate, consent, reading, intent, refusal."""

from __future__ import annotations

from cryptography.x509.oid import NameOID

from evidence.event import EventType
from forensics.report.finding import Question, code, moment, text
from forensics.report.rule import NOBODY, Case, Finding, Rule, each, no, unknown, yes
from signing.party import Party, PartyState

WHO, WILLING = Question.WHO, Question.WILLING


def identity_concluded(case: Case) -> Finding:
    """Every person who signed was identified before, and the identity was still fresh."""
    if not case.signed:
        return NOBODY
    return each(case, case.signed, _identity) or NOBODY


def _identity(case: Case, party: Party) -> Finding:
    if party.silent:
        applied = case.of(EventType.SEAL_APPLIED, party=party, ok=True)
        if not applied or not applied[0].fact("authorisation"):
            return no("who.seal-unauthorised", party=case.label(party))
        return yes("who.seal-authorised", authorisation=text(applied[0].fact("authorisation")))
    at = case.signed_at(party)
    done = case.of(EventType.IDV_CONCLUDED, party=party, ok=True)
    before = [one for one in done if at is None or one.occurred_at <= at]
    if not before:
        return no("who.not-identified", party=case.label(party))
    newest = before[-1]
    return yes(
        "who.identified",
        party=case.label(party),
        assurance=code("assurance", newest.fact("assurance")),
        at=moment(newest.occurred_at),
    )


def source_is_real(case: Case) -> Finding:
    """No identity rests on a simulator: a simulated answer proves nothing about a person."""
    if not case.signed:
        return NOBODY
    concluded = case.of(EventType.IDV_CONCLUDED, ok=True)
    pretended = [one for one in concluded if one.facts.get("simulated") is True]
    if pretended:
        return unknown("who.simulated", count=text(len(pretended)))
    return yes("who.real")


def certificate_names_signer(case: Case) -> Finding:
    """The certificate of each signature carries the keyed pseudonym of the party whose field it is."""
    if not case.signatures:
        return NOBODY
    for one in case.signatures:
        party = case.party_of(one.field)
        if one.signer is None:
            return unknown("who.no-certificate", field=text(one.field))
        if party is None:
            return unknown("who.foreign-field", field=text(one.field))
        if party.silent:
            continue
        numbers = one.signer.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)
        if party.pseudonym not in {str(number.value) for number in numbers}:
            return no("who.other-certificate", field=text(one.field), party=case.label(party))
    return yes("who.certificate", count=text(len(case.signatures)))


def consented(case: Case) -> Finding:
    """Each person agreed to sign electronically before it signed."""
    if not case.signed:
        return NOBODY
    return each(case, case.present, _consent) or yes("willing.seal-only")


def _consent(case: Case, party: Party) -> Finding:
    at = case.signed_at(party)
    for one in case.of(EventType.CONSENT_GIVEN, party=party, ok=True):
        if one.fact("scope") == "e-signature" and (at is None or one.occurred_at <= at):
            return yes("willing.consented", party=case.label(party), text=text(one.fact("text")))
    return no("willing.no-consent", party=case.label(party))


def read_before(case: Case) -> Finding:
    """The document lay before each person, to its end where its profile asks for that, before the intent."""
    if not case.signed:
        return NOBODY
    return each(case, case.present, _read) or yes("willing.seal-only")


def _read(case: Case, party: Party) -> Finding:
    views = case.of(EventType.DOC_VIEW_ENDED, party=party, ok=True)
    if not views:
        return no("willing.not-read", party=case.label(party))
    newest = views[-1]
    if party.profile.must_scroll and newest.facts.get("scrolled_to_end") is not True:
        return no("willing.not-scrolled", party=case.label(party))
    return yes("willing.read", party=case.label(party), dwell=text(newest.fact("dwell_ms")))


def intent_confirmed(case: Case) -> Finding:
    """Each person confirmed its intent before it signed, by the factors that its profile asks for."""
    if not case.signed:
        return NOBODY
    return each(case, case.present, _intent) or yes("willing.seal-only")


def _intent(case: Case, party: Party) -> Finding:
    at = case.signed_at(party)
    found = [
        one
        for one in case.of(EventType.INTENT_CONFIRMED, party=party, ok=True)
        if at is None or one.occurred_at <= at
    ]
    if not found:
        return no("willing.no-intent", party=case.label(party))
    if party.profile.one_time_code and not case.of(EventType.OTP_VERIFIED, party=party, ok=True):
        return no("willing.no-code", party=case.label(party))
    return yes("willing.confirmed", party=case.label(party), at=moment(found[-1].occurred_at))


def code_really_sent(case: Case) -> Finding:
    """No one-time code went by a simulated gateway: then nobody can have received it on a telephone."""
    if not case.signed:
        return NOBODY
    sent = case.of(EventType.OTP_SENT, ok=True)
    pretended = [one for one in sent if one.facts.get("simulated") is True]
    if pretended:
        return unknown("willing.simulated", count=text(len(pretended)))
    return yes("willing.code-sent", count=text(len(sent)))


def nobody_declined(case: Case) -> Finding:
    """Nobody refused to sign."""
    for party in case.parties:
        if party.state is PartyState.DECLINED:
            return no("willing.declined", party=case.label(party))
    missing = [one for one in case.parties if one.state is not PartyState.SIGNED]
    if missing:
        return unknown("willing.missing", signed=text(len(case.signed)), of=text(len(case.parties)))
    return yes("willing.all", count=text(len(case.parties)))


RULES = (
    Rule("WHO-1", WHO, "esl-8-3", identity_concluded),
    Rule("WHO-2", WHO, "esl-8-3", source_is_real),
    Rule("WHO-3", WHO, "esl-13-1", certificate_names_signer),
    Rule("WILL-1", WILLING, "esl-3", consented),
    Rule("WILL-2", WILLING, "cc-496", read_before),
    Rule("WILL-3", WILLING, "esl-13-2", intent_confirmed),
    Rule("WILL-4", WILLING, "esl-13-2", code_really_sent),
    Rule("WILL-5", WILLING, "cc-469", nobody_declined),
)
