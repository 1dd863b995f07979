"""`TimestampSource` over HTTP (RFC 3161 3.4): any authority, believed only after its token was verified."""

from __future__ import annotations

import secrets
from datetime import timedelta

import httpx

from ca.certificate import Certificate
from ca.errors import CaError, EncodingInvalid, TimestampInvalid
from ca.path import validate
from ca.purpose import TIMESTAMPING
from ca.timestamp import Imprint, TimestampRequest
from ca.timestamp_response import MAX_RESPONSE_SIZE, parse_response
from ca.token import VerifiedToken, verify_token
from ca.trust import TrustStore
from evidence.clock import Clock
from keys.errors import KeysError
from keys.suites import Digest, digest_identifier
from signing.errors import TimestampUnavailable

TIMEOUT_S = 10.0  # of connecting, and of each wait for octets; a signer waits for this
DEADLINE_S = 20.0  # of the whole exchange, for an authority that answers octet by octet
NONCE_BITS = 64  # RFC 3161 2.4.1: so that no old answer passes for a new one
MAX_CLOCK_OFFSET = timedelta(minutes=5)  # between the authority's clock and ours; one of them is wrong then
_REQUEST, _RESPONSE = "application/timestamp-query", "application/timestamp-reply"
_OK = 200


class HttpTimestamps:
    """One authority by its address.

    A token is used when it answers our nonce and imprint, its signature holds, its certificate leads to
    an anchor of `trust`, and its time is ours within `MAX_CLOCK_OFFSET`.
    """

    def __init__(self, url: str, client: httpx.Client, trust: TrustStore, clock: Clock) -> None:
        """`client` brings proxies and certificates; redirects are not followed."""
        self._url = url
        self._client = client
        self._trust = trust
        self._clock = clock

    def token(self, imprint: bytes, digest: Digest) -> bytes:
        asked = Imprint(digest, imprint, digest_identifier(digest))
        nonce = secrets.randbits(NONCE_BITS) | 1 << (NONCE_BITS - 1)  # always of the same size
        answer = self._post(TimestampRequest(asked, None, nonce, cert_req=True).encoded())
        try:
            response = parse_response(answer)
            if response.token is None:
                said = [*response.text, *([response.failure] if response.failure else [])]
                raise TimestampUnavailable(f"the authority refused: {', '.join(said) or response.status}")
            verified = verify_token(response.token, imprints=[asked], nonce=nonce)
            self._judge(verified)
        except (CaError, KeysError) as error:
            raise TimestampUnavailable(str(error)) from error
        return response.token

    def _post(self, request: bytes) -> bytes:
        headers = {"Content-Type": _REQUEST, "Accept": _RESPONSE, "Accept-Encoding": "identity"}
        started = self._clock.monotonic()
        try:
            with self._client.stream(
                "POST", self._url, content=request, headers=headers, timeout=TIMEOUT_S, follow_redirects=False
            ) as response:
                if response.status_code != _OK:
                    raise TimestampUnavailable(f"HTTP status {response.status_code} from the authority")
                kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
                if kind != _RESPONSE:
                    raise TimestampUnavailable(f"content of type {kind or 'none'} from the authority")
                answer = bytearray()
                for part in response.iter_raw():
                    answer += part
                    if self._clock.monotonic() - started > DEADLINE_S:
                        raise TimestampUnavailable(f"no whole answer within {DEADLINE_S:.0f} s")
                    if len(answer) > MAX_RESPONSE_SIZE:
                        raise TimestampUnavailable(f"over {MAX_RESPONSE_SIZE} octets from the authority")
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise TimestampUnavailable(f"{type(error).__name__}: {error}") from error
        return bytes(answer)

    def _judge(self, verified: VerifiedToken) -> None:
        now, moment = self._clock.now(), verified.info.gen_time
        if abs(now - moment) > MAX_CLOCK_OFFSET:
            raise TimestampInvalid("genTime", f"is {moment:%FT%TZ}, and here it is {now:%FT%TZ}")
        carried = []
        for data in verified.certificates:
            try:
                carried.append(Certificate(data))
            except EncodingInvalid:
                continue
        path = validate(
            verified.certificate,
            anchors=self._trust.anchors,
            at=moment,
            intermediates=(*self._trust.intermediates, *carried),
            purpose=TIMESTAMPING,
        )
        path.require_passed()
