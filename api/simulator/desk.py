"""The simulated parties behind any transport: a question in, an answer out."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from api.simulator.bureau import NEEDED, Bureau
from api.simulator.fault import Fault, Party, Trouble
from api.simulator.population import DEFAULT_SEED, Population
from evidence.clock import Clock, rfc3339
from signing.exchange import CLIENT, NONCE, SIGNATURE, TIMESTAMP, Question, answer_signature, is_same
from signing.identity import Method

MAX_QUESTION = 16_384  # octets; a short message has at most 500 characters
MAX_SKEW = timedelta(minutes=5)
KEPT = 10_000  # messages and answers; the oldest go first
UNREACHABLE = "9999"
"""Mobile numbers ending so take no message."""
_IDENTITY, _MESSAGES = "/v1/identity/", "/v1/messages"
_GARBAGE = b"\x00<html>\xff\xfe" + bytes(range(256))


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that the gateway took; nobody's telephone rang."""

    message_id: str
    mobile: str
    text: str
    reference: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: `delay_s` late, and not at all when `lost`."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    delay_s: float = 0.0
    lost: bool = False


class _Refused(Exception):
    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


class Desk:
    """Everything the simulator is, without a network. One lock: it is asked from many threads."""

    def __init__(self, secret: bytes, clock: Clock, seed: str = DEFAULT_SEED) -> None:
        self.population = Population(seed)
        self._secret = secret
        self._clock = clock
        self._bureau = Bureau(self.population)
        self._troubles: dict[Party, Trouble] = {}
        self._sent: deque[Sent] = deque(maxlen=KEPT)
        self._by_reference: dict[str, dict[str, object]] = {}
        self._lock = threading.Lock()

    def trouble(self, party: Party, trouble: Trouble | None) -> None:
        """From now on `party` misbehaves; None: no more."""
        with self._lock:
            self._troubles.pop(party, None)
            if trouble is not None:
                self._troubles[party] = trouble

    def troubles(self) -> dict[Party, Trouble]:
        """Those in force."""
        with self._lock:
            return dict(self._troubles)

    def messages(self, mobile: str | None = None) -> list[Sent]:
        """Those taken, oldest first, of one number or of all."""
        with self._lock:
            return [one for one in self._sent if mobile in {None, one.mobile}]

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """`headers` by lower-case names."""
        party = Party.MESSAGE if path.endswith(_MESSAGES) else Party.IDENTITY
        nonce = headers.get(NONCE.lower(), "")
        trouble = self._next_trouble(party)
        if trouble is not None and trouble.fault is Fault.DOWN:
            return Reply(503, {"Content-Type": "text/plain"}, b"Service Unavailable")
        try:
            document = self._act(party, method, path, headers, body)
            status = 200
        except _Refused as refused:
            status, document = refused.status, {"error": refused.code, "simulated": True}
        return self._reply(status, document, nonce, trouble)

    def _next_trouble(self, party: Party) -> Trouble | None:
        with self._lock:
            trouble = self._troubles.get(party)
            if trouble is not None and trouble.times is not None:
                if trouble.times <= 1:
                    del self._troubles[party]
                else:
                    self._troubles[party] = replace(trouble, times=trouble.times - 1)
            return trouble

    def _reply(self, status: int, document: dict[str, object], nonce: str, trouble: Trouble | None) -> Reply:
        fault = None if trouble is None else trouble.fault
        if fault is Fault.FOREIGN:
            document = {**document, "transaction": "another", "reference": "another"}
        elif fault is Fault.UNMARKED:
            document = {name: value for name, value in document.items() if name != "simulated"}
        elif fault is Fault.MALFORMED:
            document = {"simulated": True}
        body = json.dumps(document, ensure_ascii=False, sort_keys=True).encode()
        if fault is Fault.GARBAGE:
            body = _GARBAGE
        elif fault is Fault.OVERSIZED:
            body += b" " * 1_048_576
        signature = answer_signature(self._secret, nonce, status, body)
        if fault is Fault.WRONG_SIGNATURE:
            signature = answer_signature(b"another secret", nonce, status, body)
        headers = {"Content-Type": "application/json", SIGNATURE: signature}
        if fault is Fault.UNSIGNED:
            del headers[SIGNATURE]
        delay_s = trouble.delay_s if trouble is not None and fault is Fault.SLOW else 0.0
        return Reply(status, headers, body, delay_s, lost=fault is Fault.LOST)

    def _act(
        self, party: Party, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> dict[str, object]:
        if method != "POST":
            raise _Refused(405, "method-not-allowed")
        if len(body) > MAX_QUESTION:
            raise _Refused(413, "body-too-large")
        self._prove(method, path, headers, body)
        asked = _texts(body)
        if party is Party.MESSAGE:
            return self._send(asked)
        try:
            return self._check(Method(path.rpartition(_IDENTITY)[2]), asked)
        except ValueError:
            raise _Refused(404, "no-such-method") from None

    def _prove(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> None:
        client, timestamp, nonce = (headers.get(name.lower(), "") for name in (CLIENT, TIMESTAMP, NONCE))
        question = Question(client, method, path, body, timestamp, nonce)
        if not nonce or not is_same(question.signature(self._secret), headers.get(SIGNATURE.lower(), "")):
            raise _Refused(401, "signature-wrong")
        try:
            sent_at = datetime.fromisoformat(timestamp)
        except ValueError:
            raise _Refused(401, "timestamp-wrong") from None
        if sent_at.tzinfo is None or abs(self._clock.now() - sent_at) > MAX_SKEW:
            raise _Refused(401, "timestamp-wrong")

    def _check(self, method: Method, asked: dict[str, str]) -> dict[str, object]:
        _need(asked, "transaction", "name", "id_number", *NEEDED[method])
        concluded = self._bureau.conclude(method, asked)
        answer: dict[str, object] = {
            "transaction": asked["transaction"],
            "method": method.value,
            "verdict": concluded.verdict.value,
            "reference": f"SIM-{sha256(asked['transaction'].encode()).hexdigest()[:16]}",
            "answered_at": rfc3339(self._clock.now()),
            "simulated": True,
        }
        if concluded.score is not None:
            answer["score"] = concluded.score
        return answer

    def _send(self, asked: dict[str, str]) -> dict[str, object]:
        _need(asked, "mobile", "text", "reference")
        if asked["mobile"].endswith(UNREACHABLE):
            raise _Refused(422, "number-unreachable")
        reference = asked["reference"]
        with self._lock:
            earlier = self._by_reference.get(reference)
            if earlier is not None:
                return earlier
            now = self._clock.now()
            message_id = f"SIM-{sha256(reference.encode()).hexdigest()[:16]}"
            self._sent.append(Sent(message_id, asked["mobile"], asked["text"], reference, now))
            answer: dict[str, object] = {
                "reference": reference,
                "status": "accepted",
                "message_id": message_id,
                "accepted_at": rfc3339(now),
                "simulated": True,
            }
            self._by_reference[reference] = answer
            if len(self._by_reference) > KEPT:
                del self._by_reference[next(iter(self._by_reference))]
            return answer


def _texts(body: bytes) -> dict[str, str]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise _Refused(422, "not-json") from None
    if not isinstance(document, dict) or not all(isinstance(value, str) for value in document.values()):
        raise _Refused(422, "not-an-object-of-texts")
    return document


def _need(asked: dict[str, str], *names: str) -> None:
    for name in names:
        if not asked.get(name):
            raise _Refused(422, f"{name}-missing")
