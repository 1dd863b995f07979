"""An installation behind the HTTP application, and a client that signs its requests."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from api.callers import CallerSecret, Scope
from api.http.app import make_app
from api.signature import Signable, authorize
from api.wiring import Centre, open_centre
from evidence.clock import rfc3339
from tests.support.bank import Bank
from tests.support.database import BACKENDS
from tests.support.installation import open_installation
from tests.support.server import serving
from tests.support.signing_contract import open_bank


@dataclass
class Caller:
    """A program that may call, as its programmer writes it."""

    client: httpx.Client
    centre: Centre
    secret: CallerSecret
    sent: list[httpx.Request] = field(default_factory=list)

    def request(
        self,
        method: str,
        target: str,
        document: object = None,
        *,
        body: bytes | None = None,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
        nonce: str | None = None,
        at: str | None = None,
    ) -> httpx.Response:
        content = body if body is not None else b"" if document is None else json.dumps(document).encode()
        path, _, query = target.partition("?")
        given = {
            "Authorization": authorize(
                Signable(method, path, query, content),
                self.secret.caller.caller_id,
                self.secret.secret,
                at or rfc3339(self.centre.clock.now()),
                nonce or secrets.token_hex(16),
            ),
            "Content-Type": "application/json",
        }
        if method == "POST":
            given["Idempotency-Key"] = key or secrets.token_hex(16)
        return self.client.request(method, target, content=content, headers={**given, **(headers or {})})

    def get(self, target: str) -> httpx.Response:
        return self.request("GET", target)

    def post(self, target: str, document: object, **options: str) -> httpx.Response:
        return self.request("POST", target, document, **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module", params=BACKENDS)
def centre(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    folder: Path = tmp_path_factory.mktemp("installation")
    with open_installation(request.param, folder) as installation, installation.open() as opened:
        opened.publisher.publish_due()
        yield opened


@pytest.fixture(scope="module")
def client(centre: Centre) -> Iterator[httpx.Client]:
    with serving(make_app(centre, chores_too=False)) as opened:
        yield opened


def make_caller(
    client: httpx.Client, centre: Centre, *scopes: Scope, profiles: tuple[str, ...] | None = None
) -> Caller:
    with centre.database() as unit:
        made = unit.callers.add(secrets.token_hex(8), scopes, profiles, centre.clock.now())
    return Caller(client, centre, made)


@pytest.fixture(scope="module")
def caller(client: httpx.Client, centre: Centre) -> Caller:
    return make_caller(client, centre, Scope.ISSUE, Scope.REVOKE, Scope.READ)


@pytest.fixture(scope="module")
def reader(client: httpx.Client, centre: Centre) -> Caller:
    return make_caller(client, centre, Scope.READ)


@pytest.fixture(scope="module", params=BACKENDS)
def bank(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    """A service of its own, whose outside parties are the simulator's."""
    folder: Path = tmp_path_factory.mktemp("bank")
    with open_bank(request.param, folder, suites=("intl", "guomi")) as installation:
        settings = installation.settings.model_copy(update={"simulator": True})
        with open_centre(settings) as centre, serving(make_app(centre, chores_too=False)) as client:
            caller = make_caller(client, centre, Scope.CONTRACT, Scope.CONTRACT_READ)
            yield Bank(centre, client, caller)
