"""Rules of the report over events made by hand: each answer has a record that brings it about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from evidence.digest import DigestPair
from evidence.event import Draft, EventType
from forensics.errors import ReportInvalid
from forensics.report import rule_custody, rule_document, rule_person
from forensics.report.anomaly import anomalies
from forensics.report.casefile import LogStanding
from forensics.report.finding import Answer
from forensics.report.findings import RULES, draw_findings
from forensics.report.rule import Check
from signing.party import PartyState
from tests.support.report_case import commission, institution
from tests.support.report_events import act, case_of, chain, contract
from tests.support.signing_contract import member

KIND = EventType
CONCLUDED = act(KIND.IDV_CONCLUDED, assurance="substantial", simulated=False)
SIMULATED = act(KIND.IDV_CONCLUDED, assurance="substantial", simulated=True)
CONSENT = act(KIND.CONSENT_GIVEN, scope="e-signature", text="e-signature@1")
READ = act(KIND.DOC_VIEW_ENDED, dwell_ms=9, scrolled_to_end=True)
HALF = act(KIND.DOC_VIEW_ENDED, dwell_ms=9, scrolled_to_end=False)
VERIFIED = act(KIND.OTP_VERIFIED)
SENT = act(KIND.OTP_SENT, gateway="sms", simulated=False, challenge="c")
PRETENDED = act(KIND.OTP_SENT, gateway="sms", simulated=True, challenge="c")
INTENT = act(KIND.INTENT_CONFIRMED)
ASKED = act(KIND.SIGN_REQUESTED, field="f")
ISSUED = act(KIND.CERT_ISSUED, one_time_key="k")
GONE = act(KIND.KEY_DESTROYED)

YES, NO, UNKNOWN = Answer.YES, Answer.NO, Answer.UNKNOWN


@pytest.mark.parametrize(
    ("check", "events", "answer"),
    [
        (rule_person.identity_concluded, [CONCLUDED, ASKED], YES),
        (rule_person.identity_concluded, [ASKED, CONCLUDED], NO),
        (rule_person.identity_concluded, [ASKED], NO),
        (rule_person.source_is_real, [CONCLUDED], YES),
        (rule_person.source_is_real, [SIMULATED], UNKNOWN),
        (rule_person.consented, [CONSENT, ASKED], YES),
        (rule_person.consented, [ASKED, CONSENT], NO),
        (rule_person.read_before, [READ], YES),
        (rule_person.read_before, [HALF], NO),
        (rule_person.read_before, [], NO),
        (rule_person.intent_confirmed, [VERIFIED, INTENT, ASKED], YES),
        (rule_person.intent_confirmed, [INTENT, ASKED], NO),
        (rule_person.intent_confirmed, [VERIFIED, ASKED, INTENT], NO),
        (rule_person.code_really_sent, [SENT], YES),
        (rule_person.code_really_sent, [PRETENDED], UNKNOWN),
        (rule_person.certificate_names_signer, [], UNKNOWN),
        (rule_document.chain_is_whole, [CONSENT, READ], YES),
        (rule_document.chain_is_whole, [], UNKNOWN),
        (rule_document.log_is_published, [CONSENT], UNKNOWN),
        (rule_document.payloads_are_there, [CONSENT], YES),
        (rule_custody.key_is_exclusive, [ISSUED], YES),
        (rule_custody.key_is_exclusive, [], UNKNOWN),
        (rule_custody.key_is_destroyed, [GONE], YES),
        (rule_custody.key_is_destroyed, [], NO),
        (rule_custody.environment_is_known, [CONSENT], YES),
        (rule_custody.system_was_checked, [], UNKNOWN),
    ],
)
def test_a_rule_answers_by_the_record(check: Check, events: Sequence[Draft], answer: Answer) -> None:
    assert check(case_of(chain(events))).answer is answer


@pytest.mark.parametrize(
    ("states", "answer"),
    [
        ([PartyState.SIGNED, PartyState.SIGNED], YES),
        ([PartyState.SIGNED, PartyState.INVITED], UNKNOWN),
        ([PartyState.SIGNED, PartyState.DECLINED], NO),
    ],
)
def test_willing_needs_everybody(states: list[PartyState], answer: Answer) -> None:
    parties = [member(number, state) for number, state in enumerate(states)]
    assert rule_person.nobody_declined(case_of((), contract(*parties))).answer is answer


def test_nothing_is_said_of_a_contract_that_nobody_signed() -> None:
    case = case_of(chain([CONSENT]), contract(member(state=PartyState.INVITED)))
    assert rule_person.identity_concluded(case).answer is UNKNOWN


def test_dropped_swapped_and_changed_events_break_the_chain() -> None:
    events = chain([CONSENT, READ, INTENT])
    changed = replace(events[1], envelope=events[1].envelope.replace(b'"dwell_ms":9', b'"dwell_ms":8'))
    leafless = replace(events[1], leaf_hash=DigestPair.of(b""))
    for broken in (
        (events[0], events[2]),
        (events[1], events[0], events[2]),
        events[1:],
        (events[0], changed, events[2]),
        (events[0], leafless, events[2]),
        (events[0], events[0], events[1]),
    ):
        assert rule_document.chain_is_whole(case_of(broken)).answer is NO


@pytest.mark.parametrize(
    ("witnesses", "included", "consistent", "answer"),
    [
        (("a", "b"), 1, True, YES),
        (("a",), 1, True, UNKNOWN),
        (("a", "b"), 0, True, NO),
        (("a", "b"), 1, False, NO),
    ],
)
def test_a_published_log_counts_by_its_witnesses(
    witnesses: tuple[str, ...],
    included: int,
    consistent: bool,  # noqa: FBT001  (a case of the table)
    answer: Answer,
) -> None:
    pair = DigestPair.of(b"")
    log = LogStanding("xinqian", 9, pair, "note", witnesses, 2, included, consistent)
    assert rule_document.log_is_published(case_of(chain([CONSENT]), log=log)).answer is answer


def test_a_file_without_its_recorded_digests_is_no_proof() -> None:
    pair = DigestPair.of(b"one")
    made = act(KIND.DOCUMENT_PREPARED, digests=pair.as_json(), kind="prepared", offset=0, revision=0)
    for measured, answer in ((pair, YES), (DigestPair.of(b"other"), NO)):
        case = case_of(chain([made]))
        case.file = replace(case.file, measured=(measured,), revisions=(None,))  # type: ignore[arg-type]
        assert rule_document.file_is_recorded(case).answer is answer


def test_a_clock_that_is_off_and_a_late_record_are_told() -> None:
    off = case_of(chain([CONSENT], offset_ms=5_000, lag=timedelta(minutes=5)))
    assert rule_custody.clock_was_right(off).answer is NO
    assert {one.kind for one in anomalies(off)} == {"clock", "lag"}


def test_failures_gaps_and_simulators_are_anomalies() -> None:
    refused = act(KIND.IDV_RESPONSE, code="identity-refused", transaction="t", provider="bureau")
    asked = act(KIND.IDV_REQUEST, transaction="u", provider="bureau", simulated=True)
    claimed = act(KIND.DOC_VIEW_ENDED, claimed_ms=9_000, dwell_ms=1)
    events = chain([refused, asked, claimed, ASKED])
    kinds = [one.kind for one in anomalies(case_of((events[0], *events[2:])))]
    assert kinds.count("failed") == 1
    assert "gap" in kinds
    assert "dwell" in kinds
    assert "simulated" in [one.kind for one in anomalies(case_of(events))]
    assert [one.kind for one in anomalies(case_of(events))].count("unanswered") == 2


def test_an_institution_that_is_a_party_says_so() -> None:
    case = case_of(())
    own = institution(credit_code=case.contract.parties[0].particulars.id_number)
    case.institution = own
    assert rule_custody.custodian_is_neutral(case).answer is NO


def test_rules_have_ids_of_their_own() -> None:
    ids = [one.rule_id for one in RULES]
    assert len(ids) == len(set(ids))


def test_events_of_another_case_are_refused() -> None:
    other = chain([replace(CONSENT, case_id=contract().case_id + "x")])  # type: ignore[arg-type]
    file = case_of(other).file
    with pytest.raises(ReportInvalid):
        draw_findings(file, institution(), commission())
