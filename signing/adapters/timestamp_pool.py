"""`TimestampSource` over several: the next one is asked when one fails, and when all do, so does this."""

from __future__ import annotations

from collections.abc import Sequence

from keys.suites import Digest
from signing.errors import TimestampUnavailable
from signing.ports import TimestampSource


class TimestampPool:
    """Asks in the order given; there is no token but one of theirs."""

    def __init__(self, sources: Sequence[TimestampSource]) -> None:
        """Raises ValueError for none."""
        if not sources:
            raise ValueError("a pool of timestamp sources has at least one")
        self._sources = tuple(sources)

    def token(self, imprint: bytes, digest: Digest) -> bytes:
        reasons = []
        for source in self._sources:
            try:
                return source.token(imprint, digest)
            except TimestampUnavailable as error:
                reasons.append(error.reason)
        raise TimestampUnavailable("; ".join(reasons))
