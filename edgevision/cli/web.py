"""`edgevision web`: who may come in to the page."""

from __future__ import annotations

import secrets
import sys
from typing import TYPE_CHECKING, Literal

import click

from edgevision.cli.flags import config_flag, settings_from
from edgevision.cli.group import Group
from edgevision.errors import ConfigError
from edgevision.pixels.encode import write_atomically
from edgevision.web.passwords import LONGEST, SHORTEST, hashed
from edgevision.web.people import Person, add_person, is_name

if TYPE_CHECKING:
    from pathlib import Path

_OWNER_ONLY = 0o600


@click.group(cls=Group)
def web() -> None:
    """Let people and programs in to the page (`edgevision run --web`).

    Example:  edgevision web password anna --config edgevision.yaml
    """


@web.command()
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice(["viewer", "operator"]),
    default="operator",
    help="a viewer looks; an operator (the default) changes things, too",
)
@config_flag
def password(*, name: str, role: Literal["viewer", "operator"], config: Path | None) -> None:
    """Let NAME log in with a password: it is asked for, or read from the standard input.

    The file is `web.users_file` of the settings; it holds hashes, no passwords.
    """
    path = settings_from(config).web.users_file
    if path is None:
        raise ConfigError("web.users_file: is not set; it says where people are kept")
    if not is_name(name):
        raise ConfigError(f"{name[:40]!r} is no name: give 1 to 64 letters, digits or _.@-")
    given = _asked()
    if not SHORTEST <= len(given) <= LONGEST:
        raise ConfigError(f"a password has {SHORTEST} to {LONGEST} letters")
    add_person(path, Person(name, role, hashed(given)))
    print(f"{path}: {name} may log in as {role}, from the next start on")


@web.command()
@config_flag
def token(*, config: Path | None) -> None:
    """Write a new token for programs into the file `web.token_file` of the settings."""
    path = settings_from(config).web.token_file
    if path is None:
        raise ConfigError("web.token_file: is not set; it says where the token is kept")
    try:
        write_atomically(path, f"{secrets.token_urlsafe(32)}\n".encode())
        path.chmod(_OWNER_ONLY)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from None
    print(f"{path}: holds a new token, from the next start on; send it as Authorization: Bearer")


def _asked() -> str:
    if sys.stdin.isatty():
        typed: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
        return typed
    return sys.stdin.readline().rstrip("\n")
