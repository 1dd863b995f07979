"""What the report needs from outside: an engine that sets pages."""

from __future__ import annotations

from collections.abc import Container, Mapping
from datetime import datetime
from typing import Protocol

from evidence.canonical import JSON


class Typesetter(Protocol):
    """Sets a document's pages as PDF/A-3a (ISO 19005-3), tagged, its dates being `at`.

    The same files, values and time give the same bytes. Nothing is fetched from anywhere.
    """

    @property
    def shelf(self) -> Container[int]:
        """Code points that its fonts have."""
        ...

    @property
    def engine(self) -> str:
        """Name and version."""
        ...

    def typeset(
        self,
        files: Mapping[str, bytes],
        values: Mapping[str, JSON],
        characters: frozenset[int],
        *,
        at: datetime,
    ) -> bytes:
        """`files` hold `main` and what it reads, all UTF-8; raises the engine's own error."""
        ...
