"""PostgreSQL stopped, read-only, or lost during a COMMIT: an error each, and nothing half-written."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from api.callers import Scope
from api.errors import OutcomeUnknown, StoreUnavailable
from api.http.app import make_app
from api.http.tsa import QUERY_TYPE
from api.signature import Signable, authorize
from api.wiring import Centre
from ca.ocspresponse import CertificateState
from ca.serial import SerialNumber
from ca.timestamp import Imprint, TimestampRequest
from evidence.clock import rfc3339
from evidence.errors import RecordRefused
from keys.suites import Digest
from tests.support.acts import begin
from tests.support.faults import acts_on, command, rows
from tests.support.installation import Installation, open_installation
from tests.support.ledger import Ledger, status_of
from tests.support.proxy import Break, Proxy, open_proxy
from tests.support.server import serving

ACTS = ("issue", "revoke", "stamp", "publish")
UNAVAILABLE = 7


@dataclass(slots=True)
class Line:
    """An installation whose database is reached through a proxy, and what left it."""

    installation: Installation
    kept: Centre
    """Reaches the database past the proxy."""
    proxy: Proxy
    ledger: Ledger
    serials: list[SerialNumber]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    folder = tmp_path_factory.mktemp("installation")
    with (
        open_installation("postgresql", folder, suites=("intl",)) as direct,
        open_proxy(direct.database_url) as (proxy, url),
        direct.bare() as kept,
    ):
        yield Line(replace(direct, database_url=url), kept, proxy, Ledger(), [])


@pytest.fixture
def line(shared: Line) -> Iterator[Line]:
    acts = acts_on(shared.kept, shared.ledger, shared.serials)
    acts["issue"]()
    acts["stamp"]()
    yield shared
    begin(shared.kept)
    shared.ledger.check(shared.kept)
    for act in acts.values():
        act()
    shared.ledger.check(shared.kept)


@pytest.mark.parametrize("act", ACTS)
def test_stopped_server(line: Line, act: str) -> None:
    with line.installation.open() as centre:
        before = rows(centre)
        left = len(line.ledger.left)
        acts = acts_on(centre, line.ledger, line.serials[:])
        line.proxy.stop()
        try:
            with pytest.raises(StoreUnavailable) as caught:
                acts[act]()
        finally:
            line.proxy.start()
        assert not isinstance(caught.value, OutcomeUnknown)
        assert len(line.ledger.left) == left
        assert rows(centre) == before
        acts["stamp"]()  # the same process goes on once the server is back


def test_stopped_server_by_command(line: Line, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, token = tmp_path / "data", tmp_path / "token"
    data.write_bytes(b"data")
    serial = f"{line.serials[-1]:032x}"
    line.proxy.stop()
    try:
        for arguments in (
            ("tsa", "stamp", data, "--out", token),
            ("cert", "revoke", serial, "--reason", "superseded", "--commit"),
            ("crl", "publish"),
            ("cert", "list"),
        ):
            said = command(line.installation, capsys, *arguments)
            assert said.code == UNAVAILABLE, said
            assert "store-unavailable" in said.err
            assert not said.out
    finally:
        line.proxy.start()
    assert not token.exists()


def test_stopped_server_over_http(line: Line) -> None:
    with line.installation.open() as centre:
        with centre.database() as unit:
            name = secrets.token_hex(8)
            secret = unit.callers.add(name, (Scope.REVOKE,), None, centre.clock.now())
        path = f"/v1/certificates/{line.serials[-1]:032x}/revocation"
        body = b'{"reason": "superseded"}'
        query = TimestampRequest(Imprint.of(Digest.SHA256, b"data"), None, 1, cert_req=True).encoded()

        def revoke() -> tuple[int, dict[str, object]]:
            headers = {
                "Authorization": authorize(
                    Signable("POST", path, "", body),
                    secret.caller.caller_id,
                    secret.secret,
                    rfc3339(centre.clock.now()),
                    secrets.token_hex(16),
                ),
                "Content-Type": "application/json",
                "Idempotency-Key": secrets.token_hex(16),
            }
            answer = client.post(path, content=body, headers=headers)
            return answer.status_code, answer.json()

        with serving(make_app(centre, chores_too=False)) as client:
            assert client.get("/health/ready").status_code == 200
            line.proxy.stop()
            try:
                status, problem = revoke()
                assert (status, problem["code"]) == (503, "store-unavailable")
                answer = client.post("/v1/tsa/intl", content=query, headers={"Content-Type": QUERY_TYPE})
                assert (answer.status_code, answer.json()["code"]) == (503, "store-unavailable")
                assert answer.headers["content-type"] == "application/problem+json"
                assert answer.headers["retry-after"]
                assert client.get("/health/ready").status_code == 503
                assert client.get("/health/live").status_code == 200
            finally:
                line.proxy.start()
            status, _ = revoke()
            assert status == 200
            line.serials.pop()


@pytest.mark.parametrize("when", Break)
@pytest.mark.parametrize(
    ("act", "commit"), [("issue", 1), ("issue", 2), ("revoke", 1), ("stamp", 1), ("stamp", 2), ("publish", 1)]
)
def test_lost_during_commit(line: Line, when: Break, act: str, commit: int) -> None:
    """The caller is told that the outcome is not known; a start finds the act whole, or not there at all."""
    with line.installation.open() as centre:
        begin(centre)
        before = rows(centre)
        left = len(line.ledger.left)
        serial = line.serials[-1]
        line.proxy.break_at(when, commit)
        with pytest.raises(OutcomeUnknown):
            acts_on(centre, line.ledger, line.serials)[act]()
        assert len(line.ledger.left) == left
    with line.installation.open() as centre:
        begin(centre)
        line.ledger.check(centre)
        after = rows(centre)
        grew = {name for name in before if after[name] > before[name]} - {"evidence_events"}
        committed = when is Break.AFTER_COMMIT
        if act == "revoke":
            state = status_of(centre, f"{serial:032x}")
            assert state is (CertificateState.REVOKED if committed else CertificateState.GOOD)
            assert (serial in {one.serial for one in centre.journal.read(0)}) is committed
        elif act == "issue":
            # Its first commit takes the serial, its second makes the certificate.
            assert grew == ({"ca_certificates"} if committed or commit == 2 else set())
        elif act == "stamp":
            # Its first commit is the look at the clock.
            assert grew == ({"ca_timestamps"} if committed and commit == 2 else set())
        else:
            assert grew == ({"ca_crls"} if committed else set())


def test_read_only_server(line: Line, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = line.installation.database_url.replace(
        "options=", "options=-cdefault_transaction_read_only%3Don%20"
    )
    read_only = replace(line.installation, database_url=url)
    with read_only.open() as centre:
        before = rows(centre)
        for name, act in acts_on(centre, line.ledger, line.serials[:]).items():
            with pytest.raises((StoreUnavailable, RecordRefused), match="read-only"):
                act()
            assert rows(centre) == before, name
    data, token = tmp_path / "data", tmp_path / "token"
    data.write_bytes(b"data")
    said = command(read_only, capsys, "tsa", "stamp", data, "--out", token)
    assert said.code == UNAVAILABLE
    assert "read-only" in said.err
    assert not token.exists()
    assert command(read_only, capsys, "cert", "list").code == 0
