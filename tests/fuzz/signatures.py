"""Targets: PDFs of strangers that are to be signed, given validation data, timestamped; and TSA answers."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import httpx

from ca.timestamp import Imprint, TimestampRequest
from ca.trust import load_trust
from keys.suites import Algorithm
from signing.adapters.pyhanko_signer import PyHankoSigner
from signing.adapters.timestamp_http import HttpTimestamps
from signing.errors import SigningError, TimestampUnavailable
from signing.pades.archive import timestamp_document
from signing.pades.order import SignatureOrder
from signing.pades.pertinence import Held, Pertinence
from signing.pades.sign import sign
from signing.pades.validationdata import add_validation_data
from signing.pdf.source import PdfSource, open_source
from tests.fuzz.target import Target
from tests.support import chains
from tests.support.clock import FixedClock
from tests.support.signing import (
    LATER,
    UnitTimestamps,
    archived,
    blank_document,
    material,
    person,
    sign_one,
    with_material,
)

ORDER = SignatureOrder("party-2", LATER)
MODULES = ("signing.pades", "signing.pdf")


@cache
def _samples() -> tuple[bytes, ...]:
    """Signed by one of two, so that one field is left; and nothing signed at all."""
    first = person(Algorithm.P256)
    found = []
    for streams in (False, True):
        data = blank_document(2, streams=streams)
        signed = sign_one(data, "party-1", first, contents_size=2_500)  # little that is no structure
        lasting = with_material(signed, material([first], Algorithm.P256))
        found += [data, signed, lasting, archived(lasting, UnitTimestamps(Algorithm.P256), Algorithm.P256)]
    return tuple(found)


def _on(act: Callable[[PdfSource], bytes]) -> Callable[[bytes], object]:
    """What is appended can be appended to again, with one more signature or the same."""

    def run(data: bytes) -> None:
        with open_source(data) as source:
            before = len(source.signatures)
            done = data + act(source)
        with open_source(done) as again:
            assert len(again.signatures) >= before

    return run


def targets() -> tuple[Target, ...]:
    """Of this module."""
    who, unit = person(Algorithm.P256), UnitTimestamps(Algorithm.P256)
    digest = Algorithm.P256.digest
    extra = material([who], Algorithm.P256)
    said = httpx.Response(200)

    def answer(_: httpx.Request) -> httpx.Response:
        return said

    client = httpx.Client(transport=httpx.MockTransport(answer))
    trust = load_trust({"root": chains.root(Algorithm.P256).party.certificate.data})
    source = HttpTimestamps("http://tsa.test/", client, trust, FixedClock(LATER))

    def answered(data: bytes) -> None:
        nonlocal said
        said = httpx.Response(200, headers={"Content-Type": "application/timestamp-reply"}, content=data)
        source.token(bytes(32), digest)

    held = Held(extra.certificates, extra.crls, extra.responses)
    messages = tuple(unit.token(bytes(32), digest) for _ in range(3))

    def declined(data: bytes) -> None:
        PyHankoSigner().sign(data, ORDER, who.signer, who.chain, timestamps=None)

    refused = (SigningError,)
    return (
        Target(
            "pdf_sign",
            _on(lambda source: sign(source, ORDER, who.signer, who.chain, timestamps=None)),
            refused,
            _samples(),
            MODULES,
        ),
        Target(
            "pdf_validation_data",
            _on(lambda source: add_validation_data(source, extra)),
            refused,
            _samples(),
            MODULES,
        ),
        Target(
            "pdf_timestamp",
            _on(lambda source: timestamp_document(source, unit, digest, at=LATER)),
            refused,
            _samples(),
            MODULES,
        ),
        Target("pdf_sign_declined", declined, refused, _samples(), ("signing.adapters.pyhanko_signer",)),
        Target("vri_message", lambda data: Pertinence(held).of(data), (), messages, MODULES),
        Target(
            "vri_material",
            lambda data: Pertinence(Held((data,), (data,), (data,))).of(messages[0]),
            (),
            (*extra.certificates, *extra.crls, *extra.responses),
            MODULES,
        ),
        Target("tsa_answer", answered, (TimestampUnavailable,), (unit.answer(_request()),), MODULES),
    )


def _request() -> bytes:
    return TimestampRequest(Imprint.of(Algorithm.P256.digest, b""), None, 5, cert_req=True).encoded()
