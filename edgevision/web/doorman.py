"""Lets people in: logins and how many of them may fail, sessions, and the token."""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edgevision.web.passwords import fits, hashed
from edgevision.web.people import wants_login

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from edgevision.web.people import Person, Role

SESSION_SECONDS: Final = 12 * 3600.0
_MOST_SESSIONS: Final = 200
# Wrong passwords a minute: from one address, and from all of them together.
_TRIES, _ALL_TRIES, _TRIES_SECONDS = 5, 60, 60.0
_MOST_ADDRESSES: Final = 1000


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who was let in."""

    name: str
    role: Role


class Refused(Exception):  # noqa: N818 - it is an answer, and becomes one a line later
    """Not let in; `wait_seconds` until the next try is looked at, 0 if it is at once."""

    def __init__(self, why: str, wait_seconds: float = 0.0) -> None:
        super().__init__(why)
        self.wait_seconds = wait_seconds


class Doorman:
    """Used by one thread at a time.

    Args:
        people: who may log in, by name.
        token: what programs bring along; None: there is none.
        clock: gives seconds.

    Attributes:
        asks: whether nobody is let in without a login.
        looking: held while a password is looked at.
    """

    def __init__(
        self, people: Mapping[str, Person], token: str | None, clock: Callable[[], float]
    ) -> None:
        # One password at a time is looked at: each takes 16 MiB and a core for a moment.
        self.looking = asyncio.Lock()
        self.asks = wants_login(people, token)
        self._people = people
        self._token = token
        self._clock = clock
        self._sessions: OrderedDict[str, tuple[Visitor, float]] = OrderedDict()
        self._failed: OrderedDict[str, deque[float]] = OrderedDict()
        self._all_failed: deque[float] = deque(maxlen=_ALL_TRIES)
        # What a wrong name is held against, so that it takes as long as a wrong password.
        self._nobody = hashed(secrets.token_hex()) if people else ""

    def visitor(self, authorization: str | None, session: str | None) -> Visitor | None:
        """Who brings this header, or this cookie; None if nobody that is known.

        Where no login is set up, whoever can reach the address may do everything.
        """
        if not self.asks:
            return Visitor("local", "operator")
        if authorization is not None:
            kind, _, given = authorization.partition(" ")
            fitting = (
                self._token is not None
                and kind.lower() == "bearer"
                and _same(given.strip(), self._token)
            )
            return Visitor("token", "operator") if fitting else None
        found = self._sessions.get(session or "")
        if found is None or found[1] < self._clock():
            return None
        return found[0]

    def check_rate(self, address: str) -> None:
        """Before a password is looked at.

        Raises:
            Refused: if too many were wrong of late.
        """
        now = self._clock()
        for failed, most in ((self._failed.get(address), _TRIES), (self._all_failed, _ALL_TRIES)):
            if failed is not None and len(failed) == most and now - failed[0] < _TRIES_SECONDS:
                wait = _TRIES_SECONDS - (now - failed[0])
                raise Refused("too many wrong passwords; wait a little", wait)

    def fitting(self, name: str, password: str) -> Visitor | None:
        """Whom name and password fit; slow, and allowed in any thread. No name: the token."""
        if not name:
            fitting = self._token is not None and _same(password, self._token)
            return Visitor("token", "operator") if fitting else None
        person = self._people.get(name)
        if fits(password, person.password if person else self._nobody) and person:
            return Visitor(person.name, person.role)
        return None

    def let_in(self, visitor: Visitor) -> str:
        """A session, as its cookie names it."""
        session = secrets.token_urlsafe(32)
        self._sessions[session] = (visitor, self._clock() + SESSION_SECONDS)
        while len(self._sessions) > _MOST_SESSIONS:
            self._sessions.popitem(last=False)
        return session

    def send_away(self, address: str) -> None:
        """Count a wrong password."""
        failed = self._failed.setdefault(address, deque(maxlen=_TRIES))
        self._failed.move_to_end(address)
        while len(self._failed) > _MOST_ADDRESSES:
            self._failed.popitem(last=False)
        now = self._clock()
        failed.append(now)
        self._all_failed.append(now)

    def let_out(self, session: str | None) -> None:
        """End a session."""
        self._sessions.pop(session or "", None)


def _same(given: str, kept: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), kept.encode())
