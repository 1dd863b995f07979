"""Silent signing: what an authorisation permits, at each of its boundaries; of persons nothing, ever."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from evidence.digest import DigestPair
from signing.authorisation import (
    MAX_CAP,
    MAX_LIFE,
    MAX_SCOPE,
    Authorisation,
    AuthorisationId,
    AuthorisationState,
    Grant,
    SilentUse,
    check,
    require_organisation,
)
from signing.errors import AuthorisationMissing, ValuesInvalid
from signing.seal import Seal, SealId, SealKind, SealState
from tests.support.clock import NOON
from tests.support.seals import BANK, YEAR, a_grant

SEAL = Seal(
    seal_id=SealId("seal-1"),
    owner=BANK,
    label="信签银行股份有限公司",
    kind=SealKind.CONTRACT,
    maker="maker",
    digests=DigestPair.of(b""),
    valid_from=NOON,
    valid_until=NOON + YEAR,
    state=SealState.ACTIVE,
    version=1,
    proposed_by="first",
    proposed_at=NOON,
    approved_by="second",
    changed_by="second",
    changed_at=NOON,
)
GIVEN = Authorisation(
    authorisation_id=AuthorisationId("authorisation-1"),
    seal_id=SEAL.seal_id,
    organisation=BANK,
    grant=a_grant(kinds=frozenset({"consent"})),
    state=AuthorisationState.ACTIVE,
    given_by="first",
    given_at=NOON,
    approved_by="second",
)
LOAN = SilentUse("personal-loan", 20_000_000)
TICK = timedelta(microseconds=1)


def refused(authorisation: Authorisation, seal: Seal, use: SilentUse, at: datetime) -> tuple[str, str]:
    with pytest.raises(AuthorisationMissing) as caught:
        check(authorisation, seal, use, at)
    return caught.value.field, caught.value.reason


@pytest.mark.parametrize("at", [NOON, NOON + YEAR / 2, NOON + YEAR - TICK])
@pytest.mark.parametrize(
    "use",
    [LOAN, SilentUse("personal-loan", 0), SilentUse("other", 1, "consent"), SilentUse("other", 0, "consent")],
)
def test_what_is_within_its_bounds_is_permitted(use: SilentUse, at: datetime) -> None:
    check(GIVEN, SEAL, use, at)


@pytest.mark.parametrize(
    ("at", "reason"), [(NOON - TICK, "not come"), (NOON + YEAR, "is over"), (NOON + YEAR + TICK, "is over")]
)
def test_its_time_begins_and_ends_to_the_microsecond(at: datetime, reason: str) -> None:
    field, said = refused(GIVEN, SEAL, LOAN, at)
    assert (field, reason in said) == ("authorisation", True)


@pytest.mark.parametrize(
    ("amount", "field"), [(20_000_001, "amount"), (-1, "amount"), (MAX_CAP * 2, "amount")]
)
def test_an_amount_over_the_cap_of_one_contract_is_refused(amount: int, field: str) -> None:
    assert refused(GIVEN, SEAL, replace(LOAN, amount=amount), NOON)[0] == field


def test_the_total_is_reached_and_not_exceeded() -> None:
    check(replace(GIVEN, used=30_000_000), SEAL, LOAN, NOON)
    field, reason = refused(replace(GIVEN, used=30_000_001), SEAL, LOAN, NOON)
    assert (field, "50000000" in reason) == ("amount", True)
    check(replace(GIVEN, used=50_000_000), SEAL, replace(LOAN, amount=0), NOON)
    check(replace(GIVEN, used=10**14, grant=replace(GIVEN.grant, total=None)), SEAL, LOAN, NOON)


@pytest.mark.parametrize("use", [SilentUse("guarantee", 1), SilentUse("", 1), SilentUse("personal-loan ", 1)])
def test_what_is_out_of_scope_is_refused(use: SilentUse) -> None:
    assert refused(GIVEN, SEAL, use, NOON)[0] == "scope"


def test_a_kind_is_no_template_and_no_kind_is_none() -> None:
    assert refused(GIVEN, SEAL, SilentUse("consent", 1), NOON)[0] == "scope"
    assert refused(GIVEN, SEAL, SilentUse("other", 1, "personal-loan"), NOON)[0] == "scope"


@pytest.mark.parametrize(
    "changed",
    [
        replace(GIVEN, state=AuthorisationState.PROPOSED, approved_by=None),
        replace(GIVEN, state=AuthorisationState.ENDED),
        replace(GIVEN, approved_by=None),
    ],
)
def test_what_nobody_else_approved_permits_nothing(changed: Authorisation) -> None:
    assert refused(changed, SEAL, LOAN, NOON)[0] == "authorisation"


@pytest.mark.parametrize(
    "changed", [replace(GIVEN, seal_id=SealId("seal-2")), replace(GIVEN, organisation="91110000MA0000000Y")]
)
def test_it_is_for_one_seal_of_one_organisation(changed: Authorisation) -> None:
    assert refused(changed, SEAL, LOAN, NOON)[0] == "seal"


@pytest.mark.parametrize("kind", [kind for kind in SealKind if kind.personal])
def test_a_natural_person_is_refused_always_and_the_rule_is_named(kind: SealKind) -> None:
    for seal in (replace(SEAL, kind=kind), replace(SEAL, kind=kind, owner="p-0001")):
        field, reason = refused(GIVEN, seal, LOAN, NOON)
        assert field == "seal"
        assert "natural person" in reason
        assert "article 13" in reason
        with pytest.raises(AuthorisationMissing):
            require_organisation(seal)


def test_persons_and_organisations_are_told_apart() -> None:
    assert {kind for kind in SealKind if kind.personal} == {SealKind.PERSON, SealKind.HANDWRITING}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"templates": frozenset()}, "scope"),
        ({"templates": frozenset(f"t{k}" for k in range(MAX_SCOPE + 1))}, "scope"),
        ({"templates": frozenset({""})}, "scope"),
        ({"kinds": frozenset({"x\n"})}, "scope"),
        ({"kinds": frozenset({"x" * 65})}, "scope"),
        ({"per_contract": 0}, "per_contract"),
        ({"per_contract": MAX_CAP + 1, "total": None}, "per_contract"),
        ({"total": 19_999_999}, "total"),
        ({"total": MAX_CAP + 1}, "total"),
        ({"valid_until": NOON}, "valid_until"),
        ({"valid_until": NOON + MAX_LIFE + TICK}, "valid_until"),
    ],
)
def test_a_grant_without_bounds_is_refused(changes: dict[str, object], field: str) -> None:
    with pytest.raises(ValuesInvalid) as caught:
        a_grant(**changes)
    assert caught.value.field == field


def test_the_widest_grant_is_taken() -> None:
    assert isinstance(a_grant(per_contract=MAX_CAP, total=MAX_CAP, valid_until=NOON + MAX_LIFE), Grant)
