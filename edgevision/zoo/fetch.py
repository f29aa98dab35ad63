"""Fetches a file whose digest is known, over bad networks, in pieces if need be."""

from __future__ import annotations

import logging
import random as dice
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgevision.errors import FetchError
from edgevision.kinds import Kind, load
from edgevision.zoo.mirror import BrokenError, RefusedError, copy, places, shown
from edgevision.zoo.part import Part, is_here, locked

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from edgevision.zoo.entry import Download

    Progress = Callable[[int, int], None]

_LOG = logging.getLogger(__name__)
# Loading an HTTP library takes longer than looking whether there is anything to fetch.
_WEB = {"web": Kind("edgevision.zoo.http:stream", "an http or https address")}
_STEP_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Limits:
    """How patient a download is.

    Attributes:
        connect_seconds: for a connection.
        read_seconds: without a byte.
        waits: seconds before each further try, of which a random part, between half and all, is
            taken; so that many devices that lost the same server do not come back together.
        lock_seconds: for another run that fetches into the same folder.
        spare_bytes: that are to stay free on the disk.
        random: gives 0..1.
    """

    connect_seconds: float = 10.0
    read_seconds: float = 20.0
    waits: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0)
    lock_seconds: float = 600.0
    spare_bytes: int = 16 << 20
    random: Callable[[], float] = dice.random


def fetch(
    wanted: Download,
    folder: Path,
    *,
    mirror: str | None = None,
    progress: Progress | None = None,
    limits: Limits | None = None,
) -> Path:
    """The file `wanted`, which lies in `folder` afterwards, whole and with the right digest.

    What an earlier run left in NAME.part is gone on with. A run that is cut off at any point
    leaves such a part, and nothing under the final name.

    Args:
        wanted: what, and where it is officially.
        folder: is there already.
        mirror: a folder (a path or file://) or an http(s) address below which the file lies by
            its name, in place of the official addresses.
        progress: told the bytes that are here and those of the whole file, each time some came;
            never called if nothing had to be fetched.
        limits: how patient.

    Raises:
        ConfigError: if `mirror` is neither a folder nor an http(s) address.
        ModelError: if `wanted` has a name with a folder in it, or an address without TLS.
        FetchError: if it did not come through.
    """
    found = places(wanted, mirror)
    limits = limits or Limits()
    path = folder / wanted.name
    if is_here(wanted, folder):
        return path
    with locked(folder, limits.lock_seconds):
        if is_here(wanted, folder):
            return path
        if path.exists():
            _LOG.warning("%s is damaged: fetching it again", path)
        with Part(wanted, folder) as part:
            part.require_room(limits.spare_bytes)
            return _first(part, found, limits, progress or _silent)


def _silent(here: int, whole: int) -> None:
    del here, whole


def _first(part: Part, found: tuple[str | Path, ...], limits: Limits, progress: Progress) -> Path:
    """The file from the first place that gives it."""
    reasons = []
    for place in found:
        failure = _complete(part, place, limits, progress)
        if failure is None:
            return part.publish()
        reasons.append(f"{shown(place)}: {failure}")
    raise FetchError(
        f"{part.wanted.name} was not fetched: {'; '.join(reasons)}; try again later, or give "
        "--mirror (EDGEVISION_MODEL_MIRROR) a folder or address that has it"
    )


def _complete(
    part: Part, place: str | Path, limits: Limits, progress: Progress
) -> RefusedError | None:
    """Ask `place` until the part is whole and right, or it is clear why it will not be."""
    wanted = part.wanted
    failed, furthest, afresh = 0, part.size, False
    while True:
        try:
            part.mixed = part.size > 0
            if part.size < wanted.bytes:
                _receive(part, place, limits, progress)
        except RefusedError as refused:
            return refused
        except BrokenError as broken:
            if part.size >= furthest + _STEP_BYTES:
                # A try that got on counts for none: a poor network brings the file in the end.
                failed, furthest = 0, part.size
            failed += 1
            if failed > len(limits.waits):
                return RefusedError(f"{broken} (tried {failed} times)")
            _LOG.info("%s: %s; trying again", wanted.name, broken)
            time.sleep(limits.waits[failed - 1] * (0.5 + 0.5 * limits.random()))
            continue
        if part.sha256 == wanted.sha256:
            return None
        wrong, doubtful = part.sha256, part.mixed and not afresh
        part.restart()
        if not doubtful:
            return RefusedError(
                f"what came has the SHA-256 {wrong}, expected {wanted.sha256}; it was deleted"
            )
        afresh = True


def _receive(part: Part, place: str | Path, limits: Limits, progress: Progress) -> None:
    """Append what one request brings, which is all that was missing.

    Raises:
        BrokenError: if it is less.
        RefusedError: if it is more, or nothing.
    """
    with closing(_bytes_of(part, place, limits)) as pieces:
        for data in pieces:
            if part.size + len(data) > part.wanted.bytes:
                part.restart()
                raise RefusedError(f"the file there is longer than {part.wanted.bytes} bytes")
            part.append(data)
            progress(part.size, part.wanted.bytes)
    if part.size < part.wanted.bytes:
        raise BrokenError(f"it ended after {part.size} of {part.wanted.bytes} bytes")


def _bytes_of(part: Part, place: str | Path, limits: Limits) -> Generator[bytes]:
    if isinstance(place, Path):
        return copy(part, place)
    timeout = (limits.connect_seconds, limits.read_seconds)
    pieces: Generator[bytes] = load(_WEB, "web", "place")(part, place, timeout)
    return pieces
