"""Targets: contracts as callers ask for them, from their octets to an order."""

from __future__ import annotations

import json

from pydantic import ValidationError

from api.errors import ApiError
from api.http.contractforms import ContractForm
from api.http.sessionforms import SignForm
from signing.errors import SigningError
from tests.fuzz.target import Target
from tests.support.signers import BORROWER as PERSON
from tests.support.signers import Wanted, party


def _order(data: bytes) -> None:
    ContractForm.model_validate_json(data).order(None)


def _sign(data: bytes) -> None:
    SignForm.model_validate_json(data).drawing("某人")


def targets() -> tuple[Target, ...]:
    """Of this module."""
    fields = [
        {"keyword": {"text": "借款人", "occurrence": -1, "dx": 3.5}},
        {"box": {"page": -1, "left": 1, "bottom": 1, "width": 100, "height": 40}, "seal": "s"},
        {"cross_page": {"width": 120, "height": 120}},
    ]
    auth = ["three-elements", "enterprise+face", "sms"]
    wanted = Wanted("HT-1").document()
    placed = [party(PERSON, "borrower", 1, fields=fields, auth=auth, min_dwell_s=5)]
    small = {**wanted, "values": {}, "parties": placed, "expires_at": "2026-12-01T00:00:00Z"}
    strokes = [[{"x": n, "y": n * n % 50, "at": 10 * n, "pressure": n} for n in range(30)]]
    refusals = (ValidationError, ApiError, SigningError)
    return (
        Target("contract_form", _order, refusals, (json.dumps(wanted).encode(), json.dumps(small).encode())),
        Target("sign_form", _sign, refusals, (json.dumps({"handwriting": strokes}).encode(),)),
    )
