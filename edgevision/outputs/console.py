"""A line on the terminal for each event."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, ClassVar, Literal, TextIO

from edgevision.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from typing_extensions import Self

    from edgevision.values.event import Event
    from edgevision.values.report import Report

When = Literal["auto", "always", "never"]
_RESET = "\x1b[0m"
_STRONG: Mapping[str, str] = {"seen": "\x1b[1;32m", "ended": "\x1b[2m"}


class Console:
    """Prints events for people to read.

    Args:
        stream: a text stream; None is standard output as it is when the first line is written.
        color: "auto" colours on a terminal unless NO_COLOR is set; "always"; "never".
    """

    name = "console"
    lossless: ClassVar[bool] = True
    wants_pixels: ClassVar[bool] = False

    def __init__(self, *, stream: TextIO | None = None, color: When = "auto") -> None:
        self._given = stream
        self._color = color

    def __enter__(self) -> Self:
        if self._given is not None and self._given.closed:
            raise OutputError("console: the stream is closed")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing to give back: the stream is not ours."""

    def write(self, report: Report) -> None:
        """Print a line for each event of `report`.

        Raises:
            OutputError: if the stream cannot be written to (closed, a broken pipe).
        """
        if not report.events:
            return
        stream = sys.stdout if self._given is None else self._given
        encoding = stream.encoding or "utf-8"
        try:
            colored = self._colored(stream)
            text = "".join(f"{line(event, colored=colored)}\n" for event in report.events)
            stream.write(text.encode(encoding, "replace").decode(encoding))
            stream.flush()
        except (OSError, ValueError) as error:
            raise OutputError(f"console: cannot write a line: {error}") from error

    def _colored(self, stream: TextIO) -> bool:
        if self._color == "auto":
            return stream.isatty() and not os.environ.get("NO_COLOR")
        return self._color == "always"


def line(event: Event, *, colored: bool = False) -> str:
    """One line, with the time of day where this machine is.

    >>> 14:30:00  door  dogs  Golden retriever  87%
    >>> 14:30:09  door  dogs  Golden retriever  91%  ended: 24 hits in 8.7 s
    """
    name = _printable(event.name[:1].upper() + event.name[1:])
    if colored:
        name = f"{_STRONG[event.phase]}{name}{_RESET}"
    parts = [
        event.time.astimezone().strftime("%H:%M:%S"),
        _printable(event.source),
        _printable(event.task),
        name,
        f"{event.score:.0%}",
    ]
    if event.place is not None:
        parts.append(f"{_printable(event.place.name)} ±{event.place.radius_km:g} km")
    if event.phase == "ended":
        seconds = (event.last_seen - event.first_seen).total_seconds()
        hits = "1 hit" if event.hits == 1 else f"{event.hits} hits"
        parts.append(f"ended: {hits} in {seconds:.1f} s")
    return "  ".join(parts)


def _printable(text: str) -> str:
    """Without what would move a terminal's cursor or start a line."""
    return "".join(mark if mark.isprintable() else "?" for mark in text)
