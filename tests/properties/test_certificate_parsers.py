"""Altered certificates, requests and profiles: a verdict or an error of ours, never another exception."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ca.errors import EncodingInvalid, ProfileInvalid, RequestInvalid
from ca.lint import lint_certificate
from ca.profile import parse_profile, shipped_profiles
from ca.request import build_request, parse_request
from keys.private import PrivateKey
from keys.suites import Algorithm
from tests.support import chains

CERTIFICATES = [chains.path(Algorithm.P256, profile)[0] for profile in chains.LEAVES]
REQUESTS = [build_request(PrivateKey.generate(Algorithm.P256), chains.operator_name("某"))]
PROFILES = list(shipped_profiles().values())

edits = st.lists(
    st.tuples(st.integers(0, 4_000), st.integers(0, 8), st.binary(max_size=6)), min_size=1, max_size=6
)
"""At a place, so many octets give way to others."""


def altered(data: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    for place, gone, new in changes:
        at = place % (len(data) + 1)
        data = data[:at] + new + data[at + gone :]
    return data


def judge(read: Callable[[bytes], object], data: bytes, refusal: type[Exception]) -> None:
    try:
        read(data)
    except refusal as error:
        assert str(error)  # noqa: PT017  (that it is refused is no must)


quick = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@quick
@given(st.sampled_from(CERTIFICATES), edits)
def test_altered_certificates(data: bytes, changes: list[tuple[int, int, bytes]]) -> None:
    judge(lint_certificate, altered(data, changes), EncodingInvalid)


@quick
@given(st.sampled_from(REQUESTS), edits)
def test_altered_requests(data: bytes, changes: list[tuple[int, int, bytes]]) -> None:
    judge(parse_request, altered(data, changes), RequestInvalid)


@quick
@given(st.sampled_from(PROFILES), edits)
def test_altered_profiles(data: bytes, changes: list[tuple[int, int, bytes]]) -> None:
    judge(parse_profile, altered(data, changes), ProfileInvalid)


@quick
@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    judge(lint_certificate, data, EncodingInvalid)
    judge(parse_request, data, RequestInvalid)
    judge(parse_profile, data, ProfileInvalid)
