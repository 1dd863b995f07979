"""A request's signature covers everything that could be changed on its way."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from api.callers import CallerId
from api.errors import CallerClockSkewed, CallerUnproven
from api.signature import MAX_SKEW, Credentials, Signable, authorize
from evidence.clock import rfc3339
from tests.support.clock import NOON

CALLER = CallerId("caller-0123456789abcdef01234567")
SECRET = bytes(range(32))
NONCE = "0123456789abcdef"
REQUEST = Signable("POST", "/v1/certificates", "a=1&b=2", b'{"profile": "x"}')


def header(request: Signable = REQUEST, secret: bytes = SECRET, at: str = rfc3339(NOON)) -> str:
    return authorize(request, CALLER, secret, at, NONCE)


def test_what_was_signed_is_accepted() -> None:
    Credentials.parse(header()).check(REQUEST, SECRET, NOON)


def test_the_signed_lines_are_as_documented() -> None:
    """Computed with `openssl dgst -sha256 -mac HMAC` over the lines of the module's docstring."""
    expected = "741ebecc9228ac5bea26473fd30582c1320477456400d56a935da2bcfe01f1f4"
    assert REQUEST.signature(SECRET, rfc3339(NOON), NONCE) == expected


@pytest.mark.parametrize(
    "changed",
    [
        replace(REQUEST, method="PUT"),
        replace(REQUEST, path="/v1/certificates/1"),
        replace(REQUEST, query="a=1"),
        replace(REQUEST, body=b"{}"),
        # The same text with its parts cut elsewhere.
        replace(REQUEST, path="/v1/certificates\na=1&b=2", query=""),
    ],
)
def test_a_change_is_refused(changed: Signable) -> None:
    with pytest.raises(CallerUnproven):
        Credentials.parse(header()).check(changed, SECRET, NOON)


def test_another_secret_is_refused() -> None:
    with pytest.raises(CallerUnproven):
        Credentials.parse(header(secret=bytes(32))).check(REQUEST, SECRET, NOON)


@pytest.mark.parametrize("offset", [MAX_SKEW, -MAX_SKEW])
def test_five_minutes_are_allowed(offset: timedelta) -> None:
    Credentials.parse(header()).check(REQUEST, SECRET, NOON + offset)


@pytest.mark.parametrize("offset", [MAX_SKEW, -MAX_SKEW])
def test_more_is_not(offset: timedelta) -> None:
    beyond = offset + timedelta(milliseconds=1 if offset > timedelta() else -1)
    with pytest.raises(CallerClockSkewed):
        Credentials.parse(header()).check(REQUEST, SECRET, NOON + beyond)


def test_a_wrong_signature_is_told_before_a_wrong_clock() -> None:
    """Else anyone could ask for the service's clock, and learn which of the two was wrong."""
    with pytest.raises(CallerUnproven) as caught:
        Credentials.parse(header(secret=bytes(32))).check(REQUEST, SECRET, NOON + timedelta(days=1))
    assert not isinstance(caught.value, CallerClockSkewed)


@pytest.mark.parametrize(
    "given",
    [
        None,
        "",
        "Bearer abc",
        header().replace("XINQIAN-HMAC-SHA256", "XINQIAN-HMAC-SHA1"),
        header().replace("nonce=", "nonce=§"),
        header().replace(NONCE, "short"),
        header() + ",more=1",
        header() + " " * 1000,
        header().replace("signature=", "signature=0"),
        header(at="2026-11-23T12:00:00"),
        header(at="2026-11-23T12:00:00+99:00"),
        header(at="yesterday at noon, then"),
    ],
)
def test_another_form_is_refused(given: str | None) -> None:
    with pytest.raises(CallerUnproven):
        Credentials.parse(given).check(REQUEST, SECRET, NOON)
