"""No identity bureau: an installation that was not told of one refuses what needs one."""

from __future__ import annotations

from signing.errors import ProviderUnavailable
from signing.identity import Answer, Enquiry


class NoIdentityProvider:
    """`IdentityProvider` that is never available."""

    name = "none"
    simulated = False

    def check(self, enquiry: Enquiry) -> Answer:  # noqa: ARG002  (the port's parameter)
        raise ProviderUnavailable("identity", "no identity bureau is configured")
