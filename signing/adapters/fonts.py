"""Fonts on disk: which there are, what they cover, and their digests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from fontTools.ttLib import TTFont, TTLibError
from typst import FontInfo, Fonts

from evidence.digest import DigestPair
from signing.errors import ProviderUnavailable

PREFERRED = (b"Noto Serif SC", b"Noto Serif CJK SC")
"""Families by preference: the first is what `make setup` fetches, the second Debian's, which has more."""
REGULAR, BOLD = 400, 700


@dataclass(frozen=True)
class Family:
    """A family of fonts in regular and bold."""

    name: str
    regular: FontInfo = field(repr=False)
    bold: FontInfo = field(repr=False)

    @cached_property
    def covered(self) -> frozenset[int]:
        """Code points that both weights have."""
        return _code_points(self.regular) & _code_points(self.bold)

    @cached_property
    def digests(self) -> dict[str, DigestPair]:
        """Of the files, by file name."""
        paths = {Path(str(one.path)) for one in (self.regular, self.bold)}
        return {path.name: DigestPair.of(path.read_bytes()) for path in sorted(paths)}


@dataclass(frozen=True, slots=True)
class FontShelf:
    """The families at hand, the preferred first, opened once and kept open; a container of code points."""

    fonts: Fonts = field(repr=False)
    families: tuple[Family, ...]

    def __contains__(self, code_point: object) -> bool:
        return any(code_point in family.covered for family in self.families)

    def needed(self, characters: frozenset[int]) -> tuple[Family, ...]:
        """The families that these characters need, the first always: what is not needed leaves no trace."""
        found = [self.families[0]]
        missing = characters - self.families[0].covered
        for family in self.families[1:]:
            if not missing:
                break
            if missing & family.covered:
                found.append(family)
                missing -= family.covered
        return tuple(found)


def open_fonts(folders: Sequence[Path]) -> FontShelf:
    """The fonts of these folders; raises `ProviderUnavailable` when none of the families is in them."""
    present = [folder for folder in folders if folder.is_dir()]
    fonts = Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(one) for one in present]
    )
    families = [found for name in PREFERRED if (found := _family(fonts, name.decode())) is not None]
    if not families:
        looked = ", ".join(str(folder) for folder in folders)
        raise ProviderUnavailable("fonts", f"none of the Chinese fonts is in {looked}")
    return FontShelf(fonts, tuple(families))


def _family(fonts: Fonts, name: str) -> Family | None:
    weights = {one.weight: one for one in fonts.fonts() if one.family == name and one.style == "normal"}
    if REGULAR not in weights or BOLD not in weights:
        return None
    return Family(name, weights[REGULAR], weights[BOLD])


def _code_points(font: FontInfo) -> frozenset[int]:
    try:
        with TTFont(str(font.path), fontNumber=font.index, lazy=True) as opened:
            return frozenset(opened.getBestCmap() or ())
    except (OSError, TTLibError) as error:
        raise ProviderUnavailable("fonts", f"{font.path} cannot be read") from error
