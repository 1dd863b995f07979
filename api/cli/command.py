"""Commands and groups whose help comes from the catalogue, each with --format, --lang and --debug."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import click

from api import messages
from api.cli.helptext import HelpContext, HelpPage
from api.cli.output import FORMATS
from api.settings import LANGUAGES, Language, system_language


def language_of(context: click.Context) -> Language:
    """The language the command was asked to speak."""
    found: Language | None = context.find_root().obj  # known before anything else was parsed
    return found or system_language()


def _remember(context: click.Context, parameter: click.Parameter, value: object) -> None:
    if value is not None and value is not False:
        context.find_root().meta[f"xinqian.{parameter.name}"] = value


def _shared_options() -> list[click.Option]:
    return [
        click.Option(["--format"], type=click.Choice(FORMATS), expose_value=False, callback=_remember),
        click.Option(
            ["--lang"], type=click.Choice(LANGUAGES), expose_value=False, callback=_remember, is_eager=True
        ),
        click.Option(["--debug"], is_flag=True, expose_value=False, callback=_remember),
    ]


class _Translated(click.Command):
    """Takes help texts by key when they are shown: `help.<noun>.<verb>`, `option.<name>`."""

    context_class = HelpContext

    def __init__(self, *arguments: Any, **settings: Any) -> None:  # noqa: ANN401  (click's own)
        super().__init__(*arguments, **settings)
        self.params += _shared_options()

    def get_short_help_str(self, limit: int = 45) -> str:  # noqa: ARG002  (click's signature)
        """Click's hook."""
        context = click.get_current_context(silent=True)
        language = language_of(context) if context else messages.DEFAULT
        return messages.text(f"help.{self.help}", language)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Click's hook."""
        language = language_of(ctx)
        pieces = [messages.reason(piece, language) for piece in self.collect_usage_pieces(ctx)]
        prefix = messages.text("cli.usage", language)
        formatter.write_usage(ctx.command_path, " ".join(pieces), prefix)

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Click's hook."""
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(messages.text(f"help.{self.help}", language_of(ctx)))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Click's hook."""
        language = language_of(ctx)
        rows = []
        for parameter in self.get_params(ctx):
            key = f"option.{'help' if '--help' in parameter.opts else parameter.name}"
            if isinstance(parameter, click.Option) and not parameter.hidden:
                record = parameter.get_help_record(ctx)
                if record is not None:
                    metavar = parameter.make_metavar(ctx)
                    term = record[0].replace(f" {metavar}", f" {messages.reason(metavar, language)}")
                    needed = f" [{messages.text('cli.required', language)}]" if parameter.required else ""
                    rows.append((term, messages.text(key, language) + needed))
            elif isinstance(parameter, click.Argument):
                rows.append((parameter.make_metavar(ctx), messages.text(key, language)))
        _write_part(formatter, messages.text("cli.options", language), rows)


def _write_part(formatter: click.HelpFormatter, heading: str, rows: list[tuple[str, str]]) -> None:
    if isinstance(formatter, HelpPage):  # the only one that our contexts make
        with formatter.part(heading):
            formatter.write_dl(rows)


class Verb(_Translated):
    """A command; `help` is its key in the catalogue."""


class Noun(_Translated, click.Group):
    """A group of verbs, whose modules are imported when they are asked for."""

    command_class = Verb

    def __init__(self, *arguments: Any, lazy: Mapping[str, str] | None = None, **settings: Any) -> None:  # noqa: ANN401
        super().__init__(*arguments, **settings)
        self._lazy = dict(lazy or {})

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's signature)
        """Click's hook."""
        return [*self.commands, *self._lazy]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Click's hook."""
        if cmd_name in self._lazy:
            module, _, name = self._lazy[cmd_name].partition(":")
            found: click.Command = getattr(importlib.import_module(module), name)
            return found
        return super().get_command(ctx, cmd_name)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Click's hook."""
        super().format_options(ctx, formatter)
        rows = []
        for name in self.list_commands(ctx):
            command = self.get_command(ctx, name)
            if command is not None:
                rows.append((name, messages.text(f"help.{command.help}", language_of(ctx))))
        _write_part(formatter, messages.text("cli.commands", language_of(ctx)), rows)
