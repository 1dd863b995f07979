"""`TimestampSource` over an authority of this process: no network, and each token is recorded first."""

from __future__ import annotations

from ca.errors import CaError
from ca.stamp import TimestampAuthority
from ca.timestamp import Imprint
from evidence.errors import EvidenceError
from keys.errors import KeysError
from keys.suites import Digest, digest_identifier
from signing.errors import TimestampUnavailable


class InProcessTimestamps:
    """Asks one authority, which verifies each of its tokens before it gives it out.

    When the database fails, its own error passes: whoever signs works on the same one.
    """

    def __init__(self, authority: TimestampAuthority, requester: str) -> None:
        """`requester` is the pseudonym under which the authority records who asked."""
        self._authority = authority
        self._requester = requester

    def token(self, imprint: bytes, digest: Digest) -> bytes:
        try:
            asked = Imprint(digest, imprint, digest_identifier(digest))
            return self._authority.token(asked, self._requester)
        except (CaError, KeysError, EvidenceError) as error:
            raise TimestampUnavailable(str(error)) from error
