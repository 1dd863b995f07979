"""The issuers above an authority's certificates."""

from __future__ import annotations

from ca.certificate import Certificate
from ca.ports import CaUnit
from ca.registry import AuthorityId


def chain_of(unit: CaUnit, authority_id: AuthorityId | None) -> list[Certificate]:
    """The authority's certificate first, the root's last."""
    found = []
    while authority_id is not None:
        authority = unit.authorities.get(authority_id)
        found.append(Certificate(authority.certificate))
        authority_id = authority.parent
    return found
