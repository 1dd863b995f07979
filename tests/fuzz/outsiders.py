"""Targets: answers of outside parties, rightly signed, whatever they say; and questions to the simulator."""

from __future__ import annotations

import json

import httpx

from api.simulator.desk import Desk
from evidence.clock import rfc3339
from signing.adapters.gateway import Gateway
from signing.adapters.identity_http import HttpIdentityProvider
from signing.adapters.message_http import HttpMessageSender
from signing.errors import ProviderUnavailable
from signing.exchange import NONCE, SIGNATURE, Account, Question, answer_signature
from signing.identity import Enquiry, Method, Subject
from signing.message import ShortMessage
from tests.fuzz.target import Target
from tests.support.clock import NOON, FixedClock

SECRET = b"a secret of the fuzzer"
ENQUIRY = Enquiry(Method.FACE, Subject("某人", "11010519491231002X", face_token="face-1"), "t-1")
MESSAGE = ShortMessage("13800000001", "text", "m-1")


class _Saying(httpx.BaseTransport):
    """Answers anything with given octets."""

    def __init__(self) -> None:
        self.body = b""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        signature = answer_signature(SECRET, request.headers[NONCE], 200, self.body)
        return httpx.Response(200, headers={SIGNATURE: signature}, stream=httpx.ByteStream(self.body))


def targets() -> tuple[Target, ...]:
    """Of this module."""
    saying = _Saying()
    account = Account("party", "http://party.test", "fuzzer", SECRET, simulated=True)
    gateway = Gateway(account, FixedClock(), transport=saying)
    desk = Desk(SECRET, FixedClock())

    def identity(data: bytes) -> None:
        saying.body = data
        HttpIdentityProvider(gateway).check(ENQUIRY)

    def message(data: bytes) -> None:
        saying.body = data
        HttpMessageSender(gateway).send(MESSAGE)

    def asked(data: bytes) -> None:
        for path in ("/v1/messages", "/v1/identity/face", "/v1/identity/enterprise"):
            question = Question("fuzzer", "POST", path, data, rfc3339(NOON), "n")
            headers = {name.lower(): value for name, value in question.headers(SECRET).items()}
            assert desk.answer("POST", path, headers, data).status in {200, 422}

    answered = {"transaction": "t-1", "method": "face", "verdict": "match", "reference": "r", "score": 1}
    accepted = {"reference": "m-1", "status": "accepted", "message_id": "i", "accepted_at": rfc3339(NOON)}
    good = [
        json.dumps({**one, "answered_at": rfc3339(NOON), "simulated": True}).encode()
        for one in (answered, accepted)
    ]
    subject = {"transaction": "t", "name": "n", "id_number": "11010519491231002X", "face_token": "face-1"}
    questions = tuple(
        json.dumps(one).encode()
        for one in ({**subject, "representative": "r"}, {"mobile": "1", "text": "t", "reference": "r"})
    )
    return (
        Target("identity_answer", identity, (ProviderUnavailable,), tuple(good)),
        Target("message_answer", message, (ProviderUnavailable,), tuple(good)),
        Target("simulator_question", asked, (), questions),
    )
