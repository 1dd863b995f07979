"""Rendering: a template and checked values become a PDF and the places kept for signatures on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from evidence.canonical import JSON, canonical
from evidence.digest import DigestPair
from signing.errors import TemplateInvalid
from signing.place import AnchorPlace
from signing.template import TemplateVersion
from signing.values import Values
from signing.valuesrule import at as value_at


@dataclass(frozen=True, slots=True)
class Rendered:
    """A rendered document; the same template, values, fonts, engine and time give the same bytes."""

    pdf: bytes = field(repr=False)
    pages: int
    anchors: tuple[AnchorPlace, ...]
    """Places that the template kept for signatures, empty of anything printed."""
    record: Mapping[str, JSON] = field(repr=False)
    """Facts of the event CONTRACT_GENERATED: what it was made from, and its terms; nothing personal."""


class Renderer(Protocol):
    """Makes PDFs from templates."""

    @property
    def engine(self) -> str:
        """Name and version of what lays out the pages, as it stands in the evidence."""
        ...

    def render(
        self, template: TemplateVersion, values: Values, *, at: datetime, masked: bool = False
    ) -> Rendered:
        """A PDF/A-2a, tagged, whose dates are `at`; nothing is fetched from anywhere.

        `masked` makes a copy that hides what is personal and says that it is not for signing.

        Raises `ValuesInvalid` naming a field, `GlyphMissing` naming a field and the characters that no font
        has, before anything is rendered; `TemplateInvalid` for a template that the engine does not take.
        """
        ...


def check_places(template: TemplateVersion, values: Values, anchors: Sequence[AnchorPlace]) -> None:
    """Raises `TemplateInvalid` unless the pages keep exactly the places that the schema promises, apart."""
    wanted = sorted(
        place.name if place.role is None else str(value_at(values, place.role))
        for place in template.places
        if place.when is None or value_at(values, place.when) is not None
    )
    found = sorted(anchor.name for anchor in anchors)
    if found != wanted:
        reason = f"keeps places for {', '.join(found)} where {', '.join(wanted)} sign"
        raise TemplateInvalid(template.id, reason)
    for number, one in enumerate(anchors):
        if any(_meet(one, other) for other in anchors[number + 1 :]):
            raise TemplateInvalid(template.id, f"keeps the place {one.name} over another")


def record_of(
    template: TemplateVersion,
    values: Values,
    pdf: bytes,
    pages: int,
    *,
    engine: str,
    fonts: Mapping[str, DigestPair],
    at: datetime,
) -> dict[str, JSON]:
    """The facts of CONTRACT_GENERATED: enough to render again and to know whether it is the same."""
    return {
        "template": template.name,
        "template_version": template.version,
        "template_digests": template.digests.as_json(),
        "values_digests": DigestPair.of(canonical(values)).as_json(),
        "fonts": {name: digests.as_json() for name, digests in fonts.items()},
        "engine": engine,
        "rendered_at": int(at.timestamp()),
        "document_digests": DigestPair.of(pdf).as_json(),
        "document_size": len(pdf),
        "pages": pages,
        "terms": {way: value_at(values, way) for way in template.schema.terms},
    }


def _meet(one: AnchorPlace, other: AnchorPlace) -> bool:
    return (
        one.page == other.page
        and one.rect.left < other.rect.left + other.rect.width
        and other.rect.left < one.rect.left + one.rect.width
        and one.rect.bottom < other.rect.bottom + other.rect.height
        and other.rect.bottom < one.rect.bottom + one.rect.height
    )
