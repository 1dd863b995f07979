"""The master key sealed by a key that never leaves a PKCS#11 token."""

from __future__ import annotations

import base64
import subprocess
import sys
from pathlib import Path

from tests.support.services import environment
from tests.support.softhsm import PIN, open_softhsm

XINQIAN = Path(sys.executable).with_name("xinqian")
UNAVAILABLE = 7
SECRET_SIZE = 32


def test_an_installation_lives_on_it(tmp_path: Path) -> None:
    device = open_softhsm(tmp_path)
    state = tmp_path / "state"
    settings = environment(
        LC_ALL="C.UTF-8",
        SOFTHSM2_CONF=str(device.configuration),
        XINQIAN_STATE_DIR=str(state),
        XINQIAN_MASTER_KEY_LABEL="xinqian-master",
        XINQIAN_PKCS11_LIBRARY=device.library,
        XINQIAN_PKCS11_TOKEN=device.make_token(),
        XINQIAN_PKCS11_PIN=PIN,
    )
    data, token = tmp_path / "data", tmp_path / "token"
    data.write_bytes(b"data")

    def xinqian(*arguments: object) -> tuple[int, str]:
        command = [str(XINQIAN), *map(str, arguments)]
        done = subprocess.run(command, env=settings, capture_output=True, text=True, check=False)
        return done.returncode, done.stderr

    stamp = ("tsa", "stamp", data, "--out", token)
    assert xinqian("ca", "init", "--sandbox")[0] == 0
    (line,) = (state / "master.key").read_text().split()
    assert len(base64.b64decode(line)) > SECRET_SIZE  # sealed, with nonce and tag
    assert xinqian(*stamp)[0] == 0
    assert xinqian("key", "rotate-master", "--commit")[0] == 0
    assert len((state / "master.key").read_text().split()) == 2
    assert xinqian(*stamp)[0] == 0
    device.remove_tokens()
    token.unlink()
    code, said = xinqian(*stamp)
    assert (code, token.exists()) == (UNAVAILABLE, False)
    assert "custody-unavailable" in said


def test_the_token_must_be_named(tmp_path: Path) -> None:
    settings = environment(
        XINQIAN_STATE_DIR=str(tmp_path), XINQIAN_MASTER_KEY_LABEL="label", LC_ALL="C.UTF-8"
    )
    done = subprocess.run(
        [str(XINQIAN), "ca", "init"], env=settings, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "XINQIAN_PKCS11_LIBRARY" in done.stderr
    assert "XINQIAN_MASTER_KEY_LABEL" in done.stderr
