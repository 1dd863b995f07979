"""`xinqian tsa`: timestamps."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from pathlib import Path

import click

from api.cli.command import Noun
from api.cli.dual import carry_out_plan
from api.cli.options import FILE, FOLDER, MOMENT, read_file, write_file
from api.cli.session import Session, with_session
from api.cli.verdict import show_verdict
from api.errors import InputInvalid
from api.trustfiles import read_trust
from ca.approval import Plan
from ca.clockforget import forget_samples, plan_forget
from ca.errors import ClockBehind, TimeNotAvailable
from ca.serial import serial_text
from ca.timestamp import Imprint, TimestampRequest
from ca.token import MAX_TOKEN_SIZE, verify_token
from ca.verifystamp import TimestampReport, judge_timestamp, unreadable
from evidence.clock import rfc3339
from keys.suites import DEFAULT_ALGORITHM, Suite

noun = Noun("tsa", help="noun.tsa")
MAX_DATA = 1_073_741_824  # octets, of a file to be stamped
_SUITES = [one.value for one in Suite]


@noun.command("stamp", help="tsa.stamp")
@click.argument("file", type=FILE)
@click.option("--out", type=FILE, required=True)
@click.option("--suite", type=click.Choice(_SUITES), default=Suite.INTL.value)
@with_session
def stamp(session: Session, file: Path, out: Path, suite: str) -> None:
    """A token over the file's digest, recorded before it is written."""
    chosen = Suite(suite)
    data = read_file(file, "file", MAX_DATA)
    imprint = Imprint.of(DEFAULT_ALGORITHM[chosen].digest, data)
    token = session.centre.timestamping.authority(chosen).token(imprint, session.requester)
    write_file(out, token, "--out")
    info = verify_token(token, data=data).info
    session.output.record(
        {
            "file": str(out),
            "suite": suite,
            "serial": serial_text(info.serial),
            "gen_time": info.gen_time,
            "policy": info.policy,
            "digest": imprint.value,
        }
    )


@noun.command("query", help="tsa.query")
@click.argument("file", type=FILE)
@click.option("--out", type=FILE, required=True)
@click.option("--suite", type=click.Choice(_SUITES), default=Suite.INTL.value)
@with_session
def query(session: Session, file: Path, out: Path, suite: str) -> None:
    """A request for any RFC 3161 authority; offline."""
    imprint = Imprint.of(DEFAULT_ALGORITHM[Suite(suite)].digest, read_file(file, "file", MAX_DATA))
    nonce = secrets.randbits(63) | 1 << 62
    write_file(out, TimestampRequest(imprint, None, nonce, cert_req=True).encoded(), "--out")
    session.output.record({"file": str(out), "digest": imprint.value, "nonce": f"{nonce:x}"})


@noun.command("verify", help="tsa.verify")
@click.argument("token", type=FILE)
@click.argument("file", type=FILE)
@click.option("--trust", type=FOLDER, required=True)
@click.option("--at", type=MOMENT)
@click.option("--without-revocation", is_flag=True)
@with_session
def verify(
    session: Session, token: Path, file: Path, trust: Path, at: datetime | None, *, without_revocation: bool
) -> None:
    """Offline, by the verifier's own trust alone. Exit 0 only for TOTAL-PASSED."""
    from api.wiring import system_clock  # noqa: PLC0415  (half a second, only here)

    store = read_trust(trust)
    data = read_file(file, "file", MAX_DATA)
    try:
        encoded = read_file(token, "token", MAX_TOKEN_SIZE)
    except InputInvalid as error:
        report = unreadable(str(error))
    else:
        now = at or system_clock().now()
        report = judge_timestamp(data, encoded, store, now=now, revocation=not without_revocation)
    show_verdict(session, report.indication, report.sub_indication, report.steps, _facts(report))


@noun.command("renew", help="tsa.renew")
@click.option("--suite", type=click.Choice(_SUITES), required=True)
@click.option("--commit", is_flag=True)
@with_session
def renew(session: Session, suite: str, *, commit: bool) -> None:
    """A new key and certificate for the suite's timestamping unit; earlier tokens stay good."""
    if not session.plan("plan.tsa-renew", {"suite": suite}, commit=commit):
        return
    issued = session.centre.hierarchy.renew_timestamp_unit(Suite(suite), session.requester)
    session.output.record(
        {"suite": suite, "serial": serial_text(issued.serial), "not_after": issued.not_after}
    )


SAMPLES = ("instance", "wall", "ahead_ms", "offset_ms", "uncertainty_ms", "source", "boot")


@noun.command("clock", help="tsa.clock")
@click.option("--forget", is_flag=True)
@click.option("--plan", "plan_hash")
@click.option("--commit", is_flag=True)
@with_session
def clock(session: Session, plan_hash: str | None, *, forget: bool, commit: bool) -> None:
    """What is known of the clock; with --forget, samples are dropped after two administrators' signatures."""
    centre = session.centre
    if not forget:
        if plan_hash is not None or commit:
            raise InputInvalid("--forget", "is needed with --plan and --commit")
        _show_clock(session)
        return

    def act(plan: Plan) -> dict[str, object]:
        gone = forget_samples(centre.database, centre.clock, plan)
        return {"samples": [one.facts for one in gone]}

    carry_out_plan(
        session,
        lambda: plan_forget(centre.database, session.requester),
        act,
        plan_hash=plan_hash,
        commit=commit,
    )


def _show_clock(session: Session) -> None:
    """Whether a look would give a lease now, and the samples it is judged by; nothing is kept."""
    centre = session.centre
    now = centre.clock.now()
    state: dict[str, object] = {"lease": True, "wall": now, "reason": None}
    doubt: TimeNotAvailable | None = None
    try:
        offset = centre.timestamping.appraise().offset
    except TimeNotAvailable as error:
        doubt = error
        state |= {"lease": False, "reason": error.reason}
    else:
        state |= {"offset_ms": offset.ms, "uncertainty_ms": offset.uncertainty_ms, "source": offset.source}
    with centre.database.reading() as unit:
        found = unit.clock_samples.newest()
    samples = [{**one.facts, "ahead_ms": (one.wall - now) // timedelta(milliseconds=1)} for one in found]
    if session.output.form == "json":
        session.output.record({**state, "samples": samples})
    else:
        session.output.record(state)
        session.output.rows("samples", SAMPLES, samples)
    if isinstance(doubt, ClockBehind):
        session.output.say("problem.clock-behind.hint")


def _facts(report: TimestampReport) -> dict[str, object]:
    if report.token is None:
        return {}
    info = report.token.info
    return {
        "gen_time": rfc3339(info.gen_time),
        "accuracy_s": None if info.accuracy is None else info.accuracy.total_seconds(),
        "serial": serial_text(info.serial),
        "policy": info.policy,
        "signer": report.token.certificate.subject.rfc4514_string(),
        "suite": report.token.algorithm.suite.value,
    }
