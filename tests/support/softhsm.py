"""Tokens on SoftHSM2, each in a folder of its own."""

from __future__ import annotations

import secrets
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.support.services import environment, require

PIN = "1234"


@dataclass(frozen=True, slots=True)
class SoftHsm:
    """A SoftHSM2 whose tokens lie in `folder`; SOFTHSM2_CONF must name `configuration`."""

    library: str
    folder: Path
    configuration: Path

    def make_token(self, pin: str = PIN) -> str:
        """A new token's label."""
        label = f"token-{secrets.token_hex(4)}"
        command = [
            "softhsm2-util",
            "--init-token",
            "--free",
            "--label",
            label,
            "--pin",
            pin,
            "--so-pin",
            "12345678",
        ]
        subprocess.run(
            command, check=True, capture_output=True, env=environment(SOFTHSM2_CONF=str(self.configuration))
        )
        return label

    def remove_tokens(self) -> None:
        """As if the device were pulled out."""
        self.folder.rename(self.folder.with_suffix(".away"))
        self.folder.mkdir()

    def return_tokens(self) -> None:
        """As if it were plugged in again."""
        shutil.rmtree(self.folder)
        self.folder.with_suffix(".away").rename(self.folder)


def open_softhsm(folder: Path) -> SoftHsm:
    """A SoftHSM2 without tokens; skips the test where there is none."""
    library = require("softhsm2")
    require("softhsm2-util")
    tokens = folder / "tokens"
    tokens.mkdir()
    configuration = folder / "softhsm2.conf"
    configuration.write_text(
        f"directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n"
    )
    return SoftHsm(library, tokens, configuration)
