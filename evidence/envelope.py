"""The envelope of an event as canonical JSON (RFC 8785), written field by field in the order of their names.

What a whole batch shares is written once, and only what comes from the caller is checked: recording is on
the path of every certificate and every token.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from evidence.canonical import JSON, canonical_text, quoted
from evidence.clock import ClockState, rfc3339
from evidence.digest import DigestPair
from evidence.errors import EventInvalid
from evidence.event import SCHEMA, Actor, Attestation, Draft, EventId, Result, Source, TenantId


class EnvelopeWriter:
    """Writes the envelopes of one batch: one tenant, one source, one reading of the clock."""

    def __init__(self, source: Source, tenant: TenantId, clock: ClockState, now: datetime) -> None:
        self._clock = ',"clock":' + canonical_text(
            {
                "offset_ms": clock.offset_ms,
                "source": clock.source,
                "uncertainty_ms": clock.uncertainty_ms,
            }
        )
        self._recorded = f',"recorded_at":"{rfc3339(now)}","result":'
        described = {"build": source.build, "instance": source.instance, "system": source.system}
        self._shared = f',"schema":{SCHEMA},"source":{canonical_text(described)},"tenant":{quoted(tenant)}'
        self._actors: dict[Actor, str] = {}
        self._results: dict[Result, str] = {}

    def write(
        self,
        draft: Draft,
        event_id: EventId,
        case_seq: int,
        previous: DigestPair,
        commitments: Mapping[str, JSON] | None,
    ) -> bytes:
        """The envelope's bytes; raises `EventInvalid` naming the field that cannot be written."""
        parts = [
            '{"actor":',
            self._actors.get(draft.actor) or self._actor(draft.actor),
            ',"case_id":',
            quoted(draft.case_id, "event.case_id"),
            f',"case_seq":{case_seq}',
        ]
        if draft.channel is not None:
            parts += ',"channel":', canonical_text(_plain(draft.channel), "event.channel")
        parts.append(self._clock)
        if commitments is not None:
            parts += ',"commitments":', canonical_text(commitments, "event.commitments")
        if draft.consent_ref:
            parts += ',"consent_ref":', canonical_text(draft.consent_ref, "event.consent_ref")
        if draft.contract_id is not None:
            parts += ',"contract_id":', quoted(draft.contract_id, "event.contract_id")
        parts += f',"event_id":"{event_id}","facts":', canonical_text(_plain(draft.facts), "event.facts")
        if draft.legal_basis is not None:
            parts += ',"legal_basis":', quoted(draft.legal_basis, "event.legal_basis")
        parts.append(f',"occurred_at":"{rfc3339(draft.occurred_at)}"')
        if commitments is not None:
            digests = DigestPair.of(canonical_text(commitments).encode())
            parts += ',"payload_commit":', _digests(digests)
        parts += ',"prev_case_event_hash":', _digests(previous)
        if draft.attestation is not None:
            parts += ',"producer":', canonical_text(_producer(draft.attestation), "event.producer")
        parts += self._recorded, self._results.get(draft.result) or self._result(draft.result), self._shared
        if draft.trace_id is not None:
            parts += ',"trace_id":', quoted(draft.trace_id, "event.trace_id")
        parts.append(f',"type":"{draft.type.name}"}}')
        try:
            return "".join(parts).encode()
        except UnicodeEncodeError as error:
            raise EventInvalid("event", "holds a lone surrogate, which is not Unicode text") from error

    def _actor(self, actor: Actor) -> str:
        return self._actors.setdefault(actor, canonical_text(_actor(actor), "event.actor"))

    def _result(self, result: Result) -> str:
        return self._results.setdefault(result, canonical_text(_result(result), "event.result"))


def described(draft: Draft) -> dict[str, Any]:
    """The part of the envelope that the draft itself decides, and that a producer signs."""
    part: dict[str, Any] = {
        "actor": _actor(draft.actor),
        "case_id": draft.case_id,
        "facts": _plain(draft.facts),
        "occurred_at": rfc3339(draft.occurred_at),
        "result": _result(draft.result),
        "type": draft.type.name,
    }
    optional = {
        "channel": None if draft.channel is None else _plain(draft.channel),
        "consent_ref": list(draft.consent_ref) or None,
        "contract_id": draft.contract_id,
        "legal_basis": draft.legal_basis,
        "trace_id": draft.trace_id,
    }
    part.update({name: value for name, value in optional.items() if value is not None})
    if draft.attestation is not None:
        part["producer"] = _producer(draft.attestation)
    return part


def _plain(fields: Mapping[str, JSON]) -> dict[str, JSON]:
    return fields if type(fields) is dict else dict(fields)


def _actor(actor: Actor) -> dict[str, JSON]:
    return {"kind": actor.kind.value, "pseudonym": actor.pseudonym, "role": actor.role}


def _result(result: Result) -> dict[str, JSON]:
    return {"code": result.code, "reason": result.reason}


def _producer(attestation: Attestation) -> dict[str, JSON]:
    return {
        "algorithm": attestation.algorithm,
        "key_id": attestation.key_id,
        "signature": attestation.signature.hex(),
    }


def _digests(pair: DigestPair) -> str:
    return f'{{"sha256":"{pair.sha256.hex()}","sm3":"{pair.sm3.hex()}"}}'
