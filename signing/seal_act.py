"""Acts on seals, each signed by an administrator: a login's name proves nobody, a signature does.

Who proposed a seal never approves it, and who suspended one never resumes it, whatever names they use:
their keys are compared. What is signed names the act, the seal, its drawing and the number of the change,
so that no signature serves twice.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Protocol

from evidence.canonical import JSON, canonical
from keys.errors import KeyEncodingInvalid, SignatureInvalid
from keys.public import PublicKey
from signing.errors import NotFound, Refused

SEAL_DOMAIN = b"xinqian/seal-act/v1\x00"


class SealAct(enum.StrEnum):
    """What is done."""

    PROPOSE = "propose"
    APPROVE = "approve"
    SUSPEND = "suspend"
    RESUME = "resume"
    REVOKE = "revoke"
    AUTHORISE = "authorise"
    APPROVE_AUTHORISATION = "approve-authorisation"
    END_AUTHORISATION = "end-authorisation"


class Signatory(Protocol):
    """An administrator who signs acts: with a key at hand, or by signatures made elsewhere."""

    @property
    def name(self) -> str:
        """As the administrators are registered."""
        ...

    def sign(self, data: bytes) -> bytes:
        """A signature over `data`."""
        ...


class Administrators(Protocol):
    """Who may sign; `ca.ports.ApprovalStore` is one."""

    def administrators(self) -> dict[str, bytes]:
        """SubjectPublicKeyInfo by name."""
        ...


def act_message(act: SealAct, facts: Mapping[str, JSON]) -> bytes:
    """What is signed: domain, and the canonical JSON of the act."""
    return SEAL_DOMAIN + canonical({**facts, "act": act.value}, field="act")


def require_signature(approvals: Administrators, signatory: Signatory, message: bytes) -> bytes:
    """The signature, verified under the administrator's registered key.

    Raises `NotFound` for an administrator unknown, `Refused` for a signature that does not verify.
    """
    spki = approvals.administrators().get(signatory.name)
    if spki is None:
        raise NotFound("administrator", signatory.name)
    signature = signatory.sign(message)
    try:
        PublicKey.from_spki(spki).verify(signature, message)
    except (KeyEncodingInvalid, SignatureInvalid) as error:
        raise Refused("signature", f"is not {signatory.name}'s over this act") from error
    return signature


def require_another(approvals: Administrators, signatory: str, earlier: str, act: SealAct) -> None:
    """Raises `Refused` unless the two administrators are two, by name and by key."""
    known = approvals.administrators()
    if signatory == earlier or known.get(signatory) == known.get(earlier):
        raise Refused("second_person", f"{earlier} cannot {act.value} what they did themselves")
