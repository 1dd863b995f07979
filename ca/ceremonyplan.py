"""A ceremony as one file: which suites, names, validity, algorithms and custody, and who bears witness."""

from __future__ import annotations

import hashlib
import json
from dataclasses import field
from importlib import resources
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints, TypeAdapter
from pydantic import ValidationError as SchemaError
from pydantic.dataclasses import dataclass

from ca.errors import RequestInvalid
from ca.name import Name
from ca.profileschema import Duration
from ca.registry import AuthorityRole
from evidence.canonical import canonical
from evidence.errors import EventInvalid
from keys.suites import Algorithm, Suite

CEREMONY_DOMAIN = b"xinqian/ceremony/v1\x00"
WITNESSES = 2  # administrators: dual control
_STRICT = ConfigDict(extra="forbid", strict=True)
CommonName = Annotated[str, StringConstraints(min_length=1, max_length=59)]  # " OCSP" must still fit into 64
Administrator = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,64}$")]
CustodyName = Literal["software", "pkcs11"]


@dataclass(frozen=True, slots=True, config=_STRICT)
class AuthorityEntry:
    """An authority; what is None follows its suite, or its profile for the validity."""

    role: AuthorityRole
    name: CommonName
    validity: Duration | None = None
    algorithm: Algorithm | None = None
    custody: CustodyName | None = None


@dataclass(frozen=True, slots=True, config=_STRICT)
class TimestampUnitEntry:
    """The suite's timestamping unit."""

    name: CommonName
    validity: Duration | None = None
    algorithm: Algorithm | None = None
    custody: CustodyName | None = None


@dataclass(frozen=True, slots=True, config=_STRICT)
class ResponderEntry:
    """The OCSP responders, one an authority, named after it."""

    validity: Duration | None = None
    custody: CustodyName | None = None


@dataclass(frozen=True, slots=True, config=_STRICT)
class SuiteEntry:
    """The hierarchy of one suite."""

    suite: Suite
    algorithm: Algorithm
    custody: CustodyName
    authorities: Annotated[tuple[AuthorityEntry, ...], Field(min_length=1)]
    timestamp_unit: TimestampUnitEntry | None = None
    responders: ResponderEntry | None = None


@dataclass(frozen=True, slots=True, config=_STRICT)
class Ceremony:
    """The whole plan. `data` and `plan_hash` are set by `parse_ceremony`."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,62}$")]
    subject: Annotated[tuple[tuple[str, str], ...], Field(min_length=1)]
    administrators: Annotated[tuple[Administrator, ...], Field(min_length=WITNESSES)]
    suites: Annotated[tuple[SuiteEntry, ...], Field(min_length=1)]
    data: bytes = field(default=b"", init=False, repr=False)
    """Canonical JSON (RFC 8785) of the file."""

    @property
    def plan_hash(self) -> str:
        """SHA-256, domain-separated, hexadecimal: what is printed before, and signed after."""
        return hashlib.sha256(CEREMONY_DOMAIN + self.data).hexdigest()

    def subject_of(self, common_name: str) -> Name:
        """The full name of an entry."""
        return Name.of([*self.subject, ("CN", common_name)])


_SCHEMA: TypeAdapter[Ceremony] = TypeAdapter(Ceremony)


def parse_ceremony(plain: object) -> Ceremony:
    """From plain data, as a YAML reader gives it; raises `RequestInvalid` with the field's path."""
    try:
        data = canonical(plain, field="ceremony")  # type: ignore[arg-type]
        ceremony = _SCHEMA.validate_json(data)
    except EventInvalid as error:
        raise RequestInvalid(error.field, error.reason) from error
    except SchemaError as error:
        first = error.errors(include_url=False)[0]
        raise RequestInvalid(_path(first["loc"]), first["msg"]) from error
    object.__setattr__(ceremony, "data", data)
    _check(ceremony)
    return ceremony


def read_ceremony(data: bytes) -> Ceremony:
    """The inverse of `Ceremony.data`; raises `RequestInvalid`."""
    try:
        return parse_ceremony(json.loads(data))
    except (ValueError, RecursionError) as error:
        raise RequestInvalid("ceremony", "is not JSON") from error


def shipped_ceremony() -> bytes:
    """YAML text of the ceremony that comes with the package."""
    return (resources.files("ca") / "ceremonies" / "default.yaml").read_bytes()


def _path(parts: tuple[str | int, ...]) -> str:
    return "ceremony" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)


def _check(ceremony: Ceremony) -> None:
    if len(set(ceremony.administrators)) != len(ceremony.administrators):
        raise RequestInvalid("ceremony.administrators", "names one twice")
    if len({entry.suite for entry in ceremony.suites}) != len(ceremony.suites):
        raise RequestInvalid("ceremony.suites", "holds a suite twice")
    for place, entry in enumerate(ceremony.suites):
        _check_suite(ceremony, entry, f"ceremony.suites[{place}]")


def _check_suite(ceremony: Ceremony, entry: SuiteEntry, path: str) -> None:
    roles = [one.role for one in entry.authorities]
    if roles[0] is not AuthorityRole.ROOT:
        raise RequestInvalid(f"{path}.authorities[0].role", "must be root: it signs the others")
    if len(set(roles)) != len(roles):
        raise RequestInvalid(f"{path}.authorities", "holds a role twice")
    if entry.timestamp_unit is not None and AuthorityRole.TIMESTAMP not in roles:
        raise RequestInvalid(f"{path}.timestamp_unit", "needs an authority of the role timestamp")
    named: list[tuple[str, AuthorityEntry | TimestampUnitEntry]] = [
        (f"{path}.authorities[{at}]", one) for at, one in enumerate(entry.authorities)
    ]
    if entry.timestamp_unit is not None:
        named.append((f"{path}.timestamp_unit", entry.timestamp_unit))
    for where, one in named:
        if (one.algorithm or entry.algorithm).suite is not entry.suite:
            raise RequestInvalid(f"{where}.algorithm", f"is not of the suite {entry.suite.value}")
        try:
            ceremony.subject_of(one.name)
        except RequestInvalid as error:
            raise RequestInvalid(f"{where}.name", str(error)) from error
