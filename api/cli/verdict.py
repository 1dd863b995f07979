"""How every verify verb answers: indication, sub-indication, steps; exit 0 only for TOTAL-PASSED."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from api.cli.exits import Exit
from api.cli.session import Session
from ca.indication import Indication, Step, SubIndication

EXITS = {
    Indication.TOTAL_PASSED: Exit.DONE,
    Indication.TOTAL_FAILED: Exit.INVALID,
    Indication.INDETERMINATE: Exit.INDETERMINATE,
}


REVOCATION = "revocation"
"""The step that fails for want of CRLs and OCSP answers (`ca.path`)."""


def show_verdict(
    session: Session,
    indication: Indication,
    sub_indication: SubIndication | None,
    steps: Sequence[Step],
    facts: Mapping[str, object],
) -> None:
    """Print the report, what to do where evidence is missing, and end with its exit code."""
    said = session.output.reason
    shown = [{"id": one.step_id, "outcome": one.outcome.value, "detail": said(one.detail)} for one in steps]
    verdict: dict[str, object] = {
        "indication": indication.value,
        "sub_indication": None if sub_indication is None else sub_indication.value,
        **facts,
    }
    if session.output.form == "json":
        session.output.record({**verdict, "steps": shown})
    else:
        session.output.record(verdict)
        session.output.rows("steps", ("id", "outcome", "detail"), shown)
    if sub_indication is SubIndication.TRY_LATER and steps[-1].step_id == REVOCATION:
        session.output.say("cli.revocation-missing")
    if EXITS[indication] is not Exit.DONE:
        session.end(EXITS[indication])
