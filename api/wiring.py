"""The composition root: everything built from the settings, and nowhere else."""

from __future__ import annotations

import base64
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cached_property
from importlib.metadata import version

from api.boot import boot_id
from api.contracting import Contracting
from api.db import Context, Database
from api.documentkey import document_key
from api.engine import open_engine
from api.errors import NotInitialised
from api.executing import Executing
from api.fonts import font_folders
from api.outside import Party, named_account, simulated_account
from api.readiness import Probe
from api.sandbox import is_sandbox
from api.schema import require_head
from api.settings import Settings, variable
from api.simulator.desk import Desk
from api.simulator.inprocess import InProcess
from api.stamping import Timestamping
from ca.adapters.database_clock import DatabaseClock
from ca.adapters.journal import FileRevocationJournal
from ca.adapters.ntp import NtpQuorum
from ca.approval import DualControl
from ca.certify import Certifier
from ca.clockguard import HostClock
from ca.clocksample import MAX_OFFSET_MS, TimeSource
from ca.deeplint import DeepLinter
from ca.errors import NotFound
from ca.export import Export
from ca.hierarchy import Hierarchy
from ca.issue import Issuance
from ca.journal import check_journal
from ca.publish import CrlPolicy, CrlPublisher
from ca.respond import OcspPolicy, OcspResponder
from ca.revoke import Revocations
from ca.start import Started, start
from evidence.adapters.system_clock import SystemClock
from evidence.adapters.watermark import FileWatermark
from evidence.clock import Clock
from evidence.event import Source, TenantId
from evidence.restore import check_not_behind
from keys.adapters.master_file import read_lines, read_master_keys
from keys.adapters.pkcs11 import Pkcs11Custody
from keys.adapters.software import SoftwareCustody
from keys.adapters.token import Token
from keys.adapters.token_master import TokenMasterKeys
from keys.master import parse_master_keys
from keys.open import OpenSigners
from keys.ports import Custody
from keys.suites import Suite
from keys.wrapping import SECRET_SIZE, MasterKey, MasterKeyRing
from signing.adapters.blob_cipher import BlobCipher
from signing.adapters.blobs import FileBlobStore
from signing.adapters.fonts import FontShelf, open_fonts
from signing.adapters.gateway import Gateway
from signing.adapters.identity_http import HttpIdentityProvider
from signing.adapters.identity_none import NoIdentityProvider
from signing.adapters.message_http import HttpMessageSender
from signing.adapters.message_none import NoMessageSender
from signing.adapters.seal_fonts import open_typeface
from signing.adapters.seal_png import render_png as render_png  # noqa: PLC0414  (for the commands)
from signing.adapters.timestamp_authority import InProcessTimestamps
from signing.adapters.typst import TypstRenderer
from signing.adapters.validation_authority import AuthorityValidation
from signing.draw_up import DrawingUp
from signing.errors import TimestampUnavailable
from signing.identity import IdentityProvider
from signing.message import MessageSender
from signing.outline import Typeface
from signing.ports import TimestampSource, ValidationSource
from signing.render import Renderer
from signing.seal_authorise import SealAuthorisations
from signing.seal_registry import SealRegistry
from signing.template import load_templates

JOURNAL_FILE = "revocations.jsonl"
WATERMARK_FILE = "watermark.json"
DOCUMENTS_FOLDER = "documents"
SYSTEM = "xinqian"


def system_clock() -> Clock:
    """The host's clock."""
    return SystemClock()


def drawing_typeface(settings: Settings, *, bold: bool) -> Typeface:
    """As `Centre.typeface`, for commands that need no database."""
    return open_typeface(open_fonts(font_folders(settings)), bold=bold)


def deep_linter() -> DeepLinter:
    """Another make's linter: pkilint."""
    from ca.adapters.pkilint import Pkilint  # noqa: PLC0415  (a third of a second that serving needs not)

    return Pkilint()


class Centre:
    """The wired application: each part is made when first asked for, and kept."""

    def __init__(self, settings: Settings, clock: Clock, database: Database, ring: MasterKeyRing) -> None:
        self.settings = settings
        self.clock = clock
        self.database = database
        self.ring = ring
        self._gateways: list[Gateway] = []

    @cached_property
    def software(self) -> SoftwareCustody:
        """Keys sealed under the master key."""
        return SoftwareCustody(self.ring)

    @cached_property
    def custody(self) -> Custody:
        """Where new keys are made."""
        return self.signers.custody_named(self.settings.custody)

    @cached_property
    def signers(self) -> OpenSigners:
        """Opens keys in every custody that is configured."""
        return OpenSigners(self.custodies.values())

    @cached_property
    def custodies(self) -> dict[str, Custody]:
        """Every custody that is configured, by name."""
        found: dict[str, Custody] = {self.software.name: self.software}
        library, token = self.settings.pkcs11_library, self.settings.pkcs11_token
        if library is not None and token is not None:
            found[Pkcs11Custody.name] = Pkcs11Custody.on(str(library), token, self.settings.pin())
        return found

    @cached_property
    def crl_policy(self) -> CrlPolicy:
        """Where CRLs are found and when they are made."""
        return CrlPolicy(self.settings.base_url)

    @cached_property
    def journal(self) -> FileRevocationJournal:
        """The revocation journal beside the database."""
        return FileRevocationJournal(self.settings.state_dir / JOURNAL_FILE)

    @cached_property
    def publisher(self) -> CrlPublisher:
        """Makes CRLs."""
        return CrlPublisher(self.database, self.signers, self.clock, self.crl_policy)

    @cached_property
    def responder(self) -> OcspResponder:
        """Answers OCSP requests."""
        return OcspResponder(self.database, self.signers, self.clock, OcspPolicy())

    @cached_property
    def issuance(self) -> Issuance:
        """Issues certificates."""
        return Issuance(self.database, self.signers, self.clock, self.crl_policy)

    @cached_property
    def revocations(self) -> Revocations:
        """Revokes certificates."""
        return Revocations(self.database, self.journal, self.clock)

    @cached_property
    def export(self) -> Export:
        """Exports everything issued and refused."""
        return Export(self.database, self.certifier, self.signers, self.clock)

    @cached_property
    def certifier(self) -> Certifier:
        """Certifies keys of the system's own, each judged by pkilint before it is signed."""
        base_url = self.settings.base_url
        return Certifier(self.signers, self.custodies, base_url, deep_linter())

    @cached_property
    def hierarchy(self) -> Hierarchy:
        """Changes to the hierarchy."""
        return Hierarchy(self.database, self.certifier, self.clock)

    @cached_property
    def timestamping(self) -> Timestamping:
        """The timestamp authorities of both suites, behind one clock guard."""
        sources: list[TimeSource] = [self._reference()]
        if self.database.engine.dialect.name == "postgresql":
            sources.append(DatabaseClock(self.database.engine, self.clock))
        name = f"{socket.gethostname()}/{os.getpid()}"
        return Timestamping(self.database, self.signers, self.clock, sources, name, boot_id())

    def _reference(self) -> TimeSource:
        servers = self.settings.ntp_servers
        if not servers:
            return HostClock()
        return NtpQuorum(servers, self.clock, max_offset_ms=MAX_OFFSET_MS)

    @cached_property
    def blobs(self) -> FileBlobStore:
        """Documents, as encrypted files beside the database."""
        cipher = BlobCipher(lambda: document_key(self.database))
        return FileBlobStore(self.settings.state_dir / DOCUMENTS_FOLDER, cipher)

    @cached_property
    def contracts(self) -> Contracting:
        """What is done with contracts."""
        return Contracting(
            self.database,
            self.blobs,
            self.clock,
            provider=self.identity_provider,
            sender=self.message_sender,
        )

    @cached_property
    def executing(self) -> Executing:
        """What signs."""
        return Executing(self)

    @cached_property
    def validation(self) -> ValidationSource:
        """Chains and revocation status of what this installation issued."""
        return AuthorityValidation(self.database, self.responder, self.clock)

    def timestamps(self, suite: Suite) -> TimestampSource:
        """The suite's timestamp authority, recorded as asked by us; raises `TimestampUnavailable`."""
        try:
            return InProcessTimestamps(self.timestamping.authority(suite), SYSTEM)
        except NotFound as error:
            raise TimestampUnavailable(str(error)) from error

    @cached_property
    def drawing_up(self) -> DrawingUp:
        """Makes contracts."""
        return DrawingUp(
            self.database, self.blobs, self.renderer, load_templates(), self.typeface(), self.clock
        )

    @cached_property
    def renderer(self) -> Renderer:
        """Makes PDFs of templates."""
        return TypstRenderer(self.fonts)

    @cached_property
    def identity_provider(self) -> IdentityProvider:
        """Who confirms identities."""
        gateway = self._gateway("identity")
        return NoIdentityProvider() if gateway is None else HttpIdentityProvider(gateway)

    @cached_property
    def message_sender(self) -> MessageSender:
        """Who sends short messages."""
        gateway = self._gateway("message")
        return NoMessageSender() if gateway is None else HttpMessageSender(gateway)

    @cached_property
    def simulator(self) -> Desk | None:
        """The simulator in this process, for parties that are not named; None where nothing is simulated."""
        if not self.settings.simulator and not is_sandbox(self.database):
            return None
        return Desk(self._simulator_secret, self.clock)

    @cached_property
    def _simulator_secret(self) -> bytes:
        return secrets.token_bytes(SECRET_SIZE)

    def _gateway(self, party: Party) -> Gateway | None:
        account, transport = named_account(self.settings, party), None
        if account is None and self.simulator is not None:
            account, transport = simulated_account(self._simulator_secret), InProcess(self.simulator)
        if account is None:
            return None
        self._gateways.append(Gateway(account, self.clock, transport=transport))
        return self._gateways[-1]

    def close(self) -> None:
        """End the connections to outside parties."""
        for opened in self._gateways:
            opened.close()

    @cached_property
    def fonts(self) -> FontShelf:
        """The Chinese fonts; raises `ProviderUnavailable` where there are none."""
        return open_fonts(font_folders(self.settings))

    def typeface(self, *, bold: bool = False) -> Typeface:
        """What seals (bold) and signatures are drawn with; opened once a process."""
        return open_typeface(self.fonts, bold=bold)

    @cached_property
    def seal_registry(self) -> SealRegistry:
        """Seals, and who may change what of them."""
        return SealRegistry(self.database, self.clock)

    @cached_property
    def seal_authorisations(self) -> SealAuthorisations:
        """Under what an organisation's seal is set by the system alone."""
        return SealAuthorisations(self.database, self.clock)

    @cached_property
    def dual_control(self) -> DualControl:
        """Plans and approvals."""
        return DualControl(self.database, self.clock)

    def start(self) -> Started:
        """Judge and put in order what the last run left; recorded. See `ca.start.start`."""
        return start(self.database, self.journal, self.watermark, self.signers, self.issuance, self.clock)

    def check_start(self) -> None:
        """The part of it that every command asks for: no database older than what lies beside it."""
        with self.database.reading() as unit:
            check_not_behind(unit.events, self.watermark)
        check_journal(self.database, self.journal)

    @cached_property
    def watermark(self) -> FileWatermark:
        """The newest heads of the log, beside the database."""
        return FileWatermark(self.settings.state_dir / WATERMARK_FILE)

    @cached_property
    def probe(self) -> Probe:
        """Asks whether requests can be served."""
        return Probe(self.database, self.signers, self.timestamping, self.clock)


@contextmanager
def open_centre(settings: Settings) -> Iterator[Centre]:
    """The application on a database at this version's schema.

    Raises `NotInitialised`, `SchemaBehind`, `StoreUnavailable`, `keys.errors.MasterKeyInvalid`;
    `evidence.errors.LogBehind` and `ca.errors.RegistryBehind` for a database restored from a backup.
    """
    ring = master_key_ring(settings)
    with bare_centre(settings, ring) as centre:
        require_head(centre.database.engine)
        centre.check_start()
        yield centre


@contextmanager
def bare_centre(settings: Settings, ring: MasterKeyRing) -> Iterator[Centre]:
    """The application, nothing asked of it: for the commands that make or mend an installation."""
    clock = SystemClock()
    engine = open_engine(settings.database)
    context = Context(
        clock=clock,
        source=Source(SYSTEM, socket.gethostname(), version("xinqian")),
        tenant=TenantId(settings.tenant),
        wrapper=ring,
        watermark=FileWatermark(settings.state_dir / WATERMARK_FILE),
    )
    try:
        with closing(Centre(settings, clock, Database(engine, context), ring)) as centre:
            yield centre
    finally:
        engine.dispose()


def master_key_ring(settings: Settings) -> MasterKeyRing:
    """The master keys that the settings name; raises `MasterKeyInvalid`, `NotInitialised`."""
    if settings.master_key is None and settings.master_key_file is None and not settings.key_file.exists():
        raise NotInitialised(str(settings.state_dir))

    def read() -> tuple[MasterKey, ...]:
        if settings.master_key is not None:
            return parse_master_keys(settings.master_key.get_secret_value(), variable("master_key"))
        if (sealed := _sealed_by_token(settings)) is not None:
            return sealed.open(read_lines(settings.key_file))
        return read_master_keys(settings.key_file)

    return MasterKeyRing(*read(), reread=read)


def new_master_key_line(settings: Settings, *, first: bool) -> bytes:
    """A new master secret as the master key file holds it: sealed by the token's key where one is named.

    The `first` one has that key made. Raises `MasterKeyInvalid`, `CustodyUnavailable`.
    """
    secret = secrets.token_bytes(SECRET_SIZE)
    sealed = _sealed_by_token(settings)
    if sealed is None:
        return base64.b64encode(secret) + b"\n"
    if first:
        sealed.make_key()
    return sealed.seal(secret).encode() + b"\n"


def _sealed_by_token(settings: Settings) -> TokenMasterKeys | None:
    library, token, label = settings.pkcs11_library, settings.pkcs11_token, settings.master_key_label
    if library is None or token is None or label is None:
        return None
    return TokenMasterKeys(Token(str(library), token, settings.pin()), label)
