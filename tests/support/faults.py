"""What an installation says when something that it stands on fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
import sqlalchemy as sa

from api.cli.main import run
from api.wiring import Centre
from ca.adapters.crls import crls
from ca.adapters.tables import certificates, revocations
from ca.adapters.timestamps import tokens
from ca.serial import SerialNumber
from evidence.adapters.sql import events
from keys.suites import Suite
from tests.support.acts import Acts
from tests.support.installation import Installation
from tests.support.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Said:
    """A command's exit code, and what it told people."""

    code: int
    out: str
    err: str


def command(
    installation: Installation, capsys: pytest.CaptureFixture[str], *arguments: object, **variables: str
) -> Said:
    """One command on the installation, in this process."""
    capsys.readouterr()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"LC_ALL": "C.UTF-8", **installation.environment, **variables}.items():
            patch.setenv(name, value)
        code = run([str(one) for one in arguments])
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    return Said(code, said.out, said.err)


def acts_on(centre: Centre, ledger: Ledger, serials: list[SerialNumber]) -> dict[str, Callable[[], None]]:
    """Each act by its name; what leaves goes into the ledger."""
    acts = Acts(centre, Suite.INTL, serials, ledger.left.append)
    names = ("issue", "revoke", "stamp", "publish")
    return {name: getattr(acts, name) for name in names}


def rows(centre: Centre) -> dict[str, int]:
    """How many of each there are."""
    with centre.database.engine.connect() as connection:
        return {
            table.name: connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for table in (certificates, revocations, tokens, crls, events)
        }
