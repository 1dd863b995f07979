"""Numbers that say who somebody is, and their check characters."""

from __future__ import annotations

import re
from datetime import date

_PERSON = re.compile(r"[1-9][0-9]{5}(?:1[89]|20)[0-9]{9}[0-9X]")
_PERSON_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_PERSON_CHECKS = "10X98765432"
_CODE_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CODE = re.compile(rf"[{_CODE_ALPHABET}]{{2}}[0-9]{{6}}[{_CODE_ALPHABET}]{{10}}")


def is_person_id(value: str) -> bool:
    """A resident identity number: GB 11643-1999, with a real day of birth, check by ISO 7064 MOD 11-2."""
    if not _PERSON.fullmatch(value):
        return False
    try:
        date(int(value[6:10]), int(value[10:12]), int(value[12:14]))
    except ValueError:
        return False
    return person_check(value[:17]) == value[17]


def is_credit_code(value: str) -> bool:
    """A unified social credit code: GB 32100-2015 5.2, check character by MOD 31 with weights 3^i."""
    if not _CODE.fullmatch(value):
        return False
    return credit_check(value[:17]) == value[17]


def person_check(digits: str) -> str:
    """The check character behind 17 digits (GB 11643-1999: ISO 7064 MOD 11-2)."""
    total = sum(int(one) * weight for one, weight in zip(digits, _PERSON_WEIGHTS, strict=True))
    return _PERSON_CHECKS[total % 11]


def credit_check(body: str) -> str:
    """The check character behind 17 characters (GB 32100-2015 5.2: MOD 31 with weights 3^i)."""
    total = sum(_CODE_ALPHABET.index(one) * pow(3, place, 31) for place, one in enumerate(body))
    return _CODE_ALPHABET[-total % 31]
