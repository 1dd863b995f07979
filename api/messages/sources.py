"""The files that hold the texts: one or several a language, by area."""

from __future__ import annotations

from importlib.resources import files

from api.settings import Language

_REASONS = "reasons."


def sources(language: Language) -> list[str]:
    """The files of texts by key, `<language>.toml` and `<area>.<language>.toml`."""
    return [text for name, text in _all(language) if not name.startswith(_REASONS)]


def reason_sources(language: Language) -> list[str]:
    """The files of reasons, `reasons.<language>.toml` and `reasons.<area>.<language>.toml`."""
    return [text for name, text in _all(language) if name.startswith(_REASONS)]


def _all(language: Language) -> list[tuple[str, str]]:
    ending = f"{language}.toml"
    found = [
        one
        for one in files("api.messages").iterdir()
        if one.name == ending or one.name.endswith(f".{ending}")
    ]
    return [(one.name, one.read_text(encoding="utf-8")) for one in sorted(found, key=lambda one: one.name)]
