"""kill -9 on the way from closing over hold and release to shredding: each act is whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from api.wiring import Centre
from evidence.casecheck import CaseOutcome, check_stored
from evidence.errors import PayloadUnavailable
from evidence.event import CaseId, EventType, TenantId
from evidence.hold import holds_of, standing
from tests.support.case_acts import ACTS, CaseOrder, do
from tests.support.cases import SIGNED, happening
from tests.support.crash import open_lab
from tests.support.database import BACKENDS
from tests.support.installation import Installation, open_installation

MARKS = (
    EventType.CASE_CLOSED,
    EventType.LEGAL_HOLD_SET,
    EventType.LEGAL_HOLD_RELEASED,
    EventType.PAYLOAD_SHREDDED,
)
# Which boundaries are tried: each backend takes others, all acts are met by both.
FIRST = {"sqlite": 1, "postgresql": 4}
STEP = 7
MOST = 400


@pytest.fixture(params=BACKENDS)
def installation(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    with open_installation(request.param, tmp_path_factory.mktemp(request.param), suites=()) as opened:
        yield opened


def draw_up(centre: Centre, case_id: CaseId) -> None:
    with centre.database() as unit:
        unit.log.append([happening(kind, centre.clock.now(), case_id) for kind in SIGNED])


def judge(centre: Centre, case_id: CaseId) -> int:
    """How many of the acts are done; each of them with all that belongs to it."""
    tenant = TenantId(centre.settings.tenant)
    with centre.database.reading() as unit:
        events = unit.events.case(tenant, case_id)
        head = unit.events.case_heads(tenant, [case_id])[case_id]
        summary = unit.cases.summary(tenant, case_id)
        done = [one.type for one in events[len(SIGNED) :]]
        assert done == list(MARKS[: len(done)])
        report = check_stored(events, (tenant, case_id), head)
        assert report.outcome is (CaseOutcome.COMPLETE if done else CaseOutcome.OPEN)
        assert summary.closed_seq == head.closed_seq == (len(SIGNED) if done else None)
        assert summary.holds == len(standing(holds_of(events)))
        assert summary.shredded == (EventType.PAYLOAD_SHREDDED in done)
        for event in events:
            if event.sealed is None:
                continue
            if summary.shredded:
                with pytest.raises(PayloadUnavailable):
                    unit.log.open_payload(event)
            else:
                assert unit.log.open_payload(event) is not None
    return len(done)


def test_killed_on_the_way_to_the_shredder(installation: Installation) -> None:
    with open_lab("tests.support.case_acts") as lab, installation.open() as centre, closing(centre):
        met = set()
        for point in range(FIRST[centre.database.engine.dialect.name], MOST, STEP):
            case_id = CaseId(f"contract/{point}")
            draw_up(centre, case_id)
            outcome = lab.run(CaseOrder(installation.given, ACTS, point=point, case_id=case_id))
            done = judge(centre, case_id)
            assert done >= len(outcome.answers), "what was answered for stands"
            met.add(done)
            for act in ACTS[done:]:  # whoever comes next finishes it
                do(centre, act, case_id)
            assert judge(centre, case_id) == len(ACTS)
            if not outcome.killed:
                assert outcome.failure is None
                break
        else:
            pytest.fail("the acts never ended")
        assert met == set(range(len(ACTS) + 1))
