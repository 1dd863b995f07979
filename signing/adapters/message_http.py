"""A gateway for short messages over HTTP: `POST /v1/messages`, signed both ways (`signing.exchange`)."""

from __future__ import annotations

from signing.adapters.gateway import Gateway
from signing.message import Receipt, ShortMessage


class HttpMessageSender:
    """`MessageSender` over one gateway, which sends a reference once however often it is asked to."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    @property
    def name(self) -> str:
        return self._gateway.account.provider

    @property
    def simulated(self) -> bool:
        return self._gateway.account.simulated

    def send(self, message: ShortMessage) -> Receipt:
        document = {"mobile": message.mobile, "text": message.text, "reference": message.reference}
        _, response = self._gateway.ask("/v1/messages", document, repeatable=True)
        return self._read(message, response)

    def _read(self, message: ShortMessage, response: bytes) -> Receipt:
        reply = self._gateway.read(response)
        reply.echoes("reference", message.reference)
        reply.echoes("status", "accepted")
        return Receipt(reply.text("message_id"), reply.moment("accepted_at"), response)
