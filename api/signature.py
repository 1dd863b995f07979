"""Signed requests: HMAC-SHA-256 over everything of a request that could be changed on its way.

    Authorization: XINQIAN-HMAC-SHA256 key=<caller>,timestamp=<RFC 3339>,nonce=<16 to 64>,signature=<hex>

The signature is over these lines, each ended by LF but the last: the scheme, the method, the path and
the query as sent (still percent-encoded), the SHA-256 of the body in hexadecimal, timestamp, nonce.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from api.callers import CallerId
from api.errors import CallerClockSkewed, CallerUnproven

SCHEME = "XINQIAN-HMAC-SHA256"
MAX_SKEW = timedelta(minutes=5)  # the interface's limit; also how long nonces must be remembered
MAX_HEADER = 512  # characters
_FIELDS = re.compile(
    r"key=(?P<key>caller-[0-9a-f]{24}), ?timestamp=(?P<timestamp>[0-9TZ:.+-]{20,35}), ?"
    r"nonce=(?P<nonce>[A-Za-z0-9_-]{16,64}), ?signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass(frozen=True, slots=True)
class Signable:
    """The parts of a request that its signature covers."""

    method: str
    path: str
    query: str
    body: bytes

    def signature(self, secret: bytes, timestamp: str, nonce: str) -> str:
        """HMAC-SHA-256 in hexadecimal."""
        digest = hashlib.sha256(self.body).hexdigest()
        lines = (SCHEME, self.method, self.path, self.query, digest, timestamp, nonce)
        return hmac.digest(secret, "\n".join(lines).encode(), "sha256").hex()


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the Authorization header carries."""

    caller_id: CallerId
    timestamp: str
    sent_at: datetime
    nonce: str
    signature: str

    @classmethod
    def parse(cls, header: str | None) -> Credentials:
        """Raises `CallerUnproven` for a header that is absent or of another form."""
        if not header:
            raise CallerUnproven("there is no Authorization header")
        scheme, _, rest = header.partition(" ")
        found = _FIELDS.fullmatch(rest.strip()) if len(header) <= MAX_HEADER else None
        if scheme != SCHEME or found is None:
            raise CallerUnproven(f"the Authorization header is not one of {SCHEME}")
        try:
            sent_at = datetime.fromisoformat(found["timestamp"])
        except ValueError as error:
            raise CallerUnproven("the timestamp is not an RFC 3339 time") from error
        if sent_at.tzinfo is None:
            raise CallerUnproven("the timestamp has no offset from UTC")
        return cls(CallerId(found["key"]), found["timestamp"], sent_at, found["nonce"], found["signature"])

    def check(self, request: Signable, secret: bytes, now: datetime) -> None:
        """Raises `CallerUnproven` for another signature, then `CallerClockSkewed`."""
        expected = request.signature(secret, self.timestamp, self.nonce)
        if not hmac.compare_digest(expected, self.signature):
            raise CallerUnproven(WRONG)
        if abs(now - self.sent_at) > MAX_SKEW:
            raise CallerClockSkewed(int(MAX_SKEW.total_seconds()))


WRONG = "there is no such caller, or the signature is another's"
NOBODY = bytes(32)
"""Stands for the secret of a caller that is not there, so that its absence costs as much time."""


def authorize(request: Signable, caller_id: CallerId, secret: bytes, timestamp: str, nonce: str) -> str:
    """The Authorization header of a request: what a client sends."""
    signature = request.signature(secret, timestamp, nonce)
    return f"{SCHEME} key={caller_id},timestamp={timestamp},nonce={nonce},signature={signature}"
