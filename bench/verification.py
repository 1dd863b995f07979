"""Verification of three B-T signatures on the 10-page contract; the peer is pyHanko's validator.

Both are given the same roots, authorities and CRLs, and both judge paths, revocation, timestamps and what
changed after each signature.
"""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import cache

from asn1crypto import crl as asn1_crl
from asn1crypto import x509 as asn1_x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import DEFAULT_DIFF_POLICY
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from bench.figure import Figure, in_turns, rate
from bench.signature import PAGES, contract
from ca.indication import Indication
from ca.trust import TrustStore
from keys.suites import Algorithm
from signing.pdf.source import open_source
from signing.validity.judge import judge_pdf
from tests.support.attacks.contract import trust
from tests.support.signing import LATER, UnitTimestamps, person, sign_one

SIGNATURES = 3
ROUNDS = 15
OURS_A_TURN, PEERS_A_TURN = 20, 2
NOW = LATER + timedelta(minutes=5)
TARGET = "1,000%"


_contract = cache(contract)


def signed(algorithm: Algorithm) -> bytes:
    """The contract with three B-T signatures."""
    data, timestamps = _contract(), UnitTimestamps(algorithm)
    with open_source(data) as source:
        names = list(source.fields)[:SIGNATURES]
    for name in names:
        data = sign_one(data, name, person(algorithm), timestamps)
    return data


def ours(data: bytes, store: TrustStore) -> object:
    report = judge_pdf(data, store, now=NOW)
    assert report.indication is Indication.TOTAL_PASSED
    assert len(report.signatures) == SIGNATURES
    return report


class Peer:
    """pyHanko with the same roots, authorities and CRLs, which it reads once too."""

    def __init__(self, store: TrustStore) -> None:
        self._roots = [asn1_x509.Certificate.load(one.data) for one in store.anchors]
        self._others = [asn1_x509.Certificate.load(one.data) for one in store.intermediates]
        self._crls = [asn1_crl.CertificateList.load(one.data) for one in store.revocation.crls]

    def verify(self, data: bytes) -> object:
        context = ValidationContext(
            trust_roots=self._roots,
            other_certs=self._others,
            crls=self._crls,
            moment=NOW,
            allow_fetching=False,
            revocation_mode="require",
        )
        found = [
            validate_pdf_signature(one, context, context, diff_policy=DEFAULT_DIFF_POLICY)
            for one in PdfFileReader(io.BytesIO(data)).embedded_signatures
        ]
        assert len(found) == SIGNATURES
        assert all(one.bottom_line for one in found)
        return found


def turn(verify: Callable[[bytes], object], algorithm: Algorithm, count: int) -> float:
    """Files a second, each of other signers: none was seen before, as a service meets them."""
    files = iter([signed(algorithm) for _ in range(count)])
    return rate(lambda: verify(next(files)), count)


def figures() -> Sequence[Figure]:
    logging.getLogger("pyhanko").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [_against_pyhanko(), _alone(Algorithm.SM2)]


def _against_pyhanko() -> Figure:
    algorithm = Algorithm.P256
    store = trust(algorithm)
    peer = Peer(store)
    rates = in_turns(
        lambda: turn(lambda data: ours(data, store), algorithm, OURS_A_TURN),
        lambda: turn(peer.verify, algorithm, PEERS_A_TURN),
        ROUNDS,
    )
    name = f"verification of {SIGNATURES} B-T signatures, {PAGES} pages, p256-sha256"
    return Figure(name, rates[0], "pyHanko, same trust and CRLs", *rates[1:], TARGET)


def _alone(algorithm: Algorithm) -> Figure:
    store = trust(algorithm)
    name = f"verification of {SIGNATURES} B-T signatures, {PAGES} pages, {algorithm.value}"
    return Figure(name, turn(lambda data: ours(data, store), algorithm, OURS_A_TURN))
