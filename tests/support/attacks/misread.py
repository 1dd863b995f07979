"""Attacks by what readers make of a file: objects twice, cross-references of two minds, octets outside."""

from __future__ import annotations

import re

from signing.validity.attack import Attack
from tests.support.attacks.contract import EVIL, TEXT, Setting, unsigned
from tests.support.attacks.increment import Document, appended, last_xref
from tests.support.attacks.variant import variant


@variant(Attack.DOUBLE_OBJECT)
def object_twice_in_a_revision(data: bytes, setting: Setting) -> bytes:
    """The cross-reference names the harmless one."""
    known = Document(data)
    free = known.free
    made = appended(data, {free: b"<</Harmless true>>"})
    at = made.rindex(b"xref\n0 1")
    second = b"%d 0 obj\n<</Harmful true>>\nendobj\n" % free
    return (
        made[:at]
        + second
        + made[at:].replace(b"startxref\n%d\n" % at, b"startxref\n%d\n" % (at + len(second)))
    )


@variant(Attack.DOUBLE_OBJECT)
def page_text_twice(data: bytes, setting: Setting) -> bytes:
    """In the first revision, before anyone signs: signed as it stands, read as one likes."""
    plain = unsigned()
    at = plain.index(b"xref\n0 ")
    second = b"6 0 obj\n%s\nendobj\n" % EVIL
    mark = b"startxref\n%d\n" % at
    doubled = plain[:at] + second + plain[at:].replace(mark, b"startxref\n%d\n" % (at + len(second)))
    return setting.signed(doubled, "borrower", "bank")


@variant(Attack.DOUBLE_OBJECT)
def signed_object_again_in_an_empty_revision(data: bytes, setting: Setting) -> bytes:
    made = appended(data, {})
    at = made.rindex(b"xref\n0 1")
    second = b"6 0 obj\n%s\nendobj\n" % EVIL
    return (
        made[:at]
        + second
        + made[at:].replace(b"startxref\n%d\n" % at, b"startxref\n%d\n" % (at + len(second)))
    )


@variant(Attack.XREF_DISAGREEMENT)
def cross_reference_off_by_some(data: bytes, setting: Setting) -> bytes:
    made = appended(data, {TEXT: EVIL})
    at = made.rindex(b"\n6 0 obj") + 1
    return made.replace(b"%010d 00000 n" % at, b"%010d 00000 n" % (at + 3))


@variant(Attack.XREF_DISAGREEMENT)
def cross_reference_to_another_object(data: bytes, setting: Setting) -> bytes:
    return appended(data, {}, places={TEXT: data.index(b"\n7 0 obj") + 1})


@variant(Attack.XREF_DISAGREEMENT)
def hybrid_says_two_things(data: bytes, setting: Setting) -> bytes:
    """The table names one text for the page, the stream beside it another."""
    out = data + b"6 0 obj\n%s\nendobj\n" % EVIL
    first = len(data)
    second = data.index(b"\n6 0 obj") + 1
    beside = len(out)
    row = b"\x01" + second.to_bytes(4, "big") + b"\x00\x00"
    size = Document(data).free + 1
    out += (
        b"%d 0 obj\n<</Type /XRef /Size %d /W [1 4 2] /Index [6 1] /Length 7>>\n" % (size - 1, size)
        + b"stream\n%s\nendstream\nendobj\n" % row
    )
    start = len(out)
    out += b"xref\n0 1\n0000000000 65535 f\r\n6 1\n%010d 00000 n\r\n" % first
    return out + b"trailer\n<</Size %d /Root 1 0 R /Prev %d /XRefStm %d>>\nstartxref\n%d\n%%%%EOF\n" % (
        size,
        last_xref(data),
        beside,
        start,
    )


@variant(Attack.TRAILING_BYTES)
def line_behind_the_end(data: bytes, setting: Setting) -> bytes:
    return data + b"\n% nothing to see here\n"


@variant(Attack.TRAILING_BYTES)
def zeros_behind_the_end(data: bytes, setting: Setting) -> bytes:
    return data + bytes(16)


@variant(Attack.TRAILING_BYTES)
def second_end(data: bytes, setting: Setting) -> bytes:
    return data + b"%%EOF\n"


@variant(Attack.LEADING_BYTES)
def line_before_the_header(data: bytes, setting: Setting) -> bytes:
    return b"% nothing to see here\n" + data


@variant(Attack.LEADING_BYTES)
def program_before_the_header(data: bytes, setting: Setting) -> bytes:
    """A file that is something else to another program; every offset moved with it."""
    head = b"#!/bin/sh\nexit 0\n"
    moved = re.sub(
        rb"(\d{10}) (\d{5}) n", lambda one: b"%010d %s n" % (int(one[1]) + len(head), one[2]), data
    )
    return head + moved
