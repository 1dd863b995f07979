from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path

import pytest

from keys.adapters.master_file import read_master_keys
from keys.errors import MasterKeyInvalid
from keys.master import parse_master_keys
from keys.wrapping import MasterKey

SECRET = bytes.fromhex("8f1d0c67b2e94a35d8716fe0932bc45a7e18a9f3045dc26bb7e1390f5c82d46e")
OTHER = bytes.fromhex("1b9e74d2c60f8a53e7249bd0f86a3c15924ed7b1680fca352dbe7f41a09c53e8")
BASE64 = base64.b64encode(SECRET).decode()


@pytest.mark.parametrize(
    "text", [BASE64, SECRET.hex(), SECRET.hex().upper(), f"  {BASE64}\r\n", f"# a note\n\n{BASE64}\n"]
)
def test_base64_and_hexadecimal_are_read(text: str) -> None:
    (key,) = parse_master_keys(text, "test")
    assert key.key_id == MasterKey(SECRET).key_id


def test_the_first_line_is_in_force() -> None:
    keys = parse_master_keys(f"{BASE64}\n{OTHER.hex()}\n", "test")
    assert [key.key_id for key in keys] == [MasterKey(SECRET).key_id, MasterKey(OTHER).key_id]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("# only a note\n", "empty"),
        (base64.b64encode(SECRET[:31]).decode(), "31 bytes"),
        (base64.b64encode(SECRET + b"x").decode(), "33 bytes"),
        (SECRET[:16].hex(), "24 bytes"),  # 32 digits are also 24 bytes of base64
        ("correct horse battery staple", "neither"),
        ("g" * 64, "neither"),
        ("ä" * 10, "neither"),
        ("00" * 32, "all zero"),
        ("ab" * 32, "not random"),
        ((b"password" * 4).hex(), "not random"),
        (bytes(range(32)).hex(), "not random"),
        (bytes(range(0, 224, 7)).hex(), "not random"),
        (f"{BASE64}\n{SECRET.hex()}", "twice"),
        ("#" * 5000, "longer"),
    ],
)
def test_what_is_no_random_secret_is_refused(text: str, reason: str) -> None:
    with pytest.raises(MasterKeyInvalid, match=reason) as caught:
        parse_master_keys(text, "setting XINQIAN_MASTER_KEY")
    assert caught.value.source == "setting XINQIAN_MASTER_KEY"


def test_an_error_never_repeats_the_secret() -> None:
    text = BASE64[:-3] + "!!!"
    with pytest.raises(MasterKeyInvalid) as caught:
        parse_master_keys(text, "test")
    assert text not in str(caught.value)
    assert caught.value.__cause__ is None


def test_random_secrets_are_never_refused() -> None:
    for _ in range(2000):
        parse_master_keys(secrets.token_bytes(32).hex(), "test")


def written(folder: Path, content: bytes, mode: int = 0o600) -> Path:
    path = folder / "master.key"
    path.write_bytes(content)
    path.chmod(mode)
    return path


def test_a_file_of_the_owner_alone_is_read(tmp_path: Path) -> None:
    (key,) = read_master_keys(written(tmp_path, BASE64.encode() + b"\n"))
    assert key.key_id == MasterKey(SECRET).key_id
    assert read_master_keys(written(tmp_path, BASE64.encode(), 0o400))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o644, 0o666])
def test_a_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    path = written(tmp_path, BASE64.encode(), mode)
    with pytest.raises(MasterKeyInvalid, match="open to others") as caught:
        read_master_keys(path)
    assert str(path) in caught.value.source


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MasterKeyInvalid, match="No such file"):
        read_master_keys(tmp_path / "missing")
    with pytest.raises(MasterKeyInvalid, match="not a regular file"):
        read_master_keys(tmp_path)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o600)
    with pytest.raises(MasterKeyInvalid, match="not a regular file"):
        read_master_keys(pipe)


def test_a_binary_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MasterKeyInvalid, match="not text"):
        read_master_keys(written(tmp_path, b"\xff" + SECRET))
