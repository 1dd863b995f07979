"""The fonts that seals and signatures are drawn with: opened once a process, whoever asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path

from signing.adapters.fonts import FontShelf
from signing.errors import ProviderUnavailable
from signing.outline import Typeface


def open_typeface(shelf: FontShelf, *, bold: bool = False) -> Typeface:
    """The preferred family's font; characters that it lacks come from the next that has them.

    Raises `ProviderUnavailable` for a file that cannot be read.
    """
    fonts = [family.bold if bold else family.regular for family in shelf.families]
    return _chain([(Path(str(one.path)), one.index) for one in fonts])()


def _chain(places: Sequence[tuple[Path, int]]) -> Callable[[], Typeface]:
    return partial(_opened, tuple(places))


@cache
def _opened(places: tuple[tuple[Path, int], ...]) -> Typeface:
    (path, index), *others = places
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ProviderUnavailable("fonts", f"the font file {path} cannot be opened") from error
    return Typeface(data, path.name, index, _chain(others) if others else None)
