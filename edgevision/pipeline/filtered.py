"""A source whose frames are changed on their way."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from typing_extensions import Self

    from edgevision.protocols import Source
    from edgevision.values.frame import Frame


class Filtered(ABC):
    """Gives the frames of another source as `changed` makes them; opened and closed with it.

    Args:
        source: whose frames they are.
    """

    def __init__(self, source: Source) -> None:
        self.name = source.name
        self.live = source.live
        self._source = source

    def __enter__(self) -> Self:
        self._source.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._source.__exit__(kind, error, trace)

    def __iter__(self) -> Iterator[Frame]:
        """The source's frames, changed."""
        return map(self.changed, self._source)

    def stop(self) -> None:
        """End the iteration."""
        self._source.stop()

    @abstractmethod
    def changed(self, frame: Frame) -> Frame:
        """What is given in place of `frame`, each in its turn."""
