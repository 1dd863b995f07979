"""Every text stands in both languages, takes the same values, and every error has one."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import click
import pytest

import api.errors
import ca.errors
import evidence.errors
import forensics.errors
import keys.errors
import signing.errors
from api import messages
from api.cli.exits import EXITS
from api.cli.main import root
from api.facts import facts
from api.http.problems import ROOTS, STATUS
from api.settings import Language
from tests.support.clock import NOON

SHARED = {"format", "lang", "debug", "help", "version"}


def every_error() -> list[type[Exception]]:
    found: list[type[Exception]] = []
    waiting: list[type[Exception]] = list(ROOTS)
    while waiting:
        kind = waiting.pop()
        found.append(kind)
        waiting += kind.__subclasses__()
    return found


def every_command(
    group: click.Group, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from every_command(command, (*path, name))


def test_both_languages_have_every_text() -> None:
    english, chinese = messages.catalogue("en"), messages.catalogue("zh-CN")
    assert english.keys() - chinese.keys() == set()
    assert chinese.keys() - english.keys() == set()


def test_both_languages_take_the_same_values() -> None:
    english, chinese = messages.catalogue("en"), messages.catalogue("zh-CN")
    differing = [
        key for key in english if messages.placeholders(english[key]) != messages.placeholders(chinese[key])
    ]
    assert differing == []


def test_the_languages_differ() -> None:
    english, chinese = messages.catalogue("en"), messages.catalogue("zh-CN")
    assert [key for key in english if english[key] == chinese[key]] == []


def test_the_trees_are_those_of_the_packages() -> None:
    modules = (
        api.errors,
        evidence.errors,
        keys.errors,
        ca.errors,
        signing.errors,
        forensics.errors,
    )
    declared = {
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Exception) and value.__module__ == module.__name__
    }
    assert declared == set(every_error())


def test_every_error_has_a_code_of_its_own() -> None:
    codes = [kind.code for kind in every_error()]  # type: ignore[attr-defined]  # every root has one
    assert sorted(codes) == sorted(set(codes))


@pytest.mark.parametrize("kind", every_error(), ids=lambda kind: kind.__name__)
def test_an_error_has_a_status_an_exit_code_and_its_texts(kind: type[Exception]) -> None:
    code = kind.code  # type: ignore[attr-defined]  # every root has one
    assert kind in STATUS
    assert kind in EXITS
    for language in messages.LANGUAGES:
        texts = messages.catalogue(language)
        assert f"problem.{code}.title" in texts
        assert f"problem.{code}.detail" in texts


def test_no_status_is_kept_for_an_error_that_is_gone() -> None:
    assert set(STATUS) == set(EXITS) == set(every_error())


@pytest.mark.parametrize(
    ("path", "command"),
    list(every_command(root)),
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else "",
)
def test_a_command_and_its_options_have_help(path: tuple[str, ...], command: click.Command) -> None:
    for language in messages.LANGUAGES:
        texts = messages.catalogue(language)
        assert f"help.{command.help}" in texts
        for parameter in command.params:
            assert f"option.{parameter.name}" in texts


@pytest.mark.parametrize(
    ("path", "command"),
    list(every_command(root)),
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else "",
)
def test_a_command_takes_format_language_and_debug(path: tuple[str, ...], command: click.Command) -> None:
    assert {"format", "lang", "debug"} <= {parameter.name for parameter in command.params}


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"),
        ("en-GB,zh;q=0.9", "en"),
        ("fr,zh;q=0.2", "zh-CN"),
        ("fr", "en"),
        ("zh;q=bad, en;q=0.1", "en"),
        (",".join(["x"] * 10_000), "en"),
    ],
)
def test_accept_language(header: str | None, language: str) -> None:
    assert messages.negotiate(header) == language


SAMPLES = {"str": "text", "int": 1, "bool": False, "datetime": NOON, "str | None": "text"}


def sample(kind: type[Exception]) -> Exception:
    """An instance with a value for each of its facts."""
    parameters = list(inspect.signature(kind.__init__).parameters.values())[1:]
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters):
        return kind()
    given = {
        parameter.name: SAMPLES.get(
            getattr(parameter.annotation, "__name__", parameter.annotation), (("rule", "detail"),)
        )
        for parameter in parameters
        if parameter.default is parameter.empty
    }
    return kind(**given)


@pytest.mark.parametrize("kind", every_error(), ids=lambda kind: kind.__name__)
def test_a_text_takes_only_facts_of_its_error(kind: type[Exception]) -> None:
    error = sample(kind)
    code = kind.code  # type: ignore[attr-defined]  # every root has one
    languages: tuple[Language, ...] = ("en", "zh-CN")
    for language in languages:
        title, detail = messages.problem(code, language, facts(error))
        assert title
        assert detail
        messages.hint(code, language, facts(error))
