"""`xinqian NOUN VERB`: parse, run, and end with one of the interface's exit codes."""

from __future__ import annotations

import secrets
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import version

import click

from api import messages
from api.cli.command import Noun, language_of
from api.cli.exits import EXITS, Exit
from api.cli.session import log_unexpected
from api.facts import facts
from api.settings import Language, system_language

NOUNS = {
    "ca": "api.cli.ca:noun",
    "cert": "api.cli.cert:noun",
    "crl": "api.cli.crl:noun",
    "key": "api.cli.key:noun",
    "tsa": "api.cli.tsa:noun",
    "seal": "api.cli.seal:noun",
    "contract": "api.cli.contract:noun",
    "evidence": "api.cli.evidence:noun",
    "profile": "api.cli.profile:noun",
    "approval": "api.cli.approval:noun",
    "admin": "api.cli.admin:noun",
    "caller": "api.cli.caller:noun",
    "simulator": "api.cli.simulator:noun",
    "serve": "api.cli.serve:serve",
    "migrate": "api.cli.migrate:migrate",
    "doctor": "api.cli.doctor:doctor",
    "demo": "api.cli.demo:demo",
}

root = Noun("xinqian", help="root", lazy=NOUNS, no_args_is_help=True)
root.params.append(
    click.Option(
        ["--version"],
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=lambda context, _parameter, value: _version(context) if value else None,
    )
)


def main(arguments: Sequence[str] | None = None) -> None:
    """The console script."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code. Nothing but data goes to standard output, no traceback to anyone."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given
    language = _language(given)
    try:
        outcome = root.main(given, prog_name="xinqian", standalone_mode=False, obj=language)
    except click.exceptions.NoArgsIsHelpError as error:
        sys.stderr.write(error.format_message() + "\n")
        return Exit.USAGE
    except click.UsageError as error:
        return _usage(error, language)
    except (click.Abort, KeyboardInterrupt):
        sys.stderr.write(messages.text("cli.aborted", language) + "\n")
        return Exit.USAGE
    except BrokenPipeError:
        sys.stdout = sys.stderr  # the reader of our output left; there is nobody to tell
        return Exit.DONE
    except Exception as error:  # noqa: BLE001  (the last resort: no traceback reaches the user)
        if debug:
            traceback.print_exc()
        return _failed(error, language)
    return int(outcome) if isinstance(outcome, int) else Exit.DONE


def _language(arguments: Sequence[str]) -> Language:
    for place, argument in enumerate(arguments):
        value = argument.partition("=")[2] if argument.startswith("--lang=") else None
        if argument == "--lang" and place + 1 < len(arguments):
            value = arguments[place + 1]
        if value in messages.LANGUAGES:
            return value  # type: ignore[return-value]  # one of the two, as was just asked
    return system_language()


def _version(context: click.Context) -> None:
    sys.stdout.write(f"xinqian {version('xinqian')}\n")
    context.exit()


def _usage(error: click.UsageError, language: Language) -> int:
    said = messages.reason(error.format_message(), language)
    sys.stderr.write(messages.text("cli.usage-error", language, message=said) + "\n")
    if error.ctx is not None:
        path = error.ctx.command_path
        sys.stderr.write(messages.text("cli.see-help", language_of(error.ctx), command=path) + "\n")
    return Exit.USAGE


def _failed(error: Exception, language: Language) -> int:
    code = EXITS.get(type(error))
    if code is None:
        return _unexpected(error, language)
    known = facts(error)
    name = str(getattr(error, "code", ""))
    title, detail = messages.problem(name, language, known)
    sys.stderr.write(messages.text("cli.failed", language, title=title, detail=detail, code=name) + "\n")
    if (advice := messages.hint(name, language, known)) is not None:
        sys.stderr.write(f"{advice}\n")
    return code


def _unexpected(error: Exception, language: Language) -> int:
    reference = secrets.token_hex(8)
    kind = type(error).__name__
    with suppress(Exception):  # the log may be what fails; the one line is said all the same
        log_unexpected(error, reference)
    sys.stderr.write(messages.text("cli.internal", language, reference=reference, kind=kind) + "\n")
    return Exit.INTERNAL
