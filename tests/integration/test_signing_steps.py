"""Every step before a signature is needed, and each that fails is recorded."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from signing.challenge import MAX_ATTEMPTS
from signing.errors import (
    ChallengeFailed,
    ChallengeLocked,
    IdentityRefused,
    NotFound,
    ProviderUnavailable,
    Refused,
    SigningError,
    StateInvalid,
    TooManyRequests,
    ValuesInvalid,
)
from signing.identify import MAX_ENQUIRIES_PER_DAY
from signing.identity import Answer, Enquiry, Method, Verdict
from signing.session import MAX_SESSIONS_PER_HOUR
from signing.transition import ContractState
from tests.support.signing_contract import (
    CONSENT_TEXT,
    Studio,
)
from tests.support.signing_studio import begun, results

pytestmark = pytest.mark.slow


def test_a_session_serves_once(studio: Studio) -> None:
    contract, first = begun(studio)
    second = studio.open(contract, contract.parties[0])
    attendance = studio.centre.contracts.attendance
    with pytest.raises(StateInvalid):
        attendance.document(first)
    studio.agree(second)
    studio.centre.executing.execution.sign(second)
    with pytest.raises(StateInvalid):
        studio.centre.executing.execution.sign(second)
    assert results(studio, contract, "SIGN_FAILED") == ["contract-state-invalid"]
    for token in ("sign-none", "", "sign-" + "a" * 500, "sign-\u4e2d"):
        with pytest.raises(NotFound):
            attendance.document(token)


def test_sessions_are_limited(studio: Studio) -> None:
    contract, _ = begun(studio)
    for _ in range(MAX_SESSIONS_PER_HOUR - 1):
        studio.open(contract, contract.parties[0])
    with pytest.raises(TooManyRequests):
        studio.open(contract, contract.parties[0])
    assert results(studio, contract, "SESSION_REFUSED") == ["too-many-requests"]


def test_every_step_is_needed(studio: Studio) -> None:
    """Reading, consent, identity, statement, code, and only then a signature."""
    contract, token = begun(studio)
    attendance, confirmation = studio.centre.contracts.attendance, studio.confirmation
    sign = studio.centre.executing.execution.sign

    def refused(act: Callable[[], object], error: type[SigningError], field: str | None = None) -> None:
        with pytest.raises(error) as caught:
            act()
        if field is not None:
            assert getattr(caught.value, "field", None) == field

    refused(lambda: attendance.viewed(token, dwell_ms=0, scrolled_to_end=True), StateInvalid)
    refused(lambda: confirmation.state(token), Refused, "view")
    attendance.document(token)
    refused(lambda: confirmation.state(token), Refused, "view")
    attendance.viewed(token, dwell_ms=10, scrolled_to_end=False)
    refused(lambda: confirmation.state(token), Refused, "view.scroll")
    attendance.viewed(token, dwell_ms=10, scrolled_to_end=True)
    refused(lambda: confirmation.state(token), Refused, "consent")
    refused(lambda: attendance.consent(token, "e-signature", "", CONSENT_TEXT), ValuesInvalid, "text_id")
    refused(lambda: attendance.consent(token, "e-signature", "t", "x"), ValuesInvalid, "text_sha256")
    attendance.consent(token, "e-signature", "t@1", CONSENT_TEXT)
    refused(lambda: confirmation.state(token), Refused, "identity")
    refused(lambda: studio.identification.prove(token, Method.FOUR_ELEMENTS), ValuesInvalid, "card")
    refused(lambda: studio.identification.prove(token, Method.FACE), ValuesInvalid, "face_token")
    found = studio.identification.prove(token, Method.TWO_ELEMENTS)
    assert found.concluded is None
    found = studio.identification.prove(token, Method.THREE_ELEMENTS)
    assert found.concluded is not None
    intent = confirmation.state(token)
    refused(lambda: confirmation.confirm(token, intent.intent_id), Refused, "code")
    refused(lambda: sign(token), StateInvalid)
    ticket = confirmation.send_code(token, intent.intent_id)
    code = studio.telephone.code()
    confirmation.confirm(token, intent.intent_id, challenge_id=ticket.challenge_id, code=code)
    assert sign(token).contract.state is ContractState.COMPLETED
    names = studio.events(contract)
    for one in (
        "CONTRACT_GENERATED",
        "DOCUMENT_PREPARED",
        "NOTICE_SENT",
        "SESSION_STARTED",
        "DOC_SENT_TO_SIGNER",
        "DOC_VIEW_STARTED",
        "DOC_VIEW_ENDED",
        "CONSENT_GIVEN",
        "IDV_REQUEST",
        "IDV_RESPONSE",
        "IDV_CONCLUDED",
        "OTP_ISSUED",
        "OTP_SENT",
        "OTP_VERIFIED",
        "INTENT_CONFIRMED",
        "CERT_ISSUED",
        "SIGN_REQUESTED",
        "TST_OBTAINED",
        "SIGN_VALIDATED",
        "SIGNATURE_CREATED",
        "KEY_DESTROYED",
        "DSS_ADDED",
        "LTA_EXTENDED",
        "CONTRACT_COMPLETED",
    ):
        assert one in names, one
    order = ["INTENT_CONFIRMED", "CERT_ISSUED", "SIGN_REQUESTED", "SIGNATURE_CREATED", "KEY_DESTROYED"]
    assert [one for one in names if one in order] == order


def test_nothing_in_the_log_names_anybody(studio: Studio) -> None:
    contract, token = begun(studio)
    studio.agree(token)
    studio.centre.executing.execution.sign(token)
    (party,) = contract.parties
    code = studio.telephone.code()
    with studio.centre.database.reading() as unit:
        tenant = studio.centre.settings.tenant
        recorded = unit.events.case(tenant, contract.case_id)  # type: ignore[arg-type]  # a name of text
    told = b"".join(one.envelope for one in recorded).decode()
    who = party.particulars
    for secret in (who.name, who.id_number, str(who.mobile), contract.title, contract.number, f'"{code}"'):
        assert secret not in told


def test_a_wrong_code_is_counted_and_locks(studio: Studio) -> None:
    contract, token = begun(studio)
    studio.read(token)
    studio.identification.prove(token, Method.THREE_ELEMENTS)
    intent = studio.confirmation.state(token)
    ticket = studio.confirmation.send_code(token, intent.intent_id)
    wrong = f"{(int(studio.telephone.code()) + 1) % 1_000_000:06}"

    def confirm(code: str) -> None:
        studio.confirmation.confirm(token, intent.intent_id, challenge_id=ticket.challenge_id, code=code)

    for _ in range(MAX_ATTEMPTS - 1):
        with pytest.raises(ChallengeFailed):
            confirm(wrong)
    for code in (wrong, studio.telephone.code()):
        with pytest.raises(ChallengeLocked):
            confirm(code)
    with pytest.raises(ChallengeLocked):
        studio.confirmation.send_code(token, intent.intent_id)
    assert len(results(studio, contract, "OTP_FAILED")) == MAX_ATTEMPTS - 1
    assert results(studio, contract, "OTP_LOCKED") == ["challenge-locked"] * 2


def test_codes_are_limited(studio: Studio) -> None:
    _, token = begun(studio)
    studio.read(token)
    studio.identification.prove(token, Method.THREE_ELEMENTS)
    intent = studio.confirmation.state(token)
    studio.confirmation.send_code(token, intent.intent_id)
    with pytest.raises(TooManyRequests) as refused:
        studio.confirmation.send_code(token, intent.intent_id)
    assert 0 < refused.value.retry_after <= 60


def test_a_statement_is_of_its_session(studio: Studio) -> None:
    contract, token = begun(studio)
    intent = studio.agree(token)
    second = studio.open(contract, contract.parties[0])
    with pytest.raises(Refused, match="another session"):
        studio.confirmation.confirm(second, intent.intent_id)


def test_a_gateway_that_fails_is_recorded(studio: Studio) -> None:
    contract, token = begun(studio)
    studio.read(token)
    studio.identification.prove(token, Method.THREE_ELEMENTS)
    intent = studio.confirmation.state(token)
    studio.telephone.fault = ProviderUnavailable("gateway", "down")
    with pytest.raises(ProviderUnavailable):
        studio.confirmation.send_code(token, intent.intent_id)
    assert results(studio, contract, "OTP_SENT") == ["provider-unavailable"]


@pytest.mark.parametrize("verdict", [one for one in Verdict if one is not Verdict.MATCH])
def test_a_bureau_that_says_no_is_recorded(studio: Studio, verdict: Verdict) -> None:
    contract, token = begun(studio)
    studio.bureau.verdict = verdict
    try:
        with pytest.raises(IdentityRefused) as refused:
            studio.identification.prove(token, Method.THREE_ELEMENTS)
    finally:
        studio.bureau.verdict = Verdict.MATCH
    assert refused.value.verdict == verdict
    assert results(studio, contract, "IDV_RESPONSE") == ["identity-refused"]


def test_a_bureau_that_does_not_answer_is_recorded(studio: Studio) -> None:
    contract, token = begun(studio)
    studio.bureau.fault = ProviderUnavailable("bureau", "down")
    with pytest.raises(ProviderUnavailable):
        studio.identification.prove(token, Method.THREE_ELEMENTS)
    assert studio.events(contract)[-2:] == ["IDV_REQUEST", "IDV_RESPONSE"]
    assert results(studio, contract, "IDV_RESPONSE") == ["provider-unavailable"]


def test_enquiries_are_limited(studio: Studio) -> None:
    _, token = begun(studio)
    for _ in range(MAX_ENQUIRIES_PER_DAY):
        studio.identification.prove(token, Method.TWO_ELEMENTS)
    with pytest.raises(TooManyRequests):
        studio.identification.prove(token, Method.TWO_ELEMENTS)


def test_an_answer_that_comes_too_late_is_recorded_and_proves_nothing(studio: Studio) -> None:
    contract, token = begun(studio)
    bureau = studio.bureau
    (party,) = contract.parties

    class Slow:
        """While it thinks, the party opens another session."""

        name, simulated = bureau.name, bureau.simulated

        def check(self, enquiry: Enquiry) -> Answer:
            studio.open(contract, party)
            return bureau.check(enquiry)

    identification = studio.identification
    identification._provider = Slow()
    try:
        with pytest.raises(StateInvalid):
            identification.prove(token, Method.THREE_ELEMENTS)
    finally:
        identification._provider = bureau
    assert results(studio, contract, "IDV_RESPONSE") == ["ok"]
    assert results(studio, contract, "IDV_CONCLUDED") == []
    with studio.centre.database.reading() as unit:
        assert unit.sign_sessions.proofs(party.party_id) == []
