"""The product's own fonts, opened once for all tests of a process."""

from __future__ import annotations

import pytest

from api.fonts import font_folders
from api.settings import load
from signing.adapters.fonts import open_fonts
from signing.adapters.seal_fonts import open_typeface
from signing.errors import ProviderUnavailable
from signing.outline import Typeface


def typeface(*, bold: bool = False) -> Typeface:
    """Skips the test where the machine has none of the fonts; `make setup` fetches them."""
    try:
        return open_typeface(open_fonts(font_folders(load())), bold=bold)
    except ProviderUnavailable as error:
        pytest.skip(error.reason)
