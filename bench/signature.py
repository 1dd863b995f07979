"""PAdES signatures on a 10-page contract; the peer is pyHanko with the same keys and authority."""

from __future__ import annotations

import io
import time
import warnings
from collections.abc import Callable, Sequence

from asn1crypto import keys as asn1_keys
from asn1crypto import tsp
from asn1crypto import x509 as asn1_x509
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.timestamps import TimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

from bench.figure import Figure, in_turns
from bench.rendering import AT, contracts
from keys.suites import Algorithm
from signing.pades.order import SignatureOrder
from signing.pades.sign import sign
from signing.pdf.prepare import FieldPlan, prepare
from signing.pdf.source import open_source
from signing.place import Anchor
from signing.ports import TimestampSource
from signing.template import load_templates
from tests.support.contracts import renderer
from tests.support.signing import LATER, Person, UnitTimestamps, person

PAGES = 10
ROUNDS = 15
OURS_A_TURN, PEERS_A_TURN = 40, 4
FIELD = "borrower"
ORDER = SignatureOrder(FIELD, LATER, name="张伟", reason="签署借款合同")
TARGETS = {"B-B": "", "B-T": "4,000%"}


def contract() -> bytes:
    """The ten-page loan contract as the product makes it ready: rendered, then every field placed."""
    rendered = renderer().render(load_templates().get("personal-loan"), next(contracts()), at=AT)
    assert rendered.pages == PAGES
    anchors = {one.name: one for one in rendered.anchors}
    plans = [FieldPlan(name, Anchor(name), None, name) for name in anchors]
    with open_source(rendered.pdf) as source:
        return rendered.pdf + prepare(source, plans, anchors).data


class SameAuthority(TimeStamper):
    """pyHanko's client in front of our timestamping unit."""

    def __init__(self, unit: UnitTimestamps) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._unit = unit

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        return tsp.TimeStampResp.load(self._unit.answer(req.dump()))


def ours(data: bytes, who: Person, timestamps: TimestampSource | None) -> bytes:
    with open_source(data, vetted=True) as source:  # as the product does: it was looked at when prepared
        return sign(source, ORDER, who.signer, who.chain, timestamps=timestamps)


def pyhanko(data: bytes, who: Person, timestamper: TimeStamper | None) -> Callable[[], object]:
    registry = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    registry.register(asn1_x509.Certificate.load(who.chain[1]))
    signer = signers.SimpleSigner(
        signing_cert=asn1_x509.Certificate.load(who.chain[0]),
        signing_key=asn1_keys.PrivateKeyInfo.load(who.signer._private.pkcs8()),  # noqa: SLF001
        cert_registry=registry,
    )
    metadata = signers.PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha256",
        subfilter=fields.SigSeedSubFilter.PADES,
        certify=True,
        docmdp_permissions=fields.MDPPerm.FILL_FORMS,
        name="张伟",
        reason="签署借款合同",
    )

    def act() -> object:
        writer = IncrementalPdfFileWriter(io.BytesIO(data))
        return signers.sign_pdf(writer, metadata, signer=signer, timestamper=timestamper)

    return act


def typical(act: Callable[[], object], count: int) -> float:
    """Calls a second of processor time: both sides need nothing else, and wait for nothing."""
    started = time.process_time()
    for _ in range(count):
        act()
    return count / (time.process_time() - started)


def milliseconds(act: Callable[[], object]) -> float:
    """One call's."""
    return 1_000 / typical(act, 200)


def parts(data: bytes, who: Person, unit: UnitTimestamps) -> str:
    """What one signature is made of, in milliseconds."""
    digest = who.algorithm.digest
    with open_source(data, vetted=True) as source:
        acts: dict[str, Callable[[], object]] = {
            "open": lambda: open_source(data, vetted=True).close(),
            "all else": lambda: sign(source, ORDER, who.signer, who.chain, timestamps=unit),
            "of that the token": lambda: unit.token(bytes(32), digest),
            "the file's digest": lambda: digest.of(data),
            "one raw signature": lambda: who.signer.sign(bytes(190)),
        }
        return ", ".join(f"{name} {milliseconds(act):.2f} ms" for name, act in acts.items())


def figures() -> Sequence[Figure]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [*against_pyhanko(), *against_raw()]


def against_pyhanko() -> Sequence[Figure]:
    data, who = contract(), person(Algorithm.P256)
    unit = UnitTimestamps(Algorithm.P256)
    found = []
    for level, target in TARGETS.items():
        stamped = level == "B-T"
        timestamps = unit if stamped else None
        peer = pyhanko(data, who, SameAuthority(unit) if stamped else None)
        rates = in_turns(
            lambda timestamps=timestamps: typical(lambda: ours(data, who, timestamps), OURS_A_TURN),  # type: ignore[misc]
            lambda peer=peer: typical(peer, PEERS_A_TURN),  # type: ignore[misc]
            ROUNDS,
        )
        name = f"{level} signature of a {PAGES}-page contract, p256-sha256"
        note = parts(data, who, unit) if stamped else ""
        found.append(Figure(name, rates[0], "pyHanko, same keys and authority", *rates[1:], target, note))
    return found


def against_raw() -> Sequence[Figure]:
    """B-T in SM2 against what its two signatures cost in the library, and 1 ms for all else."""
    data, who = contract(), person(Algorithm.SM2)
    unit = UnitTimestamps(Algorithm.SM2)
    signature = who.signer
    digest = Algorithm.SM2.digest

    def two_signatures() -> object:
        return digest.of(data), signature.sign(bytes(190)), signature.sign(bytes(190))

    whole, raw_rate, _ = in_turns(
        lambda: typical(lambda: ours(data, who, unit), OURS_A_TURN),
        lambda: typical(two_signatures, OURS_A_TURN),
        ROUNDS,
    )
    allowed = 1 / (2 / raw_rate + 0.001)
    spent = parts(data, who, unit)
    name = f"B-T signature of a {PAGES}-page contract, sm2-sm3"
    peer = "twice (SM3 of the file + two raw signatures) + 1 ms"
    return [Figure(name, whole, peer, allowed, whole / allowed, "100%", spent)]
