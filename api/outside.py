"""Who the outside parties of an installation are, by its settings."""

from __future__ import annotations

from typing import Literal

from api.secretfile import read_secret
from api.settings import Settings, variable
from signing.exchange import Account

Party = Literal["identity", "message"]
SIMULATOR_URL = "http://simulator.invalid"
"""Of the simulator in this process: no request to it leaves the process (RFC 2606 2)."""


def named_account(given: Settings, party: Party) -> Account | None:
    """The party that the settings name; raises `SettingsInvalid` for a secret that will not do."""
    url, client, file, simulated = (
        (given.identity_url, given.identity_client, given.identity_secret_file, given.identity_simulated)
        if party == "identity"
        else (given.message_url, given.message_client, given.message_secret_file, given.message_simulated)
    )
    if url is None or file is None:
        return None
    secret = read_secret(file, variable(f"{party}_secret_file")).encode()
    return Account(party, url, client, secret, simulated=simulated)


def simulated_account(secret: bytes) -> Account:
    """The simulator in this process."""
    return Account("simulator", SIMULATOR_URL, "xinqian", secret, simulated=True)
