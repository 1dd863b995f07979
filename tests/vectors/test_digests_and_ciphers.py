"""SM3 and SM4: the samples of the standards, by the library that we use and by others."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import ECB, GCM
from cryptography.hazmat.primitives.hashes import SM3, Hash
from gmssl import sm3 as gmssl_sm3

FOLDER = Path(__file__).parent / "gbt"
DIGESTS = json.loads((FOLDER / "sm3.json").read_text())
CIPHERS = json.loads((FOLDER / "sm4.json").read_text())


@pytest.mark.parametrize("sample", DIGESTS, ids=lambda sample: sample["clause"])
def test_sm3(sample: dict[str, str]) -> None:
    message = bytes.fromhex(sample["message"])
    digest = Hash(SM3())
    digest.update(message)
    assert digest.finalize().hex() == sample["digest"]
    assert gmssl_sm3.sm3_hash(list(message)) == sample["digest"]
    assert hashlib.new("sm3", message).hexdigest() == sample["digest"]


@pytest.mark.parametrize("sample", CIPHERS, ids=lambda sample: sample["clause"])
def test_sm4(sample: dict[str, Any]) -> None:
    algorithm = SM4(bytes.fromhex(sample["key"]))
    text = bytes.fromhex(sample["plaintext"])
    if sample["mode"] == "GCM":
        encryptor = Cipher(algorithm, GCM(bytes.fromhex(sample["nonce"]))).encryptor()
        encryptor.authenticate_additional_data(bytes.fromhex(sample["aad"]))
        assert (encryptor.update(text) + encryptor.finalize()).hex() == sample["ciphertext"]
        assert encryptor.tag.hex() == sample["tag"]
        return
    rounds = Cipher(algorithm, ECB()).encryptor()  # noqa: S305  the standard's own samples are bare blocks
    for _ in range(sample["rounds"]):
        text = rounds.update(text)
    assert text.hex() == sample["ciphertext"]
