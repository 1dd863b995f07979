"""Full and read-only disks, keys that do not open, a clock that is off: errors and nothing half-written."""

from __future__ import annotations

import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from api.errors import StoreUnavailable
from api.stamping import Timestamping
from api.wiring import Centre
from ca.adapters.database_clock import DatabaseClock
from ca.clockguard import HostClock
from ca.clocksample import TimeSource
from ca.errors import JournalUnavailable
from ca.ocspresponse import CertificateState
from ca.serial import SerialNumber, serial_text
from ca.timestamp import Imprint, TimestampRequest
from ca.timestamp_response import TimestampResponse, parse_response
from evidence.adapters.system_clock import SystemClock
from evidence.errors import RecordRefused, WatermarkUnavailable
from keys.suites import Digest, Suite
from tests.support.acts import begin
from tests.support.database import BACKENDS
from tests.support.disks import full, read_only, small_disk
from tests.support.faults import acts_on, command, rows
from tests.support.installation import Installation, open_installation, write_master_key
from tests.support.ledger import Ledger, status_of
from tests.support.services import environment
from tests.support.softhsm import PIN, open_softhsm

UNAVAILABLE = 7
DISK_KB = 4_096
XINQIAN = Path(sys.executable).with_name("xinqian")


@pytest.fixture(params=BACKENDS)
def installation(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Installation]:
    with open_installation(request.param, tmp_path, suites=("intl",)) as opened:
        yield opened


@contextmanager
def unharmed(installation: Installation) -> Iterator[tuple[Centre, Ledger, list[SerialNumber]]]:
    """A running process; after it, a start finds everything in order and every act goes on."""
    ledger, serials = Ledger(), list[SerialNumber]()
    with installation.open() as centre:
        acts = acts_on(centre, ledger, serials)
        acts["issue"]()
        acts["issue"]()
        acts["stamp"]()
        yield centre, ledger, serials
    with installation.open() as centre:
        begin(centre)
        ledger.check(centre)
        for act in acts_on(centre, ledger, serials).values():
            act()
        ledger.check(centre)


def test_full_disk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, token = tmp_path / "data", tmp_path / "token"
    data.write_bytes(b"data")
    with (
        small_disk(tmp_path / "disk", DISK_KB) as disk,
        open_installation("sqlite", disk, suites=("intl",)) as installation,
        unharmed(installation) as (centre, ledger, serials),
    ):
        before, left = rows(centre), len(ledger.left)
        with full(disk):
            for act in acts_on(centre, ledger, serials[:]).values():
                with pytest.raises((StoreUnavailable, RecordRefused)):
                    act()
            for arguments in (
                ("tsa", "stamp", data, "--out", token),
                ("cert", "revoke", serial_text(serials[-1]), "--reason", "superseded", "--commit"),
                ("crl", "publish"),
            ):
                said = command(installation, capsys, *arguments)
                assert said.code == UNAVAILABLE, said
                assert "free space" in said.err
        assert len(ledger.left) == left
        assert rows(centre) == before
        assert not token.exists()


def test_database_that_may_not_grow(tmp_path: Path) -> None:
    """SQLite's own limit, for hosts where no disk can be mounted."""
    with (
        open_installation("sqlite", tmp_path, suites=("intl",)) as installation,
        unharmed(installation) as (centre, ledger, _),
    ):
        engine = centre.database.engine

        def stop_growth(connection: sa.Connection) -> None:
            connection.exec_driver_sql("PRAGMA max_page_count = 1")  # as many as there are

        sa.event.listen(engine, "begin", stop_growth)
        acts = acts_on(centre, ledger, [])
        failures: list[str] = []
        for _ in range(100):  # pages that are there take a few rows more
            try:
                acts["stamp"]()
                acts["issue"]()
            except (StoreUnavailable, RecordRefused) as error:
                failures.append(str(error))
                break
        sa.event.remove(engine, "begin", stop_growth)
        engine.dispose()  # the limit is each connection's
        assert "full" in failures[0]
        acts["stamp"]()


@pytest.mark.parametrize("backend", BACKENDS)
def test_full_disk_beside_the_database(backend: str, tmp_path: Path) -> None:
    """The journal cannot be written: the revocation stands, its answer does not leave, OCSP knows at once."""
    with (
        small_disk(tmp_path / "disk", DISK_KB) as disk,
        open_installation(backend, tmp_path, suites=("intl",)) as whole,
        unharmed(_moved(whole, disk)) as (centre, ledger, serials),
    ):
        serial = serial_text(serials[-1])
        left = len(ledger.left)
        acts = acts_on(centre, ledger, serials)
        with full(disk):
            with pytest.raises(JournalUnavailable, match="space"):
                acts["revoke"]()
            assert status_of(centre, serial) is CertificateState.REVOKED
        assert len(ledger.left) == left
        assert not centre.journal.read(0)
        acts["revoke"]()
        assert len(centre.journal.read(0)) == 2


def _moved(installation: Installation, disk: Path) -> Installation:
    """What lies beside the database, on another disk."""
    state = disk / "state"
    state.mkdir()
    for file in ("master.key", "watermark.json"):
        there = state / file
        there.write_bytes((installation.state_dir / file).read_bytes())
        there.chmod(0o600)
    return replace(installation, state_dir=state)


def test_read_only_disk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (
        small_disk(tmp_path / "disk", DISK_KB) as disk,
        open_installation("sqlite", disk, suites=("intl",)) as installation,
    ):
        with unharmed(installation):
            pass
        with read_only(disk):
            with pytest.raises((StoreUnavailable, WatermarkUnavailable)), installation.open():
                pass
            for arguments in (("cert", "list"), ("crl", "publish"), ("serve",)):
                said = command(installation, capsys, *arguments)
                assert said.code == UNAVAILABLE, said
                assert "rights on" in said.err
        with unharmed(installation):
            pass


def test_read_only_database_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with open_installation("sqlite", tmp_path, suites=("intl",)) as installation:
        with unharmed(installation) as (_, _, serials):
            spare = serials[:]
        path = sa.make_url(installation.database_url).database
        closed = replace(installation, database_url=f"sqlite:///file:{path}?mode=ro&uri=true")
        with closed.open() as centre:
            before = rows(centre)
            for act in acts_on(centre, Ledger(), spare).values():
                with pytest.raises((StoreUnavailable, RecordRefused), match="readonly"):
                    act()
            assert rows(centre) == before
        said = command(closed, capsys, "crl", "publish")
        assert said.code == UNAVAILABLE
        assert "readonly" in said.err
        with unharmed(installation):
            pass


def test_wrong_master_key(
    installation: Installation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, token = tmp_path / "data", tmp_path / "token"
    data.write_bytes(b"data")
    other = tmp_path / "other.key"
    write_master_key(other)
    with unharmed(installation) as (centre, _, serials):
        before = rows(centre)
        for arguments in (
            ("tsa", "stamp", data, "--out", token),
            ("cert", "revoke", serial_text(serials[-1]), "--reason", "superseded", "--commit"),
            ("crl", "publish"),
        ):
            said = command(installation, capsys, *arguments, XINQIAN_MASTER_KEY_FILE=str(other))
            assert said.code == UNAVAILABLE, said
            assert "master-key-differs" in said.err
        said = command(installation, capsys, "cert", "list", XINQIAN_MASTER_KEY_FILE=str(tmp_path / "none"))
        assert said.code == UNAVAILABLE
        assert "master-key-invalid" in said.err
        assert rows(centre) == before
        assert not token.exists()


def test_missing_token_and_wrong_pin(tmp_path: Path) -> None:
    """Programs of their own: a library once loaded would speak for the token that is gone."""
    device = open_softhsm(tmp_path)
    settings = environment(
        LC_ALL="C.UTF-8",
        SOFTHSM2_CONF=str(device.configuration),
        XINQIAN_STATE_DIR=str(tmp_path / "state"),
        XINQIAN_CUSTODY="pkcs11",
        XINQIAN_PKCS11_LIBRARY=device.library,
        XINQIAN_PKCS11_TOKEN=device.make_token(),
        XINQIAN_PKCS11_PIN=PIN,
    )
    data, token = tmp_path / "data", tmp_path / "token"
    data.write_bytes(b"data")

    def xinqian(*arguments: object, **changes: str) -> tuple[int, str]:
        command = [str(XINQIAN), *map(str, arguments)]
        done = subprocess.run(
            command, env={**settings, **changes}, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stderr

    assert xinqian("ca", "init", "--sandbox")[0] == 0
    stamp = ("tsa", "stamp", data, "--out", token)
    before = _recorded(tmp_path)
    code, said = xinqian(*stamp, XINQIAN_PKCS11_PIN="9999")
    assert code == UNAVAILABLE
    assert "PIN is refused" in said
    device.remove_tokens()
    code, said = xinqian(*stamp)
    assert code == UNAVAILABLE
    assert "NoSuchToken" in said
    assert "custody-unavailable" in said
    assert _recorded(tmp_path) == before
    assert not token.exists()
    device.return_tokens()
    assert xinqian(*stamp)[0] == 0


def _recorded(folder: Path) -> dict[str, int]:
    with Installation(folder / "state", f"sqlite:///{folder / 'state' / 'xinqian.sqlite'}").bare() as centre:
        return rows(centre)


class SkewedClock(SystemClock):
    """The host's clock of a machine that is off."""

    def __init__(self, **off: float) -> None:
        self._off = timedelta(**off)

    def now(self) -> datetime:
        return super().now() + self._off


@pytest.mark.parametrize("seconds", [-5, 5])
def test_second_signer_with_a_skewed_clock(installation: Installation, seconds: int) -> None:
    with unharmed(installation) as (centre, ledger, _):
        acts_on(centre, ledger, [])["stamp"]()
        before = rows(centre)
        boot = secrets.token_hex(8)
        assert _asked(centre, SkewedClock(), boot=boot).token is not None
        for reference in (True, False) if centre.database.engine.dialect.name == "postgresql" else (False,):
            refused = _asked(centre, SkewedClock(seconds=seconds), boot=boot, reference=reference)
            assert refused.token is None
            assert refused.failure == "timeNotAvailable"
            assert "wall clock" in refused.text[0] or "the clock may be off" in refused.text[0]
        assert rows(centre)["ca_timestamps"] == before["ca_timestamps"] + 1
        acts_on(centre, ledger, [])["stamp"]()


def _asked(centre: Centre, clock: SystemClock, *, boot: str, reference: bool = False) -> TimestampResponse:
    """What another signer on the same database answers."""
    sources: list[TimeSource] = [HostClock()]
    if reference:
        sources.append(DatabaseClock(centre.database.engine, clock))
    name = secrets.token_hex(4)
    signer = Timestamping(centre.database, centre.signers, clock, sources, name, boot)
    request = TimestampRequest(Imprint.of(Digest.SHA256, b"data"), None, 1, cert_req=True)
    (answer,) = signer.authority(Suite.INTL).stamp([request.encoded()], "app-1")
    return parse_response(answer)
