"""Who may do what with evidence: a table, and the question asked of it."""

from __future__ import annotations

import enum
from collections.abc import Mapping

from evidence.errors import AccessRefused
from evidence.event import Actor


class CaseAct(enum.StrEnum):
    """What is done with cases."""

    SEARCH = "search"
    READ = "read"
    """Events as recorded; personal values stay sealed."""
    OPEN = "open"
    """Personal values."""
    VERIFY = "verify"
    REPORT = "report"
    EXPORT_MASKED = "export-masked"
    EXPORT_FULL = "export-full"
    """Two persons answer for it."""
    CLOSE = "close"
    HOLD = "hold"
    RELEASE = "release"
    SHRED = "shred"


LEGAL = "legal"
ADMINISTRATOR = "administrator"
AUDITOR = "auditor"
SYSTEM = "system"

MAY: Mapping[str, frozenset[CaseAct]] = {
    LEGAL: frozenset(
        {
            CaseAct.SEARCH,
            CaseAct.READ,
            CaseAct.OPEN,
            CaseAct.VERIFY,
            CaseAct.REPORT,
            CaseAct.EXPORT_MASKED,
            CaseAct.EXPORT_FULL,
            CaseAct.HOLD,
        }
    ),
    AUDITOR: frozenset({CaseAct.SEARCH, CaseAct.READ, CaseAct.VERIFY}),
    SYSTEM: frozenset({CaseAct.READ, CaseAct.VERIFY, CaseAct.CLOSE}),
    ADMINISTRATOR: frozenset(CaseAct),
}
"""By the actor's role. Legal staff ask for holds and never release or destroy; auditors see no person."""


def require_may(actor: Actor, act: CaseAct) -> None:
    """Raises `AccessRefused` for a role that may not, and for one that is not in the table."""
    if act not in MAY.get(actor.role, frozenset()):
        raise AccessRefused(act.value, f"the role {actor.role} may not")
