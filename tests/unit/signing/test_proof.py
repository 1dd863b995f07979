"""Which proofs are enough, and for how long."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from signing.errors import ProofExpired, Refused
from signing.identity import Method
from signing.proof import (
    ORGANISATION_PROFILE,
    PERSON_PROFILE,
    IdentityProof,
    SigningProfile,
    conclude,
    identity_record,
    require_fresh_intent,
)
from tests.support.clock import NOON

ALLOWED = timedelta(seconds=PERSON_PROFILE.identity_max_age_s)


def proof(method: Method, at: datetime = NOON, **changes: object) -> IdentityProof:
    made = IdentityProof(method, "bureau", "ref-1", f"t-{method}", bytes(32), simulated=False, at=at)
    return replace(made, **changes)  # type: ignore[arg-type]  # by name


@pytest.mark.parametrize(
    "methods",
    [
        {Method.THREE_ELEMENTS},
        {Method.FOUR_ELEMENTS},
        {Method.FACE},
        {Method.TWO_ELEMENTS, Method.FACE},
    ],
)
def test_any_of_the_ways_is_enough(methods: set[Method]) -> None:
    concluded = conclude(PERSON_PROFILE, [proof(one) for one in methods], NOON)
    assert concluded.valid_until == NOON + ALLOWED
    assert concluded.assurance == (
        "high" if Method.FACE in {one.method for one in concluded.proofs} else "substantial"
    )


@pytest.mark.parametrize("methods", [set(), {Method.TWO_ELEMENTS}, {Method.ENTERPRISE}])
def test_less_is_not(methods: set[Method]) -> None:
    with pytest.raises(Refused) as refused:
        conclude(PERSON_PROFILE, [proof(one) for one in methods], NOON)
    assert not isinstance(refused.value, ProofExpired)


def test_the_oldest_proof_decides() -> None:
    old = NOON - ALLOWED + timedelta(seconds=1)
    proofs = [proof(Method.ENTERPRISE, old), proof(Method.THREE_ELEMENTS)]
    concluded = conclude(ORGANISATION_PROFILE, proofs, NOON)
    assert (concluded.verified_at, concluded.valid_until) == (old, NOON + timedelta(seconds=1))
    with pytest.raises(ProofExpired) as expired:
        conclude(ORGANISATION_PROFILE, proofs, NOON + timedelta(seconds=2))
    assert expired.value.field == "identity"


def test_a_fresh_way_is_taken_before_a_stale_one() -> None:
    proofs = [proof(Method.FACE, NOON - 2 * ALLOWED), proof(Method.THREE_ELEMENTS)]
    assert conclude(PERSON_PROFILE, proofs, NOON).methods == ("three-elements",)


def test_proof_given_again_counts_anew() -> None:
    proofs = [proof(Method.FACE, NOON - 2 * ALLOWED), proof(Method.FACE, NOON)]
    assert conclude(PERSON_PROFILE, proofs, NOON).verified_at == NOON


def test_an_intent_grows_old() -> None:
    allowed = timedelta(seconds=PERSON_PROFILE.intent_max_age_s)
    require_fresh_intent(PERSON_PROFILE, NOON, NOON + allowed)
    with pytest.raises(ProofExpired) as expired:
        require_fresh_intent(PERSON_PROFILE, NOON, NOON + allowed + timedelta(seconds=1))
    assert expired.value.field == "intent"


def test_one_simulated_proof_marks_the_whole() -> None:
    proofs = [proof(Method.ENTERPRISE, simulated=True), proof(Method.THREE_ELEMENTS)]
    concluded = conclude(ORGANISATION_PROFILE, proofs, NOON)
    record = identity_record(concluded, record_id="r", name="张三", pseudonym="p")
    assert record.simulated
    assert record.methods == ("enterprise", "three-elements")
    assert record.valid_until == NOON + ALLOWED


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"min_dwell_s": -1}, "profile.min_dwell_s"),
        ({"min_dwell_s": 901}, "profile.min_dwell_s"),
        ({"identity_max_age_s": 0}, "profile.identity_max_age_s"),
        ({"intent_max_age_s": 86_401}, "profile.intent_max_age_s"),
        ({"identity": (frozenset({Method.FACE}),)}, "profile.identity"),
    ],
)
def test_a_profile_has_bounds(changes: dict[str, object], field: str) -> None:
    with pytest.raises(Refused) as refused:
        replace(PERSON_PROFILE, **changes)  # type: ignore[arg-type]  # by name
    assert refused.value.field == field


def test_a_face_may_stand_beside_another_way() -> None:
    SigningProfile(identity=(frozenset({Method.FACE}), frozenset({Method.TWO_ELEMENTS})))
