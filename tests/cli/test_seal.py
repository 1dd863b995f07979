"""`xinqian seal`: from a drawing to a seal in use, with two administrators; refusals by name."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from PIL import Image

from api.cli.exits import Exit
from tests.cli.conftest import Run
from tests.support.typeface import typeface

OWNER = "91310000MA1FL0000X"


@pytest.fixture(scope="module", autouse=True)
def fonts() -> None:
    typeface(bold=True)


def draw(run: Run, folder: Path, *more: object) -> Path:
    out = folder / "drawing.json"
    arguments = more or (
        "--round",
        "信签银行股份有限公司",
        "--purpose",
        "合同专用章",
        "--code",
        "3101150012345",
    )
    ran = run("seal", "draw", *arguments, "--out", out)
    assert ran.code == Exit.DONE, ran.err
    return out


def by(folder: Path, name: str) -> tuple[object, ...]:
    return "--as", name, "--key", folder / f"{name}.key", "--commit"


def propose(run: Run, folder: Path, *more: object) -> str:
    arguments = more or ("--owner", OWNER, "--label", "信签银行股份有限公司", "--kind", "contract")
    drawing = folder / "drawing.json"
    ran = run("seal", "propose", "--drawing", drawing, *arguments, "--maker", "maker", *by(folder, "first"))
    assert ran.code == Exit.NEEDS_APPROVAL, ran.err
    assert ran.json["seal_state"] == "proposed"
    seal_id: str = ran.json["seal_id"]
    assert seal_id in ran.err
    return seal_id


def test_a_seal_goes_from_drawing_to_authorisation(here: Run, tmp_path: Path) -> None:
    draw(here, tmp_path)
    seal_id = propose(here, tmp_path)
    refused = here("seal", "approve", seal_id, *by(tmp_path, "first"))
    assert (refused.code, "first" in refused.err) == (Exit.REFUSED, True)
    approved = here("seal", "approve", seal_id, *by(tmp_path, "second"))
    assert approved.code == Exit.DONE, approved.err
    assert (approved.json["seal_state"], approved.json["approved_by"]) == ("active", "second")

    png = tmp_path / "seal.png"
    shown = here("seal", "show", seal_id, "--png", png, "--svg", tmp_path / "seal.svg")
    drawing = json.loads((tmp_path / "drawing.json").read_text())
    assert shown.json["digest"].keys() == {"sha256", "sm3"}
    assert drawing["text"] == "信签银行股份有限公司 合同专用章 3101150012345"
    with Image.open(png) as image:
        assert (image.size, image.mode) == ((496, 496), "RGBA")
    assert (tmp_path / "seal.svg").read_text().startswith("<svg")

    scope = ("--template", "personal-loan", "--per-contract", 20_000_000, "--total", 100_000_000)
    given = here("seal", "authorise", seal_id, *scope, *by(tmp_path, "first"))
    assert given.code == Exit.NEEDS_APPROVAL, given.err
    authorisation = given.json["authorisation_id"]
    assert here("seal", "approve-authorisation", authorisation, *by(tmp_path, "first")).code == Exit.REFUSED
    done = here("seal", "approve-authorisation", authorisation, *by(tmp_path, "second"))
    assert done.json["authorisation_state"] == "active"
    ended = here("seal", "end-authorisation", authorisation, *by(tmp_path, "first"))
    assert ended.json["authorisation_state"] == "ended"
    listed = here("seal", "authorisations", seal_id).json["authorisations"]
    assert [(one["templates"], one["used"]) for one in listed] == [(["personal-loan"], 0)]

    assert here("seal", "suspend", seal_id, *by(tmp_path, "second")).json["seal_state"] == "suspended"
    assert here("seal", "resume", seal_id, *by(tmp_path, "second")).code == Exit.REFUSED
    assert here("seal", "resume", seal_id, *by(tmp_path, "first")).json["seal_state"] == "active"
    assert here("seal", "uses", seal_id).json == {"uses": []}
    revoked = here("seal", "revoke", seal_id, "--reason", "replaced", *by(tmp_path, "first"))
    assert revoked.json["seal_state"] == "revoked"
    assert [one["seal_state"] for one in here("seal", "list").json["seals"]] == ["revoked"]
    assert here("seal", "list", "--state", "active").json == {"seals": []}


def test_a_persons_name_is_masked_and_silent_signing_refused(here: Run, tmp_path: Path) -> None:
    draw(here, tmp_path, "--person", "王小明", "--suffix", "seal")
    seal_id = propose(here, tmp_path, "--owner", "p-0001", "--label", "王小明", "--kind", "person")
    for command in (("list",), ("show", seal_id), ("list", "--format", "table")):
        ran = here("seal", *command)
        assert ran.code == Exit.DONE
        assert "王**" in ran.out
        assert "王小明" not in ran.out
    scope = ("--template", "personal-loan", "--per-contract", 1)
    ran = here("seal", "authorise", seal_id, *scope, *by(tmp_path, "first"), "--lang", "zh-CN")
    assert ran.code == Exit.REFUSED
    assert "第十三条" in ran.err


def test_nothing_is_done_without_commit(here: Run, tmp_path: Path) -> None:
    draw(here, tmp_path)
    key = ("--as", "first", "--key", tmp_path / "first.key")
    order = ("--owner", OWNER, "--label", "x", "--kind", "contract", "--maker", "maker")
    ran = here("seal", "propose", "--drawing", tmp_path / "drawing.json", *order, *key)
    assert (ran.code, ran.json["committed"]) == (Exit.DONE, False)
    assert here("seal", "list").json == {"seals": []}


def test_a_picture_without_transparency_is_told_of(xinqian: Run, tmp_path: Path) -> None:
    image = Image.new("RGB", (200, 100), "white")
    image.paste((200, 20, 30), (10, 10, 190, 90))
    out = io.BytesIO()
    image.save(out, "PNG")
    (tmp_path / "scan.png").write_bytes(out.getvalue())
    arguments = ("--picture", tmp_path / "scan.png", "--shows", "信签", "--png", tmp_path / "out.png")
    ran = xinqian("seal", "draw", *arguments, "--format", "json")
    assert ran.code == Exit.DONE, ran.err
    assert "white was made transparent" in ran.err
    assert (ran.json["width_mm"], ran.json["height_mm"]) == (42.0, 21.0)
    with Image.open(tmp_path / "out.png") as made:
        assert made.size == (496, 248)
        assert made.convert("RGBA").getpixel((2, 2)) == (0, 0, 0, 0)


def test_handwriting_is_drawn(xinqian: Run, tmp_path: Path) -> None:
    stroke = [[10 * k, (k * k) % 60, 12 * k, 500] for k in range(30)]
    (tmp_path / "strokes.json").write_text(json.dumps([stroke]))
    arguments = ("--strokes", tmp_path / "strokes.json", "--shows", "王小明", "--out", tmp_path / "d.json")
    assert xinqian("seal", "draw", *arguments).code == Exit.DONE


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (("draw",), Exit.USAGE, "--round"),
        (("draw", "--round", "信签银行", "--person", "王小明"), Exit.USAGE, "--round"),
        (("draw", "--round", "信签"), Exit.USAGE, "name"),
        (("draw", "--round", "信签银行\ue000"), Exit.USAGE, "U+E000"),
        (("draw", "--person", "王小明", "--side", "90"), Exit.USAGE, "side"),
        (("draw", "--picture", "/etc/hostname", "--shows", "x"), Exit.USAGE, "picture"),
        (("draw", "--picture", "/etc/hostname"), Exit.USAGE, "--shows"),
        (("draw", "--strokes", "/etc/hostname", "--shows", "x"), Exit.USAGE, "strokes"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_wrong_drawing_is_named(xinqian: Run, arguments: tuple[str, ...], code: Exit, word: str) -> None:
    ran = xinqian("seal", *arguments)
    assert (ran.code, ran.out) == (code, "")
    assert word in ran.err
    assert "Traceback" not in ran.err


def test_what_is_not_there_is_named(here: Run, tmp_path: Path) -> None:
    for command in (("show", "nothing"), ("uses", "nothing"), ("authorisations", "nothing")):
        ran = here("seal", *command)
        assert (ran.code, "nothing" in ran.err) == (Exit.NOT_FOUND, True)
    for command in (("approve", "nothing"), ("end-authorisation", "nothing")):
        assert here("seal", *command, *by(tmp_path, "first")).code == Exit.NOT_FOUND
    bad = ("--owner", OWNER, "--label", "x", "--kind", "contract", "--maker", "m", *by(tmp_path, "first"))
    ran = here("seal", "propose", "--drawing", "/etc/hostname", *bad)
    assert (ran.code, ran.out) == (Exit.UNAVAILABLE, "")
