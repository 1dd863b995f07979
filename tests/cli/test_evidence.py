"""`xinqian evidence`: a case from its first look to the shredder, with two administrators; refusals."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from api.cli.exits import Exit
from evidence.adapters.sql import case_keys, events
from evidence.event import EventType
from evidence.retention import RetentionRule, Since
from tests.cli.conftest import Ran, Run
from tests.support.cases import SIGNED, happening
from tests.support.installation import Installation

CASE = "contract/c-1"
LONG_AGO = "2001-01-01T00:00:00Z"
HOLD = ("--ground", "litigation", "--authority", "杭州互联网法院", "--reference", "1号", "--reason", "开庭")


@pytest.fixture
def case(installation: Installation) -> str:
    draw_up(installation)
    return CASE


def draw_up(installation: Installation, case: str = CASE, end: EventType = SIGNED[-1]) -> None:
    with installation.open() as centre, centre.database() as unit:
        kinds = [*SIGNED[:-1], end]
        unit.log.append([happening(kind, centre.clock.now(), case) for kind in kinds])


def approved(run: Run, folder: Path, plan_hash: str) -> None:
    for name in ("first", "second"):
        ran = run("approval", "approve", plan_hash, "--as", name, "--key", folder / f"{name}.key", "--commit")
        assert ran.code == Exit.DONE, ran.err


def done(run: Run, folder: Path, *command: object) -> Any:  # noqa: ANN401  (what the command prints)
    """Proposed, refused before it is approved, approved, carried out once."""
    shown = run("evidence", *command)
    assert (shown.code, shown.json["committed"]) == (Exit.DONE, False), shown.err
    proposed = run("evidence", *command, "--commit")
    assert proposed.code == Exit.NEEDS_APPROVAL, proposed.err
    plan_hash = proposed.json["plan_hash"]
    again = (*command, "--plan", plan_hash, "--commit")
    assert run("evidence", *again).code == Exit.NEEDS_APPROVAL
    approved(run, folder, plan_hash)
    carried = run("evidence", *again)
    assert carried.code == Exit.DONE, carried.err
    assert run("evidence", *again).code in {Exit.REFUSED, Exit.NOT_FOUND}
    return carried.json


def state(run: Run) -> str:
    (found,) = run("evidence", "list", "--contract", "c-1").json["cases"]
    return str(found["case_state"])


def test_a_case_goes_from_its_first_look_to_the_shredder(here: Run, tmp_path: Path, case: str) -> None:
    assert state(here) == "ended"
    seen = here("evidence", "show", case)
    assert seen.code == Exit.DONE, seen.err
    assert (seen.json["completeness"], seen.json["faults"], seen.json["events"]) == ("open", [], len(SIGNED))
    assert "王小明" not in seen.out
    opened = here(
        "evidence", "show", case, "--open", "--purpose", "litigation", "--authority", "法务部", "--basis", "x"
    )
    assert opened.json["log"][0]["opened"] == {"name": "王小明"}
    look = opened.json["log"][-1]["envelope"]
    assert (look["type"], look["facts"]["events"]) == ("EVIDENCE_ACCESSED", len(SIGNED))

    assert here("evidence", "close", case).json["committed"] is False
    closed = here("evidence", "close", case, "--commit")
    assert (closed.code, closed.json["type"]) == (Exit.DONE, "CASE_CLOSED")
    assert closed.json["facts"]["events"] == len(SIGNED) + 2
    assert here("evidence", "close", case, "--commit").code == Exit.REFUSED
    assert here("evidence", "show", case).json["completeness"] == "complete"

    hold = done(here, tmp_path, "hold", case, *HOLD)
    assert (hold["approved_by"], hold["authority_name"]) == (["first", "second"], "杭州互联网法院")
    assert state(here) == "held"
    refused = here("evidence", "shred", case, "--settled", LONG_AGO, "--commit")
    assert (refused.code, hold["hold"] in refused.err) == (Exit.REFUSED, True)
    released = done(here, tmp_path, "release", case, hold["hold"], "--reason", "结案")
    assert released["type"] == "LEGAL_HOLD_RELEASED"

    early = here("evidence", "shred", case, "--commit")
    assert (early.code, "until when" in early.err) == (Exit.REFUSED, True)


def test_a_case_past_every_term_is_shredded(
    here: Run, tmp_path: Path, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = RetentionRule("short", "内部规定", Since.SETTLED, 1, date(2000, 1, 1))
    monkeypatch.setattr("api.cli.evidence.RULES", (short,))
    draw_up(installation)
    assert here("evidence", "close", CASE, "--commit").code == Exit.DONE
    made = done(here, tmp_path, "shred", CASE, "--settled", LONG_AGO)
    assert (made["type"], made["facts"]["rule"]) == ("PAYLOAD_SHREDDED", "short")
    assert made["facts"]["approved_by"] == ["first", "second"]
    assert here("evidence", "show", CASE, "--open").code == Exit.NOT_FOUND
    seen = here("evidence", "show", CASE)
    assert (seen.json["completeness"], seen.json["case_state"]) == ("complete", "shredded")
    with installation.open() as centre, centre.database.engine.connect() as connection:
        keys = connection.execute(case_keys.select().where(case_keys.c.case_id == CASE)).all()
    assert [one.wrapped for one in keys] == [None]


def test_an_altered_case_is_shown_as_such(here: Run, installation: Installation, case: str) -> None:
    with installation.open() as centre, centre.database.engine.begin() as connection:
        connection.execute(events.delete().where(events.c.case_id == case, events.c.case_seq == 2))
    seen = here("evidence", "show", case)
    assert (seen.code, seen.json["completeness"]) == (Exit.INVALID, "broken")
    assert {one["fault"] for one in seen.json["faults"]} >= {"gap", "chain"}
    assert here("evidence", "close", case, "--commit").code == Exit.REFUSED


def test_what_is_not_there_and_what_cannot_be(here: Run, case: str) -> None:
    assert here("evidence", "show", "contract/none").code == Exit.NOT_FOUND
    assert here("evidence", "close", "contract/none", "--commit").code == Exit.NOT_FOUND
    assert here("evidence", "release", case, "none", "--reason", "x", "--commit").code == Exit.NOT_FOUND
    assert here("evidence", "list", "--state", "lost").code == Exit.USAGE
    assert here("evidence", "list", "--after", "contract/none").code == Exit.NOT_FOUND
    assert here("evidence", "show", case, "--authority", " ").code == Exit.REFUSED
    assert here("evidence", "hold", case, *HOLD[:-1], "x" * 501, "--commit").code == Exit.USAGE


def test_tables_speak_both_languages(xinqian: Run, installation: Installation, case: str) -> None:
    def said(*arguments: str) -> Ran:
        return xinqian("evidence", *arguments, **installation.environment)

    assert "First event" in said("list").out
    assert "首个事件" in said("list", "--lang", "zh-CN").out
    shown = said("show", case, "--lang", "zh-CN")
    assert "CONTRACT_COMPLETED" in shown.out
    refused = said("close", "contract/none", "--commit", "--lang", "zh-CN")
    assert "没有该案卷" in refused.err
