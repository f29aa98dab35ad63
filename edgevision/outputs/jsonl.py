"""Events as JSON lines: whole lines, whatever the disk does."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from edgevision.errors import OutputError

if TYPE_CHECKING:
    import io
    from types import TracebackType

    from typing_extensions import Self

    from edgevision.values.report import Report


class JsonLines:
    """Appends each event as one line of JSON, UTF-8.

    A line goes out in one write. What is left of one that a full disk cut off is taken back; where
    that is not possible (a pipe), the next line begins on a new one. A file that was moved away
    (log rotation) is made anew.

    Args:
        path: a file, which is made if it is absent and never emptied; "-" is standard output.
    """

    name = "jsonl"
    lossless: ClassVar[bool] = True
    wants_pixels: ClassVar[bool] = False

    def __init__(self, path: str | Path) -> None:
        self.path = str(path)
        self._file: int | None = None
        self._stream: io.BufferedIOBase | None = None
        self._torn = False
        # Of the report that failed half way: what is written already and must not be again.
        self._written: set[tuple[str, str]] = set()

    def __enter__(self) -> Self:
        if self.path == "-":
            self._open_stdout()
        else:
            self._open_file()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stream = None
        self._close()

    def write(self, report: Report) -> None:
        """Append a line for each event of `report`; one that failed half way may be given again.

        Raises:
            OutputError: if the disk is full or the file cannot be written to now.
        """
        if not report.events:
            return
        try:
            self._follow_rotation()
            for event in report.events:
                if (event.id, event.phase) not in self._written:
                    self._put(event.to_json().encode() + b"\n")
                    self._written.add((event.id, event.phase))
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise OutputError(f"{self._where()}: cannot write events: {reason}") from error
        self._written.clear()

    def _open_stdout(self) -> None:
        try:
            sys.stdout.flush()
            self._file = os.dup(sys.stdout.fileno())
        except (OSError, ValueError):
            # A stream without a descriptor, as programs that embed us put in its place.
            self._stream = getattr(sys.stdout, "buffer", None)
            if self._stream is None or self._stream.closed:
                raise OutputError("jsonl: there is no standard output to write to") from None

    def _open_file(self) -> None:
        path = Path(self.path)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        try:
            # Non-blocking, because opening a pipe that nobody reads would wait for ever.
            self._file = os.open(path, flags | os.O_NONBLOCK, 0o644)
            os.set_blocking(self._file, True)
        except OSError as error:
            advice = {
                IsADirectoryError: "; name a file in it",
                FileNotFoundError: "; make its folder first",
            }.get(type(error), "")
            raise OutputError(f"{path}: cannot write events: {error.strerror}{advice}") from error
        self._torn = self._ends_in_a_torn_line()

    def _ends_in_a_torn_line(self) -> bool:
        with contextlib.suppress(OSError):
            status = Path(self.path).stat()
            if stat.S_ISREG(status.st_mode) and status.st_size:
                with Path(self.path).open("rb") as file:
                    file.seek(-1, os.SEEK_END)
                    return file.read(1) != b"\n"
        return False

    def _follow_rotation(self) -> None:
        if self._file is None:
            if self._stream is None:
                self._open_file()
            return
        if self.path == "-":
            return
        ours = os.fstat(self._file)
        if stat.S_ISREG(ours.st_mode):
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(ours, Path(self.path).stat()):
                    return
            self._close()
            self._open_file()

    def _put(self, line: bytes) -> None:
        if self._stream is not None:
            self._stream.write(line)
            self._stream.flush()
            return
        if self._file is None:
            raise OSError(0, "it is not open")
        line = b"\n" + line if self._torn else line
        done = 0
        try:
            while done < len(line):
                done += os.write(self._file, line[done:])
        except OSError:
            if done:
                self._torn = not self._taken_back(done)
            raise
        self._torn = False

    def _taken_back(self, length: int) -> bool:
        """Cut the `length` bytes just written off again, if nobody else wrote after them."""
        if self._file is None:
            return False
        with contextlib.suppress(OSError):
            end = os.lseek(self._file, 0, os.SEEK_CUR)
            if os.fstat(self._file).st_size == end:
                os.ftruncate(self._file, end - length)
                return True
        return False

    def _close(self) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):
                os.close(self._file)
            self._file = None

    def _where(self) -> str:
        return "standard output" if self.path == "-" else self.path
