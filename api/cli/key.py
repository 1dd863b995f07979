"""`xinqian key`: keys in custody."""

from __future__ import annotations

from collections.abc import Callable

import click

from api.cli.command import Noun
from api.cli.dual import carry_out_plan
from api.cli.exits import Exit
from api.cli.session import Session, with_session
from api.masterkey import add_master_key, reseal_everything
from ca.activate import destroy_planned, plan_destruction
from ca.approval import Plan
from ca.errors import Refused
from keys.check import KeyCheck, check_keys
from keys.generate import KeyPlan, generate_key
from keys.key import KeyId, KeyPurpose, KeyRecord, KeyState
from keys.rotate import rotate_key
from keys.state import change_state
from keys.suites import Algorithm

noun = Noun("key", help="noun.key")
COLUMNS = ("key_id", "algorithm", "purpose", "state", "custody", "use_count", "created_at", "label")
_UNAVAILABLE = frozenset(
    {"custody-unavailable", "master-key-differs", "key-unseal-failed", "master-key-invalid"}
)


def _choice(kind: type[Algorithm | KeyPurpose | KeyState]) -> click.Choice[str]:
    return click.Choice([one.value for one in kind])


@noun.command("list", help="key.list")
@click.option("--purpose", type=_choice(KeyPurpose))
@click.option("--state", type=_choice(KeyState))
@with_session
def list_(session: Session, purpose: str | None, state: str | None) -> None:
    """Keys by creation."""
    with session.centre.database.reading() as unit:
        found = unit.keys.list(
            purpose=None if purpose is None else KeyPurpose(purpose),
            state=None if state is None else KeyState(state),
        )
    session.output.rows("keys", COLUMNS, [_row(record) for record in found])


@noun.command("generate", help="key.generate")
@click.option("--algorithm", type=_choice(Algorithm), required=True)
@click.option("--purpose", type=_choice(KeyPurpose), required=True)
@click.option("--label", required=True)
@click.option("--use-limit", type=click.IntRange(min=1))
@with_session
def generate(session: Session, algorithm: str, purpose: str, label: str, use_limit: int | None) -> None:
    """A new key, active."""
    centre = session.centre
    plan = KeyPlan(Algorithm(algorithm), KeyPurpose(purpose), label, use_limit)
    with centre.database() as unit:
        record = generate_key(unit, centre.custody, plan, session.actor, centre.clock.now())
    session.output.record(_row(record))


@noun.command("rotate", help="key.rotate")
@click.argument("key_id")
@click.option("--reason", default="")
@click.option("--commit", is_flag=True)
@with_session
def rotate(session: Session, key_id: str, reason: str, *, commit: bool) -> None:
    """A successor takes over; an authority's key changes with its certificate, by a rekey."""
    _require_free(session, key_id)
    if not session.plan("plan.key-rotate", {"key_id": key_id}, commit=commit):
        return
    centre = session.centre
    with centre.database() as unit:
        done = rotate_key(
            unit, centre.custody, KeyId(key_id), session.actor, centre.clock.now(), reason=reason
        )
    session.output.record({"retired": _row(done.retired), "successor": _row(done.successor)})


def _transition(to: KeyState, title: str) -> Callable[..., None]:
    def act(session: Session, key_id: str, reason: str, *, commit: bool) -> None:
        with session.centre.database.reading() as unit:
            unit.keys.get(KeyId(key_id)).require_transition(to)
        if not session.plan(title, {"key_id": key_id, "state": to.value}, commit=commit):
            return
        centre = session.centre
        with centre.database() as unit:
            now = centre.clock.now()
            record = change_state(unit, KeyId(key_id), to, session.actor, now, reason=reason)
        session.output.record(_row(record))

    options = (
        click.option("--commit", is_flag=True),
        click.option("--reason", default=""),
        click.argument("key_id"),
    )
    command: Callable[..., None] = with_session(act)
    for option in options:
        command = option(command)
    return command


noun.command("disable", help="key.disable")(_transition(KeyState.DEACTIVATED, "plan.key-disable"))
noun.command("suspend", help="key.suspend")(_transition(KeyState.SUSPENDED, "plan.key-suspend"))
noun.command("resume", help="key.resume")(_transition(KeyState.ACTIVE, "plan.key-resume"))


@noun.command("destroy", help="key.destroy")
@click.argument("key_id")
@click.option("--plan", "plan_hash")
@click.option("--commit", is_flag=True)
@with_session
def destroy(session: Session, key_id: str, plan_hash: str | None, *, commit: bool) -> None:
    """For good, after two administrators' signatures."""
    centre = session.centre

    def act(plan: Plan) -> dict[str, object]:
        if plan.parameters.get("key_id") != key_id:
            raise Refused("plan", f"is for {plan.parameters.get('key_id')}")
        return _row(destroy_planned(centre.database, centre.signers, centre.clock, plan))

    carry_out_plan(
        session,
        lambda: plan_destruction(centre.database, KeyId(key_id), session.requester),
        act,
        plan_hash=plan_hash,
        commit=commit,
    )


@noun.command("rotate-master", help="key.rotate-master")
@click.option("--reseal-only", is_flag=True)
@click.option("--commit", is_flag=True)
@with_session
def rotate_master(session: Session, *, reseal_only: bool, commit: bool) -> None:
    """A new master key; everything is sealed anew under it while the service goes on."""
    centre = session.centre
    shown = {"file": str(centre.settings.key_file), "master_key": centre.ring.current.key_id}
    if not session.plan("plan.rotate-master", shown, commit=commit):
        return
    if not reseal_only:
        add_master_key(centre)
    done = reseal_everything(centre, session.actor)
    session.output.say("cli.master-key-rotated")
    session.output.record(
        {"master_key": centre.ring.current.key_id, "keys": done.keys, "values": done.values}
    )


@noun.command("test", help="key.test")
@click.argument("key_id", required=False)
@with_session
def test(session: Session, key_id: str | None) -> None:
    """Sign and verify with every active key, or with one."""
    centre = session.centre
    with centre.database() as unit:
        records = [unit.keys.get(KeyId(key_id))] if key_id else unit.keys.list()
        found = check_keys(unit.keys, centre.signers, records)
    session.output.rows(
        "keys", ("key_id", "signed", "code", "reason"), [_check(session, one) for one in found]
    )
    codes = {one.code for one in found} - {"ok"}
    if codes:
        session.end(Exit.UNAVAILABLE if codes <= _UNAVAILABLE else Exit.INVALID)


def _require_free(session: Session, key_id: str) -> None:
    with session.centre.database.reading() as unit:
        unit.keys.get(KeyId(key_id))
        for authority in unit.authorities.list():
            if authority.key_id == key_id:
                raise Refused("key_id", f"is the key of {authority.authority_id}: use `xinqian ca rekey`")


def _check(session: Session, check: KeyCheck) -> dict[str, object]:
    reason = session.output.reason(check.reason)
    return {"key_id": check.key_id, "signed": check.signed, "code": check.code, "reason": reason}


def _row(record: KeyRecord) -> dict[str, object]:
    return {
        "key_id": record.key_id,
        "algorithm": record.algorithm.value,
        "purpose": record.purpose.value,
        "state": record.state.value,
        "custody": record.custody,
        "use_count": record.use_count,
        "use_limit": record.use_limit,
        "created_at": record.created_at,
        "label": record.label,
        "public_key": record.public.fingerprint,
        "successor": record.successor,
    }
