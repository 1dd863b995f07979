"""Keys for tests."""

from __future__ import annotations

from dataclasses import replace

from evidence.event import Actor, ActorKind
from keys.key import KeyPurpose, KeyRecord, KeyState, new_key_id
from keys.ports import Custody
from keys.private import PrivateKey
from keys.suites import Algorithm
from tests.support.clock import NOON

OPERATOR = Actor(ActorKind.OPERATOR, "op-1", "key-administrator")


def key_record(**changes: object) -> KeyRecord:
    """An active P-256 key that lies nowhere."""
    record = KeyRecord(
        key_id=new_key_id(),
        algorithm=Algorithm.P256,
        purpose=KeyPurpose.OCSP,
        label="responder",
        custody="software",
        public=PrivateKey.generate(Algorithm.P256).public,
        handle=b"handle",
        state=KeyState.ACTIVE,
        created_at=NOON,
        use_count=0,
        use_limit=None,
        successor=None,
    )
    return replace(record, **changes)  # type: ignore[arg-type]


def generated(custody: Custody, algorithm: Algorithm, purpose: KeyPurpose = KeyPurpose.OCSP) -> KeyRecord:
    """An active key made in a custody."""
    key_id = new_key_id()
    made = custody.generate(key_id, algorithm, purpose)
    return key_record(
        key_id=key_id,
        algorithm=algorithm,
        purpose=purpose,
        custody=custody.name,
        public=made.public,
        handle=made.handle,
    )
