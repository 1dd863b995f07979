"""`xinqian tsa clock`: what is known of the clock, and the way on after it was ahead."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from api.cli.exits import Exit
from tests.cli.conftest import Ran, Run
from tests.support.installation import Installation


def put_ahead(installation: Installation) -> None:
    """As a service leaves it whose host was a day ahead."""
    with installation.open() as centre:
        sample = centre.timestamping.appraise()
        with centre.database() as unit:
            wall = sample.wall + timedelta(days=1)
            unit.clock_samples.put(replace(sample, instance="wrong", wall=wall))


def test_a_right_clock_is_shown(here: Run, xinqian: Run, installation: Installation, tmp_path: Path) -> None:
    empty = here("tsa", "clock").json
    assert (empty["lease"], empty["reason"], empty["samples"]) == (True, None, [])
    (tmp_path / "data").write_bytes(b"contract")
    assert here("tsa", "stamp", tmp_path / "data", "--out", tmp_path / "t.tst").code == Exit.DONE
    shown = here("tsa", "clock").json
    (sample,) = shown["samples"]
    assert "host" in sample["source"]
    assert -60_000 < sample["ahead_ms"] <= 0
    table = xinqian("tsa", "clock", **installation.environment)
    assert (table.code, sample["instance"] in table.out) == (Exit.DONE, True)


@pytest.mark.parametrize("option", [("--commit",), ("--plan", "00")])
def test_an_act_needs_its_name(here: Run, option: tuple[str, ...]) -> None:
    ran = here("tsa", "clock", *option)
    assert (ran.code, "--forget" in ran.err) == (Exit.USAGE, True)
    assert here("tsa", "clock", "--forget").code == Exit.REFUSED  # there is nothing to forget


def test_samples_are_forgotten_by_two(here: Run, installation: Installation, tmp_path: Path) -> None:
    put_ahead(installation)
    (tmp_path / "data").write_bytes(b"contract")

    def stamp() -> Ran:
        return here("tsa", "stamp", tmp_path / "data", "--out", tmp_path / "t.tst")

    refused = stamp()
    assert (refused.code, "xinqian tsa clock --forget" in refused.err) == (Exit.UNAVAILABLE, True)
    shown = here("tsa", "clock")
    assert (shown.json["lease"], "behind" in shown.json["reason"]) == (False, True)
    assert "xinqian tsa clock --forget" in shown.err
    assert 86_000_000 < shown.json["samples"][0]["ahead_ms"] <= 86_400_000
    found = {one["code"]: one["command"] for one in here("doctor").json["findings"]}
    assert found["clock-behind"] == "xinqian tsa clock --forget"
    planned = here("tsa", "clock", "--forget")
    assert (planned.code, planned.json["committed"]) == (Exit.DONE, False)
    proposed = here("tsa", "clock", "--forget", "--commit")
    assert proposed.code == Exit.NEEDS_APPROVAL
    plan = proposed.json["plan_hash"]
    for name in ("first", "second"):
        waiting = here("tsa", "clock", "--forget", "--plan", plan, "--commit")
        assert waiting.code == Exit.NEEDS_APPROVAL
        key = tmp_path / f"{name}.key"
        assert here("approval", "approve", plan, "--as", name, "--key", key, "--commit").code == Exit.DONE
    done = here("tsa", "clock", "--forget", "--plan", plan, "--commit")
    assert [one["instance"] for one in done.json["samples"]] == ["wrong"]
    assert here("tsa", "clock").json["lease"] is True
    assert stamp().code == Exit.DONE
