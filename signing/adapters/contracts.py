"""Contracts and parties in SQL; what names people is sealed, and searched by keyed hashes."""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from evidence.clock import from_micros, to_micros
from evidence.event import TenantId
from evidence.ports import KeyWrapper
from keys.suites import Suite
from signing import contract_json as codec
from signing.adapters.contracts_tables import contracts, lookup_keys, notices, parties
from signing.contract import Contract, ContractId, Terms, new_identifier
from signing.contract_ports import ContractFilter
from signing.document import DocumentId
from signing.errors import NotFound, StateInvalid
from signing.party import Party, PartyId, PartyKind, PartyRole, PartyState
from signing.transition import ContractState

LOOKUP_KEY_SIZE = 32  # bytes
LOOKUP_CONTEXT = b"signing/lookup\0"
CONTRACT_CONTEXT = b"signing/contract\0"
PARTY_CONTEXT = b"signing/party\0"
PSEUDONYM_DIGITS = 32  # hexadecimal: 128 bits
ENDED = tuple(state.value for state in ContractState if state.ended)


class Lookup:
    """The tenant's keyed hash, by which sealed values are found again; its key is made at first use."""

    def __init__(self, connection: sa.Connection, wrapper: KeyWrapper, tenant: TenantId) -> None:
        self._connection = connection
        self._wrapper = wrapper
        self._tenant = tenant
        self._opened: bytes | None = None

    def digest(self, kind: str, value: str) -> bytes:
        """HMAC-SHA-256, 32 bytes."""
        return hmac.digest(self._key(), f"{kind}\0{value}".encode(), "sha256")

    def name(self, kind: str, value: str) -> str:
        """Its first 128 bits in hexadecimal."""
        return self.digest(kind, value).hex()[:PSEUDONYM_DIGITS]

    def document_key(self) -> bytes:
        """Under which the tenant's documents are encrypted at rest, 32 bytes; as old as the keyed hash."""
        return self.digest("documents", self._tenant)

    @property
    def exists(self) -> bool:
        """Whether its key was made: what only reads makes none that would last."""
        return self._stored() is not None

    def _key(self) -> bytes:
        if self._opened is None:
            wrapped = self._stored() or self._make()
            self._opened = self._wrapper.unwrap(wrapped, LOOKUP_CONTEXT + self._tenant.encode())
        return self._opened

    def _stored(self) -> bytes | None:
        query = sa.select(lookup_keys.c.wrapped).where(lookup_keys.c.tenant == self._tenant)
        found = self._connection.execute(query).scalar()
        return None if found is None else bytes(found)

    def _make(self) -> bytes:
        fresh = secrets.token_bytes(LOOKUP_KEY_SIZE)
        wrapped = self._wrapper.wrap(fresh, LOOKUP_CONTEXT + self._tenant.encode())
        on_postgresql = self._connection.dialect.name == "postgresql"
        insert = postgresql.insert(lookup_keys) if on_postgresql else sqlite.insert(lookup_keys)
        put = insert.values(tenant=self._tenant, wrapped=wrapped).on_conflict_do_nothing()
        self._connection.execute(put)
        return self._stored() or wrapped  # the first one made stands


class SqlContractStore:
    """`ContractStore` over one connection's transaction, of one tenant."""

    def __init__(self, connection: sa.Connection, wrapper: KeyWrapper, tenant: TenantId) -> None:
        self._connection = connection
        self._wrapper = wrapper
        self._tenant = tenant
        self._lookup = Lookup(connection, wrapper, tenant)

    def add(self, contract: Contract) -> None:
        try:
            with self._connection.begin_nested():
                self._connection.execute(sa.insert(contracts).values(self._row(contract)))
        except sa.exc.IntegrityError as error:
            raise StateInvalid("contract", "there already", "draw up") from error
        for position, party in enumerate(contract.parties):
            self._insert(contract.contract_id, party, position, contract.created_at)

    def get(self, contract_id: ContractId) -> Contract:
        return self._get(contract_id, sa.select(contracts))

    def hold(self, contract_id: ContractId) -> Contract:
        # SQLite has one writer, who is us by now; the clause is nothing to it.
        return self._get(contract_id, sa.select(contracts).with_for_update())

    def _get(self, contract_id: ContractId, query: sa.Select[Any]) -> Contract:
        query = query.where(contracts.c.contract_id == contract_id, contracts.c.tenant == self._tenant)
        row = self._connection.execute(query).one_or_none()
        if row is None:
            raise NotFound("contract", contract_id)
        (contract,) = self._contracts([row])
        return contract

    def find(self, which: ContractFilter) -> Sequence[Contract]:
        query = sa.select(contracts).where(contracts.c.tenant == self._tenant)
        if which.number is not None:
            query = query.where(contracts.c.number_hash == self._lookup.digest("number", which.number))
        if which.code is not None:
            query = query.where(contracts.c.code == which.code)
        if which.id_number is not None:
            who = self.pseudonym(which.id_number)
            named = sa.select(parties.c.contract_id).where(
                parties.c.tenant == self._tenant,
                sa.or_(parties.c.pseudonym == who, parties.c.principal == who),
            )
            query = query.where(contracts.c.contract_id.in_(named))
        if which.state is not None:
            query = query.where(contracts.c.state == which.state.value)
        if which.before is not None:
            query = query.where(contracts.c.contract_id < which.before)
        query = query.order_by(contracts.c.contract_id.desc()).limit(which.limit)
        return self._contracts(self._connection.execute(query).all())

    def due(self, at: datetime, limit: int) -> Sequence[ContractId]:
        open_states = (ContractState.PREPARED.value, ContractState.SIGNING.value)
        query = (
            sa.select(contracts.c.contract_id)
            .where(
                contracts.c.tenant == self._tenant,
                contracts.c.state.in_(open_states),
                contracts.c.expires_at <= to_micros(at),
            )
            .order_by(contracts.c.expires_at)
            .limit(limit)
        )
        return [ContractId(one) for one in self._connection.execute(query).scalars()]

    def waiting(self, state: ContractState, limit: int) -> Sequence[ContractId]:
        query = (
            sa.select(contracts.c.contract_id)
            .where(contracts.c.tenant == self._tenant, contracts.c.state == state.value)
            .order_by(contracts.c.moved_at)
            .limit(limit)
        )
        return [ContractId(one) for one in self._connection.execute(query).scalars()]

    def move(self, contract_id: ContractId, state: ContractState, to: ContractState, at: datetime) -> None:
        values: dict[str, object] = {"state": to.value, "moved_at": to_micros(at)}
        if to.ended:
            values["ended_at"] = to_micros(at)
        here = contracts.c.contract_id == contract_id, contracts.c.tenant == self._tenant
        change = sa.update(contracts).where(*here, contracts.c.state == state.value).values(values)
        if self._connection.execute(change).rowcount != 1:
            raise StateInvalid("contract", state.value, "move on")

    def move_party(self, party: Party, to: PartyState, at: datetime) -> None:
        here = parties.c.party_id == party.party_id, parties.c.tenant == self._tenant
        change = sa.update(parties).where(*here, parties.c.state == party.state.value)
        done = self._connection.execute(change.values(state=to.value, moved_at=to_micros(at)))
        if done.rowcount != 1:
            raise StateInvalid("party", party.state.value, "move on")

    def add_party(self, contract_id: ContractId, party: Party) -> None:
        last = sa.select(sa.func.max(parties.c.position)).where(parties.c.contract_id == contract_id)
        position = int(self._connection.execute(last).scalar_one()) + 1
        moved = sa.select(contracts.c.created_at).where(contracts.c.contract_id == contract_id)
        at = from_micros(self._connection.execute(moved).scalar_one())
        self._insert(contract_id, party, position, at)

    def pseudonym(self, id_number: str) -> str:
        return self._lookup.name("id", id_number)

    def note_sent(self, party_id: PartyId, kind: str, at: datetime) -> None:
        row = {"notice_id": new_identifier(at), "party_id": party_id, "kind": kind, "at": to_micros(at)}
        self._connection.execute(sa.insert(notices).values(row))

    def sent_since(self, party_id: PartyId, kind: str, since: datetime) -> Sequence[datetime]:
        query = (
            sa.select(notices.c.at)
            .where(notices.c.party_id == party_id, notices.c.kind == kind, notices.c.at > to_micros(since))
            .order_by(notices.c.at)
        )
        return [from_micros(one) for one in self._connection.execute(query).scalars()]

    def _insert(self, contract_id: ContractId, party: Party, position: int, at: datetime) -> None:
        details = {
            "agent": None if party.agent is None else codec.agent_json(party.agent),
            "particulars": codec.particulars_json(party.particulars),
            "places": [codec.signature_place_json(one) for one in party.places],
            "profile": codec.profile_json(party.profile),
            "spots": [codec.spot_json(one) for one in party.spots],
        }
        row = {
            "party_id": party.party_id,
            "contract_id": contract_id,
            "tenant": self._tenant,
            "position": position,
            "role": party.role.value,
            "kind": party.kind.value,
            "turn": party.order,
            "silent": party.silent,
            "state": party.state.value,
            "pseudonym": party.pseudonym,
            "principal": self.pseudonym(party.particulars.id_number),
            "details": self._seal(details, PARTY_CONTEXT + party.party_id.encode()),
            "replaces": party.replaces,
            "moved_at": to_micros(at),
        }
        self._connection.execute(sa.insert(parties).values(row))

    def _row(self, contract: Contract) -> dict[str, object]:
        details = {
            "amount": contract.terms.amount,
            "kind": contract.kind,
            "notes": list(contract.notes),
            "number": contract.number,
            "rate_bp": contract.terms.rate_bp,
            "source": contract.source,
            "title": contract.title,
        }
        return {
            "contract_id": contract.contract_id,
            "tenant": self._tenant,
            "code": contract.code,
            "number_hash": self._lookup.digest("number", contract.number),
            "suite": contract.suite.value,
            "state": contract.state.value,
            "document_id": contract.document_id,
            "details": self._seal(details, CONTRACT_CONTEXT + contract.contract_id.encode()),
            "created_at": to_micros(contract.created_at),
            "expires_at": to_micros(contract.expires_at),
            "moved_at": to_micros(contract.created_at),
            "ended_at": codec.micros(contract.ended_at),
        }

    def _contracts(self, rows: Sequence[sa.Row[Any]]) -> list[Contract]:
        ids = [row.contract_id for row in rows]
        query = sa.select(parties).where(parties.c.contract_id.in_(ids))
        members: dict[str, list[Party]] = {one: [] for one in ids}
        for row in self._connection.execute(query.order_by(parties.c.contract_id, parties.c.position)):
            members[row.contract_id].append(self._party(row))
        return [self._contract(row, tuple(members[row.contract_id])) for row in rows]

    def _contract(self, row: sa.Row[Any], members: tuple[Party, ...]) -> Contract:
        details = self._open(row.details, CONTRACT_CONTEXT + row.contract_id.encode())
        return Contract(
            contract_id=ContractId(row.contract_id),
            number=details["number"],
            title=details["title"],
            suite=Suite(row.suite),
            terms=Terms(details["amount"], details["rate_bp"]),
            state=ContractState(row.state),
            document_id=DocumentId(row.document_id),
            parties=members,
            created_at=from_micros(row.created_at),
            expires_at=from_micros(row.expires_at),
            source=details["source"],
            kind=details["kind"],
            notes=tuple(details["notes"]),
            ended_at=codec.moment(row.ended_at),
        )

    def _party(self, row: sa.Row[Any]) -> Party:
        details = self._open(row.details, PARTY_CONTEXT + row.party_id.encode())
        return Party(
            party_id=PartyId(row.party_id),
            role=PartyRole(row.role),
            kind=PartyKind(row.kind),
            particulars=codec.particulars_of(details["particulars"]),
            agent=codec.optional(codec.agent_of, details["agent"]),
            order=row.turn,
            places=tuple(codec.signature_place_of(one) for one in details["places"]),
            spots=tuple(codec.spot_of(one) for one in details["spots"]),
            silent=bool(row.silent),
            profile=codec.profile_from(details["profile"]),
            state=PartyState(row.state),
            pseudonym=row.pseudonym,
            replaces=None if row.replaces is None else PartyId(row.replaces),
        )

    def _seal(self, plain: Mapping[str, Any], context: bytes) -> bytes:
        return self._wrapper.wrap(json.dumps(plain, ensure_ascii=False, sort_keys=True).encode(), context)

    def _open(self, sealed: bytes, context: bytes) -> dict[str, Any]:
        opened: dict[str, Any] = json.loads(self._wrapper.unwrap(bytes(sealed), context))
        return opened
