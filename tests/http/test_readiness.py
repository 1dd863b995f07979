"""`/health/ready`: what the service lacks, and whether it can go on without."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from api.http.app import make_app
from api.readiness import KEYS_KNOWN_FOR, Probe, Readiness
from api.wiring import Centre
from ca.errors import ClockBehind
from keys.key import KeyPurpose
from tests.support.clock import FixedClock
from tests.support.database import BACKENDS
from tests.support.installation import open_installation
from tests.support.server import serving


@pytest.fixture(params=BACKENDS)
def centre(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Centre]:
    with open_installation(request.param, tmp_path) as installation, installation.open() as opened:
        yield opened


def by_name(probe: Probe) -> dict[str, Readiness]:
    return {one.name: one for one in probe.ask()}


def test_the_clock_is_asked_for_its_lease_and_not_looked_at(centre: Centre) -> None:
    for _ in range(2):
        clock = by_name(centre.probe)["clock"]
        assert (clock.ok, clock.reason, clock.needed) == (False, "time-not-available", False)
    with centre.database.reading() as unit:
        assert unit.clock_samples.newest() == ()
    centre.timestamping.renew_leases()
    assert all(one.ok for one in centre.probe.ask())
    sample = centre.timestamping.appraise()
    with centre.database() as unit:
        unit.clock_samples.put(replace(sample, instance="ahead", wall=sample.wall + timedelta(hours=1)))
    with pytest.raises(ClockBehind):
        centre.timestamping.renew_leases()
    assert by_name(centre.probe)["clock"].reason == "clock-behind"


@pytest.mark.parametrize("purpose", [KeyPurpose.TIMESTAMP, KeyPurpose.OCSP])
def test_keys_are_opened_anew_every_few_seconds(centre: Centre, purpose: KeyPurpose) -> None:
    clock = FixedClock()
    probe = Probe(centre.database, centre.signers, centre.timestamping, clock)
    centre.timestamping.renew_leases()  # the signers are open and stay so
    assert by_name(probe)["keys"] == Readiness("keys", ok=True)
    with centre.database() as unit:
        key = unit.keys.list(purpose=purpose)[0]
        unit.keys.replace_handle(key.key_id, key.handle, key.handle[:-1] + bytes([key.handle[-1] ^ 1]))
    clock.advance(seconds=KEYS_KNOWN_FOR - 1)
    assert by_name(probe)["keys"].ok
    clock.advance(seconds=1)
    for _ in range(2):
        assert by_name(probe)["keys"] == Readiness("keys", ok=False, reason="key-unseal-failed")
    with centre.database() as unit:
        unit.keys.replace_handle(key.key_id, unit.keys.get(key.key_id).handle, key.handle)
    clock.advance(seconds=KEYS_KNOWN_FOR)
    assert by_name(probe)["keys"].ok


def test_a_service_without_a_lease_is_degraded_and_one_without_a_key_not_ready(centre: Centre) -> None:
    def answered() -> tuple[int, str, set[str]]:
        with serving(make_app(centre, chores_too=False)) as client:
            answer = client.get("/health/ready")
        document = answer.json()
        failed = {one["check"] for one in document["checks"] if not one["ok"]}
        return answer.status_code, document["status"], failed

    assert answered() == (200, "degraded", {"clock"})
    centre.timestamping.renew_leases()
    assert answered() == (200, "ready", set())
    with centre.database() as unit:
        key = unit.keys.list(purpose=KeyPurpose.OCSP)[0]
        unit.keys.replace_handle(key.key_id, key.handle, b"nothing")
    del centre.probe  # and what it remembers
    assert answered() == (503, "not-ready", {"keys"})


def test_a_schema_that_is_another_is_no_database(centre: Centre) -> None:
    with centre.database.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0000'"))
    found = by_name(centre.probe)["database"]
    assert (found.ok, found.reason, found.needed) == (False, "schema-behind", True)
