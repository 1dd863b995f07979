"""Where timestamps and validation data come from: in process, over HTTP, from the authorities' own stores."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI, Request, Response

from ca.certificate import Certificate
from ca.errors import TimestampRefused
from ca.ocspresponse import load_response
from ca.path import validate
from ca.registry import RevocationReason
from ca.timestamp import Imprint, parse_request
from ca.timestamp_response import granted, parse_response, rejection
from ca.token import verify_token
from ca.trust import TrustStore, load_trust
from keys.suites import Algorithm, digest_identifier
from signing.adapters.timestamp_authority import InProcessTimestamps
from signing.adapters.timestamp_http import HttpTimestamps
from signing.adapters.timestamp_pool import TimestampPool
from signing.adapters.validation_authority import AuthorityValidation
from signing.errors import ProviderUnavailable, TimestampUnavailable
from tests.support import chains
from tests.support.clock import FixedClock
from tests.support.revocable import Hierarchy, open_hierarchy
from tests.support.server import serving
from tests.support.signing import LATER, NoTimestamps, UnitTimestamps, person, prepared_document, sign_one
from tests.support.timestamping import make_authority
from tests.support.units import open_units

BOTH = (Algorithm.P256, Algorithm.SM2)
REPLY = "application/timestamp-reply"


def imprint(algorithm: Algorithm) -> bytes:
    return algorithm.digest.of(b"signature value")


@pytest.mark.parametrize("algorithm", BOTH)
def test_the_authority_of_this_process_stamps_and_records(
    engine: sa.Engine, tmp_path: Path, algorithm: Algorithm
) -> None:
    clock = FixedClock(LATER)
    units = open_units(engine, clock, tmp_path)
    stamping = make_authority(units, clock, algorithm)
    source = InProcessTimestamps(stamping.authority, "contracts")
    token = source.token(imprint(algorithm), algorithm.digest)
    verified = verify_token(token, data=b"signature value")
    with units.reading() as unit:
        assert unit.timestamps.get(verified.info.serial).requester == "contracts"  # type: ignore[arg-type]
    data = sign_one(prepared_document(), "party-1", person(algorithm), source)
    assert data


def test_an_authority_beyond_its_certificates_life_gives_no_token(engine: sa.Engine, tmp_path: Path) -> None:
    clock = FixedClock(LATER + timedelta(days=36_500))  # its certificate ended long ago
    stamping = make_authority(open_units(engine, clock, tmp_path), clock)
    source = InProcessTimestamps(stamping.authority, "contracts")
    with pytest.raises(TimestampUnavailable):
        source.token(imprint(Algorithm.P256), Algorithm.P256.digest)


UNIT = UnitTimestamps(Algorithm.P256)


def reply(body: bytes) -> Response:
    return Response(body, media_type=REPLY)


def other_imprint(asked: bytes) -> Response:
    request = parse_request(asked)
    digest = request.imprint.digest
    other = Imprint(digest, bytes(32), digest_identifier(digest))
    return reply(UNIT.answer(replace(request, imprint=other).encoded()))


def forged(asked: bytes) -> Response:
    token = bytearray(parse_response(UNIT.answer(asked)).token or b"")
    token[-1] ^= 1
    return reply(granted(bytes(token)))


ANSWERS: dict[str, Callable[[bytes], Response]] = {
    "good": lambda asked: reply(UNIT.answer(asked)),
    "nonce": lambda asked: reply(UNIT.answer(replace(parse_request(asked), nonce=7).encoded())),
    "imprint": other_imprint,
    "forged": forged,
    "guomi": lambda asked: reply(UnitTimestamps(Algorithm.SM2).answer(asked)),
    "error": lambda _: Response(status_code=503),
    "moved": lambda _: Response(status_code=302, headers={"Location": "/good"}),
    "page": lambda _: Response("<html>", media_type="text/html"),
    "refusal": lambda _: reply(rejection(TimestampRefused("badAlg", "not here"))),
    "endless": lambda _: reply(bytes(1_000_000)),
    "garbage": lambda _: reply(b"0" * 500),
}
"""What an authority may answer, by the path it is asked at."""


def application() -> FastAPI:
    app = FastAPI()

    @app.post("/{kind}")
    async def stamp(kind: str, request: Request) -> Response:
        assert request.headers["content-type"] == "application/timestamp-query"
        return ANSWERS[kind](await request.body())

    return app


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with serving(application()) as found:
        yield found


def trust(algorithm: Algorithm) -> TrustStore:
    return load_trust({"root": chains.root(algorithm).party.certificate.data})


def over_http(client: httpx.Client, kind: str, *, anchors: TrustStore | None = None) -> HttpTimestamps:
    return HttpTimestamps(f"/{kind}", client, anchors or trust(Algorithm.P256), FixedClock(LATER))


def test_a_token_over_http_is_verified_and_used(client: httpx.Client) -> None:
    source = over_http(client, "good")
    token = source.token(imprint(Algorithm.P256), Algorithm.P256.digest)
    assert verify_token(token, data=b"signature value").info.gen_time == LATER
    assert sign_one(prepared_document(), "party-1", person(Algorithm.P256), source)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("nonce", "nonce"),
        ("imprint", "messageImprint"),
        ("error", "503"),
        ("moved", "302"),
        ("page", "text/html"),
        ("refusal", "not here"),
        ("endless", "262144"),
        ("garbage", "response"),
        ("forged", "signature"),
        ("guomi", "path"),
    ],
)
def test_an_answer_that_is_no_good_is_no_token(client: httpx.Client, kind: str, reason: str) -> None:
    with pytest.raises(TimestampUnavailable, match=reason):
        over_http(client, kind).token(imprint(Algorithm.P256), Algorithm.P256.digest)


def test_a_stranger_or_a_wrong_clock_is_not_believed(client: httpx.Client) -> None:
    with pytest.raises(TimestampUnavailable):
        over_http(client, "good", anchors=trust(Algorithm.SM2)).token(bytes(32), Algorithm.P256.digest)
    late = HttpTimestamps("/good", client, trust(Algorithm.P256), FixedClock(LATER + timedelta(minutes=6)))
    with pytest.raises(TimestampUnavailable, match="genTime"):
        late.token(bytes(32), Algorithm.P256.digest)


def test_nobody_at_the_address_is_no_token() -> None:
    with httpx.Client() as client:
        source = HttpTimestamps("http://127.0.0.1:9/", client, TrustStore(), FixedClock(LATER))
        with pytest.raises(TimestampUnavailable):
            source.token(bytes(32), Algorithm.P256.digest)


def test_a_pool_asks_the_next_and_gives_up_with_every_reason() -> None:
    good = UnitTimestamps(Algorithm.P256)
    assert TimestampPool([NoTimestamps(), good]).token(bytes(32), Algorithm.P256.digest)
    assert good.made == 1
    with pytest.raises(TimestampUnavailable, match="closed; the authority is closed"):
        TimestampPool([NoTimestamps(), NoTimestamps()]).token(bytes(32), Algorithm.P256.digest)
    with pytest.raises(ValueError, match="at least one"):
        TimestampPool([])


@pytest.fixture(params=BOTH, ids=lambda one: one.suite.value)
def made(engine: sa.Engine, tmp_path: Path, request: pytest.FixtureRequest) -> Hierarchy:
    return open_hierarchy(engine, tmp_path, request.param)


def source_of(made: Hierarchy) -> AuthorityValidation:
    return AuthorityValidation(made.units, made.responder(), made.clock)


def test_authorities_give_what_a_verifier_needs(made: Hierarchy) -> None:
    made.publisher.publish_all()
    first, second = made.issue_many(2)
    found = source_of(made).material([first.data, second.data])
    assert set(found.certificates) == {first.data, second.data, made.person.data, made.root.data}
    assert len(found.crls) == 1
    assert [load_response(one).answers[0].certificate.serial for one in found.responses] == [
        first.serial,
        second.serial,
    ]
    given = [*found.certificates[2:], *found.crls, *found.responses]
    store = load_trust({str(number): data for number, data in enumerate(given)})
    report = validate(
        first,
        anchors=[made.root],
        at=made.clock.now(),
        intermediates=store.intermediates,
        revocation=store.revocation,
    )
    report.require_passed()


def test_a_revoked_certificate_is_answered_as_revoked(made: Hierarchy) -> None:
    made.publisher.publish_all()
    certificate = made.issue()
    made.revoke(certificate, RevocationReason.KEY_COMPROMISE)
    found = source_of(made).material([certificate.data])
    assert load_response(found.responses[0]).answers[0].status.revoked_at is not None


def without(certificates: Sequence[bytes], made: Hierarchy) -> None:
    with pytest.raises(ProviderUnavailable):
        source_of(made).material(certificates)


def test_half_of_it_is_nothing(made: Hierarchy) -> None:
    certificate = made.issue()
    without([certificate.data], made)  # the root never published a CRL
    made.publisher.publish_all()
    stranger = person(made.algorithm)
    without([certificate.data, stranger.chain[0]], made)
    without([b"no certificate"], made)
    made.clock.advance(days=366)  # every CRL is past its nextUpdate, and the delegates' life ended
    without([certificate.data], made)


def test_a_certificate_that_names_our_authority_and_is_not_its_is_not_ours(made: Hierarchy) -> None:
    made.publisher.publish_all()
    forged = bytearray(made.issue().data)
    forged[-1] ^= 1
    without([Certificate(bytes(forged)).data], made)
