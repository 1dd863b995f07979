"""Make the signatures that must be refused, and the few beside them that must not.

``python -m tests.vectors.make_malformed`` writes ``malformed/<algorithm>.json``; a test makes them again
and compares. Nothing here is drawn at random: the keys and nonces are those of RFC 6979 A.2.5 and of
GB/T 32918.5-2017 A.2. In the manner of Wycheproof, each case has a verdict, a flag for its kind and a
comment; the cases are our own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from gmssl import sm2

FOLDER = Path(__file__).parent / "malformed"

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
P256_PRIVATE = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721

SM2_ORDER = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
SM2_PRIVATE = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8"
SM2_NONCE = "59276e27d506861a16680f3ad9c02dccef3cc1fa3cdbe4ce6d54b80deac1bc21"
SM2_SPKI_HEAD = "3059301306072a8648ce3d020106082a811ccf5501822d03420004"

INTEGER, BIT_STRING, OCTET_STRING, NULL, SEQUENCE, SET = 0x02, 0x03, 0x04, b"\x05\x00", 0x30, 0x31


@dataclass(frozen=True, slots=True)
class Subject:
    """A key with its signatures over two messages."""

    algorithm: str
    spki: bytes
    order: int
    message: bytes
    r: int
    s: int
    of_another_message: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Case:
    """One signature and the verdict it deserves."""

    flag: str
    comment: str
    signature: bytes
    valid: bool = False


def tlv(tag: int, content: bytes) -> bytes:
    """DER, for contents of at most 127 octets."""
    return bytes([tag, len(content)]) + content


def signed(value: int) -> bytes:
    """The shortest two's complement of the value."""
    size = (value if value >= 0 else ~value).bit_length() // 8 + 1
    return value.to_bytes(size, "big", signed=True)


def integer(value: int) -> bytes:
    """DER of an INTEGER."""
    return tlv(INTEGER, signed(value))


def pair(r: int, s: int) -> bytes:
    """DER of the signature."""
    return tlv(SEQUENCE, integer(r) + integer(s))


def cases(subject: Subject) -> Iterator[Case]:
    """Every case for one key."""
    yield Case("valid", "the signature itself", pair(subject.r, subject.s), valid=True)
    yield from _ranges(subject)
    yield from _equations(subject)
    yield from _lengths(subject)
    yield from _integers(subject)
    yield from _structures(subject)
    yield from _truncations(subject)


def _ranges(subject: Subject) -> Iterator[Case]:
    r, s, n = subject.r, subject.s, subject.order
    for comment, first, second in (
        ("r is 0", 0, s),
        ("s is 0", r, 0),
        ("r and s are 0", 0, 0),
        ("r is 0, s is 1", 0, 1),
        ("r is 1, s is 0", 1, 0),
        ("r is negative", -r, s),
        ("s is negative", r, -s),
        ("r is r - n", r - n, s),
        ("s is s - n", r, s - n),
        ("r is -1", -1, s),
        ("r is n", n, s),
        ("s is n", r, n),
        ("r and s are n", n, n),
        ("r is n, s is 0", n, 0),
        ("r is n + 1", n + 1, s),
        ("s is n + 1", r, n + 1),
        ("r is r + n", r + n, s),
        ("s is s + n", r, s + n),
        ("r is r + 2^256", r + (1 << 256), s),
        ("s is s + 2^256", r, s + (1 << 256)),
        ("r is 2^256 - 1", (1 << 256) - 1, s),
        ("s is 2^256 - 1", r, (1 << 256) - 1),
    ):
        yield Case("range", comment, pair(first, second))


def _equations(subject: Subject) -> Iterator[Case]:
    r, s, n = subject.r, subject.s, subject.order
    if subject.algorithm == "SM2":
        yield Case("sum", "r + s = n, with this r", pair(r, n - r))
        yield Case("sum", "r + s = n, with this s", pair(n - s, s))
        yield Case("sum", "r = 1, s = n - 1", pair(1, n - 1))
        yield Case("equation", "s is n - s", pair(r, n - s))
    else:
        yield Case("malleable", "s is n - s, which ECDSA accepts", pair(r, n - s), valid=True)
    for comment, first, second in (
        ("r and s are 1", 1, 1),
        ("r and s are n - 1", n - 1, n - 1),
        ("r is 1", 1, s),
        ("s is 1", r, 1),
        ("r and s are swapped", s, r),
        ("r is r + 1", r + 1, s),
        ("s is s - 1", r, s - 1),
        ("r is n - r", n - r, s),
    ):
        yield Case("equation", comment, pair(first, second))
    other_r, other_s = subject.of_another_message
    yield Case("message", "signature of another message", pair(other_r, other_s))
    yield Case("message", "r of another message", pair(other_r, s))
    yield Case("message", "s of another message", pair(r, other_s))


def _lengths(subject: Subject) -> Iterator[Case]:
    first, second = integer(subject.r), integer(subject.s)
    inner = first + second
    size = len(inner)
    r, s = signed(subject.r), signed(subject.s)
    for comment, der in (
        ("length of the SEQUENCE in long form", bytes([SEQUENCE, 0x81, size]) + inner),
        ("length of the SEQUENCE in two octets", bytes([SEQUENCE, 0x82, 0, size]) + inner),
        ("length of the SEQUENCE in five octets", bytes([SEQUENCE, 0x85, 0, 0, 0, 0, size]) + inner),
        ("length of r in long form", tlv(SEQUENCE, bytes([INTEGER, 0x81, len(r)]) + r + second)),
        ("length of s in long form", tlv(SEQUENCE, first + bytes([INTEGER, 0x81, len(s)]) + s)),
        ("indefinite length", bytes([SEQUENCE, 0x80]) + inner + b"\x00\x00"),
        ("indefinite length without end", bytes([SEQUENCE, 0x80]) + inner),
        ("reserved length 0xff", bytes([SEQUENCE, 0xFF]) + inner),
        ("length 2^64 - 1", bytes([SEQUENCE, 0x88]) + b"\xff" * 8 + inner),
        ("length of r 2^31", tlv(SEQUENCE, bytes([INTEGER, 0x84, 0x80, 0, 0, 0]) + r + second)),
        ("length of the SEQUENCE one too many", bytes([SEQUENCE, size + 1]) + inner),
        ("length of the SEQUENCE one too few", bytes([SEQUENCE, size - 1]) + inner),
        ("length of r one too many", tlv(SEQUENCE, bytes([INTEGER, len(r) + 1]) + r + second)),
        ("length of s one too many", tlv(SEQUENCE, first + bytes([INTEGER, len(s) + 1]) + s)),
        ("length of s one too few", tlv(SEQUENCE, first + bytes([INTEGER, len(s) - 1]) + s)),
    ):
        yield Case("length", comment, der)


def _integers(subject: Subject) -> Iterator[Case]:
    first, second = integer(subject.r), integer(subject.s)
    r, s = signed(subject.r), signed(subject.s)
    for comment, der in (
        ("r has a zero octet too many", tlv(SEQUENCE, tlv(INTEGER, b"\x00" + r) + second)),
        ("s has a zero octet too many", tlv(SEQUENCE, first + tlv(INTEGER, b"\x00" + s))),
        ("r has sixteen zero octets too many", tlv(SEQUENCE, tlv(INTEGER, bytes(16) + r) + second)),
        ("r has no octets", tlv(SEQUENCE, tlv(INTEGER, b"") + second)),
        ("s has no octets", tlv(SEQUENCE, first + tlv(INTEGER, b""))),
        ("r lost its first octet", tlv(SEQUENCE, tlv(INTEGER, r[1:]) + second)),
        ("s lost its first octet", tlv(SEQUENCE, first + tlv(INTEGER, s[1:]))),
        ("s lost its last octet", tlv(SEQUENCE, first + tlv(INTEGER, s[:-1]))),
        ("r is -1 in three octets", tlv(SEQUENCE, tlv(INTEGER, b"\xff\xff\xff") + second)),
        ("r is 0 in 32 octets", tlv(SEQUENCE, tlv(INTEGER, bytes(32)) + second)),
    ):
        yield Case("integer", comment, der)


def _structures(subject: Subject) -> Iterator[Case]:
    first, second = integer(subject.r), integer(subject.s)
    whole = tlv(SEQUENCE, first + second)
    raw = subject.r.to_bytes(32, "big") + subject.s.to_bytes(32, "big")
    for comment, der in (
        ("a zero octet after it", whole + b"\x00"),
        ("NULL after it", whole + NULL),
        ("end-of-contents after it", whole + b"\x00\x00"),
        ("the signature twice", whole + whole),
        ("a zero octet inside", tlv(SEQUENCE, first + second + b"\x00")),
        ("NULL inside, last", tlv(SEQUENCE, first + second + NULL)),
        ("NULL inside, first", tlv(SEQUENCE, NULL + first + second)),
        ("a third integer", tlv(SEQUENCE, first + second + integer(1))),
        ("no s", tlv(SEQUENCE, first)),
        ("no r and no s", tlv(SEQUENCE, b"")),
        ("r alone", first),
        ("NULL for s", tlv(SEQUENCE, first + NULL)),
        ("SET for SEQUENCE", tlv(SET, first + second)),
        ("primitive SEQUENCE", tlv(SEQUENCE & 0x1F, first + second)),
        ("context tag for SEQUENCE", tlv(0xA0, first + second)),
        ("OCTET STRING for r", tlv(SEQUENCE, tlv(OCTET_STRING, signed(subject.r)) + second)),
        ("constructed INTEGER for r", tlv(SEQUENCE, tlv(INTEGER | 0x20, signed(subject.r)) + second)),
        ("high form of the tag of r", tlv(SEQUENCE, b"\x1f" + first + second)),
        ("SEQUENCE in a SEQUENCE", tlv(SEQUENCE, whole)),
        ("in an OCTET STRING", tlv(OCTET_STRING, whole)),
        ("in a BIT STRING", tlv(BIT_STRING, b"\x00" + whole)),
        ("r and s side by side, 64 octets", raw),
        ("r and s side by side after 0x04", b"\x04" + raw),
        ("hexadecimal text", whole.hex().encode()),
        ("a zero octet before it", b"\x00" + whole),
        ("nothing", b""),
        ("NULL", NULL),
        ("500 nested SEQUENCEs", b"\x30\x80" * 500),
        ("1,000 zero octets", bytes(1000)),
    ):
        yield Case("structure", comment, der)


def _truncations(subject: Subject) -> Iterator[Case]:
    whole = pair(subject.r, subject.s)
    for size in (1, 2, 3, 4, 20, 36, 37, 38, 39, len(whole) - 2, len(whole) - 1):
        yield Case("truncated", f"the first {size} octets", whole[:size])


def p256() -> Subject:
    """ECDSA with SHA-256; the signatures are those printed in RFC 6979 A.2.5."""
    key = ec.derive_private_key(P256_PRIVATE, ec.SECP256R1())
    scheme = ec.ECDSA(SHA256(), deterministic_signing=True)
    r, s = utils.decode_dss_signature(key.sign(b"sample", scheme))
    other = utils.decode_dss_signature(key.sign(b"test", scheme))
    spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return Subject("P-256", spki, P256_ORDER, b"sample", r, s, other)


def gbt32918() -> Subject:
    """SM2 with SM3; the first signature is that printed in GB/T 32918.5-2017 A.2."""
    engine = sm2.CryptSM2(private_key=SM2_PRIVATE, public_key="")
    point = engine._kg(int(SM2_PRIVATE, 16), engine.ecc_table["g"])
    engine = sm2.CryptSM2(private_key=SM2_PRIVATE, public_key=point)
    r, s = _split(engine.sign_with_sm3(b"message digest", SM2_NONCE))
    other = _split(engine.sign_with_sm3(b"another message", SM2_NONCE))
    return Subject("SM2", bytes.fromhex(SM2_SPKI_HEAD + point), SM2_ORDER, b"message digest", r, s, other)


def _split(signature: str) -> tuple[int, int]:
    return int(signature[:64], 16), int(signature[64:], 16)


def render(subject: Subject) -> str:
    """The file's text."""
    document = {
        "algorithm": subject.algorithm,
        "public_key": subject.spki.hex(),
        "message": subject.message.hex(),
        "cases": [
            {
                "flag": case.flag,
                "comment": case.comment,
                "signature": case.signature.hex(),
                "result": "valid" if case.valid else "invalid",
            }
            for case in cases(subject)
        ],
    }
    return json.dumps(document, indent=1) + "\n"


FILES = {"p256.json": p256, "sm2.json": gbt32918}

if __name__ == "__main__":
    for name, make in FILES.items():
        (FOLDER / name).write_text(render(make()), encoding="utf-8")
