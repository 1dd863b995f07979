"""Whoever asks for Chinese reads Chinese: mistakes, refusals, findings, verdicts, help; tables line up."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rich.cells import cell_len

from api.cli.exits import Exit
from api.cli.helptext import fold
from api.cli.output import Output
from tests.cli.conftest import Run
from tests.support.installation import Installation

NAME = re.compile(
    r"'[^']*'|`[^`]*`|\[[^\]]*\]|--[a-z-]+|xinqian(?: [a-z-]+)*|[A-Z]{2,}[A-Z_0-9]*|Xinqian|/\S+"
    r"|unspecified|[a-z]+[A-Z]\w+|superseded"
)
"""What stays as it is written: options, commands, values, codes, files."""

MISTAKES = (
    ("cert", "revoke", "x", "--reason", "foo"),
    ("cert", "revoke", "x", "--reason", "superseded"),
    ("cert", "revoke", "01"),
    ("cert", "rvoke"),
    ("cert", "revoke", "01", "--reaso", "x"),
    ("cert", "revoke", "01", "--reason"),
    ("cert", "list", "--limit", "0"),
    ("cert", "list", "--limit", "'"),
    ("cert", "list", "--revoked=3"),
    ("cert", "show"),
    ("cert", "show", "01", "02"),
    ("tsa", "verify"),
    ("cert", "lint", "/"),
    ("nonsense",),
    ("--nonsense",),
)


@pytest.mark.parametrize("arguments", MISTAKES, ids=" ".join)
def test_a_mistake_is_named_in_chinese(xinqian: Run, arguments: tuple[str, ...]) -> None:
    ran = xinqian("--lang", "zh-CN", *arguments)
    assert ran.code == Exit.USAGE
    assert re.search(r"[\u4e00-\u9fff]{3}", ran.err)
    assert re.findall(r"[A-Za-z]{2,}", NAME.sub("", ran.err)) == []


@pytest.mark.parametrize("arguments", MISTAKES, ids=" ".join)
def test_a_mistake_is_named_in_english(xinqian: Run, arguments: tuple[str, ...]) -> None:
    ran = xinqian("--lang", "en", *arguments)
    assert ran.code == Exit.USAGE
    assert re.search(r"[\u4e00-\u9fff]", ran.err) is None


def test_an_error_is_told_in_chinese(xinqian: Run, bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.pem"
    wrong.write_bytes(b"wrong")
    ran = xinqian("cert", "lint", str(wrong), "--lang", "zh-CN")
    assert ran.err.startswith("编码有误：certificate：不是")
    missing = xinqian("cert", "lint", str(tmp_path / "none"), "--lang", "zh-CN")
    assert missing.err == f"输入无法使用：file：{tmp_path}/none：文件或目录不存在[input-invalid]\n"


def test_a_refusal_is_told_in_chinese(here: Run) -> None:
    ran = here("cert", "show", "00ff", "--lang", "zh-CN")
    assert ran.code == Exit.NOT_FOUND
    assert ran.err.startswith("未找到所指对象：没有证书 ")


def test_findings_are_told_in_both_languages_under_the_same_codes(here: Run) -> None:
    chinese = here("doctor", "--lang", "zh-CN").json["findings"]
    english = here("doctor", "--lang", "en").json["findings"]
    neutral = ("severity", "check", "code", "subject", "command")
    assert [[one[name] for name in neutral] for one in chinese] == [
        [one[name] for name in neutral] for one in english
    ]
    assert all(re.search(r"[\u4e00-\u9fff]", one["detail"]) for one in chinese)
    assert not any(re.search(r"[\u4e00-\u9fff]", one["detail"]) for one in english)


def test_a_verdict_is_told_in_both_languages_under_the_same_codes(here: Run, tmp_path: Path) -> None:
    data, token = tmp_path / "data", tmp_path / "data.tst"
    data.write_bytes(b"data")
    assert here("tsa", "stamp", data, "--out", token).code == Exit.DONE
    trust = tmp_path / "trust.pem"
    trust.write_text(here("ca", "show", "intl-root").json["certificate"])
    words = ("tsa", "verify", token, data, "--trust", trust)
    chinese, english = here(*words, "--lang", "zh-CN").json, here(*words, "--lang", "en").json
    assert [(one["id"], one["outcome"]) for one in chinese["steps"]] == [
        (one["id"], one["outcome"]) for one in english["steps"]
    ]
    assert chinese["indication"] == english["indication"]
    assert chinese["sub_indication"] == english["sub_indication"]
    assert chinese["steps"][0]["detail"].startswith("签名和摘要均成立，genTime 为 2")
    assert english["steps"][0]["detail"].startswith("signature and imprint hold, genTime 2")


def test_a_table_has_words_for_outcomes(xinqian: Run, installation: Installation) -> None:
    ran = xinqian("doctor", "--lang", "zh-CN", **installation.environment)
    assert ran.out.split()[:4] == ["级别", "主体", "详情", "命令"]
    assert "正常" in ran.out
    assert " ok " not in ran.out


def test_tables_line_up(capsys: pytest.CaptureFixture[str]) -> None:
    """By columns of a terminal, of which a Chinese character takes two."""
    rows = [
        {"name": "中文名称", "detail": "一", "code": "a"},
        {"name": "x", "detail": "English and 中文", "code": "a"},
        {"name": "一二三四五六七", "detail": "", "code": "a"},
    ]
    Output("table", "zh-CN").rows("rows", ("name", "detail", "code"), rows)
    lines = [line for line in capsys.readouterr().out.splitlines() if line.rstrip().endswith("a")]
    assert len(lines) == 3
    assert len({cell_len(line[: line.rindex("a")]) for line in lines}) == 1


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize(
    "command", [(), ("cert",), ("cert", "revoke"), ("key", "generate"), ("tsa", "verify")]
)
def test_help_fits_the_terminal(xinqian: Run, language: str, command: tuple[str, ...]) -> None:
    ran = xinqian(*command, "--lang", language, "--help", COLUMNS="80")
    lines = ran.out.splitlines()
    assert [line for line in lines if cell_len(line) > 80 and "|" not in line] == []
    assert lines[0].startswith("用法：xinqian " if language == "zh-CN" else "Usage: xinqian ")
    starts = [re.match(r"(  --.*?  +)\S", line) for line in lines]
    assert len({cell_len(found[1]) for found in starts if found}) <= 1


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", []),
        ("one two three", ["one two", "three"]),
        ("一二三四五六", ["一二三四", "五六"]),
        ("一二三四，五六", ["一二三", "四，五六"]),
        ("abcdefghijkl", ["abcdefghijkl"]),
        ("见 xinqian", ["见", "xinqian"]),
    ],
)
def test_text_is_folded_by_columns(text: str, lines: list[str]) -> None:
    assert fold(text, 8) == lines
