"""Settings, from variables that start with XINQIAN_; no secret has a default."""

from __future__ import annotations

import difflib
import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import sqlalchemy as sa
from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from api.errors import SettingsInvalid

PREFIX = "XINQIAN_"
FOR_TESTS = "XINQIAN_TEST_"  # read by the test suite, not by the program
HOST_CLOCK = "host"
MIN_NTP_SERVERS = 3  # with two nobody knows which is wrong
LANGUAGES = ("en", "zh-CN")
Language = Literal["en", "zh-CN"]
MASTER_KEY_FILE = "master.key"
DATABASE_FILE = "xinqian.sqlite"

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_HOST_PORT = re.compile(r"(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):\d{1,5}")


def _tenant(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError("is 1 to 63 lower-case letters, digits and hyphens")
    return value


def _listen(value: str) -> str:
    if not _HOST_PORT.fullmatch(value) or int(value.rpartition(":")[2]) > 65_535:  # noqa: PLR2004  (TCP)
        raise ValueError("is HOST:PORT")
    return value


def _base_url(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#]+(?:/[^\s?#]*)?", value):
        raise ValueError("is an http or https address without a query")
    return value.rstrip("/")


def _party_url(value: str) -> str:
    value = _base_url(value)
    if not re.match(r"https://|http://(?:127\.0\.0\.1|localhost|\[::1\])(?=[:/]|$)", value):
        raise ValueError("is an https address; http only to this host, as personal data travels there")
    return value


def _database(value: str) -> str:
    if not value:
        return value
    try:
        backend = sa.make_url(value).get_backend_name()
    except (sa.exc.ArgumentError, ValueError) as error:
        raise ValueError("is not a database address") from error
    if backend not in {"sqlite", "postgresql"}:
        raise ValueError("is of SQLite or PostgreSQL")
    return value


class Settings(BaseSettings):
    """One installation's settings, read once; what the constructor is given stands before the environment."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="forbid", env_ignore_empty=True, hide_input_in_errors=True
    )

    state_dir: Path = Path("var/xinqian")
    """What must survive beside the database: master key file, revocation journal, watermark, SQLite file."""
    database_url: Annotated[str, AfterValidator(_database)] = ""
    """SQLite in the state directory, or `postgresql+psycopg://…`."""
    base_url: Annotated[str, AfterValidator(_base_url)] = "http://127.0.0.1:8000"
    """Where others reach this service; stands in every certificate (CRL, OCSP and issuer pointers)."""
    tenant: Annotated[str, AfterValidator(_tenant)] = "xinqian"
    master_key: SecretStr | None = None
    """32 octets in base64 or hexadecimal, one secret a line, the one in force first."""
    master_key_file: Path | None = None
    """A file of the same, mode 0600; `<state_dir>/master.key` when neither is given."""
    master_key_label: str | None = None
    """Label of an AES key on the PKCS#11 token; the master key file is then sealed under it."""
    custody: Literal["software", "pkcs11"] = "software"
    pkcs11_library: Path | None = None
    pkcs11_token: str | None = None
    pkcs11_pin: SecretStr | None = None
    pkcs11_pin_file: Path | None = None
    clock: Annotated[tuple[str, ...], NoDecode] = (HOST_CLOCK,)
    """`host`, or NTP servers separated by commas: the timestamp authority's reference."""
    font_dir: Path | None = None
    """Where the Chinese fonts lie; `<environment>/share/xinqian/fonts` unless given."""
    listen: Annotated[str, AfterValidator(_listen)] = "127.0.0.1:8000"
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    identity_url: Annotated[str, AfterValidator(_party_url)] | None = None
    """The identity bureau; where none is named, see `simulator`."""
    identity_client: Annotated[str, AfterValidator(_tenant)] = "xinqian"
    """Our name there."""
    identity_secret_file: Path | None = None
    identity_simulated: bool = False
    """Whether it is a simulator: what rests on its answers is then marked as a test."""
    message_url: Annotated[str, AfterValidator(_party_url)] | None = None
    """The gateway for short messages."""
    message_client: Annotated[str, AfterValidator(_tenant)] = "xinqian"
    message_secret_file: Path | None = None
    message_simulated: bool = False
    simulator: bool = False
    """Ask the simulator in this process where no outside party is named; a sandbox does so unasked. Off,
    nothing that needs such a party can be done."""
    language: Language | None = None
    """Of what people read; else as LC_ALL, LC_MESSAGES or LANG say, else English."""

    @model_validator(mode="before")
    @classmethod
    def _split(cls, values: dict[str, Any]) -> dict[str, Any]:
        clock = values.get("clock")
        if isinstance(clock, str):
            values = values | {"clock": tuple(part.strip() for part in clock.split(",") if part.strip())}
        return values

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.master_key and self.master_key_file:
            raise SettingsInvalid(f"{PREFIX}MASTER_KEY", f"stands beside {PREFIX}MASTER_KEY_FILE: give one")
        if self.master_key and self.master_key_label:
            raise SettingsInvalid(f"{PREFIX}MASTER_KEY", f"stands beside {PREFIX}MASTER_KEY_LABEL: give one")
        if self.custody == "pkcs11" or self.master_key_label:
            asking = f"{PREFIX}CUSTODY=pkcs11" if self.custody == "pkcs11" else f"{PREFIX}MASTER_KEY_LABEL"
            for name in ("pkcs11_library", "pkcs11_token"):
                if getattr(self, name) is None:
                    raise SettingsInvalid(variable(name), f"is needed with {asking}")
            if self.pkcs11_pin is None and self.pkcs11_pin_file is None:
                raise SettingsInvalid(variable("pkcs11_pin_file"), f"is needed with {asking}")
        if not self.clock or (HOST_CLOCK in self.clock and len(self.clock) > 1):
            raise SettingsInvalid(variable("clock"), "is `host`, or NTP servers separated by commas")
        if self.ntp_servers and len(set(self.ntp_servers)) < MIN_NTP_SERVERS:
            reason = (
                f"names {len(set(self.ntp_servers))} NTP servers; {MIN_NTP_SERVERS} different ones are needed"
            )
            raise SettingsInvalid(variable("clock"), reason)
        return self

    @model_validator(mode="after")
    def _parties(self) -> Self:
        for party in ("identity", "message"):
            url, secret = f"{party}_url", f"{party}_secret_file"
            if (getattr(self, url) is None) != (getattr(self, secret) is None):
                missing, given = (secret, url) if getattr(self, secret) is None else (url, secret)
                raise SettingsInvalid(variable(missing), f"is needed with {variable(given)}")
        return self

    @property
    def database(self) -> str:
        """The database's address."""
        return self.database_url or f"sqlite:///{self.state_dir.absolute() / DATABASE_FILE}"

    @property
    def key_file(self) -> Path:
        """Where the master key lies unless it was given as a value."""
        return self.master_key_file or self.state_dir / MASTER_KEY_FILE

    @property
    def address(self) -> tuple[str, int]:
        """Host and port to listen at."""
        host, _, port = self.listen.rpartition(":")
        return host.strip("[]"), int(port)

    @property
    def ntp_servers(self) -> tuple[str, ...]:
        """Empty for the host's clock."""
        return () if self.clock == (HOST_CLOCK,) else self.clock

    def pin(self) -> str:
        """The PKCS#11 PIN; raises `SettingsInvalid` when its file cannot be read."""
        if self.pkcs11_pin is not None:
            return self.pkcs11_pin.get_secret_value()
        try:
            return (self.pkcs11_pin_file or Path()).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsInvalid(variable("pkcs11_pin_file"), "cannot be read") from error


def variable(field: str) -> str:
    """The name of a setting in the environment."""
    return f"{PREFIX}{field.upper()}"


def load(**given: Any) -> Settings:  # noqa: ANN401  (whatever the fields take)
    """Settings from the environment, those given standing before it; raises `SettingsInvalid`."""
    _refuse_unknown()
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = str(first["loc"][0]) if first["loc"] else "settings"
        raise SettingsInvalid(variable(field), first["msg"].removeprefix("Value error, ")) from error


def _refuse_unknown() -> None:
    """A misspelt variable would leave a default standing where the operator believes otherwise."""
    known = [variable(field) for field in Settings.model_fields]
    for name in os.environ:
        if name.startswith(PREFIX) and not name.startswith(FOR_TESTS) and name not in known:
            near = difflib.get_close_matches(name, known, 1)
            raise SettingsInvalid(name, f"is not a setting{f'; did you mean {near[0]}?' if near else ''}")


def system_language() -> Language:
    """The language that the environment asks for: XINQIAN_LANGUAGE, LC_ALL, LC_MESSAGES, LANG."""
    for name in (f"{PREFIX}LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return "zh-CN" if value.lower().startswith("zh") else "en"
    return "en"
