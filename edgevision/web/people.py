"""Who may come in: the file of people with their passwords' hashes, and the file of the token."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from edgevision.errors import ConfigError
from edgevision.pixels.encode import write_atomically
from edgevision.web.passwords import is_hash

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Role = Literal["viewer", "operator"]

SHORTEST_TOKEN: Final = 16
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}")
_MOST_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may log in; a viewer looks, an operator changes things, too."""

    name: str
    role: Role
    password: str


def read_people(path: Path) -> dict[str, Person]:
    """Those in the file, by name: a line `name:role:hash` each; # begins a comment.

    Raises:
        ConfigError: if it cannot be read, a line is of another form, or there is nobody in it.
    """
    people: dict[str, Person] = {}
    for number, line in enumerate(_text(path, "web.users_file").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, role, kept = [*line.strip().split(":"), "", ""][:3]
        if not is_name(name) or not is_hash(kept):
            raise ConfigError(f"{path}:{number}: is not NAME:ROLE:HASH; `edgevision web password`")
        if role == "viewer":
            people[name] = Person(name, "viewer", kept)
        elif role == "operator":
            people[name] = Person(name, "operator", kept)
        else:
            raise ConfigError(f"{path}:{number}: role {role[:40]!r}; expected viewer or operator")
    if not people:
        raise ConfigError(f"{path}: nobody is in it; `edgevision web password` adds somebody")
    return people


def add_person(path: Path, person: Person) -> None:
    """Put `person` into the file, in the place of an earlier one of that name.

    The file is for its owner alone.

    Raises:
        ConfigError: if it is no such file, or cannot be written.
    """
    people = read_people(path) if path.exists() else {}
    people[person.name] = person
    lines = [f"{one.name}:{one.role}:{one.password}\n" for one in people.values()]
    try:
        write_atomically(path, "".join(lines).encode())
        path.chmod(0o600)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from None


def read_token(path: Path) -> str:
    """The token that stands in the file.

    Raises:
        ConfigError: if it cannot be read, or is short or has a space in it.
    """
    token = _text(path, "web.token_file").strip()
    if len(token) < SHORTEST_TOKEN or not token.isascii() or re.search(r"\s", token):
        raise ConfigError(
            f"{path}: holds no token: expected one line of {SHORTEST_TOKEN} or more letters"
        )
    return token


def is_name(text: str) -> bool:
    """True for what a person may be called."""
    return _NAME.fullmatch(text) is not None


def wants_login(people: Mapping[str, Person], token: str | None) -> bool:
    """True if nobody is let in without."""
    return bool(people) or token is not None


def _text(path: Path, key: str) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MOST_BYTES).decode("utf-8")
    except OSError as error:
        raise ConfigError(f"{key}: {path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{key}: {path}: is no text") from None
