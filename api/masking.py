"""Masks what must never stand in a log: keys, secrets, names, identity and phone numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

MASK = "***"
MAX_TEXT = 8_192  # characters of one log value; the patterns below run over all of it
MAX_DEPTH = 8  # of values within values


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


SECRET_NAMES = _names(
    "authorization cookie set_cookie hmac signature_key api_key apikey secret secrets password passphrase "
    "passwd pin otp totp one_time_code token access_token refresh_token master_key private_key handle "
    "pkcs8 kek dek salt"
)
PERSONAL_NAMES = _names(
    "name full_name real_name id_number id_card identity_number mobile phone phone_number telephone email "
    "address bank_card account_number subject personal"
)

_PATTERNS = (
    re.compile(
        r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)", re.DOTALL
    ),
    re.compile(r"(?i)\b(?:bearer|basic|xinqian-hmac-sha256)\s+[^\r\n]+"),
    re.compile(r"(?<![0-9A-Za-z])sign-[A-Za-z0-9_-]{43}"),  # the token of a sign session
    re.compile(r"(?i)(?<=://)[^\s/@:]+:[^\s/@]+(?=@)"),  # user and password in an address
    re.compile(  # a secret written as `name=value`, `"name": "value"`
        r"(?i)\b(?:password|passphrase|secret|pin|api[_-]?key|master[_-]?key|private[_-]?key|token)"
        r"[\"']?\s*[:=]\s*[\"']?[^\s\"',;}]+"
    ),
    re.compile(
        r"(?<![0-9A-Za-z])[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])\d{3}[\dXx](?![0-9A-Za-z])"
    ),
    re.compile(r"(?<![0-9A-Za-z])(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?![0-9A-Za-z])"),  # mobile, GB
    re.compile(r"(?<![0-9A-Za-z])[0-9a-fA-F]{64}(?![0-9A-Za-z])(?=[^:]|$)"),  # 32 raw octets: perhaps a key
    re.compile(r"(?<![0-9A-Za-z])(?:62|4\d|5[1-5])\d{14,17}(?![0-9A-Za-z])"),  # bank card
)


def mask(value: Any, name: str = "", depth: int = 0) -> Any:  # noqa: ANN401  (whatever was logged)
    """`value` as it may be logged under `name`."""
    lowered = name.lower().replace("-", "_")
    if lowered in SECRET_NAMES or lowered in PERSONAL_NAMES or depth > MAX_DEPTH:
        return MASK
    if isinstance(value, Mapping):
        return {mask_text(str(key)): mask(item, str(key), depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [mask(item, name, depth + 1) for item in value]
    return _mask_one(value)


def _mask_one(value: object) -> str | float | None:
    if isinstance(value, bytes | bytearray | memoryview):
        return f"<{len(value)} octets>"
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int) and abs(value) < _LONG_NUMBER:
        return value
    return mask_text(str(value))


_LONG_NUMBER = 10**10  # the shortest of the numbers that name a person


def mask_text(text: str) -> str:
    """`text` without what looks like a secret or a person's number."""
    text = text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}…"
    for pattern in _PATTERNS:
        text = pattern.sub(MASK, text)
    return text
