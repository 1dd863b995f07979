"""The registry of seals: a second person, signatures that serve once, counted uses, and what is recorded."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from ca.approval import PROPOSAL_LIFETIME
from evidence.event import CaseId
from signing.errors import (
    AuthorisationMissing,
    DocumentUnavailable,
    NotFound,
    Refused,
    StateInvalid,
    ValuesInvalid,
)
from signing.seal import SealFilter, SealId, SealState
from signing.seal_apply import apply_seal
from signing.seal_registry import drawing_of, seal_case
from signing.seal_use import check_ledger
from tests.support.authority import Administrator
from tests.support.clock import NOON
from tests.support.seals import (
    YEAR,
    Registered,
    a_drawing,
    a_grant,
    a_persons_order,
    an_application,
    an_order,
    open_registry,
    silently,
)


@pytest.fixture
def registered(engine: sa.Engine, tmp_path: Path) -> Registered:
    return open_registry(engine, tmp_path)


@dataclass(frozen=True, slots=True)
class Recorder:
    """An administrator whose signatures are kept."""

    one: Administrator
    made: list[bytes]

    @property
    def name(self) -> str:
        return self.one.name

    def sign(self, data: bytes) -> bytes:
        self.made.append(self.one.sign(data))
        return self.made[-1]


@dataclass(frozen=True, slots=True)
class Replayed:
    """A signature made before, or under another's name."""

    name: str
    signature: bytes

    def sign(self, data: bytes) -> bytes:
        return self.signature


def test_a_seal_lives_its_life_and_every_step_is_recorded(registered: Registered) -> None:
    registry, first, second = registered.registry, registered.first, registered.second
    seal_id = registered.active()
    registry.suspend(seal_id, first, "lost for an hour")
    registry.resume(seal_id, second)
    registry.revoke(seal_id, second, "replaced")
    found = registered.events(seal_case(seal_id))
    assert [kind for kind, _ in found] == ["SEAL_REGISTERED", *["SEAL_STATE_CHANGED"] * 4]
    assert [(one["from"], one["to"]) for _, one in found[1:]] == [
        ("proposed", "active"),
        ("active", "suspended"),
        ("suspended", "active"),
        ("active", "revoked"),
    ]
    assert all(len(str(one["signature"])) > 100 for _, one in found)
    assert found[0][1]["digest"] == registry.get(seal_id).digests.as_json()
    for act in (registry.approve, registry.suspend, registry.resume, registry.revoke):
        with pytest.raises(StateInvalid, match="revoked"):
            act(seal_id, second)


def test_who_proposed_it_never_approves_it(registered: Registered) -> None:
    registry, first = registered.registry, registered.first
    seal = registry.propose(registry.prepare(an_order()), first)
    with pytest.raises(Refused, match="first cannot approve"):
        registry.approve(seal.seal_id, first)
    assert registry.get(seal.seal_id).state is SealState.PROPOSED
    assert [kind for kind, _ in registered.events(seal_case(seal.seal_id))] == ["SEAL_REGISTERED"]


def test_who_suspended_it_does_not_resume_it(registered: Registered) -> None:
    seal_id = registered.active()
    registered.registry.suspend(seal_id, registered.second)
    with pytest.raises(Refused, match="second cannot resume"):
        registered.registry.resume(seal_id, registered.second)
    with pytest.raises(Refused, match="not what follows"):
        registered.registry.approve(seal_id, registered.first)
    assert registered.registry.resume(seal_id, registered.first).state is SealState.ACTIVE


def test_a_signature_serves_for_one_act_once(registered: Registered) -> None:
    registry = registered.registry
    seal_id = registered.active()
    recorder = Recorder(registered.first, [])
    registry.suspend(seal_id, recorder)
    registry.resume(seal_id, registered.second)
    with pytest.raises(Refused, match="not first's over this act"):
        registry.suspend(seal_id, Replayed("first", recorder.made[0]))
    with pytest.raises(Refused):
        registry.revoke(seal_id, Replayed("second", registered.first.sign(b"anything")))
    with pytest.raises(NotFound, match="stranger"):
        registry.revoke(seal_id, Administrator.of("stranger"))
    assert registry.get(seal_id).state is SealState.ACTIVE


def test_what_was_signed_is_the_only_thing_registered(registered: Registered) -> None:
    registry = registered.registry
    proposed = registry.prepare(an_order())
    signature = registered.first.sign(proposed.message)
    other = registry.prepare(an_order(drawing=a_drawing("another")))
    with pytest.raises(Refused):
        registry.propose(other, Replayed("first", signature))
    assert registry.propose(proposed, Replayed("first", signature)).state is SealState.PROPOSED


def test_an_old_proposal_has_to_be_made_anew(registered: Registered) -> None:
    registry = registered.registry
    seal = registry.propose(registry.prepare(an_order()), registered.first)
    registered.clock.advance(seconds=PROPOSAL_LIFETIME.total_seconds() + 1)
    with pytest.raises(Refused, match="too long ago"):
        registry.approve(seal.seal_id, registered.second)


def test_what_cannot_be_proposed_is_named(registered: Registered) -> None:
    with pytest.raises(ValuesInvalid, match="is over"):
        registered.registry.prepare(an_order(valid_from=NOON - YEAR, valid_until=NOON))
    with pytest.raises(DocumentUnavailable):
        registered.registry.prepare(an_order(drawing=b"{}"))
    with pytest.raises(ValuesInvalid, match="reason"):
        registered.registry.suspend(registered.active(), registered.first, "x" * 501)


def test_a_seal_whose_time_is_over_expires(registered: Registered) -> None:
    seal_id = registered.active()
    revoked = registered.active()
    registered.registry.revoke(revoked, registered.first)
    registered.clock.advance(days=364)
    assert registered.registry.expire() == []
    registered.clock.advance(days=1)
    assert registered.registry.get(seal_id).state is SealState.EXPIRED
    assert registered.registry.find(SealFilter(state=SealState.ACTIVE)) == []
    assert [one.seal_id for one in registered.registry.expire()] == [seal_id]
    assert registered.registry.expire() == []
    states = {one.seal_id: one.state for one in registered.registry.find(SealFilter())}
    assert states == {seal_id: SealState.EXPIRED, revoked: SealState.REVOKED}
    assert registered.events(seal_case(seal_id))[-1][1]["to"] == "expired"


def test_a_use_is_counted_chained_and_recorded(registered: Registered) -> None:
    seal_id = registered.active()
    authorisation = registered.authorised(seal_id)
    with registered.units() as unit:
        applied = [apply_seal(unit, silently(seal_id, authorisation), NOON) for _ in range(3)]
    uses = registered.registry.uses(seal_id)
    assert [one.number for one in uses] == [1, 2, 3]
    head = check_ledger(uses)
    kind, facts = registered.events("contract/contract-1")[-1]
    assert kind == "SEAL_APPLIED"
    assert facts == {
        "seal": seal_id,
        "owner": "91310000MA1FL0000X",
        "kind": "contract",
        "seal_digest": registered.registry.get(seal_id).digests.as_json(),
        "document_digest": silently(seal_id, authorisation).document.as_json(),
        "field": "lender-1",
        "positions": [[10, 300250, 120500, 119055, 119055]],
        "approver": "second",
        "authorisation": authorisation,
        "template": "personal-loan",
        "amount": 10_000_000,
        "number": 3,
        "entry": head.entry.hex(),
    }
    assert applied[-1].drawing.data == a_drawing()
    given = registered.authorisations.get(authorisation)
    assert (given.used, given.uses) == (30_000_000, 3)


def test_a_use_undone_leaves_nothing(registered: Registered) -> None:
    seal_id = registered.active()
    authorisation = registered.authorised(seal_id)

    def sign_and_fail() -> None:
        with registered.units() as unit:
            apply_seal(unit, silently(seal_id, authorisation), NOON)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        sign_and_fail()
    assert registered.registry.uses(seal_id) == []
    assert registered.authorisations.get(authorisation).used == 0
    assert registered.events("contract/contract-1") == []


def test_what_may_not_be_sealed_is_not(registered: Registered) -> None:
    seal_id = registered.active()
    other = registered.active()
    authorisation = registered.authorised(seal_id)
    person = registered.active(a_persons_order())
    refused = [
        an_application(seal_id, approver=""),
        an_application(seal_id, owner="91110000MA0000000Y"),
        silently(other, authorisation),
        silently(seal_id, authorisation, 20_000_001),
        silently(person, authorisation),
    ]
    for application in refused:
        with pytest.raises(AuthorisationMissing), registered.units() as unit:
            apply_seal(unit, application, NOON)
    registered.registry.suspend(seal_id, registered.first)
    for application in (an_application(seal_id), silently(seal_id, authorisation)):
        with pytest.raises(StateInvalid, match="suspended"), registered.units() as unit:
            apply_seal(unit, application, NOON)
    assert registered.registry.uses(seal_id) == registered.registry.uses(person) == []


def test_a_persons_seal_is_set_by_their_own_act_and_authorised_never(registered: Registered) -> None:
    person = registered.active(a_persons_order())
    with pytest.raises(AuthorisationMissing, match="natural person"):
        registered.authorisations.prepare(person, a_grant())
    with registered.units() as unit:
        own = an_application(person, owner="p-0001", approver="p-0001")
        assert apply_seal(unit, own, NOON).use.approver == "p-0001"


def test_an_authorisation_needs_a_second_person_and_can_be_ended(registered: Registered) -> None:
    seal_id = registered.active()
    offered = registered.authorisations.prepare(seal_id, a_grant())
    given = registered.authorisations.give(offered, registered.first)
    with pytest.raises(AuthorisationMissing, match="nobody approved"), registered.units() as unit:
        apply_seal(unit, silently(seal_id, given.authorisation_id), NOON)
    with pytest.raises(Refused, match="first cannot"):
        registered.authorisations.approve(given.authorisation_id, registered.first)
    registered.authorisations.approve(given.authorisation_id, registered.second)
    with registered.units() as unit:
        apply_seal(unit, silently(seal_id, given.authorisation_id), NOON)
    registered.authorisations.end(given.authorisation_id, registered.first)
    with pytest.raises(AuthorisationMissing), registered.units() as unit:
        apply_seal(unit, silently(seal_id, given.authorisation_id), NOON)
    with pytest.raises(StateInvalid):
        registered.authorisations.approve(given.authorisation_id, registered.second)
    found = [(kind, one.get("state")) for kind, one in registered.events(seal_case(seal_id))[2:]]
    assert found == [
        ("SEAL_AUTHORISED", "proposed"),
        ("SEAL_AUTHORISED", "active"),
        ("SEAL_AUTHORISATION_ENDED", None),
    ]


def test_a_seal_that_ended_is_not_authorised(registered: Registered) -> None:
    seal_id = registered.active()
    offered = registered.authorisations.prepare(seal_id, a_grant())
    registered.registry.revoke(seal_id, registered.second)
    with pytest.raises(StateInvalid, match="revoked"):
        registered.authorisations.give(offered, registered.first)


def test_the_total_holds_when_all_use_it_at_once(registered: Registered) -> None:
    """Of eight uses of 10 million at once, five fit into 50 million; the ledger has no gap and no fork."""
    seal_id = registered.active()
    authorisation = registered.authorised(seal_id)

    def use(number: int) -> bool:
        try:
            with registered.units() as unit:
                apply_seal(unit, silently(seal_id, authorisation), NOON + timedelta(seconds=number))
        except AuthorisationMissing:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(use, range(8))) == 5
    given = registered.authorisations.get(authorisation)
    assert (given.used, given.uses) == (50_000_000, 5)
    assert check_ledger(registered.registry.uses(seal_id)).number == 5


def test_the_total_holds_for_the_store_alone(registered: Registered) -> None:
    """Without the seal being held, as two seals of one authorisation would not be."""
    authorisation = registered.authorised(registered.active())

    def count(_: int) -> bool:
        with registered.units() as unit:
            return unit.seals.count_use(authorisation, 7_000_000)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(count, range(10))) == 7
    assert registered.authorisations.get(authorisation).used == 49_000_000


def test_a_drawing_changed_in_the_database_is_not_shown(registered: Registered) -> None:
    seal_id = registered.active()
    with registered.units() as unit:
        wrapper = registered.units._context.wrapper
        forged = wrapper.wrap(a_drawing("forged"), b"signing/seal-drawing\0" + seal_id.encode())
        change = sa.text("UPDATE signing_seals SET drawing = :forged")
        unit._connection.execute(change, {"forged": forged})
    with pytest.raises(DocumentUnavailable, match="another drawing"):
        registered.registry.drawing(seal_id)
    with pytest.raises(DocumentUnavailable), registered.units() as unit:
        apply_seal(unit, an_application(seal_id), NOON)
    with registered.units.reading() as unit, pytest.raises(DocumentUnavailable):
        drawing_of(unit, unit.seals.get(seal_id))


def test_no_name_of_a_person_stands_in_the_evidence(registered: Registered) -> None:
    person = registered.active(a_persons_order())
    registered.registry.suspend(person, registered.first, "王小明 lost it")
    with registered.units.reading() as unit:
        found = unit.events.case(registered.units._context.tenant, CaseId(seal_case(SealId(person))))
        assert all("王" not in one.envelope.decode() for one in found)
        opened = [unit.log.open_payload(one) for one in found]
    values = [None if one is None else dict(one.fields) for one in opened]
    assert values == [{"label": "王小明"}, None, {"reason": "王小明 lost it"}]
