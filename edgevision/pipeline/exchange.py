"""A wrapper that lets another output of the same kind take an output's place while it runs."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final

from edgevision.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from typing_extensions import Self

    from edgevision.protocols import Output
    from edgevision.values.report import Report

# An outlet tends its output once a second at least, unless a write hangs.
_PATIENCE_SECONDS: Final = 10.0
_TEND_SECONDS, _SELDOM_SECONDS = 0.1, 1.0


class Exchangeable:
    """Writes to `output` until `exchange` puts another one in its place.

    All but `exchange` happens in the thread that uses this output, behind whose queue nothing is
    lost meanwhile.
    """

    def __init__(self, output: Output) -> None:
        self.name = output.name
        self.lossless: bool = getattr(output, "lossless", True)
        self.wants_pixels: bool = getattr(output, "wants_pixels", True)
        self._output = output
        self._opened = ExitStack()
        self._is_open = False
        self._wanted: _Wanted | None = None
        self._lost = 0
        self._parts: dict[str, Any] | None = None

    @property
    def tend_seconds(self) -> float:
        """How often it is tended: one that need not be is only to learn of an exchange."""
        usual = _TEND_SECONDS if hasattr(self._output, "tend") else _SELDOM_SECONDS
        return float(getattr(self._output, "tend_seconds", usual))

    @property
    def lost_events(self) -> int:
        """Those of every output that stood here."""
        return self._lost + int(getattr(self._output, "lost_events", 0))

    @property
    def closed(self) -> Any:
        """The present output's event that its window was closed; None if it has none."""
        return getattr(self._output, "closed", None)

    @property
    def ask(self) -> Any:
        """How the present output is asked for a picture; None if it keeps none."""
        return getattr(self._output, "ask", None)

    @property
    def state(self) -> Mapping[str, Any]:
        """What the present output says of how it is."""
        return getattr(self._output, "state", {})

    def attach(self, **parts: Any) -> None:
        """Hand the output, and each that takes its place, what it needs to tell of the run."""
        self._parts = parts
        _attach(self._output, parts)

    def exchange(self, output: Output) -> None:
        """Close the present output and open `output` in its place; waits until that is done.

        Raises:
            Exception: what opening `output` raised; then the present one is open again.
            OutputError: if it is not done in time.
        """
        if not self._is_open:
            raise OutputError(f"{self.name}: is not open")
        if self._parts is not None:
            _attach(output, self._parts)
        wanted = _Wanted(output)
        self._wanted = wanted
        if not wanted.done.wait(_PATIENCE_SECONDS):
            self._wanted = None
            raise OutputError(f"{self.name}: is busy, and stays as it was")
        if wanted.error is not None:
            raise wanted.error

    def __enter__(self) -> Self:
        self._opened.enter_context(self._output)
        self._is_open = True
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_open = False
        self._opened.__exit__(kind, error, trace)

    def write(self, report: Report) -> None:
        """Hand `report` to the output that is to have it."""
        if self._wanted is not None:
            self.tend()
        self._output.write(report)

    def tend(self) -> None:
        """Make the exchange if one is wanted; else tend the output."""
        wanted, self._wanted = self._wanted, None
        if wanted is not None:
            self._make(wanted)
            return
        tend = getattr(self._output, "tend", None)
        if tend is not None:
            tend()

    def _make(self, wanted: _Wanted) -> None:
        try:
            self._opened.close()
            try:
                self._opened.enter_context(wanted.output)
            except Exception as error:  # noqa: BLE001 - told by whoever wanted the exchange
                wanted.error = error
                self._is_open = False
                self._opened.enter_context(self._output)
                self._is_open = True
            else:
                self._lost += int(getattr(self._output, "lost_events", 0))
                self._output = wanted.output
        finally:
            wanted.done.set()


def _attach(output: Output, parts: dict[str, Any]) -> None:
    attach = getattr(output, "attach", None)
    if attach is not None:
        attach(**parts)


class _Wanted:
    """An output that is to take the present one's place."""

    def __init__(self, output: Output) -> None:
        self.output = output
        self.error: Exception | None = None
        self.done = threading.Event()
