"""Every reason that the sources give has a Chinese text, and reaches people in it."""

from __future__ import annotations

import inspect
import re
import time
import tomllib
from string import Formatter

import pytest

from api import messages
from api.errors import CallerExists
from api.http.problems import of_error
from api.messages.reasons import MAX_REASON, reasons_of
from api.messages.sources import reason_sources
from ca import doctor
from ca.doctor import SignerKind
from ca.errors import LintFailed, NotFound
from keys.errors import KeyStateInvalid
from tests.support.reasons import has_words, of_source, reasons

FOREIGN = ("composed", "system", "pydantic", "click")
"""Sections for texts of libraries and for punctuation: no source of ours gives them."""
SOURCES = sorted(reasons(), key=lambda one: one.place)


def sections() -> list[tuple[str, dict[str, str]]]:
    """Every section of every file, by name; two files may each have one of a name."""
    return [one for source in reason_sources("zh-CN") for one in tomllib.loads(source).items()]


def templates() -> dict[str, str]:
    return {key: text for _, section in sections() for key, text in section.items()}


def values(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None}


def test_every_reason_of_the_sources_has_a_chinese_text() -> None:
    known = templates()
    missing = sorted({f"{one.template!r} ({one.place})" for one in SOURCES if one.template not in known})
    assert missing == []


def test_no_chinese_text_is_kept_for_a_reason_that_is_gone() -> None:
    given = {one.template for one in SOURCES}
    own = {key for name, section in sections() if name not in (*FOREIGN, "word") for key in section}
    assert sorted(own - given) == []


def test_no_reason_stands_twice() -> None:
    keys = [key for _, section in sections() for key in section]
    assert sorted(key for key in set(keys) if keys.count(key) > 1) == []


def test_a_text_takes_the_values_of_its_reason() -> None:
    assert [key for key, text in templates().items() if values(key) != values(text)] == []


def test_a_chinese_text_is_chinese() -> None:
    """Full-width punctuation beside Chinese characters, and no text left as it was."""
    half = re.compile(r"[\u4e00-\u9fff][,;:!?()]|[,;:!?()][\u4e00-\u9fff]")
    known = {key: text for name, section in sections() if name != "composed" for key, text in section.items()}
    assert [text for text in known.values() if half.search(text)] == []
    kept = {key for key, text in known.items() if re.search(r"[\u4e00-\u9fff]", text) is None}
    assert kept == {"Value error, {0}", "{0} OCSP", "OCSP: {0}", "Idempotency-Key: {0}"}


def test_a_reason_finds_its_own_text() -> None:
    """Not that of a shorter template that fits it too."""
    given = [f"v{place}" for place in range(9)]
    for template, text in templates().items():
        if has_words(template):
            english, chinese = template.format(*given), text.replace(":word", "").format(*given)
            assert reasons_of("zh-CN").word(english) == chinese


def test_english_stays_as_it_was_raised() -> None:
    assert messages.reason("is longer than 5 octets", "en") == "is longer than 5 octets"


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("is nested deeper than 7", "嵌套超过 7 层"),
        (
            "CN=Li Hua (1a): revoked since 2026-11-23T12:00:00Z (keyCompromise)",
            "CN=Li Hua (1a)：自 2026-11-23T12:00:00Z 起已吊销（keyCompromise）",
        ),
        (
            "CN=x (1a): no evidence says that it was not revoked; OCSP: nonce: is missing",
            "CN=x (1a)：没有证据表明其未被吊销；OCSP：nonce：没有出现",
        ),
        ("the encoding is 80 bytes, more than the 72 allowed", "编码有 80 字节，超过上限 72"),
        ("a b.pem: no such file or directory", "a b.pem：文件或目录不存在"),
        ("No space left on device", "磁盘空间不足"),
        ("2.5.29.15 is not the DER of the expected structure", "2.5.29.15 不是预期结构的 DER 编码"),
        ("key 17 is suspended; it cannot sign", "密钥 17 的状态为已暂停，不能签名"),
        ("is needed for timestamp", "为 timestamp 所必需"),
        ("is not a setting; did you mean XINQIAN_CLOCK?", "不是可用的设置；是否指 XINQIAN_CLOCK？"),
    ],
)
def test_reasons_in_chinese(english: str, chinese: str) -> None:
    assert messages.reason(english, "zh-CN") == chinese


@pytest.mark.parametrize("text", ["", "ok", "something: that nobody foresaw", "a; b: c d", "{0} {word}", "{"])
def test_what_nobody_foresaw_stays_as_it_is(text: str) -> None:
    assert messages.reason(text, "zh-CN") == text


@pytest.mark.parametrize(
    "piece", [": ", "; ", ": valid ", " to ", " is ", "(", "a", ": revoked since (", "\n"]
)
def test_a_strangers_text_costs_little_time(piece: str) -> None:
    text = (piece * MAX_REASON)[:MAX_REASON]
    begun = time.process_time()
    messages.reason(text, "zh-CN")
    assert time.process_time() - begun < 1


def test_a_problem_has_its_texts_in_the_language_and_its_codes_as_they_are() -> None:
    refused = LintFailed((("serial-entropy", "has only 5 bits: 64 must be random"),))
    chinese, english = of_error(refused, "zh-CN"), of_error(refused, "en")
    assert (chinese.code, chinese.status, chinese.members["field"]) == (
        english.code,
        english.status,
        english.members["field"],
    )
    assert english.members["findings"] == [["serial-entropy", "has only 5 bits: 64 must be random"]]
    assert chinese.members["findings"] == [["serial-entropy", "只有 5 位：至少 64 位必须随机"]]
    assert chinese.members["reason"] == "serial-entropy：只有 5 位：至少 64 位必须随机"


def test_kinds_acts_and_states_are_words_in_the_text_and_codes_beside_it() -> None:
    missing = of_error(NotFound("timestamping unit", "intl"), "zh-CN")
    assert missing.detail == "没有时间戳单元 intl。"
    assert missing.members["kind"] == "timestamping unit"
    idle = of_error(KeyStateInvalid("k1", "suspended", "sign"), "zh-CN")
    assert idle.detail == "密钥 k1 的状态为已暂停，不能签名。"
    assert idle.members["state"] == "suspended"


def test_a_name_is_no_word() -> None:
    """Whatever a caller or a profile is called, it keeps its name."""
    assert of_error(CallerExists("timestamp"), "zh-CN").detail == "已有名为 timestamp 的调用方。"


def test_every_finding_of_the_doctor_has_a_text() -> None:
    source = inspect.getsource(doctor)
    kinds = {one.value for one in SignerKind}
    checks = set(re.findall(r'\("([a-z-]+)", [_(]', source))
    codes = set(re.findall(r'"([a-z]+(?:-[a-z]+)+)"', source)) - kinds - checks
    codes |= {f"{kind}-{state}" for kind in kinds for state in ("missing", "expired", "expiring")}
    codes |= {f"{check}-ok" for check in checks}
    texts = {key.removeprefix("finding.") for key in messages.catalogue("en") if key.startswith("finding.")}
    assert texts == codes


def test_a_finding_takes_the_facts_it_comes_with() -> None:
    said = messages.finding("clock-not-known", "zh-CN", {"reason": "no lease: is empty"})
    assert said == "无法确认时钟正确：no lease：为空"
    assert "mass" not in messages.finding(
        "approval-pending", "zh-CN", {"act": "mass-revocation", "since": "T"}
    )


def test_a_longer_text_is_left_alone() -> None:
    text = "is nested deeper than " + "7" * MAX_REASON
    assert messages.reason(text, "zh-CN") == text


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("raise Anything(f'field {x} is {y!r}')", {"field {0} is {1}"}),
        ("def f():\n    'a docstring'\n    return 'is not good' if x else None", {"is not good"}),
        ("why = 'mixes suites: ' + ', '.join(x)", {"mixes suites: {0}"}),
        ("RULE = Rule('id', 'RFC 5280 4.1')", set()),
        ("def __repr__(self):\n    return f'Key of {self.x}'", set()),
        ("raise NotFound('plan', x)", {"plan"}),
    ],
)
def test_what_counts_as_a_reason(source: str, found: set[str]) -> None:
    assert {one.template for one in of_source(source, "ca/example.py")} == found


def test_at_the_edge_only_what_an_error_is_given_counts() -> None:
    source = "say('some notice')\nreason = f'{x} cannot be'\nraise InputInvalid('--x', 'is not one')"
    assert {one.template for one in of_source(source, "api/example.py")} == {"{0} cannot be", "is not one"}
