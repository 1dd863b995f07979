"""Put a profile into force, and destroy keys of the authority's: both under dual control."""

from __future__ import annotations

from ca.approval import Act, Plan, require_act, require_approval
from ca.certify import operator_requester
from ca.errors import Refused, RequestInvalid
from ca.ports import CaUnit, Units
from ca.profile import Profile, parse_profile
from ca.registry import Authority
from evidence.canonical import JSON
from evidence.clock import Clock
from evidence.event import CaseId, Draft, EventType
from keys.destroy import destroy_key
from keys.errors import KeyStateInvalid
from keys.key import LEGAL_TRANSITIONS, KeyId, KeyRecord, KeyState
from keys.open import OpenSigners


def plan_activation(data: bytes, requester: str) -> Plan:
    """A profile's JSON as a plan; raises `ProfileInvalid` with the field that is wrong."""
    profile = parse_profile(data)
    parameters: dict[str, JSON] = {
        "data": profile.data.decode(),
        "name": profile.name,
        "profile_hash": profile.profile_hash,
    }
    return Plan.of(Act.PROFILE_ACTIVATE, parameters, requester)


def activate_profile(units: Units, clock: Clock, plan: Plan) -> Profile:
    """From now on the profile's name means this data; recorded as CONFIG_CHANGED.

    Raises `ApprovalRequired`, `ProfileInvalid`, and `Refused` for a profile that is in force already.
    """
    require_act(plan, Act.PROFILE_ACTIVATE)
    profile = parse_profile(str(plan.parameters["data"]).encode())
    if profile.profile_hash != plan.parameters["profile_hash"]:
        raise RequestInvalid("plan.profile_hash", "is not that of the profile's data")
    now = clock.now()
    with units() as unit:
        before = unit.profiles.active().get(profile.name, ("", b""))[0]
        if before == profile.profile_hash:
            raise Refused("profile", f"{profile.name} is in force with this very data")
        approved_by = require_approval(unit, plan, now)
        unit.profiles.activate(profile.name, profile.profile_hash, profile.data, now)
        facts: dict[str, JSON] = {
            "approved_by": approved_by,
            "before": before,
            "plan": plan.plan_hash,
            "profile_hash": profile.profile_hash,
            "profile": profile.name,
        }
        actor = operator_requester(plan.requester).actor
        unit.log.append([Draft(EventType.CONFIG_CHANGED, CaseId("profiles"), actor, now, facts)])
    return profile


def plan_destruction(units: Units, key_id: KeyId, requester: str) -> Plan:
    """The end of a key as a plan; raises `keys.errors.KeyNotFound`, `KeyStateInvalid`, `Refused`."""
    with units.reading() as unit:
        record = unit.keys.get(key_id)
        _check_unused(unit, record)
    parameters: dict[str, JSON] = {"key_id": key_id, "public_key": record.public.fingerprint}
    return Plan.of(Act.KEY_DESTROY, parameters, requester)


def destroy_planned(units: Units, signers: OpenSigners, clock: Clock, plan: Plan) -> KeyRecord:
    """Carry such a plan out; raises `ApprovalRequired`, `keys.errors.KeysError`, `Refused`."""
    require_act(plan, Act.KEY_DESTROY)
    now = clock.now()
    with units() as unit:
        record = unit.keys.get(KeyId(str(plan.parameters["key_id"])))
        _check_unused(unit, record)
        approved_by = require_approval(unit, plan, now)
        actor = operator_requester(plan.requester).actor
        reason = f"plan {plan.plan_hash}"
        return destroy_key(unit, signers, record.key_id, actor, now, reason=reason, approved_by=approved_by)


def _check_unused(unit: CaUnit, record: KeyRecord) -> None:
    if KeyState.DESTROYED not in LEGAL_TRANSITIONS[record.state]:
        raise KeyStateInvalid(record.key_id, record.state.value, "be destroyed")
    holders: list[Authority] = [one for one in unit.authorities.list() if one.key_id == record.key_id]
    if holders and holders[0].active:
        raise Refused("key", f"is that of {holders[0].authority_id}, which issues")
