"""One run of the command: its language and format, its settings and, when asked for, the application."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Mapping
from functools import cached_property, wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec

import click

from api.cli.command import language_of
from api.cli.exits import Exit
from api.cli.output import Format, Output
from api.errors import SettingsInvalid
from api.settings import Settings, load, variable
from evidence.canonical import JSON
from evidence.event import Actor, ActorKind, CaseId, Draft, EventType

if TYPE_CHECKING:
    from api.db import Unit
    from api.wiring import Centre

P = ParamSpec("P")


class Session:
    """What a command works with. Settings and application are made when asked for: verifiers need neither."""

    def __init__(self, context: click.Context) -> None:
        meta = context.find_root().meta
        form: Format = meta.get("xinqian.format", "table")
        self.output = Output(form, language_of(context))
        self.context = context

    @cached_property
    def settings(self) -> Settings:
        """Raises `SettingsInvalid`."""
        return load()

    @cached_property
    def centre(self) -> Centre:
        """The application, on a database at this version's schema; raises what the start checks find."""
        from api.wiring import open_centre  # noqa: PLC0415  (half a second that offline verbs do without)

        self.prepare_state_dir()
        return self.context.find_root().with_resource(open_centre(self.settings))

    @cached_property
    def actor(self) -> Actor:
        """The operator, under the login name of the operating system."""
        return Actor(ActorKind.OPERATOR, f"os:{os.getuid()}:{_login()}", "administrator")

    @property
    def requester(self) -> str:
        """Who asks for an act under dual control: a name for the record, which proves nobody."""
        return self.actor.pseudonym

    def record_act(self, unit: Unit, act: str, **facts: JSON) -> None:
        """Record what an operator did, in the transaction that does it."""
        event = Draft(
            type=EventType.ADMIN_ACTION,
            case_id=CaseId(f"operations:{act}"),
            actor=self.actor,
            occurred_at=self.centre.clock.now(),
            facts={"act": act, **facts},
        )
        unit.log.append([event])

    def prepare_state_dir(self) -> None:
        """Make the state directory, for its owner alone; raises `SettingsInvalid` where that fails."""
        try:
            self.settings.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            reason = f"{self.settings.state_dir} cannot be made: {(error.strerror or '').lower()}"
            raise SettingsInvalid(variable("state_dir"), reason) from error

    def end(self, code: Exit) -> None:
        """Leave with a code other than 0, everything said."""
        self.context.exit(code)

    def plan(self, title: str, plan: Mapping[str, object], *, commit: bool) -> bool:
        """Show what would be done; True when --commit says to do it."""
        if not commit:
            self.output.say("cli.plan", act=self.output.text(title))
            self.output.record({**plan, "committed": False})
            self.output.say("cli.commit-hint")
        return commit


LOG_FILE = "xinqian.log"


def log_unexpected(error: Exception, reference: str) -> None:
    """Append the masked traceback to the log file in the state directory, where there is one."""
    from api.logging import configure, logger, trace_id  # noqa: PLC0415  (structlog only where it is needed)
    from api.wiring import system_clock  # noqa: PLC0415

    folder = load().state_dir
    if not folder.is_dir():
        return
    with (folder / LOG_FILE).open("a", encoding="utf-8") as file:
        configure("error", system_clock(), file)
        trace_id.set(reference)
        logger("xinqian.cli").error("unexpected error", exc_info=error)


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def with_session(
    function: Callable[Concatenate[Session, P], None],
) -> Callable[P, None]:
    """Give the command a session in place of click's context."""

    @wraps(function)
    def run(*arguments: P.args, **options: P.kwargs) -> None:
        function(Session(click.get_current_context()), *arguments, **options)

    return run
