"""A sign session as its party sees it: the terms, the texts, what is done and what is still missing."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel

from api.consents import FACE, consent_text
from api.db import Unit
from api.http.contractshown import TermsShown
from api.settings import Language
from evidence.clock import rfc3339
from signing.admit import Admitted
from signing.document import Revision
from signing.errors import ProofExpired, Refused
from signing.identity import Method
from signing.intent import Intent
from signing.party import masked_mobile
from signing.proof import Concluded, SigningProfile, conclude
from signing.session import Session


class TextShown(BaseModel):
    """A text to consent to."""

    scope: str
    required: bool
    """False for one that only one way of proving the identity needs."""
    given: bool
    text_id: str | None
    """Null for a scope whose text the caller shows itself."""
    text: str | None
    sha256: str | None


class ReadingShown(BaseModel):
    """How the document has to be read."""

    min_dwell_s: int
    must_scroll: bool
    done: bool


class IdentityShown(BaseModel):
    """How the party proves who it is."""

    ways: list[list[str]]
    """Any of which is enough."""
    done: bool
    valid_until: str | None


class IntentShown(BaseModel):
    """What the party agrees to."""

    id: str
    zh_cn: str
    en: str
    statement: str
    """Canonical JSON (RFC 8785), whose digests stand in the certificate."""
    sha256: str
    sm3: str
    confirmed: bool


class DocumentShown(BaseModel):
    """The revision that the party is to read and sign."""

    revision: int
    size: int
    sha256: str


class SessionShown(BaseModel):
    """All that a page needs."""

    id: str
    expires_at: str
    contract: str
    number: str
    title: str
    terms: TermsShown
    party: str
    role: str
    name: str
    mobile: str | None
    """Masked; the one-time code goes there."""
    document: DocumentShown
    reading: ReadingShown
    consents: list[TextShown]
    identity: IdentityShown
    one_time_code: bool
    intent: IntentShown | None
    """The last that was stated in this session."""


def session_shown(unit: Unit, admitted: Admitted, language: Language, now: datetime) -> SessionShown:
    """As the interface has it."""
    session, contract, party = admitted.session, admitted.contract, admitted.party
    intent = unit.sign_sessions.newest_intent(party.party_id)
    if intent is not None and intent.session_id != session.session_id:
        intent = None
    concluded = _concluded(unit, admitted, now)
    mobile = party.signer.mobile
    return SessionShown(
        id=session.session_id,
        expires_at=rfc3339(session.expires_at),
        contract=contract.contract_id,
        number=contract.number,
        title=contract.title,
        terms=TermsShown(amount=contract.terms.amount, rate_bp=contract.terms.rate_bp),
        party=party.party_id,
        role=party.role.value,
        name=party.particulars.name,
        mobile=None if mobile is None else masked_mobile(mobile),
        document=_document(unit.documents.revisions(contract.document_id)[-1]),
        reading=_reading(session, party.profile),
        consents=_texts(session, party.profile, language),
        identity=IdentityShown(
            ways=[sorted(one.value for one in way) for way in party.profile.identity],
            done=concluded is not None,
            valid_until=None if concluded is None else rfc3339(concluded.valid_until),
        ),
        one_time_code=party.profile.one_time_code,
        intent=None if intent is None else intent_shown(intent),
    )


def intent_shown(intent: Intent) -> IntentShown:
    """As the interface has it."""
    digests = intent.statement.digests
    return IntentShown(
        id=intent.intent_id,
        zh_cn=intent.statement.chinese,
        en=intent.statement.english,
        statement=intent.statement.data.decode(),
        sha256=digests.sha256.hex(),
        sm3=digests.sm3.hex(),
        confirmed=intent.confirmed_at is not None,
    )


def _document(revision: Revision) -> DocumentShown:
    return DocumentShown(revision=revision.number, size=revision.size, sha256=revision.digests.sha256.hex())


def _reading(session: Session, profile: SigningProfile) -> ReadingShown:
    view = session.view
    done = view is not None and view.dwell_ms >= 1_000 * profile.min_dwell_s
    if profile.must_scroll:
        done = done and view is not None and view.scrolled_to_end
    return ReadingShown(min_dwell_s=profile.min_dwell_s, must_scroll=profile.must_scroll, done=done)


def _texts(session: Session, profile: SigningProfile, language: Language) -> list[TextShown]:
    scopes = dict.fromkeys(profile.consents, True)
    if any(Method.FACE in way for way in profile.identity):
        scopes.setdefault(FACE, False)
    given = {one.scope for one in session.consents}
    found = []
    for scope, required in scopes.items():
        text = consent_text(scope, language)
        found.append(
            TextShown(
                scope=scope,
                required=required,
                given=scope in given,
                text_id=None if text is None else text.text_id,
                text=None if text is None else text.text,
                sha256=None if text is None else text.sha256,
            )
        )
    return found


def _concluded(unit: Unit, admitted: Admitted, now: datetime) -> Concluded | None:
    try:
        return conclude(admitted.party.profile, unit.sign_sessions.proofs(admitted.party.party_id), now)
    except (ProofExpired, Refused):
        return None
