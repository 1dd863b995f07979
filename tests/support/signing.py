"""What PAdES tests sign with, in memory: keys with chains, timestamps, revocation data of both suites."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

import pikepdf

from ca.certificate import Certificate, certificate_der
from ca.crlbuild import CrlDraft
from ca.crlbuild import encode_tbs as encode_crl
from ca.ocsp import certificate_id
from ca.ocspresponse import CertificateState, SingleAnswer, Status, encode_response
from ca.ocspresponse import encode_tbs as encode_answer
from ca.registry import AuthorityRole
from ca.serial import new_serial
from ca.template import CertificateRequest
from ca.timestamp import Imprint, TimestampRequest, parse_request
from ca.timestamp_response import granted
from ca.tsu import TimestampUnit
from keys.adapters.software import SoftwareSigner
from keys.key import new_key_id
from keys.private import PrivateKey
from keys.suites import Algorithm, Digest, digest_identifier
from signing.document import Buffer
from signing.errors import TimestampUnavailable
from signing.pades.archive import timestamp_document
from signing.pades.order import SignatureOrder
from signing.pades.sign import sign
from signing.pades.validationdata import add_validation_data
from signing.pdf.prepare import FieldPlan, prepare
from signing.pdf.source import open_source
from signing.place import Box, Rect
from signing.ports import TimestampSource, ValidationMaterial
from tests.support import chains
from tests.support.clock import NOON
from tests.support.timestamping import make_unit

LATER = NOON + timedelta(minutes=1)
"""When what stands for now in these tests: every certificate of `chains` is valid."""


@dataclass(frozen=True, slots=True)
class Person:
    """A key that signs, and the certificates above it: its own, its authority's, the root's."""

    signer: SoftwareSigner
    chain: tuple[bytes, ...]

    @property
    def algorithm(self) -> Algorithm:
        return self.signer.public.algorithm

    @property
    def certificate(self) -> Certificate:
        return Certificate(self.chain[0])


def person(algorithm: Algorithm, profile: str = "person-event") -> Person:
    """Another one at each call."""
    key = PrivateKey.generate(algorithm)
    above = chains.intermediate(algorithm, chains.LEAVES[profile])
    party = chains.issue(above, profile, chains.leaf_request(profile, key), key=key)
    top = chains.root(algorithm).party.certificate
    chain = (party.certificate.data, above.party.certificate.data, top.data)
    return Person(SoftwareSigner(new_key_id(), key), chain)


class UnitTimestamps:
    """`TimestampSource` over a timestamping unit in memory, its clock set by hand."""

    def __init__(self, algorithm: Algorithm, at: datetime = LATER) -> None:
        self.unit: TimestampUnit = make_unit(algorithm)[0]
        self.at = at
        self.made = 0

    def token(self, imprint: bytes, digest: Digest) -> bytes:
        asked = Imprint(digest, imprint, digest_identifier(digest))
        return self._make(TimestampRequest(asked, None, None, cert_req=True))

    def answer(self, request: bytes) -> bytes:
        """A TimeStampResp for a TimeStampReq, for clients of other makes."""
        return granted(self._make(parse_request(request)))

    def _make(self, request: TimestampRequest) -> bytes:
        self.made += 1
        return self.unit.batch(self.at)(request, new_serial()).data


class NoTimestamps:
    """`TimestampSource` that is out of order."""

    def token(self, imprint: bytes, digest: Digest) -> bytes:
        raise TimestampUnavailable("the authority is closed")


class OtherTimestamps:
    """`TimestampSource` that breaks its contract: its tokens are over something else."""

    def __init__(self, algorithm: Algorithm) -> None:
        self._source = UnitTimestamps(algorithm)

    def token(self, imprint: bytes, digest: Digest) -> bytes:
        return self._source.token(digest.of(imprint), digest)


def crl(issuer: chains.Issuing, at: datetime = LATER) -> bytes:
    """An empty CRL over everything that the authority issued."""
    draft = CrlDraft(
        issuer=issuer.party.certificate,
        number=1,
        base_number=None,
        this_update=at,
        next_update=at + timedelta(days=30),
        url=None,
        only_user_certificates=False,
        expired_from=NOON - timedelta(days=30),
    )
    key = issuer.party.key
    tbs = encode_crl(draft, key.algorithm, b"")
    return certificate_der(tbs, key.algorithm, key.sign(tbs))


@cache
def _responder(algorithm: Algorithm, role: AuthorityRole) -> chains.Party:
    key = PrivateKey.generate(algorithm)
    request = CertificateRequest(key.public, chains.operator_name(f"responder {role.value}"))
    return chains.issue(chains.intermediate(algorithm, role), "ocsp-responder", request, key=key)


def response(certificate: Certificate, role: AuthorityRole, at: datetime = LATER) -> bytes:
    """A good OCSP answer about what an authority issued, by its delegate."""
    algorithm = certificate.public.algorithm
    issuer = chains.intermediate(algorithm, role).party.certificate
    responder = _responder(algorithm, role)
    answer = SingleAnswer(
        certificate_id(issuer, certificate.serial),
        Status(CertificateState.GOOD),
        at,
        at + timedelta(days=1),
        None,
    )
    tbs = encode_answer(answer, responder=responder.certificate, produced_at=at, nonce=None)
    return encode_response(tbs, algorithm, responder.key.sign(tbs), responder.certificate)


def material(people: Sequence[Person], algorithm: Algorithm, at: datetime = LATER) -> ValidationMaterial:
    """Everything a verifier needs of persons and of the timestamping unit: chains, CRLs, OCSP answers."""
    unit = chains.leaf(algorithm, "timestamp-unit").certificate
    roles = (AuthorityRole.PERSON, AuthorityRole.TIMESTAMP)
    issuing = [chains.intermediate(algorithm, role) for role in roles]
    root = chains.root(algorithm)
    certificates = [one.chain[0] for one in people]
    certificates += [unit.data, *(one.party.certificate.data for one in issuing), root.party.certificate.data]
    answers = [response(one.certificate, AuthorityRole.PERSON, at) for one in people]
    crls = [crl(one, at) for one in (root, *issuing)]
    return ValidationMaterial(tuple(certificates), tuple(crls), tuple(answers))


def sign_one(
    data: Buffer, field: str, who: Person, timestamps: TimestampSource | None = None, **order: object
) -> bytes:
    """The document with one signature more."""
    values: dict[str, object] = {"at": LATER, "name": "张伟", **order}
    with open_source(data) as source:
        appended = sign(
            source,
            SignatureOrder(field, **values),  # type: ignore[arg-type]
            who.signer,
            who.chain,
            timestamps=timestamps,
        )
    return bytes(data) + appended


def field_names(count: int) -> list[str]:
    """Names as `blank_document` gives them."""
    return [f"party-{number}" for number in range(1, count + 1)]


def blank_document(fields: int = 1, *, pages: int = 1, payload: int = 0, streams: bool = False) -> bytes:
    """Pages with nothing on them and unsigned fields, made by pikepdf; `payload` octets of ballast."""
    pdf = pikepdf.new()
    for _ in range(pages):
        pdf.add_blank_page(page_size=(595, 842))
    if payload:
        pdf.Root.Ballast = pdf.make_indirect(pikepdf.Stream(pdf, bytes(payload)))
    return with_fields(pdf, fields, streams=streams)


def prepared_document(fields: int = 1, *, pages: int = 1) -> bytes:
    """The same pages with fields as the product places them: a revision of their own."""
    plans = [
        FieldPlan(
            name,
            Box(place % pages + 1, Rect(40 + 110 * (place % 5), 40 + 30 * (place // 5), 100, 25)),
            None,
            name,
        )
        for place, name in enumerate(field_names(fields))
    ]
    data = blank_document(0, pages=pages)
    with open_source(data) as source:
        return data + prepare(source, plans).data


def signed_document(
    algorithm: Algorithm, signers: int, *, renewals: int = 0
) -> tuple[list[bytes], list[Person]]:
    """Every revision of a document that all signed (B-T), archived (B-LTA) and renewed; and who signed."""
    timestamps = UnitTimestamps(algorithm)
    revisions = [prepared_document(signers, pages=2)]
    people = []
    for field in field_names(signers):
        people.append(person(algorithm))
        revisions.append(sign_one(revisions[-1], field, people[-1], timestamps))
    for _ in range(renewals + 1):
        revisions.append(with_material(revisions[-1], material(people, algorithm)))
        revisions.append(archived(revisions[-1], timestamps, algorithm))
    return revisions, people


def with_material(data: bytes, found: ValidationMaterial) -> bytes:
    """The document with validation data: B-LT."""
    with open_source(data) as source:
        return data + add_validation_data(source, found)


def archived(data: bytes, timestamps: TimestampSource, algorithm: Algorithm, at: datetime = LATER) -> bytes:
    """The document with a document timestamp: B-LTA."""
    with open_source(data) as source:
        return data + timestamp_document(source, timestamps, algorithm.digest, at=at)


def with_fields(pdf: pikepdf.Pdf, count: int, *, streams: bool = False) -> bytes:
    """The document written anew with unsigned fields; with object and cross-reference streams on request."""
    made = []
    for number, name in enumerate(field_names(count)):
        page = pdf.pages[number % len(pdf.pages)]
        left, bottom = 40 + 110 * (number % 5), 700 - 30 * (number // 5 % 20)
        widget = pdf.make_indirect(
            pikepdf.Dictionary(
                Type=pikepdf.Name.Annot,
                Subtype=pikepdf.Name.Widget,
                FT=pikepdf.Name.Sig,
                T=name,
                F=132,
                Rect=[left, bottom, left + 100, bottom + 25],
                P=page.obj,
                AP=pikepdf.Dictionary(N=_appearance(pdf)),
                Lock=pikepdf.Dictionary(
                    Type=pikepdf.Name.SigFieldLock, Action=pikepdf.Name.Include, Fields=[name]
                ),
            )
        )
        if "/Annots" not in page.obj:
            page.obj.Annots = pikepdf.Array()
        page.obj.Annots.append(widget)
        made.append(widget)
    pdf.Root.AcroForm = pdf.make_indirect(pikepdf.Dictionary(Fields=made, SigFlags=3))
    written = io.BytesIO()
    modes = pikepdf.ObjectStreamMode
    pdf.save(
        written,
        object_stream_mode=modes.generate if streams else modes.disable,
        compress_streams=False,
        deterministic_id=True,
    )
    return written.getvalue()


def _appearance(pdf: pikepdf.Pdf) -> pikepdf.Object:
    form = pikepdf.Stream(pdf, b"0 0 100 25 re S")
    form.Type = pikepdf.Name.XObject
    form.Subtype = pikepdf.Name.Form
    form.BBox = pikepdf.Array([0, 0, 100, 25])
    return pdf.make_indirect(form)
