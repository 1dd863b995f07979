"""Targets: timestamp requests, responses and tokens, and SignedData."""

from __future__ import annotations

from ca.errors import TimestampInvalid, TimestampRefused
from ca.serial import new_serial
from ca.timestamp import Imprint, TimestampRequest, parse_request, parse_tst_info
from ca.timestamp_response import granted, parse_response, rejection
from ca.token import identity_of, read_certificate, verify_token
from keys import cms, cms_verify
from keys.cms import Attribute
from keys.cms_build import SignedDataBuilder, with_unsigned
from keys.errors import CmsInvalid, KeysError
from keys.suites import Algorithm, Digest
from tests.fuzz.target import Target
from tests.support import chains
from tests.support.clock import NOON
from tests.support.timestamping import POLICY, make_unit

DATA = b"data"


def _requests() -> tuple[bytes, ...]:
    return tuple(
        TimestampRequest(Imprint.of(digest, DATA), policy, nonce, cert_req=nonce is None).encoded()
        for digest in Digest
        for policy in (None, POLICY)
        for nonce in (None, -1, 2**63)
    )


def _tokens() -> tuple[bytes, ...]:
    return tuple(
        make_unit(algorithm)[0].batch(NOON)(parse_request(request), new_serial()).data
        for algorithm in chains.DEFAULTS
        for request in _requests()[:6]
    )


def _signed_data() -> tuple[bytes, ...]:
    found = []
    for algorithm in chains.DEFAULTS:
        party = chains.leaf(algorithm, "organisation-seal")
        builder = SignedDataBuilder(identity_of(party.certificate), algorithm)
        prepared = builder.prepare(algorithm.digest.of(DATA), [cms.signing_time(NOON)])
        message = prepared.complete(party.key.sign(prepared.to_sign), DATA)
        found += [message, with_unsigned(message, [Attribute(cms.OID_TIMESTAMP_TOKEN, (message,))])]
    return tuple(found)


def _request(data: bytes) -> None:
    parsed = parse_request(data)
    assert parsed.encoded() == data, "a request has one encoding"


def _response(data: bytes) -> None:
    token = parse_response(data).token
    if token is not None:
        verify_token(token, data=DATA)


def _cms(data: bytes) -> None:
    parsed = cms.parse(data)
    try:
        signers = cms_verify.verify(parsed, read_certificate, content=None if parsed.content else DATA)
    except CmsInvalid as error:
        assert error.field and error.reason  # noqa: PT017, PT018  (a refusal names the field)
        raise
    for signer in signers:
        _ = signer.signing_time


def _info(data: bytes) -> None:
    parse_tst_info(data)


def _infos() -> tuple[bytes, ...]:
    return tuple(content for token in _tokens() if (content := cms.parse(token).content) is not None)


def targets() -> tuple[Target, ...]:
    """Of this module."""
    ours = (TimestampInvalid, KeysError)
    tokens = _tokens()
    refused = rejection(TimestampRefused("badAlg", "no"))
    modules = ("ca.timestamp", "ca.timestamp_response", "ca.token", "keys.cms", "keys.cms_verify", "keys.der")
    assert Algorithm.P256 in chains.DEFAULTS
    return (
        Target("timestamp_request", _request, (TimestampRefused,), _requests(), modules),
        Target("timestamp_response", _response, ours, (*map(granted, tokens), refused), modules),
        Target("timestamp_token", lambda data: verify_token(data, data=DATA), ours, tokens, modules),
        Target("tst_info", _info, (TimestampInvalid,), _infos(), modules),
        Target("cms", _cms, (KeysError,), (*_signed_data(), *tokens), modules),
    )
