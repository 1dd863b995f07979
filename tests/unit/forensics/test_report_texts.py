"""The texts of the report: whole in both languages, the law word by word."""

from __future__ import annotations

from string import Formatter

import pytest

from ca.indication import SubIndication
from evidence.digest import sha256
from evidence.event import EventType
from forensics.report.edition import LANGUAGES, Language, texts_of
from forensics.report.findings import RULES
from forensics.report.law import read_law
from signing.party import PartyRole, PartyState
from signing.transition import ContractState
from signing.validity.attack import Attack

LAW_SHA256 = "68443c6379d5b0c891ba5d3c8e9658b41ae36227e182ca9823fdffb5445bfd51"
"""Of all quoted items in order: they are compared with the official texts before it is changed."""


def values(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_both_languages_have_the_same_keys_and_values() -> None:
    chinese, english = (texts_of(one) for one in LANGUAGES)
    assert {name: set(section) for name, section in chinese.items()} == {
        name: set(section) for name, section in english.items()
    }
    for key, text in chinese["said"].items():
        assert values(text) == values(english["said"][key]), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_that_can_occur_has_words(language: Language) -> None:
    known = texts_of(language)["code"]
    wanted = {f"event.{one.name}" for one in EventType}
    wanted |= {f"sub.{one.value}" for one in SubIndication}
    wanted |= {f"attack.{one.value}" for one in Attack}
    wanted |= {f"state.{one.value}" for one in ContractState}
    wanted |= {f"role.{one.value}" for one in PartyRole}
    wanted |= {f"party-state.{one.value}" for one in PartyState}
    wanted |= {f"cite.{one.citation}" for one in RULES if one.question}
    wanted |= {f"law.{one.law}" for one in read_law().items}
    assert wanted - set(known) == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_never_titled_an_appraisal(language: Language) -> None:
    page = texts_of(language)["page"]
    assert "鉴定意见" not in page["title"]
    assert "ppraisal" not in page["title"]


def test_every_item_of_the_law_is_answered_by_rules_that_exist() -> None:
    ids = {one.rule_id for one in RULES}
    assert all(one.rules and set(one.rules) <= ids for one in read_law().items)


def test_the_law_is_quoted_as_it_was_checked() -> None:
    quoted = "\n".join(f"{one.law} {one.article} {one.text}" for one in read_law().items)
    assert sha256(quoted.encode()).hex() == LAW_SHA256
