"""What an error carries, as people and programs are shown it."""

from __future__ import annotations

import enum
from datetime import date, datetime
from typing import Any

from evidence.clock import rfc3339


def facts(error: Exception) -> dict[str, Any]:
    """What an error carries, as JSON has it."""
    return {name: _plain(value) for name, value in vars(error).items() if not name.startswith("_")}


def _plain(value: object) -> Any:  # noqa: ANN401  (JSON)
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, enum.Enum):
        return _plain(value.value)
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)
