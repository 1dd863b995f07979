"""What a party agrees to: exactly that text, those terms, by that party."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
import rfc8785

from evidence.digest import DigestPair
from keys.suites import Digest, Suite
from signing.contract import Contract, ContractId, Terms, verification_code
from signing.document import BlobId, DocumentId, Revision, RevisionKind
from signing.errors import Refused
from signing.intent import (
    Intent,
    IntentId,
    amount_text,
    rate_text,
    read_statement,
    require_same_text,
    state_intent,
)
from signing.session import (
    Consent,
    Session,
    SessionId,
    Shown,
    View,
    new_token,
    observed_dwell_ms,
    require_consents,
    require_read,
    token_digest,
)
from signing.transition import ContractState
from tests.support.clock import NOON
from tests.support.signing_contract import member

PARTY = member()
PREPARED = DigestPair.of(b"prepared")
SHOWN = Shown(1, 8, PREPARED, NOON)
CONTRACT = Contract(
    contract_id=ContractId("k"),
    number="HT-2026-001",
    title="个人借款合同",
    suite=Suite.GUOMI,
    terms=Terms(5_000_000, 650),
    state=ContractState.SIGNING,
    document_id=DocumentId("d"),
    parties=(PARTY,),
    created_at=NOON,
    expires_at=NOON + timedelta(days=7),
    source={},
)


def revision(number: int, kind: RevisionKind, text: bytes) -> Revision:
    return Revision(DocumentId("d"), number, kind, 0, 1, DigestPair.of(text), BlobId("b"), None, NOON)


def intent() -> Intent:
    statement = state_intent(CONTRACT, PARTY, SHOWN, PREPARED, NOON)
    return Intent(IntentId("i"), CONTRACT.contract_id, PARTY.party_id, SessionId("s"), statement, SHOWN, NOON)


def test_a_statement_names_document_party_and_terms() -> None:
    made = intent().statement
    document = json.loads(made.data)
    assert rfc8785.dumps(document) == made.data, "canonical, by another implementation"
    assert document["document"]["shown"] == PREPARED.as_json()
    assert document["party"]["name"] == "张三"
    assert document["terms"] == {"amount_fen": 5_000_000, "currency": "CNY", "rate_bp": 650}
    for text in (document["text"]["zh_cn"], document["text"]["en"]):
        assert PREPARED.sha256.hex() in text
        assert "50,000.00" in text
        assert "6.50%" in text
        assert "HT-2026-001" in text
    assert read_statement(made.data) == made
    assert made.digest(Digest.SM3) == made.digests.sm3


def test_no_two_statements_are_alike() -> None:
    assert intent().statement.data != intent().statement.data, "or a digest would give away name and amount"


def test_a_statement_without_terms_names_none() -> None:
    bare = state_intent(replace(CONTRACT, terms=Terms()), PARTY, SHOWN, PREPARED, NOON)
    assert "元" not in bare.chinese
    assert "CNY" not in bare.english


def test_amounts_and_rates_are_exact() -> None:
    assert [amount_text(one) for one in (1, 100, 123_456_789)] == ["0.01", "1.00", "1,234,567.89"]
    assert [rate_text(one) for one in (0, 5, 650, 2_400)] == ["0.00", "0.05", "6.50", "24.00"]


def test_others_may_sign_in_between_and_nothing_else_may_happen() -> None:
    first = revision(0, RevisionKind.UPLOADED, b"u")
    ready = revision(1, RevisionKind.PREPARED, b"prepared")
    signed = revision(2, RevisionKind.SIGNED, b"s")
    require_same_text(intent(), [first, ready])
    require_same_text(intent(), [first, ready, signed])
    for others in (
        [first],
        [first, revision(1, RevisionKind.PREPARED, b"another")],
        [first, ready, revision(2, RevisionKind.PREPARED, b"p")],
        [first, ready, signed, revision(3, RevisionKind.ARCHIVE_TIMESTAMP, b"a")],
    ):
        with pytest.raises(Refused):
            require_same_text(intent(), others)


def session(**changes: object) -> Session:
    made = Session(SessionId("s"), ContractId("k"), PARTY.party_id, b"", NOON, NOON + timedelta(minutes=30))
    return replace(made, **changes)  # type: ignore[arg-type]  # by name


def test_reading_is_what_the_profile_says() -> None:
    profile = replace(PARTY.profile, min_dwell_s=10)
    end = NOON + timedelta(seconds=20)
    assert require_read(session(shown=SHOWN, view=View(10_000, True, end)), profile) is SHOWN  # noqa: FBT003
    for short in (
        session(),
        session(shown=SHOWN),
        session(shown=SHOWN, view=View(9_999, True, end)),  # noqa: FBT003
        session(shown=SHOWN, view=View(10_000, False, end)),  # noqa: FBT003
    ):
        with pytest.raises(Refused):
            require_read(short, profile)
    free = replace(PARTY.profile, must_scroll=False)
    assert require_read(session(shown=SHOWN), free) is SHOWN


def test_dwell_is_what_the_server_saw_pass() -> None:
    after = NOON + timedelta(seconds=3)
    assert observed_dwell_ms(SHOWN, 2_000, after) == 2_000
    assert observed_dwell_ms(SHOWN, 60_000, after) == 3_000
    assert observed_dwell_ms(SHOWN, -5, after) == 0


def test_each_consent_is_given_on_its_own() -> None:
    profile = replace(PARTY.profile, consents=("e-signature", "face"))
    one = Consent("e-signature", "t", "0" * 64, NOON)
    with pytest.raises(Refused, match="face"):
        require_consents(session(consents=(one,)), profile)
    require_consents(session(consents=(one, replace(one, scope="face"))), profile)


def test_a_token_is_kept_as_a_digest_alone() -> None:
    token, digest = new_token()
    assert token_digest(token) == digest
    assert token.encode() not in digest
    assert new_token()[0] != token


def test_a_verification_code_is_of_its_contract() -> None:
    code = verification_code(ContractId("k"))
    assert code == verification_code(ContractId("k"))
    assert code != verification_code(ContractId("l"))
    assert [len(part) for part in code.split("-")] == [4, 4, 4]
