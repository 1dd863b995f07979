"""Intent: the canonical statement of what a party agrees to, and the texts it reads before it does."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import NewType

from evidence.canonical import JSON, canonical
from evidence.clock import rfc3339
from evidence.digest import DigestPair
from keys.suites import Digest
from signing.contract import Contract, ContractId
from signing.document import Revision, RevisionKind
from signing.errors import Refused
from signing.party import Party, PartyId, PartyRole
from signing.session import SessionId, Shown

IntentId = NewType("IntentId", str)
"""UUIDv7, 36 characters."""

STATEMENT_SCHEMA = "xinqian/intent/1"
NONCE_SIZE = 16  # bytes: names and amounts have few bits, the nonce hides them behind the digest

ROLE_ZH = {
    PartyRole.BORROWER: "借款人",
    PartyRole.CO_BORROWER: "共同借款人",
    PartyRole.SPOUSE: "配偶",
    PartyRole.GUARANTOR: "保证人",
    PartyRole.PLEDGOR: "抵押（出质）人",
    PartyRole.LENDER: "贷款人",
}


@dataclass(frozen=True, slots=True)
class Statement:
    """What is agreed to, as octets that a digest can name: RFC 8785 JSON, with the texts inside."""

    data: bytes = field(repr=False)
    chinese: str = field(repr=False)
    english: str = field(repr=False)

    def digest(self, digest: Digest) -> bytes:
        """By one of the suites' functions; stands in the certificate."""
        return digest.of(self.data)

    @property
    def digests(self) -> DigestPair:
        """By both."""
        return DigestPair.of(self.data)


@dataclass(frozen=True, slots=True)
class Intent:
    """A statement put before a party, and when it agreed; None while it has not."""

    intent_id: IntentId
    contract_id: ContractId
    party_id: PartyId
    session_id: SessionId
    statement: Statement
    shown: Shown
    stated_at: datetime
    confirmed_at: datetime | None = None
    factors: tuple[str, ...] = ()
    """`one-time-code`, `click`."""


def state_intent(
    contract: Contract, party: Party, shown: Shown, prepared: DigestPair, at: datetime
) -> Statement:
    """The statement of one party about one revision.

    It names the octets shown, and beside them the text before anybody signed (`prepared`), which stays
    the same however many others sign in between.
    """
    chinese = _chinese(contract, party, shown)
    english = _english(contract, party, shown)
    document: dict[str, JSON] = {
        "schema": STATEMENT_SCHEMA,
        "contract": {"id": contract.contract_id, "number": contract.number, "title": contract.title},
        "party": {
            "id": party.party_id,
            "role": party.role.value,
            "name": party.particulars.name,
            "pseudonym": party.pseudonym,
            "signer": party.signer.name,
        },
        "document": {
            "id": contract.document_id,
            "prepared": prepared.as_json(),
            "revision": shown.revision,
            "shown": shown.digests.as_json(),
            "size": shown.size,
        },
        "terms": {
            "amount_fen": contract.terms.amount,
            "currency": "CNY",
            "rate_bp": contract.terms.rate_bp,
        },
        "text": {"en": english, "zh_cn": chinese},
        "stated_at": rfc3339(at),
        "nonce": secrets.token_hex(NONCE_SIZE),
    }
    return Statement(canonical(document, field="intent"), chinese, english)


def read_statement(data: bytes) -> Statement:
    """A statement as it was stored."""
    text = json.loads(data)["text"]
    return Statement(data, text["zh_cn"], text["en"])


def require_same_text(intent: Intent, revisions: list[Revision]) -> None:
    """What was shown is still the beginning of the document, and since then others signed and no more.

    Raises `Refused` otherwise: the intent is of another text.
    """
    shown = intent.shown
    if shown.revision >= len(revisions) or revisions[shown.revision].digests != shown.digests:
        raise Refused("intent", "names another document than the one to be signed")
    if any(one.kind is not RevisionKind.SIGNED for one in revisions[shown.revision + 1 :]):
        raise Refused("intent", "the document changed since it was shown")


def amount_text(amount: int) -> str:
    """`50,000.00`: 分 as yuan."""
    return f"{amount // 100:,}.{amount % 100:02}"


def rate_text(rate_bp: int) -> str:
    """`6.50`: basis points as percent."""
    return f"{rate_bp // 100}.{rate_bp % 100:02}"


def _chinese(contract: Contract, party: Party, shown: Shown) -> str:
    who = party.particulars.name
    if party.agent is not None:
        who = f"{who}（由{party.signer.name}代表）"
    parts = [
        f"本人{who}作为{ROLE_ZH[party.role]}，已阅读并同意《{contract.title}》（编号{contract.number}）全文"
    ]
    if contract.terms.amount is not None:
        parts.append(f"金额人民币{amount_text(contract.terms.amount)}元")
    if contract.terms.rate_bp is not None:
        parts.append(f"年利率{rate_text(contract.terms.rate_bp)}%")
    parts.append(f"文件SHA-256：{shown.digests.sha256.hex()}")
    return "，".join(parts) + "。"


def _english(contract: Contract, party: Party, shown: Shown) -> str:
    who = party.particulars.name
    if party.agent is not None:
        who = f"{who}({party.signer.name})"
    terms = [f"No.{contract.number}"]
    if contract.terms.amount is not None:
        terms.append(f"CNY{amount_text(contract.terms.amount)}")
    if contract.terms.rate_bp is not None:
        terms.append(f"{rate_text(contract.terms.rate_bp)}%/year")
    return (
        f"{who}, as {party.role.value}, has read and agrees to the whole of {contract.title} "
        f"({', '.join(terms)}); the file's SHA-256 is {shown.digests.sha256.hex()}."
    )
