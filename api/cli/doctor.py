"""`xinqian doctor`: what is wrong, or soon will be, and the command that cures it."""

from __future__ import annotations

from datetime import datetime

import click

from api import messages
from api.cli.command import Verb
from api.cli.exits import Exit
from api.cli.options import MOMENT
from api.cli.session import Session, with_session
from api.sandbox import is_sandbox
from ca.doctor import Circumstances, ClockFact, Severity, examine, gravest
from ca.errors import CaError, ClockBehind, NotFound
from ca.survey import survey
from keys.errors import KeysError
from keys.suites import Suite

COLUMNS = ("severity", "subject", "detail", "command")
_EXITS = {Severity.CRITICAL: Exit.INVALID}


@click.command("doctor", cls=Verb, help="doctor")
@click.option("--backup-at", type=MOMENT)
@with_session
def doctor(session: Session, backup_at: datetime | None) -> None:
    """Exit 1 when something is critical."""
    centre = session.centre
    given = Circumstances(
        _clock_fact(session), centre.settings.base_url, is_sandbox(centre.database), backup_at
    )
    facts = survey(centre.database, centre.signers, centre.publisher, centre.journal, centre.clock, given)
    language = session.output.language
    findings = examine(facts, centre.clock.now())
    rows = [
        {
            "severity": one.severity.name.lower(),
            "check": one.check,
            "code": one.code,
            "subject": one.subject,
            "command": one.command,
            "detail": messages.finding(one.code, language, one.facts),
            "facts": messages.told(one.facts, language) or None,
        }
        for one in findings
    ]
    session.output.rows("findings", COLUMNS, rows)
    worst = gravest(findings)
    session.output.say(f"cli.doctor-{worst.name.lower()}")
    if worst in _EXITS:
        session.end(_EXITS[worst])


def _clock_fact(session: Session) -> ClockFact:
    external = bool(session.settings.ntp_servers)
    for suite in Suite:
        try:
            session.centre.timestamping.look(suite)
        except NotFound:
            continue
        except (CaError, KeysError) as error:
            return ClockFact(str(error), behind=isinstance(error, ClockBehind), external=external)
    return ClockFact(external=external)
