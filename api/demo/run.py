"""The demonstration: a hierarchy in each suite, certificates, an OCSP answer, CRLs and a timestamp."""

from __future__ import annotations

import json
import platform
import shutil
import sqlite3
from importlib.metadata import version
from pathlib import Path

from api import install
from api.demo.openssl import OpenSsl
from api.demo.steps import SUMMARY, Recorder, Step
from api.demo.suite import SuiteDemonstration
from api.errors import InputInvalid
from api.settings import Language, Settings, load
from api.wiring import Centre, open_centre, system_clock
from evidence.canonical import canonical
from evidence.digest import NO_DIGEST, DigestPair
from evidence.event import CaseId
from keys.private import PrivateKey
from keys.suites import Algorithm, Suite

STATE = "state"
OURS = (STATE, "trust", *(suite.value for suite in Suite), SUMMARY)
LIBRARIES = ("cryptography", "gmssl", "sqlalchemy", "tongsuopy", "xinqian")
DONE, FAILED = 0, 1


def run(out: Path, language: Language) -> int:
    """Exit code 0 only if every check held. What an earlier run left in `out` is removed first."""
    _clean(out)
    clock = system_clock()
    recorder = Recorder(out, clock, language)
    judge = OpenSsl.find()
    settings = _settings(out)
    with recorder.step("install") as step:
        administrators = _install(settings, recorder, step)
    with open_centre(settings) as centre:
        with recorder.step("start") as step:
            centre.start()
            step.check("database, journal, log, keys", "xinqian", ok=True)
        for suite in Suite:
            SuiteDemonstration(centre, suite, recorder, judge, administrators).run()
        with recorder.step("log") as step:
            _check_log(centre, step)
    return DONE if recorder.finish(_versions(judge)) else FAILED


def _clean(out: Path) -> None:
    try:
        _remove_earlier(out)
    except OSError as error:
        raise InputInvalid("--out", f"{out}: {(error.strerror or '').lower()}") from error


def _remove_earlier(out: Path) -> None:
    strangers = [one.name for one in out.iterdir() if one.name not in OURS] if out.exists() else []
    if strangers:
        raise InputInvalid(
            "--out", f"{out} holds {strangers[0]}, which no demonstration left: name another folder"
        )
    out.mkdir(parents=True, exist_ok=True)
    for name in OURS:
        path = out / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _settings(out: Path) -> Settings:
    """The embedded default, whatever the environment says of another installation."""
    state = (out / STATE).absolute()
    return load(
        state_dir=state,
        database_url=f"sqlite:///{state / 'xinqian.sqlite'}",
        master_key=None,
        master_key_file=state / "master.key",
        custody="software",
        clock=("host",),
    )


def _install(settings: Settings, recorder: Recorder, step: Step) -> list[install.KeyedWitness]:
    """The installation; its administrators, who will be needed for the bank's seal."""
    settings.state_dir.mkdir(mode=0o700, parents=True)
    install.make_master_key(settings)
    plan = install.default_plan(settings, sandbox=True)
    witnesses = [
        install.KeyedWitness(name, PrivateKey.generate(Algorithm.P256)) for name in plan.administrators
    ]
    transcript = install.install(settings, plan, witnesses)
    recorder.write(step, f"{STATE}/ceremony.json", transcript.data)
    step.facts["certificates"] = len(transcript.digests)
    step.check("ceremony transcript, two signatures", "xinqian", ok=True)
    return witnesses


def _check_log(centre: Centre, step: Step) -> None:
    """Every log dense, every case an unbroken chain, as a reader of the database alone finds them."""
    with centre.database.reading() as unit:
        heads = unit.events.heads()
        events = [event for log, head in heads.items() for event in unit.events.read(log, 0, head.size)]
    dense = sum(head.size for head in heads.values()) == len(events)
    last: dict[CaseId, tuple[int, DigestPair]] = {}
    whole = True
    for event in events:
        document = json.loads(event.envelope)
        expected = last.get(event.case_id, (0, NO_DIGEST))
        whole = whole and (document["case_seq"], document["prev_case_event_hash"]) == (
            expected[0],
            expected[1].as_json(),
        )
        whole = whole and canonical(document) == event.envelope
        last[event.case_id] = (expected[0] + 1, DigestPair.of(event.envelope))
    step.facts["events"] = len(events)
    step.check(f"{len(events)} events, dense", "xinqian", ok=dense)
    step.check(f"{len(last)} cases, chains unbroken", "xinqian", ok=whole)


def _versions(judge: OpenSsl | None) -> dict[str, str]:
    found = {name: version(name) for name in LIBRARIES}
    found |= {"python": platform.python_version(), "sqlite": sqlite3.sqlite_version}
    if judge is not None:
        found["openssl"] = judge.version
    return found
