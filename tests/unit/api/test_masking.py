"""Nothing secret and nobody's number gets into a log."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from api.logging import AccessLog, configure, logger, trace_id
from api.masking import MASK, mask
from keys.private import PrivateKey
from keys.suites import Algorithm
from tests.support.clock import FixedClock

SECRET = "planted-secret-value"
PEM = f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----"
PERSON = "王小明"
ID_NUMBER = "110101199003077758"
MOBILE = "13812345678"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What the configured logger writes."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure("info", FixedClock(), stream)
    yield stream
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("password", SECRET),
        ("Authorization", f"XINQIAN-HMAC-SHA256 key=caller-1,signature={SECRET}"),
        ("master_key", SECRET),
        ("pin", SECRET),
        ("note", f"the header was Bearer {SECRET}"),
        ("note", f"password={SECRET}"),
        ("note", f'{{"secret": "{SECRET}"}}'),
        ("note", PEM),
        ("note", PEM.rpartition("-----END")[0]),
        ("note", f"postgresql://user:{SECRET}@host/db"),
        ("nested", {"deep": [{"private_key": SECRET}]}),
        ("raw", SECRET.encode()),
    ],
)
def test_a_secret_is_masked(lines: io.StringIO, name: str, value: object) -> None:
    logger("t").info("said", **{name: value})
    assert SECRET not in lines.getvalue()
    assert json.loads(lines.getvalue())["event"] == "said"


@pytest.mark.parametrize(
    ("name", "value", "planted"),
    [
        ("name", PERSON, PERSON),
        ("subject", f"CN={PERSON}", PERSON),
        ("note", f"sent to {MOBILE}", MOBILE),
        ("note", "sent to +86 138 1234 5678", "138 1234 5678"),
        ("note", f"身份证{ID_NUMBER}已核验", ID_NUMBER),
        ("number", int(MOBILE), MOBILE),
        ("card", "6222021234567890123", "6222021234567890123"),
    ],
)
def test_a_person_is_masked(lines: io.StringIO, name: str, value: object, planted: str) -> None:
    logger("t").info("said", **{name: value})
    assert planted not in lines.getvalue()


def test_a_traceback_is_masked(lines: io.StringIO) -> None:
    try:
        raise ValueError(PEM)  # noqa: TRY301  (raised to be logged)
    except ValueError:
        logger("t").exception("failed")
    assert SECRET not in lines.getvalue()
    assert "ValueError" in lines.getvalue()


def test_a_librarys_record_is_masked(lines: io.StringIO) -> None:
    logging.getLogger("library").warning("login with password=%s for %s", SECRET, MOBILE)
    assert SECRET not in lines.getvalue()
    assert MOBILE not in lines.getvalue()


def test_a_private_key_of_ours_is_masked(lines: io.StringIO) -> None:
    encoded = PrivateKey.generate(Algorithm.P256).pkcs8()
    logger("t").info("said", value=encoded)
    assert encoded.hex() not in lines.getvalue()
    assert f"<{len(encoded)} octets>" in lines.getvalue()


def test_a_record_carries_the_trace_and_the_time(lines: io.StringIO) -> None:
    token = trace_id.set("request-0001")
    try:
        logger("t").info("said", serial="0123456789abcdef0123456789abcdef", status=201)
    finally:
        trace_id.reset(token)
    record = json.loads(lines.getvalue())
    assert record == {
        "event": "said",
        "level": "info",
        "logger": "t",
        "timestamp": "2026-11-23T12:00:00.000Z",
        "trace_id": "request-0001",
        "serial": "0123456789abcdef0123456789abcdef",
        "status": 201,
    }


def test_what_is_nested_without_end_is_masked_whole() -> None:
    value: object = SECRET
    for _ in range(50):
        value = [value]
    assert SECRET not in repr(mask(value))
    assert MASK in repr(mask(value))


def test_the_access_log_is_json_too(lines: io.StringIO) -> None:
    token = trace_id.set("request-0001")
    try:
        AccessLog(FixedClock()).write("POST", "/v1/tsa/{suite}", 200, 0.0123)
    finally:
        trace_id.reset(token)
    record = json.loads(lines.getvalue())
    assert record["event"] == "request"
    assert (record["method"], record["route"], record["status"]) == ("POST", "/v1/tsa/{suite}", 200)
    assert (record["ms"], record["trace_id"]) == (12.3, "request-0001")
