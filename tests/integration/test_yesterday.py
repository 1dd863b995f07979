"""Yesterday's database: no start, advice that works, and nothing un-revoked, whatever kills the mending."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ca.errors import RegistryBehind
from ca.ocspresponse import CertificateState
from ca.serial import SerialNumber, serial_text
from evidence.errors import LogBehind
from evidence.event import EventType
from tests.support import backup
from tests.support.acts import begin
from tests.support.crash import Order, open_lab
from tests.support.database import BACKENDS
from tests.support.faults import acts_on, command
from tests.support.installation import Installation, open_installation
from tests.support.ledger import Ledger, status_of

REFUSED = 5
MOST_BOUNDARIES = 500


@dataclass(frozen=True, slots=True)
class Lost:
    """An installation, its database of yesterday, and what happened today."""

    backend: str
    installation: Installation
    yesterday: backup.Backup
    kept: SerialNumber
    """Issued yesterday, revoked today."""
    gone: SerialNumber
    """Issued and revoked today."""

    def restore(self) -> None:
        with self.installation.bare() as centre:
            backup.bring_back(centre.database.engine, self.yesterday)


@pytest.fixture(params=BACKENDS)
def lost(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lost]:
    with open_installation(request.param, tmp_path, suites=("intl",)) as installation:
        with installation.open() as centre:
            serials: list[SerialNumber] = []
            acts = acts_on(centre, Ledger(), serials)
            for name in ("issue", "issue", "revoke", "stamp"):
                acts[name]()
            kept = serials[0]
            yesterday = backup.take(centre.database.engine)
            acts["revoke"]()
            acts["issue"]()
            gone = serials[0]
            for name in ("revoke", "issue", "stamp", "publish"):
                acts[name]()
        found = Lost(request.param, installation, yesterday, kept, gone)
        found.restore()
        yield found


def _check_mended(lost: Lost) -> None:
    with lost.installation.open() as centre:
        begin(centre)
        assert status_of(centre, serial_text(lost.kept)) is CertificateState.REVOKED
        with centre.database.reading() as unit:
            assert unit.certificates.get(lost.gone).revocation is not None
            rows = unit.certificates.journal(0)
        assert tuple(rows) == tuple(centre.journal.read(0))
        assert len(rows) == 3
        ledger = Ledger()
        ledger.check_log(centre)
        acts_on(centre, ledger, [])["issue"]()
        ledger.check_log(centre)


def test_commands_refuse_and_say_what_to_do(lost: Lost, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (("cert", "list"), ("crl", "publish"), ("serve",)):
        said = command(lost.installation, capsys, *arguments)
        assert said.code == REFUSED, said
        assert "log-behind" in said.err
        assert "xinqian ca reconcile" in said.err
    (lost.installation.state_dir / "watermark.json").unlink()  # and without it, the journal
    said = command(lost.installation, capsys, "cert", "list")
    assert said.code == REFUSED
    assert "registry-behind" in said.err
    assert "xinqian ca reconcile" in said.err


def test_the_advice_works(lost: Lost, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(lost.installation, capsys, "ca", "reconcile").code == 0
    assert command(lost.installation, capsys, "cert", "list").code == REFUSED  # that was the plan alone
    said = command(lost.installation, capsys, "ca", "reconcile", "--commit", "--format", "json")
    assert said.code == 0
    assert '"replayed": 2' in said.out
    assert command(lost.installation, capsys, "cert", "list").code == 0
    with lost.installation.open() as centre, centre.database.reading() as unit:
        (log,) = unit.events.heads()
        kinds = [event.type for event in unit.events.read(log, 0, 1 << 62)]
    assert kinds.count(EventType.RESTORE) == 1
    _check_mended(lost)


def test_a_damaged_watermark_is_told(lost: Lost, capsys: pytest.CaptureFixture[str]) -> None:
    (lost.installation.state_dir / "watermark.json").write_text("{")
    said = command(lost.installation, capsys, "cert", "list")
    assert said.code == REFUSED
    assert "watermark-invalid" in said.err
    assert "xinqian ca reconcile" in said.err
    assert command(lost.installation, capsys, "ca", "reconcile", "--commit").code == 0
    _check_mended(lost)


@pytest.mark.slow
def test_mending_killed_at_every_boundary(lost: Lost, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever a mending that died left, the next one ends it."""
    state = lost.installation.state_dir
    watermark = (state / "watermark.json").read_bytes()
    with open_lab() as lab:
        for point in range(1, MOST_BOUNDARIES, 3 if lost.backend == "sqlite" else 7):
            order = Order(lost.installation.given, ("reconcile",), point=point, warm=False)
            outcome = lab.run(order)
            assert outcome.killed or outcome.failure is None, outcome.failure
            try:
                with lost.installation.open():
                    refused = False
            except (LogBehind, RegistryBehind):
                refused = True
            assert outcome.killed or not refused
            if refused:
                said = command(lost.installation, capsys, "ca", "reconcile", "--commit")
                assert said.code == 0, said.err
            _check_mended(lost)
            if not outcome.killed:
                return
            lost.restore()
            (state / "watermark.json").write_bytes(watermark)
    pytest.fail("the mending never ended")
