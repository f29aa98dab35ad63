"""Passwords, as scrypt hashes in a text form that says how it was made."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from typing import Final

# 16 MiB and some 50 ms on a small board: dear for whoever guesses, bearable for whoever logs in.
_COST, _BLOCK, _LANES, _BYTES = 2**14, 8, 1, 32
_MEMORY: Final = 64 * 2**20
_FORM: Final = re.compile(
    r"scrypt\$(\d{1,7})\$(\d{1,2})\$(\d{1,2})\$([\w+/=]{16,88})\$([\w+/=]{24,88})"
)
SHORTEST: Final = 8
"""Letters of a password, at least."""
LONGEST: Final = 1024
"""Letters of a password, at most."""


def hashed(password: str) -> str:
    """What may be kept of `password`: another text each time."""
    salt = secrets.token_bytes(16)
    made = _scrypt(password, salt, _COST, block=_BLOCK, lanes=_LANES, length=_BYTES)
    return f"scrypt${_COST}${_BLOCK}${_LANES}${_text(salt)}${_text(made)}"


def is_hash(text: str) -> bool:
    """True if `fits` can be asked of it."""
    found = _FORM.fullmatch(text)
    if not found:
        return False
    cost, block, lanes = int(found[1]), int(found[2]), int(found[3])
    power = cost > 1 and cost & (cost - 1) == 0
    # More memory than this it is not given.
    return power and block > 0 and lanes > 0 and 128 * cost * block * lanes <= _MEMORY // 2


def fits(password: str, kept: str) -> bool:
    """True if `kept` was made of `password`; takes as long whether or not."""
    found = _FORM.fullmatch(kept)
    if found is None or len(password) > LONGEST:
        return False
    salt, wanted = base64.b64decode(found[4]), base64.b64decode(found[5])
    made = _scrypt(
        password,
        salt,
        int(found[1]),
        block=int(found[2]),
        lanes=int(found[3]),
        length=len(wanted),
    )
    return hmac.compare_digest(made, wanted)


def _scrypt(password: str, salt: bytes, cost: int, *, block: int, lanes: int, length: int) -> bytes:
    given = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(given, salt=salt, n=cost, r=block, p=lanes, maxmem=_MEMORY, dklen=length)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
