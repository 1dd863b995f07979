"""Requests, TSTInfo and tokens: what is written is read back; what is altered is refused or the same."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ca import timestamp
from ca.errors import TimestampInvalid, TimestampRefused
from ca.serial import new_serial
from ca.timestamp import Imprint, TimestampRequest, parse_request, parse_tst_info
from ca.timestamp_response import granted, parse_response
from ca.token import verify_token
from keys import cms, der
from keys.errors import KeysError
from keys.suites import Algorithm, Digest
from tests.support import chains
from tests.support.clock import NOON
from tests.support.timestamping import make_unit

DATA = b"data"
REFUSALS = (TimestampInvalid, KeysError)

arcs = st.lists(st.integers(0, 2**28), min_size=1, max_size=8)
oids = st.tuples(st.integers(0, 1), st.integers(0, 39), arcs).map(
    lambda parts: ".".join(map(str, (parts[0], parts[1], *parts[2])))
)
nonces = st.integers(-(2**255), 2**255 - 1)
imprints = st.builds(Imprint.of, st.sampled_from(list(Digest)), st.binary(max_size=64))
requests = st.builds(TimestampRequest, imprints, st.none() | oids, st.none() | nonces, cert_req=st.booleans())
moments = st.datetimes(
    datetime(1970, 1, 1),  # noqa: DTZ001  (hypothesis adds the zone)
    datetime(9999, 12, 30),  # noqa: DTZ001
    timezones=st.sampled_from([timezone(timedelta(hours=hours)) for hours in (-12, 0, 8)]),
)


@given(st.integers())
def test_integers_are_written_as_the_library_writes_them(value: int) -> None:
    assert der.integer(value) == der.encode(value)


@given(requests)
def test_requests_are_read_back(request: TimestampRequest) -> None:
    assert parse_request(request.encoded()) == request


@given(
    requests,
    st.integers(1, 2**160 - 1),
    moments,
    st.timedeltas(timedelta(microseconds=1), timedelta(hours=1)),
)
def test_tst_info_is_read_back(
    request: TimestampRequest, serial: int, moment: datetime, accuracy: timedelta
) -> None:
    info = parse_tst_info(
        timestamp.encode_tst_info(
            policy=der.oid("1.2.3"),
            request=request,
            serial=serial,
            gen_time=timestamp.encode_gen_time(moment),
            accuracy=timestamp.encode_accuracy(accuracy),
        )
    )
    assert (info.imprint, info.nonce, info.serial) == (request.imprint, request.nonce, serial)
    assert timedelta(0) <= moment - info.gen_time < timedelta(milliseconds=1)
    assert info.accuracy == accuracy


@given(st.binary(max_size=300))
def test_garbage_is_refused_as_a_request(data: bytes) -> None:
    with pytest.raises(TimestampRefused):
        parse_request(data)


@settings(max_examples=300)
@given(requests, st.integers(0, 10_000), st.integers(1, 255))
def test_an_altered_request_is_refused_or_says_something_else(
    request: TimestampRequest, place: int, change: int
) -> None:
    data = request.encoded()
    at = place % len(data)
    altered = data[:at] + bytes([data[at] ^ change]) + data[at + 1 :]
    try:
        found = parse_request(altered)
    except TimestampRefused:
        return
    assert found != request
    assert found.encoded() == altered


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", list(chains.DEFAULTS))
def test_every_altered_octet_of_a_token_is_refused_or_changes_nothing(algorithm: Algorithm) -> None:
    unit, _ = make_unit(algorithm)
    request = TimestampRequest(Imprint.of(Digest.SHA256, DATA), None, 7, cert_req=True)
    token = unit.batch(NOON)(request, new_serial()).data
    true = verify_token(token, data=DATA)
    others = [one for one in cms.parse(token).certificates if one != true.certificate.data]
    # An octet of a certificate that only helps to build the path: no signature of the token covers it.
    free = {at for one in others for at in range(token.index(one), token.index(one) + len(one))}
    survived = []
    for at in range(len(token)):
        for change in (0x01, 0x80):
            altered = token[:at] + bytes([token[at] ^ change]) + token[at + 1 :]
            try:
                found = verify_token(altered, data=DATA)
            except REFUSALS:
                continue
            assert found.info == true.info
            assert found.certificate == true.certificate
            survived.append(at)
    assert set(survived) <= free


@pytest.mark.parametrize("algorithm", list(chains.DEFAULTS))
def test_every_shorter_token_and_response_is_refused(algorithm: Algorithm) -> None:
    unit, _ = make_unit(algorithm)
    request = TimestampRequest(Imprint.of(Digest.SHA256, DATA), None, None, cert_req=False)
    token = unit.batch(NOON)(request, new_serial()).data
    response = granted(token)
    for size in range(len(token)):
        with pytest.raises(REFUSALS):
            verify_token(token[:size], data=DATA)
    for size in range(len(response)):
        with pytest.raises(TimestampInvalid):
            parse_response(response[:size])
