"""Attacks on the signature itself: dictionary, byte range, message."""

from __future__ import annotations

import re
from collections.abc import Sequence

from keys import cms, der
from signing.validity.attack import Attack
from tests.support.attacks.contract import FIELDS, Setting
from tests.support.attacks.increment import Document, appended, last_xref
from tests.support.attacks.variant import variant

_RANGE = re.compile(rb"/ByteRange \[([\d ]+)\]")
_CONTENTS = re.compile(rb"/Contents <([0-9A-Fa-f]+)>")


def rewritten(data: bytes, pattern: re.Pattern[bytes], new: bytes, which: int = -1) -> bytes:
    """The match replaced in place, padded so that no offset moves."""
    match = list(pattern.finditer(data))[which]
    assert len(new) <= len(match[0]), (len(new), len(match[0]))
    return data[: match.start()] + new.ljust(len(match[0])) + data[match.end() :]


def numbers(data: bytes, which: int = -1) -> list[int]:
    return [int(one) for one in _RANGE.findall(data)[which].split()]


def with_range(data: bytes, *values: int, which: int = -1) -> bytes:
    text = b"/ByteRange [%s]" % b" ".join(b"%d" % one for one in values)
    return rewritten(data, _RANGE, text, which)


def contents(data: bytes, which: int = -1) -> bytes:
    return bytes.fromhex(_CONTENTS.findall(data)[which].decode())


def with_contents(data: bytes, message: bytes, which: int = -1) -> bytes:
    """Another message in the same room."""
    match = list(_CONTENTS.finditer(data))[which]
    room = len(match[1])
    digits = message.hex().encode()
    assert len(digits) <= room
    return data[: match.start(1)] + digits.ljust(room, b"0") + data[match.end(1) :]


def message_of(data: bytes, which: int = -1) -> bytes:
    """The message without its padding."""
    held = contents(data, which)
    size = 4 + int.from_bytes(held[2:4], "big")
    return held[:size]


@variant(Attack.UNIVERSAL_FORGERY)
def contents_missing(data: bytes, setting: Setting) -> bytes:
    return data.replace(b"/Contents <", b"/Content_ <")


@variant(Attack.UNIVERSAL_FORGERY)
def contents_null(data: bytes, setting: Setting) -> bytes:
    return rewritten(data, _CONTENTS, b"/Contents null")


@variant(Attack.UNIVERSAL_FORGERY)
def contents_empty(data: bytes, setting: Setting) -> bytes:
    return rewritten(data, _CONTENTS, b"/Contents <>")


@variant(Attack.UNIVERSAL_FORGERY)
def contents_zeros(data: bytes, setting: Setting) -> bytes:
    return with_contents(data, b"")


@variant(Attack.UNIVERSAL_FORGERY)
def contents_no_message(data: bytes, setting: Setting) -> bytes:
    return with_contents(data, b"\x04" + message_of(data)[1:])


@variant(Attack.UNIVERSAL_FORGERY)
def contents_cut_short(data: bytes, setting: Setting) -> bytes:
    size = len(contents(data)) + 16
    return with_contents(data, b"\x30\x82" + size.to_bytes(2, "big") + message_of(data)[4:])


@variant(Attack.UNIVERSAL_FORGERY)
def range_missing(data: bytes, setting: Setting) -> bytes:
    return data.replace(b"/ByteRange [", b"/ByteRang_ [")


@variant(Attack.UNIVERSAL_FORGERY)
def range_null(data: bytes, setting: Setting) -> bytes:
    return rewritten(data, _RANGE, b"/ByteRange null")


@variant(Attack.UNIVERSAL_FORGERY)
def range_empty(data: bytes, setting: Setting) -> bytes:
    return rewritten(data, _RANGE, b"/ByteRange []")


@variant(Attack.UNIVERSAL_FORGERY)
def range_of_names(data: bytes, setting: Setting) -> bytes:
    return rewritten(data, _RANGE, b"/ByteRange [/a /b /c /d]")


@variant(Attack.UNIVERSAL_FORGERY)
def value_gone(data: bytes, setting: Setting) -> bytes:
    """The field points at nothing, so a viewer finds no signature to check."""
    known = Document(data)
    number = known.field("bank")
    return appended(data, {number: known.body(number, V=b"null")})


@variant(Attack.UNIVERSAL_FORGERY)
def value_no_dictionary(data: bytes, setting: Setting) -> bytes:
    known = Document(data)
    return appended(data, {known.signature("bank"): b"(signed)"})


@variant(Attack.UNIVERSAL_FORGERY)
def signatures_unlisted(data: bytes, setting: Setting) -> bytes:
    """The form is gone, the signed octets are still there."""
    known = Document(data)
    return appended(data, {known.catalog: known.body(known.catalog, AcroForm=None)})


@variant(Attack.BYTE_RANGE_GAP)
def gap_too_large(data: bytes, setting: Setting) -> bytes:
    _, gap, resume, length = numbers(data)
    return with_range(data, 0, gap, resume + 5, length - 5)


@variant(Attack.BYTE_RANGE_GAP)
def gap_begins_early(data: bytes, setting: Setting) -> bytes:
    _, gap, resume, length = numbers(data)
    return with_range(data, 0, gap - 10, resume, length)


@variant(Attack.BYTE_RANGE_GAP)
def starts_late(data: bytes, setting: Setting) -> bytes:
    _, gap, resume, length = numbers(data)
    return with_range(data, 9, gap - 9, resume, length)


@variant(Attack.BYTE_RANGE_GAP)
def one_part(data: bytes, setting: Setting) -> bytes:
    return with_range(data, 0, numbers(data)[1])


@variant(Attack.BYTE_RANGE_GAP)
def ends_early(data: bytes, setting: Setting) -> bytes:
    _, gap, resume, length = numbers(data)
    return with_range(data, 0, gap, resume, length - 40)


@variant(Attack.BYTE_RANGE_GAP)
def octets_behind_the_message(data: bytes, setting: Setting) -> bytes:
    return with_contents(data, message_of(data) + b"hidden")


@variant(Attack.BYTE_RANGE_OVERLAP)
def parts_overlap(data: bytes, setting: Setting) -> bytes:
    _, gap, _, length = numbers(data)
    return with_range(data, 0, gap, gap - 50, length)


@variant(Attack.BYTE_RANGE_OVERLAP)
def negative_length(data: bytes, setting: Setting) -> bytes:
    _, gap, resume, _ = numbers(data)
    return with_range(data, 0, gap, resume, -1)


@variant(Attack.BYTE_RANGE_OVERLAP)
def beyond_the_file(data: bytes, setting: Setting) -> bytes:
    _, gap, resume, _ = numbers(data)
    return with_range(data, 0, gap, resume, len(data))


@variant(Attack.BYTE_RANGE_OVERLAP)
def parts_exchanged(data: bytes, setting: Setting) -> bytes:
    _, gap, resume, length = numbers(data)
    return with_range(data, resume, length, 0, gap)


@variant(Attack.SIGNATURE_WRAPPING)
def second_part_moved(data: bytes, setting: Setting) -> bytes:
    """The classic: a second /ByteRange in the padding, the signed tail moved to the end of the file.

    Where the tail stood lie other objects, and at the offset that the tail's `startxref` names, other
    cross-references. Every signed octet is there, in order.
    """
    _, gap, resume, length = numbers(data)
    message = message_of(data).hex().encode()
    tail = data[resume : resume + length]
    xref = last_xref(data)
    moved = xref + 1_000
    second = b" /ByteRange [0 %d %d %d] " % (gap, moved, length)
    body = data[:gap] + b"<" + message + b">" + second
    body = body.ljust(resume) + b">>\nendobj\n"
    offset = len(body)
    body += b"6 0 obj\n<</Length 0>>\nstream\n\nendstream\nendobj\n"
    assert len(body) <= xref, (len(body), xref)
    table = b"xref\n0 1\n0000000000 65535 f\r\n6 1\n%010d 00000 n\r\n" % offset
    for number, place in re.findall(rb"(\d+) 1\n(\d{10}) 00000 n", _plain_table(data)):
        if int(place) < gap:
            table += b"%d 1\n%s 00000 n\r\n" % (int(number), place)
    trailer = data[data.rindex(b"trailer") : data.rindex(b"startxref")]
    return (body.ljust(xref) + table + trailer).ljust(moved) + tail


def _plain_table(data: bytes) -> bytes:
    """The newest table, a subsection an entry."""
    lines = re.findall(rb"(\d+) (\d+)\s*\n((?:\d{10} \d{5} [nf]\s{2})+)", data[last_xref(data) :])
    out = b""
    for first, _, rows in lines:
        for place, row in enumerate(re.findall(rb"\d{10} \d{5} [nf]", rows)):
            out += b"%d 1\n%s\r\n" % (int(first) + place, row)
    return out


@variant(Attack.SIGNATURE_WRAPPING)
def gap_with_objects(data: bytes, setting: Setting) -> bytes:
    """The range leaves out the rest of the dictionary and an object, all of them moved behind /Contents."""
    _, gap, resume, length = numbers(data)
    evil = b" >>\nendobj\n3 0 obj\n<</Type /Page>>\nendobj\n90 0 obj\n<<"
    made = data[:resume] + evil + data[resume:]
    old = last_xref(data)
    made = made.replace(b"startxref\n%d\n" % old, b"startxref\n%d\n" % (old + len(evil)))
    return with_range(made, 0, gap, resume + len(evil), length)


@variant(Attack.SIGNATURE_WRAPPING)
def dictionary_copied(data: bytes, setting: Setting) -> bytes:
    """A copy of the signature dictionary behind the octets that it signs."""
    known = Document(data)
    number = known.signature("bank")
    start = data.rindex(b"%d 0 obj" % number)
    body = data[data.index(b"<<", start) : data.index(b"\nendobj", start)]
    return appended(data, {number: body})


def _signer_infos(data: bytes) -> tuple[bytes, bytes]:
    """The message up to its SET OF SignerInfo, and that SET."""
    message = message_of(data)
    parsed = cms.decode(message)
    found = _encoded(parsed.content.signers.as_list())
    return message, found


def _encoded(signers: Sequence[object]) -> bytes:
    return b"".join(der.encode(one) for one in signers)


def _with_signers(message: bytes, *signers: bytes) -> bytes:
    """The message around other SignerInfos."""
    signed = cms.decode(message).content
    parts = [
        der.integer(signed.version),
        der.set_of(*map(der.raw, signed.digest_algorithms.as_list())),
        der.encode(signed.encapsulated),
        der.wrap(0xA0, b"".join(map(der.raw, signed.certificates or []))),
        der.set_of(*signers),
    ]
    return der.sequence(der.oid(cms.RFC5652.signed_data), der.explicit(0, der.sequence(*parts)))


@variant(Attack.SEVERAL_SIGNER_INFOS)
def signer_twice(data: bytes, setting: Setting) -> bytes:
    message, signer = _signer_infos(data)
    return with_contents(data, _with_signers(message, signer, signer))


@variant(Attack.SEVERAL_SIGNER_INFOS)
def signers_of_two(data: bytes, setting: Setting) -> bytes:
    message, signer = _signer_infos(data)
    (other,) = cms.decode(message_of(data, 0)).content.signers.as_list()
    return with_contents(data, _with_signers(message, der.encode(other), signer))


@variant(Attack.UNIVERSAL_FORGERY)
def no_signer(data: bytes, setting: Setting) -> bytes:
    message, _ = _signer_infos(data)
    return with_contents(data, _with_signers(message))


@variant(Attack.FOREIGN_SIGNER_INFO)
def signer_of_another_field(data: bytes, setting: Setting) -> bytes:
    """The borrower's SignerInfo among the bank's certificates."""
    message, _ = _signer_infos(data)
    (other,) = cms.decode(message_of(data, 0)).content.signers.as_list()
    return with_contents(data, _with_signers(message, der.encode(other)))


@variant(Attack.FOREIGN_SIGNER_INFO)
def message_of_another_field(data: bytes, setting: Setting) -> bytes:
    return with_contents(data, message_of(data, 0))


@variant(Attack.FOREIGN_SIGNER_INFO)
def certificate_exchanged(data: bytes, setting: Setting) -> bytes:
    """Another certificate of the same authority in place of the signer's."""
    message = message_of(data)
    signer = setting.people[1].certificate.data
    other = setting.stranger.certificate.data
    signed = cms.decode(message).content
    held = [other if der.raw(one) == signer else der.raw(one) for one in signed.certificates or []]
    parts = [
        der.integer(signed.version),
        der.set_of(*map(der.raw, signed.digest_algorithms.as_list())),
        der.encode(signed.encapsulated),
        der.wrap(0xA0, b"".join(held)),
        der.set_of(*map(der.encode, signed.signers.as_list())),
    ]
    made = der.sequence(der.oid(cms.RFC5652.signed_data), der.explicit(0, der.sequence(*parts)))
    return with_contents(data, made)


@variant(Attack.FOREIGN_SIGNER_INFO)
def content_enveloped(data: bytes, setting: Setting) -> bytes:
    """The message signs content of its own, which is not the document."""
    message = message_of(data)
    signed = cms.decode(message).content
    inside = der.sequence(der.oid(cms.RFC5652.data), der.explicit(0, der.octets(b"something else")))
    parts = [
        der.integer(signed.version),
        der.set_of(*map(der.raw, signed.digest_algorithms.as_list())),
        inside,
        der.wrap(0xA0, b"".join(map(der.raw, signed.certificates or []))),
        der.set_of(*map(der.encode, signed.signers.as_list())),
    ]
    made = der.sequence(der.oid(cms.RFC5652.signed_data), der.explicit(0, der.sequence(*parts)))
    return with_contents(data, made)


@variant(Attack.RECYCLED_FIELD)
def signature_in_another_field(data: bytes, setting: Setting) -> bytes:
    known = Document(data)
    number = FIELDS["witness"]
    return appended(data, {number: known.body(number, V=b"%d 0 R" % known.signature("bank"))})


@variant(Attack.RECYCLED_FIELD)
def signature_in_a_new_visible_field(data: bytes, setting: Setting) -> bytes:
    known = Document(data)
    new, look = known.free, known.free + 1
    fields = known.field_list()
    return appended(
        data,
        {
            new: b"<</Type /Annot /Subtype /Widget /FT /Sig /T (again) /Rect [40 760 400 800] /F 4 "
            b"/V %d 0 R /AP <</N %d 0 R>>>>" % (known.signature("bank"), look),
            look: b"<</Type /XObject /Subtype /Form /BBox [0 0 10 10] /Length 0>>\nstream\n\nendstream",
            known.form: known.body(known.form, Fields=b"[%s %d 0 R]" % (b" ".join(fields), new)),
        },
    )


@variant(Attack.RECYCLED_FIELD)
def signature_exchanged(data: bytes, setting: Setting) -> bytes:
    known = Document(data)
    number = known.field("bank")
    return appended(data, {number: known.body(number, V=b"%d 0 R" % known.signature("borrower"))})


@variant(Attack.RECYCLED_FIELD)
def signature_copied(data: bytes, setting: Setting) -> bytes:
    """The borrower's dictionary under a new number, in the witness's field."""
    known = Document(data)
    number = FIELDS["witness"]
    source = known.signature("borrower")
    start = data.index(b"%d 0 obj" % source)
    body = data[data.index(b"<<", start) : data.index(b"\nendobj", start)]
    return appended(data, {known.free: body, number: known.body(number, V=b"%d 0 R" % known.free)})
