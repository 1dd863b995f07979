"""Master secrets sealed by an AES-256 key that never leaves a PKCS#11 token."""

from __future__ import annotations

import base64
import binascii
import secrets
from typing import Any

import pkcs11
from pkcs11 import Attribute, GCMParams, KeyType, Mechanism, MechanismFlag, ObjectClass

from keys.adapters.token import Token
from keys.errors import CustodyUnavailable, MasterKeyInvalid
from keys.master import check_secret
from keys.wrapping import NONCE_SIZE, SECRET_SIZE, TAG_SIZE, MasterKey

_AAD = b"xinqian/master-secret"
_TAG_BITS = 8 * TAG_SIZE
_SEALED_SIZE = NONCE_SIZE + SECRET_SIZE + TAG_SIZE
_TEMPLATE: dict[Attribute, object] = {
    Attribute.PRIVATE: True,
    Attribute.SENSITIVE: True,
    Attribute.EXTRACTABLE: False,
}


class TokenMasterKeys:
    """Seals and opens master secrets by the token's AES key of one label."""

    def __init__(self, token: Token, label: str) -> None:
        self._token = token
        self._label = label
        self._source = f"key {label} on {token.name}"

    def make_key(self) -> None:
        """Make the AES key; raises `MasterKeyInvalid` when the label is taken."""

        def make(session: Any) -> None:  # noqa: ANN401  (the binding's session is made at run time)
            if any(
                session.get_objects({Attribute.LABEL: self._label, Attribute.CLASS: ObjectClass.SECRET_KEY})
            ):
                raise MasterKeyInvalid(self._source, "is there already")
            capabilities = MechanismFlag.ENCRYPT | MechanismFlag.DECRYPT
            session.generate_key(
                KeyType.AES, 256, label=self._label, store=True, capabilities=capabilities, template=_TEMPLATE
            )

        self._token.run(make)

    def seal(self, secret: bytes) -> str:
        """One line of the stored file: base64 of nonce ‖ ciphertext ‖ tag."""
        check_secret(secret, self._source)
        nonce = secrets.token_bytes(NONCE_SIZE)
        body: bytes = self._token.run(lambda session: self._key(session).encrypt(secret, **_gcm(nonce)))
        return base64.b64encode(nonce + body).decode()

    def open(self, text: str) -> tuple[MasterKey, ...]:
        """The master keys of a stored file, a line each, the one in force first.

        Raises `MasterKeyInvalid` for lines the token's key did not seal, `CustodyUnavailable`.
        """
        lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
        if not lines:
            raise MasterKeyInvalid(self._source, "the stored file is empty")
        return tuple(MasterKey(self._open(line)) for line in lines)

    def _open(self, line: str) -> bytes:
        try:
            sealed = base64.b64decode(line, validate=True)
        except (ValueError, binascii.Error):
            raise MasterKeyInvalid(self._source, "a line of the stored file is not base64") from None
        if len(sealed) != _SEALED_SIZE:
            raise MasterKeyInvalid(self._source, "a line of the stored file is no sealed secret")
        nonce, body = sealed[:NONCE_SIZE], sealed[NONCE_SIZE:]
        try:
            secret: bytes = self._token.run(lambda session: self._key(session).decrypt(body, **_gcm(nonce)))
        except CustodyUnavailable as error:
            if isinstance(error.__cause__, pkcs11.GeneralError | pkcs11.EncryptedDataInvalid):
                raise MasterKeyInvalid(
                    self._source, "a line was sealed by another key, or altered"
                ) from error
            raise
        return check_secret(secret, self._source)

    def _key(self, session: Any) -> Any:  # noqa: ANN401
        try:
            return session.get_key(object_class=ObjectClass.SECRET_KEY, label=self._label)
        except (pkcs11.NoSuchKey, pkcs11.MultipleObjectsReturned) as error:
            raise MasterKeyInvalid(self._source, f"is not there once ({type(error).__name__})") from error


def _gcm(nonce: bytes) -> dict[str, object]:
    return {"mechanism": Mechanism.AES_GCM, "mechanism_param": GCMParams(nonce, _AAD, _TAG_BITS)}
