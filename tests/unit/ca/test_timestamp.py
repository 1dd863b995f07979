"""RFC 3161 requests, TSTInfo and responses: strict where strangers write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ca import timestamp
from ca.errors import TimestampInvalid, TimestampRefused
from ca.timestamp import Imprint, TimestampRequest, parse_request, parse_tst_info
from ca.timestamp_response import FAILURE_BITS, granted, parse_response, rejection
from keys import der
from keys.suites import Digest

DATA = b"data"
SHA1 = "1.3.14.3.2.26"
MD5 = "1.2.840.113549.2.5"
VERSION_1 = der.integer(1)


def imprint(oid: str = Digest.SHA256.oid, value: bytes = bytes(32), tail: bytes = b"") -> bytes:
    return der.sequence(der.sequence(der.oid(oid), tail), der.octets(value))


def request(*parts: bytes, version: bytes = VERSION_1, about: bytes | None = None) -> bytes:
    return der.sequence(version, imprint() if about is None else about, *parts)


def failure(data: bytes) -> str:
    with pytest.raises(TimestampRefused) as caught:
        parse_request(data)
    return caught.value.failure


@pytest.mark.parametrize("digest", list(Digest))
@pytest.mark.parametrize("tail", [b"", der.NULL])
def test_accepts_every_digest_with_null_and_without(digest: Digest, tail: bytes) -> None:
    about = imprint(digest.oid, digest.of(DATA), tail)
    parsed = parse_request(request(about=about))
    assert parsed.imprint.digest is digest
    assert parsed.imprint.encoded() == about
    assert parsed == TimestampRequest(parsed.imprint, None, None, cert_req=False)


def test_reads_policy_nonce_and_certificate_wish() -> None:
    wanted = TimestampRequest(Imprint.of(Digest.SM3, DATA), "1.2.3.4", 2**63, cert_req=True)
    assert parse_request(wanted.encoded()) == wanted


@pytest.mark.parametrize("nonce", [0, -1, -(2**64), 2**255 - 1])
def test_takes_any_integer_of_32_octets_as_nonce(nonce: int) -> None:
    assert parse_request(request(der.integer(nonce))).nonce == nonce


class TestRefuses:
    @pytest.mark.parametrize("oid", [SHA1, MD5, "2.16.840.1.101.3.4.2.4", "1.2.3"])
    def test_digests_that_are_not_accepted(self, oid: str) -> None:
        assert failure(request(about=imprint(oid, bytes(20)))) == "badAlg"

    def test_parameters_that_no_digest_has(self) -> None:
        assert failure(request(about=imprint(tail=der.integer(1)))) == "badAlg"

    @pytest.mark.parametrize("size", [0, 20, 31, 33, 64])
    def test_a_digest_of_another_length(self, size: int) -> None:
        assert failure(request(about=imprint(value=bytes(size)))) == "badDataFormat"

    @pytest.mark.parametrize("version", [0, 2, -1])
    def test_another_version(self, version: int) -> None:
        assert failure(request(version=der.integer(version))) == "badRequest"

    def test_extensions(self) -> None:
        extension = der.sequence(der.oid("1.2.3"), der.octets(b""))
        assert failure(request(der.wrap(0xA0, extension))) == "unacceptedExtension"

    def test_a_nonce_without_a_bound(self) -> None:
        assert failure(request(der.integer(2**256))) == "badRequest"
        assert failure(request(der.integer(2**24_000))) == "badRequest"

    def test_trailing_bytes(self) -> None:
        assert failure(request() + b"\x00") == "badDataFormat"
        assert failure(request(der.octets(b""))) == "badDataFormat"

    def test_certificate_wish_written_though_it_is_the_default(self) -> None:
        assert failure(request(b"\x01\x01\x00")) == "badDataFormat"

    def test_a_constructed_octet_string(self) -> None:
        constructed = der.wrap(0x24, der.octets(bytes(32)))
        about = der.sequence(der.sequence(der.oid(Digest.SHA256.oid)), constructed)
        assert failure(request(about=about)) == "badDataFormat"

    def test_garbage_and_too_much(self) -> None:
        for data in (b"", b"\x30", b"\x30\x80\x00\x00", bytes(100), b"\x30" * 4_000):
            assert failure(data) == "badDataFormat"
        assert failure(request(der.octets(bytes(timestamp.MAX_REQUEST_SIZE)))) == "badDataFormat"


def tst_info(**changes: bytes) -> bytes:
    parts = {
        "version": VERSION_1,
        "policy": der.oid("1.2.3"),
        "imprint": imprint(),
        "serial": der.integer(2**120),
        "gen_time": timestamp.encode_gen_time(datetime(2026, 11, 23, 12, 0, 0, 120_000, tzinfo=UTC)),
        "accuracy": timestamp.encode_accuracy(timedelta(seconds=1)),
    }
    return der.sequence(*(parts | changes).values())


class TestTstInfo:
    def test_is_read_back(self) -> None:
        info = parse_tst_info(tst_info(nonce=der.integer(7)))
        assert info.gen_time == datetime(2026, 11, 23, 12, 0, 0, 120_000, tzinfo=UTC)
        assert info.accuracy == timedelta(seconds=1)
        assert (info.policy, info.serial, info.nonce, info.ordering) == ("1.2.3", 2**120, 7, False)
        assert info.latest() == info.gen_time + timedelta(seconds=1)

    def test_written_as_the_authority_writes_it(self) -> None:
        wanted = TimestampRequest(Imprint.of(Digest.SM3, DATA), None, -5, cert_req=False)
        moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
        name = der.explicit(4, der.sequence())
        encoded = timestamp.encode_tst_info(
            policy=der.oid("1.2.3.4"),
            request=wanted,
            serial=99,
            gen_time=timestamp.encode_gen_time(moment),
            accuracy=timestamp.encode_accuracy(timedelta(milliseconds=1_500, microseconds=7)),
            tsa=der.explicit(0, name),
        )
        info = parse_tst_info(encoded)
        assert info.imprint == wanted.imprint
        assert info.accuracy == timedelta(milliseconds=1_500, microseconds=7)
        assert (info.gen_time, info.nonce, info.serial, info.tsa) == (moment, -5, 99, name)

    @pytest.mark.parametrize(
        ("micros", "text"), [(0, b"05Z"), (999, b"05Z"), (1_000, b"05.001Z"), (250_000, b"05.25Z")]
    )
    def test_time_has_no_trailing_zeros(self, micros: int, text: bytes) -> None:
        moment = datetime(2026, 1, 2, 3, 4, 5, micros, tzinfo=UTC)
        assert timestamp.encode_gen_time(moment)[2:].endswith(b"202601020304" + text)

    @pytest.mark.parametrize(
        ("part", "value"),
        [
            ("version", der.integer(2)),
            ("serial", der.integer(-(0x215 << 100))),
            ("serial", der.integer(0)),
            ("serial", der.integer(2**161)),
            ("gen_time", der.wrap(0x18, b"20260102030405.10Z")),
            ("gen_time", der.wrap(0x18, b"20260102030460Z")),
            ("gen_time", der.wrap(0x18, b"20260102030405+0800")),
            ("gen_time", der.wrap(0x17, b"260102030405Z")),
            ("accuracy", der.sequence(der.integer(-1))),
            ("accuracy", der.sequence(der.integer(10**9))),
            ("accuracy", der.sequence(b"\x80\x02\x03\xe8")),
            ("accuracy", der.sequence(b"\x81\x01\x00")),
            ("imprint", imprint(SHA1, bytes(20))),
            ("imprint", imprint(value=bytes(20))),
            ("extensions", der.wrap(0xA1, der.sequence())),
            ("tsa", der.wrap(0xA0, b"")),
            ("ordering", b"\x01\x01\x00"),
        ],
    )
    def test_is_refused_with_a_part_that_is_wrong(self, part: str, value: bytes) -> None:
        with pytest.raises(TimestampInvalid) as caught:
            parse_tst_info(tst_info(**{part: value}))
        assert caught.value.field.startswith("tstInfo")


class TestResponse:
    @pytest.mark.parametrize("name", list(FAILURE_BITS))
    def test_a_rejection_says_why(self, name: str) -> None:
        response = parse_response(rejection(TimestampRefused(name, "原因")))
        assert (response.status, response.failure, response.token) == (2, name, None)
        assert response.text == ("原因",)

    def test_a_grant_carries_the_token(self) -> None:
        token = der.sequence(der.integer(1))
        assert parse_response(granted(token)).token == token

    def test_a_status_must_fit_what_is_there(self) -> None:
        without = der.sequence(der.sequence(der.integer(0)))
        refused_with = der.sequence(der.sequence(der.integer(2)), der.sequence())
        for data in (without, refused_with, b"", b"\x30\x00", granted(der.sequence()) + b"\x00"):
            with pytest.raises(TimestampInvalid):
                parse_response(data)
