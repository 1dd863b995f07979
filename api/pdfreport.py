"""The report on a PDF as commands and HTTP show it: one shape, the texts in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from api import messages
from api.settings import Language
from ca.indication import Step
from ca.serial import serial_text
from evidence.clock import rfc3339
from signing.validity.attack import AttackFound
from signing.validity.change import Change
from signing.validity.report import PdfReport, SignatureReport

Said = Callable[[str], str]


def report_shown(report: PdfReport, language: Language) -> dict[str, Any]:
    """The whole report: plain values, ready for JSON."""

    def said(text: str) -> str:
        return messages.reason(text, language)

    return {
        "indication": report.indication.value,
        "sub_indication": None if report.sub_indication is None else report.sub_indication.value,
        "at": rfc3339(report.at),
        "revisions": report.revisions,
        "pages": report.pages,
        "steps": _steps(report.steps, said),
        "signatures": [_signature(one, said, language) for one in report.signatures],
        "attacks": [_attack(one, said, language) for one in report.attacks],
    }


def _steps(steps: Sequence[Step], said: Said) -> list[dict[str, Any]]:
    return [{"id": one.step_id, "outcome": one.outcome.value, "detail": said(one.detail)} for one in steps]


def _signature(one: SignatureReport, said: Said, language: Language) -> dict[str, Any]:
    signer = one.signer
    by_class = one.by_class()
    return {
        "field": one.field,
        "kind": one.kind.value,
        "indication": one.indication.value,
        "sub_indication": None if one.sub_indication is None else one.sub_indication.value,
        "signer": None if signer is None else signer.subject.rfc4514_string(),
        "serial": None if signer is None else serial_text(signer.serial),
        "suite": None if one.suite is None else one.suite.value,
        "algorithm": one.algorithm,
        "level": None if one.level is None else one.level.value,
        "claimed_time": None if one.claimed_time is None else rfc3339(one.claimed_time),
        "signing_time": None if one.proved_time is None else rfc3339(one.proved_time),
        "signing_time_proved_by": one.proved_by.value,
        "revision": one.revision,
        "covers_whole_revision": one.covers_whole_revision,
        "certifies": None if one.certifies is None else int(one.certifies),
        "modified": one.modified.value,
        "modified_text": messages.text(f"validity.change.{one.modified.value}", language),
        "modifications": {
            kind.value: [_change(change, said, allowed=allowed) for change, allowed in changes]
            for kind, changes in by_class.items()
        },
        "steps": _steps(one.steps, said),
    }


def _change(change: Change, said: Said, *, allowed: bool) -> Mapping[str, Any]:
    return {
        "revision": change.revision,
        "page": change.page,
        "field": change.field,
        "object": change.number,
        "allowed": allowed,
        "detail": said(change.detail),
    }


def _attack(one: AttackFound, said: Said, language: Language) -> dict[str, Any]:
    return {
        "class": one.attack.value,
        "name": messages.text(f"validity.attack.{one.attack.value}", language),
        "field": one.field,
        "revision": one.revision,
        "detail": said(one.detail),
    }
