"""An identity bureau over HTTP: `POST /v1/identity/<method>`, signed both ways (`signing.exchange`)."""

from __future__ import annotations

from evidence.canonical import JSON
from signing.adapters.gateway import Gateway
from signing.identity import Answer, Enquiry, Method, Verdict

MILLION = 1_000_000  # of a score in parts per million
_MEMBERS = ("name", "id_number", "mobile", "card", "representative", "face_token")


class HttpIdentityProvider:
    """`IdentityProvider` over one gateway.

    A question is asked once and never again by itself: bureaus charge and record each of them.
    """

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    @property
    def name(self) -> str:
        return self._gateway.account.provider

    @property
    def simulated(self) -> bool:
        return self._gateway.account.simulated

    def check(self, enquiry: Enquiry) -> Answer:
        request, response = self._gateway.ask(f"/v1/identity/{enquiry.method.value}", _asked(enquiry))
        return self._read(enquiry, request, response)

    def _read(self, enquiry: Enquiry, request: bytes, response: bytes) -> Answer:
        reply = self._gateway.read(response)
        reply.echoes("transaction", enquiry.transaction)
        reply.echoes("method", enquiry.method.value)
        said = reply.text("verdict")
        try:
            verdict = Verdict(said)
        except ValueError as error:
            raise self._gateway.unavailable("answered without a usable verdict") from error
        score = reply.integer("score", MILLION)
        if enquiry.method is Method.FACE and score is None and verdict is Verdict.MATCH:
            raise self._gateway.unavailable("answered without a usable score")
        return Answer(
            verdict=verdict,
            reference=reply.text("reference"),
            request=request,
            response=response,
            answered_at=reply.moment("answered_at"),
            score=score,
        )


def _asked(enquiry: Enquiry) -> dict[str, JSON]:
    subject = enquiry.subject
    given = {name: getattr(subject, name) for name in _MEMBERS}
    return {
        "transaction": enquiry.transaction,
        "method": enquiry.method.value,
        **{name: value for name, value in given.items() if value is not None},
    }
