"""`xinqian contract`: contracts and signed PDFs."""

from __future__ import annotations

from api.cli.command import Noun
from api.cli.contract_list import document, events, list_, show
from api.cli.contract_verify import verify

noun = Noun("contract", help="noun.contract")
for verb in (list_, show, events, document, verify):
    noun.add_command(verb)
