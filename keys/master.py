"""Read master secrets from text: one a line, the one in force first, base64 or hexadecimal."""

from __future__ import annotations

import base64
import binascii
import itertools

from keys.errors import MasterKeyInvalid
from keys.wrapping import SECRET_SIZE, MasterKey

MAX_TEXT = 4_096  # characters; room for dozens of secrets, and for no file taken by mistake
HEX_LENGTH = 2 * SECRET_SIZE
# 32 random bytes hold fewer than 20 different values once in 7·10^9 times; typed ones almost always.
MIN_DISTINCT = 20


def parse_master_keys(text: str, source: str) -> tuple[MasterKey, ...]:
    """The master keys of a file's content or a setting's value; the first is in force.

    Lines that are empty or begin with `#` are skipped. `source` names the origin in errors, which
    never repeat the text. Raises `MasterKeyInvalid`.
    """
    if len(text) > MAX_TEXT:
        raise MasterKeyInvalid(source, f"is longer than {MAX_TEXT} characters")
    lines = (line.strip() for line in text.splitlines())
    secrets = [_parse(line, source) for line in lines if line and not line.startswith("#")]
    if not secrets:
        raise MasterKeyInvalid(source, "is empty")
    if len(set(secrets)) != len(secrets):
        raise MasterKeyInvalid(source, "holds the same secret twice")
    return tuple(MasterKey(secret) for secret in secrets)


def check_secret(secret: bytes, source: str) -> bytes:
    """A secret of the right size that does not look made by hand, or `MasterKeyInvalid`."""
    if len(secret) != SECRET_SIZE:
        raise MasterKeyInvalid(source, f"holds {len(secret)} bytes where {SECRET_SIZE} are needed")
    if not any(secret):
        raise MasterKeyInvalid(source, "is all zero")
    steps = {(after - before) % 256 for before, after in itertools.pairwise(secret)}
    if len(set(secret)) < MIN_DISTINCT or len(steps) < MIN_DISTINCT // 2:
        raise MasterKeyInvalid(source, "is not random: make one with `openssl rand -base64 32`")
    return secret


def _parse(line: str, source: str) -> bytes:
    try:
        in_hex = len(line) == HEX_LENGTH
        secret = bytes.fromhex(line) if in_hex else base64.b64decode(line, validate=True)
    except (ValueError, binascii.Error):
        raise MasterKeyInvalid(source, "is neither base64 nor hexadecimal") from None
    return check_secret(secret, source)
