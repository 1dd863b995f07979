"""One signed question to an outside party over HTTP, and its answer: bounded in time and size."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

import httpx

from evidence.canonical import JSON, canonical
from evidence.clock import Clock, rfc3339
from signing.errors import ProviderUnavailable
from signing.exchange import SIGNATURE, Account, Question, answer_signature, is_same

CONNECT_S = 3.0
DEADLINE_S = 15.0  # of a whole exchange; a face comparison takes bureaus up to about 10 s
MAX_ANSWER = 65_536  # octets; an answer has about 300
MAX_SKEW = timedelta(minutes=5)  # of the time an answer says it was given at, against our clock
_HEADERS = {"Content-Type": "application/json", "Accept": "application/json", "Accept-Encoding": "identity"}


class Gateway:
    """Asks one party. Keeps connections open; `transport` replaces the network for a simulator in process."""

    def __init__(
        self,
        account: Account,
        clock: Clock,
        *,
        transport: httpx.BaseTransport | None = None,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        """`deadline_s` bounds each wait for octets, and once more the whole of them."""
        self.account = account
        self._clock = clock
        self._deadline_s = deadline_s
        timeout = httpx.Timeout(deadline_s, connect=min(CONNECT_S, deadline_s))
        # The environment is not asked for proxies: what is sent is personal, its way is configured.
        self._client = httpx.Client(timeout=timeout, transport=transport, trust_env=False)

    def close(self) -> None:
        """End the connections."""
        self._client.close()

    def ask(
        self, path: str, document: Mapping[str, JSON], *, repeatable: bool = False
    ) -> tuple[bytes, bytes]:
        """The octets sent and received. Asked once; once more where a connection broke, if `repeatable`.

        Raises `ProviderUnavailable` for no answer in time, a status other than 200, an answer that is too
        long, or one whose signature is not the party's for this very question.
        """
        body = canonical(document)
        if repeatable:
            try:
                return body, self._ask(path, body)
            except _Broken:
                pass  # the answer may have been lost on its way, and the party acts once a reference
        try:
            return body, self._ask(path, body)
        except _Broken as error:
            raise self.unavailable("cannot be reached") from error

    def _ask(self, path: str, body: bytes) -> bytes:
        nonce = secrets.token_hex(16)
        url = httpx.URL(self.account.url + path)
        question = Question(self.account.client, "POST", url.path, body, rfc3339(self._clock.now()), nonce)
        headers = {**_HEADERS, **question.headers(self.account.secret)}
        try:
            status, signature, answer = self._exchange(url, body, headers)
        except httpx.TimeoutException as error:
            raise self.unavailable("did not answer in time") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _Broken from error
        expected = answer_signature(self.account.secret, nonce, status, answer)
        if not is_same(expected, signature):
            if status != httpx.codes.OK:
                raise self.unavailable(f"answered with status {status}")
            raise self.unavailable("answered under a signature that is not its own")
        if status != httpx.codes.OK:
            raise self.unavailable(f"refused the question with status {status}")
        return answer

    def _exchange(self, url: httpx.URL, body: bytes, headers: Mapping[str, str]) -> tuple[int, str, bytes]:
        ends = self._clock.monotonic() + self._deadline_s
        parts, size = [], 0
        with self._client.stream("POST", url, content=body, headers=dict(headers)) as response:
            # Raw octets: what is compressed could grow without bound.
            for part in response.iter_raw():
                size += len(part)
                if size > MAX_ANSWER:
                    raise self.unavailable(f"answered with more than {MAX_ANSWER} octets")
                if self._clock.monotonic() > ends:
                    raise self.unavailable("did not answer in time")
                parts.append(part)
            return response.status_code, response.headers.get(SIGNATURE, ""), b"".join(parts)

    def unavailable(self, reason: str) -> ProviderUnavailable:
        """An error that names the party."""
        return ProviderUnavailable(self.account.provider, reason)

    def read(self, answer: bytes) -> Reply:
        """The answer's members; raises `ProviderUnavailable` for what is no JSON object."""
        try:
            document = json.loads(answer)
        except (ValueError, RecursionError) as error:
            raise self.unavailable("answered with what is no JSON") from error
        if not isinstance(document, dict):
            raise self.unavailable("answered with what is no JSON object")
        if document.get("simulated", False) is not self.account.simulated:
            raise self.unavailable(
                "is no simulator, though one is configured"
                if self.account.simulated
                else "is a simulator, though none is configured"
            )
        return Reply(self, document)

    def now(self) -> datetime:
        """Of the clock that answers' times are held against."""
        return self._clock.now()


class _Broken(Exception):
    """The connection was not had, or ended before the answer did."""


class Reply:
    """An answer's members, each asked for by type; `ProviderUnavailable` names the one that is wrong."""

    def __init__(self, gateway: Gateway, document: Mapping[str, object]) -> None:
        self._gateway = gateway
        self._document = document

    def text(self, name: str, longest: int = 200) -> str:
        """A text that is not empty and prints on one line."""
        value = self._document.get(name)
        if not isinstance(value, str) or not 0 < len(value) <= longest or not value.isprintable():
            raise self._wrong(name)
        return value

    def echoes(self, name: str, sent: str) -> None:
        """The member must be what was sent: the answer is about this question."""
        if self._document.get(name) != sent:
            raise self._wrong(name)

    def integer(self, name: str, most: int) -> int | None:
        """From 0 to `most`; None where there is none."""
        value = self._document.get(name)
        if value is None:
            return None
        if type(value) is not int or not 0 <= value <= most:
            raise self._wrong(name)
        return value

    def moment(self, name: str) -> datetime:
        """A time with its offset, near our clock: proof is too old some time after it."""
        try:
            value = datetime.fromisoformat(self.text(name, 40))
        except ValueError as error:
            raise self._wrong(name) from error
        now = self._gateway.now()
        if value.tzinfo is None or abs(value - now) > MAX_SKEW:
            raise self._wrong(name)
        return value.astimezone(now.tzinfo)

    def _wrong(self, name: str) -> ProviderUnavailable:
        return self._gateway.unavailable(f"answered without a usable {name}")
