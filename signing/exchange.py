"""Signed exchanges with outside parties: HMAC-SHA-256 (RFC 2104) over the question and over its answer.

A question is signed over these lines, each ended by LF but the last: the scheme, "question", client,
method, path, SHA-256 of the body in hexadecimal, timestamp (RFC 3339), nonce. Its answer is signed over:
the scheme, "answer", the question's nonce, the status, SHA-256 of the body. An answer therefore belongs to
one question: an older one, or another's, has another signature.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field

from evidence.digest import sha256

SCHEME = "XINQIAN-EXCHANGE-HMAC-SHA256"
CLIENT = "X-Exchange-Client"
TIMESTAMP = "X-Exchange-Timestamp"
NONCE = "X-Exchange-Nonce"
SIGNATURE = "X-Exchange-Signature"
MIN_SECRET = 16  # octets: RFC 2104 3 advises against keys that are much shorter than the digest


@dataclass(frozen=True, slots=True)
class Account:
    """Where an outside party is, and what we are there."""

    provider: str
    """Its name in evidence and errors."""
    url: str
    """Without a trailing slash."""
    client: str
    secret: bytes = field(repr=False)
    simulated: bool
    """Whether a simulator is expected. Who answers as one where none is expected is refused, and the
    other way round: otherwise tests would cost money, or real contracts rest on invented people."""


@dataclass(frozen=True, slots=True)
class Question:
    """A request to an outside party, as far as its signature covers it."""

    client: str
    """Our name with the party."""
    method: str
    path: str
    body: bytes = field(repr=False)
    timestamp: str
    nonce: str

    def signature(self, secret: bytes) -> str:
        """In lower-case hexadecimal."""
        body = sha256(self.body).hex()
        return _sign(
            secret, "question", self.client, self.method, self.path, body, self.timestamp, self.nonce
        )

    def headers(self, secret: bytes) -> dict[str, str]:
        """What travels beside the body."""
        return {
            CLIENT: self.client,
            TIMESTAMP: self.timestamp,
            NONCE: self.nonce,
            SIGNATURE: self.signature(secret),
        }


def answer_signature(secret: bytes, nonce: str, status: int, body: bytes) -> str:
    """The signature of the answer to the question with `nonce`."""
    return _sign(secret, "answer", nonce, str(status), sha256(body).hex())


def is_same(expected: str, given: str) -> bool:
    """Whether two signatures are equal, in time that tells nothing."""
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))


def _sign(secret: bytes, *lines: str) -> str:
    return hmac.digest(secret, "\n".join((SCHEME, *lines)).encode(), "sha256").hex()
