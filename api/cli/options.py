"""Parameter types of the commands: durations, instants, serial numbers, files."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from api.errors import InputInvalid
from ca.serial import SerialNumber, parse_serial

_DURATION = re.compile(r"(\d{1,6})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
MAX_INPUT = 1_048_576  # octets: the largest file that a command of ours reads, a folder's PEM bundle


class Duration(click.ParamType[timedelta]):
    """`90d`, `15m`, `12h`, `30s`, `2w`."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:  # noqa: ANN401
        """Click's hook."""
        if isinstance(value, timedelta):
            return value
        found = _DURATION.fullmatch(str(value))
        if found is None or int(found[1]) == 0:
            self.fail(f"{value!r}: write a duration as 90d, 12h, 15m or 30s", param, ctx)
        return timedelta(**{_UNITS[found[2]]: int(found[1])})


class Moment(click.ParamType[datetime]):
    """An RFC 3339 time with its offset."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:  # noqa: ANN401
        """Click's hook."""
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            self.fail(f"{value!r}: write a time as 2026-11-23T12:00:00Z", param, ctx)
        return moment.astimezone(UTC)


class Serial(click.ParamType[SerialNumber]):
    """A serial number in hexadecimal."""

    name = "serial"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> SerialNumber:  # noqa: ANN401
        """Click's hook."""
        if isinstance(value, int):
            return SerialNumber(value)
        try:
            return parse_serial(str(value))
        except ValueError:
            self.fail(f"{value!r}: write a serial number in 1 to 40 hexadecimal digits", param, ctx)


DURATION = Duration()
MOMENT = Moment()
SERIAL = Serial()
FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path)


def read_file(path: Path, field: str, limit: int = MAX_INPUT) -> bytes:
    """A file's content; raises `InputInvalid` for one that cannot be read or is longer than `limit`."""
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise InputInvalid(field, f"{path}: {(error.strerror or str(error)).lower()}") from error
    if len(data) > limit:
        raise InputInvalid(field, f"{path}: is longer than {limit} octets")
    return data


def write_file(path: Path, data: bytes, field: str) -> None:
    """Write a file whole; raises `InputInvalid` where that is not possible, leaving none behind."""
    beside = path.with_name(f".{path.name}.part")
    try:
        beside.write_bytes(data)
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise InputInvalid(field, f"{path}: {(error.strerror or str(error)).lower()}") from error
