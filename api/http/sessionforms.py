"""What a party's page sends."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from api.http.contractforms import Identifier
from api.identity import Document
from signing.attend import MAX_PAGES, MAX_REASON, MAX_TEXT_ID
from signing.handwriting import (
    MAX_POINTS,
    MAX_PRESSURE,
    MAX_STROKES,
    Handwriting,
    Point,
    draw_handwriting,
)
from signing.identity import Method
from signing.seal_drawing import Drawing

MAX_MS = 24 * 3_600_000  # of a dwell: a day is no reading any more
INK = (120.0, 40.0)  # points: the room of a name on a line of a contract; it is fitted where it is shown
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


class PointForm(Document):
    """Where the pen was, in units of the canvas: x to the right, y downwards."""

    x: int
    y: int
    at: Milliseconds
    """Since the first point."""
    pressure: Annotated[int, Field(ge=0, le=MAX_PRESSURE)] = 0


class SignForm(Document):
    """What the signature shows besides name, time and numbers."""

    handwriting: (
        Annotated[
            list[Annotated[list[PointForm], Field(max_length=MAX_POINTS)]], Field(max_length=MAX_STROKES)
        ]
        | None
    ) = None
    """Strokes in the order in which they were drawn; none: the name is printed."""

    def drawing(self, name: str) -> Drawing | None:
        """Raises `signing.errors.ValuesInvalid` naming the stroke."""
        if self.handwriting is None:
            return None
        strokes = tuple(
            tuple(Point(one.x, one.y, one.at, one.pressure) for one in stroke) for stroke in self.handwriting
        )
        return draw_handwriting(Handwriting(strokes), *INK, name)


class DeclineForm(Document):
    """The party will not sign."""

    reason: Annotated[str, StringConstraints(min_length=1, max_length=MAX_REASON)]
