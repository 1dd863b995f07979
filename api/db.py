"""Engines and units of work: every transaction of the product begins and ends here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError, DBAPIError, InterfaceError, InternalError, OperationalError

from api.answers import AnswerStore
from api.callers import CallerStore
from api.engine import READING
from api.errors import OutcomeUnknown, StoreUnavailable
from api.tables import metadata as api_metadata
from ca.adapters.approvals import SqlApprovalStore
from ca.adapters.authorities import SqlAuthorityStore
from ca.adapters.certificates import SqlCertificateStore
from ca.adapters.clock_samples import SqlClockSampleStore
from ca.adapters.crls import SqlCrlStore
from ca.adapters.profiles import SqlProfileStore
from ca.adapters.sealed import SqlSealedCertificates
from ca.adapters.tables import metadata as ca_metadata
from ca.adapters.timestamps import SqlTimestampStore
from evidence.adapters.cases import SqlCaseStore
from evidence.adapters.heads import SqlLeafStore, SqlSignedHeadStore
from evidence.adapters.sql import SqlCaseKeyStore, SqlEventStore
from evidence.adapters.sql import metadata as evidence_metadata
from evidence.casekey import CaseKeys
from evidence.clock import Clock
from evidence.event import Source, TenantId
from evidence.log import EvidenceLog
from evidence.ports import KeyWrapper, Watermark
from keys.adapters.sql import SqlKeyStore
from keys.adapters.sql import metadata as keys_metadata
from signing.adapters.contracts import Lookup, SqlContractStore
from signing.adapters.contracts_documents import SqlDocumentStore
from signing.adapters.contracts_sealed import SqlSealedContracts
from signing.adapters.contracts_sessions import SqlSessionStore
from signing.adapters.schema import metadata as signing_metadata
from signing.adapters.seal_sealed import SqlSealedSeals
from signing.adapters.seals import SqlSealStore

METADATA = (evidence_metadata, keys_metadata, ca_metadata, signing_metadata, api_metadata)
"""What Alembic compares against; each package owns its tables."""


@dataclass(frozen=True, slots=True)
class Context:
    """What every unit of work shares."""

    clock: Clock
    source: Source
    tenant: TenantId
    wrapper: KeyWrapper
    """Wraps case keys, and seals the columns that hold names."""
    watermark: Watermark


class Unit:
    """The stores of one transaction (`ca.ports.CaUnit`), each made when first asked for."""

    def __init__(self, connection: sa.Connection, context: Context) -> None:
        self._connection = connection
        self._context = context

    @cached_property
    def events(self) -> SqlEventStore:
        """Events as stored."""
        return SqlEventStore(self._connection)

    @cached_property
    def case_keys(self) -> SqlCaseKeyStore:
        """Wrapped case keys."""
        return SqlCaseKeyStore(self._connection)

    @cached_property
    def leaves(self) -> SqlLeafStore:
        """Leaves of the events, for publishing."""
        return SqlLeafStore(self._connection)

    @cached_property
    def signed_heads(self) -> SqlSignedHeadStore:
        """The last signed head of each log."""
        return SqlSignedHeadStore(self._connection)

    @cached_property
    def cases(self) -> SqlCaseStore:
        """Cases as people search them."""
        return SqlCaseStore(self._connection)

    @cached_property
    def log(self) -> EvidenceLog:
        """The evidence log, appending in this transaction."""
        keys = CaseKeys(self.case_keys, self._context.wrapper)
        return EvidenceLog(self.events, keys, self._context.clock, self._context.source, self._context.tenant)

    @cached_property
    def keys(self) -> SqlKeyStore:
        """Key records."""
        return SqlKeyStore(self._connection)

    @cached_property
    def authorities(self) -> SqlAuthorityStore:
        """Authorities."""
        return SqlAuthorityStore(self._connection)

    @cached_property
    def certificates(self) -> SqlCertificateStore:
        """Certificates and revocations."""
        return SqlCertificateStore(self._connection, self._context.wrapper)

    @cached_property
    def sealed_certificates(self) -> SqlSealedCertificates:
        """The certificates' sealed values, for the rotation of the master key."""
        return SqlSealedCertificates(self._connection)

    @cached_property
    def crls(self) -> SqlCrlStore:
        """Published CRLs."""
        return SqlCrlStore(self._connection)

    @cached_property
    def profiles(self) -> SqlProfileStore:
        """Profiles in force."""
        return SqlProfileStore(self._connection)

    @cached_property
    def approvals(self) -> SqlApprovalStore:
        """Administrators and approvals."""
        return SqlApprovalStore(self._connection)

    @cached_property
    def timestamps(self) -> SqlTimestampStore:
        """Timestamp tokens."""
        return SqlTimestampStore(self._connection)

    @cached_property
    def clock_samples(self) -> SqlClockSampleStore:
        """When each instance last found its clock right."""
        return SqlClockSampleStore(self._connection)

    @cached_property
    def contracts(self) -> SqlContractStore:
        """Contracts and their parties."""
        return SqlContractStore(self._connection, self._context.wrapper, self._context.tenant)

    @cached_property
    def lookup(self) -> Lookup:
        """The tenant's keyed hash, and what follows from its key."""
        return Lookup(self._connection, self._context.wrapper, self._context.tenant)

    @cached_property
    def documents(self) -> SqlDocumentStore:
        """Revisions of documents, and whose turn it is to append one."""
        return SqlDocumentStore(self._connection)

    @cached_property
    def sign_sessions(self) -> SqlSessionStore:
        """Sign sessions, and what was proven in them."""
        return SqlSessionStore(self._connection, self._context.wrapper, self._context.tenant)

    @cached_property
    def sealed_contracts(self) -> SqlSealedContracts:
        """The contracts' sealed values, for the rotation of the master key."""
        return SqlSealedContracts(self._connection)

    @cached_property
    def seals(self) -> SqlSealStore:
        """Seals, authorisations of silent signing, ledgers of uses."""
        return SqlSealStore(self._connection, self._context.wrapper, self._context.tenant)

    @cached_property
    def sealed_seals(self) -> SqlSealedSeals:
        """The seals' sealed values, for the rotation of the master key."""
        return SqlSealedSeals(self._connection)

    @cached_property
    def callers(self) -> CallerStore:
        """Programs that may call."""
        return CallerStore(self._connection, self._context.wrapper, self._context.tenant)

    @cached_property
    def answers(self) -> AnswerStore:
        """Answers kept for retries."""
        return AnswerStore(self._connection, self._context.wrapper)


class Database:
    """Opens units of work on one database."""

    def __init__(self, engine: sa.Engine, context: Context) -> None:
        self.engine = engine
        self._context = context

    @contextmanager
    def __call__(self) -> Iterator[Unit]:
        """One transaction: committed when the block ends well, then told to the watermark.

        Raises `StoreUnavailable` when the database fails, `OutcomeUnknown` when it is lost during the
        commit; the block's own errors pass unchanged.
        """
        committing = False
        try:
            with self.engine.begin() as connection:
                unit = Unit(connection, self._context)
                yield unit
                committing = True
        except DBAPIError as error:
            if not _is_of_the_store(error):
                raise
            kind = OutcomeUnknown if committing and error.connection_invalidated else StoreUnavailable
            raise kind(_reason(error)) from error
        if unit.log.heads:
            self._context.watermark.advance(unit.log.heads)

    @contextmanager
    def reading(self) -> Iterator[Unit]:
        """One consistent view that waits for no writer; nothing done in it is kept."""
        try:
            with self.engine.connect().execution_options(**{READING: True}) as connection:
                yield Unit(connection, self._context)
        except DBAPIError as error:
            if not _is_of_the_store(error):
                raise
            raise StoreUnavailable(_reason(error)) from error


def _is_of_the_store(error: DBAPIError) -> bool:
    """Whether the database fails, and not what was asked of it: SQLite has no class for a damaged file."""
    failures = OperationalError, InterfaceError, InternalError
    return isinstance(error, failures) or type(error) is DatabaseError


def _reason(error: DBAPIError) -> str:
    return str(error.orig).strip().splitlines()[0]
