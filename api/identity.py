"""A verified identity as callers and operators write it: a JSON document."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from api.errors import InputInvalid
from ca.identity import IdentityRecord, SubjectKind

Short = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Document(BaseModel):
    """Members that are not known are refused: a misspelt one would be silently without effect."""

    model_config = ConfigDict(extra="forbid")


class IdentityDocument(Document):
    """The conclusion of an identity verification, as its provider gave it."""

    record_id: Short
    kind: SubjectKind
    name: Short
    pseudonym: Short
    organisation_id: Short | None = None
    assurance: Literal["substantial", "high"]
    methods: Annotated[list[Short], Field(min_length=1, max_length=10)]
    provider: Short
    transaction: Short
    verified_at: AwareDatetime
    valid_until: AwareDatetime
    simulated: bool = False

    def record(self) -> IdentityRecord:
        """The authority's own value."""
        return IdentityRecord(**{**self.model_dump(), "methods": tuple(self.methods)})


def read_identity(data: bytes) -> IdentityRecord:
    """From JSON; raises `InputInvalid` naming the member."""
    try:
        return IdentityDocument.model_validate_json(data).record()
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        path = ".".join(str(part) for part in first["loc"])
        raise InputInvalid(f"identity.{path}" if path else "identity", first["msg"]) from error
