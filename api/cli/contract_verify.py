"""`xinqian contract verify`: judge any signed PDF, offline, by the verifier's own trust."""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from api.cli.command import Verb
from api.cli.exits import Exit
from api.cli.options import FILE, FOLDER, MOMENT
from api.cli.session import Session, with_session
from api.cli.verdict import EXITS, REVOCATION
from api.errors import InputInvalid
from api.pdfreport import report_shown
from api.trustfiles import read_trust
from ca.indication import Outcome, SubIndication
from signing.document import Buffer
from signing.validity.judge import judge_pdf, unreadable
from signing.validity.report import PdfReport

MAX_PDF = 1_073_741_824  # octets; the file is mapped, not read into memory
_BLOCK = (
    "kind",
    "indication",
    "sub_indication",
    "signer",
    "serial",
    "suite",
    "level",
    "claimed_time",
    "signing_time",
    "signing_time_proved_by",
    "revision",
    "covers_whole_revision",
    "modified_text",
)
_CODED = frozenset({"kind", "signing_time_proved_by"})
"""Of them those whose codes a table has in words."""
_CHANGES = ("revision", "page", "change", "allowed", "detail")


@click.command("verify", cls=Verb, help="contract.verify")
@click.argument("file", type=FILE)
@click.option("--trust", type=FOLDER, required=True)
@click.option("--at", type=MOMENT)
@with_session
def verify(session: Session, file: Path, trust: Path, at: datetime | None) -> None:
    """Offline, with no database and no configuration. Exit 0 only for TOTAL-PASSED of everything."""
    from api.wiring import system_clock  # noqa: PLC0415  (half a second, only here)

    store = read_trust(trust)
    now = at or system_clock().now()
    try:
        with _mapped(file) as data:
            report = judge_pdf(data, store, now=now)
    except InputInvalid as error:
        report = unreadable(f"cannot be read: {error}", now)
    _show(session, report)
    if EXITS[report.indication] is not Exit.DONE:
        session.end(EXITS[report.indication])


@contextmanager
def _mapped(path: Path) -> Iterator[Buffer]:
    """A file's octets without reading them all; raises `InputInvalid` for one that cannot be read."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            if size > MAX_PDF:
                raise InputInvalid("file", f"{path}: is longer than {MAX_PDF} octets")
            if size == 0:
                yield b""
                return
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped, memoryview(mapped) as data:
                yield data
    except OSError as error:
        raise InputInvalid("file", f"{path}: {(error.strerror or str(error)).lower()}") from error


def _show(session: Session, report: PdfReport) -> None:
    output = session.output
    shown = report_shown(report, output.language)
    if output.form == "json":
        output.record(shown)
        return
    output.record({key: shown[key] for key in ("indication", "sub_indication", "at", "revisions", "pages")})
    output.rows("steps", ("id", "outcome", "detail"), shown["steps"])
    for one in shown["signatures"]:
        _show_signature(session, one)
    if shown["attacks"]:
        output.heading("validity.attacks")
        output.rows("attacks", ("name", "field", "revision", "detail"), shown["attacks"])
    if any(_lacks_revocation(one.steps, one.sub_indication) for one in report.signatures):
        output.say("validity.revocation-missing")


def _show_signature(session: Session, one: Mapping[str, Any]) -> None:
    output = session.output
    block = {key: one[key] for key in _BLOCK}
    for key in _CODED:
        block[key] = output.text(f"validity.{key}.{one[key]}")
    output.heading("validity.signature", field=one["field"])
    output.record(block)
    output.rows("steps", ("id", "outcome", "detail"), one["steps"])
    changes = [
        {**change, "change": output.text(f"validity.change.{kind}")}
        for kind, found in one["modifications"].items()
        for change in found
    ]
    if changes:
        output.rows("modifications", _CHANGES, changes)


def _lacks_revocation(steps: Any, sub: SubIndication | None) -> bool:  # noqa: ANN401  (steps)
    failed = [one.step_id for one in steps if one.outcome is Outcome.FAILED]
    return sub is SubIndication.TRY_LATER and REVOCATION in failed
