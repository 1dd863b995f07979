"""Draw up a contract: its document rendered or taken, every field placed, all of it stored at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime

from ca.order import Requester
from evidence.canonical import JSON
from evidence.clock import Clock, rfc3339
from evidence.digest import DigestPair
from evidence.event import Draft, EventType
from signing.assemble import digests_of
from signing.contract import Contract, ContractId, ContractOrder, check_order, new_identifier
from signing.contract_ports import SigningUnits
from signing.contract_record import draft, party_facts, revision_facts
from signing.document import DocumentId, Revision, RevisionKind
from signing.errors import DocumentRefused, PlacementInvalid, Refused, ValuesInvalid
from signing.execute_stamp import shown_name, try_stamp
from signing.form import Form
from signing.intent import ROLE_ZH
from signing.outline import Typeface
from signing.party import (
    Party,
    PartyId,
    PartyKind,
    PartyOrder,
    PartyState,
    SignaturePlace,
    Spot,
    check_party,
    profile_of,
)
from signing.pdf.prepare import FieldPlan, Prepared, prepare
from signing.pdf.repair import repair
from signing.pdf.source import open_source
from signing.place import Anchor, AnchorPlace, Box, Keyword, Place
from signing.ports import BlobStore
from signing.render import Renderer
from signing.revise import next_revision
from signing.seal import SealId
from signing.seal_drawing import Drawing
from signing.seal_registry import drawing_of
from signing.stamp import Size, compose_placeholder
from signing.template import Templates
from signing.transition import ContractState, move_contract

REPAIRABLE = frozenset({"broken", "hybrid", "circular"})


@dataclass(frozen=True, slots=True)
class Manuscript:
    """A document before its fields: the octets, where they came from, and what people are to be told."""

    data: bytes
    kind: RevisionKind
    anchors: Mapping[str, AnchorPlace]
    source: Mapping[str, JSON]
    notes: tuple[str, ...]


class DrawingUp:
    """Makes contracts. Everything that can be refused is refused before anything is stored."""

    def __init__(
        self,
        units: SigningUnits,
        blobs: BlobStore,
        renderer: Renderer,
        templates: Templates,
        face: Typeface,
        clock: Clock,
    ) -> None:
        self._units = units
        self._blobs = blobs
        self._renderer = renderer
        self._templates = templates
        self._face = face
        self._clock = clock

    def draw_up(self, order: ContractOrder, requester: Requester) -> Contract:
        """The contract, PREPARED; its notes say what was changed about an uploaded file.

        Raises `ValuesInvalid` and `GlyphMissing` naming the field, `Refused`, `DocumentRefused` with the
        reason, `PlacementInvalid`, `FieldInvalid`, `TemplateInvalid`, `NotFound` for a template or a seal,
        `StateInvalid` for a number that is taken.
        """
        #   1. what is asked for can be a contract at all
        #   2. the document: rendered, or taken and where need be repaired
        #   3. every field placed, in one revision before anybody signs
        #   4. octets to the blob store, on stable storage
        #   5. rows and events in one transaction
        now = self._clock.now()
        expires_at = check_order(order, now)  # 1
        orders = tuple(check_party(one, f"parties[{at}]") for at, one in enumerate(order.parties))
        for at, one in enumerate(orders):
            self._face.require(one.particulars.name, f"parties[{at}].name")
            if one.agent is not None:
                self._face.require(one.agent.particulars.name, f"parties[{at}].agent.name")
        manuscript = self._manuscript(order, now)  # 2
        orders = tuple(_placed(one, manuscript, f"parties[{at}]") for at, one in enumerate(orders))
        names = [[f"party{at + 1}-{n + 1}" for n in range(len(one.places))] for at, one in enumerate(orders)]
        with closing(open_source(manuscript.data)) as source:  # 3
            plans = [
                self._plan(one, place, name, manuscript.anchors)
                for one, mine in zip(orders, names, strict=True)
                for place, name in zip(one.places, mine, strict=True)
            ]
            prepared = prepare(source, plans, manuscript.anchors)
            pages = source.page_count
        contract_id = ContractId(new_identifier(now))
        document_id = DocumentId(new_identifier(now))
        revisions = self._store(document_id, manuscript, prepared, now)  # 4
        notes = tuple(dict.fromkeys((*manuscript.notes, *prepared.notes)))
        draft_contract = Contract(
            contract_id=contract_id,
            number=order.number,
            title=order.title,
            suite=order.suite,
            terms=order.terms,
            state=ContractState.DRAFT,
            document_id=document_id,
            parties=(),
            created_at=now,
            expires_at=expires_at,
            source=manuscript.source,
            kind=order.kind,
            notes=notes,
        )
        with self._units() as unit:  # 5
            spots = {one.name: Spot(one.name, one.page, one.rect) for one in prepared.fields}
            parties = tuple(
                _party(one, [spots[name] for name in mine], unit.contracts.pseudonym, now, order.parallel)
                for one, mine in zip(orders, names, strict=True)
            )
            state = move_contract(draft_contract.state, ContractState.PREPARED, "prepare")
            contract = replace(draft_contract, parties=parties, state=state)
            unit.contracts.add(contract)
            for revision in revisions:
                unit.documents.add(revision)
            unit.log.append(_events(contract, revisions, prepared, pages, requester, now))
        return contract

    def _manuscript(self, order: ContractOrder, at: datetime) -> Manuscript:
        if order.file is not None:
            return take(order.file)
        if order.template is None:
            raise ValuesInvalid("template", "is needed")
        version = self._templates.get(order.template.name, order.template.version)
        rendered = self._renderer.render(version, order.values, at=at)
        _require_same_people(order)
        anchors = {one.name: one for one in rendered.anchors}
        return Manuscript(rendered.pdf, RevisionKind.RENDERED, anchors, rendered.record, ())

    def _plan(
        self, party: PartyOrder, place: SignaturePlace, name: str, anchors: Mapping[str, AnchorPlace]
    ) -> FieldPlan:
        role = ROLE_ZH[party.role]
        tooltip = f"{role}签名"
        drawing = None if place.seal is None else self._drawing(SealId(place.seal), party)
        if party.silent and drawing is None:
            raise Refused("seal", "is named by no place of the party")
        if place.cross_page is not None:
            if drawing is None:
                raise PlacementInvalid(name, "a seal across pages needs a seal")
            return FieldPlan(name, None, None, tooltip, place.cross_page, drawing.form)
        placeholder: Form | None = None
        if place.place is not None:
            size = _size(place.place, anchors, name)
            agent = None if party.agent is None else party.agent.particulars
            shown = shown_name(party.particulars, agent)
            try_stamp(shown, size, self._face, drawing, self._clock.now(), name)
            placeholder = compose_placeholder(role, party.particulars.name, size, self._face, field=name)
        return FieldPlan(name, place.place, placeholder, tooltip)

    def _drawing(self, seal_id: SealId, party: PartyOrder) -> Drawing:
        own = party.particulars.id_number
        with self._units() as unit:  # the first pseudonym of a tenant has its key made
            owner = unit.contracts.pseudonym(own) if party.kind is PartyKind.PERSON else own
            seal = unit.seals.get(seal_id)
            seal.require_usable(self._clock.now())
            if seal.owner != owner:
                raise Refused("seal", "is not the party's own")
            return drawing_of(unit, seal)

    def _store(
        self, document_id: DocumentId, manuscript: Manuscript, prepared: Prepared, at: datetime
    ) -> tuple[Revision, Revision]:
        first = Revision(
            document_id=document_id,
            number=0,
            kind=manuscript.kind,
            offset=0,
            length=len(manuscript.data),
            digests=DigestPair.of(manuscript.data),
            blob=self._blobs.put(manuscript.data),
            field=None,
            at=at,
        )
        second = next_revision(
            first,
            RevisionKind.PREPARED,
            prepared.data,
            digests_of((manuscript.data, prepared.data)),
            self._blobs.put(prepared.data),
            at,
        )
        return first, second


def take(data: bytes) -> Manuscript:
    """An uploaded PDF; one that is merely broken is rewritten, and the notes say so.

    Raises `DocumentRefused` with the reason.
    """
    received = DigestPair.of(data)
    notes: tuple[str, ...] = ()
    try:
        with closing(open_source(data)) as source:
            notes = source.notes
            if source.signatures:
                notes = (*notes, f"came with {len(source.signatures)} signatures, which nobody judged")
    except DocumentRefused as refused:
        if refused.cause not in REPAIRABLE:
            raise
        repaired = repair(data)
        data, notes = repaired.data, repaired.notes
    facts: dict[str, JSON] = {"upload": received.as_json(), "repaired": DigestPair.of(data) != received}
    return Manuscript(data, RevisionKind.UPLOADED, {}, facts, notes)


def _require_same_people(order: ContractOrder) -> None:
    """Whom the text names in a role is who signs in it; raises `ValuesInvalid` naming the value."""
    for role in {one.role for one in order.parties}:
        name = role.value.replace("-", "_")
        told = order.values.get(name)
        if not isinstance(told, Mapping):
            continue
        who = [one.particulars for one in order.parties if one.role is role]
        if told.get("name") not in {one.name for one in who}:
            raise ValuesInvalid(f"{name}.name", "is not the name of a party in this role")
        number = told.get("id_number", told.get("credit_code"))
        if number is not None and number not in {one.id_number for one in who}:
            raise ValuesInvalid(name, "has another identity number than the party in this role")


def _placed(order: PartyOrder, manuscript: Manuscript, field: str) -> PartyOrder:
    """With the place that the template keeps for the role, where none was asked for."""
    if order.places:
        return order
    kept = order.role.value.replace("-", "_")
    if kept not in manuscript.anchors:
        raise ValuesInvalid(f"{field}.fields", "are needed: the document keeps no place for this role")
    return replace(order, places=(SignaturePlace(Anchor(kept)),))


def _size(place: Place, anchors: Mapping[str, AnchorPlace], name: str) -> Size:
    if isinstance(place, Box):
        return Size(place.rect.width, place.rect.height)
    if isinstance(place, Keyword):
        return Size(place.width, place.height)
    if place.name not in anchors:
        raise PlacementInvalid(name, f"the document has no anchor named {place.name}")
    rect = anchors[place.name].rect
    return Size(rect.width, rect.height)


def _party(
    order: PartyOrder,
    spots: Sequence[Spot],
    pseudonym: Callable[[str], str],
    at: datetime,
    parallel: bool,  # noqa: FBT001  (as the order says)
) -> Party:
    signer = order.particulars if order.agent is None else order.agent.particulars
    return Party(
        party_id=PartyId(new_identifier(at)),
        role=order.role,
        kind=order.kind,
        particulars=order.particulars,
        agent=order.agent,
        order=1 if parallel else order.order,
        places=order.places,
        spots=tuple(spots),
        silent=order.silent,
        profile=profile_of(order),
        state=PartyState.PENDING,
        pseudonym=pseudonym(signer.id_number),
    )


def _events(
    contract: Contract,
    revisions: Sequence[Revision],
    prepared: Prepared,
    pages: int,
    requester: Requester,
    at: datetime,
) -> list[Draft]:
    made, ready = revisions
    generated: dict[str, JSON] = {
        **contract.source,
        "expires_at": rfc3339(contract.expires_at),
        "notes": list(contract.notes),
        "pages": pages,
        "parties": [party_facts(one) for one in contract.parties],
        "revision": revision_facts(made),
        "suite": contract.suite.value,
    }
    personal: dict[str, JSON] = {
        "number": contract.number,
        "parties": [
            {"name": one.particulars.name, "party": one.party_id, "signer": one.signer.name}
            for one in contract.parties
        ],
        "terms": {"amount_fen": contract.terms.amount, "rate_bp": contract.terms.rate_bp},
        "title": contract.title,
    }
    placed: list[JSON] = [{"field": one.name, "page": one.page} for one in prepared.fields]
    actor = requester.actor
    return [
        draft(EventType.CONTRACT_GENERATED, contract, actor, at, generated, personal=personal),
        draft(EventType.DOCUMENT_PREPARED, contract, actor, at, {**revision_facts(ready), "fields": placed}),
    ]
