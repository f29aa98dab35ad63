"""What every source has in common: opening, closing, and being told to stop."""

from __future__ import annotations

from abc import ABC, abstractmethod
from threading import Event
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from typing_extensions import Self

    from edgevision.sources.uri import Address
    from edgevision.values.frame import Frame


class Reading(ABC):
    """A source: opened once by `with`, read once, closed as often as one likes.

    Args:
        address: where and how to read.
        name: the configured name that its frames carry.

    Attributes:
        live: True if time goes on whether frames are read or not.
        stopping: set by `stop()`; the iteration ends at the next frame at the latest.
    """

    live = False

    def __init__(self, address: Address, name: str) -> None:
        self.address = address
        self.name = name
        self.stopping = Event()

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def stop(self) -> None:
        """End the iteration; may be called from any thread, and returns at once."""
        self.stopping.set()

    @abstractmethod
    def open(self) -> None:
        """Get ready to give frames.

        Raises:
            UriError: if what was asked for cannot be right.
            SourceError: if it is not there now.
        """

    @abstractmethod
    def close(self) -> None:
        """Give everything back; doing it again does no harm."""

    @abstractmethod
    def __iter__(self) -> Iterator[Frame]: ...
