"""The command `edgevision`: finds the subcommand, turns errors into one line and an exit code."""

from __future__ import annotations

import codecs
import os
import sys
from io import TextIOWrapper
from typing import Any, NoReturn

import click

from edgevision import __version__
from edgevision.errors import EdgevisionError
from edgevision.kinds import Kind, load, suggestion

_ESCAPED = "edgevision.escaped"
_STDOUT, _STDERR = 1, 2

COMMANDS = {
    "run": Kind("edgevision.cli.run:run", "recognise what is in front of the camera"),
    "reload": Kind("edgevision.cli.reload:reload", "let it read changed settings while it runs"),
    "status": Kind("edgevision.cli.status:status", "tell how a running edgevision is"),
    "classify": Kind("edgevision.cli.classify:classify", "recognise what is on photos"),
    "cameras": Kind("edgevision.cli.cameras:cameras", "list cameras, take a test picture"),
    "init": Kind("edgevision.cli.init:init", "write a first configuration"),
    "config": Kind("edgevision.cli.config:config", "show, check and explain the settings"),
    "events": Kind("edgevision.cli.events:events", "look at and follow what was recognised"),
    "models": Kind("edgevision.cli.models:models", "list the networks and heads"),
    "cost": Kind("edgevision.cli.cost:cost", "count what a network costs, and why"),
    "fit": Kind("edgevision.cli.fit:fit", "find the best network within a budget on this device"),
    "eval": Kind("edgevision.cli.eval:evaluate", "measure accuracy on labelled photos"),
    "learn": Kind("edgevision.cli.learn:learn", "teach your own classes, from photos"),
    "mqtt": Kind("edgevision.cli.mqtt:mqtt", "check the broker, or leave it for good"),
    "geo": Kind("edgevision.cli.geo:geo", "find out where photos were taken", "geo"),
    "bench": Kind("edgevision.cli.bench:bench", "measure speed"),
    "web": Kind("edgevision.cli.web:web", "let people in to the page", "web"),
    "selftest": Kind("edgevision.cli.selftest:selftest", "try on this device what is promised"),
    "doctor": Kind("edgevision.cli.doctor:doctor", "check this device and tell how to mend it"),
}


class _ReaderGoneError(OSError):
    """A broken pipe, under a name that click does not end the program for by itself."""


_GONE = (BrokenPipeError, _ReaderGoneError)


class LazyGroup(click.Group):
    """Imports a subcommand's module only when it is called, since starting counts on a Pi."""

    def invoke(self, ctx: click.Context) -> Any:
        """Call the subcommand.

        Raises:
            _ReaderGoneError: where the reader of the standard output has gone.
        """
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise _ReaderGoneError(str(error)) from None

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the table."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        """The command of that name.

        Raises:
            UsageError: if there is none.
        """
        if cmd_name not in COMMANDS:
            message = f"no such command {cmd_name!r}{suggestion(cmd_name, COMMANDS)}"
            raise click.UsageError(message, ctx)
        command: click.Command = load(COMMANDS, cmd_name, "command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of `--help`, without importing every command."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, kind.says) for name, kind in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="edgevision")
def cli() -> None:
    """Recognise what is in front of a camera, on the device, with no cloud.

    Start with:  edgevision run --task dogs
    """


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit: 0 done, 2 what was written is wrong, 3 a device is absent."""
    _fill_closed()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A file's name may hold bytes that are no text, and a terminal may lack letters.
            stream.reconfigure(errors=_ESCAPED)
    code = _run(arguments)
    try:
        sys.stdout.flush()
    except OSError as error:
        code = _unwritten(error)
    sys.exit(code)


def _fill_closed() -> None:
    """Put nothing in the place of standard streams that the caller closed.

    The first file or camera that is opened would have their numbers, and C libraries would print
    their messages into it.
    """
    # Each takes the lowest number that is free.
    while (number := os.open(os.devnull, os.O_RDWR)) <= _STDERR:
        pass
    os.close(number)
    sys.stdout = sys.stdout or os.fdopen(_STDOUT, "w", encoding="utf-8", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(_STDERR, "w", encoding="utf-8", closefd=False)


def _escaped(error: UnicodeError) -> tuple[str, int]:
    r"""What cannot be printed, as units of UTF-16 such as \ud83d: the one escape of JSON."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass").hex()
    words = "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
    return words, error.end


codecs.register_error(_ESCAPED, _escaped)


def _run(arguments: list[str] | None) -> int:
    try:
        code: Any = cli.main(arguments, prog_name="edgevision", standalone_mode=False)
    except click.exceptions.Exit as leaving:
        code = leaving.exit_code
    except click.Abort:
        code = 130
    except click.UsageError as error:
        words = error.format_message()
        # A group without a command: its help is what is said.
        print(words if words.startswith("Usage:") else f"edgevision: {words}", file=sys.stderr)
        code = 2
    except click.ClickException as error:
        print(f"edgevision: {error.format_message()}", file=sys.stderr)
        code = 2
    except EdgevisionError as error:
        for line in str(error).splitlines():
            print(f"edgevision: {line}", file=sys.stderr)
        code = error.exit_code
    except OSError as error:
        code = _unwritten(error)
    return code if isinstance(code, int) else 0


def _unwritten(error: OSError) -> int:
    """The exit code where the standard output, or a file that nobody looked after, fails."""
    if not isinstance(error, _GONE):
        place = error.filename or "standard output"
        print(f"edgevision: {place}: {error.strerror or error}", file=sys.stderr)
    # What is left in its buffer would fail once more, with a traceback, when the program ends.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    # A reader that has gone (`| head`) has had enough.
    return 0 if isinstance(error, _GONE) else 3
