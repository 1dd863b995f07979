"""Texts that a party consents to before it signs; a text never changes, a new wording has a new number."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from api.settings import LANGUAGES, Language
from evidence.digest import sha256

FACE = "face"
"""Sensitive personal data need a consent of their own (个人信息保护法 29), given for a face before it is
compared; who does not give it is offered another way (人脸识别技术应用安全管理办法)."""
_CURRENT = {"e-signature": 1, FACE: 1}
"""Number of the text in force, by scope."""


@dataclass(frozen=True, slots=True)
class ConsentText:
    """One text in one language."""

    scope: str
    text_id: str
    text: str

    @property
    def sha256(self) -> str:
        """Of its UTF-8 octets, in lower-case hexadecimal."""
        return sha256(self.text.encode()).hex()


@cache
def consent_text(scope: str, language: Language) -> ConsentText | None:
    """The text in force for a scope; None for a scope whose text is the caller's own."""
    number = _CURRENT.get(scope)
    if number is None:
        return None
    text = files("api.consents").joinpath(f"{scope}.{number}.{language}.txt").read_text(encoding="utf-8")
    return ConsentText(scope, f"{scope}/{number}/{language}", text)


@cache
def known_texts() -> dict[str, ConsentText]:
    """Those in force in every language, by id."""
    found = (consent_text(scope, language) for scope in _CURRENT for language in LANGUAGES)
    return {one.text_id: one for one in found if one is not None}
