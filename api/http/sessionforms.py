"""What a party's page sends."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from api.http.contractforms import Identifier
from api.identity import Document
from signing.attend import MAX_PAGES, MAX_REASON, MAX_TEXT_ID
from signing.identity import Method

MAX_MS = 24 * 3_600_000  # of a dwell: a day is no reading any more
Milliseconds = Annotated[int, Field(ge=0, le=MAX_MS)]
TextId = Annotated[str, StringConstraints(min_length=1, max_length=MAX_TEXT_ID)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class NoticeForm(Document):
    """A text that was put before the party."""

    text_id: TextId
    text_sha256: Sha256
    emphasised: bool = False
    dwell_ms: Milliseconds = 0
    scrolled_to_end: bool = False


class ConsentForm(Document):
    """One consent, given on its own, to a text that the party could read."""

    scope: TextId
    text_id: TextId
    text_sha256: Sha256


class ViewForm(Document):
    """How the document was looked at, as the page measured it."""

    dwell_ms: Milliseconds
    scrolled_to_end: bool
    pages_ms: Annotated[list[Milliseconds], Field(max_length=MAX_PAGES)] = Field(default_factory=list)
    """By page, from the first."""


class IdentityForm(Document):
    """One enquiry about the party; name, number and mobile are the contract's, never the page's."""

    method: Method
    card: Annotated[str, StringConstraints(pattern=r"^[0-9]{12,19}$")] | None = None
    face_token: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    """What the phone's face capture returned."""


class CodeForm(Document):
    """A code is wanted for a statement."""

    intent: Identifier


class ConfirmForm(Document):
    """The party agrees to the statement."""

    intent: Identifier
    challenge: Identifier | None = None
    code: Annotated[str, StringConstraints(pattern=r"^[0-9]{4,10}$")] | None = None


class DeclineForm(Document):
    """The party will not sign."""

    reason: Annotated[str, StringConstraints(min_length=1, max_length=MAX_REASON)]
