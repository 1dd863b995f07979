"""Targets: the timestamp and OCSP endpoints of a running server, over HTTP as strangers reach them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from api.http.app import make_app
from ca.certificate import Certificate
from ca.ocsp import certificate_id, encode_request
from ca.registry import AuthorityRole, authority_id
from ca.timestamp import Imprint, TimestampRequest
from ca.timestamp_response import parse_response
from keys.suites import Digest, Suite
from tests.fuzz.target import Target
from tests.support import chains
from tests.support.installation import open_installation
from tests.support.server import serving

PERSON = authority_id(Suite.INTL, AuthorityRole.PERSON)
REFUSED = {400, 413, 415, 422}
_RUNNING = ExitStack()


@cache
def _client() -> httpx.Client:
    """One server for the whole run."""
    folder = Path(_RUNNING.enter_context(TemporaryDirectory()))
    centre = _RUNNING.enter_context(_RUNNING.enter_context(open_installation("sqlite", folder)).open())
    centre.publisher.publish_due()
    return _RUNNING.enter_context(serving(make_app(centre, chores_too=False)))


def close_server() -> None:
    """Its thread would keep the process alive."""
    _RUNNING.close()


def _post(path: str, media: str, answered: Callable[[bytes], object]) -> Callable[[bytes], None]:
    def run(data: bytes) -> None:
        response = _client().post(path, content=data, headers={"Content-Type": media})
        if response.status_code not in REFUSED:
            assert response.status_code == 200, f"{response.status_code}: {response.text[:200]}"
            answered(response.content)

    return run


def _ocsp_answer(data: bytes) -> None:
    assert data[:1] == b"\x30"


def targets() -> tuple[Target, ...]:
    """Of this module."""
    imprint = Imprint.of(Digest.SHA256, b"data")
    stamps = tuple(TimestampRequest(imprint, None, nonce, cert_req=True).encoded() for nonce in (None, 7))
    issuer = Certificate(chains.leaf(chains.DEFAULTS[0], "person-event").certificate.data)
    questions = tuple(
        encode_request(certificate_id(issuer, serial), nonce) for serial, nonce in ((1, None), (2, b"n" * 16))
    )
    tsa = _post("/v1/tsa/intl", "application/timestamp-query", parse_response)
    ocsp = _post(f"/v1/ocsp/{PERSON}", "application/ocsp-request", _ocsp_answer)
    return (
        Target("tsa_endpoint", tsa, (), stamps),
        Target("ocsp_endpoint", ocsp, (), questions),
    )
