"""A bank that makes contracts over HTTP, and its customers on their telephones."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx

from api.simulator.desk import Desk
from api.simulator.population import Person
from api.wiring import Centre
from tests.support.signers import Wanted, party
from tests.support.tiny_pdf import tiny_pdf

CONSENT = "e-signature"


class Caller(Protocol):
    """A program that signs its requests."""

    def get(self, target: str) -> httpx.Response: ...

    def post(self, target: str, document: object, **options: str) -> httpx.Response: ...

    def request(
        self, method: str, target: str, *, body: bytes, headers: Mapping[str, str]
    ) -> httpx.Response: ...


def new_number() -> str:
    return f"TEST-{secrets.token_hex(6)}"


@dataclass
class Signer:
    """A party in its session, as its telephone sees it."""

    client: httpx.Client
    desk: Desk
    token: str
    intent: dict[str, Any] = field(default_factory=dict)

    def get(self, path: str = "", **headers: str) -> httpx.Response:
        return self.client.get(f"/v1/sign-session{path}", headers={**self._rights(), **headers})

    def post(self, path: str, document: object = None, *, key: str | None = None) -> httpx.Response:
        headers = {**self._rights(), "Idempotency-Key": key or secrets.token_hex(16)}
        return self.client.post(f"/v1/sign-session{path}", json=document, headers=headers)

    def done(self, path: str, document: object = None) -> dict[str, Any]:
        answer = self.post(path, document)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def _rights(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def read(self) -> bytes:
        answer = self.get("/document")
        assert answer.status_code == 200, answer.text
        self.done("/view", {"dwell_ms": 60_000, "scrolled_to_end": True, "pages_ms": [30_000, 30_000]})
        return answer.content

    def consent(self, scope: str = CONSENT) -> None:
        for one in self.get().json()["consents"]:
            if one["scope"] != scope:
                continue
            given = {"scope": one["scope"], "text_id": one["text_id"], "text_sha256": one["sha256"]}
            self.done("/consent", given)

    def identify(self) -> None:
        for method in self.get().json()["identity"]["ways"][0]:
            self.done("/identity", {"method": method})

    def state(self) -> dict[str, Any]:
        self.intent = self.done("/statement")
        return self.intent

    def code(self) -> tuple[str, str]:
        """Challenge and code: the latter from the telephone, which is the simulator's."""
        sent = self.done("/code", {"intent": self.intent["id"]})
        told = [one for one in self.desk.messages() if one.reference == sent["challenge"]]
        found = re.search(r"验证码(\d{6})", told[-1].text)
        assert found is not None
        return sent["challenge"], found[1]

    def agree(self) -> dict[str, Any]:
        """All that comes before the signature."""
        self.read()
        self.consent()
        self.identify()
        self.state()
        challenge, code = self.code()
        return self.done("/confirm", {"intent": self.intent["id"], "challenge": challenge, "code": code})


@dataclass
class Bank:
    """A caller with the rights to contracts, over a running service."""

    centre: Centre
    client: httpx.Client
    caller: Caller

    @property
    def desk(self) -> Desk:
        assert self.centre.simulator is not None
        return self.centre.simulator

    def make(self, **changes: object) -> dict[str, Any]:
        answer = self.ask(**changes)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def make_of_file(self, person: Person, **changes: object) -> dict[str, Any]:
        """Of one page that was uploaded, for one person."""
        pdf = {"Content-Type": "application/pdf"}
        taken = self.caller.request("POST", "/v1/documents", body=tiny_pdf(), headers=pdf)
        assert taken.status_code == 201, taken.text
        box = {"box": {"page": 1, "left": 100, "bottom": 100, "width": 160, "height": 60}}
        parties = [party(person, "borrower", 1, fields=[box])]
        wanted = {"template": None, "values": {}, "file": taken.json()["file"], "parties": parties}
        return self.make(**{**wanted, **changes})

    def ask(self, **changes: object) -> httpx.Response:
        return self.caller.post("/v1/contracts", Wanted(new_number()).document(**changes))

    def show(self, contract: dict[str, Any]) -> dict[str, Any]:
        shown: dict[str, Any] = self.caller.get(f"/v1/contracts/{contract['id']}").json()
        return shown

    def open(self, contract: dict[str, Any], role: str = "borrower") -> httpx.Response:
        party = next(one for one in contract["parties"] if one["role"] == role and one["state"] != "replaced")
        target = f"/v1/contracts/{contract['id']}/parties/{party['id']}/sign-sessions"
        return self.caller.post(target, None)

    def signer(self, contract: dict[str, Any], role: str = "borrower") -> Signer:
        answer = self.open(contract, role)
        assert answer.status_code == 201, answer.text
        return Signer(self.client, self.desk, answer.json()["token"])
