"""What a party does in its sign session: read, consent, prove who it is, confirm, sign, decline.

Every route takes the session's token in place of a caller's signature, and every POST an Idempotency-Key.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from api import messages
from api.consents import FACE, known_texts
from api.errors import InputInvalid
from api.http.centre import View, Wired
from api.http.certificates import Key
from api.http.contractshown import SignedShown, signed_shown
from api.http.documents import PDF_TYPE, pdf_answer
from api.http.pagepictures import PageText, page_texts
from api.http.presented import shown_document
from api.http.sessionforms import (
    CodeForm,
    ConfirmForm,
    ConsentForm,
    DeclineForm,
    IdentityForm,
    NoticeForm,
    SignForm,
    ViewForm,
)
from api.http.sessionshown import IdentityShown, IntentShown, SessionShown, intent_shown, session_shown
from api.http.signsession import From, SessionRoute, Token
from evidence.clock import rfc3339
from signing.attend import NoticeShown
from signing.challenge import ChallengeId
from signing.errors import Refused
from signing.identity import Method
from signing.intent import IntentId

router = APIRouter(prefix="/v1/sign-session", tags=["sign sessions"], route_class=SessionRoute)


class Done(BaseModel):
    """It is recorded."""

    at: str


class ViewDone(BaseModel):
    """The view as it counts."""

    dwell_ms: int
    """Never more than the service saw pass."""
    scrolled_to_end: bool


class CodeSent(BaseModel):
    """A code is on its way."""

    challenge: str
    mobile: str
    """Masked."""
    expires_at: str


class TextsShown(BaseModel):
    """The document's text, for those who read no pictures."""

    pages: list[PageText]


@router.get("")
def session(request: Request, token: Token, centre: Wired, unit: View) -> SessionShown:
    """Contract, terms, texts, and what is done and missing; texts in the language that is asked for."""
    admitted = centre.contracts.attendance.whose(token)
    language = messages.negotiate(request.headers.get("accept-language"))
    return session_shown(unit, admitted, language, centre.clock.now())


@router.get(
    "/document", response_class=Response, responses={200: {"content": {PDF_TYPE: {}}, "description": "PDF"}}
)
def document(token: Token, centre: Wired, origin: From) -> Response:
    """The revision that the party is to sign, whole; recorded as shown before it leaves."""
    presented = centre.contracts.attendance.document(token, origin)
    return pdf_answer(presented.data, presented.shown.revision, presented.shown.digests)


@router.get("/text")
def text(
    token: Token,
    centre: Wired,
    first: Annotated[int, Query(ge=1, le=100_000)] = 1,
    count: Annotated[int, Query(ge=1, le=100)] = 50,
) -> TextsShown:
    """The text of some pages."""
    return TextsShown(pages=page_texts(shown_document(centre, token), first, count))


@router.post("/notice", status_code=201)
def notice(form: NoticeForm, token: Token, centre: Wired, origin: From, _key: Key) -> Done:
    """A text was put before the party."""
    _check_text(form.text_id, form.text_sha256)
    shown = NoticeShown(form.text_id, form.text_sha256, form.emphasised, form.dwell_ms, form.scrolled_to_end)
    centre.contracts.attendance.notice(token, shown, origin)
    return Done(at=rfc3339(centre.clock.now()))


@router.post("/consent", status_code=201)
def consent(form: ConsentForm, token: Token, centre: Wired, origin: From, _key: Key) -> Done:
    """The party consents to one text, and to that alone."""
    _check_text(form.text_id, form.text_sha256, form.scope)
    centre.contracts.attendance.consent(token, form.scope, form.text_id, form.text_sha256, origin)
    return Done(at=rfc3339(centre.clock.now()))


@router.post("/view", status_code=201)
def view(form: ViewForm, token: Token, centre: Wired, origin: From, _key: Key) -> ViewDone:
    """The document was looked at."""
    made = centre.contracts.attendance.viewed(
        token,
        dwell_ms=form.dwell_ms,
        scrolled_to_end=form.scrolled_to_end,
        pages_ms=form.pages_ms,
        origin=origin,
    )
    return ViewDone(dwell_ms=made.dwell_ms, scrolled_to_end=made.scrolled_to_end)


@router.post("/identity", status_code=201)
def identity(form: IdentityForm, token: Token, centre: Wired, origin: From, _key: Key) -> IdentityShown:
    """Ask the bureau about the party. What it says of anybody but a match is the problem's `verdict`.

    A face is compared only for who consented to that alone; the other ways stay open to who did not.
    """
    if form.method is Method.FACE:
        given = centre.contracts.attendance.whose(token).session.consents
        if FACE not in {one.scope for one in given}:
            raise Refused("consent", f"is missing for {FACE}")
    made = centre.contracts.identification.prove(
        token, form.method, card=form.card, face_token=form.face_token, origin=origin
    )
    ways = centre.contracts.attendance.whose(token).party.profile.identity
    return IdentityShown(
        ways=[sorted(one.value for one in way) for way in ways],
        done=made.concluded is not None,
        valid_until=None if made.concluded is None else rfc3339(made.concluded.valid_until),
    )


@router.post("/statement", status_code=201)
def statement(token: Token, centre: Wired, _key: Key) -> IntentShown:
    """State what the party agrees to; refused, by name, for what is missing before it may."""
    return intent_shown(centre.contracts.confirmation.state(token))


@router.post("/code", status_code=201)
def code(form: CodeForm, token: Token, centre: Wired, origin: From, _key: Key) -> CodeSent:
    """Send a one-time code, bound to the statement, to the party's telephone."""
    ticket = centre.contracts.confirmation.send_code(token, IntentId(form.intent), origin)
    return CodeSent(
        challenge=ticket.challenge_id, mobile=ticket.target, expires_at=rfc3339(ticket.expires_at)
    )


@router.post("/confirm", status_code=201)
def confirm(form: ConfirmForm, token: Token, centre: Wired, origin: From, _key: Key) -> IntentShown:
    """Agree to the statement, with the code where one is asked for."""
    challenge = None if form.challenge is None else ChallengeId(form.challenge)
    made = centre.contracts.confirmation.confirm(
        token, IntentId(form.intent), challenge_id=challenge, code=form.code, origin=origin
    )
    return intent_shown(made)


@router.post("/sign", status_code=201)
def sign(form: SignForm, token: Token, centre: Wired, origin: From, _key: Key) -> SignedShown:
    """Sign every field of the party with a key and a certificate made for this act; the session ends.

    What was confirmed, and that alone, is signed; a party that was not shown, or did not confirm, cannot.
    """
    name = "" if form.handwriting is None else centre.contracts.attendance.whose(token).party.signer.name
    drawing = form.drawing(name)
    return signed_shown(centre.executing.execution.sign(token, origin, drawing=drawing))


@router.post("/decline", status_code=201)
def decline(form: DeclineForm, token: Token, centre: Wired, origin: From, _key: Key) -> Done:
    """Refuse to sign. The contract ends."""
    centre.contracts.attendance.decline(token, form.reason, origin)
    return Done(at=rfc3339(centre.clock.now()))


def _check_text(text_id: str, text_sha256: str, scope: str | None = None) -> None:
    """A text of ours has the digest it has; the caller answers for its own."""
    known = known_texts().get(text_id)
    if known is not None and known.sha256 != text_sha256:
        raise InputInvalid("text_sha256", "is not that of the text")
    if known is not None and scope not in {None, known.scope}:
        raise InputInvalid("text_id", f"is a text for {known.scope}")
