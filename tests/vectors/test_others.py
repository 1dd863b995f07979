"""Timestamps, OCSP answers and CMS of other makes: what their manifests say is what Bouncy Castle finds."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support.judge import BouncyCastle, Refused

FOLDER = Path(__file__).parent
TIMESTAMPS = json.loads((FOLDER / "rfc3161/answers.json").read_text())
ANSWERS = json.loads((FOLDER / "ocsp/openssl/answers.json").read_text())

pytestmark = pytest.mark.interop


@pytest.mark.parametrize("answer", TIMESTAMPS, ids=lambda answer: answer["file"])
def test_timestamps(answer: dict[str, Any], bouncycastle: BouncyCastle) -> None:
    folder = FOLDER / "rfc3161"
    chain = (folder / answer["chain"]).read_bytes() if answer["chain"] else b""
    certificates = [b"-----BEGIN" + block for block in chain.split(b"-----BEGIN")[1:]] or [chain]

    def judge() -> None:
        bouncycastle.timestamp(
            folder / answer["file"],
            data=bytes.fromhex(answer["data"] or ""),
            anchors=certificates[-1:] if answer["chain"] else [],
            certs=certificates[:-1],
        )

    if answer["result"] == "valid":
        judge()
        return
    with pytest.raises(Refused):
        judge()


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer["file"])
def test_ocsp_answers(answer: dict[str, str], bouncycastle: BouncyCastle) -> None:
    folder = FOLDER / "ocsp/openssl"

    def judge() -> None:
        bouncycastle.ocsp(
            folder / answer["file"],
            issuer=folder / answer["issuer"],
            cert=folder / answer["certificate"],
            at=datetime.fromisoformat(answer["at"]),
            status="good",
        )

    if answer["result"] == "valid":
        judge()
        return
    with pytest.raises(Refused) as caught:
        judge()
    # Refused for its defect, not for its age.
    details = [check.detail for check in caught.value.verdict.checks if check.outcome == "refused"]
    assert not any("Update" in detail for detail in details), details


def test_cms(bouncycastle: BouncyCastle) -> None:
    signed = FOLDER / "cms/cms-signed.der"
    with pytest.raises(Refused, match="no trust anchor") as caught:
        bouncycastle.cms(signed, content=None, anchors=[])
    assert caught.value.verdict.detail("signature").endswith("1.2.840.113549.1.1.1(NULL)")
