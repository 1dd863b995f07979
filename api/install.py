"""Make a new installation: master key, schema, and a hierarchy by the shipped ceremony or another."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from api.errors import InputInvalid, SettingsInvalid
from api.sandbox import TEST_ORGANISATION
from api.schema import migrate
from api.settings import Settings, variable
from api.wiring import Centre, bare_centre, master_key_ring, new_master_key_line
from ca.ceremony import run_ceremony
from ca.ceremonyplan import Ceremony, parse_ceremony, shipped_ceremony
from ca.transcript import Transcript
from keys.private import PrivateKey
from keys.public import PublicKey

MAX_CEREMONY = 262_144  # octets of YAML; the shipped one takes 2,000


@dataclass(frozen=True, slots=True)
class KeyedWitness:
    """An administrator who is present with a private key (`ca.transcript.Witness`)."""

    name: str
    private: PrivateKey

    @property
    def public(self) -> PublicKey:
        """What will verify their approvals."""
        return self.private.public

    def sign(self, data: bytes) -> bytes:
        """A signature over `data`."""
        return self.private.sign(data)


class _NoAliases(yaml.SafeLoader):
    """A file without aliases means what it shows, and cannot unfold into a million nodes."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not accepted")
        found: yaml.Node | None = super().compose_node(parent, index)
        return found


def read_plan(data: bytes) -> Ceremony:
    """A ceremony from YAML; raises `InputInvalid`, `ca.errors.RequestInvalid` with the field's path."""
    if len(data) > MAX_CEREMONY:
        raise InputInvalid("ceremony", f"is longer than {MAX_CEREMONY} octets")
    return parse_ceremony(_plain(data))


def default_plan(settings: Settings, *, sandbox: bool) -> Ceremony:
    """The shipped ceremony, its international keys in the configured custody; a sandbox bears its name."""
    plan = _plain(shipped_ceremony())
    for suite in plan["suites"]:
        if suite["suite"] == "intl":
            suite["custody"] = settings.custody
    if sandbox:
        plan["name"] = "sandbox"
        for pair in plan["subject"]:
            if pair[0] == "O":
                pair[1] = TEST_ORGANISATION
    return parse_ceremony(plan)


def make_master_key(settings: Settings) -> Path | None:
    """A new master key in a file of mode 0600, where none was given; None when one is there."""
    path = settings.key_file
    if settings.master_key is not None or path.exists():
        return None
    text = new_master_key_line(settings, first=True)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_for_owner(path, text, os.O_EXCL)
    except OSError as error:
        reason = f"{path} cannot be written: {(error.strerror or '').lower()}"
        raise SettingsInvalid(variable("master_key_file"), reason) from error
    return path


def write_for_owner(path: Path, text: bytes, how: int) -> None:
    """A file of mode 0600 on stable storage; `how` is os.O_EXCL or os.O_TRUNC. Raises OSError."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | how, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(text)
        file.flush()
        os.fsync(handle)


def is_initialised(settings: Settings) -> bool:
    """Whether there is a master key to begin with."""
    return settings.master_key is not None or settings.key_file.exists()


def install(settings: Settings, ceremony: Ceremony, witnesses: Sequence[KeyedWitness]) -> Transcript:
    """Schema and hierarchy; first CRLs are published, so that every pointer leads somewhere."""
    with bare_centre(settings, master_key_ring(settings)) as centre:
        migrate(centre.database.engine)
        centre.check_start()
        return hold(centre, ceremony, witnesses)


def hold(centre: Centre, ceremony: Ceremony, witnesses: Sequence[KeyedWitness]) -> Transcript:
    """Hold a ceremony and publish what it made due."""
    transcript = run_ceremony(centre.database, centre.certifier, centre.clock, ceremony, witnesses)
    centre.publisher.publish_due()
    return transcript


def _plain(data: bytes) -> dict[str, Any]:
    try:
        found = yaml.load(data, _NoAliases)  # noqa: S506  (a safe loader)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        first = str(error).strip().partition("\n")[0]
        raise InputInvalid("ceremony", f"is not YAML that is accepted: {first}") from error
    if not isinstance(found, dict):
        raise InputInvalid("ceremony", "is not a mapping")
    return found
