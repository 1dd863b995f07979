"""Which of many certificates, CRLs and OCSP answers a signature needs, by the names in them.

This only fills /VRI, which saves a verifier from searching: nothing here is a verdict.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from ca.certificate import Certificate
from ca.crl import load_crl_frame
from ca.errors import EncodingInvalid
from ca.ocspresponse import load_response
from keys import cms
from keys.cms import SignedData
from keys.errors import CmsInvalid

_SHORT_LENGTH = 0x80


@dataclass(frozen=True, slots=True)
class Held:
    """Validation material, each in DER."""

    certificates: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()
    responses: tuple[bytes, ...] = ()


class Pertinence:
    """Validation material by the names in it; what cannot be read pertains to nothing."""

    def __init__(self, held: Held) -> None:
        self._held = held
        self._by_subject: defaultdict[bytes, list[Certificate]] = defaultdict(list)
        self._crls: defaultdict[bytes, list[bytes]] = defaultdict(list)
        self._responses: defaultdict[int, list[tuple[bytes, tuple[Certificate, ...]]]] = defaultdict(list)
        for certificate in read_certificates(held.certificates):
            self._by_subject[certificate.subject_der].append(certificate)
        for crl in held.crls:
            try:
                self._crls[load_crl_frame(crl).issuer_der].append(crl)
            except EncodingInvalid:
                continue
        for response in held.responses:
            try:
                basic = load_response(response)
            except EncodingInvalid:
                continue
            for answer in basic.answers:
                self._responses[answer.certificate.serial].append((response, basic.certificates))

    def of(self, contents: bytes) -> Held:
        """Of a signature or timestamp token as /Contents has it, zeros behind it.

        For a message that cannot be read, everything.
        """
        try:
            signed = cms.parse(unpadded(contents))
            messages = [signed, *tokens(signed)]
        except CmsInvalid:
            return self._held
        found: dict[bytes, None] = {}
        crls: dict[bytes, None] = {}
        responses: dict[bytes, None] = {}
        waiting = [one for message in messages for one in self._signers(message)]
        while waiting:
            certificate = waiting.pop()
            if certificate.data in found:
                continue
            found[certificate.data] = None
            if not certificate.is_self_issued:
                waiting += self._by_subject.get(certificate.issuer_der, [])
            crls |= dict.fromkeys(self._crls.get(certificate.issuer_der, []))
            for response, carried in self._responses.get(certificate.serial, []):
                responses[response] = None
                waiting += carried
        held = dict.fromkeys(self._held.certificates)
        return Held(tuple(one for one in held if one in found), tuple(crls), tuple(responses))

    def _signers(self, message: SignedData) -> list[Certificate]:
        """The certificates that made the message's signatures, and what it carries above them."""
        carried = list(read_certificates(message.certificates))
        named = {(one.issuer_der, one.serial) for one in message.signers}
        known = (one for some in self._by_subject.values() for one in some)
        return [*carried, *(one for one in known if (one.issuer_der, one.serial) in named)]


def tokens(signed: SignedData) -> list[SignedData]:
    """The signature timestamps of a message; raises `keys.errors.CmsInvalid`."""
    return [
        cms.parse(value)
        for signer in signed.signers
        for attribute in signer.unsigned_attributes
        if attribute.oid == cms.OID_TIMESTAMP_TOKEN
        for value in attribute.values
    ]


def unpadded(contents: bytes) -> bytes:
    """/Contents without the zeros that fill its room: the one DER element that it begins with."""
    if len(contents) < 2:  # noqa: PLR2004  (a tag and a length)
        return contents
    size = contents[1]
    header = 2
    if size & _SHORT_LENGTH:
        header += size & 0x7F
        size = int.from_bytes(contents[2:header], "big")
    return contents[: header + size]


def read_certificates(encoded: Iterable[bytes]) -> Iterable[Certificate]:
    """Those that can be read."""
    for data in encoded:
        try:
            certificate = Certificate(data)
            _ = certificate.issuer_der
        except EncodingInvalid:
            continue
        yield certificate
